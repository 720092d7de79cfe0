//! Many tests, and long ones.

use std::collections::BTreeSet;
use std::fs;

use predicates::str::contains;
use regex::Regex;
use tempfile::TempDir;

use super::{against, folder, suite};
use crate::support::peer::EchoServer;
use crate::support::proc::stdout;
use crate::support::servers::{REDIS, Server};

/// How many scripts are run against one server.
const MANY: usize = 500;

/// Scripts of which some fail, each with something of its own to say.
fn many_scripts() -> TempDir {
    let dir = folder(&[]);
    for number in 0..MANY {
        let wrong = if number % 10 == 3 { "0" } else { "" };
        let line =
            |line: u32| format!("line {line} of {number}\n/expect -n -x line {line} of {number}\n");
        let end = format!("the end of {number}\n/expect -n ^the end of {number}{wrong}$\n");
        let script = (0..5).map(line).chain([end]).collect::<String>();
        fs::write(dir.path().join(format!("{number:03}.chat")), script).unwrap();
    }
    dir
}

/// The parts of a report, one for each test, and the summary: without times, and in order.
fn parts(report: &str) -> (BTreeSet<String>, String) {
    let time = Regex::new(r"[0-9.]+(us|ms|s)\b").unwrap();
    let report = time.replace_all(report, "TIME").into_owned();
    let slowest = Regex::new("(?m)^slowest: .*\n").unwrap();
    let report = slowest.replace(&report, "");
    let (tests, summary) = report.split_once("failed:\n").expect("some fail");
    let begins = Regex::new(r"(?m)^(ok|FAILED) ").unwrap();
    let begins: Vec<usize> = begins.find_iter(tests).map(|found| found.start()).collect();
    let ends = begins.iter().skip(1).copied().chain([tests.len()]);
    let parts = begins.iter().zip(ends).map(|(begin, end)| tests[*begin..end].to_owned());
    (parts.collect(), summary.to_owned())
}

#[test]
fn many_scripts_at_once_come_to_what_they_come_to_one_by_one() {
    let dir = many_scripts();
    let echo = EchoServer::start();
    let run = |jobs: &str| {
        let told = suite(&dir).args(["--connect", &echo.addr(), "-j", jobs]).run().code(1);
        let (tests, summary) = parts(&stdout(&told));
        assert_eq!(tests.len(), MANY);
        (tests, summary)
    };
    let (one, eight) = (run("1"), run("8"));
    assert_eq!(one.0.symmetric_difference(&eight.0).next(), None);
    assert_eq!(one.1, eight.1);
    assert!(one.1.ends_with("500 tests: 450 passed, 50 failed, in TIME\n"), "{}", one.1);
}

#[test]
fn a_script_of_a_hundred_thousand_steps_is_a_test_as_any() {
    let Some(redis) = Server::start(&REDIS) else { return };
    let dir = folder(&[("a.chat", &"PING\n/expect -n -x +PONG\n".repeat(50_000))]);
    let told = suite(&dir).args(["--connect", redis.addr()]).run().success();
    told.stdout(contains("1 test: 1 passed"));
}

#[test]
fn servers_that_come_and_go_take_nothing_from_each_other() {
    let dir = folder(&[]);
    for number in 0..24 {
        let script = format!("{number}\n/expect -n ^{number}$\n");
        fs::write(dir.path().join(format!("{number:02}.chat")), script).unwrap();
    }
    for mode in ["", "daemon"] {
        let Some(repl) = against(&dir, mode) else { return };
        let told = repl.args(["--server-per-test", "-j", "8"]).run().success();
        told.stdout(contains("\n24 tests: 24 passed, in "));
    }
}
