//! The guests of a room, all on one thread: the load generator.
//!
//! Every line that is said ends in [`MARK`], which nothing else that a room sends does, so lines are
//! counted by counting one byte, whatever a room puts around them.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream as Blocking;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::SockRef;

use crate::Outcome;
use crate::room::{Open, Room};

/// The last byte of a line's text.
pub(crate) const MARK: u8 = b'^';

/// Bytes of one read: as much as loopback has at once.
const READ: usize = 256 << 10;

/// How long a room may take to let everybody in.
const PATIENCE: Duration = Duration::from_secs(120);

/// A conn to the room.
pub(crate) struct Guest {
    stream: TcpStream,
    /// Whether what others say comes here.
    pub(crate) hears: bool,
    /// Whether anything is read at all.
    pub(crate) reads: bool,
    pub(crate) closed: bool,
    /// Marks that have come.
    pub(crate) heard: u64,
    /// Bytes that have been said since [`Crowd::settle`].
    said: u64,
    blocked: bool,
}

/// Everybody in a room.
pub(crate) struct Crowd {
    room: Room,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    pub(crate) guests: Vec<Guest>,
    /// The guests, or conns of their own, that speak.
    pub(crate) senders: Vec<usize>,
    chunk: Vec<u8>,
    /// Bytes of one line as it is said.
    wire: u64,
}

impl Crowd {
    /// Lets so many guests in, the first of whom speak, and waits until all hear each other.
    pub(crate) fn enter(open: &Open, guests: usize, senders: usize) -> Outcome<Crowd> {
        let mut crowd = Crowd {
            room: open.room,
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            buffer: vec![0; READ],
            guests: Vec::new(),
            senders: Vec::new(),
            chunk: Vec::new(),
            wire: 1,
        };
        for n in 0..guests {
            crowd.connect(open.port, true)?;
            if n % open.room.burst() == 0 {
                crowd.hear(Duration::ZERO, &mut |_, _| ())?;
            }
        }
        for n in 0..senders {
            let apart = open.room.parts_senders();
            let sender = if apart { crowd.connect(open.port, false)? } else { n };
            crowd.senders.push(sender);
        }
        crowd.greet()?;
        Ok(crowd)
    }

