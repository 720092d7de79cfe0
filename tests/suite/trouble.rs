//! Servers that do not do what servers do, and reports that nobody can write.

use std::process::Stdio;

use predicates::prelude::*;
use predicates::str::{contains, is_match};

use super::{BAD, GOOD, LONG, against, folder, suite};
use crate::support::peer::EchoServer;
use crate::support::running::Running;
use crate::support::says;

#[test]
fn a_server_that_cannot_be_started_is_told_at_once() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", GOOD), ("c.chat", GOOD)]);
    for (command, how, said) in [
        ("no-such-server ${port}", "exit status: 127", "no-such-server"),
        ("echo full ${port}; exit 7", "exit status: 7", "full"),
        ("true ${port}", "exit status: 0", ""),
        ("kill -9 $$ ${port}", "signal: 9 (SIGKILL)", ""),
    ] {
        // It is not tried for as long as it could be.
        let args = ["--server", command, "--retry", "1h", "-j", "1"];
        let told = suite(&dir).args(args).run().code(1);
        let told = told.stdout(contains(format!("error: the server has ended: {how}\n")));
        let told = told.stdout(contains(said));
        told.stdout(contains(format!(
            "\n3 tests: 0 passed, 1 failed, 2 not run (the server has ended: {how}), in "
        )))
        .stderr(says::error(&format!("2 of 3 tests not run: the server has ended: {how}")));
    }
}

#[test]
fn a_server_that_listens_elsewhere_or_not_at_all_is_told_when_its_time_is_over() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", GOOD), ("c.chat", GOOD)]);
    let args = ["--server", "echo hello; exec sleep 1000 ${port}", "--retry", "300ms", "-j", "1"];
    let told = suite(&dir).args(args).run().code(1);
    let refused = r"   = tried was `127\.0\.0\.1:\d+`: connection refused\n";
    told.stdout(contains("error: the server took no connection within 300ms\n"))
        .stdout(is_match(refused).unwrap())
        .stdout(contains("   = does `--server` listen there? `--retry 1m` waits longer\n"))
        .stdout(contains("meanwhile:\n  hello\n"))
        .stdout(contains("1 failed, 2 not run (the server took no connection within 300ms), in "));
}

#[test]
fn a_server_that_has_no_time_to_start_fails_each_test_for_itself() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", GOOD)]);
    let args = ["--server", "exec sleep 1000 ${port}", "--retry", "0s"];
    let told = suite(&dir).args(args).run().code(1);
    let line =
        |name| format!(r"  \./{name}: cannot connect to `127\.0\.0\.1:\d+`: connection refused\n");
    let each = format!("\nfailed:\n{}{}", line("a.chat"), line("b.chat"));
    told.stdout(is_match(each).unwrap()).stdout(contains("\n2 tests: 0 passed, 2 failed, in "));
}

#[test]
fn what_a_server_needs_and_there_is_not_is_told() {
    let dir = folder(&[("a.chat", GOOD)]);
    let run = || suite(&dir).args(["--server", "serve ${port}"]);
    let told = "cannot start the server: no temporary folder: no such file or directory";
    run().env("TMPDIR", dir.path().join("gone")).run().code(3).stderr(says::error(told));
    let told = "cannot start the server: no `sh`: no such file or directory";
    run().env("PATH", dir.path()).run().code(3).stderr(says::error(told));
}

#[test]
fn a_server_that_lets_nobody_speak_is_told_when_the_wait_is_over() {
    let dir = folder(&[("a.chat", GOOD)]);
    let Some(repl) = against(&dir, "deaf") else { return };
    let told = repl.args(["--timeout", "200ms"]).run().code(1);
    told.stdout(contains("error: no line contained `hello` within 200ms\n  --> ./a.chat:2:15\n"));
}

#[test]
fn a_server_that_dies_is_told_with_its_last_words_and_halts_the_run() {
    for (word, how) in [("crash", "signal: 11 (SIGSEGV)"), ("exit 3", "exit status: 3")] {
        let script = format!("write about to\n{word}\n/expect nobody\n");
        let dir =
            folder(&[("a.chat", GOOD), ("b.chat", &script), ("c.chat", GOOD), ("d.chat", "")]);
        let Some(repl) = against(&dir, "") else { return };
        let told = repl.args(["-j", "1"]).run().code(1);
        let last = if word == "crash" { "" } else { "  leaving\n" };
        let how = regex::escape(how);
        let pattern = format!(
            "ok       \\./a\\.chat .*\nFAILED   \\./b\\.chat .*\nerror: (?s:.*)\nthe server said \
             meanwhile:\n  client 2\n  about to\n{last}the server has ended: {how}[^\n]*\n\n"
        );
        let told = told.stdout(is_match(pattern).unwrap());
        let halted = format!(r"1 passed, 1 failed, 2 not run \(the server has ended: {how}");
        told.stdout(is_match(halted).unwrap()).stdout(contains("./c.chat").not());
    }
}

