//! `chat-repl show`: what it shows of a transcript, and what it makes of files that are none.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use assert_cmd::assert::Assert;
use assert_cmd::cargo::cargo_bin;
use predicates::prelude::*;
use predicates::str::{contains, starts_with};
use tempfile::TempDir;

use crate::support::proc::Repl;
use crate::support::running::Running;
use crate::support::tape::{client, server, tape};
use crate::support::{make_pipe, says};

const FULL: &str = include_str!("cases/transcripts/full.jsonl");
const HEADER: &str = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","role":"client","eol":"\n""#;
/// More than a signed 32-bit number counts.
const LARGE: u64 = (2 << 30) + 4096;
/// More than [`MEMORY`], to be read to its end, which takes a busy machine seconds.
const WHOLE: u64 = MEMORY + (128 << 20);
/// What `show` may have of memory, in bytes.
const MEMORY: u64 = 512 << 20;

/// `chat-repl show` of a file that holds this.
#[track_caller]
fn show(text: impl AsRef<[u8]>, args: &[&str]) -> Assert {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("a.json"), text).unwrap();
    Repl::new().args(["show", "a.json"]).args(args).current_dir(dir.path()).run()
}

#[test]
fn filters_choose_by_conn_side_text_and_time() {
    for (args, shown) in [
        (&["--conn", "2", "--from", "server"][..], "+1.312s guest-2  login:  [no eol]\n"),
        (&["--grep", "^(?i)hello"], "server  HELLO chatd 09:15:02\n"),
        (&["--from", "client", "--grep", "lobby"], "client  JOIN lobby 8f3a\n"),
        (&["--after", "814ms", "--before", "900ms"], "server  OK session=8f3a\n"),
    ] {
        let shown = contains(shown);
        let lines = predicate::function(|text: &str| {
            text.lines().filter(|line| line.trim_start().starts_with('+')).count() == 1
        });
        show(FULL, args).success().stdout(shown.and(lines)).stderr("");
    }
    show(FULL, &["--conn", "1", "--conn", "2"]).success().stdout(contains("#2  -- open [::1]"));
    show(FULL, &["--marks"]).success().stdout(contains("[want ^OK session=(?<sid>\\w+)$]\n"));
}

#[test]
fn a_conn_is_named_behind_the_file_as_for_a_replay() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("a.jsonl"), FULL).unwrap();
    let show = |file: &str| Repl::new().args(["show", file]).current_dir(dir.path()).run();
    show("a.jsonl#2").success().stdout(contains("login: ").and(contains("HELLO").not()));
    let unknown = show("a.jsonl#7").code(3);
    unknown.stderr("error: `a.jsonl` has no conn 7: it has 2 conns\n   = `show` without `--conn` shows all of them\n");
    fs::write(dir.path().join("b#2"), tape(&[server("hi")])).unwrap();
    show("b#2").success().stdout(contains("server  hi\n"));
    show("b#2#1").success().stdout(contains("server  hi\n"));
    show("a.jsonl#x").code(3).stderr("error: cannot read `a.jsonl#x`: no such file or directory\n   = name a file that can be read\n");
}

#[test]
fn arguments_that_mean_nothing_are_refused() {
    for args in [["--conn", "0"], ["--from", "both"], ["--grep", "("], ["--after", "5"]] {
        show(FULL, &args).code(2).stdout("").stderr(starts_with("error: invalid value"));
    }
}

#[test]
fn what_comes_through_a_pipe_is_shown_as_it_comes() {
    let mut repl = Repl::new().args(["show", "-"]).spawn();
    repl.write(tape(&[server("one")]));
    repl.wait_stdout("server  one\n");
    repl.write(client("two") + "\n");
    repl.wait_stdout("client  two\n");
    repl.close_stdin();
    let ended = repl.wait().exited(0);
    assert!(ended.stdout.ends_with(b"interrupted: it has no end\n"));
    let refused = Repl::new().args(["show", "-"]).stdin("{}").run().code(3);
    refused.stderr(says::error("`standard input` line 1, column 1: no transcript"));
}

#[test]
fn a_named_pipe_is_read_to_its_end() {
    let dir = TempDir::new().unwrap();
    let pipe = dir.path().join("pipe");
    make_pipe(&pipe);
    let writer = thread::spawn({
        let pipe = pipe.clone();
        move || OpenOptions::new().write(true).open(pipe).unwrap().write_all(FULL.as_bytes())
    });
    let shown = Repl::new().args(["show", "pipe"]).current_dir(dir.path()).run().success();
    shown.stdout(contains("7 events missing"));
    writer.join().unwrap().unwrap();
}

#[test]
fn a_reader_that_has_seen_enough_ends_it() {
    let dir = TempDir::new().unwrap();
    let events: Vec<String> = (0..100_000).map(|n| server(&format!("line {n}"))).collect();
    fs::write(dir.path().join("a.jsonl"), tape(&events)).unwrap();
    let mut command = Repl::new().args(["show", "a.jsonl"]).current_dir(dir.path()).command();
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("started "), "{first}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn what_is_no_file_of_text_is_refused() {
    let no_transcript = "`a.json` line 1, column 1: no transcript, expected";
    for (bytes, told) in [
        (&b""[..], no_transcript),
        (b"\0\0\0\0", no_transcript),
        (b"\xff\xfe{\0", no_transcript),
        (b"\xef\xbb", no_transcript),
        (
            b"{\"chat-repl\":\"transcript\"",
            "`a.json` line 1, column 26: the text ends within an object",
        ),
        (b"{\"chat-repl\":\"transcript\",\0", "`a.json` line 1, column 27: "),
        (b"{\"caf\xe9\":1}", "`a.json` line 1, column "),
    ] {
        show(bytes, &[]).code(3).stdout("").stderr(says::error(told));
    }
    let dir = TempDir::new().unwrap();
    let folder = Repl::new().args(["show", "."]).current_dir(dir.path()).run().code(3);
    folder.stderr("error: cannot read `.`: is a directory\n   = name a file that can be read\n");
}

