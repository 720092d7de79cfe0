//! A transcript changed in its own text, of which everything else stays as it is.

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;

use super::Fault;
use super::fields::{Fields, offset_in};
use super::placed::{Placed, parse_placed};
use super::text::{push_line, push_number, push_string};
use crate::matching::Secrets;
use crate::matching::hearing::Change;
use crate::transcript::{Event, What};
use crate::wire::{ConnId, Eol, Line, Side};

/// Why a transcript cannot be changed as wanted.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It is no transcript any more.
    #[error("{0}")]
    Malformed(Fault),
    /// An event is not what it was, or is written in a way that cannot be changed in place.
    #[error("event {0} is not a line that can be changed in place: save the transcript anew first")]
    Event(usize),
    /// It has its events in a place in which they cannot be found again.
    #[error("its events cannot be changed in place: save the transcript anew first")]
    Unplaced,
    /// Lines are numbered, and the numbers would no longer hold.
    #[error("its `want` events count lines, and lines come or go: save it as a document first")]
    Counted,
}

/// How many lines were changed, added and removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Edited {
    /// Changed.
    pub changed: usize,
    /// Added.
    pub added: usize,
    /// Removed.
    pub removed: usize,
}

/// Changes the text of a transcript: what is said in it is hidden anew.
pub(in crate::transcript) fn edit(
    text: &[u8],
    changes: &[Change],
    secrets: &Secrets,
) -> Result<(Vec<u8>, Edited), EditError> {
    let placed = parse_placed(text).map_err(EditError::Malformed)?.ok_or(EditError::Unplaced)?;
    let mut said: HashMap<usize, Option<&Bytes>> = HashMap::new();
    let mut added: HashMap<usize, Vec<(Option<ConnId>, &Bytes)>> = HashMap::new();
    for change in changes {
        match change {
            Change::Say { event, bytes } => drop(said.insert(*event, Some(bytes))),
            Change::Remove { event } => drop(said.insert(*event, None)),
            Change::Add { behind, conn, bytes } => {
                added.entry(*behind).or_default().push((*conn, bytes));
            }
        }
    }
    let removes = said.values().any(Option::is_none);
    if placed.counts_lines && (removes || !added.is_empty()) {
        return Err(EditError::Counted);
    }
    Editing { text, placed: &placed, secrets, out: Vec::new(), edited: Edited::default() }
        .run(&said, &added)
}

struct Editing<'a> {
    text: &'a [u8],
    placed: &'a Placed,
    secrets: &'a Secrets,
    out: Vec<u8>,
    edited: Edited,
}

