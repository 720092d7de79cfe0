//! Which line a pattern that did not match was probably meant for.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::{Pattern, survey};

/// How many lines are looked at: the last ones.
const MOST_LINES: usize = 64;
/// How much of a line is looked at, in bytes.
const LONGEST_LINE: usize = 512;
/// How many symbols of a pattern are looked at.
const LONGEST_SKELETON: usize = 128;
/// How many alternatives of a pattern are looked at.
const MOST_ALTERNATIVES: usize = 8;

/// The index of the line that is nearest to `pattern`; of equally near ones, the last.
///
/// Near is what has at most half of the pattern's literal text wrong. The work is bounded: long
/// lines are cut, and of many lines the last are looked at.
#[must_use]
pub fn nearest<L: AsRef<[u8]>>(pattern: &Pattern, lines: &[L]) -> Option<usize> {
    let skeletons = skeletons(pattern);
    let first = lines.len().saturating_sub(MOST_LINES);
    let mut best: Option<(f64, usize)> = None;
    for (index, line) in lines.iter().enumerate().skip(first) {
        let line = line.as_ref();
        let line = &line[..line.len().min(LONGEST_LINE)];
        let Some(badness) = skeletons.iter().filter_map(|one| badness(one, line)).reduce(f64::min)
        else {
            continue;
        };
        if best.is_none_or(|(least, _)| badness <= least) {
            best = Some((badness, index));
        }
    }
    best.map(|(_, index)| index)
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
    if let Some(text) = pattern.exact() {
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
        match symbol {
            Symbol::Gap => {
                for at in 1..row.len() {
                    row[at] = row[at].min(row[at - 1]);
                }
            }
            Symbol::Byte(either) => {
                let mut diagonal = row[0];
                row[0] += 1;
                for (at, byte) in line.iter().enumerate() {
                    let replaced = diagonal + usize::from(!either.contains(byte));
                    diagonal = row[at + 1];
                    row[at + 1] = replaced.min(diagonal + 1).min(row[at] + 1);
                }
            }
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::{Template, Vars};

    fn pick<'a>(source: &str, lines: &[&'a str]) -> Option<&'a str> {
        let template = Template::parse(source).unwrap();
        let exact = source.starts_with('=');
        let pattern = Pattern::compile(&template, exact, &Vars::default()).unwrap();
        nearest(&pattern, lines).map(|index| lines[index])
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
    fn the_work_is_bounded() {
        let line = "a".repeat(1 << 20);
        let lines = vec![&*line; 10_000];
        let source = format!("({}b|ab){{30}}", "a|b|c|".repeat(500));
        assert!(pick(&source, &lines).is_some());
        assert!(pick(&format!("^{}", "a".repeat(100_000)), &lines).is_some());
    }
}
