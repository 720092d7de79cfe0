//! `--bless` where lines come late, or at once.

use std::fs;
use std::path::Path;

use predicates::prelude::*;
use predicates::str::contains;

use crate::support::DEADLINE;
use crate::support::peer::{Peer, ScriptedServer};
use crate::support::proc::{Repl, stderr};
use crate::support::says;
use crate::support::tape::{client, prompt, server, talk_folder, tape, with};

/// A line that may be missing.
fn maybe(line: &str) -> String {
    with(server(line), r#""opt":true"#)
}

/// Blesses what a server says that plays this part and then reads to the end; what is told of it, and
/// the tape as it is then.
#[track_caller]
fn bless(tape: &str, part: impl FnOnce(&mut Peer) + Send + 'static) -> (String, String) {
    let dir = talk_folder(tape);
    let told = replay(dir.path(), part);
    (told, fs::read_to_string(dir.path().join("talk.jsonl")).unwrap())
}

#[track_caller]
fn replay(dir: &Path, part: impl FnOnce(&mut Peer) + Send + 'static) -> String {
    let server = ScriptedServer::start(move |mut peer| {
        part(&mut peer);
        peer.read_to_end_within(DEADLINE);
    });
    let repl = Repl::new().args(["--connect", &server.addr(), "--bless", "--replay", "talk.jsonl"]);
    let told = repl.current_dir(dir).run().success();
    server.finish();
    stderr(&told)
}

/// The server's part: says this, hears the client, says that.
fn around(before: &'static str, after: &'static str) -> impl FnOnce(&mut Peer) + Send + 'static {
    move |peer| {
        peer.say(before);
        peer.expect_bytes("b\n");
        peer.say(after);
    }
}

#[test]
fn a_line_that_may_be_missing_may_be_another_and_late() {
    let tape_of = |note: &str| tape(&[server("a"), maybe(note), client("b"), server("c")]);
    let (told, now) = bless(&tape_of("* note 1"), around("a\n", "* note 2\nc\n"));
    assert!(told.contains("-- blessed talk.jsonl: 1 line changed, 0 added, 0 removed\n"), "{told}");
    assert_eq!(now, tape_of("* note 2"));
    // As it was, only late, or not at all: nothing is to be changed.
    for late in ["* note 1\nc\n", "c\n"] {
        let (told, now) = bless(&tape_of("* note 1"), around("a\n", late));
        assert!(!told.contains("blessed"), "{told}");
        assert_eq!(now, tape_of("* note 1"), "{late}");
    }
    // Another line altogether is a new one.
    let (told, now) = bless(&tape_of("* note 1"), around("a\n", "nothing like it\nc\n"));
    assert!(told.contains("0 lines changed, 1 added, 0 removed\n"), "{told}");
    let added = server("nothing like it").replacen(r#""dt":1"#, r#""dt":0"#, 1);
    let wanted = tape(&[server("a"), maybe("* note 1"), client("b"), added, server("c")]);
    assert_eq!(now, wanted);
}

#[test]
fn a_prompt_that_has_its_rest_at_once_is_as_it_was() {
    let recorded = tape(&[prompt("login: "), client("b"), server("welcome")]);
    let (told, now) = bless(&recorded, around("login: welcome\n", ""));
    assert!(!told.contains("blessed"), "{told}");
    assert_eq!(now, recorded);
}

/// What is told where a server that plays this part cannot be blessed; the tape stays as it is.
#[track_caller]
fn refuse(tape: &str, part: impl FnOnce(&mut Peer) + Send + 'static, told: &[&str]) {
    let dir = talk_folder(tape);
    let server = ScriptedServer::start(move |mut peer| part(&mut peer));
    let repl = Repl::new().args(["--connect", &server.addr(), "--timeout", "300ms", "--bless"]);
    let refused = repl.args(["--replay", "talk.jsonl"]).current_dir(dir.path()).run().code(1);
    server.finish();
    let stderr = stderr(&refused);
    for part in told {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    assert_eq!(fs::read_to_string(dir.path().join("talk.jsonl")).unwrap(), tape);
}

#[test]
fn what_cannot_be_blessed_is_told_as_such() {
    let nothing = "nothing was written: `--bless` rewrites lines, and leaves this to a person (1 difference before it)";
    let talk = tape(&[server("a"), client("b"), server("c"), client("d"), server("e")]);
    let ends = |peer: &mut Peer| {
        peer.say("A\n");
        peer.expect_bytes("b\n");
    };
    refuse(&talk, ends, &["event 4 of talk.jsonl did not come: the peer has ended\n", nothing]);
    let wanted = |line: &str| with(server(line), r#""want":"^o""#);
    let talk = tape(&[server("a"), client("b"), wanted("ok")]);
    let silent = |peer: &mut Peer| {
        peer.say("A\n");
        peer.expect_bytes("b\n");
        peer.read_to_end_within(DEADLINE);
    };
    refuse(&talk, silent, &["event 4 of talk.jsonl did not come: nothing came\n", nothing]);
    let by_hand = "the line end of a pattern is changed by hand: `eol` of this event\n";
    let other_end = |peer: &mut Peer| {
        peer.say("A\n");
        peer.expect_bytes("b\n");
        peer.say("oh\r\n");
        peer.read_to_end_within(DEADLINE);
    };
    refuse(
        &talk,
        other_end,
        &["event 4 of talk.jsonl differs in its line end\n", by_hand, nothing],
    );
}

#[test]
fn a_file_that_is_gone_is_told_without_a_place_in_a_script() {
    let dir = talk_folder(&tape(&[server("a"), client("b"), server("c")]));
    let file = dir.path().join("talk.jsonl");
    let server = ScriptedServer::start(move |mut peer| {
        peer.say("A\n");
        peer.expect_bytes("b\n");
        fs::remove_file(file).unwrap();
        peer.say("c\n");
    });
    let repl = Repl::new().args(["--connect", &server.addr(), "--bless", "--replay", "talk.jsonl"]);
    let refused = repl.current_dir(dir.path()).run().code(3);
    let told = says::error("cannot write `talk.jsonl`: no such file or directory\n");
    refused.stderr(told.and(contains("-->").not()));
    server.finish();
}

#[test]
fn a_file_that_was_changed_meanwhile_is_left_alone() {
    let dir = talk_folder(&tape(&[server("a"), client("b"), server("c")]));
    let file = dir.path().join("talk.jsonl");
    let longer = tape(&[server("0"), server("a"), client("b"), server("c")]);
    let (changed, content) = (file.clone(), longer.clone());
    let server = ScriptedServer::start(move |mut peer| {
        peer.say("A\n");
        peer.expect_bytes("b\n");
        fs::write(changed, content).unwrap();
        peer.say("c\n");
    });
    let repl = Repl::new().args(["--connect", &server.addr(), "--bless", "--replay", "talk.jsonl"]);
    let refused = repl.current_dir(dir.path()).run().code(3);
    refused.stderr(says::error(
        "cannot change `talk.jsonl`: it was changed meanwhile: replay what it is now\n",
    ));
    server.finish();
    assert_eq!(fs::read_to_string(file).unwrap(), longer);
}
