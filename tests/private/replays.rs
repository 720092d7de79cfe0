//! Private conversations in which a script speaks, or a transcript.

use std::fs;

use tempfile::TempDir;

use super::{WRONG, guest_by, host, shown};
use crate::support::certs::text;
use crate::support::folder;
use crate::support::proc::Repl;
use crate::support::pty::Pty;
use crate::support::tape::{client, closes, server, tape};

/// A conversation, as it was recorded.
fn talk() -> String {
    tape(&[server("ready"), client("ping"), server("pong"), closes("server", "eof")])
}

/// The client's side of it, as a script.
const SCRIPT: &str = "/expect ^ready$\nping\n/expect ^pong$\n";

#[test]
fn a_transcript_is_mocked_to_the_invited_and_verified_by_them() {
    let dir = folder(&[("talk.json", &talk()), ("ping.chat", SCRIPT)]);
    let at = |name: &str| dir.path().join(name);
    let (talk, ping) = (at("talk.json"), at("ping.chat"));
    let mock = host(&["--replay", text(&talk), "--stay"]);
    mock.guest().args(["--replay", text(&talk)]).stdin("").run().success();
    // As a script that is named, and as one that is standard input.
    mock.guest().args(["--script", text(&ping)]).stdin("").run().success();
    mock.guest().stdin_file(&ping).spawn().wait().exited(0);
    // Who is not let in is played nothing, and takes no conn of the transcript.
    let stranger = mock.guest_with(WRONG).args(["--replay", text(&talk)]).stdin("").spawn().wait();
    assert_eq!(stranger.exited(4).stdout, b"");
    mock.guest().args(["--replay", text(&talk)]).stdin("").run().success();
    mock.running.terminate();
    let told = mock.running.wait().exited(0).stderr;
    assert_eq!(told.matches("1 line as recorded").count(), 4, "{told}");
}

#[test]
fn a_difference_from_a_private_server_is_one() {
    let dir = folder(&[("talk.json", &talk()), ("other.json", &talk().replace("pong", "no"))]);
    let at = |name: &str| dir.path().join(name);
    let mock = host(&["--replay", text(&at("other.json"))]);
    let guest = mock.guest().args(["--replay", text(&at("talk.json"))]);
    guest.stdin("").run().code(1);
}

#[test]
fn a_script_for_each_guest_is_played_to_the_invited() {
    let dir = folder(&[("serve.chat", "ready\n/expect ^ping$\npong\n")]);
    let mock = host(&["--replay", text(&dir.path().join("serve.chat")), "--stay"]);
    for _ in 0..2 {
        mock.guest().stdin(SCRIPT).run().success();
    }
}

#[test]
fn a_terminal_asks_for_the_code_whoever_speaks_then() {
    let dir = folder(&[("talk.json", &talk()), ("ping.chat", SCRIPT)]);
    let (talk, ping) = (dir.path().join("talk.json"), dir.path().join("ping.chat"));
    let mock = host(&["--replay", text(&talk), "--stay"]);
    let kept = dir.path().join("kept.json");
    for speaks in [["--replay", text(&talk)], ["--script", text(&ping)]] {
        let args = ["--connect", &mock.plain_addr(), "--private", "--save", text(&kept)];
        let guest = Repl::new().args(args).args(speaks);
        let mut pty = Pty::spawn(guest.command(), 24, 80);
        pty.wait_for_text("the code that your host told you: ");
        pty.type_keys(&format!("{}\r", mock.code));
        assert_eq!(pty.wait_exit().code(), Some(0), "{}", pty.picture());
        pty.assert_left_well();
        let kept = fs::read_to_string(&kept).unwrap();
        assert!(kept.contains("pong") && !kept.contains(&mock.code), "{kept}");
    }
}

#[test]
fn a_host_s_script_waits_for_the_invited() {
    let repl = Repl::new().args(["--listen", "127.0.0.1:0", "--private", "--linger", "20s"]);
    let host = repl.stdin("welcome\n/expect ^thanks$\n").spawn();
    let (addr, code) = (host.listening_addr(), shown(&host, ""));
    let dir = TempDir::new().unwrap();
    let guest = |code: &str| guest_by(&dir, &addr, code).stdin("/expect ^welcome$\nthanks\n");
    let stranger = guest(WRONG).spawn().wait().exited(4);
    assert_eq!(stranger.stdout, b"");
    guest(&code).run().success();
    assert_eq!(host.wait().exited(0).stdout, b"thanks\n");
}
