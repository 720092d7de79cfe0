//! Transcripts to JSON, one event a line.

use std::time::Duration;

use jiff::Timestamp;

use super::Form;
use super::text::{push_line, push_millis, push_number, push_string};
use crate::session::{Record, Recorded};
use crate::transcript::cut::CutLines;
use crate::transcript::secured::tls;
use crate::transcript::{Ended, Event, Extra, Header, Marks, Transcript, What};
use crate::units::At;
use crate::wire::{ConnId, Eol, Side};

/// The bytes of a whole transcript.
#[must_use]
pub fn write(transcript: &Transcript, form: Form) -> Vec<u8> {
    let mut out = Vec::new();
    let Transcript { header, events, missing, ended } = transcript;
    let mut encoder = Encoder::new(form, header, *missing, ended, &mut out);
    for event in events {
        encoder.event(event, &mut out);
    }
    encoder.end(events.last().map_or(At::START, |event| event.at), &mut out);
    out
}

/// Writes a transcript as it is told of: header, events, end. It appends to a buffer that belongs to
/// the caller, who decides when bytes reach a file; no call leaves half a line in it.
#[derive(Debug)]
pub(in crate::transcript) struct Encoder {
    form: Form,
    eol: Eol,
    role: Option<Side>,
    /// What is still to be said by a trailer; `None` where there will be none.
    trailer: Option<Missing>,
    /// The instant of the event before.
    last: At,
    events: u64,
}

/// How many events are missing.
type Missing = u64;

impl Encoder {
    /// Writes the header. An interrupted transcript will get no trailer.
    pub(in crate::transcript) fn new(
        form: Form,
        header: &Header,
        missing: u64,
        ended: &Ended,
        out: &mut Vec<u8>,
    ) -> Encoder {
        let trailer = (form == Form::Lines && *ended == Ended::Whole).then_some(missing);
        out.extend_from_slice(b"{\"chat-repl\":\"transcript\",\"version\":1,\"started\":");
        push_string(out, &timestamp(header.started));
        if let Some(role) = header.role {
            push_text(out, "role", role.as_str());
        }
        push_text(out, "eol", header.eol.as_str());
        if !header.encoding.is_utf8() {
            push_text(out, "encoding", &header.encoding.to_string());
        }
        if missing > 0 && trailer.is_none() {
            push_key(out, "missing");
            push_number(out, missing);
        }
        if let Ended::Interrupted(why) = ended {
            push_text(out, "interrupted", why);
        }
        push_strings(out, "mask", &header.mask);
        push_extra(out, &header.extra);
        out.extend_from_slice(match form {
            Form::Document => b",\"events\":[\n",
            Form::Lines => b"}\n",
        });
        Encoder { form, eol: header.eol, role: header.role, trailer, last: At::START, events: 0 }
    }

    /// Writes the events of a record.
    pub(in crate::transcript) fn record(&mut self, record: &Record, out: &mut Vec<u8>) {
        let (at, conn) = (record.at, record.conn);
        match &record.what {
            Recorded::Said { from, block, send, wants, secrets } => {
                for cut in CutLines::new(block, send.as_deref(), wants, secrets) {
                    self.begin(at, out);
                    self.push_said(conn, *from, cut.line.text, cut.line.eol, out);
                    push_optional(out, "want", cut.want);
                    push_optional(out, "send", cut.send);
                    push_secrets(out, &cut.secrets);
                    self.finish(out);
                }
            }
            Recorded::Open { addr, name, own, secured } => {
                self.begin(at, out);
                let role = Some(*own).filter(|own| self.role.is_some_and(|role| role != *own));
                push_open(conn, addr, name.as_deref(), role, out);
                push_extra(out, secured.as_deref().and_then(tls).as_slice());
                self.finish(out);
            }
            Recorded::Close { from, how } => {
                self.begin(at, out);
                push_close(conn, *from, &how.to_string(), out);
                self.finish(out);
            }
            Recorded::Note { text } => {
                self.begin(at, out);
                push_ev(out, "note", conn);
                push_text(out, "text", text);
                self.finish(out);
            }
        }
    }

