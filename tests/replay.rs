//! `--replay FILE`: our side of a conversation again, and whether the peer says what it said then.

use std::fs;
use std::thread;

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::peer::{EchoServer, Peer, ScriptedServer, accept_within, listen};
use crate::support::proc::Repl;
use crate::support::says;
use crate::support::tape::{client, closes, on, opens, prompt, server, talk_folder, tape};

/// A login, as it was recorded.
fn login() -> String {
    tape(&[
        server("hello"),
        prompt("login: "),
        client("bob"),
        server("welcome bob"),
        server("ready"),
    ])
}

/// Replays a tape to a server that plays this part; what the server heard.
#[track_caller]
fn replay(tape: &str, part: impl FnOnce(&mut Peer) + Send + 'static) -> (Assert, Vec<u8>) {
    replay_with(&[], tape, part)
}

/// The same, with more options.
#[track_caller]
fn replay_with(
    options: &[&str],
    tape: &str,
    part: impl FnOnce(&mut Peer) + Send + 'static,
) -> (Assert, Vec<u8>) {
    let dir = talk_folder(tape);
    let server = ScriptedServer::start(move |mut peer| {
        part(&mut peer);
        peer.read_to_end_within(DEADLINE);
    });
    let repl = Repl::new().args(["--connect", &server.addr(), "--replay", "talk.jsonl"]);
    let repl = repl.args(options);
    let replayed = repl.current_dir(dir.path()).run();
    (replayed, server.finish())
}

#[test]
fn a_peer_that_says_the_same_passes() {
    let (replayed, heard) = replay(&login(), |peer| {
        peer.say("hello\nlogin: ");
        peer.expect_bytes("bob\n");
        peer.say("welcome bob\nready\n");
    });
    let replayed = replayed.success().stdout("hello\nlogin: welcome bob\nready\n");
    replayed.stderr(says::notice("replayed talk.jsonl: 4 lines as recorded\n"));
    assert_eq!(heard, b"bob\n");
}

#[test]
fn the_border_between_two_reads_never_matters() {
    let (replayed, _) = replay(&login(), |peer| {
        for byte in b"hello\nlogin: " {
            peer.say([*byte]);
        }
        peer.expect_bytes("bob\n");
        for byte in b"welcome bob\nready\n" {
            peer.say([*byte]);
        }
    });
    replayed.success();
}

#[test]
fn pieces_of_a_line_are_one_line() {
    let pieces = tape(&[
        prompt("wel"),
        prompt("come "),
        server("bob"),
        client("x"),
        prompt("a"),
        server("b"),
    ]);
    let (replayed, heard) = replay(&pieces, |peer| {
        peer.say("welcome bob\n");
        peer.expect_bytes("x\n");
        peer.say("ab\n");
    });
    replayed.success();
    assert_eq!(heard, b"x\n");
}

#[test]
fn our_pieces_and_line_ends_are_said_as_recorded() {
    let said = r#"{"dt":0,"conn":1,"from":"client","esc":"caf\\xe9","eol":"\r\n"}"#.to_owned();
    let ours = r#"{"dt":0,"conn":1,"from":"client","line":"half","eol":""}"#.to_owned();
    let (replayed, heard) = replay(&tape(&[said, server("ok"), ours]), |peer| {
        peer.expect_bytes(b"caf\xe9\r\n");
        peer.say("ok\n");
    });
    replayed.success();
    assert_eq!(heard, b"caf\xe9\r\nhalf");
}

#[test]
fn a_line_that_differs_is_shown_with_the_part_that_does() {
    let (replayed, heard) = replay(&login(), |peer| {
        peer.say("hello\nlogin: ");
        peer.expect_bytes("bob\n");
        peer.say("welcome rob\nready\n");
    });
    replayed.code(1).stderr(contains(
        "error: event 5 of talk.jsonl differs\n   \
         = 2 server: hello\n   \
         = 3 server: login: \n   \
         = 4 client: bob\n   \
         = recorded: welcome bob\n   \
         = came:     welcome rob\n   \
         =                   ^\n",
    ));
    assert_eq!(heard, b"bob\n");
}

