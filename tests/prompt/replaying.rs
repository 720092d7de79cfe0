//! `/replay` at the prompt.

use tempfile::TempDir;

use super::Person;
use crate::support::tape::{client, server, talk_folder, tape};

/// A conversation in which each line of ours waits for one of the server; and the name of its file.
fn talk() -> (TempDir, String) {
    let dir = talk_folder(&tape(&[client("PING"), server("PONG"), client("NEXT")]));
    let file = dir.path().join("talk.jsonl").display().to_string();
    (dir, file)
}

#[test]
fn text_is_refused_until_a_replay_has_ended() {
    let (_dir, file) = talk();
    let (person, mut peer) = Person::joins_a_server();
    person.enters(&format!("/replay {file}"));
    peer.expect_bytes("PING\n");
    person.wait_for_row("> PING");
    person.enters("in between");
    person.wait_for_text("-- a replay is running");
    peer.say("PONG\n");
    peer.expect_bytes("NEXT\n");
    person.wait_for_row("> NEXT");
    person.wait_for_text("1 line as recorded");
    person.enters("afterwards");
    peer.expect_bytes("afterwards\n");
}

#[test]
fn ctrl_c_stops_a_replay_and_nothing_else() {
    let (_dir, file) = talk();
    let (mut person, mut peer) = Person::joins_a_server();
    person.enters(&format!("/replay {file}"));
    peer.expect_bytes("PING\n");
    person.wait_for_row("> PING");
    person.wait_for_prompt();
    person.type_keys("\x03");
    person.wait_for_row("-- stopped");
    peer.say("PONG\n");
    person.wait_for_row("PONG");
    person.enters("typed");
    peer.expect_bytes("typed\n");
    person.enters("/quit");
    person.left_with(0);
    assert!(peer.read_line().is_empty(), "the replay went on");
    let typed = person.rows().iter().filter(|row| row.contains("typed")).count();
    assert_eq!(typed, 1, "what is typed is not shown twice\n{}", person.picture());
}

#[test]
fn a_difference_is_told_and_the_session_goes_on() {
    let (_dir, file) = talk();
    let (person, mut peer) = Person::joins_a_server();
    person.enters(&format!("/replay {file}"));
    peer.expect_bytes("PING\n");
    peer.say("PANG\n");
    person.wait_for_text("error: ");
    person.wait_for_text("PONG");
    person.enters("afterwards");
    peer.expect_bytes("afterwards\n");
    person.enters("/echo done");
    person.wait_for_row("-- done");
    let shown = person.rows().iter().filter(|row| row.ends_with("afterwards")).count();
    assert_eq!(shown, 1, "what is typed is not shown twice\n{}", person.picture());
    person.enters("/replay /nowhere/talk.json");
    person.wait_for_text("`/nowhere/talk.json`");
}
