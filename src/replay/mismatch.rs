//! What people and programs are told where a peer says something else than was recorded.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::marked::{cut, differing, marked, marked_one, same, shown_start};
use super::part::{Source, text};
use crate::matching::hearing::Item;
use crate::matching::{Masks, PatternError, PatternFault, Vars};
use crate::script::{Blame, Failure, Mismatch, MismatchKind, Report};
use crate::transcript::{Event, Transcript, What};
use crate::units::count;
use crate::wire::{ConnId, Encoding, Unencodable};

/// How many events are shown before the one that differs.
const CONTEXT: usize = 3;
/// How much of each is shown, in bytes.
const CONTEXT_WIDTH: usize = 72;

/// Where a replay is.
pub(super) struct Whereabouts<'a> {
    pub(super) file: &'a str,
    pub(super) transcript: &'a Transcript,
    pub(super) conn: Option<ConnId>,
    /// The file has several conns.
    pub(super) several: bool,
    /// Opens and closes are a part of it.
    pub(super) whole: bool,
    /// It can be changed by `--bless`.
    pub(super) blesses: bool,
    pub(super) masks: &'a Masks,
    pub(super) vars: Arc<Vars>,
    /// Our side has ended.
    pub(super) half_closed: bool,
}

/// What is expected there.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) item: &'a Item,
    pub(super) source: &'a Source,
}

/// What is told: to people, and to programs.
pub(super) type Told = (Box<Mismatch>, Box<Failure>);

