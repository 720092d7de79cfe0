//! What a server writes.

use std::collections::VecDeque;
use std::io::{ErrorKind, PipeReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::wire::Visible;

/// Bytes that are kept: some screens full for each of many tests.
const KEPT: usize = 64 << 10;

/// How many lines are shown with a test that failed.
const SHOWN: usize = 40;

/// How much is shown of a line, in characters: what is longer is meant for machines.
const LINE: usize = 500;

/// How long what a server has already written is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// The end of what a server has written.
#[derive(Debug, Clone)]
pub(super) struct Output {
    tail: Arc<Mutex<Tail>>,
    /// The pipe, to see whether something in it was not read yet.
    pipe: Arc<PipeReader>,
}

/// A point in what a server writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::suite) struct Position {
    bytes: u64,
    /// The lines that ended before it.
    lines: u64,
}

#[derive(Debug, Default)]
struct Tail {
    bytes: VecDeque<u8>,
    written: Position,
    ended: bool,
}

impl Output {
    /// Reads a pipe on a thread of its own.
    pub(super) fn read(pipe: PipeReader) -> Output {
        let output = Output { tail: Arc::default(), pipe: Arc::new(pipe) };
        let reading = output.clone();
        thread::spawn(move || reading.read_to_end());
        output
    }

    fn read_to_end(&self) {
        let mut buf = vec![0; 16 << 10];
        loop {
            match (&*self.pipe).read(&mut buf) {
                Ok(n @ 1..) => self.lock().push(&buf[..n]),
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
            }
        }
        self.lock().ended = true;
    }

    fn lock(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it stands now.
    pub(super) fn position(&self) -> Position {
        self.lock().written
    }

    /// Whether nobody writes to it any more.
    pub(super) fn has_ended(&self) -> bool {
        self.lock().ended
    }

    /// The last lines that were written since `position`, and how many stand before them. What lies in
    /// the pipe is written.
    pub(super) fn since(&self, position: Position) -> (Vec<String>, u64) {
        let patience = Instant::now() + PATIENCE;
        while self.has_more() && Instant::now() < patience {
            thread::sleep(Duration::from_millis(1));
        }
        self.lock().since(position)
    }

    /// Whether there is something in the pipe to be read, be it the end.
    fn has_more(&self) -> bool {
        let mut pipe = [PollFd::new(&*self.pipe, PollFlags::IN)];
        !self.has_ended() && poll(&mut pipe, Some(&Timespec::default())).is_ok_and(|n| n > 0)
    }
}

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        self.written.bytes += bytes.len() as u64;
        self.written.lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        self.bytes.extend(bytes);
        let excess = self.bytes.len().saturating_sub(KEPT);
        self.bytes.drain(..excess);
    }

    fn since(&self, position: Position) -> (Vec<String>, u64) {
        let first = self.written.bytes - self.bytes.len() as u64;
        let skip = usize::try_from(position.bytes.saturating_sub(first)).unwrap_or(usize::MAX);
        let text: Vec<u8> = self.bytes.iter().skip(skip).copied().collect();
        let Some(last) = text.last() else { return (Vec::new(), 0) };
        let unended = u64::from(*last != b'\n');
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        let shown = &lines[lines.len().saturating_sub(SHOWN)..];
        let all = self.written.lines - position.lines + unended;
        (shown.iter().map(|line| legible(line)).collect(), all - shown.len() as u64)
    }
}

/// A line as text that can act on no terminal, and that is not too long to look at.
fn legible(line: &[u8]) -> String {
    let text = Visible(line.strip_suffix(b"\r").unwrap_or(line)).to_string();
    match text.char_indices().nth(LINE) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_since_a_position_are_told() {
        let mut tail = Tail::default();
        tail.push(b"one\ntwo\r\n");
        let position = tail.written;
        assert_eq!(tail.since(position), (vec![], 0));
        tail.push(b"three \x1b[2J\nfo");
        assert_eq!(tail.since(position), (vec!["three \\x1b[2J".into(), "fo".into()], 0));
        assert_eq!(tail.since(Position::default()).0.len(), 4);
    }

    #[test]
    fn what_a_server_floods_is_bounded_and_counted() {
        let mut tail = Tail::default();
        tail.push(b"before\n");
        let position = tail.written;
        for n in 0..100_000 {
            tail.push(format!("line {n}\n").as_bytes());
        }
        assert!(tail.bytes.len() <= KEPT);
        let (lines, before) = tail.since(position);
        assert_eq!((lines.len(), lines.last().unwrap().as_str()), (SHOWN, "line 99999"));
        assert_eq!(before, 100_000 - SHOWN as u64);
        tail.push("x".repeat(2 * KEPT).as_bytes());
        let (lines, before) = tail.since(position);
        assert_eq!((lines, before), (vec!["x".repeat(LINE) + "..."], 100_000));
    }
}
