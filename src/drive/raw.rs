//! Standard output where it is no terminal: what the peers said, byte for byte.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;

use bytes::{Buf, Bytes, BytesMut};
use memchr::memrchr;
use mio::{Interest, Registry, Token};
use rustix::event::PollFlags;
use rustix::pipe::PIPE_BUF;

use super::readiness;
use crate::wire::ConnId;

/// What may wait to be written before the conns are paused, in bytes.
const BOUND: usize = 1 << 20;

/// What is shorter than this is copied together while it waits: many small pieces take far more memory
/// than their bytes.
const SMALL: usize = 4 << 10;

/// Standard output.
///
/// Of one peer at a time, bytes are passed on at once. Of several, whole lines are, and a line that
/// has not ended is held back; a line end is added only where two peers' words would run together. A
/// room's host is told what the guests are told, with names.
#[derive(Debug)]
pub(super) struct Raw {
    out: File,
    /// Writing never blocks: a file, `/dev/null`.
    steady: bool,
    queue: VecDeque<Bytes>,
    /// Behind the queue: small pieces.
    small: BytesMut,
    /// Bytes in both.
    queued: usize,
    filled: bool,
    here: BTreeSet<ConnId>,
    tails: BTreeMap<ConnId, Vec<u8>>,
    /// Bytes in all of them.
    held: usize,
    max_line: usize,
    /// What is heard comes with names.
    room: bool,
    last: Option<ConnId>,
    inside_line: bool,
}

/// How the level of the queue changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Level {
    Same,
    Filled,
    Drained,
}

impl Raw {
    pub(super) fn new(max_line: usize) -> io::Result<Self> {
        Ok(Raw {
            out: File::from(io::stdout().as_fd().try_clone_to_owned()?),
            steady: true,
            queue: VecDeque::new(),
            small: BytesMut::new(),
            queued: 0,
            filled: false,
            here: BTreeSet::new(),
            tails: BTreeMap::new(),
            held: 0,
            max_line,
            room: false,
            last: None,
            inside_line: false,
        })
    }

    /// That of a room's host.
    pub(super) fn of_room(self) -> Self {
        Raw { room: true, ..self }
    }

