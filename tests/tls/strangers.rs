//! Who comes to a listener over TLS without speaking it, and ends that break.

use std::io::Write;
use std::net::TcpStream;

use chat_repl::net::raise_descriptor_limit;

use super::host;
use crate::support::DEADLINE;
use crate::support::peer::Peer;
use crate::support::proc::Repl;
use crate::support::says::error;
use predicates::prelude::*;

/// What the program may hold at most while much passes: what it holds of records, of outboxes and of the
/// transcript are some MiB together.
const MEMORY: usize = 96 << 20;

#[test]
fn a_client_that_does_not_speak_tls_is_told_so_and_is_no_guest() {
    let host = host(&[]);
    let mut peer = Peer::connect(host.addr.trim_start_matches("tls:"));
    peer.say("hello\n");
    let told = "-- this listener speaks TLS, and what came is no TLS\n";
    assert_eq!(peer.read_to_end_within(DEADLINE), told.as_bytes());
    host.running.wait_stderr_containing("was turned away: what it says is no TLS");
    let mut guest = host.guest().spawn();
    guest.write("I do\n");
    host.running.wait_stdout("I do\n");
    host.running.wait_stderr_line("-- guest-1 joined from ");
    guest.close_stdin();
}

#[test]
fn a_thousand_strangers_keep_nobody_out_and_are_no_guests() {
    raise_descriptor_limit();
    let mut host = host(&[]);
    let addr = host.addr.trim_start_matches("tls:");
    let strangers: Vec<TcpStream> = (0..1000)
        .map(|n| {
            let mut stranger = TcpStream::connect(addr).unwrap();
            // Nothing at all, or the beginning of a handshake.
            stranger.write_all(&[22, 3, 1, 2, 0, 1][..n % 7]).unwrap();
            stranger
        })
        .collect();
    let guest = host.guest().args(["--linger", "20s"]).stdin("here I am\n").spawn();
    host.running.wait_stdout("here I am\n");
    host.running.write("welcome\n");
    guest.wait_stdout("welcome\n");
    // It does not wait for those who only knock.
    host.running.close_stdin();
    guest.wait().exited(0);
    let told = host.running.wait().exited(0).stderr;
    assert_eq!(told.matches("joined").count(), 1, "{told}");
    drop(strangers);
}

#[test]
fn an_end_within_a_line_and_without_close_notify_is_a_broken_connection() {
    let host = host(&[]);
    let client = host.guest().spawn();
    host.running.write("/raw so far\n");
    client.wait_stdout("so far");
    host.running.kill();
    let told = client.wait().exited(5).stderr;
    let begin = format!("the connection to {} broke: ", host.addr);
    assert!(error(&begin).eval(&told), "{told}");
    let why = ["it ended within a line and without close_notify", "it was reset"];
    assert!(why.iter().any(|why| told.contains(why)), "{told}");
}

#[test]
fn much_passes_both_ways_at_once_in_bounded_memory() {
    let line = format!("{}\n", "0123456789".repeat(12));
    let much = line.repeat(200_000);
    let args = ["--plain", "--linger", "20s", "--keep", "1MiB"];
    let host = Repl::new().args(["--listen", "tls:127.0.0.1:0"]).args(args);
    let mut host = host.spawn();
    host.write(&much);
    let addr = host.listening_addr();
    let client = Repl::new().args(["--connect", &addr, "--tls-insecure"]).args(args);
    let client = client.stdin(&much).spawn();
    // It has heard all, and may have something to say yet.
    host.wait_stderr_line("-- guest-1 left: closed");
    let held = [host.peak_memory(), client.peak_memory()];
    assert!(held.iter().all(|held| *held < MEMORY), "{held:?}");
    host.close_stdin();
    for end in [host, client] {
        let end = end.wait().exited(0);
        assert_eq!(end.stdout.len(), much.len());
        assert!(end.stdout.chunks(line.len()).all(|said| said == line.as_bytes()));
    }
}
