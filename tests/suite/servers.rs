//! Servers that are started for the tests.

use predicates::prelude::*;
use predicates::str::contains;

use super::{BAD, GOOD, against, folder, suite, tested};
use crate::support::peer::{Peer, ScriptedServer, accept_within};
use crate::support::proc::stdout;

#[test]
fn one_server_is_started_for_all_tests_and_stopped() {
    let Some(command) = tested("${port}") else { return };
    let dir = folder(&[("a.chat", GOOD), ("b.chat", GOOD), ("c.chat", BAD)]);
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
}

#[test]
fn a_server_may_be_waited_for_longer_than_clocks_go() {
    let dir = folder(&[("a.chat", GOOD)]);
    let Some(command) = tested("${port}") else { return };
    let retry = ["--retry", "1000000000000000h"];
    suite(&dir).args(["--server", &command]).args(retry).run().success();
    let server = ScriptedServer::start(|mut peer| {
        peer.expect_bytes("hello\n");
        peer.say("hello\n");
    });
    suite(&dir).args(["--connect", &server.addr()]).args(retry).run().success();
    server.finish();
}

#[test]
fn a_server_that_somebody_else_starts_is_waited_for_where_that_is_asked_for() {
    let dir = folder(&[("a.chat", GOOD)]);
    // Bound and not listening yet: a connect is refused, and nobody else gets the port.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap().to_string();
    let waiting = suite(&dir).args(["--connect", &addr, "--retry", "20s"]).spawn();
    // One that does not wait is refused, by which time the other has tried, too.
    suite(&dir).args(["--connect", &addr]).run().code(1).stdout(contains("connection refused"));
    socket.listen(1).unwrap();
    let mut peer = Peer::from(accept_within(&socket.into()));
    peer.expect_bytes("hello\n");
    peer.say("hello\n");
    drop(peer);
    waiting.wait().exited(0);
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
    let stdout = stdout(&told);
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
fn of_a_server_that_writes_much_the_last_lines_are_shown_and_the_others_counted() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", "lines 1000\n/expect -n -x nobody\n")]);
    let Some(repl) = against(&dir, "") else { return };
    let told = repl.args(["-j", "1"]).run().code(1);
    let lines = (960..1000).map(|number| format!("  line {number}\n")).collect::<Vec<_>>().concat();
    let shown =
        format!("\nthe server said meanwhile:\n  (961 lines before these)\n{lines}\nfailed:\n");
    told.stdout(contains(shown));
}

#[test]
fn a_server_that_writes_without_end_is_read_without_end() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", BAD)]);
    let Some(command) = tested("${port}") else { return };
    let told = suite(&dir).args(["--server", &format!("yes & {command}")]).run().code(1);
    told.stdout(contains("\n2 tests: 1 passed, 1 failed, in "));
}
