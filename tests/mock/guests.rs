//! Several guests, and how conversations with them end.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use rustix::process::Signal;

use super::*;
use crate::support::DEADLINE;
use crate::support::tape::{closes, on, opens};

/// A stream that does not block for ever.
fn connect(addr: &str) -> TcpStream {
    let stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Two conns, told apart by what the server says first.
fn two_conns() -> String {
    let first = [server("first"), client("a"), server("A")];
    let second = [opens(2), on(2, server("second")), on(2, client("b")), on(2, server("B"))];
    tape(&[&first[..], &second[..]].concat())
}

#[test]
fn each_guest_has_a_cursor_of_its_own_and_a_failed_one_disturbs_nobody() {
    let dir = talk_folder(&talk());
    let (mock, addr) = mock(dir.path(), "talk.jsonl", &["--stay"]);
    let mut slow = Peer::connect(&addr);
    slow.expect_bytes("hello\n");
    slow.say("one\n");
    slow.expect_bytes("1\n");
    let mut wrong = Peer::connect(&addr);
    wrong.say("two\n");
    assert_eq!(wrong.read_to_end_within(DEADLINE), b"hello\n");
    mock.wait_stderr_line("error: guest-2: event 3 of talk.jsonl differs");
    says_its_part(&addr);
    slow.say("two\n");
    slow.expect_bytes("2\n");
    slow.shutdown();
    assert_eq!(slow.read_line(), b"");
    mock.wait_stderr_line("-- replayed talk.jsonl to guest-1: 2 lines as recorded");
    mock.signal(Signal::TERM);
    let done = mock.wait().exited(1);
    assert!(done.stderr.ends_with("error: 1 of 3 guests failed\n"), "{}", done.stderr);
}

#[test]
fn it_stays_where_it_is_told_to_and_a_signal_ends_it_well() {
    let dir = talk_folder(&talk());
    let (mock, addr) = mock(dir.path(), "talk.jsonl", &["--stay"]);
    for _ in 0..3 {
        says_its_part(&addr);
    }
    let mut begun = Peer::connect(&addr);
    begun.expect_bytes("hello\n");
    mock.signal(Signal::TERM);
    let done = mock.wait().exited(0);
    assert_eq!(lines(&done, "-- replayed talk.jsonl to guest-"), 3, "{}", done.stderr);
    assert_eq!(begun.read_line(), b"");
}

#[test]
fn each_guest_has_the_next_conn_and_all_are_to_be_played() {
    let dir = talk_folder(&two_conns());
    let greetings = [("first\n", "a\n", "A\n"), ("second\n", "b\n", "B\n")];
    let part = |addr: &str, (greeting, says, answer): (&str, &str, &str)| {
        let mut guest = Peer::connect(addr);
        guest.expect_bytes(greeting);
        guest.say(says);
        guest.expect_bytes(answer);
        guest
    };
    let (all, addr) = mock(dir.path(), "talk.jsonl", &[]);
    let guests = greetings.map(|greeting| part(&addr, greeting));
    // They have run out, and it has not ended yet.
    drop(part(&addr, greetings[0]));
    all.wait_stderr_line("-- replayed talk.jsonl#1 to guest-3: 1 line as recorded");
    drop(guests);
    all.wait().exited(0);

    let (less, addr) = mock(dir.path(), "talk.jsonl", &[]);
    drop(part(&addr, greetings[0]));
    less.wait_stderr_line("-- replayed talk.jsonl#1 to guest-1");
    less.signal(Signal::TERM);
    let done = less.wait().exited(1);
    let told =
        "error: a conn of talk.jsonl was never played\n   = no guest came for talk.jsonl#2\n";
    assert!(done.stderr.contains(told), "{}", done.stderr);

    let (second, addr) = mock(dir.path(), "talk.jsonl#2", &[]);
    drop(part(&addr, greetings[1]));
    second.wait().exited(0);
}

#[test]
fn one_of_several_conns_can_be_played_alone_and_a_single_one_is_alone() {
    for (tape, told) in [(two_conns(), true), (talk(), false)] {
        let dir = talk_folder(&tape);
        let (mock, _) = mock(dir.path(), "talk.jsonl", &[]);
        mock.signal(Signal::TERM);
        let done = mock.wait().exited(1);
        assert!(done.stderr.contains("   = no guest came for talk.jsonl"), "{}", done.stderr);
        assert_eq!(done.stderr.contains("is played as `FILE#CONN`"), told, "{}", done.stderr);
    }
}

#[test]
fn what_a_mock_that_stays_has_not_played_is_told_and_is_no_failure() {
    let dir = talk_folder(&two_conns());
    for (options, told) in [
        (&["--stay"][..], "-- a conn of talk.jsonl was never played"),
        (&["--stay", "--match", "any"], "-- 1 line of talk.jsonl never came"),
    ] {
        let (mock, addr) = mock(dir.path(), "talk.jsonl", options);
        let mut guest = Peer::connect(&addr);
        guest.say("a\n");
        guest.expect_bytes("first\nA\n");
        drop(guest);
        mock.wait_stderr_line("-- replayed talk.jsonl#1 to guest-1: 1 line as recorded");
        mock.signal(Signal::TERM);
        let done = mock.wait().exited(0);
        assert_eq!(lines(&done, told), 1, "{}", done.stderr);
    }
}

#[test]
fn a_guest_that_is_still_here_at_the_end_had_more_to_say() {
    let dir = talk_folder(&talk());
    let (mock, addr) = mock(dir.path(), "talk.jsonl", &[]);
    let mut guest = Peer::connect(&addr);
    guest.expect_bytes("hello\n");
    mock.signal(Signal::TERM);
    let done = mock.wait().exited(1);
    let told = "error: guest-1: event 3 of talk.jsonl did not come: the mock was ended\n";
    assert!(done.stderr.contains(told), "{}", done.stderr);
}

#[test]
fn a_guest_that_does_not_read_is_in_the_middle_still() {
    let much = vec![server(&"x".repeat(1 << 20)); 24];
    let begins = [&[client("one")][..], &much].concat();
    let more = [&begins[..], &[client("two")]].concat();
    for (said, told) in [
        (begins, "talk.jsonl was not said to its end: the peer did not read on"),
        (more, "event 27 of talk.jsonl did not come: the mock was ended"),
    ] {
        let dir = talk_folder(&tape(&said));
        let (mock, addr) = mock(dir.path(), "talk.jsonl", &[]);
        let mut guest = connect(&addr);
        guest.write_all(b"one\n").unwrap();
        guest.read_exact(&mut [0]).unwrap();
        mock.signal(Signal::TERM);
        mock.wait_stderr_line(&format!("error: guest-1: {told}"));
        drop(guest);
        mock.wait().exited(1);
    }
}

#[test]
fn a_guest_that_takes_nothing_any_more_has_failed() {
    let said = [&[client("one")][..], &vec![server(&"x".repeat(1 << 20)); 24]].concat();
    let dir = talk_folder(&tape(&said));
    for order in ["ordered", "any"] {
        let options = ["--timeout", "100ms", "--match", order];
        let (mock, addr) = mock(dir.path(), "talk.jsonl", &options);
        let mut guest = connect(&addr);
        guest.write_all(b"one\n").unwrap();
        let why = "talk.jsonl was not said to its end: the peer took nothing within 100ms";
        mock.wait_stderr_line(&format!("error: guest-1: {why}"));
        drop(guest);
        let done = mock.wait().exited(1);
        assert!(done.stderr.ends_with("error: 1 of 1 guest failed\n"), "{}", done.stderr);
    }
}

#[test]
fn a_half_close_comes_where_it_did() {
    let dir = talk_folder(&tape(&[
        client("one"),
        server("1"),
        closes("server", "eof"),
        client("still here"),
        closes("client", "eof"),
    ]));
    let (mock, addr) = mock(dir.path(), "talk.jsonl", &[]);
    let mut guest = connect(&addr);
    guest.write_all(b"one\n").unwrap();
    let mut heard = Vec::new();
    guest.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"1\n");
    guest.write_all(b"still here\n").unwrap();
    guest.shutdown(Shutdown::Write).unwrap();
    let done = mock.wait().exited(0);
    assert_eq!(lines(&done, "-- replayed talk.jsonl to guest-1: 2 lines"), 1, "{}", done.stderr);
}

