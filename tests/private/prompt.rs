//! The code, asked for at a terminal.

use std::fs;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{CODE_NOTICE, Host, WRONG, guest_by, host};
use crate::support::certs::text;
use crate::support::proc::Repl;
use crate::support::pty::{Pty, rows};
use crate::support::tools;

const QUESTION: &str = "the code that your host told you: ";

fn guest(addr: &str) -> (Pty, Repl) {
    guest_with(addr, &[])
}

fn guest_with(addr: &str, args: &[&str]) -> (Pty, Repl) {
    let repl = Repl::new().args(["--connect", addr, "--private"]).args(args);
    let pty = Pty::spawn(repl.command(), 24, 80);
    pty.wait_for_text(QUESTION);
    (pty, repl)
}

/// Waits until this stands behind the question, with the cursor behind it.
#[track_caller]
fn wait_for_answer(pty: &Pty, typed: &str) {
    let line = format!("{QUESTION}{typed}");
    pty.wait_for(|screen| {
        let (row, column) = screen.cursor_position();
        screen.contents_between(row, 0, row, column).ends_with(&line)
    });
}

/// A guest at a terminal says these lines, and nothing else, until it goes.
#[track_caller]
fn says(mut host: Host, mut pty: Pty, lines: &str) {
    host.running.wait_stdout(lines);
    host.running.close_stdin();
    assert_eq!(pty.wait_exit().code(), Some(0), "{}", pty.picture());
    pty.assert_left_well();
    let told = host.running.wait().exited(0);
    assert_eq!(String::from_utf8(told.stdout).unwrap(), lines);
    assert!(!told.stderr.contains("guessed"), "{}", told.stderr);
}

#[test]
fn a_person_is_asked_and_tab_completes_the_words() {
    let mut host = host(&[]);
    let (mut pty, _home) = guest(&host.plain_addr());
    // Four letters say which word it is; what can be no code is no guess.
    pty.type_keys("zoom\r");
    pty.wait_for_text("-- that can be no code: `zoom` is no word of a code");
    for word in host.code.split(' ') {
        // One of three letters may begin others, and then nothing is completed.
        let keys = word.get(..4).map_or(format!("{word} "), |begin| format!("{begin}\t"));
        pty.type_keys(&keys);
        pty.wait_for_text(word);
    }
    pty.type_keys("\r");
    pty.wait_for_text("-- connected to ");
    host.running.wait_stderr_line("-- guest-1 joined from ");
    // It is no line of the conversation.
    pty.wait_for(|screen| screen.contents().trim_end().ends_with('>'));
    pty.type_keys("\x1b[Ahello\r");
    host.running.wait_stdout("hello\n");
    assert_eq!(host.running.stdout_so_far(), b"hello\n");
    host.running.close_stdin();
    assert_eq!(pty.wait_exit().code(), Some(0), "{}", pty.picture());
    pty.assert_left_well();
    assert!(!host.running.wait().stderr.contains("guessed"));
}

#[test]
fn a_person_may_go_without_an_answer() {
    let host = host(&[]);
    for (key, status) in [("\x04", 4), ("\x03", 130)] {
        let (mut pty, _home) = guest(&host.plain_addr());
        pty.type_keys(key);
        assert_eq!(pty.wait_exit().code(), Some(status), "{}", pty.picture());
        pty.assert_left_well();
    }
}

#[test]
fn a_terminal_that_cannot_move_the_cursor_will_do() {
    let host = host(&[]);
    let repl = Repl::new().args(["--connect", &host.plain_addr(), "--private"]);
    let repl = repl.env("TERM", "dumb");
    let pty = Pty::spawn(repl.command(), 24, 80);
    pty.wait_for_text(QUESTION);
    pty.type_keys(&format!("{}\r", host.code));
    host.running.wait_stderr_line("-- guest-1 joined from ");
}

#[test]
fn a_signal_ends_the_question_with_its_own_status() {
    let host = host(&[]);
    let signals = [
        (Signal::TERM, 143, "terminated"),
        (Signal::HUP, 143, "terminated"),
        (Signal::INT, 130, "interrupted"),
    ];
    for (signal, status, told) in signals {
        for keys in ["", "zoo ze"] {
            let (mut pty, _home) = guest(&host.plain_addr());
            pty.type_keys(keys);
            wait_for_answer(&pty, keys);
            let pid = Pid::from_raw(pty.id().cast_signed()).unwrap();
            kill_process(pid, signal).unwrap();
            assert_eq!(pty.wait_exit().code(), Some(status), "{}", pty.picture());
            pty.assert_left_well();
            assert!(pty.picture().contains(&format!("error: {told} by SIG")), "{}", pty.picture());
        }
    }
    assert!(!host.running.stderr_so_far().contains("turned away"), "nobody has knocked");
}

#[test]
fn ctrl_c_clears_a_code_that_is_half_typed_and_up_brings_back_one_that_was_none() {
    let host = host(&[]);
    let (mut pty, _home) = guest(&host.plain_addr());
    pty.type_keys("zoo ze");
    wait_for_answer(&pty, "zoo ze");
    pty.type_keys("\x03");
    wait_for_answer(&pty, "");
    pty.type_keys("zoom\r");
    pty.wait_for_row("-- that can be no code: `zoom` is no word of a code");
    wait_for_answer(&pty, "");
    pty.type_keys("\x1b[A\x7f");
    wait_for_answer(&pty, "zoo");
    pty.type_keys("\x03");
    wait_for_answer(&pty, "");
    pty.type_keys("\x03");
    assert_eq!(pty.wait_exit().code(), Some(130), "{}", pty.picture());
    pty.assert_left_well();
}

