//! Where the program listens and connects, and what it says about it.

use std::fs;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use predicates::prelude::*;
use regex::Regex;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::peer::{Peer, ScriptedServer};
use crate::support::proc::Repl;
use crate::support::running::Running;
use crate::support::says::{error, notice};
use crate::support::tools::split_addr;

/// A listener whose script comes through a pipe that stays open.
fn host(addr: &str) -> Running {
    Repl::new().args(["--listen", addr]).spawn()
}

/// Whether this machine has the IPv6 loopback; said so where it has not.
fn has_v6() -> bool {
    let has = TcpListener::bind("[::1]:0").is_ok();
    if !has {
        // Past the capture of `eprintln!`, since a test that is skipped passes.
        let _ = writeln!(io::stderr(), "skipped: this machine has no IPv6");
    }
    has
}

/// Listens at `listen`, connects to `connect`, and has both ends say something.
#[track_caller]
fn talk(listen: &str, connect: impl Fn(&str) -> String) {
    let mut host = host(listen);
    let addr = connect(&host.listening_addr());
    let guest = Repl::new().args(["--connect", &addr]).stdin("你好\n").spawn();
    host.wait_stdout("你好\n");
    host.wait_stderr_line("-- guest-1 left: closed");
    host.write("再见\n");
    host.close_stdin();
    let guest = guest.wait().exited(0);
    assert_eq!(String::from_utf8(guest.stdout).unwrap(), "再见\n");
    assert_eq!(host.wait().exited(0).stdout, "你好\n".as_bytes());
}

#[test]
fn two_ends_talk_over_ipv4() {
    talk("127.0.0.1:0", str::to_owned);
    talk("localhost:0", |addr| format!("localhost:{}", split_addr(addr).1));
}

#[test]
fn two_ends_talk_over_ipv6() {
    if has_v6() {
        talk("[::1]:0", |addr| {
            assert!(addr.starts_with("[::1]:"), "{addr}");
            addr.to_owned()
        });
    }
}

#[test]
fn two_ends_talk_over_a_unix_socket() {
    let dir = TempDir::new().unwrap();
    let addr = format!("unix:{}", dir.path().join("chat.sock").display());
    talk(&addr, |told| {
        assert_eq!(told, addr);
        addr.clone()
    });
    assert!(!dir.path().join("chat.sock").exists(), "a listener takes its socket file away");
}

#[test]
fn a_port_alone_is_every_interface_and_a_client_s_own_machine() {
    for form in ["0", ":0"] {
        talk(form, |addr| split_addr(addr).1.to_owned());
        talk(form, |addr| format!(":{}", split_addr(addr).1));
        talk(form, |addr| format!("127.0.0.1:{}", split_addr(addr).1));
    }
    if has_v6() {
        talk("0", |addr| {
            assert!(addr.starts_with("[::]:"), "{addr}");
            format!("[::1]:{}", split_addr(addr).1)
        });
    }
}

#[test]
fn notices_have_the_form_that_scripts_wait_for() {
    let mut host = host("127.0.0.1:0");
    let addr = host.listening_addr();
    let guest = Repl::new().args(["--connect", &addr]).stdin("").spawn();
    host.wait_stderr_line("-- guest-1 left: closed");
    host.close_stdin();
    let guest = guest.wait().exited(0);
    assert_eq!(
        guest.stderr,
        format!("-- connected to {addr}\n-- the peer closed the connection\n")
    );
    let told = Regex::new(
        r"\A-- listening on 127\.0\.0\.1:\d+
-- guest-1 joined from 127\.0\.0\.1:\d+
-- guest-1 left: closed
\z",
    );
    let host = host.wait().exited(0);
    assert!(told.unwrap().is_match(&host.stderr), "{}", host.stderr);
    assert_eq!(host.stdout, b"", "notices are no output");
}