    fn connect(&mut self, port: u16, hears: bool) -> Outcome<usize> {
        let n = self.guests.len();
        let mut stream = Blocking::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        if hears {
            stream.write_all(self.room.entry(n).as_bytes())?;
        }
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(n), interest)?;
        let guest =
            Guest { stream, hears, reads: true, closed: false, heard: 0, said: 0, blocked: false };
        self.guests.push(guest);
        Ok(n)
    }

    /// Lets the first sender speak until everybody has heard it, and no more comes.
    fn greet(&mut self) -> Outcome<()> {
        let began = Instant::now();
        let hello = self.room.said("hello^");
        let first = self.senders.first().copied().unwrap_or(0);
        let (mut next, mut pause) = (began, Duration::from_millis(50));
        while self.guests.iter().enumerate().any(|(n, g)| n != first && g.hears && g.heard == 0) {
            if let Some(n) = self.guests.iter().position(|guest| guest.closed) {
                return Err(format!("guest {n} of {} was not let in", self.guests.len()).into());
            }
            if began.elapsed() > PATIENCE {
                let deaf = self.guests.iter().filter(|guest| guest.hears && guest.heard == 0);
                return Err(format!("{} guests hear nothing", deaf.count()).into());
            }
            if Instant::now() >= next {
                self.guests[first].stream.write_all(hello.as_bytes())?;
                next = Instant::now() + pause;
                pause *= 2;
            }
            self.hear(Duration::from_millis(10), &mut |_, _| ())?;
        }
        self.settle(Duration::from_millis(30))
    }

    /// Reads until nothing has come for a while, and counts from nothing again.
    pub(crate) fn settle(&mut self, silence: Duration) -> Outcome<()> {
        self.listen_out(silence, |_| false)?;
        for guest in &mut self.guests {
            (guest.heard, guest.said) = (0, 0);
        }
        Ok(())
    }

    /// Reads until nothing has come for a while, or `enough`.
    pub(crate) fn listen_out(
        &mut self,
        silence: Duration,
        mut enough: impl FnMut(&Crowd) -> bool,
    ) -> Outcome<()> {
        let mut last = Instant::now();
        while last.elapsed() < silence && !enough(self) {
            if self.hear(Duration::from_millis(10), &mut |_, _| ())? > 0 {
                last = Instant::now();
            }
        }
        Ok(())
    }

    /// Says this line, which is as long as its end makes it, again and again from now on.
    pub(crate) fn prepare(&mut self, line: usize) {
        let text = "x".repeat(line - 2) + "^";
        let said = self.room.said(&text);
        self.wire = said.len() as u64;
        self.chunk = said.repeat((64 << 10) / said.len() + 1).into_bytes();
    }

    /// Waits for something to come, and reads it, handing `heard` each piece with its guest's number. Tells
    /// how many bytes there were.
    pub(crate) fn hear(
        &mut self,
        within: Duration,
        heard: &mut impl FnMut(usize, &[u8]),
    ) -> Outcome<usize> {
        match self.poll.poll(&mut self.events, Some(within)) {
            Err(e) if e.kind() == ErrorKind::Interrupted => return Ok(0),
            other => other?,
        }
        let mut total = 0;
        for event in &self.events {
            let n = event.token().0;
            let guest = &mut self.guests[n];
            guest.blocked &= !event.is_writable();
            while guest.reads && !guest.closed && event.is_readable() {
                match guest.stream.read(&mut self.buffer) {
                    Ok(size) if size > 0 => {
                        let piece = &self.buffer[..size];
                        guest.heard += memchr::memchr_iter(MARK, piece).count() as u64;
                        heard(n, piece);
                        total += size;
                        if size < READ {
                            break;
                        }
                    }
                    Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                    Err(e) if e.kind() == ErrorKind::Interrupted => {}
                    Ok(_) | Err(_) => guest.closed = true,
                }
            }
        }
        Ok(total)
    }

    /// Lets the senders speak, as long as no guest that reads lags by more than `window` lines. Tells
    /// whether somebody spoke.
    pub(crate) fn speak(&mut self, window: u64) -> bool {
        let mut spoke = false;
        let mut lag = self.lag();
        for at in 0..self.senders.len() {
            if lag >= window {
                break;
            }
            let guest = &mut self.guests[self.senders[at]];
            if guest.blocked || guest.closed {
                continue;
            }
            #[allow(clippy::cast_possible_truncation, reason = "it is less than a chunk")]
            let from = (guest.said % self.chunk.len() as u64) as usize;
            match guest.stream.write(&self.chunk[from..]) {
                Ok(size) => {
                    guest.said += size as u64;
                    lag += size as u64 / self.wire;
                    spoke = true;
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => guest.blocked = true,
                Err(_) => guest.closed = true,
            }
        }
        spoke
    }

    /// Finishes the line that each sender has begun, and tells how many lines have been said.
    pub(crate) fn finish(&mut self) -> Outcome<u64> {
        let patience = Instant::now() + PATIENCE;
        loop {
            let mut open = 0;
            for at in 0..self.senders.len() {
                let guest = &mut self.guests[self.senders[at]];
                let rest = (self.wire - guest.said % self.wire) % self.wire;
                #[allow(clippy::cast_possible_truncation, reason = "it is less than a chunk")]
                let from = (guest.said % self.wire) as usize;
                if rest > 0 && !guest.closed {
                    open += 1;
                    let piece = &self.chunk[from..from + usize::try_from(rest)?];
                    guest.said += guest.stream.write(piece).unwrap_or(0) as u64;
                }
            }
            if open == 0 || Instant::now() > patience {
                return Ok(self.guests.iter().map(|guest| guest.said / self.wire).sum());
            }
            self.hear(Duration::from_millis(1), &mut |_, _| ())?;
        }
    }

    /// Lines that this guest is to hear: what all have said but, unless it comes back, itself.
    pub(crate) fn due(&self, n: usize) -> u64 {
        let own = self.guests[n].said;
        let said: u64 = self.senders.iter().map(|&sender| self.guests[sender].said).sum();
        (said - own) / self.wire
    }

    /// By how many lines the slowest of those who read lags.
    fn lag(&self) -> u64 {
        let said: u64 = self.senders.iter().map(|&sender| self.guests[sender].said).sum();
        let hearing =
            self.guests.iter().filter(|guest| guest.hears && guest.reads && !guest.closed);
        let lags = hearing.map(|g| ((said - g.said) / self.wire).saturating_sub(g.heard));
        lags.max().unwrap_or(0)
    }

    /// Lines that have come, to all together.
    pub(crate) fn delivered(&self) -> u64 {
        self.guests.iter().map(|guest| guest.heard).sum()
    }

    /// An error where somebody was dropped.
    pub(crate) fn all_there(&self) -> Outcome<()> {
        match self.guests.iter().filter(|guest| guest.closed).count() {
            0 => Ok(()),
            n => Err(format!("{n} of {} guests were dropped", self.guests.len()).into()),
        }
    }

    /// A second handle of a sender's conn, which blocks no more than this one does.
    pub(crate) fn sender(&self, at: usize) -> Outcome<Blocking> {
        let stream = &self.guests[self.senders[at]].stream;
        Ok(SockRef::from(stream).try_clone()?.into())
    }
}

impl Drop for Crowd {
    /// Resets every conn, or tens of thousands would linger in the kernel.
    fn drop(&mut self) {
        for guest in &self.guests {
            SockRef::from(&guest.stream).set_linger(Some(Duration::ZERO)).ok();
        }
    }
}
