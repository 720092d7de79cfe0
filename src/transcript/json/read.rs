//! Transcripts from JSON, in either form.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde_json::value::RawValue;

use super::LateWants;
use super::fields::{Fields, Wrong, decode, offset_in};
use super::v1::{self, Decoder, Entry, Head};
use crate::transcript::{Ended, Event, Header, Transcript};
use crate::units::reason;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a transcript cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot.
    #[error("cannot read `{}`: {}", path.display(), reason(.source))]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It may never end, and who reads it would wait.
    #[error(
        "`{}` is a pipe or a device, expected a file: write what it has to say to a file first",
        path.display()
    )]
    NoFile {
        /// What was named.
        path: PathBuf,
    },
    /// It is no transcript that this program understands.
    #[error("`{}` {fault}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Where, and why.
        fault: Fault,
    },
}

/// What is wrong with a transcript, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct Fault {
    /// From 1.
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
    /// What stands there, and what was expected.
    pub what: String,
}

/// Reads a transcript from a regular file, which never makes the one who reads wait.
///
/// # Errors
/// Where it cannot be read or understood. One that was interrupted is no error; see [`Ended`].
pub fn open(path: &Path) -> Result<Transcript, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    // A pipe would only open once somebody writes to it; a file does not mind.
    options.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_file() || metadata.is_dir() {
        return read(file, path); // which says of a folder that it is one
    }
    Err(ReadError::NoFile { path: path.to_owned() })
}

/// Reads a transcript from whatever is at `path`: of a pipe, `/dev/stdin`, it waits for the end.
///
/// # Errors
/// As [`open`].
pub fn open_any(path: &Path) -> Result<Transcript, ReadError> {
    let file = File::open(path);
    read(file.map_err(|source| ReadError::Io { path: path.to_owned(), source })?, path)
}

fn read(mut file: File, path: &Path) -> Result<Transcript, ReadError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    parse(&bytes).map_err(|fault| ReadError::Malformed { path: path.to_owned(), fault })
}

/// Reads a transcript, in time and memory in proportion to its length.
///
/// # Errors
/// What is wrong with it. JSON Lines that break off in their last line are no error.
pub fn parse(bytes: &[u8]) -> Result<Transcript, Fault> {
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let (mut fields, end) = first_object(text).map_err(|wrong| wrong.within(text))?;
    let events = fields.take(text, "events").map_err(|wrong| wrong.within(text))?;
    let head = head(text, fields).map_err(|wrong| wrong.within(text))?;
    match events {
        Some(events) => document(text, head, events, end).map_err(|wrong| wrong.within(text)),
        None => lines(text, head, end),
    }
}

/// The object that `text` begins with, and where it ends.
fn first_object(text: &[u8]) -> Result<(Fields<'_>, usize), Wrong> {
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace());
    if start.is_none_or(|start| text[start] != b'{') {
        return Err(Wrong::new(start.unwrap_or(0), NO_TRANSCRIPT));
    }
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Fields<'_>>();
    match values.next() {
        Some(Ok(fields)) => Ok((fields, values.byte_offset())),
        Some(Err(error)) => Err(Wrong::json(text, &error)),
        None => Err(Wrong::new(0, NO_TRANSCRIPT)),
    }
}

const NO_TRANSCRIPT: &str =
    r#"no transcript, expected an object with `"chat-repl":"transcript","version":1`"#;

/// What the header says, `events` aside.
fn head(text: &[u8], mut fields: Fields<'_>) -> Result<Head, Wrong> {
    let kind = fields.take(text, "chat-repl")?;
    if kind.is_none_or(|kind| kind.get() != "\"transcript\"") {
        let offset = kind.map_or(0, |kind| offset_in(text, kind.get()));
        return Err(Wrong::new(offset, NO_TRANSCRIPT));
    }
    match fields.take(text, "version")? {
        Some(version) if version.get() == "1" => v1::header(text, fields),
        Some(version) => {
            let what = format!(
                "version `{}`, expected 1: a newer chat-repl may read it",
                version.get().chars().take(20).collect::<String>()
            );
            Err(Wrong::new(offset_in(text, version.get()), what))
        }
        None => Err(Wrong::new(0, "no `version`, expected `\"version\":1`")),
    }
}

fn document(text: &[u8], head: Head, events: &RawValue, end: usize) -> Result<Transcript, Wrong> {
    if let Some(more) = text[end..].iter().position(|byte| !byte.is_ascii_whitespace()) {
        return Err(Wrong::new(end + more, "text after the end of the transcript"));
    }
    let entries: Vec<&RawValue> = decode(text, "events", events)?;
    let mut decoder = Decoder::new(&head.header);
    let mut ended = false;
    let mut events = Vec::with_capacity(entries.len());
    for entry in entries {
        let start = offset_in(text, entry.get());
        match decoder.entry(entry.get().as_bytes()).map_err(|wrong| wrong.from(start))? {
            _ if ended => return Err(Wrong::new(start, AFTER_THE_END)),
            Entry::Event(event) => events.push(event),
            Entry::End { .. } => ended = true,
        }
    }
    let ended = head.interrupted.map_or(Ended::Whole, Ended::Interrupted);
    Ok(folded(Transcript { header: head.header, events, missing: head.missing, ended }))
}

