//! What a program writes.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, PipeReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, ioctl_fionbio};

use crate::matching::Secrets;
use crate::wire::Visible;

/// Bytes that are kept: some screens full for each of many tests.
const KEPT: usize = 64 << 10;

/// How many lines are shown with a test that failed.
const SHOWN: usize = 40;

/// How much is shown of a line, in characters: what is longer is meant for machines.
const LINE: usize = 500;

/// What one read takes at most.
const READ: usize = 16 << 10;

/// How much is read at once of what lies in the pipe: all, unless its writer is as fast as we are.
const AT_ONCE: usize = 1 << 20;

/// The end of what a program has written.
#[derive(Debug, Clone)]
pub(super) struct Output {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Read by whoever has the tail, which never waits for more.
    pipe: PipeReader,
    tail: Mutex<Tail>,
}

/// A point in what a program writes.
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
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn read(pipe: PipeReader) -> io::Result<Output> {
        ioctl_fionbio(&pipe, true)?;
        let output = Output { shared: Arc::new(Shared { pipe, tail: Mutex::default() }) };
        let reading = output.clone();
        thread::Builder::new().spawn(move || reading.read_to_end())?;
        Ok(output)
    }

    fn read_to_end(&self) {
        loop {
            let mut pipe = [PollFd::new(&self.shared.pipe, PollFlags::IN)];
            match poll(&mut pipe, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
            if self.up_to_date(READ).ended {
                return;
            }
        }
    }

    /// All that has been written, what lies in the pipe included, which is read as far as `most`.
    fn up_to_date(&self, most: usize) -> MutexGuard<'_, Tail> {
        let mut tail = self.shared.tail.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buf = [0; READ];
        let mut left = most;
        while !tail.ended && left > 0 {
            match (&self.shared.pipe).read(&mut buf) {
                Ok(n @ 1..) => {
                    tail.push(&buf[..n]);
                    left = left.saturating_sub(n);
                }
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                Err(err) if err.kind() == ErrorKind::WouldBlock => break,
                Ok(0) | Err(_) => tail.ended = true,
            }
        }
        tail
    }

    /// Where it stands now.
    pub(super) fn position(&self) -> Position {
        self.up_to_date(AT_ONCE).written
    }

    /// Whether nobody writes to it any more.
    pub(super) fn has_ended(&self) -> bool {
        self.up_to_date(AT_ONCE).ended
    }

    /// The last lines that were written since `position`, without these secrets, and how many stand
    /// before them.
    pub(super) fn since(&self, position: Position, secrets: &Secrets) -> (Vec<String>, u64) {
        self.up_to_date(AT_ONCE).since(position, secrets)
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

    fn since(&self, position: Position, secrets: &Secrets) -> (Vec<String>, u64) {
        let first = self.written.bytes - self.bytes.len() as u64;
        let skip = usize::try_from(position.bytes.saturating_sub(first)).unwrap_or(usize::MAX);
        let text: Vec<u8> = self.bytes.iter().skip(skip).copied().collect();
        let Some(last) = text.last() else { return (Vec::new(), 0) };
        let unended = u64::from(*last != b'\n');
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        let shown = &lines[lines.len().saturating_sub(SHOWN)..];
        let all = self.written.lines - position.lines + unended;
        (shown.iter().map(|line| legible(line, secrets)).collect(), all - shown.len() as u64)
    }
}

/// A line as text that can act on no terminal, and that is not too long to look at. Of a secret that is
/// cut nothing is to be left.
fn legible(line: &[u8], secrets: &Secrets) -> String {
    let text = Visible(&secrets.hide(line.strip_suffix(b"\r").unwrap_or(line))).to_string();
    match text.char_indices().nth(LINE) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_last_lines_since_a_position_are_told() {
        let mut tail = Tail::default();
        tail.push(b"one\ntwo\r\n");
        let position = tail.written;
        assert_eq!(tail.since(position, &Secrets::default()), (vec![], 0));
        tail.push(b"three \x1b[2J\nfo");
        assert_eq!(
            tail.since(position, &Secrets::default()),
            (vec!["three \\x1b[2J".into(), "fo".into()], 0)
        );
        assert_eq!(tail.since(Position::default(), &Secrets::default()).0.len(), 4);
    }

    #[test]
    fn no_part_of_a_secret_is_told_where_a_line_is_cut() {
        let named = ("PASS".to_owned(), "hunter2\x1b".into());
        let (secrets, mut tail) = (Secrets::new([named]).unwrap(), Tail::default());
        let long = "x".repeat(LINE - 3);
        tail.push(format!("{long}hunter2\x1b\nhunter2\x1b!\n").as_bytes());
        let (lines, _) = tail.since(Position::default(), &secrets);
        assert_eq!(lines, [format!("{long}${{P..."), "${PASS}!".to_owned()]);
    }

    #[test]
    fn what_lies_in_the_pipe_has_been_written() {
        let (reader, mut writer) = io::pipe().unwrap();
        let output = Output::read(reader).unwrap();
        for number in 0..1000 {
            let position = output.position();
            writeln!(writer, "line {number}").unwrap();
            assert_eq!(
                output.since(position, &Secrets::default()),
                (vec![format!("line {number}")], 0)
            );
        }
        assert!(!output.has_ended());
        drop(writer);
        assert!(output.has_ended());
    }

    #[test]
    fn what_a_program_floods_is_bounded_and_counted() {
        let mut tail = Tail::default();
        tail.push(b"before\n");
        let position = tail.written;
        for n in 0..100_000 {
            tail.push(format!("line {n}\n").as_bytes());
        }
        assert!(tail.bytes.len() <= KEPT);
        let (lines, before) = tail.since(position, &Secrets::default());
        assert_eq!((lines.len(), lines.last().unwrap().as_str()), (SHOWN, "line 99999"));
        assert_eq!(before, 100_000 - SHOWN as u64);
        tail.push("x".repeat(2 * KEPT).as_bytes());
        let (lines, before) = tail.since(position, &Secrets::default());
        assert_eq!((lines, before), (vec!["x".repeat(LINE) + "..."], 100_000));
    }
}
