//! `/starttls`: conns that go on over TLS.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::certs::{Authority, text};
use crate::support::peer::{Peer, ScriptedServer};
use crate::support::proc::Repl;
use crate::support::running::Running;
use crate::support::says::{error, notice};
use crate::support::servers::{IMAP, PASSWORD, SMTP, Server, Twist};
use crate::support::tools;

/// A server's side, as far as a client of SMTP looks at it.
const SERVER: &str = "220 chat.example ESMTP\n/expect ^EHLO\n250-chat.example\n250 STARTTLS\n\
                      /expect ^STARTTLS$\n220 go ahead\n/starttls\n/expect ^EHLO\n250 sealed\n\
                      /expect ^QUIT$\n221 bye\n";

/// A client's side.
const CLIENT: &str = "/expect ^220 \nEHLO client.example\n/expect ^250 \nSTARTTLS\n/expect ^220 \n\
                      /starttls\nEHLO client.example\n/expect ^250 \nQUIT\n/expect ^221 \n";

/// A listener that speaks in the open at first.
fn host(script: &str, args: &[&str]) -> (Running, String) {
    let host = Repl::new().args(["--listen", "127.0.0.1:0", "--eol", "crlf"]).args(args);
    let host = host.stdin(script).spawn();
    let addr = host.listening_addr();
    (host, addr)
}

fn client(addr: &str, script: &str, args: &[&str]) -> Running {
    let client = Repl::new().args(["--connect", addr, "--eol", "crlf", "--linger", "20s"]);
    client.args(args).stdin(script).spawn()
}

#[test]
fn two_ends_go_on_over_tls() {
    let authority = Authority::new();
    let (dir, held) = (TempDir::new().unwrap(), authority.signs(&["127.0.0.1"]));
    let saved = dir.path().join("client.json");
    let (host, addr) = host(SERVER, &held.args());
    let ca = authority.ca();
    let args = ["--tls-ca", text(&ca), "--save", text(&saved)];
    let client = client(&addr, CLIENT, &args).wait().exited(0);
    assert!(client.stdout.ends_with(b"220 go ahead\r\n250 sealed\r\n221 bye\r\n"));
    assert!(notice("conn 1 goes on over TLS 1.3\n").eval(&client.stderr), "{}", client.stderr);
    let told = host.wait().exited(0).stderr;
    assert!(notice("conn 1 goes on over TLS 1.3\n").eval(&told), "{told}");
    let saved = fs::read_to_string(saved).unwrap();
    let note = r#""ev":"note","text":"conn 1 goes on over TLS 1.3: TLS13_AES_256_GCM_SHA384, CN=127.0.0.1, sha256//"#;
    assert!(saved.contains(note), "{saved}");
}

#[test]
fn openssl_goes_on_over_tls_with_a_script() {
    let (host, addr) = host(SERVER, &[]);
    let args = ["s_client", "-quiet", "-starttls", "smtp", "-connect", &addr];
    let Some(openssl) = tools::start("openssl", args) else { return };
    openssl.write("EHLO sealed\r\nQUIT\r\n");
    openssl.wait_stdout("250 sealed\r\n221 bye\r\n");
    openssl.wait().exited(0);
    host.wait().exited(0);
}

#[test]
fn an_smtp_server_goes_on_over_tls_and_is_verified() {
    // It makes a certificate of its own, which nobody vouches for.
    let sealed = Twist::Settings("tls_advertise_hosts =\n", "tls_advertise_hosts = *\n");
    let Some(smtp) = Server::start_with(&SMTP, &sealed) else { return };
    let refused = client(smtp.addr(), CLIENT, &[]).wait().exited(4);
    assert!(!String::from_utf8_lossy(&refused.stdout).contains("221"), "nothing more was said");
    let told = refused.stderr;
    assert!(error("TLS does not come about: the certificate of `").eval(&told), "{told}");
    assert!(contains("--> <stdin>:6:1\n").eval(&told), "{told}");
    let pin = told.split("--tls-pin ").nth(1).and_then(|rest| rest.split('`').next()).unwrap();
    let heard = client(smtp.addr(), CLIENT, &["--tls-pin", pin]).wait().exited(0).stdout;
    let heard = String::from_utf8(heard).unwrap();
    assert!(heard.contains("250-STARTTLS\r\n") && heard.contains("\r\n221 "), "{heard}");
}

#[test]
fn an_imap_server_goes_on_over_tls_and_is_believed_by_its_name() {
    let authority = Authority::new();
    let held = authority.signs(&["127.0.0.1"]);
    let read = |path| fs::read_to_string(path).unwrap();
    let sealed = Twist::Sealed(read(&held.cert), read(&held.key));
    let Some(imap) = Server::start_with(&IMAP, &sealed) else { return };
    let script = format!(
        "/expect -n ^\\* OK .* STARTTLS\na STARTTLS\n/expect -n ^a OK\n/starttls\n\
         b LOGIN bob {PASSWORD}\n/expect ^b OK\nc SELECT INBOX\n/expect ^\\* 2 EXISTS\n/expect ^c OK\n\
         z LOGOUT\n/expect ^z OK\n/expect-eof\n"
    );
    // Nobody is told the password who is not believed.
    let stranger = client(imap.addr(), &script, &[]).wait().exited(4);
    assert!(error("TLS does not come about: ").eval(&stranger.stderr), "{}", stranger.stderr);
    assert!(!String::from_utf8_lossy(&stranger.stdout).contains("b OK"));
    let ca = authority.ca();
    let told = client(imap.addr(), &script, &["--tls-ca", text(&ca)]).wait().exited(0).stderr;
    assert!(notice("conn 1 goes on over TLS 1.").eval(&told), "{told}");
}

