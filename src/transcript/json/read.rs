//! Transcripts from JSON, in either form, event by event.

use std::io::{self, BufRead};

use super::LateWants;
use super::fields::Wrong;
use super::head::{Events, HeadText, Input};
use super::scan::{Cut, Place, Scan};
use super::v1::{Decoder, Entry, Head};
use crate::transcript::{Ended, Event, Header, Transcript};
use crate::wire::Visible;

/// The most bytes of JSON that one event may take. A line of `--max-line`'s default takes at most six
/// times its 1 MiB; this is what a file may ask of the memory of whoever looks at it.
pub(super) const LARGEST: usize = 256 << 20;

const AFTER_THE_END: &str = "an event after `\"ev\":\"end\"`, expected nothing more";

/// Why there is no next event.
#[derive(Debug)]
pub enum Stop {
    /// The text cannot be read.
    Io(io::Error),
    /// It can, and is no transcript.
    Fault(Fault),
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

impl Stop {
    /// What is wrong with what was read from memory, which cannot fail otherwise.
    pub(super) fn into_fault(self) -> Fault {
        match self {
            Stop::Fault(fault) => fault,
            Stop::Io(error) => Fault { line: 1, column: 1, what: error.to_string() },
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Io(error)
    }
}

/// Reads a transcript, in time in proportion to its length and memory in proportion to its events.
///
/// # Errors
/// What is wrong with it. JSON Lines that break off in their last line are no error.
pub fn parse(bytes: &[u8]) -> Result<Transcript, Fault> {
    Reader::new(bytes).and_then(Reader::rest).map_err(Stop::into_fault)
}

/// The events of a transcript, one at a time: a file may be larger than memory. Only where a document
/// has its header after its events are these held until it was read.
///
/// `want` events are told as they are: whoever has all events may [fold](LateWants) them.
#[derive(Debug)]
pub struct Reader<R> {
    scan: Scan<Input<R>>,
    head: HeadText,
    header: Header,
    missing: u64,
    interrupted: Option<String>,
    decoder: Decoder,
    stage: Stage,
    /// The text of one event.
    entry: Vec<u8>,
    /// Whether the trailer was read.
    ended: bool,
}

/// What is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// A line.
    Line,
    /// The first event of a list, or its end.
    First { held: bool },
    /// A comma and another event of a list, or its end.
    Another { held: bool },
    /// Another event of a list.
    AfterComma { held: bool },
    /// Nothing.
    Over,
}

/// The text of an event: where it begins, and whether it is all that it was to be.
struct Begun {
    place: Place,
    /// Whether the file ends where a line end should be.
    torn: bool,
    cut: Cut,
}

impl<R: BufRead> Reader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// Where it cannot be read or is none.
    pub fn new(input: R) -> Result<Reader<R>, Stop> {
        Reader::bounded(input, LARGEST)
    }

    /// As [`Reader::new`], where no event takes more than `bound` bytes.
    pub(in crate::transcript) fn bounded(input: R, bound: usize) -> Result<Reader<R>, Stop> {
        let mut scan = Scan::new(Input::Stream(input), Place::default(), bound);
        let (head, known, events) = HeadText::open(&mut scan)?;
        let stage = match events {
            Events::Lines => Stage::Line,
            Events::List | Events::Held => Stage::First { held: events == Events::Held },
        };
        let mut entry = Vec::new();
        if events != Events::Lines {
            scan.byte(&mut entry)?; // the bracket
        }
        let Head { header, missing, interrupted } = known;
        let decoder = Decoder::new(&header);
        let ended = false;
        Ok(Reader { scan, head, header, missing, interrupted, decoder, stage, entry, ended })
    }

