//! Much at once: all of it arrives, in order, and what waits is bounded.
//!
//! The program under test is not optimised, so there is less here than it is made for; the bounds are
//! the same.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use socket2::SockRef;
use tempfile::TempDir;

use crate::support::ends::Gathered;
use crate::support::peer::{EchoServer, Peer, ScriptedServer, accept_within, listen};
use crate::support::proc::Repl;
use crate::support::running::{Running, peak_memory};
use crate::support::{DEADLINE, tape};

const MIB: usize = 1 << 20;

/// What the program may take in all with `--keep 8MiB`.
const BOUND: usize = (8 + 32) * MIB;

/// How far a sender may get ahead of who reads: the buffers of the system, which grow to some MiB at
/// either end, and those of the program.
const AHEAD: usize = 32 * MIB;

/// Lines that tell where they come from and which they are.
fn lines(who: &str, count: u32) -> String {
    let mut lines = String::new();
    for n in 0..count {
        writeln!(lines, "{who} says line {n}").unwrap();
    }
    lines
}

/// Compares without printing megabytes.
#[track_caller]
fn same(came: &[u8], said: &str) {
    let mut pairs = came.split(|b| *b == b'\n').zip(said.split('\n')).enumerate();
    if let Some((n, (came, said))) = pairs.find(|(_, (came, said))| *came != said.as_bytes()) {
        panic!("line {n} is `{}`, not `{said}`", came.escape_ascii());
    }
    assert_eq!(came.len(), said.len());
}

#[test]
fn two_ends_that_send_much_at_once_hear_all_of_it_in_order_and_stay_small() {
    let (ours, theirs) = (lines("host", 400_000), lines("guest", 400_000));
    let mut host = Repl::new().args(["--listen", "127.0.0.1:0", "--keep", "8MiB"]).spawn();
    let guest = Repl::new().args(["--connect", &host.listening_addr(), "--keep", "8MiB"]);
    let guest = guest.args(["--linger", "20s"]).stdin(&theirs).spawn();
    host.write(format!("{ours}/echo all is sent\n"));
    host.wait_stderr_line("-- all is sent");
    host.wait_stderr_line("-- guest-1 left: closed");
    for peak in [host.peak_memory(), guest.peak_memory()] {
        assert!(peak < BOUND, "{peak} bytes");
    }
    host.close_stdin();
    same(&host.wait().exited(0).stdout, &theirs);
    same(&guest.wait().exited(0).stdout, &ours);
}

#[test]
fn a_script_gets_all_of_its_words_back_from_an_echo_server() {
    let said = lines("an end whose words come back to it", 250_000);
    let dir = TempDir::new().unwrap();
    let script = dir.path().join("much.chat");
    std::fs::write(&script, &said).unwrap();
    let client =
        |echo: &EchoServer| Repl::new().args(["--connect", &echo.addr(), "--keep", "8MiB"]);
    let echo = EchoServer::start();
    same(&client(&echo).stdin_file(&script).spawn().wait().exited(0).stdout, &said);
    let echo = EchoServer::start();
    let piped = client(&echo).stdin(&said).spawn().wait().exited(0);
    same(&piped.stdout, &said);
    let unread = "-- 250000 lines stayed unread\n";
    assert!(piped.stderr.ends_with(unread), "{}", piped.stderr);
    let echo = EchoServer::start();
    same(&client(&echo).args(["--plain"]).stdin(&said).spawn().wait().exited(0).stdout, &said);
}

#[test]
fn what_nobody_can_ask_for_is_kept_nowhere() {
    let dir = TempDir::new().unwrap();
    let (script, saved) = (dir.path().join("much.chat"), dir.path().join("all.json"));
    let said = format!("{:1023}\n", "a line that takes its place").repeat(48 << 10);
    std::fs::write(&script, &said).unwrap();
    for asks in [false, true] {
        let asking = if asks { "/save all.json\n" } else { "" };
        let host = Repl::new().args(["--listen", "127.0.0.1:0", "--stay"]).current_dir(&dir);
        let host = host.stdin(format!("/expect-eof\n{asking}")).spawn();
        // A host that stays can be looked at when all has come.
        let addr = host.listening_addr();
        let sender =
            Repl::new().args(["--connect", &addr, "--linger", "0s"]).stdin_file(&script).spawn();
        host.wait_stderr_line("-- guest-1 left: closed");
        if asks {
            host.wait_stderr_line("-- saved ");
        }
        sender.wait().exited(0);
        assert_eq!(host.peak_memory() > 48 * MIB, asks, "{} bytes", host.peak_memory());
        host.signal(Signal::TERM);
        same(&host.wait().stdout, &said);
    }
    let saved = std::fs::metadata(saved).unwrap().len();
    assert!(saved > 48 << 20, "{saved} bytes");
}