#[test]
fn faults_in_events_have_their_place() {
    let deep = "[".repeat(100_000);
    let closed = deep.clone() + &"]".repeat(100_000);
    let events = |event: &str| {
        format!("{HEADER},\"events\":[\n{{\"ev\":\"note\",\"text\":\"é\"}},\n{event}\n]}}\n")
    };
    let line = |rest: &str| format!(r#"{{"dt":1,"conn":1,"from":"server",{rest}}}"#);
    for (event, told) in [
        (line(r#""line":7"#), "41: `line`: invalid type: integer `7`, expected a string"),
        (line(r#""line":"\ud800""#), "48: `line`: half of a surrogate pair"),
        (line(r#""line":"\udc00x""#), "47: `line`: half of a surrogate pair"),
        (line(r#""line":"a","line":"b""#), "52: `line` stands here twice"),
        (line("\"line\":\"a\0b\""), r"43: `\x00` in a string, expected `\u0000`"),
        (line(r#""esc":"\\q""#), "40: `esc` has `\\q`, expected"),
        (line(r#""line":"a","secret":"PASS""#), "54: `secret`: invalid type: string \"PASS\""),
        (line(&format!("\"line\":{deep}")), "100041: `}`, expected value"),
        (
            line(&format!("\"line\":{closed}")),
            "41: `line`: invalid type: sequence, expected a string",
        ),
        (line(r#""line":"a" "x":1"#), "45: `\"`, expected `,` or `}`"),
        ("7".into(), "1: invalid type: integer `7`, expected an object"),
        (r#"{"dt":1e400,"line":"x","from":"client"}"#.into(), "7: `dt` is `1e400`, expected"),
        (r#"{"conn":4294967296,"line":"x","from":"client"}"#.into(), "9: `conn` is `4294967296`"),
        (r#"{"dt":01,"line":"x","from":"client"}"#.into(), "8: invalid number"),
        (String::new(), "1: "),
    ] {
        let refused = show(events(&event), &[]).code(3).stdout(contains("-- note: é\n"));
        let line = if event.is_empty() { 4 } else { 3 };
        refused.stderr(says::error(&format!("`a.json` line {line}, column {told}")));
    }
}

#[test]
fn depth_in_what_is_not_known_does_no_harm() {
    let deep = "[{\"a\":".repeat(50_000) + "1" + &"}]".repeat(50_000);
    let text = format!(
        "{HEADER},\"x\":{deep},\"events\":[{{\"ev\":\"note\",\"text\":\"deep\",\"x\":{deep}}}]}}"
    );
    show(text, &[]).success().stdout(contains("-- note: deep\n")).stderr("");
}

#[test]
fn files_that_went_through_other_systems_read_the_same() {
    let wanted = show(FULL, &[]).success().get_output().stdout.clone();
    let cr_lf = FULL.replace('\n', "\r\n");
    let marked = [b"\xef\xbb\xbf", cr_lf.as_bytes()].concat();
    let spaced = FULL.replace('\n', " \n\n");
    let unended = FULL.trim_end().to_owned();
    for text in [cr_lf.into_bytes(), marked, spaced.into_bytes(), unended.into_bytes()] {
        show(text, &[]).success().stdout(wanted.clone()).stderr("");
    }
}

/// Runs `chat-repl show` in less memory than the file is large.
#[track_caller]
fn show_within(dir: &Path) -> Running {
    let mut shell = Command::new("sh");
    let limited = format!("ulimit -v {}; exec \"$0\" show a.json", MEMORY >> 10);
    shell.args(["-c", &limited]).arg(cargo_bin!("chat-repl")).current_dir(dir);
    Running::start(shell, Some(Stdio::null()), None)
}

#[test]
fn more_of_nothing_than_there_is_memory_is_refused_or_shown() {
    let open = format!("{HEADER},\"events\":[\n{{\"ev\":\"note\",\"text\":\"kept\"}},");
    let lines = tape(&[server("kept")]);
    let unended = lines.trim_end().trim_end_matches("\"}").to_owned();
    for (before, len, after, status, told) in [
        ("", LARGE, "", 3, "`a.json` line 1, column 1: no transcript"),
        (&*open, LARGE, "", 3, "`a.json` line 2, column 29: "),
        (&*lines, WHOLE, "", 0, "line 4 is torn"),
        (&*unended, LARGE / 64, "", 0, "line 3 is torn"),
        (&*lines, LARGE / 64, "\n{\"ev\":\"end\"}\n", 3, "`a.json` line 4, column 1: "),
    ] {
        let dir = TempDir::new().unwrap();
        let mut file = File::create(dir.path().join("a.json")).unwrap();
        file.write_all(before.as_bytes()).unwrap();
        file.seek(SeekFrom::Start(len)).unwrap();
        file.write_all(after.as_bytes()).unwrap();
        file.set_len(len + after.len() as u64).unwrap();
        let ended = show_within(dir.path()).wait().exited(status);
        let all = String::from_utf8_lossy(&ended.stdout).into_owned() + &ended.stderr;
        assert!(all.contains(told), "no {told} in\n{all}");
    }
}