    /// What the header says: of a document, what it says before its events until these are over.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The next event; `None` at the end, be it the session's or that of what there is.
    ///
    /// # Errors
    /// Where it cannot be read or is none. Nothing more is read then.
    #[expect(
        clippy::should_implement_trait,
        reason = "what comes is an event or an error or neither"
    )]
    pub fn next(&mut self) -> Result<Option<Event>, Stop> {
        let next = self.entry();
        if !matches!(next, Ok(Some(_))) {
            self.stage = Stage::Over;
        }
        next
    }

    /// Header, how many events are missing, how it ended: known once there is no next event.
    pub(in crate::transcript) fn into_parts(self) -> (Header, u64, Ended) {
        let ended = self.interrupted.map_or(Ended::Whole, Ended::Interrupted);
        (self.header, self.missing, ended)
    }

    /// All events that are left.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn rest(mut self) -> Result<Transcript, Stop> {
        let mut events = Vec::new();
        while let Some(event) = self.next()? {
            events.push(event);
        }
        let (header, missing, ended) = self.into_parts();
        let mut wants = LateWants::new(header.role);
        for event in &events {
            wants.note(event);
        }
        events.retain_mut(|event| wants.fold(event));
        Ok(Transcript { header, events, missing, ended })
    }

    fn entry(&mut self) -> Result<Option<Event>, Stop> {
        loop {
            if let Some(event) = self.one_line()? {
                return Ok(Some(event));
            }
            let begun = match self.stage {
                Stage::Line => self.line()?,
                Stage::First { held } | Stage::Another { held } | Stage::AfterComma { held } => {
                    self.element(held)?
                }
                Stage::Over => None,
            };
            let Some(Begun { place, torn, cut }) = begun else { return Ok(None) };
            match self.decoder.entry(&self.entry) {
                Ok(_) if self.ended => {
                    return Err(fault(Wrong::new(0, AFTER_THE_END), &self.entry, place));
                }
                Ok(Entry::Event(event)) => return Ok(Some(event)),
                Ok(Entry::End { missing }) => {
                    self.missing = missing.max(self.missing);
                    self.ended = true;
                }
                Err(wrong) if torn && wrong.is_syntax => {
                    let why = format!("line {} is torn", place.line + 1);
                    self.interrupted.get_or_insert(why);
                    return Ok(None);
                }
                Err(wrong) if wrong.offset == self.entry.len() && cut == Cut::Broken => {
                    return Err(fault(Wrong::stray(&self.entry), &self.entry, place));
                }
                Err(wrong) => return Err(fault(wrong, &self.entry, place)),
            }
        }
    }

    /// Reads the next event where it is all of a line, as this program writes it: the quick way, with
    /// nothing copied. `None` where it has to be looked at more closely, and nothing was passed over
    /// but what stands between two events.
    fn one_line(&mut self) -> io::Result<Option<Event>> {
        if self.ended {
            return Ok(None);
        }
        match self.stage {
            Stage::Line => {}
            // What else may stand here is for the slow way to say.
            Stage::Another { held } => {
                if self.scan.skip_blanks()? != Some(b',') {
                    return Ok(None);
                }
                self.scan.pass(1)?;
                self.stage = Stage::AfterComma { held };
                self.scan.skip_blanks()?;
            }
            Stage::First { .. } => drop(self.scan.skip_blanks()?),
            Stage::AfterComma { .. } | Stage::Over => return Ok(None),
        }
        let Some(object) = self.scan.object_ahead(self.stage != Stage::Line)? else {
            return Ok(None);
        };
        let mut decoder = self.decoder;
        let Ok(Entry::Event(event)) = decoder.entry(object) else { return Ok(None) };
        let len = object.len();
        self.decoder = decoder;
        match self.stage {
            Stage::First { held } | Stage::AfterComma { held } => {
                self.scan.pass(len)?;
                self.stage = Stage::Another { held };
            }
            Stage::Line | Stage::Another { .. } | Stage::Over => self.scan.pass_line()?,
        }
        Ok(Some(event))
    }

    /// Reads the next line that is not blank.
    fn line(&mut self) -> Result<Option<Begun>, Stop> {
        loop {
            let place = self.scan.place();
            self.entry.clear();
            let Some(line) = self.scan.line(&mut self.entry)? else {
                if !self.ended {
                    self.interrupted.get_or_insert_with(|| "it has no end".to_owned());
                }
                return Ok(None);
            };
            if line.cut == Cut::TooLong && line.has_end {
                return Err(fault(Wrong::too_long(0), &self.entry, place));
            }
            if !self.entry.trim_ascii().is_empty() {
                return Ok(Some(Begun { place, torn: !line.has_end, cut: line.cut }));
            }
        }
    }

    /// Reads the next element of the list of events.
    fn element(&mut self, held: bool) -> Result<Option<Begun>, Stop> {
        let mut next = self.scan.skip_blanks()?;
        if next == Some(b']') && !matches!(self.stage, Stage::AfterComma { .. }) {
            self.close(held)?;
            return Ok(None);
        }
        if let Stage::Another { .. } = self.stage {
            if next != Some(b',') {
                return Err(self.no_element(next));
            }
            self.scan.pass(1)?;
            next = self.scan.skip_blanks()?;
        }
        if next.is_none() {
            return Err(self.no_element(next));
        }
        self.entry.clear();
        self.stage = Stage::Another { held };
        let place = self.scan.place();
        let cut = self.scan.value(&mut self.entry)?;
        if cut == Cut::TooLong {
            return Err(fault(Wrong::too_long(0), &self.entry, place));
        }
        Ok(Some(Begun { place, torn: false, cut }))
    }

    fn no_element(&mut self, next: Option<u8>) -> Stop {
        let what = match next {
            None => "the text ends, expected another event or `]`: it was cut off".to_owned(),
            Some(byte) => format!("`{}`, expected `,` or `]`", byte.escape_ascii()),
        };
        fault(Wrong::new(0, what), b"", self.scan.place())
    }

    /// Reads what follows the list of events.
    fn close(&mut self, held: bool) -> Result<(), Stop> {
        if held {
            return Ok(());
        }
        if let Some(Head { header, missing, interrupted }) = self.head.close(&mut self.scan)? {
            self.header = header;
            self.missing = missing.max(self.missing);
            self.interrupted = interrupted;
        }
        Ok(())
    }
}

fn fault(wrong: Wrong, text: &[u8], place: Place) -> Stop {
    Stop::Fault(wrong.within(text, place))
}

impl Wrong {
    /// Of something that begins at `offset` and is longer than it may be.
    pub(super) fn too_long(offset: usize) -> Wrong {
        let mebibytes = LARGEST >> 20;
        Wrong::new(
            offset,
            format!("more than {mebibytes} MiB of JSON, expected at most that in one value"),
        )
    }

    /// Of a byte that is no part of JSON, the last of `text`.
    fn stray(text: &[u8]) -> Wrong {
        let byte = text.last().copied().unwrap_or_default().escape_ascii();
        Wrong::new(text.len().saturating_sub(1), format!("`{byte}` cannot stand here"))
    }

    /// Where it is, in lines and columns, in a `text` that begins at `place`. What it quotes can do
    /// nothing to a terminal.
    pub(super) fn within(self, text: &[u8], place: Place) -> Fault {
        let place = place.after(&text[..self.offset.min(text.len())]);
        let what = Visible(self.what.as_bytes()).to_string();
        Fault { line: place.line + 1, column: place.column + 1, what }
    }
}