#[test]
fn a_server_that_floods_or_hangs_is_given_no_more_time_than_a_test_has() {
    let dir = folder(&[
        ("a.chat", "flood\n/expect -t 1h nobody\n"),
        ("b.chat", "hang\n/expect -t 1h nobody\n"),
    ]);
    let Some(repl) = against(&dir, "") else { return };
    let told = repl.args(["-j", "2", "--test-timeout", "2s"]).run().code(1);
    told.stdout(contains("TIMEOUT  ./a.chat"))
        .stdout(contains("TIMEOUT  ./b.chat"))
        .stdout(contains("\n2 tests: 0 passed, 2 failed, in "));
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_a_test_is_run() {
    let dir = folder(&[("a.chat", GOOD)]);
    for path in ["gone/report.xml", "."] {
        let args = ["--server", "touch started ${port}", "--junit", path];
        let told = suite(&dir).args(args).run().code(3).stdout("");
        told.stderr(says::error(&format!("cannot write `{path}`: ")));
        assert!(!dir.path().join("started").exists());
    }
}

#[test]
#[cfg(target_os = "linux")] // it has /dev/full
fn a_full_disk_stops_the_run_and_the_other_report_is_written() {
    use std::fs::{self, File};

    let dir = folder(&[("a.chat", GOOD), ("b.chat", LONG)]);
    let echo = EchoServer::start();
    let repl = suite(&dir).args(["--connect", &echo.addr(), "-j", "1", "--junit", "report.xml"]);
    let mut command = repl.command();
    command.stdout(File::options().write(true).open("/dev/full").unwrap());
    command.stderr(File::create(dir.path().join("told")).unwrap());
    assert_eq!(command.status().unwrap().code(), Some(3));
    let told = fs::read_to_string(dir.path().join("told")).unwrap();
    assert_eq!(
        told,
        "error: cannot write to standard output: no space left on device\n   = make room there, or send it elsewhere\n\
         error: 1 of 2 tests not run: the report cannot be written\n"
    );
    let report = fs::read_to_string(dir.path().join("report.xml")).unwrap();
    assert!(report.contains("the report cannot be written\"/>"), "{report}");
}

#[test]
fn nobody_who_reads_the_report_is_no_success() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", LONG)]);
    let echo = EchoServer::start();
    let repl = suite(&dir).args(["--connect", &echo.addr(), "-j", "2"]);
    let mut command = repl.command();
    let (reader, writer) = std::io::pipe().unwrap();
    command.stdout(writer).stderr(Stdio::piped()).stdin(Stdio::null());
    drop(reader);
    let child = command.spawn().unwrap();
    drop(command);
    let left = child.wait_with_output().unwrap();
    assert_eq!(left.status.code(), Some(1));
    let told = String::from_utf8(left.stderr).unwrap();
    assert_eq!(told, "error: 1 of 2 tests not run: nobody reads the report any more\n");
}

#[test]
fn a_run_is_stopped_whatever_its_tests_wait_for() {
    // Waiting for a line, for a connection, for a time; and one that was not begun.
    let dir = folder(&[
        ("a.chat", GOOD),
        ("b.chat", "hang\n/expect -t 1h nobody\n"),
        ("c.chat", LONG),
        ("d.chat", "/open other 127.0.0.1:1\n"),
        ("e.chat", BAD),
        ("f.chat", LONG),
    ]);
    let Some(repl) = against(&dir, "") else { return };
    let running: Running = repl.args(["-j", "3"]).spawn();
    running.wait_stdout("./e.chat");
    running.signal(rustix::process::Signal::INT);
    let left = running.wait().exited(1);
    let told = String::from_utf8(left.stdout).unwrap();
    assert!(told.contains("stopped  ./b.chat"), "{told}");
    assert!(told.contains("6 tests: 1 passed, 2 failed, 3 not run (a signal came), in "), "{told}");
    let errors = "error: 2 of 6 tests failed\nerror: interrupted by SIGINT\n\
                  error: 3 of 6 tests not run: a signal came\n";
    assert_eq!(left.stderr, errors);
}