#[test]
fn a_file_arrives_whole_whichever_way_it_is_sent() {
    let dir = TempDir::new().unwrap();
    let text = [&lines("a file", 200_000), "and no line end"].concat();
    let (ended, returns) = (format!("{text}\n"), text.replacen("9\n", "9\r\n", 1));
    let commands = format!("{ended}/quit\nnot said\n");
    assert!(text.len() > 4 * MIB, "{}", text.len());
    let (plain, tls) = ("127.0.0.1:0", "tls:127.0.0.1:0");
    let ways: [(&str, &str, &[&str], &str); 8] = [
        ("text", plain, &[], &ended),
        ("text", tls, &["--tls-insecure"], &ended),
        ("text", plain, &["--record", "said.jsonl"], &ended),
        ("text", plain, &["--eol", "crlf"], &ended.replace('\n', "\r\n")),
        ("returns", plain, &[], &ended),
        ("commands", plain, &[], &ended),
        ("commands", plain, &["--plain"], &commands),
        ("returns", plain, &["--plain"], &returns),
    ];
    for (file, said) in [("text", &text), ("returns", &returns), ("commands", &commands)] {
        std::fs::write(dir.path().join(file), said).unwrap();
    }
    for (file, listen, args, heard) in ways {
        let host = Repl::new().args(["--listen", listen]).stdin("").spawn();
        let sender = Repl::new().args(["-q", "--connect", &host.listening_addr()]).args(args);
        let path = dir.path().join(file);
        sender.current_dir(&dir).stdin_file(path).spawn().wait().exited(0);
        same(&host.wait().exited(0).stdout, heard);
    }
}

#[test]
fn a_file_goes_to_all_guests_behind_what_was_said_before_and_to_those_that_come_while_it_does() {
    let dir = TempDir::new().unwrap();
    let text = lines("a file", 100_000);
    std::fs::write(dir.path().join("text"), &text).unwrap();
    let host = Repl::new().args(["--listen", "127.0.0.1:0", "--no-half-close"]);
    let host = host.stdin_file(dir.path().join("text")).spawn();
    let addr = host.listening_addr();
    let mut first = Peer::connect(&addr);
    let came = first.read_line();
    assert!(text.as_bytes().starts_with(&came));
    let mut second = Peer::connect(&addr);
    first.expect_bytes(&text.as_bytes()[came.len()..]);
    drop(first);
    second.shutdown();
    let came = second.read_to_end_within(DEADLINE);
    assert!(text.as_bytes().ends_with(&came), "{} bytes", came.len());
    host.wait().exited(0);
}

#[test]
fn guests_who_read_are_not_dropped_however_little_may_wait_for_them() {
    let dir = TempDir::new().unwrap();
    let text = lines("a file", 600_000);
    std::fs::write(dir.path().join("text"), &text).unwrap();
    for plain in [&[][..], &["--plain"]] {
        let host = Repl::new().args(["--listen", "127.0.0.1:0", "--no-half-close"]).args(plain);
        let host = host.args(["--outbox", "256KiB"]).stdin_file(dir.path().join("text")).spawn();
        let addr = host.listening_addr();
        let mut guests = [(); 2].map(|()| {
            let guest = TcpStream::connect(&addr).unwrap();
            SockRef::from(&guest).set_recv_buffer_size(64 << 10).unwrap();
            guest.set_read_timeout(Some(DEADLINE)).unwrap();
            guest.shutdown(Shutdown::Write).unwrap();
            (guest, Vec::new())
        });
        // Each a little at a time: what is read from a file is there sooner than they have taken it.
        let (mut buf, mut reads) = (vec![0; 8 << 10], usize::MAX);
        while reads > 0 {
            reads = 0;
            for (guest, came) in &mut guests {
                let n = guest.read(&mut buf).unwrap();
                came.extend_from_slice(&buf[..n]);
                reads += n;
            }
        }
        for (_, came) in guests {
            assert!(text.as_bytes().ends_with(&came) && !came.is_empty(), "{}", came.len());
        }
        let host = host.wait().exited(0);
        assert!(!host.stderr.contains("slow"), "{}", host.stderr);
    }
}

