//! The exit statuses, each with its reason on standard error.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::Duration;

use predicates::prelude::*;
use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::peer::{EchoServer, Peer, ScriptedServer, accept_within};
use crate::support::proc::Repl;
use crate::support::running::Finished;
use crate::support::says::error;

fn client(addr: &str) -> Repl {
    Repl::new().args(["--connect", addr])
}

fn tcp() -> socket2::Socket {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    socket
}

fn addr_of(socket: &socket2::Socket) -> String {
    socket.local_addr().unwrap().as_socket().unwrap().to_string()
}

#[test]
fn usage_is_2() {
    let wrong: [&[&str]; 11] = [
        &[],
        &["-q"],
        &["--connect"],
        &["--connect", "127.0.0.1:99999"],
        &["--connect", "[::1"],
        &["--listen", "0", "--connect", "127.0.0.1:1", "--plain"],
        &["--listen", "0", "--retry", "1s"],
        &["--listen", "0", "--connect", "1", "--replay", "t.json"],
        &["--connect", "127.0.0.1:1", "--stay"],
        &["--connect", "127.0.0.1:1", "--linger", "soon"],
        &["--connect", "127.0.0.1:1", "--plain", "--script", "s.chat"],
    ];
    for args in wrong {
        let asserted = Repl::new().args(args).run().append_context("arguments", args.join(" "));
        asserted.code(2).stdout("").stderr(error(""));
    }
}

#[test]
fn a_refusal_is_4() {
    // Bound and not listening: nobody else can have the port, and a connect is refused.
    let socket = tcp();
    let addr = addr_of(&socket);
    let told = format!("cannot connect to `{addr}`: connection refused");
    client(&addr).run().code(4).stdout("").stderr(error(&told));
    let told = format!("cannot connect to `{addr}`: connection refused; tried for ");
    client(&addr).args(["--retry", "200ms"]).run().code(4).stderr(error(&told));
}

#[test]
fn an_unknown_name_is_4() {
    let told = "cannot connect to `nowhere.invalid:51423`: host not found";
    client("nowhere.invalid").run().code(4).stderr(error(told));
    let told = "cannot listen on `nowhere.invalid:0`: host not found";
    Repl::new().args(["--listen", "nowhere.invalid:0"]).run().code(4).stderr(error(told));
}

#[test]
fn a_server_that_does_not_answer_is_4() {
    let socket = tcp();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    // Who waits to be let in fills the backlog; after that the system answers nobody.
    let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
    let waiting: Vec<TcpStream> = std::iter::from_fn(connect).take(64).collect();
    assert!(waiting.len() < 64, "the backlog never filled");
    let told = format!("cannot connect to `{address}`: no answer within 200ms");
    let args = ["--connect-timeout", "200ms"];
    client(&address.to_string()).args(args).run().code(4).stderr(error(&told));
}

#[test]
fn a_missing_socket_file_is_4() {
    let dir = TempDir::new().unwrap();
    let addr = format!("unix:{}", dir.path().join("none.sock").display());
    let told = format!("cannot connect to `{addr}`: no such socket");
    client(&addr).run().code(4).stderr(error(&told));
}

#[test]
fn an_address_in_use_is_4() {
    let echo = EchoServer::start();
    let addr = echo.addr();
    let told = format!("cannot listen on `{addr}`: address in use");
    Repl::new().args(["--listen", &addr]).run().code(4).stdout("").stderr(error(&told));
}

#[test]
fn retry_connects_once_the_server_is_there() {
    let socket = tcp();
    let addr = addr_of(&socket);
    let running = client(&addr).args(["--retry", "20s"]).stdin("hello\n").spawn();
    // One that does not retry is refused, by which time the other has tried, too.
    client(&addr).run().code(4);
    socket.listen(1).unwrap();
    let mut peer = Peer::from(accept_within(&socket.into()));
    assert_eq!(peer.read_to_end_within(DEADLINE), b"hello\n");
    drop(peer);
    running.wait().exited(0);
}

#[test]
fn a_reset_in_the_middle_of_a_script_is_5() {
    let server = ScriptedServer::start(|mut peer| {
        peer.say("hello\n");
        peer.expect_bytes("question\n");
        peer.reset();
    });
    let script = "/expect ^hello$\nquestion\n/expect -t 1h ^answer$\n";
    let broken = client(&server.addr()).stdin(script).run();
    broken.code(5).stdout("hello\n").stderr(error("").and(predicate::str::contains("reset")));
    server.finish();
}

#[test]
fn a_reset_is_5_also_where_no_step_waits() {
    let server = ScriptedServer::start(|mut peer| {
        peer.expect_bytes("question\n");
        peer.reset();
    });
    let running = client(&server.addr()).spawn();
    running.write("question\n");
    let told = format!("error: the connection to {} broke: it was reset", server.addr());
    let left = running.wait().exited(5);
    assert!(left.stderr.contains(&told), "{}", left.stderr);
    server.finish();
}

