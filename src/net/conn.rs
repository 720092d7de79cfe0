//! One connection: its stream, and what is still to be sent on it.

use std::io::{self, ErrorKind};
use std::time::Duration;

use bytes::Bytes;

use super::outbox::Outbox;
use super::portion::Portion;
use super::stream::{Stream, unless_interrupted};
use crate::session::Ending;
use crate::units::{At, reason};

/// How long a close waits for a peer that takes nothing of what is still to be sent; as long as a
/// script's `--linger`. A system says that there is room again only when a good part of its buffer is
/// free; that a slow peer took less within this time shows in the write that is tried at its end.
const STALL: Duration = Duration::from_secs(5);

/// How often a close that waits as long as it takes tries again: a system says that there is room only
/// when a good part of its buffer is free.
const AGAIN: Duration = Duration::from_millis(250);

/// How long a close discards what the peer still says, so that our last words are not destroyed by
/// the reset that unread input causes (RFC 2525, section 2.17).
const DISCARD: Duration = Duration::from_millis(500);

/// Reads that one [`Conn::settle`] discards at most, so that a flood leaves time for others.
const DISCARDED_READS: usize = 16;

/// A connection: a stream and its outbox.
///
/// It holds no buffer for reading; whoever reads many conns lends one to all of them.
#[derive(Debug)]
pub struct Conn<S> {
    stream: S,
    outbox: Outbox,
    saying: Saying,
    /// The peer's half-close was read.
    heard_eof: bool,
    /// The system told that the peer's half-close, or worse, has come; it may be unread.
    eof_due: bool,
    /// What broke the conn; nothing is written after that.
    broken: Option<Ending>,
    closing: Option<Closing>,
    /// Bytes that were to be sent and never will be.
    lost: usize,
}

/// Our direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Saying {
    Open,
    /// To be half-closed when the outbox is empty.
    Ending,
    Ended,
}

/// How far a close has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// What waits is still being sent, however long that takes; it is tried again then.
    Draining(At),
    /// What waits is still being sent; until this time, if nothing moves.
    Flushing(At),
    /// We are half-closed, and wait for the peer to be.
    Discarding(At),
}

impl Closing {
    fn until(self) -> At {
        match self {
            Closing::Draining(until) | Closing::Flushing(until) | Closing::Discarding(until) => {
                until
            }
        }
    }

    /// Whether it is to end now, whatever has not been done.
    fn is_over(self, now: At) -> bool {
        !matches!(self, Closing::Draining(_)) && now >= self.until()
    }
}

/// What [`Conn::flush`] left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flushed {
    /// Nothing waits.
    All,
    /// The stream takes no more now; flush again when it is writable.
    Blocked,
}

/// What [`Conn::read`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadOutcome {
    /// The peer said something.
    Bytes {
        /// How many bytes of the buffer are filled.
        n: usize,
        /// That was all there was, so another read would only block. Not drained: read again.
        drained: bool,
    },
    /// Nothing there; read again when the stream is readable.
    WouldBlock,
    /// The peer will say no more; it may still listen.
    Eof,
    /// The conn is broken in both directions.
    Failed(Ending),
}

/// What [`Conn::settle`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Not yet: settle again when the stream is ready, or [`Conn::deadline`] has come.
    Pending,
    /// There is more to discard: settle again when others have had their turn.
    More,
    /// The conn can be dropped.
    Done {
        /// Bytes that the peer was to get and did not take.
        unsent: usize,
        /// The conn was not broken: what was not sent, the peer did not want.
        whole: bool,
    },
}

impl<S: Stream> Conn<S> {
    /// A conn that is open in both directions.
    pub fn new(stream: S) -> Self {
        Conn {
            stream,
            outbox: Outbox::default(),
            saying: Saying::Open,
            heard_eof: false,
            eof_due: false,
            broken: None,
            closing: None,
            lost: 0,
        }
    }

    /// The same conn on a stream that its own is made. Nothing may wait to be sent.
    #[must_use]
    pub fn on<T: Stream>(self, stream: impl FnOnce(S) -> T) -> Conn<T> {
        let Conn { stream: own, outbox, saying, heard_eof, eof_due, broken, closing, lost } = self;
        let stream = stream(own);
        Conn { stream, outbox, saying, heard_eof, eof_due, broken, closing, lost }
    }

    /// The stream, to register it for events.
    pub fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Whether the peer's end that was read may have come from somebody else: see [`Stream::is_cut`].
    pub fn is_cut(&self) -> bool {
        self.stream.is_cut()
    }