#[test]
fn two_echoing_ends_do_not_wait_for_each_other() {
    let said = vec![b'x'; 32 * MIB];
    let repl = Repl::new().args(["--listen", "127.0.0.1:0", "--plain"]);
    let mut echo = repl.command();
    // What it hears is what it says: its standard output is its own standard input.
    let (reader, writer) = std::io::pipe().unwrap();
    echo.stdin(reader).stdout(writer).stderr(Stdio::piped());
    let mut echo = Killed(echo.spawn().unwrap());
    let (addr, _stderr) = listening_addr(&mut echo.0);
    let stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    let mut writing = stream.try_clone().unwrap();
    let length = said.len();
    let writes = thread::spawn(move || writing.write_all(&said).unwrap());
    let mut came = vec![0; length];
    (&stream).read_exact(&mut came).unwrap();
    writes.join().unwrap();
    assert!(came.iter().all(|byte| *byte == b'x'));
}

#[test]
fn a_peer_may_say_much_while_a_pipe_that_is_still_open_says_nothing() {
    let said = lines("server", 400_000);
    let words = said.clone();
    let server = ScriptedServer::start(move |mut peer| peer.say(words));
    let client = Repl::new().args(["--connect", &server.addr()]).spawn();
    same(&client.wait().exited(0).stdout, &said);
    server.finish();
}

#[test]
fn a_peer_that_stops_reading_stops_the_sender() {
    const LENGTH: usize = 96 * MIB;
    let mut data = tempfile::tempfile().unwrap();
    data.set_len(LENGTH as u64).unwrap();
    let (listener, addr) = listen();
    let args = ["--connect", &addr.to_string(), "--plain", "--keep", "8MiB", "--linger", "20s"];
    let repl = Repl::new().args(args);
    // The position in the file is shared: it tells how far the program has read.
    let stdin = Stdio::from(data.try_clone().unwrap());
    let client = Running::start(repl.command(), Some(stdin), None);
    let mut stream = accept_within(&listener);
    let ahead = stalled(|| usize::try_from(data.stream_position().unwrap()).unwrap());
    assert!(ahead < AHEAD, "it has read {ahead} bytes for a peer that takes none");
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    let mut chunk = vec![1; MIB];
    for _ in 0..LENGTH / MIB {
        stream.read_exact(&mut chunk).unwrap();
        assert!(chunk.iter().all(|byte| *byte == 0));
    }
    assert!(client.peak_memory() < BOUND, "{}", client.peak_memory());
    drop(stream);
    client.wait().exited(0);
}

#[test]
fn a_standard_output_that_nobody_reads_stops_the_peer() {
    const LENGTH: usize = 64 * MIB;
    let (listener, addr) = listen();
    let said = Arc::new(AtomicUsize::new(0));
    let (counter, (done, holds)) = (Arc::clone(&said), mpsc::channel::<()>());
    thread::spawn(move || {
        let mut stream = accept_within(&listener);
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        let chunk = vec![b'x'; 64 << 10];
        for _ in 0..LENGTH / chunk.len() {
            stream.write_all(&chunk).unwrap();
            counter.fetch_add(chunk.len(), Ordering::SeqCst);
        }
        // Open until the memory of the client has been looked at.
        let _ = holds.recv_timeout(DEADLINE);
    });
    let repl = Repl::new().args(["--connect", &addr.to_string(), "--keep", "8MiB"]);
    let mut client = Killed(repl.spawn_piped());
    let ahead = stalled(|| said.load(Ordering::SeqCst));
    assert!(ahead < AHEAD, "it has taken {ahead} bytes that nobody reads");
    let peak = peak_memory(client.0.id());
    assert!(peak < BOUND, "{peak}");
    let stdout = Gathered::from("stdout", client.0.stdout.take().unwrap());
    drop(done);
    let came = stdout.wait_end();
    assert_eq!(came.len(), LENGTH);
    assert!(came.iter().all(|byte| *byte == b'x'));
    Gathered::from("stderr", client.0.stderr.take().unwrap()).wait_end();
    assert_eq!(client.0.wait().unwrap().code(), Some(0));
}

