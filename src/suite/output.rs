//! What a server writes.

use std::collections::VecDeque;
use std::io::{PipeReader, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::wire::Visible;

/// Bytes that are kept: some screens full for each of many tests.
const KEPT: usize = 64 << 10;

/// How many lines are shown with a test that failed.
const SHOWN: usize = 40;

/// How long what a server has already written is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// The end of what a server has written.
#[derive(Debug, Clone)]
pub(super) struct Output {
    tail: Arc<Mutex<Tail>>,
    /// The pipe, to see whether something in it was not read yet.
    pipe: Arc<PipeReader>,
}

#[derive(Debug, Default)]
struct Tail {
    bytes: VecDeque<u8>,
    /// How many bytes were written in all.
    written: u64,
    ended: bool,
}

impl Output {
    /// Reads a pipe on a thread of its own; tells when whoever writes to it is gone.
    pub(super) fn read(pipe: PipeReader, ended: impl FnOnce() + Send + 'static) -> Output {
        let output = Output { tail: Arc::default(), pipe: Arc::new(pipe) };
        let reading = output.clone();
        thread::spawn(move || {
            reading.read_to_end();
            ended();
        });
        output
    }

    fn read_to_end(&self) {
        let mut buf = vec![0; 16 << 10];
        loop {
            match (&*self.pipe).read(&mut buf) {
                Ok(n @ 1..) => self.lock().push(&buf[..n]),
                Err(err) if err.kind() == std::io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
            }
        }
        self.lock().ended = true;
    }

    fn lock(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many bytes were written so far.
    pub(super) fn position(&self) -> u64 {
        self.lock().written
    }

    /// The last lines that were written since `position`, and how many stand before them. What lies in
    /// the pipe is written.
    pub(super) fn since(&self, position: u64) -> (Vec<String>, u64) {
        let patience = Instant::now() + PATIENCE;
        while self.has_more() && Instant::now() < patience {
            thread::sleep(Duration::from_millis(1));
        }
        self.lock().since(position)
    }

    fn has_more(&self) -> bool {
        !self.lock().ended && rustix::io::ioctl_fionread(&*self.pipe).is_ok_and(|n| n > 0)
    }
}

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        self.written += bytes.len() as u64;
        self.bytes.extend(bytes);
        let excess = self.bytes.len().saturating_sub(KEPT);
        self.bytes.drain(..excess);
    }

    fn since(&self, position: u64) -> (Vec<String>, u64) {
        let first = self.written - self.bytes.len() as u64;
        let skip = usize::try_from(position.saturating_sub(first)).unwrap_or(usize::MAX);
        let text: Vec<u8> = self.bytes.iter().skip(skip).copied().collect();
        let text = text.strip_suffix(b"\n").unwrap_or(&text);
        if text.is_empty() {
            return (Vec::new(), 0);
        }
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        let before = lines.len().saturating_sub(SHOWN);
        let shown = lines[before..]
            .iter()
            .map(|line| Visible(line.strip_suffix(b"\r").unwrap_or(line)).to_string());
        (shown.collect(), before as u64)
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
        assert_eq!(tail.since(0).0.len(), 4);
    }

    #[test]
    fn what_a_server_floods_is_bounded_and_counted() {
        let mut tail = Tail::default();
        for n in 0..100_000 {
            tail.push(format!("line {n}\n").as_bytes());
        }
        assert!(tail.bytes.len() <= KEPT);
        let (lines, before) = tail.since(0);
        assert_eq!((lines.len(), lines.last().unwrap().as_str()), (SHOWN, "line 99999"));
        assert!(before > 1000);
    }
}
