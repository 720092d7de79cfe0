//! A person who watches a mock.

use std::path::Path;

use super::{Person, listening_addr};
use crate::support::peer::Peer;
use crate::support::proc::Repl;
use crate::support::tape::{client, server, talk_folder, tape};

/// Sits in front of a mock of this, at which one guest is to come; with its address.
fn mocks(dir: &Path, options: &[&str]) -> (Person, String) {
    let args = ["--listen", "127.0.0.1:0", "--replay", "talk.jsonl"];
    let person = Person::sits(Repl::new().args(args).args(options).current_dir(dir));
    let addr = listening_addr(&person);
    person.wait_for_prompt();
    (person, addr)
}

#[test]
fn what_both_say_is_seen_and_nothing_is_said_for_it() {
    let talk = [server("hello"), client("one"), server("1"), client("two"), server("2")];
    let dir = talk_folder(&tape(&talk));
    let (mut person, addr) = mocks(dir.path(), &["--stay"]);
    let mut guest = Peer::connect(&addr);
    guest.expect_bytes("hello\n");
    person.wait_for_row("> hello");
    guest.say("one\n");
    person.wait_for_timed("one");
    person.wait_for_row("> 1");
    for typed in ["hello", "/expect one", "/close"] {
        person.enters("/clear");
        person.enters(typed);
        person.wait_for_text("-- not sent: a mock says what was recorded");
        person.wait_for_prompt();
    }
    person.enters("/who");
    person.wait_for_text("-- guest-1 from 127.0.0.1:");
    guest.say("tow\n");
    person.wait_for_text("error: guest-1: event 5 of talk.jsonl differs");
    assert_eq!(guest.read_line(), b"1\n");
    assert_eq!(guest.read_line(), b"");
    person.wait_for_row("-- guest-1 left: closed");
    person.enters("/save kept.json");
    person.wait_for_text("events to kept.json");
    person.enters("/quit");
    person.left_with(1);
}

#[test]
fn it_ends_by_itself_when_all_was_played() {
    let dir = talk_folder(&tape(&[server("hello"), client("bye")]));
    let (mut person, addr) = mocks(dir.path(), &[]);
    let mut guest = Peer::connect(&addr);
    guest.say("bye\n");
    guest.shutdown();
    person.wait_for_text("-- replayed talk.jsonl to guest-1: 1 line as recorded");
    person.left_with(0);
}
