//! A tap: two programs that talk through it see what they would have seen without it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use predicates::prelude::*;
use predicates::str::contains;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;
use socket2::SockRef;
use tempfile::TempDir;

use crate::support::peer::{EchoServer, Peer, accept_within, listen};
use crate::support::proc::Repl;
use crate::support::running::{Finished, Running};
use crate::support::servers::{REDIS, Server};
use crate::support::{DEADLINE, make_pipe, says, tools};

/// What each end says where much is said.
const MUCH: usize = 64 << 20;

/// A tap before the server at this address, and where it listens.
fn tap(server: &str, args: &[&str]) -> (Running, String) {
    let tap = ["--listen", "127.0.0.1:0", "--connect", server];
    let tap = Repl::new().args(tap).args(args).stdin("").spawn();
    let addr = tap.listening_addr();
    (tap, addr)
}

/// The tap is told to end, and does.
fn end(tap: Running, status: i32) -> Finished {
    tap.signal(Signal::TERM);
    tap.wait().exited(status)
}

/// Both ends of a conversation through a tap.
struct Ends {
    tap: Running,
    client: TcpStream,
    server: TcpStream,
}

impl Ends {
    fn new(args: &[&str]) -> Ends {
        let (listener, addr) = listen();
        let (tap, through) = tap(&addr.to_string(), args);
        let client = TcpStream::connect(through).unwrap();
        let server = accept_within(&listener);
        for end in [&client, &server] {
            end.set_read_timeout(Some(DEADLINE)).unwrap();
            end.set_write_timeout(Some(DEADLINE)).unwrap();
        }
        Ends { tap, client, server }
    }
}

fn hears(mut from: &TcpStream, bytes: &[u8]) {
    let mut heard = vec![0; bytes.len()];
    from.read_exact(&mut heard).unwrap();
    assert!(heard == bytes, "heard `{}`", heard[..heard.len().min(100)].escape_ascii());
}

fn says(mut to: &TcpStream, bytes: &[u8]) {
    to.write_all(bytes).unwrap();
}

/// All that an end says, up to its half-close.
fn all(mut from: &TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    from.read_to_end(&mut heard).unwrap();
    heard
}

/// Reads until the connection breaks; what came before.
fn broken(mut from: &TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    let err = from.read_to_end(&mut heard).unwrap_err();
    assert_eq!(err.kind(), ErrorKind::ConnectionReset);
    heard
}

fn reset(end: TcpStream) {
    SockRef::from(&end).set_linger(Some(Duration::ZERO)).unwrap();
    drop(end);
}