impl Whereabouts<'_> {
    /// A line came that is another.
    pub(super) fn differs(&self, wanted: Wanted<'_>, actual: &[u8], by_end: bool) -> Told {
        let expected = wanted.item.bytes();
        let start = if self.masks.is_empty() || by_end {
            same(expected, actual)
        } else {
            differing([expected, actual], false, self.masks)[0].start
        };
        let event = wanted.source.event(start);
        let why = if by_end { "differs in its line end" } else { "differs" };
        let report = self.report(event, why);
        let compared = |report| compared(report, [expected, actual], by_end, self.masks);
        let for_good = if self.blesses {
            "if it is right now: `--bless` rewrites the event"
        } else {
            "if it is right now: change the event, or record the conversation anew"
        };
        let report = match wanted.item.want() {
            Some(want) if !by_end => self
                .unwanted(report.note(format!("want:     {want}")), wanted.item, text(actual))
                .note("a pattern is changed by hand: `want` of this event"),
            Some(_) => compared(report)
                .note("the line end of a pattern is changed by hand: `eol` of this event"),
            // Masks and patterns hide no line end.
            None if by_end => compared(report).note(for_good),
            None => compared(report)
                .note("if it may differ: `--mask 's/REGEX/TEXT/'`, or a `want` in the event")
                .note(for_good),
        };
        let kind = if by_end { MismatchKind::LineEnd } else { MismatchKind::Changed };
        self.told(kind, event, Some(wanted), Some(actual), report)
    }

    /// A line came that was recorded nowhere; this one is nearest to it.
    pub(super) fn unknown(&self, wanted: Wanted<'_>, actual: &[u8], by_end: bool) -> Told {
        let expected = wanted.item.bytes();
        let event = wanted.source.event(same(expected, actual));
        let end = if by_end { " but for its line end" } else { "" };
        let report = Report::new(format!("no line of {} is this one{end}", self.file));
        let nearest = format!("nearest is event {event}{}", self.of_conn());
        let report = compared(report.note(nearest), [expected, actual], by_end, self.masks)
            .note("if it may differ: `--mask 's/REGEX/TEXT/'`, or a `want` in the event")
            .note("if it may come as well: record a conversation in which it does");
        let kind = if by_end { MismatchKind::LineEnd } else { MismatchKind::Changed };
        self.told(kind, event, Some(wanted), Some(actual), report)
    }

    /// Shows a line that a pattern does not match, and marks where it is another than the pattern's text.
    fn unwanted(&self, report: Report, item: &Item, actual: &[u8]) -> Report {
        let encoding = self.masks.encoding();
        let (expected, actual) = (encoding.text(text(item.bytes())), encoding.text(actual));
        let (expected, actual) = (&*expected, &*actual);
        let near = item.differs_from_want(actual, &self.vars);
        let ([came, recorded], mark) = match near {
            Some(part) => marked_one(actual, part, expected),
            None => ([actual, expected].map(shown_start), String::new()),
        };
        let report = report.note(format!("recorded: {recorded}")).note(format!("came:     {came}"));
        if mark.is_empty() { report } else { report.note(format!("          {mark}")) }
    }

    /// A line did not come: `why` says what came of the wait.
    pub(super) fn missing(&self, wanted: Wanted<'_>, why: &str, heard: &[u8]) -> Told {
        let expected = wanted.item.bytes();
        let event = wanted.source.event(same(expected, heard));
        let mut report = self.report(event, &format!("did not come: {why}"));
        if let Some(want) = wanted.item.want() {
            report = report.note(format!("want:     {want}"));
        }
        report = report.note(format!("recorded: {}", shown_start(&self.readable(text(expected)))));
        if !heard.is_empty() {
            report = report
                .note(format!("came:     {} (no line end)", shown_start(&self.readable(heard))));
        }
        let report = report.note("if it may be missing: `\"opt\":true` in the event");
        let heard = Some(heard).filter(|heard| !heard.is_empty());
        self.told(MismatchKind::Missing, event, Some(wanted), heard, report)
    }

    /// More came than was recorded; `event` is the last that was.
    pub(super) fn extra(&self, event: usize, line: &[u8]) -> Told {
        let headline = format!("the peer said more than {}{} has", self.file, self.of_conn());
        let report = self.context(Report::new(headline), event + 1);
        // Of a line that is empty its end is seen.
        let shown = Some(text(line)).filter(|text| !text.is_empty()).unwrap_or(line);
        let report = report
            .note(format!("extra: {}", shown_start(&self.readable(shown))))
            .note("after the last line that was recorded nothing else was to come");
        let report = if self.half_closed {
            report.note("if it is said because our side has ended: `--no-half-close`")
        } else {
            report
        };
        self.told(MismatchKind::Extra, event, None, Some(line), report)
    }

    /// The peer ended, and was to hear more.
    pub(super) fn closed(&self, event: usize) -> Told {
        let report = self.report(event, "cannot be said as it was: the peer has ended");
        let report = report.note("when it was recorded, the peer had not ended yet");
        self.told(MismatchKind::Closed, event, None, None, report)
    }

    /// The peer did not end, and had when this was recorded.
    pub(super) fn open(&self, event: usize, why: &str) -> Told {
        let report = self.report(event, &format!("did not come: {why}"));
        let report = report.note("recorded: the peer ends").note("the peer is still there");
        self.told(MismatchKind::Open, event, None, None, report)
    }

    /// What is shown of what was said.
    fn readable<'b>(&self, said: &'b [u8]) -> Cow<'b, [u8]> {
        self.masks.encoding().readable(said)
    }

    fn report(&self, event: usize, why: &str) -> Report {
        let headline = format!("event {event} of {}{} {why}", self.file, self.of_conn());
        self.context(Report::new(headline), event)
    }

    fn of_conn(&self) -> String {
        let conn = self.conn.filter(|_| self.several);
        conn.map_or_else(String::new, |conn| format!(" (conn {conn})"))
    }

    /// Shows what was recorded before an event.
    fn context(&self, report: Report, event: usize) -> Report {
        let before = self.transcript.events.iter().enumerate().take(event.saturating_sub(1)).rev();
        let here = before.filter(|(_, event)| event.conn.is_none() || event.conn == self.conn);
        let lines = here.filter_map(|(index, event)| Some((index + 1, self.summary(event)?)));
        let mut lines: Vec<_> = lines.take(CONTEXT).collect();
        lines.reverse();
        let digits = event.to_string().len();
        lines.into_iter().fold(report, |report, (number, summary)| {
            report.note(format!("{number:>digits$} {summary}"))
        })
    }

    /// An event in a line; `None` for one that is not played.
    fn summary(&self, event: &Event) -> Option<String> {
        Some(match &event.what {
            What::Line(said) => {
                format!(
                    "{}: {}",
                    said.from.as_str(),
                    cut(&self.readable(&said.text), CONTEXT_WIDTH)
                )
            }
            What::Open { .. } if self.whole => "(opened)".to_owned(),
            What::Close { from, how } if self.whole => format!("({} closed: {how})", from.as_str()),
            _ => return None,
        })
    }

    fn told(
        &self,
        kind: MismatchKind,
        event: usize,
        wanted: Option<Wanted<'_>>,
        came: Option<&[u8]>,
        report: Report,
    ) -> Told {
        let mismatch = Mismatch {
            kind,
            file: self.file.to_owned(),
            conn: self.conn,
            event,
            recorded: wanted.map(|wanted| wanted.item.bytes().clone()),
            want: wanted.and_then(|wanted| wanted.item.want().map(ToOwned::to_owned)),
            came: came.map(Bytes::copy_from_slice),
        };
        (Box::new(mismatch), Box::new(Failure { report, blame: Blame::Check }))
    }
}