    /// Queues bytes; [`Conn::flush`] sends them. On a conn that is broken, or on which our side has
    /// said that it is done, they only count as [`Conn::unsent`].
    pub fn send(&mut self, bytes: Bytes) {
        if self.saying == Saying::Open {
            self.outbox.push(bytes);
        } else {
            self.lost += bytes.len();
        }
    }

    /// Queues a part of a file, as [`Conn::send`] does bytes.
    pub fn pour(&mut self, portion: Portion) {
        if self.saying == Saying::Open {
            self.outbox.pour(portion);
        } else {
            self.lost = self.lost.saturating_add(portion.len());
        }
    }

    /// Sends bytes, as [`Conn::send`] and [`Conn::flush`] do, and copies or keeps nothing where they are
    /// taken at once.
    ///
    /// # Errors
    /// As [`Conn::flush`].
    pub fn say(&mut self, bytes: &Bytes) -> Result<Flushed, Ending> {
        let mut taken = 0;
        if self.saying == Saying::Open && self.outbox.is_empty() && self.broken.is_none() {
            match unless_interrupted(|| self.stream.write(bytes)) {
                Ok(n) if n == bytes.len() && self.stream.held() == 0 => return Ok(Flushed::All),
                Ok(n) => taken = n,
                Err(err) if err.kind() == ErrorKind::WouldBlock => {}
                Err(err) => {
                    self.outbox.push(bytes.clone());
                    return Err(self.broke(&err));
                }
            }
        }
        self.send(bytes.slice(taken..));
        self.flush()
    }

    /// Bytes that wait to be sent, also those that the stream holds back.
    pub fn queued(&self) -> usize {
        self.outbox.len() + self.held()
    }

    fn held(&self) -> usize {
        if self.broken.is_some() { 0 } else { self.stream.held() }
    }

    /// Bytes that were given to [`Conn::send`] and not taken by the system: those that wait, and
    /// those that can no longer be sent.
    pub fn unsent(&self) -> usize {
        self.queued() + self.lost
    }

    /// Sends what waits, and half-closes where that is due.
    ///
    /// # Errors
    /// How the conn broke. What the peer had said before that can still be read, so read on before
    /// the conn is given up: [`Conn::read`] ends with the same error.
    pub fn flush(&mut self) -> Result<Flushed, Ending> {
        if let Some(how) = &self.broken {
            return Err(how.clone());
        }
        match self.pass_on() {
            Ok(()) => Ok(Flushed::All),
            Err(err) if err.kind() == ErrorKind::WouldBlock => Ok(Flushed::Blocked),
            Err(err) => Err(self.broke(&err)),
        }
    }

    /// All of it; what blocks is an error here.
    fn pass_on(&mut self) -> io::Result<()> {
        self.outbox.write(&mut self.stream)?;
        if !self.outbox.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        unless_interrupted(|| self.stream.flush())?;
        if self.saying == Saying::Ending {
            match unless_interrupted(|| self.stream.shutdown_write()) {
                Err(err) if err.kind() == ErrorKind::WouldBlock => return Err(err),
                // A refusal means that the peer is gone, which the next read tells better.
                _ => self.saying = Saying::Ended,
            }
        }
        Ok(())
    }

    /// The event of the stream said that reading has ended on the peer's side: from now on no read
    /// counts as drained before the end itself was read, since no other event will tell of it.
    pub fn eof_is_due(&mut self) {
        self.eof_due = true;
    }

    /// The event of the stream told of an error. Where the peer had half-closed before, no read tells
    /// what it is any more: [`Conn::read`] does from now on.
    pub fn error_is_due(&mut self) {
        if self.heard_eof
            && self.broken.is_none()
            && let Some(err) = self.stream.take_error()
        {
            self.broke(&err);
        }
    }

    /// Reads once into `buf`, which must not be empty.
    pub fn read(&mut self, buf: &mut [u8]) -> ReadOutcome {
        self.read_by(buf.len(), |stream| stream.read(buf))
    }

    /// The same, into the spare capacity of `into`.
    pub fn read_spare(&mut self, into: &mut Vec<u8>) -> ReadOutcome {
        self.read_by(into.capacity() - into.len(), |stream| stream.read_spare(into))
    }

