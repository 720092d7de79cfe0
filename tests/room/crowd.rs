//! A room with very many in it: all who stay hear all the others, every line once and in one order.

use std::env;
use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustix::process::Signal;

use super::room;
use crate::support::DEADLINE;
use crate::support::ends::fail;

/// How many guests there are; `CHAT_REPL_TEST_CROWD=1000` makes it a roomful.
const CROWD: usize = 150;

/// So many of them talk, and each says so many lines.
const TALKERS: usize = 10;
const LINES: usize = 1000;

/// What a talker's number counts for, beside that of its line.
pub(super) const TIMES: u32 = 10_000_000;

/// A guest that reads as fast as it can.
pub(super) struct Guest {
    stream: TcpStream,
    /// What it has still to say.
    pub(super) words: Vec<u8>,
    /// What it heard of a line that has not ended.
    tail: Vec<u8>,
    /// Who said what, in the order in which it was heard: talker and number in one.
    pub(super) heard: Vec<u32>,
    /// Those whom the room told to be called `churn-N`: the Ns.
    pub(super) renamed: Vec<u32>,
    pub(super) greeted: bool,
}

impl Guest {
    /// Says and hears what it can; whether it heard anything.
    fn turn(&mut self, buf: &mut [u8]) -> bool {
        while !self.words.is_empty() {
            match self.stream.write(&self.words) {
                Ok(n) => drop(self.words.drain(..n)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => fail(&format!("a guest that says something: {error}")),
            }
        }
        let mut any = false;
        loop {
            match self.stream.read(buf) {
                Ok(0) => fail("a guest was dropped"),
                Ok(n) => {
                    self.hears(&buf[..n]);
                    any = true;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return any,
                Err(error) => fail(&format!("a guest that reads: {error}")),
            }
        }
    }

    fn hears(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        let whole = memchr::memrchr(b'\n', &self.tail).map_or(0, |at| at + 1);
        for line in self.tail[..whole].split(|byte| *byte == b'\n') {
            self.greeted |= line.starts_with(b"-- you are ");
            self.heard.extend(said(line));
            self.renamed.extend(renamed(line));
        }
        self.tail.drain(..whole);
    }
}

/// `talker-3: said 3 17 ...` as one number.
fn said(line: &[u8]) -> Option<u32> {
    let line = str::from_utf8(line).expect("a room speaks UTF-8");
    let (name, text) = line.split_once(": said ")?;
    let mut words = text.split(' ');
    let mut number = || words.next()?.parse::<u32>().ok();
    let (talker, line) = (number()?, number()?);
    assert_eq!(name, format!("talker-{talker}"), "the right name");
    Some(talker * TIMES + line)
}

/// The N of `-- guest-7 is now churn-N`.
fn renamed(line: &[u8]) -> Option<u32> {
    str::from_utf8(line).ok()?.split_once(" is now churn-")?.1.parse().ok()
}

/// The guests of a room, and their sockets.
pub(super) struct Crowd {
    poll: Poll,
    pub(super) guests: Vec<Guest>,
    deadline: Instant,
}

impl Crowd {
    pub(super) fn new() -> Crowd {
        let deadline = Instant::now() + 10 * DEADLINE;
        Crowd { poll: Poll::new().unwrap(), guests: Vec::new(), deadline }
    }

    /// Another guest, with what it has to say.
    pub(super) fn joins(&mut self, addr: &str, words: Vec<u8>) {
        let mut stream = TcpStream::connect(addr.parse().unwrap()).unwrap();
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(self.guests.len()), both).unwrap();
        let (tail, heard, renamed) = (Vec::new(), Vec::new(), Vec::new());
        self.guests.push(Guest { stream, words, tail, heard, renamed, greeted: false });
    }

    /// Has a guest say more.
    pub(super) fn says(&mut self, index: usize, words: &str) {
        let guest = &mut self.guests[index];
        guest.words.extend_from_slice(words.as_bytes());
        guest.turn(&mut [0; 1024]);
    }

    /// Goes on until this holds of all of them.
    #[track_caller]
    pub(super) fn until(&mut self, holds: impl Fn(usize, &Guest) -> bool) {
        let mut events = Events::with_capacity(1024);
        let mut buf = vec![0; 64 << 10];
        self.deadline = Instant::now() + 10 * DEADLINE;
        let mut lacking: Vec<usize> = (0..self.guests.len()).collect();
        while !lacking.is_empty() {
            if Instant::now() > self.deadline {
                let heard = lacking.first().map(|index| self.guests[*index].heard.len());
                fail(&format!("{} guests wait; the first heard {heard:?}", lacking.len()));
            }
            self.poll.poll(&mut events, Some(Duration::from_secs(1))).unwrap();
            for event in &events {
                if let Some(guest) = self.guests.get_mut(event.token().0) {
                    guest.turn(&mut buf);
                }
            }
            lacking.retain(|index| !holds(*index, &self.guests[*index]));
        }
    }
}

#[test]
fn a_crowd_hears_every_line_once_and_in_one_order_while_others_come_and_go() {
    chat_repl::net::raise_descriptor_limit();
    let size = env::var("CHAT_REPL_TEST_CROWD").ok().map(|size| size.parse().unwrap());
    let size: usize = size.unwrap_or(CROWD);
    let (host, addr) = room(&[]);
    let addr = addr.as_str();
    let deaf = std::net::TcpStream::connect(addr).unwrap();
    let mut crowd = Crowd::new();
    (0..size).for_each(|_| crowd.joins(addr, Vec::new()));
    crowd.until(|_, guest| guest.greeted);
    let talkers = size - TALKERS..size;
    for (talker, index) in talkers.clone().enumerate() {
        let said = |n| format!("said {talker} {n} {}\n", ".".repeat(n % 60));
        let lines: Vec<String> = (0..LINES).map(said).collect();
        crowd.says(index, &format!("/nick talker-{talker}\n{}", lines.concat()));
    }
    // Others come and go meanwhile, and are greeted.
    let mut transients = Crowd::new();
    for _ in 0..20 {
        transients.joins(addr, b"hello and goodbye\n".to_vec());
    }
    transients.until(|_, guest| guest.greeted);
    drop(transients);
    let others = TALKERS * LINES;
    crowd.until(|index, guest| {
        guest.heard.len() >= if talkers.contains(&index) { others - LINES } else { others }
    });
    check_order(&crowd, &talkers);
    drop(deaf);
    eprintln!("{size} guests: {} KiB at most", host.peak_memory() >> 10);
    assert!(host.peak_memory() < (64 << 20) + size * (64 << 10), "{} bytes", host.peak_memory());
    host.signal(Signal::TERM);
    host.wait().exited(0);
}

fn check_order(crowd: &Crowd, talkers: &std::ops::Range<usize>) {
    let order = &crowd.guests[0].heard;
    for (index, guest) in crowd.guests.iter().enumerate() {
        let own = index.checked_sub(talkers.start).and_then(|talker| u32::try_from(talker).ok());
        let wanted = order.iter().filter(|line| own != Some(*line / TIMES));
        assert!(guest.heard.iter().eq(wanted), "guest {index} heard something else");
    }
    for talker in 0..TALKERS {
        let talker = u32::try_from(talker).unwrap();
        let said = order.iter().filter(|line| *line / TIMES == talker);
        let numbers = said.map(|line| (line % TIMES) as usize);
        assert!(numbers.eq(0..LINES), "what talker {talker} said, in that order");
    }
}
