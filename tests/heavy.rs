//! Lines that are long, peers that flood, patterns that other engines choke on.

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::DEADLINE;
use crate::support::peer::ScriptedServer;
use crate::support::proc::Repl;
use crate::support::running::Finished;
use crate::support::says;

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