#[test]
fn what_a_server_said_in_the_open_and_nobody_has_read_is_refused() {
    let server = ScriptedServer::start(|mut peer| {
        peer.say("220 chat.example\r\n");
        peer.expect_bytes("STARTTLS\r\n");
        peer.say("220 go ahead\r\n250 this was put in");
        assert_eq!(peer.read_to_end_within(DEADLINE), b"", "nothing of TLS was said");
    });
    let script = "/expect ^220 \nSTARTTLS\n/expect ^220 \n/starttls\nsecret\n";
    let client = client(&server.addr(), script, &["--tls-insecure"]);
    let told = client.wait().exited(1).stderr;
    assert!(error("something that was said before TLS is unread\n").eval(&told), "{told}");
    assert!(contains("--> <stdin>:4:1\n").eval(&told), "{told}");
    assert!(contains("   = 250 this was put in\n").eval(&told), "{told}");
    server.finish();
}

#[test]
fn what_a_client_said_in_the_open_and_nobody_has_read_is_refused() {
    let (host, addr) = host("/expect ^STARTTLS$\n220 go ahead\n/starttls\n/expect ^MAIL\n", &[]);
    let mut client = Peer::connect(&addr);
    client.say("STARTTLS\r\nMAIL FROM:<put@in.example>\r\n");
    client.expect_bytes("220 go ahead\r\n");
    drop(client);
    let told = host.wait().exited(1).stderr;
    assert!(error("something that was said before TLS is unread\n").eval(&told), "{told}");
    assert!(contains("   = MAIL FROM:<put@in.example>\n").eval(&told), "{told}");
}

#[test]
fn a_peer_that_goes_on_in_the_open_is_told() {
    let server = ScriptedServer::start(|mut peer| {
        peer.say("220 go ahead\r\n");
        peer.expect_bytes(b"\x16\x03");
        peer.say("250 what was that?\r\n");
        peer.read_to_end_within(DEADLINE);
    });
    let client = client(&server.addr(), "/expect ^220 \n/starttls\nsecret\n", &["--tls-insecure"]);
    let told = client.wait().exited(4).stderr;
    assert!(error("TLS does not come about: what it says is no TLS").eval(&told), "{told}");
    server.finish();
}

#[test]
fn a_peer_that_says_nothing_more_is_given_up() {
    let server = ScriptedServer::start(|mut peer| {
        peer.say("220 go ahead\r\n");
        peer.read_to_end_within(DEADLINE);
    });
    let args = ["--tls-insecure", "--connect-timeout", "200ms", "--no-half-close"];
    let client = client(&server.addr(), "/expect ^220 \n/starttls\nsecret\n", &args);
    let told = client.wait().exited(4).stderr;
    assert!(
        error("TLS does not come about: it was not agreed upon within 200ms").eval(&told),
        "{told}"
    );
}

#[test]
fn tls_begins_on_one_conn_and_once() {
    let (one, addr) = host("/accept 2\n/starttls\n", &[]);
    let peers = [Peer::connect(&addr), Peer::connect(&addr)];
    let told = one.wait().exited(3).stderr;
    assert!(error("this is for one conn\n").eval(&told), "{told}");
    drop(peers);

    let sealed = super::host(&[]);
    let twice = sealed.guest().stdin("/starttls\n").spawn().wait().exited(4).stderr;
    assert!(contains("it is spoken already").eval(&twice), "{twice}");
}

#[test]
fn what_telnet_has_begun_in_the_open_takes_nothing_of_what_is_said_over_tls() {
    let (host, addr) = host("/expect ^STARTTLS$\n220 go ahead\n/starttls\n/expect ^MAIL\n", &[]);
    let mut client = Peer::connect(&addr);
    // The beginning of a subnegotiation, which lasts until it is ended.
    client.say(b"STARTTLS\r\n\xff\xfa\x18");
    client.expect_bytes("220 go ahead\r\n");
    drop(client);
    let told = host.wait().exited(1).stderr;
    assert!(error("something that was said before TLS is unread\n").eval(&told), "{told}");
}

#[test]
fn much_is_said_as_soon_as_tls_begins_and_all_of_it_over_tls() {
    let line = format!("{}\n", "x".repeat(99));
    let much = line.repeat(5000);
    let script = format!("/expect ^go$\n/starttls\n{much}/shutdown\n/expect -t 20s ^heard$\n");
    let answer = "go\n/starttls\n/expect-eof -t 20s\nheard\n";
    let host = Repl::new().args(["--listen", "127.0.0.1:0"]).stdin(answer).spawn();
    let addr = host.listening_addr();
    let client = Repl::new().args(["--connect", &addr, "--tls-insecure", "--linger", "20s"]);
    client.stdin(script).spawn().wait().exited(0);
    assert_eq!(host.wait().exited(0).stdout, much.as_bytes());
}
