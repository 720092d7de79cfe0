//! How a prompt comes about, and terminals that are less than one.

use std::fs::{self, File};
use std::os::unix::net::UnixListener;
use std::process::Stdio;

use tempfile::TempDir;

use super::{Person, listening_addr};
use crate::support::peer::{Peer, listen};
use crate::support::proc::Repl;
use crate::support::pty::Pty;

#[test]
fn what_is_typed_while_connecting_is_kept() {
    let dir = TempDir::new().unwrap();
    let socket = dir.path().join("late");
    let person = Person::connects(&format!("unix:{}", socket.display()), &["--retry", "20s"]);
    person.wait_for_prompt();
    person.type_keys("one\rtwo\rthr");
    person.wait_for_line("thr");
    let (mut peer, _) = UnixListener::bind(&socket).unwrap().accept().unwrap();
    person.wait_for_text("-- connected to ");
    person.wait_for_line("thr");
    person.type_keys("ee\r/quit\r");
    let mut heard = String::new();
    std::io::Read::read_to_string(&mut peer, &mut heard).unwrap();
    assert_eq!(heard, "one\ntwo\nthree\n");
}

#[test]
fn a_script_hands_over_to_the_person() {
    let dir = TempDir::new().unwrap();
    let script = dir.path().join("login.chat");
    fs::write(&script, "LOGIN bob\n/expect ^OK\n").unwrap();
    let (listener, addr) = listen();
    let options = ["--script", script.to_str().unwrap(), "--interactive"];
    let mut person = Person::connects(&addr.to_string(), &options);
    let mut peer = Peer::accept(&listener);
    peer.expect_bytes("LOGIN bob\n");
    person.wait_for_row("> LOGIN bob");
    peer.say("OK bob\n");
    person.wait_for_row("OK bob");
    person.wait_for_prompt();
    person.enters("by hand");
    peer.expect_bytes("by hand\n");
    person.wait_for_row("> by hand");
    person.enters("/echo done");
    person.wait_for_row("-- done");
    let shown = person.text().iter().filter(|row| row.contains("by hand")).count();
    assert_eq!(shown, 1, "what is typed is not shown twice\n{}", person.picture());
    person.enters("/quit");
    person.left_with(0);
}

#[test]
fn a_standard_output_that_is_no_terminal_has_the_peers_bytes_and_nothing_else() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("out");
    let repl = Repl::new().args(["--listen", "127.0.0.1:0"]);
    let stdout = Stdio::from(File::create(&file).unwrap());
    let pty = Pty::spawn_with_stdout(repl.command(), 24, 80, stdout);
    let mut host = Person { pty, _repl: repl };
    let mut guest = host.greets(&listening_addr(&host));
    guest.say(b"caf\xe9 \x1b[2J\r\nno end");
    host.wait_for_row(r"caf\xe9 \x1b[2J");
    host.enters("/help");
    host.wait_for_text("explains one.");
    host.enters("typed");
    guest.expect_bytes("typed\n");
    host.enters("/quit");
    host.left_with(0);
    assert_eq!(fs::read(&file).unwrap(), b"caf\xe9 \x1b[2J\r\nno end");
}

#[test]
fn a_dumb_terminal_has_a_plain_prompt() {
    let repl = Repl::new().args(["--listen", "127.0.0.1:0"]).env("TERM", "dumb");
    let mut host = Person::sits(repl);
    let mut guest = host.greets(&listening_addr(&host));
    guest.say("hello \x1b[2J\n");
    host.wait_for_row(r"hello \x1b[2J");
    host.enters("hi");
    guest.expect_bytes("hi\n");
    host.wait_for_prompt();
    let written = host.written();
    assert!(!written.contains('\x1b'), "{}", host.picture());
    host.type_keys("\x04");
    host.left_with(0);
}

#[test]
fn colour_can_be_left_out() {
    let plain: [(&str, Repl); 2] = [
        ("--color never", Repl::new().args(["--color", "never"])),
        ("NO_COLOR", Repl::new().env("NO_COLOR", "1")),
    ];
    for (how, repl) in plain {
        let host = Person::sits(repl.args(["--listen", "127.0.0.1:0"]));
        let addr = listening_addr(&host);
        let (mut one, _two) = (host.greets(&addr), host.greets(&addr));
        one.say("hello\n");
        host.wait_for_row("guest-1: hello");
        host.enters("/nonsense");
        host.wait_for_row("error: unknown command `/nonsense`");
        host.type_keys("/help");
        host.wait_for_row("> /help [COMMAND]");
        assert!(!is_coloured(&host.written()), "{how}: {:?}", host.written());
    }
    let (host, _) = Person::hosts();
    assert!(is_coloured(&host.written()), "else there is nothing to leave out");
}

/// Whether there is a sequence that sets colours or the like: `ESC [ numbers m`.
fn is_coloured(written: &str) -> bool {
    written.split("\x1b[").skip(1).any(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';');
        end.is_some_and(|end| end > 0 && rest[end..].starts_with('m'))
    })
}
