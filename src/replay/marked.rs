//! Two lines that differ, shown so that people see where.

use unicode_width::UnicodeWidthStr;

use super::part::text;
use crate::wire::Visible;

/// The most of a line that is shown before the part that differs, in bytes: enough to know the line
/// by, and little enough that the difference is on the screen.
pub(super) const BEFORE: usize = 40;
/// The most of a line that is shown from there on.
pub(super) const AFTER: usize = 60;

/// Two lines, made visible and cut to what matters.
#[derive(Debug)]
pub(super) struct Marked {
    pub(super) lines: [String; 2],
    /// How many columns stand before the part that differs.
    pub(super) indent: usize,
    /// How many columns that part takes.
    pub(super) width: usize,
}

/// Two lines, and where they differ. With `by_end` their line ends are shown as well.
pub(super) fn marked(lines: [&[u8]; 2], by_end: bool) -> Marked {
    let common = common(lines[0], lines[1]);
    let [one, other] = lines.map(|bytes: &[u8]| {
        let line = if by_end { bytes } else { text(bytes) };
        line.split_at(common.min(line.len()))
    });
    let (indent, width) = (shown_end(one.0).width(), columns(one.1, other.1));
    let lines =
        [one, other].map(|(before, after)| format!("{}{}", shown_end(before), shown_start(after)));
    Marked { lines, indent, width }
}

/// How many bytes at the start are the same, up to the border of a character.
fn common(one: &[u8], other: &[u8]) -> usize {
    let same = same(one, other);
    let is_border = |at: usize| one.get(at).is_none_or(|byte| byte & 0xc0 != 0x80);
    (0..=same).rev().find(|at| is_border(*at)).unwrap_or(0)
}

/// How many bytes at the start are the same.
pub(super) fn same(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// What fits into so many bytes of a line, made visible.
pub(super) fn cut(line: &[u8], most: usize) -> String {
    let to = (0..=line.len().min(most)).rev();
    let is_border = |at: &usize| line.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let to = to.into_iter().find(is_border).unwrap_or(0);
    let trail = if to < line.len() { "…" } else { "" };
    format!("{}{trail}", Visible(&line[..to]))
}

/// What comes before the difference, made visible and cut.
fn shown_end(before: &[u8]) -> String {
    let is_border = |at: &usize| before.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let from = before.len().saturating_sub(BEFORE);
    let from = (from..=before.len()).find(is_border).unwrap_or(from);
    let lead = if from > 0 { "…" } else { "" };
    format!("{lead}{}", Visible(&before[from..]))
}

/// What begins with the difference, made visible and cut.
pub(super) fn shown_start(after: &[u8]) -> String {
    cut(after, AFTER)
}

/// How many columns the difference takes, up to where both go on in the same way.
fn columns(recorded: &[u8], came: &[u8]) -> usize {
    let same = recorded.iter().rev().zip(came.iter().rev()).take_while(|(a, b)| a == b).count();
    let is_border = |at: usize| came.get(at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let same = (0..=same).rev().find(|same| is_border(came.len() - same)).unwrap_or(0);
    let width = |bytes: &[u8]| shown_start(&bytes[..bytes.len() - same]).width();
    width(recorded).max(width(came)).max(1)
}
