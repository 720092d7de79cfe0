//! TLS: two ends, who is believed, and those who do not speak it.

mod peers;
mod refused;
mod starttls;
mod strangers;

use std::fs;

use predicates::prelude::*;
use regex::Regex;
use tempfile::TempDir;

use crate::support::certs::{Authority, text};
use crate::support::folder;
use crate::support::proc::Repl;
use crate::support::running::Running;
use crate::support::says::notice;
use crate::support::tape::{client, closes, server, talk_folder, tape};

/// A listener over TLS.
struct Host {
    running: Running,
    addr: String,
    pin: String,
}

/// A listener with these options beside `--listen`.
fn host(args: &[&str]) -> Host {
    let running = Repl::new().args(["--listen", "tls:127.0.0.1:0"]).args(args).spawn();
    let (addr, pin) = (running.listening_addr(), pin(&running));
    Host { running, addr, pin }
}

/// The pin that its notice says a listener may be known by.
fn pin(running: &Running) -> String {
    const NOTICE: &str = "-- certificate pin ";
    running.wait_stderr_line(NOTICE).split_off(NOTICE.len())
}

impl Host {
    fn port(&self) -> &str {
        self.addr.rsplit(':').next().unwrap()
    }

    /// A client that knows it by its pin.
    fn guest(&self) -> Repl {
        Repl::new().args(["--connect", &self.addr, "--tls-pin", &self.pin])
    }
}

#[test]
fn two_ends_talk_and_know_each_other_by_the_pin_that_is_shown() {
    let mut host = host(&[]);
    assert!(host.addr.starts_with("tls:127.0.0.1:"), "{}", host.addr);
    let guest = host.guest().args(["--linger", "20s"]).stdin("你好\n").spawn();
    host.running.wait_stdout("你好\n");
    host.running.wait_stderr_line("-- guest-1 left: closed");
    // Its direction is closed, ours is not.
    host.running.write("再见\n");
    host.running.close_stdin();
    let guest = guest.wait().exited(0);
    assert_eq!(guest.stdout, "再见\n".as_bytes());
    let told = format!(
        "-- connected to {}\n-- the peer closed the connection\n-- 1 line stayed unread\n",
        host.addr
    );
    assert_eq!(guest.stderr, told);
    let told = Regex::new(
        r"\A-- listening on tls:127\.0\.0\.1:\d+
-- certificate pin sha256//[A-Za-z0-9+/]{43}=
-- guest-1 joined from 127\.0\.0\.1:\d+
-- guest-1 left: closed
-- guest-1 has left; the line was sent in case it still reads
-- 1 line stayed unread
\z",
    );
    let host = host.running.wait().exited(0);
    assert!(told.unwrap().is_match(&host.stderr), "{}", host.stderr);
}

#[test]
fn two_ends_talk_over_a_unix_socket() {
    let dir = TempDir::new().unwrap();
    let addr = format!("tls:unix:{}", dir.path().join("chat.sock").display());
    let mut host = Repl::new().args(["--listen", &addr]).spawn();
    assert_eq!(host.listening_addr(), addr);
    let guest = Repl::new().args(["--connect", &addr, "--tls-pin", &pin(&host), "--linger", "20s"]);
    let guest = guest.stdin("").spawn();
    host.write("hello\n");
    host.close_stdin();
    assert_eq!(guest.wait().exited(0).stdout, b"hello\n");
    host.wait().exited(0);
}

#[test]
fn the_end_of_the_host_is_heard_as_one() {
    let mut host = host(&[]);
    let guest = host.guest().spawn();
    host.running.write("bye\n");
    guest.wait_stdout("bye\n");
    host.running.close_stdin();
    let told = guest.wait().exited(0).stderr;
    assert!(notice("the peer closed the connection\n").eval(&told), "{told}");
    host.running.wait().exited(0);
}