    /// Asks to be told when there is room. What cannot tell never blocks.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.steady = !readiness::register(&self.out, Interest::WRITABLE, (registry, token))?;
        Ok(())
    }

    pub(super) fn opened(&mut self, conn: ConnId) {
        self.here.insert(conn);
    }

    /// A peer will say no more: what is held back of it is let go.
    pub(super) fn silent(&mut self, conn: ConnId) {
        self.here.remove(&conn);
        self.let_go(conn);
    }

    /// A room passed on these lines, which say themselves whose they are.
    pub(super) fn relayed(&mut self, lines: Bytes) {
        self.queue(lines);
    }

    pub(super) fn heard(&mut self, conn: ConnId, bytes: Bytes) {
        if self.room {
            return;
        }
        if self.here.len() < 2 {
            self.let_go(conn);
            return self.push(conn, bytes);
        }
        let whole = memrchr(b'\n', &bytes).map_or(0, |at| at + 1);
        if whole > 0 {
            self.let_go(conn);
            self.push(conn, bytes.slice(..whole));
        }
        let tail = self.tails.entry(conn).or_default();
        tail.extend_from_slice(&bytes[whole..]);
        self.held += bytes.len() - whole;
        if tail.len() > self.max_line {
            self.let_go(conn);
        }
        if self.held > BOUND.max(self.max_line) {
            let longest = self.tails.iter().max_by_key(|(_, tail)| tail.len());
            longest.map(|(conn, _)| *conn).into_iter().for_each(|conn| self.let_go(conn));
        }
    }

    /// Queues what is held back of a peer.
    fn let_go(&mut self, conn: ConnId) {
        if let Some(tail) = self.tails.remove(&conn) {
            self.held -= tail.len();
            self.push(conn, tail.into());
        }
    }

    /// Writes what can be written without blocking.
    ///
    /// # Errors
    /// Standard output was closed, or fails.
    pub(super) fn write(&mut self) -> io::Result<Level> {
        loop {
            if self.queue.is_empty() {
                self.settle();
            }
            let Some(front) = self.queue.front_mut() else { break };
            if !self.steady && !readiness::is_ready(&self.out, PollFlags::OUT) {
                break;
            }
            // So much a pipe that is ready takes without blocking, whatever else is in it.
            let most = if self.steady { front.len() } else { front.len().min(PIPE_BUF) };
            match self.out.write(&front[..most]) {
                Ok(n) => {
                    self.queued -= n;
                    front.advance(n);
                    if front.is_empty() {
                        self.queue.pop_front();
                    }
                }
                Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => break,
                Err(err) => return Err(err),
            }
        }
        Ok(self.level())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queued == 0
    }

    fn push(&mut self, conn: ConnId, bytes: Bytes) {
        let Some(end) = bytes.last().copied() else { return };
        if self.inside_line && self.last != Some(conn) {
            self.queue(Bytes::from_static(b"\n"));
        }
        self.last = Some(conn);
        self.inside_line = end != b'\n';
        self.queue(bytes);
    }

    fn queue(&mut self, bytes: Bytes) {
        let waits = self.queued > 0;
        self.queued += bytes.len();
        if bytes.len() < SMALL && waits {
            self.small.extend_from_slice(&bytes);
            if self.small.len() >= SMALL {
                self.settle();
            }
        } else {
            self.settle();
            self.queue.push_back(bytes);
        }
    }

    /// Puts the small pieces, as one, into the queue.
    fn settle(&mut self) {
        if !self.small.is_empty() {
            self.queue.push_back(self.small.split().freeze());
        }
    }

    fn level(&mut self) -> Level {
        let was = self.filled;
        self.filled = if was { self.queued > BOUND / 2 } else { self.queued > BOUND };
        match (was, self.filled) {
            (false, true) => Level::Filled,
            (true, false) => Level::Drained,
            _ => Level::Same,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(max_line: usize) -> Raw {
        let mut raw = Raw::new(max_line).unwrap();
        raw.out = tempfile::tempfile().unwrap();
        raw
    }

    fn conn(number: u32) -> ConnId {
        ConnId::new(number).unwrap()
    }

    fn written(raw: &mut Raw) -> Vec<u8> {
        use std::io::{Read, Seek};
        raw.write().unwrap();
        let mut out = Vec::new();
        raw.out.rewind().unwrap();
        raw.out.read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn small_pieces_wait_together_and_in_order() {
        let mut raw = raw(1 << 20);
        raw.opened(conn(1));
        let mut said = Vec::new();
        for n in 0..100_000_u32 {
            let piece = if n % 1000 == 0 { vec![b'x'; SMALL] } else { n.to_string().into_bytes() };
            said.extend_from_slice(&piece);
            raw.heard(conn(1), piece.into());
        }
        assert!(raw.queue.len() <= 2 * said.len() / SMALL, "{} pieces", raw.queue.len());
        assert!(!raw.is_empty());
        assert!(written(&mut raw) == said);
        assert!(raw.is_empty());
    }

    #[test]
    fn what_is_held_back_of_all_peers_has_a_bound() {
        let mut raw = raw(BOUND);
        for number in 1..=100 {
            raw.opened(conn(number));
        }
        for number in 1..=100 {
            raw.heard(conn(number), vec![b'x'; BOUND / 10].into());
            let held: usize = raw.tails.values().map(Vec::len).sum();
            assert!(held == raw.held && held <= BOUND, "{held} bytes");
        }
        for number in 1..=100 {
            raw.silent(conn(number));
        }
        let all = written(&mut raw);
        assert_eq!(memchr::memchr_iter(b'x', &all).count(), 100 * (BOUND / 10));
        assert_eq!((raw.held, raw.tails.len()), (0, 0));
    }
}
