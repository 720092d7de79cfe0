//! Whatever can be understood is, and every difference is told.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::matching::{Mask, Masks, Vars};

/// Items in short: `?` before one that may be missing, `/` before a pattern, `1:` before the number of
/// a group. A line has an end unless it ends in `_`, which stands for nothing.
fn item(short: &str) -> Expected {
    let (opt, rest) = short.strip_prefix('?').map_or((false, short), |rest| (true, rest));
    let (group, rest) = match rest.as_bytes() {
        [digit @ b'0'..=b'9', b':', ..] => (Some(usize::from(*digit)), &rest[2..]),
        _ => (None, rest),
    };
    let (want, rest) = match rest.strip_prefix('/') {
        Some(want) => (Some(want.to_owned()), ""),
        None => (None, rest),
    };
    Expected { bytes: line(rest), want, opt, group }
}

fn line(short: &str) -> Bytes {
    match short.strip_suffix('_') {
        Some(partial) => partial.to_owned().into(),
        None => format!("{short}\n").into(),
    }
}

fn ready(items: &[&str], masks: &Masks) -> Vec<Item> {
    items
        .iter()
        .map(|short| Item::new(item(short), masks, &mut Wants::default()).unwrap())
        .collect()
}

fn matcher(items: &[&str]) -> Matcher {
    let mut matcher =
        Matcher::new(ready(items, &Masks::default()), Masks::default(), Vars::default());
    matcher.expect_until(items.len());
    matcher
}

fn offer(matcher: &mut Matcher, short: &str) -> bool {
    let bytes = line(short);
    let view = View { bytes: &bytes, whole: true, quiet: true };
    matcher.offer(view) == Offered::Taken(bytes.len())
}

/// Whether the lines are as expected, all of them.
fn verifies(items: &[&str], lines: &[&str]) -> bool {
    let mut matcher = matcher(items);
    lines.iter().all(|line| offer(&mut matcher, line)) && matcher.is_ready()
}

#[test]
fn a_line_that_may_be_missing_is_never_taken_for_one_that_must_come() {
    for lines in [&["a"][..], &["a", "a"]] {
        assert!(verifies(&["?a", "a"], lines) && verifies(&["a", "?a"], lines), "{lines:?}");
    }
    assert!(!verifies(&["?a", "a"], &["a", "a", "a"]) && !verifies(&["?a", "a"], &[]));
    assert!(verifies(&["?a", "?b", "a", "b"], &["a", "b"]));
    assert!(verifies(&["?a", "?b", "a", "b"], &["b", "a", "b"]));
    assert!(!verifies(&["?a", "?b", "a", "b"], &["b", "a", "a", "b"]));
    assert!(verifies(&["?/.", "a", "?/.", "b"], &["a", "b"]));
    assert!(verifies(&["?/.", "a", "?/.", "b"], &["x", "a", "y", "b"]));
}

#[test]
fn a_group_comes_in_any_order_and_overlaps_are_resolved() {
    assert!(verifies(&["1:a", "1:b", "1:c", "d"], &["c", "a", "b", "d"]));
    assert!(!verifies(&["1:a", "1:b", "2:c", "d"], &["c", "a", "b", "d"]), "another group");
    assert!(verifies(&["1:/.", "1:a", "1:/[ab]"], &["a", "b", "x"]));
    assert!(verifies(&["1:/.", "1:a", "1:/[ab]"], &["b", "a", "a"]));
    assert!(!verifies(&["1:/.", "1:a", "1:/[ab]"], &["b", "b", "b"]));
    assert!(verifies(&["?1:a", "1:/.", "b"], &["a", "b"]), "what may be missing gives way");
    assert!(verifies(&["?1:b", "1:a", "b"], &["a", "b"]));
    assert!(verifies(&["?1:b", "1:a", "b"], &["b", "a", "b"]));
    assert!(verifies(&["?1:b", "?1:a", "b"], &["b"]), "all of it may be missing");
}

#[test]
fn captures_are_those_of_the_way_that_fits() {
    let mut matcher = matcher(&["?/^(?<x>a)", "/^(?<y>.)", "1:/^(?<z>\\d)", "1:7", "/${y}${z}!"]);
    for line in ["a", "7", "3"] {
        assert!(offer(&mut matcher, line), "{line}");
    }
    let vars = matcher.vars();
    let value = |name| vars.value(name).map(<[u8]>::to_vec);
    assert_eq!(
        (value("x"), value("y"), value("z")),
        (None, Some(b"a".to_vec()), Some(b"3".to_vec()))
    );
    assert!(!offer(&mut matcher, "a7!") && offer(&mut matcher, "a3!"));
}

#[test]
fn a_pattern_that_needs_what_was_not_captured_says_so() {
    let mut matcher = matcher(&["/^${nope}"]);
    assert!(!offer(&mut matcher, "x"));
    assert_eq!(matcher.fault().map(|(item, _)| *item), Some(0));
}