#[test]
fn a_transcript_says_how_a_conn_is_secure() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    let mut host = host(&["--save", text(&at("host.json"))]);
    let guest = host.guest().args(["--record", text(&at("guest.jsonl"))]).stdin("hello\n").spawn();
    host.running.wait_stdout("hello\n");
    host.running.close_stdin();
    guest.wait().exited(0);
    host.running.wait().exited(0);
    let open = |name| {
        let text = fs::read_to_string(at(name)).unwrap();
        text.lines().find(|line| line.contains(r#""ev":"open""#)).unwrap().to_owned()
    };
    let secured = format!(
        r#""addr":"{}","tls":{{"version":"1.3","cipher":"TLS13_AES_256_GCM_SHA384","subject":"CN=chat-repl session","pin":"{}"}}}}"#,
        host.addr, host.pin
    );
    assert!(open("guest.jsonl").ends_with(&secured), "{}", open("guest.jsonl"));
    let secured =
        r#""name":"guest-1","tls":{"version":"1.3","cipher":"TLS13_AES_256_GCM_SHA384"}},"#;
    assert!(open("host.json").ends_with(secured), "{}", open("host.json"));
    let show = Repl::new().args(["show", text(&at("guest.jsonl"))]).run().success();
    assert!(show.get_output().stdout.windows(5).any(|part| part == b"hello"));
}

#[test]
fn a_server_with_a_certificate_is_believed_by_its_name() {
    let authority = Authority::new();
    let ca = authority.ca();
    let held = authority.signs(&["127.0.0.1", "chat.example"]);
    let host = host(&held.args());
    for name in [&[][..], &["--tls-name", "chat.example"]] {
        let guest = Repl::new().args(["--connect", &host.addr, "--tls-ca", text(&ca)]).args(name);
        guest.args(["--linger", "0s"]).stdin("").run().success();
    }
    // As with OpenSSL, the variable stands for what the system trusts.
    let guest = Repl::new().args(["--connect", &host.addr, "--linger", "0s"]);
    guest.env("SSL_CERT_FILE", &ca).stdin("").run().success();
}

#[test]
fn a_tap_speaks_tls_on_either_side() {
    let server = host(&[]);
    let tap = Repl::new().args(["--listen", "tls:127.0.0.1:0", "--connect", &server.addr]);
    let tap = tap.args(["--tls-pin", &server.pin]).spawn();
    let tapped = Host { addr: tap.listening_addr(), pin: pin(&tap), running: tap };
    assert_ne!(tapped.pin, server.pin);
    let mut client = tapped.guest().spawn();
    client.write("to the server\n");
    server.running.wait_stdout("to the server\n");
    server.running.write("to the client\n");
    client.wait_stdout("to the client\n");
    client.close_stdin();
    server.running.wait_stderr_line("-- guest-1 left: closed");
    server.running.write("after the end\n");
    client.wait_stdout("after the end\n");
    let shown = "-- client-1 joined from ";
    tapped.running.wait_stderr_line(shown);
    tapped.running.wait_stderr_line(&format!("-- connected to {} as server-1", server.addr));
}

#[test]
fn a_step_opens_a_conn_over_tls() {
    let host = host(&[]);
    let plain = Repl::new().args(["--listen", "127.0.0.1:0"]).spawn();
    let addr = plain.listening_addr();
    let script =
        format!("/open sealed {}\n/on sealed\nover tls\n/on main\nin the open\n", host.addr);
    let client = Repl::new().args(["--connect", &addr, "--tls-pin", &host.pin]);
    let client = client.args(["--linger", "0s"]).stdin(script).spawn();
    host.running.wait_stdout("over tls\n");
    plain.wait_stdout("in the open\n");
    client.wait().exited(0);
}

#[test]
fn tests_run_over_tls() {
    let mut host = host(&[]);
    host.running.write("/expect ^ping$\npong\n/expect-eof\n");
    host.running.close_stdin();
    let dir = folder(&[("ping.chat", "ping\n/expect ^pong$\n")]);
    let test = Repl::new().args(["test", ".", "--connect", &host.addr, "--tls-pin", &host.pin]);
    test.current_dir(dir.path()).run().success();
    host.running.wait().exited(0);
}

#[test]
fn a_transcript_is_mocked_and_verified_over_tls() {
    let said = [server("ready"), client("ping"), server("pong"), closes("server", "eof")];
    let dir = talk_folder(&tape(&said));
    let talk = dir.path().join("talk.jsonl");
    let mock = host(&["--replay", text(&talk)]);
    mock.guest().args(["--replay", text(&talk)]).stdin("").run().success();
    mock.running.wait().exited(0);
}

#[test]
fn guests_prove_who_they_are_where_the_host_asks() {
    let authority = Authority::new();
    let (ca, guest) = (authority.ca(), authority.signs(&["alice"]));
    let dir = TempDir::new().unwrap();
    let saved = dir.path().join("host.json");
    let mut host = host(&["--tls-ca", text(&ca), "--save", text(&saved)]);
    let stranger = host.guest().args(["--linger", "20s"]).stdin("let me in\n").spawn();
    let told = stranger.wait().exited(5).stderr;
    assert!(told.contains("the peer wants a certificate of ours: `--tls-cert"), "{told}");
    host.running.wait_stderr_containing("was turned away: it showed no certificate");
    let alice = host.guest().args(guest.args()).stdin("it is me\n").spawn();
    host.running.wait_stdout("it is me\n");
    host.running.close_stdin();
    alice.wait().exited(0);
    assert_eq!(host.running.wait().exited(0).stdout, b"it is me\n");
    let saved = fs::read_to_string(saved).unwrap();
    assert!(saved.contains(r#""subject":"CN=alice","pin":"sha256//"#), "{saved}");
}