#[test]
fn a_client_that_ended_first_is_to_do_so_again() {
    let ends = [client("one"), server("1"), closes("client", "eof"), server("late")];
    let dir = talk_folder(&tape(&ends));
    let (waits, addr) = mock(dir.path(), "talk.jsonl", &[]);
    let mut guest = Peer::connect(&addr);
    guest.say("one\n");
    guest.expect_bytes("1\n");
    guest.shutdown();
    guest.expect_bytes("late\n");
    assert_eq!(guest.read_line(), b"");
    waits.wait().exited(0);
    let (waits, addr) = mock(dir.path(), "talk.jsonl", &["--timeout", "100ms"]);
    let mut guest = Peer::connect(&addr);
    guest.say("one\n");
    assert_eq!(guest.read_to_end_within(DEADLINE), b"1\n");
    let done = waits.wait().exited(1);
    let told = "event 4 of talk.jsonl did not come: the peer has not ended within 100ms\n";
    assert!(done.stderr.contains(told), "{}", done.stderr);
}

#[test]
fn a_reset_is_one() {
    let dir = talk_folder(&tape(&[client("one"), server("1"), closes("server", "reset")]));
    let (mock, addr) = mock(dir.path(), "talk.jsonl", &["--save", "kept.jsonl"]);
    let mut guest = connect(&addr);
    guest.write_all(b"one\n").unwrap();
    let mut heard = Vec::new();
    let err = guest.read_to_end(&mut heard).unwrap_err();
    assert_eq!((heard, err.kind()), (b"1\n".to_vec(), ErrorKind::ConnectionReset));
    mock.wait().exited(0);
    let kept = std::fs::read_to_string(dir.path().join("kept.jsonl")).unwrap();
    assert!(kept.contains(r#""ev":"close","from":"server","how":"reset""#), "{kept}");
}

#[test]
fn many_guests_at_once_are_each_served() {
    let dir = talk_folder(&talk());
    let (mock, addr) = mock(dir.path(), "talk.jsonl", &["--stay"]);
    let mut guests: Vec<Peer> = (0..300).map(|_| Peer::connect(&addr)).collect();
    for (says, hears) in [("one\n", "hello\n1\n"), ("two\n", "2\n")] {
        for guest in &mut guests {
            guest.say(says);
        }
        for guest in guests.iter_mut().rev() {
            guest.expect_bytes(hears);
        }
    }
    for guest in &mut guests {
        guest.shutdown();
        assert_eq!(guest.read_line(), b"");
    }
    mock.wait_stderr_line("-- replayed talk.jsonl to guest-300: 2 lines as recorded");
    mock.signal(Signal::TERM);
    let done = mock.wait().exited(0);
    assert_eq!(lines(&done, "-- replayed talk.jsonl to guest-"), 300);
}
