//! Which line a pattern that did not match was probably meant for.

use std::ops::Range;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::{Pattern, survey};

/// How many bytes of lines are looked at, those of the last ones first.
const MOST_BYTES: usize = 32 << 10;
/// How much of a line is looked at, in bytes: most of what programs write as one line, such as JSON.
const LONGEST_LINE: usize = 4 << 10;
/// How many symbols of a pattern are looked at.
const LONGEST_SKELETON: usize = 128;
/// How many alternatives of a pattern are looked at.
const MOST_ALTERNATIVES: usize = 8;

/// The line that a pattern was probably meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nearest {
    /// Which of the lines it is.
    pub index: usize,
    /// The parts of it, in bytes, that differ from the pattern's literal text. Where something is
    /// missing, the byte that stands in its place, or one behind the end. None where what differs is
    /// not literal.
    pub differs: Vec<Range<usize>>,
}

/// The line that is nearest to `pattern`; of equally near ones, the last.
///
/// Near is what has at most half of the pattern's literal text wrong. The work is bounded: long
/// lines are cut, and of many lines the last are looked at.
#[must_use]
pub fn nearest<L: AsRef<[u8]>>(pattern: &Pattern, lines: &[L]) -> Option<Nearest> {
    let skeletons = skeletons(pattern);
    let first = first_looked_at(lines);
    let mut best: Option<(f64, usize, &Skeleton)> = None;
    for (index, line) in lines.iter().enumerate().skip(first) {
        let line = looked_at(line.as_ref());
        let likeness = skeletons.iter().filter_map(|one| Some((badness(one, line)?, one)));
        let Some((badness, skeleton)) = likeness.reduce(|a, b| if b.0 < a.0 { b } else { a })
        else {
            continue;
        };
        if best.is_none_or(|(least, ..)| badness <= least) {
            best = Some((badness, index, skeleton));
        }
    }
    let (_, index, skeleton) = best?;
    Some(Nearest { index, differs: differs(skeleton, lines[index].as_ref()) })
}

/// The first of the lines that are looked at.
fn first_looked_at<L: AsRef<[u8]>>(lines: &[L]) -> usize {
    let mut left = MOST_BYTES;
    let fits = |line: &&L| {
        // A line costs some work besides what its bytes cost.
        let len = looked_at(line.as_ref()).len() + 8;
        left = left.saturating_sub(len);
        left > 0
    };
    lines.len() - lines.iter().rev().take_while(fits).count()
}

fn looked_at(line: &[u8]) -> &[u8] {
    &line[..line.len().min(LONGEST_LINE)]
}

/// The literal text of a pattern, and where other text may stand.
type Skeleton = Vec<Symbol>;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Symbol {
    /// One of these two bytes: a letter in both cases, or the same twice.
    Byte([u8; 2]),
    /// Any text or none.
    Gap,
}

fn skeletons(pattern: &Pattern) -> Vec<Skeleton> {
    if let Some(text) = pattern.literal_text() {
        return vec![finish(symbols(text), false, false)];
    }
    let Some(hir) = pattern.regex().and_then(survey::hir) else {
        return Vec::new();
    };
    let starts = hir.properties().look_set_prefix().contains(Look::Start);
    let ends = hir.properties().look_set_suffix().contains(Look::End);
    alternatives(&hir).into_iter().map(|one| finish(one, starts, ends)).collect()
}

/// Bounds a skeleton, opens it at the ends that are not anchored, and joins neighbouring gaps.
fn finish(mut skeleton: Skeleton, starts: bool, ends: bool) -> Skeleton {
    if !starts {
        skeleton.insert(0, Symbol::Gap);
    }
    let cut = skeleton.len() > LONGEST_SKELETON;
    skeleton.truncate(LONGEST_SKELETON);
    if !ends || cut {
        skeleton.push(Symbol::Gap);
    }
    skeleton.dedup_by(|next, one| *next == Symbol::Gap && *one == Symbol::Gap);
    skeleton
}

/// What the expression may look like, as far as it is literal; never nothing.
fn alternatives(hir: &Hir) -> Vec<Skeleton> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![Vec::new()],
        HirKind::Literal(literal) => vec![symbols(&literal.0)],
        HirKind::Class(class) => vec![vec![symbol(class)]],
        HirKind::Repetition(repetition) if repetition.min == 0 => vec![vec![Symbol::Gap]],
        HirKind::Repetition(repetition) => {
            let once = alternatives(&repetition.sub);
            once.into_iter()
                .map(|mut one| {
                    one.push(Symbol::Gap);
                    one
                })
                .collect()
        }
        HirKind::Capture(capture) => alternatives(&capture.sub),
        HirKind::Concat(parts) => parts
            .iter()
            .fold(vec![Vec::new()], |so_far, part| product(&so_far, &alternatives(part))),
        HirKind::Alternation(parts) => {
            parts.iter().flat_map(alternatives).take(MOST_ALTERNATIVES).collect()
        }
    }
}

fn symbols(text: &[u8]) -> Skeleton {
    text.iter().take(LONGEST_SKELETON).map(|byte| Symbol::Byte([*byte, *byte])).collect()
}