/// Waits until something goes on no more, which only shows as time in which it does not; how far it
/// has come by then.
fn stalled(mut progress: impl FnMut() -> usize) -> usize {
    let (mut before, mut still) = (0, 0);
    for _ in 0..400 {
        thread::sleep(Duration::from_millis(50));
        let now = progress();
        still = if now > 0 && now == before { still + 1 } else { 0 };
        if still == 6 {
            return now;
        }
        before = now;
    }
    panic!("it still goes on, at {before}");
}

#[test]
fn a_standard_output_that_nobody_reads_is_not_what_a_client_is_blamed_for() {
    let says = vec!["x".repeat(64 << 10); 64];
    let events: Vec<_> =
        says.iter().map(|line| tape::client(line)).chain([tape::server("all")]).collect();
    let dir = tape::talk_folder(&tape::tape(&events));
    let args = ["--listen", "127.0.0.1:0", "--replay", "talk.jsonl", "--timeout", "100ms"];
    let mut mock = Repl::new().args(args).command();
    mock.current_dir(&dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut mock = Killed(mock.spawn().unwrap());
    let (addr, stderr) = listening_addr(&mut mock.0);
    let stderr = Gathered::from("stderr", stderr);
    let said = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&said);
    let client = thread::spawn(move || {
        let mut client = Peer::connect(&addr);
        for line in says {
            client.say(line + "\n");
            counter.fetch_add(1, Ordering::SeqCst);
        }
        client.read_line()
    });
    stalled(|| said.load(Ordering::SeqCst));
    let stdout = Gathered::from("stdout", mock.0.stdout.take().unwrap());
    assert_eq!(client.join().unwrap(), b"all\n");
    assert_eq!(stdout.wait_end().len(), 64 * ((64 << 10) + 1));
    let told = String::from_utf8(stderr.wait_end()).unwrap();
    assert_eq!(mock.0.wait().unwrap().code(), Some(0), "{told}");
}

#[test]
fn a_guest_that_does_not_read_is_dropped_and_the_others_hear_all() {
    let said = lines("host", 600_000);
    let mut host = Repl::new().args(["--listen", "127.0.0.1:0", "--keep", "8MiB"]).spawn();
    let addr = host.listening_addr();
    // With five guests one slow one holds up nobody.
    let mut guests: Vec<Peer> = (0..5).map(|_| Peer::connect(&addr)).collect();
    let stuck = guests.pop();
    host.write("/accept 5\n");
    host.write(&said);
    let reads = |mut guest: Peer| thread::spawn(move || guest.read_to_end_within(DEADLINE));
    let reading: Vec<_> = guests.into_iter().map(reads).collect();
    host.wait_stderr_containing(" left: slow");
    host.close_stdin();
    for heard in reading {
        same(&heard.join().unwrap(), &said);
    }
    // That it never took its words has been told, and is no failure of the host's.
    host.wait().exited(0);
    drop(stuck);
}

#[test]
fn notices_that_nobody_reads_hold_up_neither_the_conversation_nor_the_end() {
    let repl = Repl::new().args(["--listen", "127.0.0.1:0", "--stay"]);
    let mut host = Killed(repl.spawn_piped());
    let (addr, mut stderr) = listening_addr(&mut host.0);
    let stdout = Gathered::from("stdout", host.0.stdout.take().unwrap());
    // Their joining and leaving is twice as much as a pipe holds.
    for n in 0..1_500 {
        Peer::connect(&addr).say(format!("{n}\n"));
    }
    stdout.wait_for(b"\n1499\n");
    kill_process(Pid::from_child(&host.0), Signal::INT).unwrap();
    stdout.wait_end();
    assert_eq!(host.0.wait().unwrap().code(), Some(130));
    let mut told = String::new();
    stderr.read_to_string(&mut told).unwrap();
    assert!(told.starts_with("-- guest-1 joined"), "{}", told.lines().next().unwrap());
}

/// A program that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // Both fail only where it has been waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads the first notice of a listener. The others fit into the pipe, which is to be kept open.
fn listening_addr(child: &mut Child) -> (String, impl Read + use<>) {
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut told = String::new();
    stderr.read_line(&mut told).unwrap();
    (told.trim_end().strip_prefix("-- listening on ").unwrap().to_owned(), stderr)
}
