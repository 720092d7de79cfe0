//! What people are told where a peer says something else than was recorded.

use unicode_width::UnicodeWidthStr;

use super::turns::Expected;
use crate::script::{Blame, Failure, Report};
use crate::wire::{Line, Visible};

/// The most of a line that is shown before the part that differs, in bytes: enough to know the line
/// by, and little enough that the difference is on the screen.
const BEFORE: usize = 40;
/// The most of a line that is shown from there on.
const AFTER: usize = 60;

/// Where a replay is.
pub(super) struct Whereabouts<'a> {
    pub(super) file: &'a str,
    pub(super) expected: &'a Expected,
}

/// A line came that is another.
pub(super) fn differs(at: &Whereabouts<'_>, actual: &[u8]) -> Failure {
    let expected = &at.expected.bytes;
    let common = common(expected, actual);
    let event = at.expected.event(same(expected, actual));
    let report = Report::new(format!("event {event} of {} differs", at.file));
    let by_end = same_text(expected, actual); // what differs is the line end
    let [recorded, came] = [expected, actual].map(|bytes: &[u8]| {
        let line = if by_end { bytes } else { Line::cut(bytes).text };
        line.split_at(common.min(line.len()))
    });
    let (indent, marks) = (shown_end(recorded.0).width(), marked(recorded.1, came.1));
    let shown = |(before, after)| format!("{}{}", shown_end(before), shown_start(after));
    let report = report
        .note(format!("recorded: {}", shown(recorded)))
        .note(format!("came:     {}", shown(came)))
        .note(format!("          {}{}", " ".repeat(indent), "^".repeat(marks)))
        .note("if the new line is right, record the conversation again");
    Failure { report, blame: Blame::Check }
}

/// A line did not come: `why` says what came of the wait.
pub(super) fn missing(at: &Whereabouts<'_>, why: &str, heard: &[u8], blame: Blame) -> Failure {
    let line = Visible(Line::cut(&at.expected.bytes).text);
    let event = at.expected.event(heard.len());
    let headline = format!("event {event} of {} did not come: {why}", at.file);
    let mut report = Report::new(headline).note(format!("recorded: {line}"));
    if !heard.is_empty() {
        report = report.note(format!("came:     {} (no line end)", Visible(heard)));
    }
    Failure { report, blame }
}

/// More came than was recorded.
pub(super) fn extra(file: &str, line: &[u8]) -> Failure {
    let report = Report::new(format!("the peer said more than {file} has"))
        .note(format!("extra: {}", Visible(Line::cut(line).text)))
        .note("after the last line that was recorded nothing else was to come");
    Failure { report, blame: Blame::Check }
}

/// Nothing was recorded that could be compared.
pub(super) fn nothing_checked(file: &str) -> Failure {
    let report = Report::new(format!("{file} checks nothing: the peer says no line in it"))
        .note("record a conversation in which the peer answers");
    Failure { report, blame: Blame::Check }
}

fn same_text(one: &[u8], other: &[u8]) -> bool {
    Line::cut(one).text == Line::cut(other).text
}

/// How many bytes at the start are the same, up to the border of a character.
fn common(one: &[u8], other: &[u8]) -> usize {
    let same = same(one, other);
    let is_border = |at: usize| one.get(at).is_none_or(|byte| byte & 0xc0 != 0x80);
    (0..=same).rev().find(|at| is_border(*at)).unwrap_or(0)
}

/// How many bytes at the start are the same.
fn same(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// What comes before the difference, made visible and cut.
fn shown_end(before: &[u8]) -> String {
    let from = before.len().saturating_sub(BEFORE);
    let lead = if from > 0 { "…" } else { "" };
    format!("{lead}{}", Visible(&before[from..]))
}

/// What begins with the difference, made visible and cut.
fn shown_start(after: &[u8]) -> String {
    let to = after.len().min(AFTER);
    let trail = if to < after.len() { "…" } else { "" };
    format!("{}{trail}", Visible(&after[..to]))
}

/// How many columns the difference takes, up to where both go on in the same way.
fn marked(recorded: &[u8], came: &[u8]) -> usize {
    let same = recorded.iter().rev().zip(came.iter().rev()).take_while(|(a, b)| a == b).count();
    let is_border = |at: usize| came.get(at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let same = (0..=same).rev().find(|same| is_border(came.len() - same)).unwrap_or(0);
    let width = |bytes: &[u8]| shown_start(&bytes[..bytes.len() - same]).width();
    width(recorded).max(width(came)).max(1)
}