/// A class of one or two ASCII characters is a letter in both cases, or as good as one.
fn symbol(class: &Class) -> Symbol {
    let mut ascii = (0..=127_u8).filter(|byte| match class {
        Class::Unicode(class) => {
            class.iter().any(|range| (range.start()..=range.end()).contains(&char::from(*byte)))
        }
        Class::Bytes(class) => {
            class.iter().any(|range| (range.start()..=range.end()).contains(byte))
        }
    });
    match (ascii.next(), ascii.next(), ascii.next()) {
        (Some(one), None, _) => Symbol::Byte([one, one]),
        (Some(one), Some(other), None) => Symbol::Byte([one, other]),
        _ => Symbol::Gap,
    }
}

/// Every beginning followed by every continuation, as far as the bounds allow.
fn product(beginnings: &[Skeleton], continuations: &[Skeleton]) -> Vec<Skeleton> {
    let mut all = Vec::new();
    for beginning in beginnings {
        for continuation in continuations.iter().take(MOST_ALTERNATIVES - all.len()) {
            let mut one = beginning.clone();
            let room = (LONGEST_SKELETON + 1).saturating_sub(one.len());
            one.extend(continuation.iter().take(room));
            all.push(one);
        }
    }
    all
}

/// The share of the skeleton's bytes that `line` has wrong; `None` over one half.
fn badness(skeleton: &[Symbol], line: &[u8]) -> Option<f64> {
    let bytes = skeleton.iter().filter(|symbol| **symbol != Symbol::Gap).count();
    let edits = edits(skeleton, line);
    #[expect(clippy::cast_precision_loss, reason = "both are at most a few hundred")]
    (bytes > 0 && edits * 2 <= bytes).then(|| edits as f64 / bytes as f64)
}

/// How many bytes have to be inserted, removed or replaced for `line` to fit the skeleton.
fn edits(skeleton: &[Symbol], line: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=line.len()).collect();
    for symbol in skeleton {
        row = next_row(&row, *symbol, line);
    }
    row.last().copied().unwrap_or_default()
}

/// From the edits that the skeleton so far needs with each beginning of the line, those that it needs
/// with one symbol more.
fn next_row(row: &[usize], symbol: Symbol, line: &[u8]) -> Vec<usize> {
    let mut next = Vec::with_capacity(row.len());
    next.push(row[0] + usize::from(symbol != Symbol::Gap));
    for (at, byte) in line.iter().enumerate() {
        next.push(match symbol {
            Symbol::Gap => row[at + 1].min(next[at]),
            Symbol::Byte(either) => {
                let replaced = row[at] + usize::from(!either.contains(byte));
                replaced.min(row[at + 1] + 1).min(next[at] + 1)
            }
        });
    }
    next
}

/// The parts of the line that are to be edited for it to fit the skeleton, widened to whole
/// characters.
fn differs(skeleton: &[Symbol], line: &[u8]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for at in edited(skeleton, looked_at(line)) {
        let range = character(line, at);
        match ranges.last_mut() {
            Some(last) if last.end >= range.start => last.end = last.end.max(range.end),
            _ => ranges.push(range),
        }
    }
    ranges
}

/// The bytes of the line that are to be edited, in order.
fn edited(skeleton: &[Symbol], line: &[u8]) -> Vec<usize> {
    let mut rows = vec![(0..=line.len()).collect::<Vec<usize>>()];
    for (index, symbol) in skeleton.iter().enumerate() {
        rows.push(next_row(&rows[index], *symbol, line));
    }
    let (mut edited, mut i, mut j) = (Vec::new(), skeleton.len(), line.len());
    while i > 0 || j > 0 {
        let cost = rows[i][j];
        match i.checked_sub(1).map(|above| skeleton[above]) {
            Some(Symbol::Gap) if rows[i - 1][j] == cost => i -= 1,
            Some(Symbol::Gap) => j -= 1,
            Some(Symbol::Byte(either))
                if j > 0 && either.contains(&line[j - 1]) && rows[i - 1][j - 1] == cost =>
            {
                (i, j) = (i - 1, j - 1);
            }
            Some(Symbol::Byte(_)) if j > 0 && rows[i - 1][j - 1] + 1 == cost => {
                (i, j) = (i - 1, j - 1);
                edited.push(j);
            }
            Some(Symbol::Byte(_)) if rows[i - 1][j] + 1 == cost => {
                i -= 1;
                edited.push(j);
            }
            Some(Symbol::Byte(_)) | None => {
                j -= 1;
                edited.push(j);
            }
        }
    }
    edited.reverse();
    edited.dedup();
    edited
}

