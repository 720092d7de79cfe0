//! Servers that are started for the tests.

use predicates::prelude::*;
use predicates::str::{contains, is_match};

use super::{BAD, GOOD, against, folder, suite, tested};

#[test]
fn one_server_is_started_for_all_tests_and_stopped() {
    let Some(command) = tested("${port}") else { return };
    let dir = folder(&[("a.chat", GOOD), ("b.chat", GOOD), ("c.chat", BAD)]);
    // The pipe tells when nobody has it any more: the server and all that it has started.
    let repl = suite(&dir).args(["-j", "1", "--server", &command]);
    let told = repl.run().code(1);
    // Nobody but the tests has connected: no conn is used up by asking whether it listens.
    told.stdout(contains("\nthe server said meanwhile:\n  client 3\n\nfailed:\n"))
        .stdout(contains("client 1").not());
}

#[test]
fn each_test_has_a_server_of_its_own_where_that_is_asked_for() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", BAD), ("c.chat", GOOD)]);
    // Each takes one connection and no more.
    let Some(repl) = against(&dir, "once") else { return };
    let told = repl.args(["--server-per-test", "-j", "2"]).run().code(1);
    told.stdout(contains("\nthe server said meanwhile:\n  listening\n  client 1\n"))
        .stdout(contains("\n3 tests: 2 passed, 1 failed, in "));
}

#[test]
fn the_output_of_a_server_is_shown_where_a_test_fails_only() {
    let good = "write quiet one\n/expect quiet one\n";
    let bad = "write \x1b[2J loud one\n/expect -t 50ms nobody\n";
    let dir = folder(&[("a.chat", good), ("b.chat", bad)]);
    let Some(repl) = against(&dir, "") else { return };
    let told = repl.args(["-j", "1"]).run().code(1);
    told.stdout(contains("\nthe server said meanwhile:\n  client 2\n  \\x1b[2J loud one\n"))
        .stdout(contains("quiet one").not());
}

#[test]
fn a_server_that_takes_its_time_is_waited_for() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", GOOD)]);
    let Some(repl) = against(&dir, "late") else { return };
    repl.run().success();
    // So is one that somebody else starts, where that is asked for.
    let Some(command) = tested("${port} late") else { return };
    let inner = folder(&[("c.chat", GOOD)]);
    let program = assert_cmd::cargo::cargo_bin!("chat-repl").display();
    let inner = format!("{program} test {} --connect ${{addr}}", inner.path().display());
    let both = format!("{inner} --retry 20s & {command}");
    suite(&dir).args(["--server", &both]).run().success();
}

#[test]
fn a_server_may_listen_at_a_unix_socket_in_a_folder_of_its_own() {
    let script = "/send at ${addr}\n/expect ^at unix:/.+/s$\n";
    let dir = folder(&[("a.chat", script), ("b.chat", script)]);
    for mode in [&["-j", "1"][..], &["--server-per-test"]] {
        let Some(command) = tested("${dir}/s") else { return };
        let args = ["--server", &command, "--connect", "unix:${dir}/s"];
        suite(&dir).args(args).args(mode).run().success();
    }
}

#[test]
fn the_folder_of_a_server_is_removed_with_all_that_it_left_there() {
    let Some(command) = tested("${port}") else { return };
    let script = "hello\n/expect -t 50ms nobody\n";
    let dir = folder(&[("a.chat", script)]);
    let command = format!("echo kept > ${{dir}}/file; echo ${{dir}}; {command}");
    let told = suite(&dir).args(["--server", &command]).run().code(1);
    let stdout = String::from_utf8_lossy(&told.get_output().stdout).into_owned();
    let said = stdout.split_once("the server said meanwhile:\n  ").expect("what it said").1;
    let folder = said.lines().next().unwrap();
    assert!(folder.starts_with('/') && !std::path::Path::new(folder).exists(), "{folder}");
}

#[test]
fn a_server_may_listen_by_ipv6_only() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return; // this machine has no IPv6
    }
    let dir = folder(&[("a.chat", "/send ${addr}\n/expect ^.::1.:\\d+$\n")]);
    let Some(command) = tested("[::1]:${port}") else { return };
    suite(&dir).args(["--server", &command, "--connect", "[::1]:${port}"]).run().success();
}

#[test]
fn a_server_that_goes_to_the_background_serves_on() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", BAD), ("c.chat", GOOD)]);
    for more in [&["-j", "1"][..], &["--server-per-test", "-j", "3"]] {
        let Some(repl) = against(&dir, "daemon") else { return };
        let told = repl.args(more).run().code(1);
        told.stdout(contains("the server said nothing meanwhile\n"))
            .stdout(contains("\nthe server has ended: exit status: 0\n"))
            .stdout(contains("\n3 tests: 2 passed, 1 failed, in "));
    }
}

#[test]
fn a_server_that_writes_without_end_is_read_without_end_and_shown_in_part() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", BAD)]);
    let Some(repl) = against(&dir, "chatty") else { return };
    let told = repl.args(["-j", "1"]).run().code(1);
    let lines = format!("(  {}\n)", "chatter ".repeat(20));
    let shown = format!(r"meanwhile:\n  \(\d+ lines before these\)\n{lines}{{39}}  \S.*\n\nfailed");
    told.stdout(is_match(shown).unwrap()).stdout(contains("1 passed, 1 failed"));
}
