//! The code, asked for at a terminal.

use super::host;
use crate::support::proc::Repl;
use crate::support::pty::Pty;

const QUESTION: &str = "the code that your host told you: ";

fn guest(addr: &str) -> (Pty, Repl) {
    let repl = Repl::new().args(["--connect", addr, "--private"]);
    let pty = Pty::spawn(repl.command(), 24, 80);
    pty.wait_for_text(QUESTION);
    (pty, repl)
}

#[test]
fn a_person_is_asked_and_tab_completes_the_words() {
    let mut host = host(&[]);
    let (mut pty, _home) = guest(&host.plain_addr());
    // Four letters say which word it is; what can be no code is no guess.
    pty.type_keys("zoom\r");
    pty.wait_for_text("-- that can be no code: `zoom` is no word of a code");
    for word in host.code.split(' ') {
        pty.type_keys(&format!("{}\t", &word[..word.len().min(4)]));
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
