//! `chat-repl diff`: what differs between two transcripts, and what does not.

use std::fs;

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::proc::Repl;
use crate::support::says;
use crate::support::tape::{client, esc, headed, on, prompt, server, tape, with};

/// `chat-repl diff` of files that hold these.
#[track_caller]
fn diff(a: impl AsRef<[u8]>, b: impl AsRef<[u8]>, args: &[&str]) -> Assert {
    diff_of("a.jsonl", "b.jsonl", (a.as_ref(), b.as_ref()), args)
}

#[track_caller]
fn diff_of(name_a: &str, name_b: &str, (a, b): (&[u8], &[u8]), args: &[&str]) -> Assert {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("a.jsonl"), a).unwrap();
    fs::write(dir.path().join("b.jsonl"), b).unwrap();
    let repl = Repl::new().args(["diff", name_a, name_b]).args(args);
    repl.env("PASS", "hunter22").current_dir(dir.path()).run()
}

#[test]
fn what_is_the_same_is_told_by_the_status_alone() {
    let one = tape(&[server("220 ready"), client("QUIT"), server("221 bye")]);
    let later = one.replace("\"dt\":1", "\"dt\":900").replace("127.0.0.1:1", "[::1]:2");
    diff(&one, later, &[]).success().stdout("").stderr("");
    let none = tape(&[]);
    diff(&none, &none, &[]).success().stdout("").stderr("");
}

#[test]
fn a_changed_line_is_shown_with_what_is_around_it() {
    let before = ["one", "two", "three", "four"].map(server);
    let a = tape(&[&before[..], &[client("go on"), server("Goodbye!"), server("end")]].concat());
    let b = a.replace("Goodbye", "Farewell");
    let shown = "conn 1 of a.jsonl, conn 1 of b.jsonl
  5 server: four
  6 client: go on
- 7 server: Goodbye!
+ 7 server: Farewell!
            ^^^^^^^^
  8 server: end
";
    let told = "error: 1 difference\n";
    diff(&a, &b, &[]).code(1).stdout(shown).stderr(told);
    diff(&a, &b, &["-q"]).code(1).stdout("").stderr(told);
    let coloured = diff(&a, &b, &["--color", "always"]).code(1);
    coloured.stdout(contains("\x1b[31m- 7 server: Goodbye!\x1b[0m\n"));
}

#[test]
fn lines_that_are_missing_or_new_have_their_signs_on_either_side() {
    let a = tape(&[server("a"), client("b"), server("c"), server("d"), server("e"), server("f")]);
    let b = tape(&[server("c"), client("b"), client("x"), server("d"), server("e"), server("f")]);
    let shown = "conn 1 of a.jsonl, conn 1 of b.jsonl
- 2 server: a
  3 client: b
  4 server: c
+ 4 client: x
  5 server: d
  6 server: e
";
    let same = tape(&[client("b"), server("c"), server("d"), server("e"), server("f")]);
    diff(&a, &b, &[]).code(1).stdout(shown).stderr("error: 2 differences\n");
    diff(&a, &same, &[]).code(1).stdout(contains("- 2 server: a\n  3 client: b\n"));
    diff(&same, &a, &[]).code(1).stdout(contains("+ 2 server: a\n  2 client: b\n"));
}

#[test]
fn hunks_are_apart() {
    let lines: Vec<String> = (10..30).map(|n| server(&format!("line {n}"))).collect();
    let a = tape(&lines);
    let b = a.replace("line 10", "first").replace("line 29", "last");
    let shown = "conn 1 of a.jsonl, conn 1 of b.jsonl
-  2 server: line 10
+  2 server: first
             ^^^^^^^
   3 server: line 11
   4 server: line 12
  …
  19 server: line 27
  20 server: line 28
- 21 server: line 29
+ 21 server: last
              ^^^^^^
";
    diff(a, b, &[]).code(1).stdout(shown).stderr("error: 2 differences\n");
}

