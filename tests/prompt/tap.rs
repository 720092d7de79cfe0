//! A person who watches a tap.

use super::Person;
use crate::support::peer::{EchoServer, Peer, ScriptedServer};

#[test]
fn both_directions_are_seen_with_their_times() {
    let server = ScriptedServer::start(|mut peer| {
        peer.say("login: ");
        peer.expect_bytes("bob\r\n");
        peer.say("\x1b[2Jwelcome\n");
        peer.shutdown();
        assert_eq!(peer.read_line(), b"");
    });
    let (mut person, addr) = Person::hosts_with(&["--connect", &server.addr()]);
    let mut client = Peer::connect(&addr);
    client.expect_bytes("login: ");
    person.wait_for_timed("server-1: login:");
    client.say("bob\r\n");
    client.expect_bytes("\x1b[2Jwelcome\n");
    person.wait_for_timed("client-1: bob");
    person.wait_for_timed(r"server-1: … \x1b[2Jwelcome");
    person.wait_for_row("-- server-1 left: closed");
    client.shutdown();
    person.wait_for_row("-- client-1 left: closed");
    server.finish();
    person.enters("/quit");
    person.left_with(0);
}

#[test]
fn what_is_typed_is_refused_and_what_was_said_can_be_kept() {
    let echo = EchoServer::start();
    let (mut person, addr) = Person::hosts_with(&["--connect", &echo.addr()]);
    let mut client = Peer::connect(&addr);
    for typed in ["hello", "/send hello", "/expect hello", "/close"] {
        person.enters("/clear");
        person.enters(typed);
        person.wait_for_text("-- not sent: a tap says nothing itself");
        person.wait_for_prompt();
    }
    client.say("from the client\n");
    client.expect_bytes("from the client\n");
    person.enters("/who");
    person.wait_for_text("-- client-1 from 127.0.0.1:");
    person.enters("/note it works");
    person.enters("/save kept.json");
    person.wait_for_row("-- saved 4 events to kept.json");
    person.enters("/stats");
    person.wait_for_row("-- server: 1 line, 16 bytes");
    person.type_keys("\x04");
    person.left_with(0);
    assert_eq!(client.read_line(), b"");
}
