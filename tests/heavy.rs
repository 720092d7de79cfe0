//! Lines that are long, peers that flood, patterns that other engines choke on.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::peer::ScriptedServer;
use crate::support::proc::Repl;
use crate::support::running::Finished;
use crate::support::says;
use crate::support::tape::{client, server, tape};

/// Runs a script against a server that says these bytes.
fn run(said: Vec<u8>, script: &str) -> Finished {
    let server = ScriptedServer::start(move |mut peer| {
        peer.say(said);
        peer.read_to_end_within(DEADLINE);
    });
    let repl = Repl::new().args(["-q", "--connect", &server.addr()]);
    let ended = repl.stdin(script).spawn().wait();
    server.finish();
    ended
}

#[test]
fn a_pattern_that_backtracking_engines_choke_on_is_as_fast_as_any() {
    let almost = [&b"a".repeat(200_000)[..], b"!\n"].concat();
    for pattern in ["^(a+)+$", "^(a|aa)+$", "^(.*)*x$", "^(a?){100}a{100}$"] {
        let script = format!("/expect -n -t 10s {pattern}\n");
        let told = run(almost.clone(), &script).exited(1).stderr;
        assert!(told.starts_with("error: the next line did not match"), "{told}");
    }
    run(b"a".repeat(200_000), "/shutdown\n/expect -n -p ^(a+)+$\n").exited(0);
}

#[test]
fn a_pattern_that_would_take_all_memory_is_a_fault() {
    let ended = run(Vec::new(), "/expect (((a{1000}){1000}){1000}){1000}\n").exited(3);
    assert!(ended.stderr.contains("the pattern is too large"), "{}", ended.stderr);
}

#[test]
fn a_line_of_a_megabyte_is_matched_whole_and_told_in_one_screen_line() {
    let line = [&b"x".repeat(1_000_000)[..], b"end of it\n"].concat();
    run(line.clone(), "/expect -n ^x+end of (?<what>it)$\n/echo ${what}\n").exited(0);
    let told = run(line, "/expect -n ^x+end of him$\n").exited(1).stderr;
    assert!(told.lines().all(|line| line.chars().count() < 150), "{told}");
    assert!(told.contains("= xxxxxx"), "{told}");
}

#[test]
fn a_peer_that_floods_is_told_of_within_the_wait() {
    let server = ScriptedServer::start(|mut peer| while peer.try_say("noise\n".repeat(1000)) {});
    let repl = Repl::new().args(["--connect", &server.addr(), "--timeout", "300ms"]);
    let ended = repl.stdin("/expect signal\n").run().code(1);
    ended.stderr(says::error("no line matched `signal` within 300ms").and(contains("= noise")));
    server.finish();
}

#[test]
fn thousands_of_differences_are_all_told() {
    let dir = TempDir::new().unwrap();
    for (name, word) in [("a.jsonl", "line"), ("b.jsonl", "other line")] {
        let said: Vec<String> = (0..3000).map(|n| server(&format!("{word} {n}"))).collect();
        fs::write(dir.path().join(name), tape(&said)).unwrap();
    }
    let diff = Repl::new().args(["diff", "a.jsonl", "b.jsonl"]).current_dir(dir.path()).run();
    let last = contains("- 3001 server: line 2999\n+ 3001 server: other line 2999\n");
    diff.code(1).stderr("error: 3000 differences\n").stdout(last);
}

#[test]
fn thousands_of_lines_come_in_any_order() {
    let dir = TempDir::new().unwrap();
    let grouped = |n| server(&format!("key {n}")).replacen('}', r#","group":"keys"}"#, 1);
    let keys = (0..2000).map(grouped);
    let events: Vec<String> = std::iter::once(client("keys")).chain(keys).collect();
    fs::write(dir.path().join("keys.jsonl"), tape(&events)).unwrap();
    let server = ScriptedServer::start(|mut peer| {
        peer.expect_bytes("keys\n");
        // 7 has no divisor in common with 2000, so each comes once.
        let keys: Vec<String> = (0..2000).map(|n| format!("key {}\n", n * 7 % 2000)).collect();
        peer.say(keys.concat());
        peer.read_to_end_within(DEADLINE);
    });
    let repl = Repl::new().args(["--connect", &server.addr(), "--replay", "keys.jsonl"]);
    let told = repl.current_dir(dir.path()).run().success();
    told.stderr(says::notice("replayed keys.jsonl: 2000 lines as recorded"));
    server.finish();
}
