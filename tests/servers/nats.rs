//! Dialogues with a NATS server, two conns in one script.

use std::fs;

use predicates::str::contains;
use tempfile::TempDir;

use super::Dialogue;
use crate::support::proc::Repl;
use crate::support::project;
use crate::support::servers::{NATS, Server};
use crate::support::tools::require;

#[test]
fn a_nats_server_answers_as_its_script_expects() {
    let Some(nats) = Server::start(&NATS) else { return };
    let dialogue = Dialogue::with(&nats, &NATS, "nats.chat");
    let told = dialogue.run(&[]).stderr;
    assert!(told.contains("-- a message may have 1048576 bytes\n"), "{told}");
    dialogue.run_as_test();
}

#[test]
fn what_one_conn_heard_and_the_other_said_is_kept_with_its_pattern() {
    let Some(nats) = Server::start(&NATS) else { return };
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("talk.json");
    Dialogue::with(&nats, &NATS, "nats.chat").run(&["--save", file.to_str().unwrap()]);
    let kept = fs::read_to_string(&file).unwrap();
    for part in [
        r#""conn":2,"addr":""#,
        r#""name":"answers"}"#,
        r#""want":"^INFO \\{.*\"max_payload\":(?<most>\\d+)"}"#,
        r#""conn":2,"from":"server","esc":"\u0000\\xff."}"#,
        r#""conn":2,"from":"client","line":"PUB chat-repl-inbox.42 6","send":"PUB ${reply} 6"}"#,
        r#""conn":1,"from":"server","line":"MSG chat-repl-inbox.42 1 6"}"#,
    ] {
        assert!(kept.contains(part), "{part} is not in\n{kept}");
    }
}

#[test]
fn the_test_command_starts_a_nats_server_itself() {
    let Some(program) = require("nats-server") else { return };
    let server = format!("{} -a 127.0.0.1 -p ${{port}}", program.display());
    let args = ["test", "--eol", "crlf", "--server", &server, "scripts/nats.chat"];
    let passed = Repl::new().args(args).current_dir(project()).run().success();
    passed.stdout(contains("1 test: 1 passed"));
}