    /// Writes an event.
    pub(in crate::transcript) fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        self.begin(event.at, out);
        match &event.what {
            What::Line(said) => {
                self.push_said(event.conn, said.from, &said.text, said.eol, out);
                push_marks(out, &said.marks);
            }
            What::Open { addr, name, role } => {
                push_open(event.conn, addr, name.as_deref(), *role, out);
            }
            What::Close { from, how } => push_close(event.conn, *from, how, out),
            What::Note { text } => {
                push_ev(out, "note", event.conn);
                push_text(out, "text", text);
            }
            What::Unknown { ev } => push_ev(out, ev, event.conn),
        }
        push_extra(out, &event.extra);
        self.finish(out);
    }

    /// Writes that the `line`-th ended line (from 1) that the recorder's peer said on `conn`, which
    /// is written already, matched `want`.
    pub(in crate::transcript) fn late_want(
        &mut self,
        at: At,
        conn: ConnId,
        line: u64,
        want: &str,
        out: &mut Vec<u8>,
    ) {
        self.begin(at, out);
        push_ev(out, "want", Some(conn));
        push_key(out, "line");
        push_number(out, line);
        push_text(out, "want", want);
        self.finish(out);
        self.events -= 1; // A reader makes it part of the line.
    }

    /// Writes the end of the form; a trailer says that the session ended at `at`.
    pub(in crate::transcript) fn end(&mut self, at: At, out: &mut Vec<u8>) {
        if self.form == Form::Document {
            out.extend_from_slice(if self.events > 0 { b"\n]}\n" } else { b"]}\n" });
        } else if let Some(missing) = self.trailer {
            out.extend_from_slice(b"{\"ev\":\"end\",\"dt\":");
            push_millis(out, at.since(self.last));
            push_key(out, "events");
            push_number(out, self.events);
            if missing > 0 {
                push_key(out, "missing");
                push_number(out, missing);
            }
            out.extend_from_slice(b"}\n");
        }
    }

    fn begin(&mut self, at: At, out: &mut Vec<u8>) {
        if self.form == Form::Document && self.events > 0 {
            out.extend_from_slice(b",\n");
        }
        self.events += 1;
        out.extend_from_slice(b"{\"dt\":");
        match at.since(self.last) {
            Duration::ZERO => out.push(b'0'), // all but the first line of a block
            later => push_millis(out, later),
        }
        self.last = self.last.max(at);
    }

    fn finish(&self, out: &mut Vec<u8>) {
        out.push(b'}');
        if self.form == Form::Lines {
            out.push(b'\n');
        }
    }

    fn push_said(
        &self,
        conn: Option<ConnId>,
        from: Side,
        text: &[u8],
        eol: Eol,
        out: &mut Vec<u8>,
    ) {
        push_conn(out, conn);
        out.extend_from_slice(match from {
            Side::Client => b",\"from\":\"client\",",
            Side::Server => b",\"from\":\"server\",",
        });
        push_line(out, text);
        if eol != self.eol {
            push_text(out, "eol", eol.as_str());
        }
    }
}

/// RFC 3339, with milliseconds or, where it has them, finer.
pub(in crate::transcript) fn timestamp(at: Timestamp) -> String {
    if at.subsec_nanosecond() % 1_000_000 == 0 { format!("{at:.3}") } else { at.to_string() }
}

fn push_open(
    conn: Option<ConnId>,
    addr: &str,
    name: Option<&str>,
    role: Option<Side>,
    out: &mut Vec<u8>,
) {
    push_ev(out, "open", conn);
    push_text(out, "addr", addr);
    push_optional(out, "name", name);
    push_optional(out, "role", role.map(Side::as_str));
}

fn push_close(conn: Option<ConnId>, from: Side, how: &str, out: &mut Vec<u8>) {
    push_conn(out, conn);
    push_text(out, "ev", "close");
    push_text(out, "from", from.as_str());
    push_text(out, "how", how);
}

fn push_marks(out: &mut Vec<u8>, marks: &Marks) {
    push_optional(out, "want", marks.want.as_deref());
    push_optional(out, "send", marks.send.as_deref());
    if marks.opt {
        out.extend_from_slice(b",\"opt\":true");
    }
    push_optional(out, "group", marks.group.as_deref());
    push_secrets(out, &marks.secret);
}

fn push_secrets(out: &mut Vec<u8>, names: &[impl AsRef<str>]) {
    push_strings(out, "secret", names);
}

/// A list of strings, unless it is empty.
fn push_strings(out: &mut Vec<u8>, key: &str, strings: &[impl AsRef<str>]) {
    for (index, string) in strings.iter().enumerate() {
        if index == 0 {
            push_key(out, key);
        }
        out.push(if index == 0 { b'[' } else { b',' });
        push_string(out, string.as_ref());
    }
    if !strings.is_empty() {
        out.push(b']');
    }
}

fn push_extra(out: &mut Vec<u8>, extra: &[Extra]) {
    for Extra { key, json } in extra {
        push_key(out, key);
        out.extend_from_slice(json.as_bytes());
    }
}

fn push_ev(out: &mut Vec<u8>, ev: &str, conn: Option<ConnId>) {
    push_text(out, "ev", ev);
    push_conn(out, conn);
}

fn push_conn(out: &mut Vec<u8>, conn: Option<ConnId>) {
    if let Some(conn) = conn {
        out.extend_from_slice(b",\"conn\":");
        push_number(out, conn.number().into());
    }
}

fn push_optional(out: &mut Vec<u8>, key: &str, text: Option<&str>) {
    if let Some(text) = text {
        push_text(out, key, text);
    }
}

fn push_text(out: &mut Vec<u8>, key: &str, text: &str) {
    push_key(out, key);
    push_string(out, text);
}

fn push_key(out: &mut Vec<u8>, key: &str) {
    out.push(b',');
    push_string(out, key);
    out.push(b':');
}
