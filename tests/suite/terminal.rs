//! What is seen on a terminal while tests run.

use std::fs::{self, File};

use super::{BAD, GOOD, folder, suite};
use crate::support::peer::{Peer, listen};
use crate::support::pty::{Pty, rows};

/// A test that goes on when the server says so.
const WAITS: &str = "/expect -t 1h go on\n";

#[test]
fn tests_that_run_have_a_line_each_below_what_has_been_printed() {
    let dir = folder(&[("a.chat", WAITS), ("b.chat", WAITS), ("c.chat", BAD), ("d.chat", WAITS)]);
    let (listener, addr) = listen();
    let repl = suite(&dir).args(["--connect", &addr.to_string(), "-j", "2"]);
    let mut pty = Pty::spawn(repl.command(), 24, 80);
    let (mut first, mut second) = (Peer::accept(&listener), Peer::accept(&listener));
    pty.wait_for(|screen| {
        let rows = rows(screen);
        // Which of the two began first does not matter.
        ["a", "b"].iter().all(|name| {
            let line = format!("running  ./{name}.chat  ");
            rows[..2].iter().any(|row| row.starts_with(&line))
        }) && rows[2].starts_with("0 of 4 done  ")
            && rows[3].is_empty()
    });
    // Which of the two is whose does not matter.
    first.say("go on\n");
    first.shutdown();
    let mut third = Peer::accept(&listener);
    third.expect_bytes("hello\n");
    third.say("hi\n");
    third.shutdown();
    let mut fourth = Peer::accept(&listener);
    pty.wait_for(|screen| {
        let rows = rows(screen);
        let line = |begin: &str| rows.iter().position(|row| row.starts_with(begin));
        let (failed, done) = (line("FAILED   ./c.chat  "), line("2 of 4 done, 1 failed  "));
        line("ok       ./") < failed
            && failed.is_some()
            && failed < line("running  ./d.chat")
            && done.is_some_and(|done| rows[done + 1..].iter().all(String::is_empty))
    });
    for peer in [&mut second, &mut fourth] {
        peer.say("go on\n");
        peer.shutdown();
    }
    assert_eq!(pty.wait_exit().code(), Some(1));
    let rows = pty.rows();
    let summary = rows.iter().position(|row| row.starts_with("4 tests: 3 passed, 1 failed, in "));
    let summary = summary.unwrap_or_else(|| panic!("{}", pty.picture()));
    assert_eq!(rows[summary + 1], "error: 1 of 4 tests failed", "{}", pty.picture());
    assert!(rows.iter().all(|row| !row.starts_with("running")), "{}", pty.picture());
    pty.assert_left_well();
}

#[test]
fn lines_fit_a_screen_that_becomes_narrower_and_leave_nothing_behind() {
    let name = format!("{}-the-end.chat", "long-".repeat(12));
    let dir = folder(&[(&name, WAITS), ("z.chat", WAITS)]);
    let (listener, addr) = listen();
    let repl = suite(&dir).args(["--connect", &addr.to_string(), "-j", "2"]);
    let mut pty = Pty::spawn(repl.command(), 24, 100);
    let (first, second) = (Peer::accept(&listener), Peer::accept(&listener));
    pty.wait_for_text(&format!("running  ./{name}  "));
    // This terminal cuts lines, and moves none into the next row.
    pty.resize(24, 40);
    pty.wait_for_text("...");
    pty.wait_for_text("-the-end.chat  ");
    for mut peer in [first, second] {
        peer.say("go on\n");
        peer.shutdown();
    }
    assert_eq!(pty.wait_exit().code(), Some(0));
    assert!(!pty.rows().iter().any(|row| row.contains("running")), "{}", pty.picture());
    pty.assert_left_well();
}

#[test]
fn more_tests_than_rows_leave_a_screen_that_does_not_scroll() {
    let files: Vec<String> = (10..30).map(|number| format!("{number}.chat")).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|name| (&**name, WAITS)).collect();
    let dir = folder(&files);
    let (listener, addr) = listen();
    let repl = suite(&dir).args(["--connect", &addr.to_string(), "-j", "20"]);
    let mut pty = Pty::spawn(repl.command(), 8, 80);
    let peers: Vec<Peer> = files.iter().map(|_| Peer::accept(&listener)).collect();
    pty.wait_for(|screen| {
        let rows = rows(screen);
        let running = rows.iter().filter(|row| row.starts_with("running  ")).count();
        running == 6 && rows[6].starts_with("0 of 20 done") && rows[7].is_empty()
    });
    for mut peer in peers {
        peer.say("go on\n");
        peer.shutdown();
    }
    assert!(pty.wait_exit().success(), "{}", pty.picture());
    pty.assert_left_well();
}

#[test]
fn what_is_printed_elsewhere_has_plain_lines_and_the_terminal_those_that_run() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", WAITS)]);
    let (listener, addr) = listen();
    let repl = suite(&dir).args(["--connect", &addr.to_string(), "-j", "1"]);
    let out = dir.path().join("out");
    let file = File::create(&out).unwrap();
    let mut pty = Pty::spawn_with_stdout(repl.command(), 24, 80, file.into());
    let mut peer = Peer::accept(&listener);
    peer.expect_bytes("hello\n");
    peer.say("hello\n");
    drop(peer);
    let mut peer = Peer::accept(&listener);
    pty.wait_for_text("running  ./b.chat  ");
    pty.wait_for_text("1 of 2 done  ");
    peer.say("go on\n");
    drop(peer);
    assert!(pty.wait_exit().success(), "{}", pty.picture());
    assert_eq!(pty.rows().concat(), "", "{}", pty.picture());
    let told = fs::read_to_string(out).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert!(lines[0].starts_with("ok       ./a.chat  "), "{told}");
    assert!(lines[1].starts_with("ok       ./b.chat  "), "{told}");
    assert!(!told.contains(['\x1b', '\r']), "{told:?}");
}

#[test]
fn ctrl_c_takes_the_lines_away_and_tells_what_was_done() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", WAITS), ("c.chat", WAITS)]);
    let (listener, addr) = listen();
    let repl = suite(&dir).args(["--connect", &addr.to_string(), "-j", "1"]);
    let mut pty = Pty::spawn(repl.command(), 24, 80);
    let mut peer = Peer::accept(&listener);
    peer.say("hello\n");
    peer.shutdown();
    let _second = Peer::accept(&listener);
    pty.wait_for_text("running  ./b.chat  ");
    pty.type_keys("\x03");
    assert_eq!(pty.wait_exit().code(), Some(130));
    let rows = pty.rows();
    let line = |begin: &str| rows.iter().any(|row| row.starts_with(begin));
    assert!(!line("running") && line("ok       ./a.chat"), "{}", pty.picture());
    assert!(line("stopped  ./b.chat"), "{}", pty.picture());
    assert!(line("3 tests: 1 passed, 2 not run (a signal came), in "), "{}", pty.picture());
    assert!(line("error: interrupted by SIGINT"), "{}", pty.picture());
    pty.assert_left_well();
}