/// A line of a client, as events are shown.
pub(super) fn client_line(event: usize, bytes: &[u8], encoding: Encoding) -> String {
    format!("{event} client: {}", cut(&encoding.readable(text(bytes)), CONTEXT_WIDTH))
}

/// Shows two lines, and marks where they differ.
fn compared(report: Report, lines: [&[u8]; 2], by_end: bool, masks: &Masks) -> Report {
    let marked = marked(lines, by_end, masks);
    let shown = ["recorded: ", "came:     "].into_iter().zip(&marked.lines).zip(marked.marks());
    shown.fold(report, |report, ((label, line), mark)| {
        let report = report.note(format!("{label}{line}"));
        match mark {
            Some(mark) => report.note(format!("{}{mark}", " ".repeat(label.len()))),
            None => report,
        }
    })
}

/// The pattern of an event cannot be used.
pub(super) fn unusable(file: &str, event: usize, fault: &PatternError) -> Failure {
    match &fault.why {
        PatternFault::Undefined(missing) => undefined(file, event, "want", &missing.name),
        other => undefined(file, event, "want", &other.to_string()),
    }
}

/// Nothing was recorded that could be compared.
pub(super) fn nothing_checked(file: &str) -> Failure {
    let report = Report::new(format!("{file} checks nothing: the peer says no line in it"))
        .note("record a conversation in which the peer answers");
    Failure { report, blame: Blame::Check }
}

/// An event cannot be compared or said, as it needs a variable.
pub(super) fn undefined(file: &str, event: usize, key: &str, name: &str) -> Failure {
    let headline = format!("event {event} of {file}: `{name}` in its `{key}` has no value");
    let report = Report::new(headline).note(format!(
        "a `want` with `(?<{name}>…)` before it captures one, `--var {name}=VALUE` gives one"
    ));
    Failure { report, blame: Blame::Script }
}

/// An event cannot be said in the encoding of its transcript.
pub(super) fn unencodable(file: &str, event: usize, none: &Unencodable) -> Failure {
    let headline = format!("event {event} of {file}: {none}, which its `send` says");
    let report =
        Report::new(headline).note("`encoding` in the header, or `--encoding`, is another");
    Failure { report, blame: Blame::Script }
}

/// So many lines differ, and what was done about it.
pub(super) fn refused(mut failure: Failure, changes: usize) -> Failure {
    let before = count(changes as u64, "difference");
    failure.report = failure.report.note(format!(
        "nothing was written: `--bless` rewrites lines, and leaves this to a person ({before} before it)"
    ));
    failure
}