#[test]
fn a_prompt_is_taken_at_once_and_what_follows_it_stays() {
    let mut matcher = matcher(&["login: _", "ok"]);
    matcher.expect_until(1);
    let mut offer = |bytes: &[u8], whole, quiet| matcher.offer(View { bytes, whole, quiet });
    assert_eq!(offer(b"log", false, true), Offered::More);
    assert_eq!(offer(b"lag", false, false), Offered::More);
    assert_eq!(offer(b"lag", false, true), Offered::Refused);
    assert_eq!(offer(b"login: ok\n", true, true), Offered::Taken(7));
    assert!(matcher.is_ready());
    matcher.expect_until(2);
    assert_eq!(matcher.offer(View { bytes: b"ok\n", whole: true, quiet: true }), Offered::Taken(3));
}

#[test]
fn a_prompt_that_may_be_another_line_waits_until_nothing_more_comes() {
    let mut matcher = matcher(&["?login: welcome", "login: _"]);
    let mut offer = |bytes: &[u8], whole, quiet| matcher.offer(View { bytes, whole, quiet });
    assert_eq!(offer(b"login: ", false, false), Offered::More);
    assert_eq!(offer(b"login: welcome\n", true, false), Offered::Taken(15));
    assert_eq!(offer(b"login: ", false, false), Offered::Taken(7));
}

#[test]
fn a_prompt_with_a_pattern_is_all_that_came() {
    let expected = Expected {
        bytes: "12> ".into(),
        want: Some("^(?<n>\\d+)> $".into()),
        ..Expected::default()
    };
    let item = Item::new(expected, &Masks::default(), &mut Wants::default()).unwrap();
    let mut matcher = Matcher::new(vec![item], Masks::default(), Vars::default());
    matcher.expect_until(1);
    assert_eq!(matcher.offer(View { bytes: b"345> ", whole: false, quiet: false }), Offered::More);
    assert_eq!(
        matcher.offer(View { bytes: b"345> ", whole: false, quiet: true }),
        Offered::Taken(5)
    );
    assert_eq!(matcher.vars().value("n"), Some(&b"345"[..]));
}

#[test]
fn masks_hide_on_both_sides_and_the_line_end_counts() {
    let masks: Masks = [Mask::parse("s/\\d\\d:\\d\\d/T/").unwrap()].into_iter().collect();
    let mut matcher = Matcher::new(ready(&["at 12:34"], &masks), masks, Vars::default());
    matcher.expect_until(1);
    assert!(!offer(&mut matcher, "at 12:3x"));
    assert!(!offer(&mut matcher, "at 23:45\r") && matcher.differs_by_end(0, b"at 23:45\r\n"));
    assert!(offer(&mut matcher, "at 23:45"));
}

#[test]
fn large_groups_and_long_runs_take_little_time() {
    let many = 300;
    let members: Vec<String> = (0..many).map(|n| format!("1:/^line {n}$")).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    let lines: Vec<String> = (0..many).rev().map(|n| format!("line {n}")).collect();
    assert!(verifies(&members, &lines.iter().map(String::as_str).collect::<Vec<_>>()));
    // Every line fits every member, and only one of them the last.
    let same = vec!["1:/^a"; many - 1];
    let same = [&same[..], &["1:ab"]].concat();
    let lines = [&["ab"][..], &vec!["ac"; many - 1]].concat();
    assert!(verifies(&same, &lines));
    let run = vec!["?a"; 5_000];
    let run = [&run[..], &["a"]].concat();
    assert!(verifies(&run, &vec!["a"; 5_001]) && verifies(&run, &["a"]));
    assert!(!verifies(&run, &vec!["a"; 5_002]));
    let pairs = ["?a", "a"].repeat(200);
    assert!(verifies(&pairs, &vec!["a"; 300]));
}

/// Whether the lines can be understood, by trying everything.
fn by_trying(items: &[Expected], lines: &[Bytes]) -> bool {
    let Some(first) = items.first() else { return lines.is_empty() };
    let group = match first.group {
        Some(group) => items.iter().take_while(|item| item.group == Some(group)).count(),
        None => 1,
    };
    (0..group).any(|index| {
        let rest = [&items[..index], &items[index + 1..]].concat();
        let fits = |line: &Bytes| match &items[index].want {
            Some(want) => {
                regex::bytes::Regex::new(want).unwrap().is_match(line.strip_suffix(b"\n").unwrap())
            }
            None => items[index].bytes == *line,
        };
        lines.first().is_some_and(fits) && by_trying(&rest, &lines[1..])
            || items[index].opt && by_trying(&rest, lines)
    })
}