#[test]
fn quiet_leaves_out_notices_and_never_errors() {
    // Without its notice there is no telling where it listens, so this one has a path.
    let dir = TempDir::new().unwrap();
    let addr = format!("unix:{}", dir.path().join("chat.sock").display());
    let host = Repl::new().args(["-q", "--listen", &addr]).stdin("hello\n").spawn();
    let guest = Repl::new().args(["-q", "--connect", &addr, "--retry", "20s"]).stdin("").run();
    guest.success().stdout("hello\n").stderr("");
    assert_eq!(host.wait().exited(0).stderr, "");
    let server = ScriptedServer::start(|mut peer| {
        peer.say("no\n");
        peer.read_to_end_within(DEADLINE);
    });
    let fails =
        Repl::new().args(["-q", "--connect", &server.addr()]).stdin("/expect -n yes\n").run();
    fails.code(1).stderr(error("the next line did not match `yes`").and(notice("").not()));
}

#[test]
fn a_second_guest_is_told_to_the_host_once_and_hears_only_the_host() {
    let mut host = host("127.0.0.1:0");
    let addr = host.listening_addr();
    let mut guests: Vec<Peer> = Vec::new();
    for number in 1..=3 {
        let mut guest = Peer::connect(&addr);
        guest.say(format!("this is {number}\n"));
        host.wait_stdout(format!("this is {number}\n"));
        guests.push(guest);
    }
    host.write("welcome\n");
    host.close_stdin();
    for guest in &mut guests {
        assert_eq!(guest.read_to_end_within(DEADLINE), b"welcome\n");
        guest.shutdown();
    }
    let host = host.wait().exited(0);
    assert_eq!(host.stdout, b"this is 1\nthis is 2\nthis is 3\n");
    let told = "-- guests hear only the host; with --room they hear each other\n";
    assert_eq!(host.stderr.matches(told).count(), 1, "{}", host.stderr);
    let [second, hears, third] = ["-- guest-2 joined", told, "-- guest-3 joined"].map(|notice| {
        host.stderr.find(notice).unwrap_or_else(|| panic!("no {notice}: {}", host.stderr))
    });
    assert!(second < hears && hears < third, "{}", host.stderr);
}

#[test]
fn a_socket_file_left_by_a_dead_process_is_replaced() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chat.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "std leaves the file behind, as a killed process does");
    talk(&format!("unix:{}", path.display()), str::to_owned);
}

#[test]
fn a_live_socket_file_is_left_to_its_owner() {
    let dir = TempDir::new().unwrap();
    let addr = format!("unix:{}", dir.path().join("chat.sock").display());
    let mut first = host(&addr);
    first.listening_addr();
    let second = Repl::new().args(["--listen", &addr]).run().code(4);
    second.stderr(error(&format!("cannot listen on `{addr}`: another process listens there")));
    Repl::new().args(["--connect", &addr, "--linger", "1ms"]).stdin("still here\n").run().success();
    first.close_stdin();
    assert_eq!(first.wait().exited(0).stdout, b"still here\n");
}

#[test]
fn a_file_that_is_no_socket_is_never_taken_for_one() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("diary.txt");
    fs::write(&path, "dear diary").unwrap();
    let listens = Repl::new().args(["--listen".as_ref(), unix(&path).as_os_str()]).run().code(4);
    listens.stderr(predicate::str::contains("the file there is no socket"));
    assert_eq!(fs::read(&path).unwrap(), b"dear diary");
}

#[test]
fn a_listener_that_is_terminated_takes_its_socket_file_away() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chat.sock");
    let host = Repl::new().args(["--listen".as_ref(), unix(&path).as_os_str()]).spawn();
    host.listening_addr();
    assert!(fs::metadata(&path).unwrap().file_type().is_socket());
    host.signal(rustix::process::Signal::TERM);
    host.wait().exited(143);
    assert!(!path.exists());
}

fn unix(path: &Path) -> std::ffi::OsString {
    format!("unix:{}", path.display()).into()
}
