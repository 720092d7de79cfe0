//! `/replay FILE` in a conversation that goes on.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::peer::{Peer, ScriptedServer};
use crate::support::proc::Repl;
use crate::support::says;
use crate::support::tape::{client, server, talk_folder, tape};

/// A folder with a recorded greeting.
fn greeting() -> TempDir {
    talk_folder(&tape(&[server("hello"), client("bob"), server("welcome bob")]))
}

#[test]
fn a_script_goes_on_where_the_replay_ends() {
    let dir = greeting();
    let server = ScriptedServer::start(|mut peer| {
        peer.say("hello\n");
        peer.expect_bytes("bob\n");
        peer.say("welcome bob\nand more\n");
        peer.expect_bytes("thanks\n");
        assert_eq!(peer.read_to_end_within(DEADLINE), b"");
    });
    let repl = Repl::new().args(["--connect", &server.addr()]).current_dir(dir.path());
    let told = repl.stdin("/replay talk.jsonl\n/expect ^and more$\nthanks\n").run().success();
    told.stderr(says::notice("replayed talk.jsonl: 2 lines as recorded\n"));
    server.finish();
}

#[test]
fn variables_go_into_a_replay_and_what_it_captures_comes_out() {
    let dir = TempDir::new().unwrap();
    let tape = tape(&[
        r#"{"conn":1,"from":"client","line":"login bob","send":"login ${user}"}"#.to_owned(),
        r#"{"conn":1,"from":"server","line":"hello bob","want":"^hello ${user}$"}"#.to_owned(),
        r#"{"conn":1,"from":"server","line":"id 1","want":"^id (?<id>\\d+)$"}"#.to_owned(),
    ]);
    fs::write(dir.path().join("login.jsonl"), tape).unwrap();
    let server = ScriptedServer::start(|mut peer| {
        peer.say("who is eve?\n");
        peer.expect_bytes("login eve\n");
        peer.say("hello eve\nid 77\n");
        peer.expect_bytes("join 77 as eve\n");
        peer.say("joined 77\n");
        peer.expect_bytes("login ann\n");
        peer.say("hello ann\nid 78\n");
        peer.expect_bytes("join 78\n");
        assert_eq!(peer.read_to_end_within(DEADLINE), b"");
    });
    let repl = Repl::new().args(["--connect", &server.addr(), "--save", "kept.json"]);
    let script = "/expect ^who is (?<user>\\w+)\n/replay login.jsonl\n/send join ${id} as ${user}\n\
                  /expect ^joined ${id}$\n/set user ann\n/replay login.jsonl\n/send join ${id}\n";
    repl.stdin(script).current_dir(dir.path()).run().success();
    server.finish();
    // What was said with a captured value can be said again with another.
    let kept = fs::read_to_string(dir.path().join("kept.json")).unwrap();
    assert!(kept.contains(r#""line":"join 77 as eve","send":"join ${id} as ${user}""#), "{kept}");
}

#[test]
fn a_conversation_that_has_begun_is_compared_from_now_on() {
    let dir = greeting();
    let server = ScriptedServer::start(|mut peer| {
        peer.say("another greeting\n");
        peer.expect_bytes("first things first\nbob\n");
        peer.say("welcome bob\n");
        assert_eq!(peer.read_to_end_within(DEADLINE), b"");
    });
    let repl = Repl::new().args(["--connect", &server.addr()]).current_dir(dir.path());
    let script = "/expect greeting\nfirst things first\n/replay talk.jsonl\n";
    let told = repl.stdin(script).run().success();
    told.stderr(says::notice("replayed talk.jsonl: 1 line as recorded\n"));
    server.finish();
}

#[test]
fn a_difference_stops_a_script() {
    let dir = greeting();
    let server = ScriptedServer::start(|mut peer| {
        peer.say("hello\n");
        peer.expect_bytes("bob\n");
        peer.say("go away bob\n");
        assert_eq!(peer.read_to_end_within(DEADLINE), b"", "the script went on");
    });
    let repl = Repl::new().args(["--connect", &server.addr()]).current_dir(dir.path());
    let told = repl.stdin("/replay talk.jsonl\nnever sent\n").run().code(1);
    let differs = says::error("event 4 of talk.jsonl differs\n");
    told.stderr(differs.and(contains("= recorded: welcome bob\n   = came:     go away bob\n")));
    server.finish();
}

#[test]
fn a_host_plays_the_servers_side() {
    let dir = greeting();
    let host = Repl::new().args(["--listen", "127.0.0.1:0", "--timeout", "20s"]);
    let host = host.current_dir(dir.path()).stdin("/replay talk.jsonl\n").spawn();
    let mut guest = Peer::connect(&host.listening_addr());
    guest.expect_bytes("hello\n");
    guest.say("bob\n");
    guest.expect_bytes("welcome bob\n");
    assert_eq!(guest.read_to_end_within(DEADLINE), b"");
    drop(guest);
    host.wait().exited(0);
}

#[test]
fn one_guest_among_several_is_played_to() {
    let dir = greeting();
    let host = Repl::new().args(["--listen", "127.0.0.1:0", "--timeout", "20s"]);
    let script = "/accept 2\n/on guest-2\n/replay talk.jsonl\n/on all\nover\n";
    let host = host.current_dir(dir.path()).stdin(script).spawn();
    let addr = host.listening_addr();
    let [mut one, mut two] = [1, 2].map(|number| {
        let guest = Peer::connect(&addr);
        host.wait_stderr_line(&format!("-- guest-{number} joined from "));
        guest
    });
    two.expect_bytes("hello\n");
    two.say("bob\n");
    two.expect_bytes("welcome bob\nover\n");
    one.expect_bytes("over\n");
    for mut guest in [one, two] {
        guest.read_to_end_within(DEADLINE);
    }
    host.wait().exited(0);
}

#[test]
fn what_cannot_be_replayed_is_the_scripts_fault_and_what_says_nothing_checks_nothing() {
    let dir = greeting();
    fs::write(dir.path().join("empty.jsonl"), tape(&[])).unwrap();
    for (file, status, why) in [
        ("none.json", 3, "cannot read `none.json`: "),
        ("empty.jsonl", 1, "`empty.jsonl` has no lines"),
        ("talk.jsonl#2", 3, "`talk.jsonl` has no conn 2: it has 1 conn\n"),
    ] {
        let server = ScriptedServer::start(|mut peer| drop(peer.read_to_end_within(DEADLINE)));
        let repl = Repl::new().args(["--connect", &server.addr()]).current_dir(dir.path());
        let told = repl.stdin(format!("/replay {file}\nnever sent\n")).run().code(status);
        told.stderr(says::error(why).and(contains("--> <stdin>:1:1\n")));
        assert_eq!(server.finish(), b"", "{file}");
    }
}

#[test]
fn a_replay_has_a_pace_of_its_own() {
    let dir = greeting();
    let server = ScriptedServer::start(|mut peer| {
        peer.say("hello\n");
        peer.expect_bytes("bob\n");
        peer.say("welcome bob\n");
        assert_eq!(peer.read_to_end_within(DEADLINE), b"");
    });
    let repl = Repl::new().args(["--connect", &server.addr()]).current_dir(dir.path());
    let told = repl.stdin("/replay -p x100 talk.jsonl\n").run().success();
    told.stderr(says::notice("replayed talk.jsonl: 2 lines as recorded\n"));
    server.finish();
    let repl = Repl::new().args(["--connect", "127.0.0.1:1"]).current_dir(dir.path());
    let script = dir.path().join("bad.chat");
    fs::write(&script, "/replay -p fast talk.jsonl\n").unwrap();
    let told = repl.args(["--script", "bad.chat"]).run().code(3);
    told.stderr(contains("`fast` is no pace: write `wait`, `recorded`"));
}
