//! Secrets: said and heard, and written nowhere.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::peer::{EchoServer, ScriptedServer};
use crate::support::proc::Repl;
use crate::support::pty::Pty;
use crate::support::says;

/// The value that must not be seen, and the base64 of what AUTH PLAIN says with it.
const VALUE: &str = "hunter2!";
const TOKEN: &str = "AGJvYgBodW50ZXIyIQ==";

/// A server that asks for the password, takes it as it is and in a token, and repeats it.
fn login() -> ScriptedServer {
    ScriptedServer::start(|mut peer| {
        peer.say("pass: ");
        peer.expect_bytes(format!("{VALUE}\n"));
        peer.say(format!("you said {VALUE}, ${{PASS}}\n"));
        peer.expect_bytes(format!("AUTH PLAIN {TOKEN}\n"));
        peer.say("OK\n");
        peer.read_to_end_within(DEADLINE);
    })
}

const SCRIPT: &str = "/expect -p ^pass: $\n/send ${PASS}\n/expect ^you (?<verb>said) ${PASS}\n\
                      /echo it is ${PASS}\n/send AUTH PLAIN AGJvYgBodW50ZXIyIQ==\n/expect OK\n";

fn repl(server: &ScriptedServer, dir: &TempDir) -> Repl {
    let repl = Repl::new().args(["--connect", &server.addr(), "--secret", "PASS"]);
    repl.current_dir(dir.path()).env("PASS", VALUE)
}

