//! A transcript written as it happens.

use std::io::{self, Write};

use super::json::{Encoder, Form};
use super::{Ended, Event, Header};
use crate::session::Record;
use crate::units::{At, reason};
use crate::wire::ConnId;

/// Writes JSON Lines. What it is told of waits in memory until [`Journal::flush`], so that a batch is
/// one write.
#[derive(Debug)]
pub struct Journal<W> {
    out: W,
    /// What the errors call it.
    name: String,
    encoder: Encoder,
    waiting: Vec<u8>,
    /// How many bytes were written, up to the last whole line.
    whole: u64,
    failed: bool,
}

/// A recording that could not go on.
#[derive(Debug, thiserror::Error)]
#[error("cannot record to `{name}`: {}: the recording ends here", reason(.source))]
pub struct JournalError {
    /// The file.
    pub name: String,
    /// Why.
    pub source: io::Error,
}

impl JournalError {
    /// Whether nobody reads any more: `| head -1`.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        self.source.kind() == io::ErrorKind::BrokenPipe
    }
}

/// The memory that is kept for the next batch.
const KEPT: usize = 1 << 20;

impl<W: Write> Journal<W> {
    /// A journal whose header waits to be written.
    pub fn new(out: W, name: impl Into<String>, header: &Header) -> Journal<W> {
        let mut waiting = Vec::new();
        let encoder = Encoder::new(Form::Lines, header, 0, &Ended::Whole, &mut waiting);
        Journal { out, name: name.into(), encoder, waiting, whole: 0, failed: false }
    }

    /// Takes what happened.
    pub fn record(&mut self, record: &Record) {
        if !self.failed {
            self.encoder.record(record, &mut self.waiting);
        }
    }

    /// Takes the pattern that the `line`-th ended line of the peer on `conn` matched after it was
    /// recorded; see [`super::json`].
    pub fn want(&mut self, at: At, conn: ConnId, line: u64, pattern: &str) {
        if !self.failed {
            self.encoder.late_want(at, conn, line, pattern, &mut self.waiting);
        }
    }

    /// Takes an event that is no record.
    pub fn event(&mut self, event: &Event) {
        if !self.failed {
            self.encoder.event(event, &mut self.waiting);
        }
    }

    /// How many bytes wait for [`Journal::flush`].
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// Once, when writing fails. From then on the journal takes nothing more and succeeds at it.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        if self.failed {
            return Ok(());
        }
        let written = self.write_waiting();
        self.waiting.clear();
        self.waiting.shrink_to(KEPT);
        written.map_err(|source| {
            self.failed = true;
            JournalError { name: self.name.clone(), source }
        })
    }

    /// Takes the end: the session ended at `at`. Nothing may follow.
    pub fn end(&mut self, at: At) {
        if !self.failed {
            self.encoder.end(at, &mut self.waiting);
        }
    }

    /// The length of the lines that were written whole. A failed write may have left a part of a line
    /// behind them.
    #[must_use]
    pub const fn whole(&self) -> u64 {
        self.whole
    }

    fn write_waiting(&mut self) -> io::Result<()> {
        let mut written = 0;
        let result = loop {
            if written == self.waiting.len() {
                break self.out.flush();
            }
            match self.out.write(&self.waiting[written..]) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => written += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        let lines = memchr::memrchr(b'\n', &self.waiting[..written]).map_or(0, |end| end + 1);
        self.whole += lines as u64;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::json::parse;
    use crate::transcript::testing::{header, said};
    use crate::wire::Side;

    /// Takes so many bytes, a few at a time, then fails.
    struct Full {
        room: usize,
        written: Vec<u8>,
    }

    impl Write for &mut Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let n = bytes.len().min(self.room).min(7);
            if n == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= n;
            self.written.extend_from_slice(&bytes[..n]);
            Ok(n)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn heard(text: &'static str) -> Record {
        Record { at: At::from_micros(1500), ..said(Side::Server, text) }
    }

    #[test]
    fn a_full_disk_is_told_once_and_whole_lines_are_counted() {
        let mut disk = Full { room: 200, written: Vec::new() };
        let mut journal = Journal::new(&mut disk, "talk.jsonl", &header());
        journal.record(&heard("one\ntwo\nthree\nfour\n"));
        let error = journal.flush().unwrap_err();
        assert!(error.to_string().starts_with("cannot record to `talk.jsonl`: "), "{error}");
        assert!(!error.is_broken_pipe());
        journal.record(&heard("more\n"));
        assert_eq!(journal.waiting(), 0);
        assert!(journal.flush().is_ok());
        let whole = usize::try_from(journal.whole()).unwrap();
        assert_eq!(disk.written.len(), 200);
        let read = parse(&disk.written[..whole]).unwrap();
        assert!(disk.written[..whole].ends_with(b"\n") && !read.events.is_empty());
    }

    #[test]
    fn nothing_is_written_before_the_batch_is() {
        let mut out = Vec::new();
        let mut journal = Journal::new(&mut out, "x", &header());
        journal.record(&heard("one\n"));
        journal.flush().unwrap();
        journal.want(At::from_micros(2000), ConnId::FIRST, 1, "^o");
        journal.end(At::from_micros(2500));
        journal.flush().unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<_> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                r#"{"dt":1.5,"conn":1,"from":"server","line":"one"}"#,
                r#"{"dt":0.5,"ev":"want","conn":1,"line":1,"want":"^o"}"#,
                r#"{"ev":"end","dt":0.5,"events":1}"#,
            ]
        );
    }
}