/// The character of which the byte at `at` is a part; a byte behind the line is one of its own.
fn character(line: &[u8], at: usize) -> Range<usize> {
    let begins = |at: &usize| line.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let start = (at.saturating_sub(3)..=at).rev().find(begins).unwrap_or(at);
    let end = (at + 1..=at + 4).find(begins).unwrap_or(at + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    use crate::matching::{Template, Vars};

    fn pattern(source: &str) -> Pattern {
        let template = Template::parse(source).unwrap();
        let compile = if source.starts_with('=') { Pattern::literal } else { Pattern::compile };
        compile(&template, &Vars::default()).unwrap()
    }

    /// The line with what differs in brackets.
    fn marked(source: &str, line: &str) -> String {
        let found = nearest(&pattern(source), &[line]).expect("the line is near");
        let (mut text, mut at) = (String::new(), 0);
        let line = format!("{line} ");
        for range in found.differs {
            text.extend([&line[at..range.start], "[", &line[range.clone()], "]"]);
            at = range.end;
        }
        text + line[at..].trim_end()
    }

    fn pick<'a>(source: &str, lines: &[&'a str]) -> Option<&'a str> {
        nearest(&pattern(source), lines).map(|found| lines[found.index])
    }

    #[test]
    fn the_last_of_equally_near_lines_is_taken() {
        let lines = ["220 mail.example ESMTP", "550 no such host"];
        assert_eq!(pick("^250 ", &lines), Some(lines[1]));
    }

    #[test]
    fn the_anchors_of_the_pattern_count() {
        assert_eq!(pick("^OK$", &["OK", "it is OK, I think"]), Some("OK"));
        assert_eq!(pick("^abcd", &["abxx then", "xyz then abcd"]), Some("abxx then"));
        assert_eq!(pick("abcd", &["abxx then", "and then abcd"]), Some("and then abcd"));
        assert_eq!(pick("done$", &["done: 3 of 9", "9 of 9 dome"]), Some("9 of 9 dome"));
    }

    #[test]
    fn what_is_not_literal_may_be_anything() {
        let lines = ["ERR 7", "session=8f3a ok", "nothing"];
        assert_eq!(pick("^OK session=(?<sid>\\w+)$", &lines), Some(lines[1]));
        assert_eq!(pick("(?i)^sesSIon = \\d+ OK", &lines), Some(lines[1]));
        assert_eq!(pick("^(250|254|ERROR) [0-9]", &lines), Some(lines[0]));
        assert_eq!(pick("=session= ok", &["x", "a session:ok b", "y"]), Some("a session:ok b"));
    }

    #[test]
    fn nothing_is_near_where_more_than_half_is_wrong() {
        assert_eq!(pick("^250 ", &["", "no", "hello"]), None);
        assert_eq!(pick("\\d+", &["no"]), None, "a pattern without literal text");
        assert_eq!(pick("^250 ", &[]), None);
        assert_eq!(pick("[^\\s\\S]", &["no"]), None, "a pattern that matches nothing");
    }

    #[test]
    fn what_differs_is_marked_and_nothing_else() {
        for (source, line, wanted) in [
            ("^250 ", "550 no such host", "[5]50 no such host"),
            ("^250 ", "25 ok", "25[ ]ok"),
            ("^hello bob$", "hello ben", "hello b[en]"),
            ("^status=\\d+ ready$", "status=7 raedy", "status=7 r[ae]dy"),
            ("2 \\+ 2 = 4", "so 2 + 2 = 5", "so 2 + 2 = [5]"),
            ("^naïve$", "naive", "na[i]ve"),
            ("^naive$", "naïve", "na[ï]ve"),
            ("^done: ok$", "done: o", "done: o[ ]"),
            ("^OK (?<n>\\d+)$", "OK seven", "OK seven"),
        ] {
            assert_eq!(marked(source, line), wanted, "{source}");
        }
    }

    proptest! {
        #[test]
        fn what_differs_lies_in_the_line_and_on_borders(
            source in "\\^?[abé.]{1,8}[$]?",
            line in "[abcé]{0,12}",
        ) {
            let found = nearest(&pattern(&source), &[&line]);
            let line = line + "?";
            for range in found.iter().flat_map(|found| &found.differs) {
                prop_assert!(line.get(range.clone()).is_some(), "{range:?} of {line}");
            }
        }

        #[test]
        fn a_line_that_matches_has_nothing_marked(line in "[a-cé]{1,12}") {
            let found = nearest(&pattern(&format!("^{line}$")), &[&line]);
            prop_assert_eq!(found.map(|found| found.differs), Some(vec![]));
        }
    }

    #[test]
    fn what_differs_is_found_far_to_the_right() {
        let line = format!("{}\"state\":\"dome\"}}", "x".repeat(3000));
        let found = nearest(&pattern("\"state\":\"done\""), &[&line]).unwrap();
        assert_eq!(found.differs.first(), Some(&(3011..3012)));
        assert_eq!(nearest(&pattern("done"), &[format!("{}dome", "x".repeat(5000))]), None);
    }

    #[test]
    fn the_work_is_bounded() {
        let line = "a".repeat(1 << 20);
        let lines = vec![&*line; 10_000];
        let source = format!("({}b|ab){{30}}", "a|b|c|".repeat(500));
        assert!(pick(&source, &lines).is_some());
        assert!(pick(&format!("^{}", "a".repeat(100_000)), &lines).is_some());
    }
}