const AFTER_THE_END: &str = "an event after `\"ev\":\"end\"`, expected nothing more";

fn lines(text: &[u8], head: Head, end: usize) -> Result<Transcript, Fault> {
    let before = memchr::memchr_iter(b'\n', &text[..end]).count() as u64;
    let mut lines = LinesReader::new(&text[end..], before, head);
    let mut events = Vec::new();
    while let Some(event) = lines.next().map_err(Stop::into_fault)? {
        events.push(event);
    }
    let (header, missing, ended) = lines.into_parts();
    Ok(folded(Transcript { header, events, missing, ended }))
}

fn folded(mut transcript: Transcript) -> Transcript {
    let mut wants = LateWants::new(transcript.header.role);
    transcript.events.iter().for_each(|event| wants.note(event));
    transcript.events.retain_mut(|event| wants.fold(event));
    transcript
}

/// The events of JSON Lines, one at a time: a file may be larger than memory.
pub(in crate::transcript) struct LinesReader<R> {
    reader: R,
    line: Vec<u8>,
    /// How many lines were read.
    number: u64,
    decoder: Decoder,
    header: Header,
    missing: u64,
    interrupted: Option<String>,
    ended: bool,
}

/// Why there is no next event.
#[derive(Debug)]
pub(in crate::transcript) enum Stop {
    Io(io::Error),
    Fault(Fault),
}

impl<R: BufRead> LinesReader<R> {
    /// Reads the header, which is to be the first line.
    pub(in crate::transcript) fn open(mut reader: R) -> Result<LinesReader<R>, Stop> {
        let mut text = Vec::new();
        reader.read_until(b'\n', &mut text).map_err(Stop::Io)?;
        let head = Fields::of(&text).and_then(|fields| head(&text, fields));
        Ok(LinesReader::new(reader, 1, head.map_err(|wrong| Stop::Fault(wrong.within(&text)))?))
    }

    /// What follows a header, of whose file `number` lines were read.
    fn new(reader: R, number: u64, head: Head) -> LinesReader<R> {
        let Head { header, missing, interrupted } = head;
        let decoder = Decoder::new(&header);
        let line = Vec::new();
        LinesReader { reader, line, number, decoder, header, missing, interrupted, ended: false }
    }

    /// What the header says.
    pub(in crate::transcript) const fn header(&self) -> &Header {
        &self.header
    }

    /// The next event; `None` at the end, be it the session's or that of what there is.
    pub(in crate::transcript) fn next(&mut self) -> Result<Option<Event>, Stop> {
        while self.read_line()? {
            match self.decoder.entry(&self.line) {
                Ok(_) if self.ended => return Err(self.fault(Wrong::new(0, AFTER_THE_END))),
                Ok(Entry::Event(event)) => return Ok(Some(event)),
                Ok(Entry::End { missing }) => {
                    self.missing = missing.max(self.missing);
                    self.ended = true;
                }
                Err(wrong) => {
                    let (number, is_syntax) = (self.number, wrong.is_syntax);
                    let fault = self.fault(wrong);
                    if !is_syntax || self.read_line()? {
                        return Err(fault);
                    }
                    self.interrupted.get_or_insert(format!("line {number} is torn"));
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }

    /// Header, how many events are missing, how it ended: known once there is no next event.
    pub(in crate::transcript) fn into_parts(self) -> (Header, u64, Ended) {
        let ended = match self.interrupted {
            Some(why) => Ended::Interrupted(why),
            None if self.ended => Ended::Whole,
            None => Ended::Interrupted("it has no end".to_owned()),
        };
        (self.header, self.missing, ended)
    }

    /// Reads the next line that is not blank. False where there is none.
    fn read_line(&mut self) -> Result<bool, Stop> {
        loop {
            self.line.clear();
            if self.reader.read_until(b'\n', &mut self.line).map_err(Stop::Io)? == 0 {
                return Ok(false);
            }
            self.number += 1;
            if !self.line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    fn fault(&self, wrong: Wrong) -> Stop {
        let fault = wrong.within(&self.line);
        Stop::Fault(Fault { line: fault.line + self.number - 1, ..fault })
    }
}

impl Stop {
    /// As an error about this file.
    pub(in crate::transcript) fn at(self, path: &Path) -> ReadError {
        let path = path.to_owned();
        match self {
            Stop::Io(source) => ReadError::Io { path, source },
            Stop::Fault(fault) => ReadError::Malformed { path, fault },
        }
    }

    /// As a fault: reading from memory has no other errors.
    fn into_fault(self) -> Fault {
        match self {
            Stop::Fault(fault) => fault,
            Stop::Io(error) => Fault { line: 1, column: 1, what: error.to_string() },
        }
    }
}

impl Wrong {
    /// Where in `text` it is, in lines and columns.
    fn within(self, text: &[u8]) -> Fault {
        let before = &text[..self.offset.min(text.len())];
        let start = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1);
        let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
        let column = String::from_utf8_lossy(&before[start..]).chars().count() as u64 + 1;
        Fault { line, column, what: self.what }
    }
}