#[test]
fn another_line_end_is_a_difference() {
    let (replayed, _) = replay(&tape(&[server("ok")]), |peer| peer.say("ok\r\n"));
    let told = contains("= recorded: ok\\n\n").and(contains("= came:     ok\\r\\n\n"));
    replayed.code(1).stderr(told);
}

#[test]
fn a_prompt_that_goes_on_is_a_difference_of_what_follows() {
    let (replayed, heard) =
        replay(&tape(&[prompt("login: "), client("bob"), server("ok")]), |peer| {
            peer.say("login: (guests are welcome)\n");
        });
    // What stood in the prompt came, and what came behind it was not what was recorded next.
    replayed.code(1).stderr(says::error("event 4 of talk.jsonl differs\n"));
    assert_eq!(heard, b"bob\n");
}

#[test]
fn a_line_that_does_not_come_is_named() {
    let part = |peer: &mut Peer| peer.say("hello\nlog");
    let (replayed, _) = replay_with(&["--timeout", "1s"], &login(), part);
    let told = "error: event 3 of talk.jsonl did not come: only a part of it came within 1s\n   \
                = 1 (opened)\n   = 2 server: hello\n   = recorded: login: \n   = came:     log (no line end)\n";
    replayed.code(1).stderr(contains(told));
}

#[test]
fn a_peer_that_ends_too_early_is_a_failed_check() {
    let dir = talk_folder(&login());
    let server = ScriptedServer::start(|mut peer| peer.say("hello\n"));
    let repl = Repl::new().args(["--connect", &server.addr(), "--replay", "talk.jsonl"]);
    let told = repl.current_dir(dir.path()).run().code(1);
    told.stderr(says::error("event 3 of talk.jsonl did not come: the peer has ended\n"));
}

#[test]
fn more_than_was_recorded_is_a_failed_check() {
    for more in ["and more\n", "a prompt: "] {
        let (replayed, _) = replay(&tape(&[client("x"), server("y")]), move |peer| {
            peer.expect_bytes("x\n");
            peer.say("y\n");
            // Nothing is said again: the client has ended its side.
            assert_eq!(peer.read_to_end_within(DEADLINE), b"");
            peer.say(more);
        });
        let extra = format!("   = extra: {}\n", more.trim_end_matches('\n'));
        let told = says::error("the peer said more than talk.jsonl has\n").and(contains(extra));
        replayed.code(1).stderr(told);
    }
}

#[test]
fn a_replay_that_checks_nothing_fails() {
    let (replayed, _) = replay(&tape(&[client("x")]), |peer| peer.expect_bytes("x\n"));
    replayed.code(1).stderr(says::error("talk.jsonl checks nothing: "));
    let dir = talk_folder(&tape(&[]));
    let repl = Repl::new().args(["--connect", "127.0.0.1:1", "--replay", "talk.jsonl"]);
    let told = repl.current_dir(dir.path()).run().code(1);
    told.stderr(says::error("`talk.jsonl` has no lines"));
}

#[test]
fn a_file_that_is_no_transcript_is_refused_before_anything_is_said() {
    let dir = TempDir::new().unwrap();
    let server = EchoServer::start();
    let whole = login();
    let document = whole.replacen("}\n", ",\"events\":[\n", 1);
    for (text, why) in [
        ("dear diary".to_owned(), "`talk.json` line 1, column 1: no transcript"),
        (
            whole.replace("\"version\":1", "\"version\":99"),
            "`talk.json` line 1, column 37: version",
        ),
        (document, "`talk.json` line 3, column "),
    ] {
        fs::write(dir.path().join("talk.json"), text).unwrap();
        let repl = Repl::new().args(["--connect", &server.addr(), "--replay", "talk.json"]);
        let refused = repl.current_dir(dir.path()).run().code(3);
        refused.stderr(says::error(why).and(contains("connected").not()));
    }
    let repl = Repl::new().args(["--connect", &server.addr(), "--replay", "none.json"]);
    repl.run().code(3).stderr(says::error("cannot read `none.json`: "));
}

