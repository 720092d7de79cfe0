//! What is told of tests, and the status.

use predicates::prelude::*;
use predicates::str::{contains, is_empty, is_match};

use super::{BAD, GOOD, LONG, folder, suite};
use crate::support::peer::{EchoServer, Peer, listen};
use crate::support::says;
use crate::support::tape::{client, server, tape};

#[test]
fn tests_that_pass_are_told_in_a_line_each() {
    let passing = tape(&[client("x"), server("x")]);
    let dir = folder(&[("a.chat", GOOD), ("longer.chat", ""), ("t.json", &passing)]);
    let echo = EchoServer::start();
    let run = || suite(&dir).args(["--connect", &echo.addr(), "--jobs", "1"]);
    let time = r"[0-9.]+(us|ms|s)";
    let line = |name: &str| format!("ok       {}  {time}\n", regex::escape(name));
    let lines = [line("./a.chat     "), line("./longer.chat"), line("./t.json     ")].concat();
    let each = format!(r"\./\S+ {time}");
    let slowest = format!("slowest: {each}, {each}, {each}\n");
    let summary = format!("3 tests: 3 passed, in {time}\n");
    let told = format!("^{lines}{slowest}{summary}$");
    run().run().success().stderr(is_empty()).stdout(is_match(told).unwrap());
    let quiet = is_match(format!("^{summary}$")).unwrap();
    run().args(["--quiet"]).run().success().stderr(is_empty()).stdout(quiet);
}

#[test]
fn a_failure_is_told_where_it_happens_and_once_more_in_the_end() {
    let dir = folder(&[
        ("a.chat", BAD),
        ("b.chat", GOOD),
        ("c.chat", "/expct x\nhello\n/raw \\q\n"),
        ("d.chat", "/include parts/d.part\n"),
        ("parts/d.part", "/echo so far\n/expect -t 50ms never\n"),
        ("e.json", &tape(&[client("x"), server("y")])),
    ]);
    let echo = EchoServer::start();
    let told = suite(&dir).args(["--connect", &echo.addr(), "-j", "1"]).run().code(1);
    let told = told.stderr("error: 4 of 5 tests failed\n");
    let told = told.stdout(contains(
        "error: the next line did not contain `hallo`\n  --> ./a.chat:2:15\n   |\n \
         2 | /expect -n -x hallo\n   |               ^^^^^ the peer said instead:\n   = hello  <- nearest",
    ));
    // All faults of a script are told, and nothing of it is sent.
    let told = told.stdout(contains("error: unknown command `/expct`\n  --> ./c.chat:1:1\n"));
    let told = told.stdout(contains("error: the backslash begins no escape\n  --> ./c.chat:3:6\n"));
    // What a test told is told with it.
    let told = told.stdout(contains("\n-- so far\n"));
    told.stdout(contains(
        "\nfailed:\n  ./a.chat:2:15: the next line did not contain `hallo`\n  \
         ./c.chat:1:1: unknown command `/expct` (and 1 more)\n  \
         ./d.chat: ./parts/d.part:2:17: no line matched `never` within 50ms\n  \
         ./e.json: event 3 of ./e.json differs\n",
    ))
    .stdout(contains("\n5 tests: 1 passed, 4 failed, in "));
}

#[test]
fn a_test_that_takes_too_long_is_told_with_the_step_that_it_was_at() {
    let slow = tape(&[client("x"), server("x"), server("y")]);
    let dir = folder(&[("a.chat", "/echo begun\n/sleep 1h\n"), ("b.json", &slow)]);
    let echo = EchoServer::start();
    let args = ["--connect", &echo.addr(), "--test-timeout", "2s", "--timeout", "1h"];
    let told = suite(&dir).args(args).run().code(1).stderr("error: 2 of 2 tests failed\n");
    told.stdout(contains("TIMEOUT  ./a.chat  "))
        .stdout(contains(
            "error: the test took longer than 2s\n  --> ./a.chat:2:1\n   |\n 2 | /sleep 1h\n   \
             | ^^^^^^^^^ this was the last step that began\n-- begun\n",
        ))
        .stdout(contains("TIMEOUT  ./b.json  "))
        .stdout(contains("   = the transcript was not played to its end\n"))
        .stdout(contains("\n2 tests: 0 passed, 2 failed, in "));
}

