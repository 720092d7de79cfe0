//! The object that a transcript begins with: all of a document, the header of JSON Lines.

use std::io::{self, BufRead, Cursor, Read};

use super::fields::{Fields, Wrong, offset_in};
use super::read::{Fault, Stop};
use super::scan::{Cut, Place, Scan, is_blank};
use super::v1::{self, Head};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What events cannot be read without: a document that has these before its `events` is read as it
/// comes, another has its events held in memory until they are known.
const NEEDED: [&str; 4] = ["chat-repl", "version", "started", "eol"];

pub(super) const NO_TRANSCRIPT: &str =
    r#"no transcript, expected an object with `"chat-repl":"transcript","version":1`"#;

/// Where events are read from.
#[derive(Debug)]
pub(super) enum Input<R> {
    /// What the transcript is read from.
    Stream(R),
    /// Events that had to wait for their header.
    Held(Cursor<Vec<u8>>),
}

/// What follows a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Events {
    /// An event a line.
    Lines,
    /// A list, of which nothing was read.
    List,
    /// The same, and nothing after it.
    Held,
}

/// The text of the object: `events` has no more than its brackets in it.
#[derive(Debug)]
pub(super) struct HeadText {
    text: Vec<u8>,
    start: Place,
    /// Where in the text the list of events ends, and where that is in the file.
    tail: Option<(usize, Place)>,
}

/// Where the reading of the members of an object ended.
enum Found {
    /// At the end of the object.
    End,
    /// Before the list that is the value of `events`.
    Events,
}

impl HeadText {
    /// Reads up to the events.
    pub(super) fn open<R: BufRead>(
        scan: &mut Scan<Input<R>>,
    ) -> Result<(HeadText, Head, Events), Stop> {
        skip_mark(scan)?;
        let next = scan.skip_blanks()?;
        let mut head = HeadText { text: Vec::new(), start: scan.place(), tail: None };
        if next != Some(b'{') {
            return Err(head.fault(Wrong::new(0, NO_TRANSCRIPT)));
        }
        scan.byte(&mut head.text)?;
        let mut found = head.members(scan, false)?;
        while let Found::Events = found {
            if let Some(known) = head.known().map_err(|wrong| head.fault(wrong))? {
                return Ok((head, known, Events::List));
            }
            scan.unbounded_value(&mut head.text)?;
            found = head.members(scan, true)?;
        }
        let (known, events) = head.whole().map_err(|wrong| head.fault(wrong))?;
        let Some((start, end)) = events else { return Ok((head, known, Events::Lines)) };
        nothing_more(scan)?;
        let place = head.start.after(&head.text[..start]);
        if head.text.get(start) != Some(&b'[') {
            return Err(head.fault(Wrong::new(start, "`events` is no list, expected `[`")));
        }
        head.text.truncate(end);
        head.text.drain(..start);
        scan.turn_to(Input::Held(Cursor::new(std::mem::take(&mut head.text))), place);
        Ok((head, known, Events::Held))
    }

    /// Reads what follows the list of events, whose `]` is next; the whole header, where that adds
    /// anything to it.
    pub(super) fn close<R: BufRead>(
        &mut self,
        scan: &mut Scan<Input<R>>,
    ) -> Result<Option<Head>, Stop> {
        let start = self.text.len();
        self.tail = Some((start, scan.place()));
        scan.byte(&mut self.text)?;
        if let Found::Events = self.members(scan, true)? {
            return Err(self.fault(Wrong::new(self.text.len(), "`events` stands here twice")));
        }
        nothing_more(scan)?;
        if self.text[start..].iter().all(|byte| is_blank(*byte) || b"]}".contains(byte)) {
            return Ok(None);
        }
        let (head, _) = self.whole().map_err(|wrong| self.fault(wrong))?;
        Ok(Some(head))
    }

