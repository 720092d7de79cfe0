//! Servers that are not believed, and what cannot be used.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::thread;

use predicates::prelude::*;

use super::host;
use crate::support::certs::{Authority, Held, text};
use crate::support::folder;
use crate::support::proc::Repl;
use crate::support::says::error;

/// What a client that trusts this authority is told of a server with this certificate.
#[track_caller]
fn told(authority: &Authority, held: &Held, args: &[&str]) -> String {
    let host = host(&held.args());
    let client = Repl::new().args(["--connect", &host.addr]).args(args);
    let client = client.args(["--tls-ca", text(&authority.ca())]).stdin("secret\n").spawn();
    let client = client.wait().exited(4);
    assert_eq!(client.stdout, b"");
    let host = host.running.kill();
    assert_eq!(host.stdout, b"", "nothing was said to it");
    assert!(!host.stderr.contains("joined"), "{}", host.stderr);
    let begin = format!("error: cannot connect to `{}`: ", host_addr(&host.stderr));
    client.stderr.strip_prefix(&begin).expect(&client.stderr).trim_end().to_owned()
}

fn host_addr(stderr: &str) -> &str {
    stderr.lines().next().and_then(|line| line.strip_prefix("-- listening on ")).unwrap()
}

#[test]
fn a_certificate_that_has_expired_is_refused() {
    let authority = Authority::new();
    let expired = authority.signs_with(&["127.0.0.1"], |params| {
        params.not_after = rcgen::date_time_ymd(2021, 3, 4);
    });
    let told = told(&authority, &expired, &[]);
    let why = "the certificate of `CN=127.0.0.1` expired on 2021-03-04T00:00:00Z; \
               if the other end shows this pin: `--tls-pin sha256//";
    assert!(told.starts_with(why), "{told}");
}

#[test]
fn a_certificate_that_only_its_holder_has_signed_is_refused() {
    let authority = Authority::new();
    let told = told(&authority, &authority.knows_nothing_of(&["127.0.0.1"]), &[]);
    let why = "the certificate of `CN=127.0.0.1` is signed by itself and by nobody who is trusted; \
               `--tls-pin sha256//";
    assert!(told.starts_with(why), "{told}");
}

#[test]
fn a_certificate_that_somebody_else_has_signed_is_refused() {
    let (authority, other) = (Authority::new(), Authority::new());
    let told = told(&authority, &other.signs(&["127.0.0.1"]), &[]);
    assert!(
        told.starts_with("the certificate of `CN=127.0.0.1` says that it is signed by"),
        "{told}"
    );
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    let held = authority.signs(&["a.example"]);
    let other = "the certificate of `CN=a.example` is for `a.example`, not for";
    let hint = "if that is who you mean: `--tls-name a.example`";
    assert_eq!(told(&authority, &held, &[]), format!("{other} `127.0.0.1`; {hint}"));
    let asked = ["--tls-name", "b.example"];
    assert_eq!(told(&authority, &held, &asked), format!("{other} `b.example`; {hint}"));
}

#[test]
fn another_key_than_the_pin_is_refused() {
    let (one, other) = (host(&[]), host(&[]));
    let client = Repl::new().args(["--connect", &one.addr, "--tls-pin", &other.pin]);
    let client = client.stdin("secret\n").spawn().wait().exited(4);
    let told = format!(
        "error: cannot connect to `{}`: the certificate of `CN=chat-repl session` has another key \
         than --tls-pin: {}; somebody may stand in between: ask whoever runs it for its pin\n",
        one.addr, one.pin
    );
    assert_eq!(client.stderr, told);
    // Either of two will do.
    let client = Repl::new().args(["--connect", &one.addr, "--tls-pin", &other.pin]);
    client.args(["--tls-pin", &one.pin, "--linger", "0s"]).stdin("").run().success();
}

