//! What happened in tests that did not pass, kept as transcripts.

use std::fs;

use predicates::str::{contains, is_match};

use super::{BAD, GOOD, folder, suite};
use crate::support::peer::EchoServer;
use crate::support::proc::Repl;
use crate::support::says;
use crate::support::tape::{client, on, opens, server, tape};

#[test]
fn what_happened_is_kept_of_tests_that_do_not_pass() {
    let differs = tape(&[client("x"), server("y")]);
    let dir = folder(&[
        ("bad.chat", BAD),
        ("faulty.chat", "/expcet x\n"),
        ("good.chat", GOOD),
        ("same.json", &tape(&[client("x"), server("x")])),
        ("a/talk.json", &differs),
        ("b/talk.jsonl", &differs),
    ]);
    let echo = EchoServer::start();
    let run = || suite(&dir).args(["--connect", &echo.addr(), "--actual", "out/now"]).run().code(1);
    // What is kept of the first run is no test of the second.
    for _ in 0..2 {
        let told = run().stdout(is_match(r"-- saved \d events to out/now/bad\.json\n").unwrap());
        let saved = r"a/talk\.json differs\n(   .*\n)+-- saved \d events to out/now/a-talk\.json\n";
        let told = told.stdout(is_match(saved).unwrap());
        told.stdout(contains("\n6 tests: 2 passed, 4 failed, in "));
    }
    let kept = fs::read_dir(dir.path().join("out/now")).unwrap();
    let mut kept: Vec<_> = kept.map(|file| file.unwrap().file_name()).collect();
    kept.sort();
    assert_eq!(kept, ["a-talk.json", "b-talk.json", "bad.json"], "and no hidden file");
    // It shows what is another, and passes against what it was recorded from.
    let diff = ["diff", "b/talk.jsonl", "out/now/b-talk.json"];
    let told = Repl::new().args(diff).current_dir(dir.path()).run().code(1);
    told.stdout(contains("- 3 server: y\n+ 3 server: x\n"));
    let again = Repl::new().args(["test", "out", "--connect", &echo.addr(), "--actual", "out/now"]);
    let told = again.current_dir(dir.path()).run().code(1);
    told.stderr(says::error("there is no test to run"));
}

#[test]
fn a_folder_that_cannot_take_it_ends_the_run_before_it_begins() {
    let dir = folder(&[
        ("talk.json", &tape(&[client("x"), server("x")])),
        ("file", ""),
        ("out/talk.json", "dear diary"),
    ]);
    let echo = EchoServer::start();
    for (out, why) in [
        (".", "`./talk.json` is one of the tests: name another folder for what happens\n"),
        ("file", "cannot write to the folder `file`: "),
        ("file/within", "cannot write to the folder `file/within`: "),
        ("out", "`out/talk.json` is there and no transcript: choose another name, or remove it"),
    ] {
        let repl = Repl::new().args(["test", "talk.json", "--connect", &echo.addr()]);
        let told = repl.args(["--actual", out]).current_dir(dir.path()).run().code(3);
        told.stdout("").stderr(says::error(why));
    }
    assert_eq!(fs::read(dir.path().join("out/talk.json")).unwrap(), b"dear diary");
}

#[test]
fn a_test_that_differs_can_be_blessed_where_it_is_run() {
    let dir = folder(&[
        ("one.json", &tape(&[client("x"), server("y")])),
        ("two.json", &tape(&[client("x"), server("x")])),
    ]);
    let echo = EchoServer::start();
    let bless = |option: &str, ci: &str| {
        suite(&dir).args(["--connect", &echo.addr(), option]).env("CI", ci).run()
    };
    bless("--bless", "true").code(2).stderr(contains("`CI` is set"));
    assert!(fs::read_to_string(dir.path().join("one.json")).unwrap().contains(r#""line":"y""#));
    bless("--bless", "").success().stdout(contains("2 tests: 2 passed"));
    bless("--quiet", "").success();
    assert_eq!(
        fs::read_to_string(dir.path().join("one.json")).unwrap(),
        fs::read_to_string(dir.path().join("two.json")).unwrap()
    );
    let first = fs::read_to_string(dir.path().join("one.json")).unwrap();
    fs::write(dir.path().join("one.json"), first.replacen(r#""line":"x""#, r#""line":"z""#, 2))
        .unwrap();
    bless("--bless=force", "true").success();
    let blessed = fs::read_to_string(dir.path().join("one.json")).unwrap();
    assert!(blessed.contains(r#""from":"server","line":"z""#), "{blessed}");
}

#[test]
fn conns_of_one_file_are_blessed_one_after_the_other() {
    let recorded = tape(&[
        client("x"),
        client("z"),
        server("x"),
        opens(2),
        on(2, client("x")),
        on(2, client("z")),
        on(2, server("x")),
    ]);
    let dir = folder(&[("two.jsonl", &recorded)]);
    let echo = EchoServer::start();
    let conns = ["two.jsonl#2", "./two.jsonl#1"];
    let run = |options: &[&str]| {
        let test = Repl::new().args(["test", "--connect", &echo.addr(), "--jobs", "2"]);
        test.args(options).args(conns).current_dir(dir.path()).env("CI", "").run()
    };
    run(&["--bless"]).success().stdout(contains("2 tests: 2 passed"));
    run(&[]).success();
    let blessed = fs::read_to_string(dir.path().join("two.jsonl")).unwrap();
    assert_eq!(blessed.matches(r#""from":"server","line":"z""#).count(), 2, "{blessed}");
}