fn any_item() -> impl Strategy<Value = Expected> {
    let text = prop::sample::select(&["a", "b", "c", "/a", "/[ab]", "/[bc]", "/."][..]);
    let group = prop::option::weighted(0.6, 1..3_usize);
    (text, any::<bool>(), group).prop_map(|(text, opt, group)| Expected {
        opt,
        group,
        ..item(text)
    })
}

fn any_lines() -> impl Strategy<Value = Vec<Bytes>> {
    prop::collection::vec(prop::sample::select(&["a", "b", "c"][..]).prop_map(line), 0..7)
}

proptest! {
    #[test]
    fn what_can_be_understood_is(items in prop::collection::vec(any_item(), 0..7), lines in any_lines()) {
        let can = by_trying(&items, &lines);
        let ready: Vec<Item> =
            items.into_iter().map(|item| Item::new(item, &Masks::default(), &mut Wants::default()).unwrap()).collect();
        let edits = align(&ready, &lines, &Masks::default(), &Vars::default());
        prop_assert_eq!(edits.iter().all(|edit| !edit.is_difference()), can, "{:?}", edits);
        let len = ready.len();
        let mut matcher = Matcher::new(ready, Masks::default(), Vars::default());
        matcher.expect_until(len);
        let mut taken = lines.iter().map(|line| matcher.offer(View { bytes: line, whole: true, quiet: true }));
        let all = taken.all(|taken| taken != Offered::Refused);
        prop_assert_eq!(all && matcher.is_ready(), can);
    }

    #[test]
    fn every_item_and_every_line_is_in_one_edit(items in prop::collection::vec(any_item(), 0..7), lines in any_lines()) {
        let ready: Vec<Item> =
            items.into_iter().map(|item| Item::new(item, &Masks::default(), &mut Wants::default()).unwrap()).collect();
        let (mut seen_items, mut seen_lines) = (BTreeMap::new(), BTreeMap::new());
        for edit in align(&ready, &lines, &Masks::default(), &Vars::default()) {
            let (item, line) = match edit {
                Edit::Same { item, line } | Edit::Changed { item, line } => (Some(item), Some(line)),
                Edit::Omitted { item } | Edit::Missing { item } => (Some(item), None),
                Edit::Extra { line } => (None, Some(line)),
            };
            for (seen, index) in [(&mut seen_items, item), (&mut seen_lines, line)] {
                if let Some(index) = index {
                    *seen.entry(index).or_insert(0) += 1;
                }
            }
        }
        prop_assert!(seen_items.values().chain(seen_lines.values()).all(|times| *times == 1));
        prop_assert_eq!((seen_items.len(), seen_lines.len()), (ready.len(), lines.len()));
    }
}

fn edits(items: &[&str], lines: &[&str]) -> String {
    let lines: Vec<Bytes> = lines.iter().map(|short| line(short)).collect();
    let edits =
        align(&ready(items, &Masks::default()), &lines, &Masks::default(), &Vars::default());
    let sign = |edit: &Edit| match edit {
        Edit::Same { .. } => '=',
        Edit::Changed { .. } => '~',
        Edit::Omitted { .. } => '?',
        Edit::Missing { .. } => '-',
        Edit::Extra { .. } => '+',
    };
    edits.iter().map(sign).collect()
}

#[test]
fn the_fewest_differences_are_told() {
    assert_eq!(edits(&["a", "b", "c"], &["a", "b", "c"]), "===");
    assert_eq!(edits(&["a", "b", "c"], &["a", "x", "c"]), "=~=");
    assert_eq!(edits(&["a", "b", "c"], &["a", "c"]), "=-=");
    assert_eq!(edits(&["a", "c"], &["a", "b", "c"]), "=+=");
    assert_eq!(edits(&["a", "?b", "c"], &["a", "c"]), "=?=");
    assert_eq!(edits(&["a", "?note 1", "c"], &["a", "note 2", "c"]), "=~=");
    assert_eq!(edits(&["a", "?note 1", "c"], &["a", "what?", "c"]), "=?+=");
    assert_eq!(edits(&["1:a", "1:b", "1:c", "d"], &["c", "x", "a", "d"]), "=~==");
    assert_eq!(edits(&["1:a", "1:b", "d"], &["b", "d"]), "-==");
}

#[test]
fn many_lines_are_compared_in_little_time() {
    let items: Vec<String> = (0..5_000).map(|n| format!("line {n}")).collect();
    let mut lines = items.clone();
    lines[300] = "other".to_owned();
    lines.remove(1000);
    lines.insert(3_000, "more".to_owned());
    let short: Vec<&str> = items.iter().map(String::as_str).collect();
    let told = edits(&short, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(told.replace('=', ""), "~-+");
    let others: Vec<String> = (0..600).map(|n| format!("other {n}")).collect();
    let told = edits(&short[..600], &others.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(told.replace('~', ""), "");
}