#[test]
fn a_write_that_fails_is_5() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    // More than the system takes for a peer that is gone; sparse, so it costs nothing.
    fs::File::create(&data).unwrap().set_len(64 << 20).unwrap();
    let server = ScriptedServer::start(|mut peer| {
        peer.expect_bytes([0; 16]);
        peer.reset();
    });
    let broken = client(&server.addr()).args(["--plain"]).stdin_file(data).run();
    broken.code(5).stderr(error(&format!("the connection to {} broke", server.addr())));
    server.finish();
}

#[test]
fn a_peer_that_ends_while_a_wait_is_open_is_5() {
    let server = ScriptedServer::start(|mut peer| {
        peer.expect_bytes("question\n");
    });
    let ended = client(&server.addr()).stdin("question\n/expect -t 1h ^answer$\n").run();
    ended.code(5).stderr(error("").and(predicate::str::contains("`^answer$`")));
    server.finish();
}

#[test]
fn a_check_that_fails_is_1_and_outranks_the_rest() {
    let server = ScriptedServer::start(|mut peer| {
        peer.say("unlike\n");
        peer.read_to_end_within(DEADLINE);
    });
    // The recording fails too, which alone is 3.
    let fails = client(&server.addr()).args(["--record", "/dev/full"]);
    let fails = fails.stdin("/expect -n ^like$\n").run().code(1);
    let told = error("the next line did not match `^like$`");
    fails.stderr(told.and(error("cannot record to `/dev/full`")));
    server.finish();
}

#[test]
fn a_file_that_cannot_be_written_is_3_and_the_conversation_goes_on() {
    let echo = EchoServer::start();
    let full = client(&echo.addr()).args(["--record", "/dev/full"]).stdin("hello\n").run();
    full.code(3).stdout("hello\n").stderr(error("").and(predicate::str::contains("/dev/full")));
}

#[test]
fn a_file_that_cannot_be_read_is_3_before_anybody_is_called() {
    let socket = tcp();
    for option in ["--script", "--replay"] {
        let missing = client(&addr_of(&socket)).args([option, "/no/such/file"]).run().code(3);
        missing.stderr(error("cannot read `/no/such/file`"));
    }
}

#[test]
fn interrupted_is_130_and_terminated_is_143() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 143)] {
        let echo = EchoServer::start();
        let running = client(&echo.addr()).spawn();
        running.write("hello\n");
        echo.wait_for("hello\n");
        running.signal(signal);
        said_error(&running.wait().exited(code));
        let waiting = Repl::new().args(["--listen", "127.0.0.1:0"]).spawn();
        waiting.listening_addr();
        waiting.signal(signal);
        said_error(&waiting.wait().exited(code));
    }
}

#[test]
fn a_listener_that_stays_is_interrupted_like_any_other() {
    let host = Repl::new().args(["--listen", "127.0.0.1:0", "--stay"]).spawn();
    host.listening_addr();
    host.signal(Signal::INT);
    said_error(&host.wait().exited(130));
}

#[test]
fn a_standard_output_that_is_closed_ends_it_quietly_and_at_once() {
    for json in [false, true] {
        let (gone, wait) = mpsc::channel::<()>();
        let server = ScriptedServer::start(move |mut peer| {
            peer.say("one\ntwo\n");
            // Like `| head -1`: the peer has more to say, and standard input stays open.
            while wait.try_recv() == Err(mpsc::TryRecvError::Empty) && peer.try_say("more\n") {}
        });
        let repl = client(&server.addr()).args(if json { &["--json"][..] } else { &[] });
        let mut child = repl.spawn_piped();
        let mut first = String::new();
        BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(json || first == "one\n", "{first}");
        let stdin = child.stdin.take();
        let output = child.wait_with_output().unwrap();
        drop((stdin, gone));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.contains("error:")), (Some(0), false), "{stderr}");
        server.finish();
    }
}

#[test]
fn a_guest_that_comes_while_the_host_leaves_does_not_keep_it() {
    let host = Repl::new().args(["--listen", "127.0.0.1:0"]).spawn();
    let addr = host.listening_addr();
    let here = Peer::connect(&addr);
    host.wait_stderr_line("-- guest-1 joined");
    host.signal(Signal::TERM);
    // Until the door is closed, whoever knocks stays.
    let mut late = Vec::new();
    while let Ok(peer) = TcpStream::connect(&addr) {
        late.push(peer);
    }
    let left = host.wait();
    assert_eq!(left.status.code(), Some(143), "{}", left.stderr);
    drop((here, late));
}

#[track_caller]
fn said_error(left: &Finished) {
    assert!(left.stderr.lines().any(|line| line.starts_with("error: ")), "{}", left.stderr);
}

#[test]
fn what_was_to_be_saved_is_saved_when_it_is_interrupted() {
    let dir = TempDir::new().unwrap();
    let files = ["t.json", "t.jsonl"].map(|name| dir.path().join(name));
    let echo = EchoServer::start();
    let [save, record] = files.each_ref().map(|file| file.to_str().unwrap());
    let running = client(&echo.addr()).args(["--save", save, "--record", record]).spawn();
    running.write("hello\n");
    running.wait_stdout("hello\n");
    running.signal(Signal::TERM);
    running.wait().exited(143);
    for file in files {
        let shown = Repl::new().args(["show".as_ref(), file.as_os_str()]).run().success();
        shown.stdout(predicate::str::contains("hello").count(2)).stderr("");
    }
}