impl Editing<'_> {
    fn run(
        mut self,
        said: &HashMap<usize, Option<&Bytes>>,
        added: &HashMap<usize, Vec<(Option<ConnId>, &Bytes)>>,
    ) -> Result<(Vec<u8>, Edited), EditError> {
        let places = &self.placed.places;
        let first = places.first().map_or(self.text.len(), |place| place.start);
        self.out.extend_from_slice(&self.text[..first]);
        let begin = self.out.len();
        self.add(added.get(&0), begin);
        for (index, place) in places.iter().enumerate() {
            let number = index + 1;
            let before = index.checked_sub(1).map_or(first, |before| places[before].end);
            let gap = &self.text[before..place.start];
            let own = &self.text[place.clone()];
            match said.get(&number) {
                Some(None) => {
                    // What stands between events, and is none, stays.
                    let kept = gap.trim_ascii_end();
                    let kept = kept.strip_suffix(b",").unwrap_or(kept);
                    self.out.extend_from_slice(kept);
                    self.edited.removed += 1;
                }
                change => {
                    if self.out.len() > begin {
                        let gap = if gap.is_empty() { self.placed.form_gap() } else { gap };
                        self.out.extend_from_slice(gap);
                    }
                    match change {
                        Some(Some(bytes)) => {
                            let changed = self.say(number, own, bytes)?;
                            self.out.extend_from_slice(&changed);
                            self.edited.changed += 1;
                        }
                        _ => self.out.extend_from_slice(own),
                    }
                }
            }
            self.add(added.get(&number), begin);
        }
        let last = places.last().map_or(first, |place| place.end);
        let rest = self.recount(&self.text[last..]);
        self.out.extend_from_slice(&rest);
        Ok((self.out, self.edited))
    }

    /// Adds lines that the side says which is not heard of otherwise.
    fn add(&mut self, lines: Option<&Vec<(Option<ConnId>, &Bytes)>>, begin: usize) {
        for (conn, bytes) in lines.into_iter().flatten() {
            if self.out.len() > begin {
                self.out.extend_from_slice(self.placed.form_gap());
            }
            self.out.extend_from_slice(b"{\"dt\":0");
            if let Some(conn) = conn {
                self.out.extend_from_slice(b",\"conn\":");
                push_number(&mut self.out, u64::from(conn.number()));
            }
            self.out.extend_from_slice(b",\"from\":");
            push_string(&mut self.out, Side::Server.as_str());
            self.out.push(b',');
            let (line, names) = self.hidden(bytes);
            push_line(&mut self.out, &line);
            let eol = Line::cut(bytes).eol;
            if eol != self.placed.transcript.header.eol {
                self.out.extend_from_slice(b",\"eol\":");
                push_string(&mut self.out, eol.as_str());
            }
            if !names.is_empty() {
                self.out.extend_from_slice(b",\"secret\":");
                self.out.extend_from_slice(&list(&names));
            }
            self.out.push(b'}');
            self.edited.added += 1;
        }
    }

    /// The text of an event that says something else.
    fn say(&self, number: usize, own: &[u8], bytes: &[u8]) -> Result<Vec<u8>, EditError> {
        let fault = || EditError::Event(number);
        let event: Option<&Event> = self.placed.transcript.events.get(number - 1);
        let Some(What::Line(before)) = event.map(|event| &event.what) else { return Err(fault()) };
        let mut fields = Fields::of(own).map_err(|_| fault())?;
        let mut span = |key: &str| {
            let value = fields.take(own, key).ok()??;
            let start = offset_in(own, value.get());
            Some(start..start + value.get().len())
        };
        let spans = [span("line").map(|at| (at, "line")), span("esc").map(|at| (at, "esc"))];
        let (value, key) = spans.into_iter().flatten().next().ok_or_else(fault)?;
        let start = key_start(&own[..value.start], key).ok_or_else(fault)?;
        let (line, names) = self.hidden(bytes);
        let mut said = Vec::new();
        push_line(&mut said, &line);
        let mut edits: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
        let eol = Line::cut(bytes).eol;
        let mut set = |key: &str, json: Vec<u8>| {
            if let Some(at) = span(key) {
                return edits.push((at, json));
            }
            said.extend_from_slice(b",\"");
            said.extend_from_slice(key.as_bytes());
            said.extend_from_slice(b"\":");
            said.extend_from_slice(&json);
        };
        if eol != before.eol {
            set("eol", quoted(eol));
        }
        if names != before.marks.secret {
            set("secret", list(&names));
        }
        edits.push((start..value.end, said));
        edits.sort_by_key(|(at, _)| at.start);
        let (mut changed, mut done) = (Vec::new(), 0);
        for (at, text) in edits {
            changed.extend_from_slice(&own[done..at.start]);
            changed.extend_from_slice(&text);
            done = at.end;
        }
        changed.extend_from_slice(&own[done..]);
        Ok(changed)
    }

    /// A line without its end and without secrets, and the names of these.
    fn hidden(&self, bytes: &[u8]) -> (Vec<u8>, Vec<String>) {
        let text = Line::cut(bytes).text;
        self.secrets.take_out(text, 0).unwrap_or_else(|| (text.to_vec(), Vec::new()))
    }

    /// The trailer, which knows how many events there are.
    fn recount(&self, rest: &[u8]) -> Vec<u8> {
        let events = self.placed.places.len();
        let now = events + self.edited.added - self.edited.removed;
        let known = format!("\"events\":{events}");
        match memchr::memmem::find(rest, known.as_bytes()) {
            Some(at) if now != events => {
                let count = format!("\"events\":{now}");
                [&rest[..at], count.as_bytes(), &rest[at + known.len()..]].concat()
            }
            _ => rest.to_vec(),
        }
    }
}

fn quoted(eol: Eol) -> Vec<u8> {
    let mut out = Vec::new();
    push_string(&mut out, eol.as_str());
    out
}

fn list(names: &[String]) -> Vec<u8> {
    let mut out = vec![b'['];
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_string(&mut out, name);
    }
    out.push(b']');
    out
}

/// Where the key begins whose value follows `before`; `None` where it is written with escapes.
fn key_start(before: &[u8], key: &str) -> Option<usize> {
    let before = before.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end();
    Some(before.strip_suffix(format!("\"{key}\"").as_bytes())?.len())
}