#[test]
fn a_script_that_never_waits_is_given_no_more_time_than_a_test_has() {
    // Each file runs the next one twice: what stands in the last is run some millions of times.
    let files: Vec<(String, String)> = (0..24)
        .map(|n| (format!("parts/{n}"), format!("/include {0}\n/include {0}\n", n + 1)))
        .chain([("parts/24".to_owned(), "/set a 1\n".to_owned())])
        .chain([("a.chat".to_owned(), "/include parts/0\n".to_owned())])
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    let dir = folder(&files);
    let echo = EchoServer::start();
    let args = ["--connect", &echo.addr(), "--test-timeout", "300ms"];
    let told = suite(&dir).args(args).run().code(1);
    told.stdout(contains("error: the test took longer than 300ms\n  --> ./parts/"));
}

#[test]
fn a_server_that_lets_nobody_in_is_given_no_more_time_than_a_test_has() {
    // The queue of a unix socket fills at once, and a client waits to be let in.
    let dir = folder(&[("a.chat", GOOD)]);
    let path = dir.path().join("socket");
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    socket.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
    socket.listen(0).unwrap();
    let held = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let args = ["--connect", "unix:socket", "--test-timeout", "300ms"];
    let told = suite(&dir).args(args).run().code(1);
    told.stdout(contains("   = no step had begun\n   = there was no connection yet\n"));
    drop(held);
}

#[test]
fn no_test_is_begun_after_one_that_failed_where_that_is_asked_for() {
    let dir = folder(&[("a.chat", BAD), ("b.chat", LONG), ("c.chat", GOOD)]);
    let echo = EchoServer::start();
    let args = ["--connect", &echo.addr(), "--fail-fast", "-j", "1"];
    let told = suite(&dir).args(args).run().code(1).stdout(contains("./b.chat").not());
    let told = told.stdout(contains(
        "\n3 tests: 0 passed, 1 failed, 2 not run (--fail-fast, and a test failed), in ",
    ));
    told.stderr(
        "error: 1 of 3 tests failed\nerror: 2 of 3 tests not run: --fail-fast, and a test failed\n",
    );
}

#[test]
fn tests_that_run_are_stopped_when_one_fails_where_that_is_asked_for() {
    let waits = "/expect -n -t 1h -x go on\n";
    let dir = folder(&[("a.chat", waits), ("b.chat", waits), ("c.chat", waits), ("d.chat", waits)]);
    let (listener, addr) = listen();
    let args = ["--connect", &addr.to_string(), "--fail-fast", "-j", "3"];
    let running = suite(&dir).args(args).spawn();
    let mut peers = [(); 3].map(|()| Peer::accept(&listener));
    peers[1].say("stop\n");
    let told = String::from_utf8(running.wait().exited(1).stdout).unwrap();
    let count = |word: &str| told.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((count("FAILED "), count("stopped "), count("ok ")), (1, 2, 0), "{told}");
    assert!(told.contains("4 tests: 0 passed, 1 failed, 3 not run (--fail-fast, "), "{told}");
}

#[test]
fn nobody_who_listens_is_a_failure_of_each_test() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", GOOD)]);
    let (listener, addr) = listen();
    drop(listener);
    let addr = addr.to_string();
    let told = suite(&dir).args(["--connect", &addr, "--retry", "100ms"]).run().code(1);
    let told = told.stdout(contains(format!(
        "\nfailed:\n  ./a.chat: cannot connect to `{addr}`: connection refused; "
    )));
    told.stderr(says::error("2 of 2 tests failed"));
}

#[test]
fn colour_is_for_terminals_unless_it_is_asked_for() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", BAD)]);
    let echo = EchoServer::start();
    let run = |colour: &str| {
        suite(&dir).args(["--connect", &echo.addr(), "--color", colour]).run().code(1)
    };
    run("auto").stdout(contains("\x1b").not());
    let told = run("always").stdout(contains("\x1b[32mok")).stdout(contains("FAILED"));
    told.stderr(contains("\x1b["));
}

#[test]
fn variables_of_the_command_line_are_those_of_every_script() {
    let script = "/send ${who}@${addr}:${port}\n/expect -n -x ada@${addr}:${port}\n";
    let dir = folder(&[("a.chat", script), ("b.chat", script)]);
    let echo = EchoServer::start();
    let port = echo.addr().rsplit(':').next().unwrap().to_owned();
    suite(&dir).args(["--connect", &echo.addr(), "--var", "who=ada"]).run().success();
    echo.wait_for(format!("ada@{}:{port}\n", echo.addr()));
}