#[test]
fn anybody_is_believed_where_that_is_asked_for_and_it_is_told_each_time() {
    let host = host(&[]);
    let client = Repl::new().args(["-q", "--connect", &host.addr, "--tls-insecure"]);
    let client =
        client.args(["--linger", "0s", "--json"]).stdin(format!("/open more {}\n", host.addr));
    let client = client.spawn().wait().exited(0);
    let warning =
        format!("-- {} may be anybody: it was not verified (--tls-insecure)\n", host.addr);
    assert_eq!(client.stderr, warning.repeat(2));
    let said = String::from_utf8(client.stdout).unwrap();
    assert_eq!(said.matches(r#","verified":false}"#).count(), 2, "{said}");
}

#[test]
fn a_system_that_trusts_nobody_says_so() {
    let (host, empty) = (host(&[]), folder(&[("none.pem", "")]));
    let client = Repl::new().args(["--connect", &host.addr]);
    let client = client.env("SSL_CERT_FILE", empty.path().join("none.pem")).stdin("").spawn();
    let told = client.wait().exited(4).stderr;
    assert!(told.contains("this system has no authorities that it trusts: "), "{told}");
    assert!(
        told.contains("; install `ca-certificates`, or name whom to trust: `--tls-ca"),
        "{told}"
    );
}

#[test]
fn a_server_that_does_not_speak_tls_is_told_apart() {
    let plain = Repl::new().args(["--listen", "127.0.0.1:0"]).stdin("220 hello\n").spawn();
    let addr = format!("tls:{}", plain.listening_addr());
    let client = Repl::new().args(["--connect", &addr, "--tls-insecure"]).stdin("").spawn();
    let told = client.wait().exited(4).stderr;
    let why = "what it says is no TLS; without `tls:` it may be understood\n";
    assert_eq!(told, format!("error: cannot connect to `{addr}`: {why}"));
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = format!("tls:{}", silent.local_addr().unwrap());
    let client = Repl::new().args(["--connect", &addr, "--connect-timeout", "200ms"]);
    let told = client.args(["--tls-insecure"]).stdin("").spawn().wait().exited(4).stderr;
    let why = "the TLS handshake was not done within 200ms; does it speak TLS there?\n";
    assert_eq!(told, format!("error: cannot connect to `{addr}`: {why}"));
}

#[test]
fn a_server_that_hangs_up_is_told_and_tried_again() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = format!("tls:{}", server.local_addr().unwrap());
    // Until the end of the process: nobody waits for it.
    thread::spawn(move || server.incoming().for_each(drop));
    let client = Repl::new().args(["--connect", &addr, "--retry", "300ms", "--tls-insecure"]);
    let told = client.stdin("").spawn().wait().exited(4).stderr;
    let why = "it hung up in the TLS handshake; tried for ";
    assert!(told.starts_with(&format!("error: cannot connect to `{addr}`: {why}")), "{told}");
}

#[test]
fn files_that_cannot_be_used_are_told_with_status_3() {
    let authority = Authority::new();
    let (one, other) = (authority.signs(&["one"]), authority.signs(&["other"]));
    let empty = folder(&[("empty.pem", "\n")]);
    let empty = empty.path().join("empty.pem");
    let (one_cert, other_key) = (text(&one.cert), text(&other.key));
    for (args, why) in [
        (
            vec!["--tls-ca", "/nowhere"],
            "cannot read `/nowhere`: no such file or directory".to_owned(),
        ),
        (vec!["--tls-ca", text(&empty)], format!("`{}` has no certificate: it is", text(&empty))),
        (vec!["--tls-cert", one_cert], format!("`{one_cert}` has no private key: it is")),
        (
            vec!["--tls-cert", one_cert, "--tls-key", other_key],
            format!("the key in `{other_key}` does not go with the certificate in `{one_cert}`"),
        ),
    ] {
        let told = Repl::new().args(["--listen", "tls:127.0.0.1:0"]).args(args).stdin("").spawn();
        let told = told.wait().exited(3).stderr;
        assert!(error(&why).eval(&told), "{told}");
    }
}

#[test]
fn options_that_contradict_each_other_are_a_wrong_command_line() {
    let pin = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    for args in [
        &["--tls-pin", pin, "--tls-insecure"][..],
        &["--tls-pin", pin, "--tls-ca", "ca.pem"],
        &["--tls-ca", "ca.pem", "--tls-insecure"],
        &["--tls-key", "key.pem"],
        &["--tls-pin", "sha256//short"],
        &["--tls-name", "no name"],
    ] {
        let told = Repl::new().args(["--connect", "tls:localhost:1"]).args(args).stdin("").spawn();
        told.wait().exited(2);
    }
}

#[test]
fn options_of_tls_without_tls_are_told() {
    let plain = Repl::new().args(["--listen", "127.0.0.1:0"]).stdin("").spawn();
    let addr = plain.listening_addr();
    let client = Repl::new().args(["-q", "--connect", &addr, "--tls-insecure"]).stdin("").spawn();
    let told = "-- no address begins with `tls:`: nothing is encrypted before a `/starttls`\n";
    assert_eq!(client.wait().exited(0).stderr, told);
}

#[test]
fn a_key_that_everybody_can_read_is_told() {
    let authority = Authority::new();
    let held = authority.signs(&["localhost"]);
    fs::set_permissions(&held.key, fs::Permissions::from_mode(0o644)).unwrap();
    let host = host(&held.args());
    host.running.wait_stderr_line(&format!(
        "-- everybody on this machine can read the key in {0}: `chmod 600 {0}`",
        text(&held.key)
    ));
}