#[test]
fn an_interrupted_recording_can_be_replayed() {
    let whole = tape(&[client("x"), server("y"), client("z")]);
    let (replayed, heard) = replay(&whole[..whole.len() - 20], |peer| {
        peer.expect_bytes("x\n");
        peer.say("y\n");
    });
    replayed.success();
    assert_eq!(heard, b"x\n");
}

#[test]
fn of_several_conns_one_is_chosen() {
    let dir = TempDir::new().unwrap();
    let both = [server("one"), client("a"), on(2, server("two")), on(2, client("b"))];
    fs::write(dir.path().join("talk.jsonl"), tape(&both)).unwrap();
    for (file, greeting, answer) in
        [("talk.jsonl#1", "one\n", "a\n"), ("talk.jsonl#2", "two\n", "b\n")]
    {
        let server = ScriptedServer::start(move |mut peer| {
            peer.say(greeting);
            peer.expect_bytes(answer);
            assert_eq!(peer.read_to_end_within(DEADLINE), b"");
        });
        let repl = Repl::new().args(["--connect", &server.addr(), "--replay", file]);
        repl.current_dir(dir.path()).run().success();
        server.finish();
    }
    let repl = Repl::new().args(["--connect", "127.0.0.1:1", "--replay", "talk.jsonl#3"]);
    let refused = repl.current_dir(dir.path()).run().code(3);
    refused.stderr(says::error("`talk.jsonl` has no conn 3: it has 2 conns"));
    let listener = ScriptedServer::start(|mut peer| drop(peer.read_to_end_within(DEADLINE)));
    let repl = Repl::new().args(["--connect", &listener.addr()]).current_dir(dir.path());
    let refused = repl.stdin("/replay talk.jsonl\n").run().code(3);
    refused.stderr(says::error("`talk.jsonl` has 2 conns: say which, as in `talk.jsonl#1`"));
}

#[test]
fn a_recorded_pause_is_waited_for_as_long() {
    let late = r#"{"dt":1000,"conn":1,"from":"server","line":"late"}"#.to_owned();
    let part = |peer: &mut Peer| {
        peer.expect_bytes("x\n");
        // Longer than a wait lasts, and shorter than the pause was.
        thread::sleep(std::time::Duration::from_millis(300));
        peer.say("late\n");
    };
    let (replayed, _) = replay_with(&["--timeout", "100ms"], &tape(&[client("x"), late]), part);
    replayed.success();
}

#[test]
fn a_server_that_takes_nothing_any_more_fails_it() {
    let dir = talk_folder(&tape(&vec![client(&"x".repeat(1 << 20)); 24]));
    let (listener, addr) = listen();
    let args = ["--connect", &addr.to_string(), "--replay", "talk.jsonl", "--timeout", "100ms"];
    let replays = Repl::new().args(args).stdin("").current_dir(&dir).spawn();
    let server = accept_within(&listener);
    let why = "talk.jsonl was not said to its end: the peer took nothing within 100ms";
    replays.wait_stderr_line(&format!("error: {why}"));
    drop(server);
    replays.wait().exited(1);
}

#[test]
fn a_peer_that_answered_when_our_side_had_ended_does_so_again() {
    let talk = [client("count"), client("us"), closes("client", "eof"), server("2 lines")];
    let (replayed, _) = replay(&tape(&talk), |peer| {
        assert_eq!(peer.read_to_end_within(DEADLINE), b"count\nus\n");
        peer.say("2 lines\n");
    });
    replayed.success().stderr(says::notice("replayed talk.jsonl: 1 line as recorded\n"));
}

/// Two conns, of which the one ends before the other comes.
fn two_in_turn() -> String {
    let talk = |answer: &str| {
        [client("ask"), server(answer), closes("client", "eof"), closes("server", "eof")]
    };
    let second = talk("2").map(|event| on(2, event));
    tape(&[&talk("1")[..], &[opens(2)], &second].concat())
}