    /// Reads members of the object up to the events or the end.
    fn members<R: BufRead>(
        &mut self,
        scan: &mut Scan<R>,
        mut after_value: bool,
    ) -> Result<Found, Stop> {
        loop {
            match scan.blanks(&mut self.text)? {
                Some(b'}') => {
                    scan.byte(&mut self.text)?;
                    return Ok(Found::End);
                }
                Some(b',') if after_value => {
                    scan.byte(&mut self.text)?;
                    after_value = false;
                    continue;
                }
                Some(b'"') if !after_value => {}
                _ => return Err(self.broken(scan)),
            }
            let key = self.text.len();
            self.value(scan)?;
            let is_events = &self.text[key..] == b"\"events\"";
            if scan.blanks(&mut self.text)? != Some(b':') {
                return Err(self.broken(scan));
            }
            scan.byte(&mut self.text)?;
            match scan.blanks(&mut self.text)? {
                Some(b'[') if is_events => return Ok(Found::Events),
                Some(_) => self.value(scan)?,
                None => return Err(self.broken(scan)),
            }
            after_value = true;
        }
    }

    fn value<R: BufRead>(&mut self, scan: &mut Scan<R>) -> Result<(), Stop> {
        let start = self.text.len();
        match scan.value(&mut self.text)? {
            Cut::Whole => Ok(()),
            Cut::Short | Cut::Broken => Err(self.broken(scan)),
            Cut::TooLong => Err(self.fault(Wrong::too_long(start))),
        }
    }

    /// What is wrong with what was read, and the byte after it.
    fn broken<R: BufRead>(&mut self, scan: &mut Scan<R>) -> Stop {
        if let Err(error) = scan.byte(&mut self.text) {
            return Stop::Io(error);
        }
        let unclear = || Wrong::new(self.text.len(), "the header is no JSON");
        self.fault(Fields::of(&self.text).err().unwrap_or_else(unclear))
    }

    /// What is known before the events, if that is enough to read them.
    fn known(&mut self) -> Result<Option<Head>, Wrong> {
        let end = self.text.len();
        self.text.extend_from_slice(b"[]}");
        let known = || {
            let mut fields = Fields::of(&self.text)?;
            fields.take(&self.text, "events")?;
            if NEEDED.iter().all(|key| fields.has(key)) {
                return head(&self.text, fields).map(Some);
            }
            Ok(None)
        };
        let known = known();
        self.text.truncate(end);
        if let Ok(Some(_)) = known {
            self.text.push(b'[');
        }
        known
    }

    /// What the whole object says, and where in it its events are.
    fn whole(&self) -> Result<(Head, Option<(usize, usize)>), Wrong> {
        let mut fields = Fields::of(&self.text)?;
        let events = fields.take(&self.text, "events")?.map(|events| {
            let start = offset_in(&self.text, events.get());
            (start, start + events.get().len())
        });
        Ok((head(&self.text, fields)?, events))
    }

    fn fault(&self, wrong: Wrong) -> Stop {
        let (from, place) = match self.tail {
            Some((from, place)) if wrong.offset >= from => (from, place),
            _ => (0, self.start),
        };
        Stop::Fault(wrong.since(from).within(&self.text[from..], place))
    }
}

/// What the header says, whose `events` are taken.
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

/// Passes over the mark that some editors put at the start of UTF-8.
fn skip_mark<R: BufRead>(scan: &mut Scan<R>) -> Result<(), Stop> {
    let mut mark = Vec::new();
    while mark.len() < BYTE_ORDER_MARK.len() && scan.peek()? == Some(BYTE_ORDER_MARK[mark.len()]) {
        scan.byte(&mut mark)?;
    }
    match mark.len() {
        0 => Ok(()),
        3 => {
            scan.begin_here();
            Ok(())
        }
        _ => Err(Stop::Fault(Fault { line: 1, column: 1, what: NO_TRANSCRIPT.to_owned() })),
    }
}

/// Makes sure that a document has ended.
fn nothing_more<R: BufRead>(scan: &mut Scan<R>) -> Result<(), Stop> {
    if scan.skip_blanks()?.is_none() {
        return Ok(());
    }
    let wrong = Wrong::new(0, "text after the end of the transcript, expected nothing more");
    Err(Stop::Fault(wrong.within(b"", scan.place())))
}

impl<R: BufRead> Read for Input<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::Stream(stream) => stream.read(out),
            Input::Held(text) => text.read(out),
        }
    }
}

impl<R: BufRead> BufRead for Input<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Input::Stream(stream) => stream.fill_buf(),
            Input::Held(text) => text.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        match self {
            Input::Stream(stream) => stream.consume(amount),
            Input::Held(text) => text.consume(amount),
        }
    }
}
