//! Dialogues with a NATS server, two conns in one script.

use std::fs;

use predicates::prelude::*;
use predicates::str::{contains, is_match};
use tempfile::TempDir;

use super::Dialogue;
use super::tape::Tape;
use crate::support::proc::Repl;
use crate::support::project;
use crate::support::servers::{NATS, Server, Twist};
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

/// What the greeting has of the server and of the conn.
const OWN: &str = r#"s/"(server_id|port|client_id)":("\w*"|\d+)/"$1":X/"#;
const NAMED: Twist = Twist::Args(&["--name", "lines"]);
const RENAMED: Twist = Twist::Args(&["--name", "lanes"]);

#[test]
fn two_conns_of_a_nats_server_are_played_again_in_their_order() {
    let (Some(one), Some(fresh)) =
        (Server::start_with(&NATS, &NAMED), Server::start_with(&NATS, &NAMED))
    else {
        return;
    };
    let tape = Tape::record_script(&one, "nats.chat", &[]);
    // The greeting of the first conn has a pattern, that of the second has none.
    for nats in [&one, &fresh] {
        tape.differs(nats, &[], r#""conn":2,"from":"server","line":"INFO "#);
    }
    tape.mask(&[OWN]);
    for nats in [&one, &fresh, &fresh] {
        tape.holds(nats, &[]);
    }
    // Where an answer is to go is captured on one conn, said there, and heard on the other.
    let text = tape.text().replace("chat-repl-inbox.42 13", "chat-repl-inbox.7 13");
    fs::write(tape.path("talk.json"), text).unwrap();
    let answer = r#""line":"MSG chat-repl-inbox.42 1 6""#;
    tape.differs(&fresh, &[], answer);
    tape.edit(answer, &format!(r#"{answer},"want":"^MSG ${{reply}} 1 6$""#));
    tape.holds(&fresh, &[]);
}

#[test]
fn another_name_beside_the_number_of_a_nats_server_is_found_out() {
    let (Some(one), Some(renamed)) =
        (Server::start_with(&NATS, &NAMED), Server::start_with(&NATS, &RENAMED))
    else {
        return;
    };
    let tape = Tape::record_script(&one, "nats.chat", &[]);
    tape.mask(&[OWN]);
    let told = tape.differs(&renamed, &[], r#""conn":2,"from":"server","line":"INFO "#);
    let name = contains(r#"","server_name":"lanes","version":""#);
    told.stderr(name.and(is_match(r"\n   = +\^\n").unwrap()));
    tape.replay(&renamed, &["--bless"]).success();
    tape.holds(&renamed, &[]);
    tape.differs(&one, &[], r#"\"lanes\""#);
}