/// Bytes of which no part looks like another, with all of them in it, line ends too.
fn noise(len: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// Writes until nothing is taken for a while; how much was.
fn fill(mut to: &TcpStream) -> usize {
    to.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let (piece, mut taken) = (vec![b'x'; 64 << 10], 0);
    loop {
        match to.write(&piece) {
            Ok(n) => taken += n,
            Err(err) if err.kind() == ErrorKind::WouldBlock => return taken,
            Err(err) => panic!("{err}"),
        }
    }
}

#[test]
fn bytes_pass_at_once_and_unchanged_telnet_negotiation_too() {
    let Ends { tap, client, server } = Ends::new(&[]);
    for bytes in [&b"\xff\xfd\x03"[..], b"no end", b"\r\n\0\xff\xff", b"\n\n\r"] {
        says(&client, bytes);
        hears(&server, bytes);
        says(&server, bytes);
        hears(&client, bytes);
    }
    drop((client, server));
    assert!(end(tap, 0).stdout.is_empty());
}

#[test]
fn either_end_may_half_close_first() {
    for client_first in [true, false] {
        let Ends { tap, client, server } = Ends::new(&[]);
        let (first, second) = if client_first { (&client, &server) } else { (&server, &client) };
        says(first, b"my last word");
        first.shutdown(Shutdown::Write).unwrap();
        assert_eq!(all(second), b"my last word");
        says(second, b"and mine\n");
        second.shutdown(Shutdown::Write).unwrap();
        assert_eq!(all(first), b"and mine\n");
        end(tap, 0);
    }
}

#[test]
fn a_reset_of_either_end_is_one_for_the_other_behind_its_words() {
    for client_breaks in [true, false] {
        let Ends { tap, client, server } = Ends::new(&[]);
        let (breaks, other) = if client_breaks { (client, server) } else { (server, client) };
        says(&breaks, b"last words\n");
        hears(&other, b"last words\n");
        reset(breaks);
        assert_eq!(broken(&other), b"");
        tap.wait_stderr_containing("left: reset");
        end(tap, 0);
    }
}

#[test]
fn a_reset_passes_at_once_also_behind_a_half_close() {
    for client_breaks in [true, false] {
        let Ends { tap, client, server } = Ends::new(&[]);
        let (breaks, other) = if client_breaks { (client, server) } else { (server, client) };
        breaks.shutdown(Shutdown::Write).unwrap();
        assert_eq!(all(&other), b"");
        reset(breaks);
        // It says nothing, so the reset shows nowhere but in the state of the socket.
        let mut state = [PollFd::new(&other, PollFlags::empty())];
        let deadline = DEADLINE.try_into().unwrap();
        assert_eq!(poll(&mut state, Some(&deadline)).unwrap(), 1, "no reset");
        assert!(state[0].revents().contains(PollFlags::ERR), "{:?}", state[0].revents());
        end(tap, 0);
    }
}

#[test]
fn a_reset_passes_also_where_the_other_end_has_stopped_reading() {
    let Ends { tap, client, server } = Ends::new(&[]);
    let said = fill(&client);
    reset(client);
    let heard = broken(&server);
    assert!(!heard.is_empty() && heard.len() <= said, "{} of {said} bytes", heard.len());
    end(tap, 0);
}

#[test]
fn who_speaks_to_an_end_that_is_gone_gets_a_reset() {
    let Ends { tap, client, mut server } = Ends::new(&[]);
    fill(&client);
    drop(client);
    // The client has closed; that it reads no more shows when something is said to it.
    let gone = loop {
        if let Err(err) = server.write(b"are you there?\n") {
            break err.kind();
        }
        thread::yield_now();
    };
    assert!(matches!(gone, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{gone:?}");
    end(tap, 0);
}

#[test]
fn much_passes_both_ways_at_once() {
    let Ends { tap, client, server } = Ends::new(&[]);
    let (up, down) = (noise(MUCH, 1), noise(MUCH, 2));
    thread::scope(|scope| {
        for (from, bytes) in [(&client, &up), (&server, &down)] {
            scope.spawn(move || {
                says(from, bytes);
                from.shutdown(Shutdown::Write).unwrap();
            });
        }
        let heard = scope.spawn(|| all(&server));
        assert!(all(&client) == down, "the client hears another thing");
        assert!(heard.join().unwrap() == up, "the server hears another thing");
    });
    assert!(tap.peak_memory() < 64 << 20, "{} bytes", tap.peak_memory());
    end(tap, 0);
}

#[test]
fn two_ends_that_both_stop_reading_lose_nothing_and_take_no_memory() {
    let Ends { tap, client, server } = Ends::new(&[]);
    let (up, down) = (fill(&client), fill(&server));
    assert!(tap.peak_memory() < 64 << 20, "{} bytes", tap.peak_memory());
    client.shutdown(Shutdown::Write).unwrap();
    server.shutdown(Shutdown::Write).unwrap();
    assert_eq!((all(&server).len(), all(&client).len()), (up, down));
    end(tap, 0);
}

#[test]
fn each_client_has_its_own_conn_and_its_place_in_the_transcript() {
    let echo = EchoServer::start();
    let home = TempDir::new().unwrap();
    let file = home.path().join("talk.json");
    let (tap, addr) = tap(&echo.addr(), &["--save", file.to_str().unwrap()]);
    let mut clients: Vec<Peer> = (1..=5)
        .map(|n| {
            let client = Peer::connect(&addr);
            tap.wait_stderr_line(&format!("-- client-{n} joined from 127.0.0.1:"));
            client
        })
        .collect();
    for (n, client) in clients.iter_mut().enumerate().rev() {
        client.say(format!("I am {n}\n"));
        client.expect_bytes(format!("I am {n}\n"));
        client.shutdown();
        assert_eq!(client.read_to_end_within(DEADLINE), b"");
        tap.wait_stderr_line(&format!("-- server-{} left: closed", n + 1));
    }
    assert!(says::notice("saved 25 events to ").eval(&end(tap, 0).stderr));
    let third = format!("{}#3", file.display());
    let replay = ["--connect", &echo.addr(), "--replay", &third];
    Repl::new().args(replay).run().code(0).stdout("I am 2\n");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("\"role\""), "{text}");
    Repl::new()
        .args(["show".as_ref(), file.as_os_str()])
        .run()
        .code(0)
        .stdout(contains("client-5"));
}

/// The address of a server that is not there, and a socket that keeps anybody else from being there.
fn nowhere() -> (TcpStream, String) {
    // A port that is taken by a connection, and that nobody listens on.
    let (listener, addr) = listen();
    let held = TcpStream::connect(addr).unwrap();
    drop(listener);
    let addr = held.local_addr().unwrap().to_string();
    (held, addr)
}

#[test]
fn a_server_that_is_not_there_is_told_and_the_client_closed() {
    let (_held, server) = nowhere();
    let (tap, addr) = tap(&server, &[]);
    for n in 1..=2 {
        let mut client = Peer::connect(&addr);
        client.say("hello?\n");
        assert_eq!(client.read_to_end_within(DEADLINE), b"");
        let told = format!("error: client-{n} is sent away: cannot connect to `{server}`: ");
        tap.wait_stderr_line(&told);
    }
    end(tap, 0);
}

#[test]
fn what_is_said_while_a_server_is_waited_for_is_kept_for_it() {
    let (listener, addr) = listen();
    drop(listener);
    let (tap, through) = tap(&addr.to_string(), &["--retry", "20s"]);
    let mut client = Peer::connect(&through);
    client.say("early\n");
    client.shutdown();
    tap.wait_stderr_line("-- client-1 joined from ");
    let listener = TcpListener::bind(addr).unwrap();
    let server = accept_within(&listener);
    server.set_read_timeout(Some(DEADLINE)).unwrap();
    assert_eq!(all(&server), b"early\n");
    drop(server);
    assert_eq!(client.read_to_end_within(DEADLINE), b"");
    end(tap, 0);
}

#[test]
#[cfg(target_os = "linux")] // it has /dev/full
fn a_full_disk_ends_the_recording_and_nothing_else() {
    let echo = EchoServer::start();
    let (tap, addr) = tap(&echo.addr(), &["--record", "/dev/full"]);
    let mut client = Peer::connect(&addr);
    tap.wait_stderr_line("error: cannot record to `/dev/full`: ");
    client.say("still here\n");
    client.expect_bytes("still here\n");
    let told = end(tap, 3).stderr;
    assert!(says::error("the recording `/dev/full` is not complete").eval(&told), "{told}");
}

#[test]
fn a_pipe_that_nobody_reads_holds_up_nothing() {
    let home = TempDir::new().unwrap();
    let pipe = home.path().join("pipe");
    make_pipe(&pipe);
    let echo = EchoServer::start();
    let (tap, addr) = tap(&echo.addr(), &["--record", pipe.to_str().unwrap()]);
    let client = TcpStream::connect(addr).unwrap();
    client.set_read_timeout(Some(DEADLINE)).unwrap();
    let said = noise(8 << 20, 3);
    thread::scope(|scope| {
        // More than may wait to be written.
        scope.spawn(|| (0..10).for_each(|_| says(&client, &said)));
        (0..10).for_each(|_| hears(&client, &said));
    });
    tap.wait_stderr_containing("it cannot keep up with what passes");
    let told = end(tap, 3).stderr;
    assert_eq!(told.matches("cannot record to").count(), 1, "{told}");
}

#[test]
fn a_pipe_is_recorded_to_as_soon_as_somebody_reads_it() {
    let home = TempDir::new().unwrap();
    let pipe = home.path().join("pipe");
    make_pipe(&pipe);
    let echo = EchoServer::start();
    let (tap, addr) = tap(&echo.addr(), &["--record", pipe.to_str().unwrap()]);
    let mut client = Peer::connect(&addr);
    client.say("early\n");
    client.expect_bytes("early\n");
    let reader = thread::spawn(move || std::fs::read_to_string(pipe).unwrap());
    drop(client);
    tap.wait_stderr_line("-- server-1 left: ");
    end(tap, 0);
    let recorded = reader.join().unwrap();
    assert!(recorded.contains("\"line\":\"early\"") && recorded.contains("\"ev\":\"end\""));
}

#[test]
fn a_reader_of_the_transcript_that_goes_ends_nothing() {
    let echo = EchoServer::start();
    let args = ["--listen", "127.0.0.1:0", "--connect", &echo.addr(), "--json"];
    let repl = Repl::new().args(args);
    let mut command = repl.command();
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
    let mut client = Peer::connect(line.trim().strip_prefix("-- listening on ").unwrap());
    for _ in 0..3 {
        client.say("on\n");
        client.expect_bytes("on\n");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn redis_answers_through_a_tap_and_its_transcript_is_a_test_of_it() {
    let Some(redis) = Server::start(&REDIS) else { return };
    let home = TempDir::new().unwrap();
    let file = home.path().join("redis.jsonl");
    let (tap, addr) = tap(redis.addr(), &["--record", file.to_str().unwrap()]);
    let (host, port) = tools::split_addr(&addr);
    let cli = tools::start("redis-cli", ["-2", "-h", host, "-p", port, "-x", "set", "bulk"]);
    let Some(mut cli) = cli else { return };
    cli.write(b"one\r\ntwo\0\xff\n");
    cli.close_stdin();
    assert_eq!(cli.wait().exited(0).stdout, b"OK\n");
    tap.wait_stderr_line("-- server-1 left: ");
    end(tap, 0);
    let args = ["--connect", redis.addr(), "--replay", file.to_str().unwrap()];
    Repl::new().args(args).run().code(0);
}

#[test]
fn a_secret_that_passes_is_not_recorded() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("talk.jsonl");
    let echo = EchoServer::start();
    let args = ["--listen", "127.0.0.1:0", "--connect", &echo.addr(), "--secret", "PASS"];
    let tap = Repl::new()
        .args(args)
        .args(["--record".as_ref(), file.as_os_str()])
        .env("PASS", "sesame")
        .stdin("");
    let tap = tap.spawn();
    let mut client = Peer::connect(&tap.listening_addr());
    client.say("PASS ses");
    client.expect_bytes("PASS ses");
    client.say("ame\n");
    client.expect_bytes("ame\n");
    client.reset();
    tap.wait_stderr_line("-- client-1 left: reset");
    end(tap, 0);
    let recorded = std::fs::read_to_string(&file).unwrap();
    assert!(recorded.contains("${PASS}") && !recorded.contains("ses"), "{recorded}");
}

#[test]
fn a_tap_does_not_connect_to_itself() {
    for (listen, connect) in
        [("127.0.0.1:9", "127.0.0.1:9"), ("localhost", "tls:localhost:51423"), ("unix:s", "unix:s")]
    {
        let tap = Repl::new().args(["--listen", listen, "--connect", connect]).run();
        let place = connect.trim_start_matches("tls:");
        let told =
            format!("--listen and --connect both name {place}, where a tap would connect to");
        tap.code(2).stderr(says::error(&told).and(contains("listen somewhere else")));
    }
    // Which port it picks is no other program's.
    let picks = Repl::new().args(["--listen", "127.0.0.1:0", "--connect", "127.0.0.1:0"]);
    let picks = picks.stdin("").spawn();
    picks.listening_addr();
    end(picks, 0);
}
