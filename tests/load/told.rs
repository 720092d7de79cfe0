//! What is told of a load: the report, its status, and how it goes on.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::answers::{Answer, Answers};
use super::{hellos, load};
use crate::support::folder;
use crate::support::peer::{Peer, listen};
use crate::support::proc::{Repl, stderr, stdout};
use crate::support::pty::{Pty, rows};

/// A server that is wrong about every fourth line that it hears.
fn wrong_at_times() -> Answers {
    let heard = AtomicUsize::new(0);
    Answers::start(move |line| {
        let heard = heard.fetch_add(1, Ordering::SeqCst);
        Answer::Say(if heard % 4 == 3 { "what?".to_owned() } else { line.to_owned() })
    })
}

/// What standard error has, if the load of one client with eight sessions of a turn ends like that.
fn judged(server: &Answers, conditions: &[&str], code: i32) -> String {
    let mut options = vec!["--times", "8"];
    options.extend(conditions.iter().flat_map(|condition| ["--fail-if", condition]));
    load(hellos(1).path(), "hello.chat", &server.addr(), &options, code).stderr
}

#[test]
fn sessions_that_failed_make_the_status_unless_conditions_judge_them() {
    let server = wrong_at_times();
    assert_eq!(judged(&server, &[], 1), "error: 2 of 8 sessions failed\n");
    assert_eq!(judged(&server, &["failed>25%", "refused>0"], 0), "");
    let told = judged(&server, &["mismatched>=25%"], 1);
    assert_eq!(told, "error: `mismatched>=25%`: it is 2 of 8 sessions\n");
    // What is about turns leaves sessions to be judged as ever.
    assert_eq!(judged(&server, &["turns<1"], 1), "error: 2 of 8 sessions failed\n");
}

#[test]
fn a_condition_on_what_was_not_measured_fails() {
    let told = judged(&Answers::echo(), &["p99>1h", "rate<50%", "max>1h"], 1);
    let lines = [
        "error: `p99>1h`: it was not measured: it has 8 samples, and p99 needs 100",
        "error: `rate<50%`: it was not measured: no rate was asked for: add --rate, or write turns a second",
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn nobody_to_talk_to_is_no_connection() {
    let (listener, addr) = listen();
    drop(listener);
    let told = load(hellos(1).path(), "hello.chat", &addr.to_string(), &["--clients", "2"], 4);
    told.ended([0, 0, 0, 2, 0, 0]);
    assert!(told.stderr.starts_with("error: no client was connected: "), "{}", told.stderr);
    assert_eq!(told.json.get("connect"), None, "{}", told.json);
}

/// The JSON of a run, in a file of this name.
fn kept(dir: &Path, name: &str, server: &Answers, options: &[&str]) {
    let told = load(dir, "hello.json", &server.addr(), options, 0);
    fs::write(dir.join(name), told.json.to_string()).unwrap();
}

#[test]
fn results_are_merged() {
    let (dir, server) = (hellos(3), Answers::echo());
    kept(dir.path(), "a.json", &server, &["--clients", "2"]);
    kept(dir.path(), "b.json", &server, &["--times", "4", "--threads", "2"]);
    let args = ["load", "--merge", "a.json", "b.json", "--fail-if", "turns<=18"];
    let text = Repl::new().args(args).current_dir(dir.path()).run().code(1);
    let text = stdout(&text);
    assert!(text.contains("\nsessions  6 ok\nturns     18, in "), "{text}");
    let args = ["load", "--json", "--merge", "a.json", "b.json"];
    let json = Repl::new().args(args).current_dir(dir.path()).run().success();
    let json: Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 2);
    assert_eq!((&json["turns"], &json["service"]["samples"]), (&18.into(), &18.into()));
    assert_eq!(json["connect"]["samples"], 6);
    // What was merged can be merged.
    fs::write(dir.path().join("c.json"), json.to_string()).unwrap();
    let args = ["load", "--merge", "a.json", "c.json"];
    let twice = Repl::new().args(args).current_dir(dir.path()).run().code(3);
    let told = stderr(&twice);
    assert!(told.starts_with("error: `a.json` and `c.json` have the same run"), "{told}");
}

#[test]
fn what_does_not_go_together_is_a_bad_file() {
    let (dir, server) = (hellos(1), Answers::echo());
    fs::write(dir.path().join("text"), "turns 5\n").unwrap();
    kept(dir.path(), "closed", &server, &[]);
    kept(dir.path(), "open", &server, &["--rate", "1000"]);
    for (files, why) in [
        (
            &["closed", "text"][..],
            "error: cannot merge `text`: it is not what `chat-repl load --json` prints",
        ),
        (&["closed", "nothing"], "error: cannot read `nothing`: no such file"),
        (
            &["closed", "open"],
            "error: `open` is of an open loop (--rate) and `closed` of a closed one",
        ),
        (
            &["hello.json"],
            "error: cannot merge `hello.json`: it is not what `chat-repl load --json` prints",
        ),
    ] {
        let merged = Repl::new().args(["load", "--merge"]).args(files);
        let merged = merged.current_dir(dir.path()).run().code(3);
        let told = stderr(&merged);
        assert!(told.starts_with(why), "{told}");
    }
}

#[test]
fn what_has_no_end_is_not_read_to_its_end() {
    let dir = hellos(1);
    let merged = Repl::new().args(["load", "--merge", "/dev/zero"]);
    let merged = merged.current_dir(dir.path()).run().code(3);
    let told = stderr(&merged);
    assert!(told.contains("cannot merge `/dev/zero`: it is longer than 64 MiB"), "{told}");
}

#[test]
fn a_line_on_the_terminal_tells_how_it_goes_on_and_is_taken_off() {
    let dir = folder(&[("waits.chat", "hello\n/expect -t 1h go on\n")]);
    let (listener, addr) = listen();
    let repl = Repl::new().args(["load", "waits.chat", "--connect", &addr.to_string()]);
    let mut pty = Pty::spawn(repl.current_dir(dir.path()).command(), 24, 80);
    let mut peer = Peer::accept(&listener);
    pty.wait_for(|screen| {
        let rows = rows(screen);
        rows[0].ends_with("s  0 turns  0 of 1 session done  1 in flight") && rows[1].is_empty()
    });
    peer.expect_bytes("hello\n");
    peer.say("go on\n");
    peer.shutdown();
    assert_eq!(pty.wait_exit().code(), Some(0));
    let rows = pty.rows();
    assert!(rows[0].starts_with("load      waits.chat to "), "{}", pty.picture());
    assert!(rows.iter().all(|row| !row.contains("in flight")), "{}", pty.picture());
    pty.assert_left_well();
}

#[test]
fn nothing_is_told_of_how_it_goes_on_where_that_is_not_wanted() {
    let dir = folder(&[("waits.chat", "/sleep 500ms\nhello\n/expect hello\n")]);
    let server = Answers::echo();
    let args = ["load", "waits.chat", "--quiet", "--connect", &server.addr()];
    let mut pty = Pty::spawn(Repl::new().args(args).current_dir(dir.path()).command(), 24, 80);
    assert_eq!(pty.wait_exit().code(), Some(0));
    let raw = pty.written();
    assert!(raw.starts_with("load      waits.chat to "), "{raw:?}");
}