/// All files in the folder, one after the other.
fn written(dir: &TempDir) -> String {
    let files = fs::read_dir(dir.path()).unwrap();
    files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn a_secret_is_said_and_heard_and_written_nowhere() {
    let (server, dir) = (login(), TempDir::new().unwrap());
    let repl = repl(&server, &dir).args(["--save", "talk.json", "--record", "talk.jsonl"]);
    let script = format!("{SCRIPT}/save now.json\n/show 20\n");
    let ended = repl.stdin(script).run().success();
    let told =
        says::notice("it is ${PASS}\n").and(contains(VALUE).not()).and(contains(TOKEN).not());
    ended.stderr(told).stdout(format!("pass: you said {VALUE}, ${{PASS}}\nOK\n"));
    server.finish();
    let kept = written(&dir);
    assert!(!kept.contains(VALUE) && !kept.contains(TOKEN), "{kept}");
    for line in [
        r#""from":"client","line":"${PASS}","secret":["PASS"]}"#,
        r#""line":"you said ${PASS}, $${PASS}","want":"^you (?<verb>said) ${PASS}","secret":["PASS"]}"#,
        r#""line":"AUTH PLAIN ${base64:\\x00bob\\x00${PASS}}","secret":["PASS"]}"#,
    ] {
        assert_eq!(kept.matches(line).count(), 3, "{line}\n{kept}");
    }
}

#[test]
fn a_transcript_is_played_with_its_secrets_put_back() {
    let dir = TempDir::new().unwrap();
    let server = login();
    repl(&server, &dir).args(["--save", "talk.json"]).stdin(SCRIPT).run().success();
    server.finish();
    let server = login();
    let played = repl(&server, &dir).args(["--replay", "talk.json", "--json"]).run().success();
    played.stdout(contains(VALUE).not().and(contains("${PASS}")));
    server.finish();
    let server = login();
    let repl = Repl::new().args(["--connect", &server.addr(), "--replay", "talk.json"]);
    let missing =
        "event 3 of `talk.json`: the secret `PASS` is not known: give it by `--secret PASS`";
    repl.current_dir(dir.path()).run().code(3).stderr(says::error(missing));
}

#[test]
fn a_terminal_shows_its_name() {
    let (server, dir) = (login(), TempDir::new().unwrap());
    let repl = repl(&server, &dir);
    let mut terminal = Pty::spawn(repl.command(), 12, 60);
    terminal.wait_for_text("pass: ");
    terminal.type_keys("/send ${PASS}\r");
    terminal.wait_for_text("you said ${PASS}, ");
    terminal.type_keys("/echo it is ${PASS}\r");
    terminal.wait_for_text("-- it is ${PASS}");
    terminal.type_keys(&format!("/send AUTH PLAIN {TOKEN}\r"));
    terminal.wait_for_text("OK");
    assert!(!terminal.rows().join("\n").contains(VALUE), "{}", terminal.picture());
    terminal.type_keys("/quit\r");
    assert!(terminal.wait_exit().success());
    server.finish();
}

#[test]
fn a_history_keeps_no_line_with_a_secret_in_it() {
    let (server, dir) = (login(), TempDir::new().unwrap());
    let repl = repl(&server, &dir).args(["--history", "history"]);
    let mut terminal = Pty::spawn(repl.command(), 12, 60);
    terminal.wait_for_text("pass: ");
    terminal.type_keys(&format!("{VALUE}\r"));
    terminal.wait_for_text("you said ${PASS}, ");
    terminal.type_keys("/echo it is ${PASS}\r");
    terminal.wait_for_text("-- it is ${PASS}");
    terminal.type_keys(&format!("AUTH PLAIN {TOKEN}\r"));
    terminal.wait_for_text("OK");
    terminal.type_keys("/quit\r");
    assert!(terminal.wait_exit().success());
    server.finish();
    let history = fs::read_to_string(dir.path().join("history")).unwrap();
    assert_eq!(history, "/echo it is ${PASS}\n/quit\n");
}

#[test]
fn a_conn_that_is_called_by_a_secret_is_recorded_without_it() {
    let dir = TempDir::new().unwrap();
    let server = EchoServer::start();
    let repl = Repl::new().args(["--connect", &server.addr(), "--secret", "PASS"]);
    let repl = repl.current_dir(dir.path()).env("PASS", VALUE);
    let repl = repl.args(["--record", "talk.jsonl", "--save", "talk.json"]);
    repl.stdin(format!("/open {VALUE} ${{addr}}\n")).run().success();
    let kept = written(&dir);
    assert!(!kept.contains(VALUE) && kept.contains(r#""name":"${PASS}""#), "{kept}");
}

#[test]
fn a_report_has_no_secret_in_it() {
    let (server, dir) = (login(), TempDir::new().unwrap());
    let script = "/expect -p ^pass: $\n/send ${PASS}\n/expect -t 200ms ${PASS}: no\nhunter2!\n";
    let ended = repl(&server, &dir).stdin(script).run().code(1);
    let told = "error: no line matched `${PASS}: no` within 200ms\n";
    ended.stderr(
        contains(told)
            .and(contains("   = you said ${PASS}, ${PASS}"))
            .and(contains("   = ${PASS} is a secret\n"))
            .and(contains(VALUE).not()),
    );
}

#[test]
fn a_file_may_have_it() {
    let (server, dir) = (login(), TempDir::new().unwrap());
    fs::write(dir.path().join("pass"), format!("{VALUE}\r\n")).unwrap();
    let repl = Repl::new().args(["--connect", &server.addr(), "--secret", "PASS@pass"]);
    repl.current_dir(dir.path()).args(["--save", "talk.json"]).stdin(SCRIPT).run().success();
    server.finish();
    assert!(!fs::read_to_string(dir.path().join("talk.json")).unwrap().contains(VALUE));
}

#[test]
fn what_cannot_be_a_secret_is_refused() {
    let repl = |secret: &str| Repl::new().args(["--connect", "localhost:1", "--secret", secret]);
    let unset = repl("CHAT_REPL_NO_SUCH").run().code(2);
    unset.stderr(contains("there is no `CHAT_REPL_NO_SUCH` in the environment"));
    let short = repl("PIN").env("PIN", "123").run().code(2);
    short.stderr(contains("the secret `PIN` has 3 bytes").and(contains("123").not()));
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("pin"), "123\n").unwrap();
    let short = repl("PIN@pin").current_dir(dir.path()).run().code(3);
    short.stderr(says::error("the secret `PIN` has 3 bytes"));
    let gone = repl("PIN@gone").current_dir(dir.path()).run().code(3);
    gone.stderr(says::error("cannot read `gone`: no such file or directory"));
}