#[test]
fn what_the_first_says_may_differ_may() {
    let a = tape(&[
        with(server("OK id=8f3a"), r#""want":"^OK id=(?<id>\\w+)$""#),
        with(client("JOIN 8f3a"), r#""send":"JOIN ${id}""#),
        with(server("joined 8f3a"), r#""want":"^joined ${id}$""#),
        with(server("a hint"), r#""opt":true"#),
        with(server("Ada"), r#""group":"names""#),
        with(server("Bob"), r#""group":"names""#),
        client("QUIT"),
    ]);
    let other = |id: &str, joined: &str| {
        tape(&[
            server(&format!("OK id={id}")),
            client("JOIN 77"),
            server(joined),
            server("Bob"),
            server("Ada"),
            client("QUIT"),
        ])
    };
    diff(&a, &a, &[]).success().stdout("");
    diff(&a, other("77", "joined 77"), &[]).success().stdout("").stderr("");
    let stale = diff(&a, other("77", "joined 8f3a"), &[]).code(1);
    stale.stdout(
        contains("- 4 server: joined 8f3a\n+ 4 server: joined 8f3a\n")
            .and(contains("want: ^joined ${id}$\n")),
    );
    let unsaid = diff(&a, other("78", "joined 78"), &[]).code(1).stderr("error: 1 difference\n");
    unsaid.stdout(contains("- 3 client: JOIN 78\n+ 3 client: JOIN 77\n"));
    // What the second says of itself does not count.
    diff(other("77", "joined 77"), &a, &[]).code(1);
}

#[test]
fn variables_may_stand_in_patterns() {
    let a = tape(&[with(server("hi Ada"), r#""want":"^hi ${who}$""#)]);
    let b = tape(&[server("hi Bob")]);
    diff(&a, &b, &["--var", "who=Bob"]).success().stdout("");
    diff(&a, &b, &[]).code(1);
}

#[test]
fn what_masks_hide_is_not_marked_in_a_line_that_differs() {
    let a = tape(&[server("12 of bob at 09:15"), server("12 of bob at 10:15")]);
    let b = tape(&[server("7 of rob at 23:59"), server("77 of rob at 23:59")]);
    let masks = ["--mask", "s/\\d\\d:\\d\\d/T/", "--mask", "s/^\\d+/N/"];
    let shown = "conn 1 of a.jsonl, conn 1 of b.jsonl
- 2 server: 12 of bob at 09:15
                  ^
+ 2 server: 7 of rob at 23:59
                 ^
- 3 server: 12 of bob at 10:15
+ 3 server: 77 of rob at 23:59
                  ^
";
    diff(&a, &b, &masks).code(1).stdout(shown).stderr("error: 2 differences\n");
}

#[test]
fn masks_hide_what_differs_on_both_sides() {
    let a = tape(&[server("at 09:15"), client("ping 7")]);
    let b = tape(&[server("at 23:59"), client("ping 8")]);
    diff(&a, &b, &["--mask", r"s/\d+/N/"]).success().stdout("").stderr("");
    let masked = headed(&a, r#""mask":["s/:\\d+/:M/","s/\\d+:/H:/"]"#);
    let left = diff(&masked, &b, &[]).code(1).stderr("error: 1 difference\n");
    left.stdout(contains("  2 server: at 09:15\n- 3 client: ping 7\n"));
    diff(&masked, &b, &["--mask", r"s/p\w+ ./P/"]).success();
    diff(&a, &b, &["--mask", "x"]).code(2).stdout("").stderr(says::error("invalid value 'x'"));
}

#[test]
fn conns_are_compared_in_their_order() {
    let a = tape(&[server("one"), on(2, server("two"))]);
    let moved = tape(&[server("one"), on(7, server("2"))]);
    let shown = "conn 2 of a.jsonl, conn 7 of b.jsonl\n- 3 server: two\n+ 3 server: 2\n";
    diff(&a, moved, &[]).code(1).stdout(contains(shown).and(contains("one").not()));
    let less = tape(&[server("one")]);
    let gone = "conn 2 only in a.jsonl\n- 3 server: two\n";
    diff(&a, &less, &[]).code(1).stdout(gone).stderr("error: 1 difference\n");
    diff(&less, &a, &[]).code(1).stdout("conn 2 only in b.jsonl\n+ 3 server: two\n");
    let (a, less) = (a.as_bytes(), less.as_bytes());
    diff_of("a.jsonl#1", "b.jsonl", (a, less), &[]).success().stdout("");
    diff_of("a.jsonl#2", "b.jsonl", (a, less), &[])
        .code(1)
        .stdout(contains("- 3 server: two\n+ 2 server: one\n"));
    let unknown = diff_of("a.jsonl", "b.jsonl#4", (a, less), &[]).code(3).stdout("");
    unknown.stderr("error: `b.jsonl` has no conn 4: it has 1 conn\n   = `chat-repl show FILE` shows all of them\n");
}

#[test]
fn bytes_that_are_no_text_and_line_ends_are_visible() {
    let (a, b) = (tape(&[esc(server(r"a\\xff"))]), tape(&[esc(server(r"a\\xfe\u001b[2J"))]));
    let shown = contains("- 2 server: a\\xff\n+ 2 server: a\\xfe\\x1b[2J\n");
    diff(a, b, &[]).code(1).stdout(shown.and(contains("\u{1b}").not()));
    let cr_lf = server("same").replace("\"}", r#"","eol":"\r\n"}"#);
    let ends = diff(tape(&[server("same")]), tape(&[cr_lf]), &[]).code(1);
    ends.stdout(contains("- 2 server: same\\n\n+ 2 server: same\\r\\n\n                ^^"));
    let open = diff(tape(&[]), tape(&[prompt("login: ")]), &[]).code(1);
    open.stdout(contains("+ 2 server: login:  [no eol]\n"));
}

#[test]
fn the_border_between_two_reads_does_not_matter() {
    let a = tape(&[prompt("log"), prompt("in: "), client("ada")]);
    let b = tape(&[prompt("login: "), client("ada")]);
    diff(a, b, &[]).success().stdout("").stderr("");
}

#[test]
fn a_line_that_our_side_has_spoken_within_is_the_same_as_a_whole_one() {
    let cut = [prompt("login: "), client("ada"), prompt("pass"), client("x"), server("word: ok")];
    let whole = [client("ada"), server("login: password: ok"), client("x")];
    let ending = |lines: &[String], last: &str| tape(&[lines, &[server(last)]].concat());
    for (a, b) in [(&cut[..], &whole[..]), (&whole, &cut)] {
        let mask = ["--mask", r"s/\d+/N/"];
        diff(ending(a, "welcome 1"), ending(b, "welcome 2"), &mask).success().stdout("");
        let told = diff(ending(a, "welcome"), ending(b, "go away"), &[]).code(1);
        let told = told.stderr("error: 1 difference\n");
        told.stdout(contains("server: welcome\n").and(contains("- 2").not()));
    }
    // What is another within a line that is cut is one difference, where it is.
    let told =
        diff(tape(&cut), tape(&[server("login: passwort: ok"), client("ada"), client("x")]), &[]);
    told.code(1).stdout(contains("+ 2 server: login: passwort: ok\n"));
    // A mark is for its own line only.
    let wanted = [with(prompt("login: "), r#""want":"^log""#), client("ada"), server("ok")];
    diff(tape(&wanted), tape(&[prompt("logon: "), client("ada"), server("ok")]), &[]).success();
    diff(tape(&wanted), tape(&[server("login: ok"), client("ada")]), &[]).code(1);
}

#[test]
fn a_secret_is_put_back_and_not_shown() {
    let hidden = with(client("PASS ${PASS}"), r#""secret":["PASS"]"#);
    let (a, b) = (tape(&[hidden, server("ok")]), tape(&[client("PASS hunter22"), server("no")]));
    let given = diff(&a, &b, &["--secret", "PASS"]).code(1).stderr("error: 1 difference\n");
    given.stdout(contains("  2 client: PASS ${PASS}\n").and(contains("hunter22").not()));
    diff(&a, &b, &[]).code(1).stderr("error: 2 differences\n");
    diff(&a, &a, &[]).success().stdout("");
}

#[test]
fn a_file_that_is_none_is_told() {
    let good = tape(&[server("hi")]);
    diff("hello\n", &good, &[])
        .code(3)
        .stdout("")
        .stderr(says::error("`a.jsonl` line 1, column 1: "));
    diff(&good, "", &[]).code(3).stdout("").stderr(says::error("`b.jsonl` line 1, column 1: "));
    let both = (good.as_bytes(), good.as_bytes());
    let absent = diff_of("a.jsonl", "c.jsonl", both, &[]).code(3).stdout("");
    absent.stderr(says::error("cannot read `c.jsonl`: "));
    let bad = tape(&[with(server("hi"), r#""want":"(""#)]);
    diff(bad, &good, &[]).code(3).stderr(says::error("event 2 of `a.jsonl`: `want`, column 1: "));
}
