//! Every way out leaves the terminal as it was.

use std::fs;

use rustix::process::Signal;
use tempfile::TempDir;

use super::Person;
use crate::support::peer::{Peer, listen};
use crate::support::proc::Repl;
use crate::support::pty::rows;

/// What a person may be in the middle of: keys, and what the screen shows then.
const MIDDLES: [(&str, &str); 8] = [
    ("half a line", "> half a line"),
    ("\x12ear", "`ear': an earlier line"),
    ("/s\t\t", "/shutdown"),
    ("quoted \x16", "> quoted"),
    ("half a key \x1b[", "> half a key"),
    ("\x1b[200~one\rtwo", ">"),
    ("\x1b3", "(arg: 3)"),
    ("at the start\x01", "> at the start"),
];

#[test]
fn ctrl_d_on_an_empty_line_leaves() {
    let (mut host, _) = Person::hosts();
    assert!(!host.is_cooked(), "else leaving has nothing to put back");
    assert!(!host.is_bracketed_paste_off());
    host.type_keys("ab\x01\x04");
    host.wait_for_row("> b");
    host.type_keys("\x04\x04");
    host.left_with(0);
}

#[test]
fn quit_leaves_and_the_peer_has_heard_all() {
    let (mut person, mut peer) = Person::joins_a_server();
    person.type_keys("one\rtwo\r/quit\r");
    person.left_with(0);
    peer.expect_bytes("one\ntwo\n");
    assert!(peer.read_line().is_empty());
}

#[test]
fn the_peer_closing_ends_it_at_once_whatever_is_being_typed() {
    for (keys, shown) in MIDDLES {
        let (mut person, mut peer) = Person::joins_a_server();
        person.has_said("an earlier line");
        peer.expect_bytes("an earlier line\n");
        person.type_keys(keys);
        person.wait_for_text(shown);
        peer.say("the last words\n");
        drop(peer);
        person.left_with(0);
        person.wait_for_row("the last words");
        person.wait_for_row("-- the peer closed the connection");
    }
}

#[test]
fn a_half_typed_line_that_wraps_stays_on_the_screen() {
    let (mut person, peer) = Person::joins_a_server();
    let typed = "0123456789".repeat(20);
    person.type_keys(&typed);
    person.wait_for(|screen| rows(screen).concat().ends_with(&typed));
    person.type_keys("\x01");
    drop(peer);
    person.left_with(0);
    assert!(person.rows().concat().contains(&typed), "{}", person.picture());
}

#[test]
fn a_signal_ends_it_with_its_own_status() {
    for (signal, status) in [(Signal::TERM, 143), (Signal::HUP, 143), (Signal::INT, 130)] {
        for keys in ["", "half a line", "\x12"] {
            // Nobody hears a SIGINT that comes while rustyline is about to wait for a key of a search,
            // until that key comes: its handler stands then, and its read is a bare one.
            if (signal, keys) == (Signal::INT, "\x12") {
                continue;
            }
            let (mut person, mut peer) = Person::joins_a_server();
            person.has_said("said");
            peer.expect_bytes("said\n");
            person.type_keys(keys);
            person.wait_for_text(if keys == "\x12" { "search" } else { keys });
            person.signalled(signal);
            person.left_with(status);
            person.wait_for_text("error: ");
            assert!(peer.read_line().is_empty(), "the peer hears the end");
        }
    }
}

#[test]
fn a_peer_that_breaks_the_connection_is_an_error() {
    let (mut person, peer) = Person::joins_a_server();
    person.type_keys("half a line");
    person.wait_for_line("half a line");
    peer.reset();
    person.left_with(5);
    person.wait_for_text("broke: it was reset by the peer");
}

#[test]
fn nobody_to_connect_to_is_an_error() {
    let dir = TempDir::new().unwrap();
    let addr = format!("unix:{}", dir.path().join("nobody").display());
    let mut person = Person::connects(&addr, &[]);
    person.left_with(4);
    person.wait_for_text("error: ");
}

#[test]
fn an_address_in_use_is_an_error() {
    let (_listener, addr) = listen();
    let mut person = Person::sits(Repl::new().args(["--listen", &addr.to_string()]));
    person.left_with(4);
}

#[test]
fn a_script_that_fails_does_not_hand_over() {
    let dir = TempDir::new().unwrap();
    let script = dir.path().join("fails.chat");
    fs::write(&script, "/expect -n ^250\n").unwrap();
    let (listener, addr) = listen();
    let options = ["--script", script.to_str().unwrap(), "--interactive"];
    let mut person = Person::connects(&addr.to_string(), &options);
    let mut peer = Peer::accept(&listener);
    peer.say("550 no such host\n");
    person.left_with(1);
    person.wait_for_text("fails.chat:1:12");
    assert!(!person.written().contains("\x1b[?2004h"), "there was a prompt");
}

#[test]
fn a_history_that_cannot_be_used_is_an_error() {
    let options = ["--listen", "127.0.0.1:0", "--history", "/nowhere/history"];
    let mut person = Person::sits(Repl::new().args(options));
    person.left_with(3);
    person.wait_for_text("`/nowhere/history`");
}
