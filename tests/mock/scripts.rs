//! A script that is played to each guest.

use rustix::process::Signal;

use super::*;
use crate::support::{DEADLINE, folder, says};

const DESK: &str = "who?\n/expect ^I am (?<who>\\w+)$\n/send hello ${who}\n/expect ^bye\n";

#[test]
fn each_guest_has_the_script_for_itself() {
    let dir = folder(&[("desk.chat", DESK)]);
    let (mock, addr) = mock(dir.path(), "desk.chat", &["--stay"]);
    let mut guests = ["ann", "bob", "cyd"].map(|name| (Peer::connect(&addr), name));
    for (guest, name) in &mut guests {
        guest.expect_bytes("who?\n");
        guest.say(format!("I am {name}\n"));
    }
    for (guest, name) in guests.iter_mut().rev() {
        guest.expect_bytes(format!("hello {name}\n"));
        guest.say("bye\n");
        assert_eq!(guest.read_line(), b"", "our side has ended");
        guest.shutdown();
    }
    for n in 1..=3 {
        mock.wait_stderr_line(&format!("-- guest-{n} left: closed"));
    }
    mock.signal(Signal::TERM);
    mock.wait().exited(0);
}

#[test]
fn without_stay_one_guest_is_all() {
    let dir = folder(&[("desk.chat", DESK)]);
    let (mock, addr) = mock(dir.path(), "desk.chat", &["--save", "kept.jsonl"]);
    let mut guest = Peer::connect(&addr);
    guest.say("I am ann\nbye\nand more\n");
    guest.shutdown();
    assert_eq!(guest.read_to_end_within(DEADLINE), b"who?\nhello ann\n");
    let done = mock.wait().exited(0);
    assert_eq!(lines(&done, "-- guest-1: 1 line stayed unread"), 1, "{}", done.stderr);
    let kept = std::fs::read_to_string(dir.path().join("kept.jsonl")).unwrap();
    assert!(kept.contains(r#""send":"hello ${who}""#) && kept.contains(r#""want":"#), "{kept}");
}

#[test]
fn a_step_that_fails_is_told_with_its_guest_who_alone_is_closed() {
    let dir = folder(&[("desk.chat", DESK)]);
    let (mock, addr) = mock(dir.path(), "desk.chat", &["--stay", "--timeout", "20s"]);
    let mut good = Peer::connect(&addr);
    good.expect_bytes("who?\n");
    let (mut leaves, script) = (Peer::connect(&addr), "/timeout 100ms\n/expect ^now\n");
    leaves.expect_bytes("who?\n");
    leaves.shutdown();
    assert_eq!(leaves.read_line(), b"");
    mock.wait_stderr_line("error: guest-2: the peer closed the connection before a line matched");
    mock.wait_stderr_line("  --> desk.chat:2:9");
    good.say("I am ann\nbye\n");
    assert_eq!(good.read_line(), b"hello ann\n");
    good.shutdown();
    mock.wait_stderr_line("-- guest-1 left: closed");
    mock.signal(Signal::TERM);
    let done = mock.wait().exited(5);
    assert!(done.stderr.ends_with("error: 1 of 2 guests failed\n"), "{}", done.stderr);

    std::fs::write(dir.path().join("now.chat"), script).unwrap();
    let (mock, addr) = super::mock(dir.path(), "now.chat", &[]);
    let guest = Peer::connect(&addr);
    let done = mock.wait().exited(1);
    let told = "error: guest-1: no line matched `^now` within 100ms\n  --> now.chat:2:9\n";
    assert!(done.stderr.contains(told), "{}", done.stderr);
    drop(guest);
}

#[test]
fn a_long_script_is_played_whole_and_includes_others() {
    let count: String =
        (0..500).map(|n| format!("/expect -n ^{n}$\n{n} it is\n")).collect::<Vec<_>>().concat();
    let files = [("count.chat", "/include all.chat\n/echo done\n"), ("all.chat", count.as_str())];
    let dir = folder(&files);
    for file in ["count.chat", "all.chat"] {
        let (mock, addr) = mock(dir.path(), file, &[]);
        let mut guest = Peer::connect(&addr);
        for n in 0..500 {
            guest.say(format!("{n}\n"));
            guest.expect_bytes(format!("{n} it is\n"));
        }
        guest.shutdown();
        mock.wait().exited(0);
    }
}

#[test]
fn what_is_wrong_with_a_script_is_told_before_anybody_comes() {
    let files = [("wrong.chat", "/expcet x\n"), ("opens.chat", "/open up 127.0.0.1:1\n")];
    let dir = folder(&files);
    let wrong = ["--listen", "127.0.0.1:0", "--replay", "wrong.chat"];
    let wrong = Repl::new().args(wrong).current_dir(dir.path()).run();
    wrong.code(3).stderr(says::error("unknown command `/expcet`"));
    let (mock, addr) = mock(dir.path(), "opens.chat", &[]);
    let guest = Peer::connect(&addr);
    let done = mock.wait().exited(3);
    assert!(
        done.stderr.contains("error: guest-1: no conn can be opened here\n"),
        "{}",
        done.stderr
    );
    drop(guest);
}