/// Two clients ask, and do this at their end.
#[track_caller]
fn replay_two_in_turn(options: &[&str], ends: fn(&mut Peer)) {
    let (listener, addr) = listen();
    let serving = thread::spawn(move || {
        let peers = ["1\n", "2\n"].map(|answer| {
            let mut peer = Peer::accept(&listener);
            peer.expect_bytes("ask\n");
            peer.say(answer);
            ends(&mut peer);
            peer
        });
        peers.map(|mut peer| peer.read_to_end_within(DEADLINE))
    });
    let dir = talk_folder(&two_in_turn());
    let repl = Repl::new().args(["--connect", &addr.to_string(), "--replay", "talk.jsonl"]);
    let told = repl.args(options).current_dir(dir.path()).run().success();
    told.stderr(says::notice("replayed talk.jsonl: 2 lines as recorded"));
    serving.join().unwrap();
}

#[test]
fn each_conn_is_ended_where_it_was() {
    replay_two_in_turn(&[], |peer| {
        assert_eq!(peer.read_line(), b"");
        peer.shutdown();
    });
}

#[test]
fn who_is_not_told_that_our_side_ends_is_not_waited_for_either() {
    replay_two_in_turn(&["--no-half-close", "--linger", "100ms"], |_| {});
}

#[test]
fn a_line_end_is_seen_and_nothing_is_said_of_masks() {
    let talk = tape(&[client("a"), server("ok")]);
    let (replayed, _) = replay(&talk, |peer| {
        peer.expect_bytes("a\n");
        peer.say("ok\r\n");
    });
    let told = "   = recorded: ok\\n\n   = came:     ok\\r\\n\n   =             ^^^^\n   \
                = if it is right now: `--bless` rewrites the event\n";
    replayed.code(1).stderr(contains(told).and(contains("--mask").not()));
    let (replayed, _) = replay(&talk, |peer| {
        peer.expect_bytes("a\n");
        peer.say("ok\n\n");
    });
    replayed.code(1).stderr(contains("   = extra: \\n\n"));
}

#[test]
fn of_several_conns_the_one_that_has_ended_is_told() {
    let dir = TempDir::new().unwrap();
    let talk = [opens(2), on(2, client("join")), on(2, server("ok")), server("two is here")];
    fs::write(dir.path().join("talk.jsonl"), tape(&talk)).unwrap();
    let (listener, addr) = listen();
    let room = thread::spawn(move || {
        let mut one = Peer::from(accept_within(&listener));
        let mut two = Peer::from(accept_within(&listener));
        two.expect_bytes("join\n");
        drop(two);
        one.read_to_end_within(DEADLINE)
    });
    let repl = Repl::new().args(["--connect", &addr.to_string(), "--replay", "talk.jsonl"]);
    let told = repl.current_dir(dir.path()).run().code(1);
    told.stderr(says::error("event 4 of talk.jsonl (conn 2) did not come: the peer has ended\n"));
    assert_eq!(room.join().unwrap(), b"");
}

#[test]
fn a_connection_that_breaks_where_it_did_is_as_recorded() {
    let play = |how: &str, answer: &'static str| {
        let dir = talk_folder(&tape(&[client("x"), server("y"), closes("server", how)]));
        let server = ScriptedServer::start(move |mut peer| {
            peer.expect_bytes("x\n");
            peer.say(answer);
            // Its client has ended, so it has read all.
            peer.read_to_end_within(DEADLINE);
            peer.reset();
        });
        let repl = Repl::new().args(["--connect", &server.addr(), "--replay", "talk.jsonl"]);
        let played = repl.current_dir(dir.path()).run();
        server.finish();
        played
    };
    play("reset", "y\n").success();
    play("reset", "z\n").code(1).stderr(contains("event 3 of talk.jsonl differs\n"));
    play("eof", "y\n").code(5).stderr(contains("broke: it was reset by the peer\n"));
}