#[test]
fn what_is_typed_behind_the_code_is_the_conversation_s() {
    let host = host(&[]);
    let (pty, _home) = guest(&host.plain_addr());
    pty.type_keys(&format!("{}\rfirst\rsecond\rthi", host.code));
    pty.wait_for_row("> thi");
    pty.type_keys("rd\r");
    says(host, pty, "first\nsecond\nthird\n");
}

#[test]
fn what_is_typed_behind_a_code_that_is_none_is_the_next_try() {
    let host = host(&[]);
    let (pty, _home) = guest(&host.plain_addr());
    pty.type_keys(&format!("zoom\r{}\rfirst\r", host.code));
    pty.wait_for_row("> first");
    let asked = pty.rows().iter().filter(|row| row.starts_with(QUESTION.trim_end())).count();
    assert_eq!(asked, 2, "{}", pty.picture());
    says(host, pty, "first\n");
}

#[test]
fn a_paste_is_a_code_and_what_is_said_then() {
    let host = host(&[]);
    let (pty, _home) = guest(&host.plain_addr());
    pty.type_keys(&format!("\x1b[200~{}\rfirst\rsecond\x1b[201~\r/stats\r", host.code));
    pty.wait_for_text("lines");
    says(host, pty, "first\nsecond\n");
}

#[test]
fn what_stands_behind_the_code_is_data_where_it_is_to_be() {
    for term in ["xterm-256color", "dumb"] {
        let host = host(&[]);
        let repl = Repl::new().args(["--connect", &host.plain_addr(), "--private", "--plain"]);
        let repl = repl.env("TERM", term);
        let pty = Pty::spawn(repl.command(), 24, 80);
        pty.wait_for_text(QUESTION);
        pty.type_keys(&format!("{}\r/quit\r\x04", host.code));
        says(host, pty, "/quit\n");
    }
}

#[test]
fn a_question_goes_on_after_ctrl_z_and_after_a_resize() {
    let Some(bash) = tools::require("bash") else { return };
    let host = host(&[]);
    let mut command = Command::new(bash);
    command.args(["--norc", "--noprofile", "-i"]).env("PS1", "shell$ ");
    let shell = Pty::spawn(command, 24, 80);
    shell.wait_for_text("shell$ ");
    let program = cargo_bin!("chat-repl").display();
    let command = format!("{program} --connect {} --private", host.plain_addr());
    shell.type_keys(&format!("{command}\r"));
    shell.wait_for_text(QUESTION);
    let (begin, end) = host.code.split_at(3);
    shell.type_keys(begin);
    wait_for_answer(&shell, begin);
    shell.type_keys("\x1a");
    shell.wait_for_text("Stopped");
    shell.resize(24, 60);
    shell.type_keys("fg\r");
    wait_for_answer(&shell, begin);
    shell.resize(30, 70);
    shell.type_keys(&format!("{end}\rhello\r"));
    host.running.wait_stdout("hello\n");
}

#[test]
fn a_code_that_is_typed_is_kept_nowhere() {
    let host = host(&[]);
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (record, save, history) = (at("talk.jsonl"), at("talk.json"), at("history"));
    let args = ["--record", text(&record), "--save", text(&save), "--history", text(&history)];
    let (pty, _home) = guest_with(&host.plain_addr(), &args);
    pty.type_keys(&format!("{}\r", host.code));
    pty.wait_for_text("-- connected to ");
    let code = host.code.clone();
    // What was typed before is the line above, and that is none.
    pty.type_keys("\x1b[Ahello\r");
    says(host, pty, "hello\n");
    for file in [record, save, history] {
        let kept = fs::read_to_string(&file).unwrap();
        assert!(kept.contains("hello"), "{kept}");
        let longest = code.split(' ').max_by_key(|word| word.len()).unwrap();
        assert!(!kept.contains(&code) && !kept.contains(&format!("\"{longest}")), "{kept}");
    }
}

#[test]
fn a_host_s_prompt_stays_while_its_code_is_replaced() {
    let repl = Repl::new().args(["--listen", "127.0.0.1:0", "--private"]);
    let mut pty = Pty::spawn(repl.command(), 24, 100);
    pty.wait_for(|screen| {
        screen.contents().contains(CODE_NOTICE) && screen.cursor_position().1 == 2
    });
    let shown = |begin: &str| {
        let rows = pty.rows();
        let row = rows.iter().find_map(|row| row.strip_prefix(begin)).map(str::to_owned);
        row.unwrap_or_else(|| panic!("{}", pty.picture()))
    };
    let (addr, code) = (shown("-- listening on tls:"), shown(CODE_NOTICE));
    pty.type_keys("half a line");
    pty.wait_for_row("> half a line");
    let dir = TempDir::new().unwrap();
    for _ in 0..5 {
        guest_by(&dir, &addr, WRONG).stdin("let me in\n").run().code(4);
    }
    // Another is shown, above the line, which is still there with its cursor.
    pty.wait_for(|screen| {
        let codes = rows(screen);
        let codes = codes.iter().filter_map(|row| row.strip_prefix(CODE_NOTICE));
        let (row, column) = screen.cursor_position();
        codes.collect::<Vec<_>>().len() == 2
            && (rows(screen)[usize::from(row)].as_str(), column) == ("> half a line", 13)
    });
    assert!(pty.rows().iter().filter(|row| row.contains(&code)).count() == 1, "{}", pty.picture());
    pty.type_keys("\x15\x04");
    assert_eq!(pty.wait_exit().code(), Some(0), "{}", pty.picture());
    pty.assert_left_well();
}
