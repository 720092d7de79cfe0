//! Several conns in one script: `/open` and `/on`.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::peer::{EchoServer, Peer, ScriptedServer, listen};
use crate::support::proc::Repl;
use crate::support::says;
use crate::support::tools::split_addr;

/// A server that greets, and hears its client out.
fn greeting(word: &'static str) -> ScriptedServer {
    ScriptedServer::start(move |mut peer| {
        peer.say(format!("I am {word}\n"));
        peer.read_to_end_within(DEADLINE);
    })
}

/// An address at which nobody listens.
fn nobody() -> String {
    listen().1.to_string()
}

#[test]
fn three_conns_are_spoken_to_in_one_script() {
    let [one, two, three] = ["one", "two", "three"].map(greeting);
    let script = format!(
        "/open two {}\n/open three {}\n/on three\n/expect -n I am (?<name>.*)\n/send hello ${{name}}\n\
         /on main\n/expect -n -x I am one\nhello one\n/on two\n/expect -n -x I am two\n/on all\nbye\n",
        two.addr(),
        three.addr()
    );
    let dir = TempDir::new().unwrap();
    let repl = Repl::new().args(["--connect", &one.addr(), "--save", "talk.json"]);
    let ended = repl.current_dir(dir.path()).stdin(script).run().success();
    let connected = format!("connected to {} as two\n", two.addr());
    ended.stderr(says::notice(&connected).and(says::notice("saved ")));
    assert_eq!(one.finish(), b"hello one\nbye\n");
    assert_eq!(two.finish(), b"bye\n");
    assert_eq!(three.finish(), b"hello three\nbye\n");
    let kept = fs::read_to_string(dir.path().join("talk.json")).unwrap();
    assert!(kept.contains(r#""name":"three"}"#), "{kept}");
    assert!(kept.contains(r#""from":"client","line":"bye"}"#), "{kept}");
}

#[test]
fn a_conn_that_cannot_be_opened_fails_the_step() {
    let server = greeting("main");
    let addr = nobody();
    let repl = Repl::new().args(["--connect", &server.addr()]);
    let script = format!("/set to {addr}\n/open bob ${{to}}\nnot sent\n");
    let ended = repl.stdin(script).run().code(4);
    let told = format!("cannot connect to `{addr}`: connection refused; is the server running?");
    let place = contains("\n  --> <stdin>:2:1\n").and(contains(" 2 | /open bob ${to}\n"));
    ended.stderr(says::error(&told).and(place));
    assert_eq!(server.finish(), b"");
}

#[test]
fn an_address_that_is_none_is_pointed_at() {
    let server = greeting("main");
    let repl = Repl::new().args(["--connect", &server.addr()]);
    let ended = repl.stdin("/open bob localhost:http\n").run().code(3);
    ended.stderr(
        contains("error: `http` is no port: write a number from 0 to 65535\n  --> <stdin>:1:11\n")
            .and(contains("          ^^^^^^^^^^^^^^\n")),
    );
    server.finish();
}

#[test]
fn an_address_that_does_not_answer_yet_is_tried_again() {
    let server = greeting("main");
    let socket = TempDir::new().unwrap();
    let path = socket.path().join("late.sock");
    let repl = Repl::new().args(["--connect", &server.addr(), "--retry", "30s"]);
    let mut client = repl.spawn();
    client.write(format!("/echo trying\n/open late unix:{}\n/on late\nhello\n", path.display()));
    client.wait_stderr_line("-- trying");
    let mut late = Repl::new().args(["--listen", &format!("unix:{}", path.display())]).spawn();
    late.wait_stdout("hello\n");
    client.close_stdin();
    client.wait().exited(0);
    server.finish();
    late.close_stdin();
    late.wait().exited(0);
}

#[test]
fn a_script_knows_where_it_has_connected_to() {
    let server = EchoServer::start();
    let addr = server.addr();
    let script = "/open again ${addr}\n/on again\n/send hello from ${port}\n/expect ^hello from \\d+$\n\
                  /set port 1\n/echo ${addr} ${port}\n";
    let told = Repl::new().args(["--connect", &addr]).stdin(script).run().success();
    told.stderr(contains(format!("connected to {addr} as again\n-- {addr} 1\n")));
    let (_, port) = split_addr(&addr);
    server.wait_for(format!("hello from {port}\n"));
    // Whoever gives them a value means it.
    let repl = Repl::new().args(["--connect", &addr, "--var", "addr=elsewhere"]);
    let told = repl.stdin("/echo ${addr} ${port}\n").run().success();
    told.stderr(contains(format!("-- elsewhere {port}\n")));
}

#[test]
fn a_listener_can_open_a_conn_of_its_own() {
    let upstream = greeting("upstream");
    let script = format!(
        "/open up {}\n/on up\n/expect -n I am (?<who>.*)\n/on all\n/send ${{who}} is there\n/expect bye\n",
        upstream.addr()
    );
    let dir = TempDir::new().unwrap();
    let repl = Repl::new().args(["--listen", "127.0.0.1:0", "--record", "talk.jsonl"]);
    let mut host = repl.current_dir(dir.path()).spawn();
    let mut guest = Peer::connect(&host.listening_addr());
    host.write(script);
    guest.expect_bytes("upstream is there\n");
    guest.say("bye\n");
    guest.shutdown();
    host.close_stdin();
    host.wait().exited(0);
    upstream.finish();
    let kept = fs::read_to_string(dir.path().join("talk.jsonl")).unwrap();
    assert!(kept.contains(r#""name":"up","role":"client"}"#), "{kept}");
    assert!(
        kept.contains(r#""from":"server","line":"I am upstream","want":"I am (?<who>.*)"}"#),
        "{kept}"
    );
    let shown = Repl::new().args(["show", "talk.jsonl"]).current_dir(dir.path()).run().success();
    shown.stdout(contains("up       I am upstream").and(contains("guest-1  bye")));
}

#[test]
fn a_conn_among_several_that_breaks_is_told_at_the_end() {
    let server = greeting("main");
    let breaking = ScriptedServer::start(|mut peer| {
        peer.expect_bytes("go\n");
        peer.reset();
    });
    let addr = breaking.addr();
    let script = format!("/open bad {addr}\n/on bad\ngo\n/on main\n/expect -x I am main\n");
    let repl = Repl::new().args(["--connect", &server.addr()]);
    let ended = repl.stdin(script).run().code(5);
    ended.stderr(says::error(&format!("the connection to {} broke", breaking.addr())));
    server.finish();
    breaking.finish();
}
