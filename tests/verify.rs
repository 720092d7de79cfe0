//! `--replay` compares tolerantly where the transcript says so, and rewrites it where that is asked for.

mod conns;

use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::peer::{Peer, ScriptedServer, accept_within, listen};
use crate::support::proc::Repl;
use crate::support::says;
use crate::support::tape::{
    client, closes, headed, on, opens, prompt, server, talk_folder, tape, with,
};

/// Replays the tape of a folder to a server that plays this part and then reads to the end; what the
/// server heard.
#[track_caller]
fn replay(
    dir: &Path,
    options: &[&str],
    part: impl FnOnce(&mut Peer) + Send + 'static,
) -> (Assert, Vec<u8>) {
    let server = ScriptedServer::start(move |mut peer| {
        part(&mut peer);
        peer.read_to_end_within(DEADLINE);
    });
    let repl = Repl::new().args(["--connect", &server.addr(), "--replay", "talk.jsonl"]);
    let replayed = repl.args(options).current_dir(dir).run();
    (replayed, server.finish())
}

/// A login in which most of what the server says is another each time.
fn login() -> String {
    tape(&[
        with(server("* note"), r#""opt":true"#),
        server("220 ready at 09:15"),
        client("LOGIN"),
        with(server("OK session=8f3a"), r#""want":"^OK session=(?<sid>\\w+)$""#),
        with(client("JOIN 8f3a"), r#""send":"JOIN ${sid}""#),
        with(server("alice joined"), r#""group":"who""#),
        with(server("bob joined"), r#""group":"who""#),
        with(server("welcome 8f3a"), r#""want":"^welcome ${sid}$""#),
    ])
}

fn log_in(peer: &mut Peer, note: &str, joined: &str) {
    peer.say(format!("{note}220 ready at 23:59\n"));
    peer.expect_bytes("LOGIN\n");
    peer.say("OK session=77\n");
    peer.expect_bytes("JOIN 77\n");
    peer.say(joined);
    peer.say("welcome 77\n");
}

const MASK: [&str; 2] = ["--mask", "s/\\d\\d:\\d\\d/T/"];

#[test]
fn what_may_differ_does_and_captures_are_said_again() {
    for (note, joined) in
        [("* note\n", "alice joined\nbob joined\n"), ("", "bob joined\nalice joined\n")]
    {
        let dir = talk_folder(&login());
        let (replayed, heard) = replay(dir.path(), &MASK, move |peer| log_in(peer, note, joined));
        replayed.success();
        assert_eq!(heard, b"LOGIN\nJOIN 77\n");
    }
}

#[test]
fn what_may_not_differ_still_fails() {
    let dir = talk_folder(&login());
    let (replayed, _) = replay(dir.path(), &MASK, |peer| {
        log_in(peer, "", "bob joined\nalice left\n");
    });
    let told = "   = recorded: alice joined\n   = came:     alice left\n   \
                =                 ^^^^^^\n";
    replayed.code(1).stderr(says::error("event 7 of talk.jsonl differs\n").and(contains(told)));
    let (replayed, _) = replay(dir.path(), &[], |peer| peer.say("220 ready at 23:59\n"));
    replayed.code(1).stderr(says::error("event 3 of talk.jsonl differs\n"));
    let (replayed, _) = replay(dir.path(), &MASK, |peer| {
        peer.say("220 ready at 12:00\n");
        peer.expect_bytes("LOGIN\n");
        peer.say("NO session\n");
    });
    let told = "   = want:     ^OK session=(?<sid>\\w+)$\n   = recorded: OK session=8f3a\n   \
                = came:     NO session\n";
    replayed.code(1).stderr(says::error("event 5 of talk.jsonl differs\n").and(contains(told)));
}

#[test]
fn a_line_end_alone_is_told_as_such() {
    let dir = talk_folder(&tape(&[with(server("ok 12"), r#""want":"^ok""#)]));
    let (replayed, _) = replay(dir.path(), &[], |peer| peer.say("ok 13\r\n"));
    replayed.code(1).stderr(says::error("event 2 of talk.jsonl differs in its line end\n"));
}

#[test]
fn the_masks_of_the_header_come_first_and_a_bad_one_is_told() {
    let masks = r#""mask":["s/\\d+:\\d+/T/","s/id \\d+/id N/"]"#;
    let masked = headed(&tape(&[server("id 12 at 09:15")]), masks);
    let dir = talk_folder(&masked);
    let (replayed, _) = replay(dir.path(), &[], |peer| peer.say("id 7 at 23:59\n"));
    replayed.success();
    let (replayed, _) =
        replay(dir.path(), &["--mask", "s/at T/at last/"], |peer| peer.say("id 7 at last\n"));
    replayed.success();
    fs::write(dir.path().join("talk.jsonl"), masked.replace("id \\\\d+", "id (")).unwrap();
    let repl = Repl::new().args(["--connect", "127.0.0.1:1", "--replay", "talk.jsonl"]);
    let refused = repl.current_dir(dir.path()).run().code(3);
    refused.stderr(says::error(
        "`mask` in the header of `talk.jsonl`: no pattern: unclosed group at column 6 ",
    ));
    let repl = Repl::new().args(["--connect", "127.0.0.1:1", "--mask", "s/a"]);
    repl.run().code(2).stderr(contains("no `/` at column 4 of the mask `s/a`"));
}

#[test]
fn what_masks_hide_is_not_marked_in_a_line_that_differs() {
    let dir = talk_folder(&tape(&[server("id 12 of bob at 09:15"), server("bye")]));
    let masks = ["--mask", "s/\\d\\d:\\d\\d/T/", "--mask", "s/id \\d+/id N/"];
    for (came, told) in [
        // As long as it was: one mark for both.
        (
            "id 77 of rob at 23:59",
            "   = recorded: id 12 of bob at 09:15\n   \
                = came:     id 77 of rob at 23:59\n   \
                =                    ^\n",
        ),
        (
            "id 7 of rob at 23:59",
            "   = recorded: id 12 of bob at 09:15\n   \
                =                    ^\n   \
                = came:     id 7 of rob at 23:59\n   \
                =                   ^\n",
        ),
        (
            "id 77 of bob for 23:59",
            "   = recorded: id 12 of bob at 09:15\n   \
                = came:     id 77 of bob for 23:59\n   \
                =                        ^^^\n",
        ),
    ] {
        let (replayed, _) = replay(dir.path(), &masks, move |peer| peer.say(format!("{came}\n")));
        replayed.code(1).stderr(says::error("event 2 of talk.jsonl differs\n").and(contains(told)));
    }
    let (replayed, _) = replay(dir.path(), &masks, |peer| peer.say("id 7 of bob at 23:59\r\n"));
    let told = "   = recorded: id 12 of bob at 09:15\\n\n   \
                =                                ^^\n   \
                = came:     id 7 of bob at 23:59\\r\\n\n   \
                =                               ^^^^\n";
    let headline = says::error("event 2 of talk.jsonl differs in its line end\n");
    replayed.code(1).stderr(headline.and(contains(told)));
}

#[test]
fn what_a_peer_says_because_our_side_has_ended_need_not_be_asked_for() {
    let dir = talk_folder(&tape(&[server("hello")]));
    let part = |peer: &mut Peer| {
        peer.say("hello\n");
        peer.read_to_end_within(DEADLINE);
        peer.try_say("lost you\n");
    };
    let (replayed, _) = replay(dir.path(), &[], part);
    let told = "   = extra: lost you\n   \
                = after the last line that was recorded nothing else was to come\n   \
                = if it is said because our side has ended: `--no-half-close`\n";
    let headline = says::error("the peer said more than talk.jsonl has\n");
    replayed.code(1).stderr(headline.and(contains(told)));
    let (replayed, _) = replay(dir.path(), &["--no-half-close", "--linger", "100ms"], part);
    replayed.success();
    let (replayed, _) = replay(dir.path(), &["--no-half-close"], |peer| peer.say("hello\nthere\n"));
    replayed.code(1).stderr(contains("extra: there\n").and(contains("half-close").not()));
}

#[test]
fn where_a_line_leaves_its_pattern_is_marked() {
    let long = "x".repeat(90);
    let recorded = with(server(&format!("{long} id=12 ok")), r#""want":"x id=(?<id>\\d+) ok$""#);
    let dir = talk_folder(&tape(&[recorded]));
    for (end, xs, marked) in [("id=7 no", 34, "^^"), ("id=7", 36, "^"), ("pid=7 ok", 39, "^")] {
        let line = format!("{long} {end}\n");
        let (replayed, _) = replay(dir.path(), &[], move |peer| peer.say(line));
        let xs = "x".repeat(xs);
        let told = format!(
            "   = recorded: …{xs} id=12 ok\n   = came:     …{xs} {end}\n   =           {}{marked}\n",
            " ".repeat(41)
        );
        replayed.code(1).stderr(says::error("event 2 of talk.jsonl differs\n").and(contains(told)));
    }
}

#[test]
fn what_is_no_pattern_or_has_no_value_is_told_with_its_event() {
    for (event, why) in [
        (with(server("a"), r#""want":"(a""#), "event 2 of `talk.jsonl`: `want`, column 1: "),
        (with(client("a"), r#""send":"${a""#), "event 2 of `talk.jsonl`: `send`, column 1: "),
        (
            with(client("a"), r#""send":"${a}""#),
            "event 2 of talk.jsonl: `a` in its `send` has no value",
        ),
        (
            with(server("a"), r#""want":"${a}""#),
            "event 2 of talk.jsonl: `a` in its `want` has no value",
        ),
    ] {
        let dir = talk_folder(&tape(&[event, server("b")]));
        let server = ScriptedServer::start(|mut peer| {
            peer.try_say("a\n");
            drop(peer.read_to_end_within(DEADLINE));
        });
        let repl = Repl::new().args(["--connect", &server.addr(), "--replay", "talk.jsonl"]);
        repl.current_dir(dir.path()).run().code(3).stderr(says::error(why));
    }
    let dir = talk_folder(&tape(&[with(client("x"), r#""send":"hi ${who}""#), server("a")]));
    let (replayed, heard) = replay(dir.path(), &["--var", "who=bob"], |peer| {
        peer.expect_bytes("hi bob\n");
        peer.say("a\n");
    });
    replayed.success();
    assert_eq!(heard, b"hi bob\n");
}

#[test]
fn a_recorded_pace_keeps_its_silences_and_they_can_be_shortened() {
    let late = r#"{"dt":3600000,"conn":1,"from":"client","line":"late"}"#.to_owned();
    let dir = talk_folder(&tape(&[client("soon"), server("ok"), late, server("ok")]));
    for options in [
        &["--pace", "recorded", "--max-idle", "10ms"][..],
        &["--pace", "x100000"],
        &["--pace", "wait"],
    ] {
        let (replayed, heard) = replay(dir.path(), options, |peer| {
            peer.expect_bytes("soon\n");
            peer.say("ok\n");
            peer.expect_bytes("late\n");
            peer.say("ok\n");
        });
        replayed.success();
        assert_eq!(heard, b"soon\nlate\n");
    }
    let repl = Repl::new().args(["--connect", "127.0.0.1:1", "--pace", "x0"]);
    repl.run().code(2).stderr(contains("`x0` is no pace: write `wait`, `recorded`, or `x2`"));
}

#[test]
fn a_peer_ends_where_it_did() {
    let dir = talk_folder(&tape(&[server("bye"), closes("server", "eof"), client("one more")]));
    let (replayed, _) = replay(dir.path(), &["--timeout", "100ms"], |peer| peer.say("bye\n"));
    let open = "event 3 of talk.jsonl did not come: the peer has not ended within 100ms\n";
    replayed.code(1).stderr(says::error(open));
    let (replayed, heard) = replay(dir.path(), &[], |peer| {
        peer.say("bye\n");
        peer.shutdown();
    });
    replayed.success();
    assert_eq!(heard, b"one more\n");

    let dir = talk_folder(&tape(&[server("a"), client("b"), server("c"), closes("server", "eof")]));
    let (gone, goes) = channel();
    let server = ScriptedServer::start(move |mut peer| {
        peer.say("a\n");
        peer.expect_bytes("b\n");
        peer.say("c\n");
        goes.recv_timeout(DEADLINE).unwrap();
    });
    let repl = Repl::new().args(["--connect", &server.addr(), "--replay", "talk.jsonl"]);
    let replayed = repl.args(["--linger", "100ms"]).current_dir(dir.path()).run();
    gone.send(()).unwrap();
    let open = "event 5 of talk.jsonl did not come: the peer has not ended within 100ms\n";
    replayed.code(1).stderr(says::error(open));
    server.finish();
}

#[test]
fn a_peer_that_ends_too_early_is_no_peer_that_stays() {
    let late = r#"{"dt":500,"conn":1,"from":"client","line":"late"}"#.to_owned();
    let dir = talk_folder(&tape(&[server("a"), late, closes("server", "eof")]));
    let (replayed, _) = replay(dir.path(), &["--pace", "recorded"], |peer| {
        peer.say("a\n");
        peer.shutdown();
    });
    let told = "event 3 of talk.jsonl cannot be said as it was: the peer has ended\n";
    replayed.code(1).stderr(says::error(told));
}

#[test]
fn a_difference_is_a_record_with_json() {
    let dir = talk_folder(&tape(&[server("a"), server("b")]));
    let (replayed, _) = replay(dir.path(), &["--json"], |peer| peer.say(&b"a\n\xff\n"[..]));
    let output = replayed.code(1).get_output().stdout.clone();
    let records: Vec<serde_json::Value> = output
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let mismatch = records.iter().find(|record| record["ev"] == "mismatch").unwrap();
    for (key, value) in
        [("kind", "changed"), ("file", "talk.jsonl"), ("recorded", "b\n"), ("came-esc", "\\xff\n")]
    {
        assert_eq!(mismatch[key], value, "{mismatch}");
    }
    assert_eq!((mismatch["event"].as_u64(), mismatch["conn"].as_u64()), (Some(3), Some(1)));
    assert_eq!(records.last().map(|record| record["ev"].clone()), Some("end".into()));
}

#[test]
fn what_happened_is_kept_as_a_transcript() {
    let dir = talk_folder(&tape(&[server("a"), client("b"), server("c")]));
    let (replayed, _) = replay(dir.path(), &["--actual", "actual.json"], |peer| {
        peer.say("a\n");
        peer.expect_bytes("b\n");
        peer.say("other\n");
    });
    replayed.code(1);
    let actual = fs::read_to_string(dir.path().join("actual.json")).unwrap();
    assert!(actual.contains(r#""from":"server","line":"other""#), "{actual}");
    let repl = Repl::new().args(["--connect", "127.0.0.1:1", "--replay", "talk.jsonl"]);
    let same = repl.args(["--actual", "talk.jsonl"]).current_dir(dir.path());
    same.run().code(2).stderr(contains("--replay and --actual name the same file"));
    let repl = Repl::new().args(["--connect", "127.0.0.1:1", "--replay", "talk.jsonl#1"]);
    let conn = repl.args(["--actual", "talk.jsonl"]).current_dir(dir.path());
    conn.run().code(2).stderr(contains("--replay and --actual name the same file"));
}

#[test]
fn a_blessed_transcript_verifies_and_nothing_else_in_it_is_changed() {
    let odd =
        r#"{ "conn":1, "x-why": [1,  2], "dt":2.50,"from":"server" , "line" : "old", "opt":true}"#;
    let before = tape(&[
        prompt("log"),
        prompt("in: "),
        client("bob"),
        odd.to_owned(),
        with(server("OK 12"), r#""want":"^OK (?<n>\\d+)$""#),
        server("gone"),
        with(client("GO 12"), r#""send":"GO ${n}""#),
        server("last"),
    ]) + "{\"ev\":\"end\",\"dt\":1.0,\"events\":9}\n";
    let dir = talk_folder(&before);
    let part = |peer: &mut Peer| {
        peer.say("log on: ");
        peer.expect_bytes("bob\n");
        peer.say(&b"old\xff\r\nOK 7\n"[..]);
        peer.expect_bytes("GO 7\n");
        peer.say("last\nand more\n");
    };
    let (replayed, heard) = replay(dir.path(), &["--bless", "--timeout", "1s"], part);
    replayed
        .success()
        .stderr(says::notice("blessed talk.jsonl: 2 lines changed, 1 added, 1 removed\n"));
    assert_eq!(heard, b"bob\nGO 7\n");
    let added = r#"{"dt":0,"conn":1,"from":"server","line":"and more"}"#;
    let wanted = before
        .replace(r#""line":"in: ""#, r#""line":" on: ""#)
        .replace(r#""line" : "old""#, r#""esc":"old\\xff","eol":"\r\n""#)
        .replace("{\"dt\":1,\"conn\":1,\"from\":\"server\",\"line\":\"gone\"}\n", "")
        .replace("\"last\"}\n", &format!("\"last\"}}\n{added}\n"));
    assert_eq!(fs::read_to_string(dir.path().join("talk.jsonl")).unwrap(), wanted);
    let (replayed, _) = replay(dir.path(), &[], part);
    replayed.success();
}

#[test]
fn bless_leaves_patterns_to_people_and_stays_away_from_ci() {
    let before = tape(&[with(server("OK 12"), r#""want":"^OK""#), server("x")]);
    let dir = talk_folder(&before);
    let (replayed, _) =
        replay(dir.path(), &["--bless", "--timeout", "300ms"], |peer| peer.say("NO\ny\n"));
    let told = says::error("event 2 of talk.jsonl differs\n").and(contains("nothing was written"));
    replayed.code(1).stderr(told);
    let (replayed, _) = replay(dir.path(), &["--bless"], |peer| {
        peer.say("OK\n");
        peer.shutdown();
    });
    replayed
        .code(1)
        .stderr(says::error("event 3 of talk.jsonl did not come: the peer has ended\n"));
    assert_eq!(fs::read_to_string(dir.path().join("talk.jsonl")).unwrap(), before);

    let blessing = |option: &str, addr: &str| {
        let repl = Repl::new().args(["--connect", addr, "--replay", "talk.jsonl", option]);
        repl.env("CI", "true").current_dir(dir.path()).run()
    };
    blessing("--bless", "127.0.0.1:1").code(2).stderr(contains("Write --bless=force"));
    let server = ScriptedServer::start(|mut peer| {
        peer.say("OK\nz\n");
        peer.read_to_end_within(DEADLINE);
    });
    blessing("--bless=force", &server.addr()).success();
    let after = fs::read_to_string(dir.path().join("talk.jsonl")).unwrap();
    assert_eq!(after, before.replace("\"x\"", "\"z\""));
}

#[test]
fn a_blessed_line_keeps_its_secrets() {
    let dir = talk_folder(&tape(&[with(server("old"), "\"x\":1"), client("b"), server("c")]));
    fs::write(dir.path().join("pass.txt"), "sesame\n").unwrap();
    let (replayed, _) = replay(dir.path(), &["--bless", "--secret", "PASS@pass.txt"], |peer| {
        peer.say("it is sesame\n");
        peer.expect_bytes("b\n");
        peer.say("c\n");
    });
    replayed.success();
    let after = fs::read_to_string(dir.path().join("talk.jsonl")).unwrap();
    assert!(after.contains(r#""line":"it is ${PASS}","secret":["PASS"],"x":1}"#), "{after}");
}

#[test]
fn tests_compare_as_tolerantly() {
    let dir = talk_folder(&login());
    let server = ScriptedServer::start(|mut peer| {
        log_in(&mut peer, "", "bob joined\nalice joined\n");
        peer.read_to_end_within(DEADLINE);
    });
    let repl = Repl::new().args(["test", "--connect", &server.addr(), "talk.jsonl"]).args(MASK);
    repl.current_dir(dir.path()).run().success();
}
