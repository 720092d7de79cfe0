//! How conversations end: who says the last word, who hears it, and what that means for the other.

use std::io::{ErrorKind, Read, Write};
use std::sync::mpsc;

use predicates::prelude::*;
use rustix::process::Signal;
use tempfile::{NamedTempFile, TempPath};

use crate::support::DEADLINE;
use crate::support::peer::{EchoServer, Peer, ScriptedServer, accept_within, listen};
use crate::support::proc::Repl;
use crate::support::running::Running;
use crate::support::says::{error, notice};

fn host(args: &[&str]) -> Running {
    Repl::new().args(["--listen", "127.0.0.1:0"]).args(args).spawn()
}

fn client(addr: &str) -> Repl {
    Repl::new().args(["--connect", addr])
}

/// A script that is there as a whole, whatever the peer does before it is read.
fn script(steps: &str) -> TempPath {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(steps.as_bytes()).unwrap();
    file.into_temp_path()
}

#[test]
fn a_reply_that_comes_only_after_our_last_word_is_printed() {
    let server = ScriptedServer::start(|mut peer| {
        assert_eq!(peer.read_to_end_within(DEADLINE), b"question\n");
        peer.say("late answer\n");
    });
    let client = client(&server.addr()).stdin("question\n").run();
    client.success().stdout("late answer\n").stderr(notice("the peer closed the connection"));
    server.finish();
}

#[test]
fn without_a_half_close_the_peer_is_not_told_of_our_end() {
    let (listener, addr) = listen();
    let running = client(&addr.to_string()).args(["--no-half-close"]).stdin("question\n").spawn();
    let mut stream = accept_within(&listener);
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut question = [0; 9];
    stream.read_exact(&mut question).unwrap();
    let mut peer = Peer::from(stream.try_clone().unwrap());
    peer.say("answer\n");
    running.wait_stdout("answer\n");
    // A half-close would have come in the same breath as the question.
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.peek(&mut question).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop((stream, peer));
    assert_eq!(running.wait().exited(0).stdout, b"answer\n");
}

#[test]
fn a_peer_that_never_closes_is_left_when_nothing_came_for_as_long_as_linger() {
    let (done, wait) = mpsc::channel::<()>();
    let server = ScriptedServer::start(move |mut peer| {
        assert_eq!(peer.read_to_end_within(DEADLINE), b"question\n");
        peer.say("answer");
        // Holds the connection until the client has gone.
        let _ = wait.recv_timeout(DEADLINE);
    });
    let client = client(&server.addr()).args(["--linger", "300ms"]).stdin("question\n").run();
    client.success().stdout("answer").stderr(notice("nothing came for 300ms: leaving (--linger)"));
    drop(done);
    server.finish();
}

#[test]
fn the_peer_closing_ends_the_program_with_standard_input_still_open() {
    let server = ScriptedServer::start(|mut peer| peer.say("bye\n"));
    let client = client(&server.addr()).spawn();
    let left = client.wait().exited(0);
    assert_eq!(left.stdout, b"bye\n");
    assert!(left.stderr.ends_with("-- the peer closed the connection\n"), "{}", left.stderr);
    server.finish();
}

#[test]
fn the_peer_closing_before_the_first_word_ends_the_program_too() {
    let server = ScriptedServer::start(drop);
    let left = client(&server.addr()).spawn().wait().exited(0);
    assert_eq!(left.stdout, b"");
    server.finish();
}

#[test]
fn a_script_goes_on_after_the_peer_has_said_its_last() {
    let server = ScriptedServer::start(|mut peer| {
        peer.say("my last\n");
        peer.shutdown();
        assert_eq!(peer.read_to_end_within(DEADLINE), b"one\ntwo\n");
    });
    let steps = script("/expect-eof\none\n/echo a local step\n/expect ^my last$\ntwo\n");
    let client = client(&server.addr()).stdin_file(&steps).run();
    client.success().stdout("my last\n").stderr(notice("a local step"));
    server.finish();
}

#[test]
fn a_wait_fails_at_once_when_the_peer_has_said_its_last() {
    let server = ScriptedServer::start(|mut peer| {
        peer.say("unlike\n");
        peer.shutdown();
        peer.read_to_end_within(DEADLINE);
    });
    // An hour: it would not come to an end otherwise.
    let steps = script("/expect -t 1h ^never$\n");
    let client = client(&server.addr()).stdin_file(&steps).run();
    client.code(5).stderr(error("").and(predicate::str::contains("unlike")));
    server.finish();
}

#[test]
fn a_guest_that_has_said_its_last_still_hears_the_answer() {
    let mut host = host(&[]);
    let mut guest = Peer::connect(&host.listening_addr());
    guest.say("question");
    guest.shutdown();
    host.wait_stderr_line("-- guest-1 left: closed");
    host.write("answer\n");
    guest.expect_bytes("answer\n");
    host.close_stdin();
    assert_eq!(guest.read_to_end_within(DEADLINE), b"");
    assert_eq!(host.wait().exited(0).stdout, b"question");
}

