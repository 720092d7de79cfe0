//! Who is let in, and who does not stay.

use std::io::Read;
use std::net::TcpStream;

use super::{guest, next_said, room};
use crate::support::DEADLINE;
use crate::support::peer::Peer;
use crate::support::proc::Repl;
use predicates::str::contains;
use rustix::process::Signal;

#[test]
fn a_full_room_says_so_and_has_room_again_when_somebody_leaves() {
    let (host, addr) = room(&["--max-guests", "2"]);
    let (mut one, mut two) = (guest(&addr), guest(&addr));
    for _ in 0..3 {
        let refused = Peer::connect(&addr).read_to_end_within(DEADLINE);
        assert_eq!(refused, b"-- the room is full (2 guests): try again later\n");
    }
    host.wait_stderr_containing(" was refused: the room is full (2 guests, --max-guests)");
    one.say("/quit\n");
    one.read_to_end_within(DEADLINE);
    host.wait_stderr_line("-- guest-1 left: closed");
    guest(&addr);
    two.expect_bytes("-- guest-1 left (1 here)\n-- guest-3 joined (2 here)\n");
}

#[test]
fn only_who_comes_from_an_allowed_network_is_let_in() {
    let none = "-- your address is not among those that are let in (--allow)\n";
    for (networks, admitted) in [
        (&["--allow", "127.0.0.0/8", "::1"][..], true),
        (&["--allow", "10.0.0.0/8,127.0.0.1"], true),
        (&["--allow", "10.0.0.0/8"], false),
        (&["--allow"], false),
    ] {
        let (host, addr) = room(networks);
        if admitted {
            guest(&addr);
        } else {
            assert_eq!(Peer::connect(&addr).read_to_end_within(DEADLINE), none.as_bytes());
            host.wait_stderr_containing(" was refused: not in --allow");
        }
    }
    let bad = ["--listen", "127.0.0.1:0", "--room", "--allow", "10.0.0.0/33"];
    Repl::new().args(bad).run().code(2).stderr(contains("`/33` is no length of a network"));
    let unix = ["--listen", "unix:room.sock", "--room", "--allow", "10.0.0.0/8"];
    Repl::new().args(unix).run().code(2).stderr(contains("a unix socket is in none"));
}

#[test]
fn options_of_a_room_need_a_room() {
    for option in [
        &["--max-guests", "2"][..],
        &["--rate", "2"],
        &["--idle-timeout", "2s"],
        &["--allow", "::1"],
        &["--backlog", "2"],
    ] {
        let run = Repl::new().args(["--listen", "127.0.0.1:0"]).args(option).run();
        run.code(2).stderr(contains("--room"));
    }
    Repl::new().args(["--connect", "127.0.0.1:1", "--room"]).run().code(2);
}

#[test]
fn who_says_nothing_for_too_long_is_told_and_dropped() {
    let (host, addr) = room(&["--idle-timeout", "100ms"]);
    let mut idle = guest(&addr);
    let told = "-- you were dropped: you said nothing for 100ms (--idle-timeout)\n";
    assert_eq!(idle.read_to_end_within(DEADLINE), told.as_bytes());
    host.wait_stderr_line("-- guest-1 left: idle");
}

#[test]
fn a_flood_is_slowed_down_and_loses_nothing() {
    // What is over the first thousand lines takes half a second.
    let (_host, addr) = room(&["--rate", "1000"]);
    let (mut fast, mut other) = (guest(&addr), guest(&addr));
    let lines: Vec<String> = (0..1500).map(|n| format!("line {n}\n")).collect();
    fast.say(lines.concat());
    fast.say("after it\n");
    for n in 0..1500 {
        assert_eq!(next_said(&mut other), format!("guest-1: line {n}"));
    }
    assert_eq!(next_said(&mut other), "guest-1: after it");
}

#[test]
fn late_comers_hear_nothing_of_before_unless_there_is_a_backlog() {
    for (backlog, told) in [
        ("0", ""),
        ("2", "-- said before you came:\nguest-1: two\nguest-1: three\n-- you are here now\n"),
    ] {
        let (host, addr) = room(&["--backlog", backlog]);
        let mut early = guest(&addr);
        early.say("one\ntwo\nthree\n");
        host.wait_stdout("guest-1: three\n");
        let mut late = guest(&addr);
        early.say("four\n");
        late.expect_bytes(format!("{told}guest-1: four\n"));
    }
}

#[test]
fn who_does_not_read_is_dropped_and_nobody_else_waits() {
    let (host, addr) = room(&["--outbox", "256KiB", "--max-line", "16KiB"]);
    let deaf = TcpStream::connect(&addr).unwrap();
    let mut others: Vec<Peer> = (0..5).map(|_| guest(&addr)).collect();
    let (talker, hearers) = others.split_first_mut().unwrap();
    let line = "x".repeat(8 << 10) + "\n";
    let heard = format!("guest-2: {line}");
    let mut said = 0;
    // The systems hold megabytes on the way before anything waits here.
    while !host.stderr_so_far().contains("-- guest-1 left: slow\n") {
        assert!(said < 10_000, "it was never dropped");
        talker.say(&line);
        said += 1;
        for hearer in &mut *hearers {
            while hearer.read_line() != heard.as_bytes() {}
        }
    }
    talker.say("over\n");
    for hearer in hearers {
        assert_eq!(next_said(hearer), "guest-2: over");
    }
    // What it had not read by then is lost to it, and with it the word why, if it goes on not reading.
    let mut left = Vec::new();
    (&deaf).take(1 << 20).read_to_end(&mut left).unwrap();
    assert!(left.starts_with(b"-- you are guest-1 (1 here)"));
}

#[test]
fn nobody_waits_for_a_script_of_the_host_that_does_not_read() {
    let (host, addr) = room(&["--timeout", "20s"]);
    let (mut talker, mut hearer) = (guest(&addr), guest(&addr));
    host.write("/accept 2\n/sleep 20s\n/expect x\n");
    let line = "y".repeat(8 << 10) + "\n";
    // Far more than is kept for a script to read.
    for _ in 0..1000 {
        talker.say(&line);
        assert_eq!(next_said(&mut hearer).len(), "guest-1: ".len() + (8 << 10));
    }
    host.signal(Signal::INT);
    hearer.expect_bytes("-- the room is closing: goodbye\n");
    host.wait().exited(130);
}
