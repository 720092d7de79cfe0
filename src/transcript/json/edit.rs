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

/// Changes the text of a transcript, and nothing else in it: secrets in what is said now are hidden.
///
/// # Errors
/// It cannot be changed as wanted.
pub fn edit(
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
        match self.placed.count_in(rest) {
            Some(at) if now != events => {
                [&rest[..at.start], now.to_string().as_bytes(), &rest[at.end..]].concat()
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

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#""chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z""#;

    fn say(event: usize, bytes: &'static [u8]) -> Change {
        Change::Say { event, bytes: Bytes::from_static(bytes) }
    }

    fn add(behind: usize, bytes: &'static [u8]) -> Change {
        Change::Add { behind, conn: Some(ConnId::FIRST), bytes: Bytes::from_static(bytes) }
    }

    fn edited(text: &str, changes: &[Change]) -> String {
        let secrets = Secrets::new([("PASS".to_owned(), Bytes::from_static(b"sesame"))]).unwrap();
        let (after, _) = edit(text.as_bytes(), changes, &secrets).unwrap();
        super::super::parse(&after).unwrap();
        String::from_utf8(after).unwrap()
    }

    fn event(line: &str) -> String {
        format!(r#"{{"conn":1,"from":"server",{line}}}"#)
    }

    fn document(events: &[String]) -> String {
        format!("{{{HEADER},\"events\":[\n{}\n]}}\n", events.join(",\n"))
    }

    #[test]
    fn lines_come_and_go_anywhere_in_a_document() {
        let all: Vec<String> =
            ["a", "b", "c"].map(|line| event(&format!(r#""line":"{line}""#))).to_vec();
        let new = |line: &str| format!(r#"{{"dt":0,"conn":1,"from":"server","line":"{line}"}}"#);
        let text = document(&all);
        let removed = |events: &[usize]| -> Vec<Change> {
            events.iter().map(|event| Change::Remove { event: *event }).collect()
        };
        for (gone, left) in [
            (&[1][..], document(&all[1..])),
            (&[2], document(&[all[0].clone(), all[2].clone()])),
            (&[2, 3], document(&all[..1])),
            (&[1, 2], document(&all[2..])),
        ] {
            assert_eq!(edited(&text, &removed(gone)), left);
        }
        let wanted =
            document(&[new("x"), all[0].clone(), all[1].clone(), all[2].clone(), new("y")]);
        assert_eq!(edited(&text, &[add(0, b"x\n"), add(3, b"y\n")]), wanted);
        assert_eq!(
            edited(&text, &[removed(&[1, 2, 3]), vec![add(3, b"y\n")]].concat()),
            document(&[new("y")])
        );
    }

    #[test]
    fn an_event_keeps_all_but_what_it_says() {
        for (before, bytes, after) in [
            (r#""line":"a","x":[1,  2]"#, &b"b\n"[..], r#""line":"b","x":[1,  2]"#),
            (r#""line" :"a""#, b"\xff\n", r#""esc":"\\xff""#),
            (r#""esc":"\\xff""#, b"b\n", r#""line":"b""#),
            (r#""line":"a""#, b"a\r\n", r#""line":"a","eol":"\r\n""#),
            (r#""eol":"\r\n","line":"a""#, b"a", r#""eol":"","line":"a""#),
            (r#""line":"a""#, b"sesame\n", r#""line":"${PASS}","secret":["PASS"]"#),
            (r#""secret":["PASS"],"line":"${PASS}""#, b"b\n", r#""secret":[],"line":"b""#),
        ] {
            let text = document(&[event(before)]);
            assert_eq!(edited(&text, &[say(1, bytes)]), document(&[event(after)]), "{before}");
        }
    }

    #[test]
    fn a_mark_and_white_space_stay_and_the_trailer_counts_anew() {
        let (a, b) = (event(r#""line":"a""#), event(r#""line":"b""#));
        let text = |a: &str, events: usize| {
            format!(
                "\u{feff}{{{HEADER}}}\r\n\r\n  {a}\r\n{b}\n{{\"ev\":\"end\",\"events\":{events}}}\n"
            )
        };
        let c = event(r#""line":"c""#);
        assert_eq!(edited(&text(&a, 2), &[say(1, b"c\n")]), text(&c, 2));
        let more = edited(&text(&a, 2), &[add(2, b"d\n")]);
        assert!(more.ends_with("\"line\":\"d\"}\n{\"ev\":\"end\",\"events\":3}\n"), "{more}");
    }

    #[test]
    fn nothing_but_the_count_of_the_trailer_is_a_count() {
        let (a, b) = (event(r#""line":"a""#), event(r#""line":"b""#));
        let b_new = r#"{"dt":0,"conn":1,"from":"server","line":"b"}"#;
        let lines = |b: &str, trailer: &str| format!("{{{HEADER}}}\n{a}\n{b}{trailer}\n");
        let trailer = r#"{ "x":{"events":1}, "ev":"end", "events" : 1 }"#;
        let counted = trailer.replacen("\"events\" : 1", "\"events\" : 2", 1);
        assert_eq!(
            edited(&lines("", trailer), &[add(1, b"b\n")]),
            lines(&format!("{b_new}\n"), &counted)
        );
        let document = |b: &str| format!("{{{HEADER},\"events\":[{a}{b}],\"x\":{{\"events\":2}}}}");
        assert_eq!(
            edited(&document(&format!(",{b}")), &[Change::Remove { event: 2 }]),
            document("")
        );
    }

    #[test]
    fn numbered_lines_stay_and_what_is_no_line_is_refused() {
        let want = r#"{"ev":"want","conn":1,"line":1,"want":"^a"}"#;
        let text =
            format!("{{{HEADER},\"role\":\"client\"}}\n{}\n{want}\n", event(r#""line":"a""#));
        let none = Secrets::default();
        let counted = edit(text.as_bytes(), &[Change::Remove { event: 1 }], &none);
        assert!(matches!(counted, Err(EditError::Counted)));
        assert!(edited(&text, &[say(1, b"b\n")]).ends_with(&format!("\"line\":\"b\"}}\n{want}\n")));
        for odd in [r#"{"ev":"note","text":"x"}"#, r#"{"from":"server","l\u0069ne":"a"}"#] {
            let refused = edit(document(&[odd.to_owned()]).as_bytes(), &[say(1, b"b\n")], &none);
            assert!(matches!(refused, Err(EditError::Event(1))), "{odd}");
        }
    }
}