#[test]
fn a_listener_ends_when_its_script_has_ended_and_its_guests_have_left() {
    let mut host = host(&[]);
    let addr = host.listening_addr();
    let (mut first, mut second) = (Peer::connect(&addr), Peer::connect(&addr));
    host.wait_stderr_line("-- guest-2 joined");
    host.close_stdin();
    assert_eq!(first.read_to_end_within(DEADLINE), b"");
    assert_eq!(second.read_to_end_within(DEADLINE), b"");
    first.shutdown();
    host.wait_stderr_line("-- guest-1 left: closed");
    second.say("I am still here\n");
    host.wait_stdout("I am still here\n");
    second.shutdown();
    host.wait().exited(0);
}

#[test]
fn a_listener_that_stays_outlives_its_script_and_its_guests() {
    let host = Repl::new().args(["--listen", "127.0.0.1:0", "--stay"]).stdin("hello\n").spawn();
    let addr = host.listening_addr();
    let mut first = Peer::connect(&addr);
    first.expect_bytes("hello\n");
    drop(first);
    host.wait_stderr_line("-- guest-1 left: closed");
    let mut second = Peer::connect(&addr);
    second.say("anybody?\n");
    host.wait_stdout("anybody?\n");
    host.signal(Signal::TERM);
    assert_eq!(second.read_to_end_within(DEADLINE), b"");
    let left = host.wait().exited(0);
    assert!(!left.stderr.contains("error:"), "{}", left.stderr);
}

#[test]
fn a_guest_that_breaks_off_is_told_and_the_others_go_on() {
    let mut host = host(&[]);
    let addr = host.listening_addr();
    let (mut first, mut second) = (Peer::connect(&addr), Peer::connect(&addr));
    host.wait_stderr_line("-- guest-2 joined");
    first.say("half a line");
    host.write("/expect -p ^half a line$\nheard\n");
    first.expect_bytes("heard\n");
    first.reset();
    host.wait_stderr_line("-- guest-1 left: reset");
    host.write("who is left\n");
    host.close_stdin();
    second.expect_bytes("heard\nwho is left\n");
    drop(second);
    let left = host.wait().exited(5);
    assert!(left.stdout.starts_with(b"half a line"), "what it said stays said");
}

#[test]
fn shutdown_is_a_half_close_and_close_is_a_close() {
    let echo = EchoServer::start();
    let halves = client(&echo.addr()).stdin("one\n/shutdown\n/expect ^one$\n/expect-eof\n").run();
    halves.success().stdout("one\n");
    let server = ScriptedServer::start(|mut peer| {
        assert_eq!(peer.read_to_end_within(DEADLINE), b"one\n");
    });
    client(&server.addr()).stdin("one\n/close\n").run().success();
    server.finish();
}

#[test]
fn our_last_words_survive_a_peer_that_never_stops_talking() {
    let server = ScriptedServer::start(|mut peer| {
        peer.say(vec![b'x'; 1 << 20]);
        // A close with unread input would destroy what we were told.
        peer.expect_bytes("my last words\n");
        peer.read_to_end_within(DEADLINE);
    });
    let client = client(&server.addr()).stdin("my last words\n/quit\n").run();
    client.success();
    server.finish();
}

#[test]
fn telnet_negotiation_is_removed_from_what_is_heard_and_noted() {
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("t.json");
    let mut host = host(&["--save", file.to_str().unwrap()]);
    let mut guest = Peer::connect(&host.listening_addr());
    guest.say(b"\xff\xfd\x03\xff\xfb\x18hel\xff\xfa\x18\x00xterm\xff\xf0lo\n");
    guest.say("plain\n");
    guest.shutdown();
    host.wait_stderr_line("-- guest-1 left: closed");
    host.close_stdin();
    assert_eq!(guest.read_to_end_within(DEADLINE), b"", "nothing is answered");
    assert_eq!(host.wait().exited(0).stdout.escape_ascii().to_string(), r"hello\nplain\n");
    let saved = std::fs::read_to_string(file).unwrap();
    let noted = predicate::str::contains("telnet negotiation removed: ff fd 03 ff fb 18");
    assert!(noted.eval(&saved), "{saved}");
}

#[test]
fn telnet_negotiation_is_data_where_standard_input_is() {
    let mut host = host(&["--plain"]);
    let mut guest = Peer::connect(&host.listening_addr());
    let bytes = b"\xff\xfd\x03hello\n";
    guest.say(bytes);
    guest.shutdown();
    host.wait_stderr_line("-- guest-1 left: closed");
    host.close_stdin();
    assert_eq!(host.wait().exited(0).stdout, bytes);
}
