//! Keys, and what they do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

use super::{Person, listening_addr};
use crate::support::peer::Peer;
use crate::support::proc::Repl;
use crate::support::pty::{Pty, rows};
use crate::support::tools;

#[test]
fn ctrl_c_clears_the_line_and_on_an_empty_one_says_how_to_leave() {
    let (host, mut guest) = Person::hosts_a_guest();
    host.type_keys("not this");
    host.wait_for_line("not this");
    host.type_keys("\x03");
    host.wait_for_prompt();
    assert!(!host.written().contains("/quit"), "{}", host.picture());
    host.type_keys("\x03");
    host.wait_for_row("-- press Ctrl-D or type /quit to leave");
    host.enters("but this");
    guest.expect_bytes("but this\n");
}

#[test]
fn ctrl_c_right_behind_enter_is_a_key_like_any_other() {
    let (mut host, mut guest) = Person::hosts_a_guest();
    host.type_keys("one\r\x03two\r\x03three\r");
    guest.expect_bytes("one\ntwo\nthree\n");
    host.enters("/quit");
    host.left_with(0);
}

#[test]
fn ctrl_z_stops_it_and_fg_brings_the_half_typed_line_back() {
    let Some(bash) = tools::require("bash") else { return };
    let mut command = Command::new(bash);
    command.args(["--norc", "--noprofile", "-i"]).env("PS1", "shell$ ");
    let shell = Pty::spawn(command, 24, 80);
    shell.wait_for_text("shell$ ");
    let program = cargo_bin!("chat-repl").display();
    shell.type_keys(&format!("{program} --listen 127.0.0.1:0\r"));
    let mut guest = Peer::connect(&listening_addr(&shell));
    shell.wait_for_text("-- guest-1 joined");
    shell.type_keys("half");
    shell.wait_for_text("> half");
    shell.type_keys("\x1a");
    shell.wait_for_text("Stopped");
    guest.say("said meanwhile\n");
    shell.type_keys("fg\r");
    shell.wait_for_text("said meanwhile");
    shell.wait_for(|screen| {
        let (row, column) = screen.cursor_position();
        rows(screen)[usize::from(row)] == "> half" && column == 6
    });
    shell.type_keys(" a line\r");
    guest.expect_bytes("half a line\n");
}

#[test]
fn a_resize_draws_the_line_anew() {
    let (host, mut guest) = Person::hosts_a_guest();
    host.type_keys(&"r".repeat(55));
    host.wait_for_line(&"r".repeat(55));
    host.resize(24, 40);
    host.wait_for(|screen| screen.cursor_position().1 == 17);
    guest.say("after\n");
    let last = ["after", &format!("> {}", "r".repeat(38)), &"r".repeat(17)];
    host.wait_for(|screen| {
        let mut shown = rows(screen);
        shown.retain(|row| !row.is_empty());
        shown.ends_with(&last.map(str::to_owned))
    });
    host.type_keys("\r");
    guest.expect_bytes(format!("{}\n", "r".repeat(55)));
}

#[test]
fn tab_completes_commands_options_choices_and_names() {
    let (host, _guest) = Person::hosts_a_guest();
    for (typed, completed) in [
        ("/he\t", "/help"),
        ("/help exp\t", "/help expect"),
        ("/eol cr\t", "/eol crlf"),
        ("/kick gue\t", "/kick guest-1"),
        ("/on a\t", "/on all"),
    ] {
        host.type_keys(typed);
        host.wait_for(|screen| {
            rows(screen).iter().any(|row| row.starts_with(&format!("> {completed}")))
        });
        host.type_keys("\x03");
        host.wait_for_prompt();
    }
    host.type_keys("/expect -\t\t");
    host.wait_for(|screen| {
        rows(screen).iter().any(|row| row.split_whitespace().eq(["-n", "-x", "-p", "-t"]))
    });
    host.type_keys("\x03");
    host.type_keys("/s\t\t");
    host.wait_for_text("/save");
    host.wait_for_text("/shutdown");
}

#[test]
fn tab_completes_the_names_of_files() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("my talk.json"), "").unwrap();
    let repl = Repl::new().args(["--listen", "127.0.0.1:0"]).current_dir(dir.path());
    let host = Person::sits(repl);
    host.wait_for_prompt();
    host.type_keys("/save my\t");
    host.wait_for_line("/save my talk.json");
    host.type_keys("\r");
    host.wait_for_row("-- saved 0 events to my talk.json");
    assert_ne!(fs::read(dir.path().join("my talk.json")).unwrap(), b"");
}

#[test]
fn a_hint_says_what_a_command_wants_and_is_not_part_of_the_line() {
    let (host, _) = Person::hosts();
    host.type_keys("/save");
    host.wait_for_row("> /save [-f] [FILE]");
    assert_eq!(host.cursor().1, 7);
    host.type_keys("\x15/who\r");
    host.wait_for_row("-- nobody is here");
    host.wait_for_row("> /who");
    host.type_keys("/expect -t");
    host.type_keys(" ");
    host.wait_for_row("> /expect -t DUR");
}

#[test]
fn each_line_of_a_paste_is_a_line_sent() {
    let (host, mut guest) = Person::hosts_a_guest();
    host.type_keys("\x1b[200~one\rtwo\rthree\r\x1b[201~");
    host.wait_for_text("three");
    host.type_keys("\r");
    guest.expect_bytes("one\ntwo\nthree\n");
    host.enters("four");
    guest.expect_bytes("four\n");
}

#[test]
fn nothing_in_a_paste_runs_on_the_terminal() {
    let (host, mut guest) = Person::hosts_a_guest();
    host.type_keys("\x1b[200~a\u{9d}0;owned\x07b\x1b[201~");
    host.wait_for_text("owned");
    let written = host.written();
    assert!(!written.contains(['\u{9d}', '\x07']), "{}", host.picture());
    host.type_keys("\r");
    guest.expect_bytes("a\u{9d}0;owned\x07b\n");
}

#[test]
fn the_history_is_in_memory_and_written_nowhere() {
    let dir = TempDir::new().unwrap();
    let args = ["--listen", "127.0.0.1:0"];
    let mut host =
        Person::sits(Repl::new().args(args).env("HOME", dir.path()).current_dir(dir.path()));
    let mut guest = host.greets(&listening_addr(&host));
    host.has_said("one");
    host.has_said("two");
    guest.expect_bytes("one\ntwo\n");
    host.type_keys("\x1b[A\x1b[A");
    host.wait_for_line("one");
    host.type_keys("\r");
    guest.expect_bytes("one\n");
    host.enters("/quit");
    host.left_with(0);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "something was written");
}

#[test]
fn a_history_that_was_asked_for_is_kept_for_its_owner_only() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("history");
    let options = ["--history", file.to_str().unwrap()];
    let (mut first, _) = Person::hosts_with(&options);
    first.enters("/echo something");
    first.wait_for_row("-- something");
    first.enters("/quit");
    first.left_with(0);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let (second, _) = Person::hosts_with(&options);
    second.type_keys("\x1b[A\x1b[A");
    second.wait_for_line("/echo something");
}

#[test]
fn keys_that_are_no_utf8_are_left_out_and_the_line_stays() {
    let (host, mut guest) = Person::hosts_a_guest();
    host.type_keys("caf");
    host.wait_for_line("caf");
    host.type_bytes(b"\xe9\xe9");
    host.wait_for_text("no UTF-8");
    host.type_keys("é\r");
    guest.expect_bytes("café\n");
}