    /// Reads once, `room` bytes at most.
    fn read_by(
        &mut self,
        room: usize,
        mut read: impl FnMut(&mut S) -> io::Result<usize>,
    ) -> ReadOutcome {
        if self.heard_eof {
            return self.last_outcome(ReadOutcome::Eof);
        }
        match unless_interrupted(|| read(&mut self.stream)) {
            Ok(0) => {
                self.heard_eof = true;
                self.last_outcome(ReadOutcome::Eof)
            }
            Ok(n) => {
                let short = n < room && self.stream.short_read_is_all();
                ReadOutcome::Bytes { n, drained: short && !self.eof_due }
            }
            Err(err) if err.kind() == ErrorKind::WouldBlock => {
                self.last_outcome(ReadOutcome::WouldBlock)
            }
            Err(err) => {
                self.heard_eof = true;
                ReadOutcome::Failed(self.broke(&err))
            }
        }
    }

    /// Our side will say no more: half-closes when what waits has been sent. Flush after it.
    pub fn shutdown(&mut self) {
        if self.saying == Saying::Open {
            self.saying = Saying::Ending;
        }
    }

    /// Begins a close that loses nothing: sends what waits, half-closes, and discards what comes until
    /// the peer has ended too or 500 ms have passed. From now on [`Conn::settle`] does all there is to
    /// do, in place of `flush` and `read`; call it at once.
    pub fn close(&mut self, now: At) {
        self.shutdown();
        if let None | Some(Closing::Draining(_)) = self.closing {
            self.closing = Some(Closing::Flushing(now + STALL));
        }
    }

    /// Begins a close that waits for as long as the peer takes to read what waits. Otherwise as
    /// [`Conn::close`], which may still be called to hurry it.
    pub fn finish(&mut self, now: At) {
        self.shutdown();
        self.closing.get_or_insert(Closing::Draining(now + AGAIN));
    }

    /// Whether a close has begun.
    pub fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// When a close needs [`Conn::settle`], whatever the stream does.
    pub fn deadline(&self) -> Option<At> {
        self.closing.map(Closing::until)
    }

    /// Takes a close as far as it goes now, using `scratch` for what is discarded.
    pub fn settle(&mut self, now: At, scratch: &mut [u8]) -> Settled {
        let before = self.queued();
        let flushed = self.flush();
        let discarded = self.discard(scratch);
        let closing = match self.closing {
            Some(begun @ Closing::Discarding(_)) => begun,
            _ if flushed == Ok(Flushed::All) => Closing::Discarding(now + DISCARD),
            Some(Closing::Draining(next)) if now < next => Closing::Draining(next),
            Some(Closing::Draining(_)) => Closing::Draining(now + AGAIN),
            Some(begun) if self.queued() == before => begun,
            _ => Closing::Flushing(now + STALL),
        };
        self.closing = Some(closing);
        let gone = self.broken.is_some() || (flushed == Ok(Flushed::All) && self.heard_eof);
        if gone || closing.is_over(now) {
            self.lose();
            return Settled::Done { unsent: self.lost, whole: self.broken.is_none() };
        }
        if discarded { Settled::Pending } else { Settled::More }
    }

    /// Sends of what waits as much as is taken at once, and drops the conn with the rest; a TCP peer sees
    /// a reset.
    pub fn reset(mut self) {
        // Where that fails the peer is gone already.
        let _ = self.flush();
        self.stream.reset_on_drop();
    }

    /// Whether it discarded all there was.
    fn discard(&mut self, scratch: &mut [u8]) -> bool {
        let more = |read| matches!(read, ReadOutcome::Bytes { drained: false, .. });
        !(0..DISCARDED_READS).all(|_| more(self.read(scratch)))
    }

    /// On a broken conn, whatever else there is to say, that it is.
    fn last_outcome(&self, otherwise: ReadOutcome) -> ReadOutcome {
        self.broken.clone().map_or(otherwise, ReadOutcome::Failed)
    }

    /// What waits will never be sent.
    fn lose(&mut self) {
        self.lost += self.outbox.clear() + self.held();
    }

    fn broke(&mut self, err: &io::Error) -> Ending {
        self.lose();
        self.saying = Saying::Ended;
        self.broken.get_or_insert_with(|| ending(err)).clone()
    }
}

/// A peer that is gone shows as a reset or, for whoever writes later, as a broken pipe: one and the
/// same thing for people.
fn ending(err: &io::Error) -> Ending {
    match err.kind() {
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Ending::Reset
        }
        _ => Ending::Error(reason(err)),
    }
}

#[cfg(test)]
mod tests;
