//! Two lines that differ, shown so that people see where.

use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::part::text;
use crate::matching::Masks;
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
    /// The part of each that differs.
    marks: [Mark; 2],
}

/// What is marked of a line that is shown.
#[derive(Debug, Clone, Copy)]
struct Mark {
    /// How many columns stand before it.
    indent: usize,
    /// How many columns it takes.
    width: usize,
}

/// Two lines, and where they differ in what `masks` leave of them. With `by_end` their line ends are
/// shown as well.
pub(super) fn marked(lines: [&[u8]; 2], by_end: bool, masks: &Masks) -> Marked {
    let texts = lines.map(|line| masks.encoding().text(line));
    // Where they mean the same, it is the bytes that differ.
    let lines = if texts[0] == texts[1] { lines } else { [&*texts[0], &*texts[1]] };
    let [one, other] = differing(lines, by_end, masks);
    let [one, other] = [(lines[0], one), (lines[1], other)]
        .map(|(bytes, differing)| show(if by_end { bytes } else { text(bytes) }, differing));
    Marked { lines: [one.0, other.0], marks: [one.1, other.1] }
}

/// A line, and a part of it that is marked; and another line, from about the same place on.
pub(super) fn marked_one(line: &[u8], part: Range<usize>, other: &[u8]) -> ([String; 2], String) {
    let (other, _) = show(other, part.start.min(other.len())..other.len());
    let (line, mark) = show(line, part);
    ([line, other], mark.drawn())
}

/// Which part of each line differs from the other: its end, or some of what `masks` leave of it.
pub(super) fn differing(lines: [&[u8]; 2], by_end: bool, masks: &Masks) -> [Range<usize>; 2] {
    if by_end {
        return lines.map(|bytes| text(bytes).len()..bytes.len());
    }
    let lines = lines.map(text);
    if !masks.is_empty() {
        let traced = lines.map(|line| masks.trace(line));
        if traced[0].text != traced[1].text {
            let parts = between_same([&traced[0].text, &traced[1].text]);
            return [0, 1].map(|which| traced[which].origin(parts[which].clone()));
        }
    }
    between_same(lines)
}

/// What stands between the same beginning and the same end of two lines.
fn between_same(lines: [&[u8]; 2]) -> [Range<usize>; 2] {
    let start = same(lines[0], lines[1]);
    let [one, other] = lines.map(|line| line[start..].iter().rev());
    let end = one.zip(other).take_while(|(a, b)| a == b).count();
    lines.map(|line| start..line.len() - end)
}

/// A line, and what is marked of it: whole characters.
fn show(line: &[u8], differing: Range<usize>) -> (String, Mark) {
    let start = (0..=differing.start).rev().find(|at| is_border(line, *at)).unwrap_or(0);
    let end = (differing.end..=line.len()).find(|at| is_border(line, *at)).unwrap_or(line.len());
    let before = shown_end(&line[..start]);
    let mark = Mark { indent: before.width(), width: shown_start(&line[start..end]).width() };
    (before + &shown_start(&line[start..]), mark)
}

impl Marked {
    /// The marks that stand under the first line and under the second: one for both, under the second,
    /// where they begin in the same column.
    pub(super) fn marks(&self) -> [Option<String>; 2] {
        let [one, other] = self.marks;
        if one.indent == other.indent {
            return [None, Some(Mark { width: one.width.max(other.width), ..other }.drawn())];
        }
        [one, other].map(|mark| Some(mark.drawn()))
    }
}

impl Mark {
    fn drawn(self) -> String {
        " ".repeat(self.indent) + &"^".repeat(self.width.max(1))
    }
}

/// Whether no character is torn apart before this byte of a line: in UTF-8 it continues none.
fn is_border(line: &[u8], at: usize) -> bool {
    line.get(at).is_none_or(|byte| byte & 0xc0 != 0x80)
}

/// How many bytes at the start are the same.
pub(super) fn same(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// What fits into so many bytes of a line, made visible.
pub(super) fn cut(line: &[u8], most: usize) -> String {
    let to = (0..=line.len().min(most)).rev().find(|at| is_border(line, *at)).unwrap_or(0);
    let trail = if to < line.len() { "…" } else { "" };
    format!("{}{trail}", Visible(&line[..to]))
}

/// What comes before the difference, made visible and cut.
fn shown_end(before: &[u8]) -> String {
    let from = before.len().saturating_sub(BEFORE);
    let from = (from..=before.len()).find(|at| is_border(before, *at)).unwrap_or(from);
    let lead = if from > 0 { "…" } else { "" };
    format!("{lead}{}", Visible(&before[from..]))
}

/// What begins with the difference, made visible and cut.
pub(super) fn shown_start(after: &[u8]) -> String {
    cut(after, AFTER)
}
