//! Dialogues with a POP3 server, which keep their login in a file of its own.

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use super::Dialogue;
use crate::support::says;
use crate::support::servers::{PASSWORD, POP3, Server};

#[test]
fn a_pop3_server_answers_as_its_script_expects() {
    let Some(pop3) = Server::start(&POP3) else { return };
    let dialogue = Dialogue::with(&pop3, &POP3, "pop3.chat").env("POP3_PASSWORD", PASSWORD);
    let left = dialogue.run(&[]);
    assert!(left.stderr.contains("-- the first is about: lunch\n"), "{}", left.stderr);
    let heard = String::from_utf8(left.stdout).unwrap();
    let dot_stuffed = "\r\n.. says Alice\r\n.\r\n";
    assert!(heard.contains(dot_stuffed), "{heard}");
    dialogue.run_as_test();
}

#[test]
fn a_mailbox_is_read_the_same_way_twice() {
    let Some(pop3) = Server::start(&POP3) else { return };
    let dir = TempDir::new().unwrap();
    let dialogue = Dialogue::with(&pop3, &POP3, "pop3.chat").env("POP3_PASSWORD", PASSWORD);
    dialogue.run_and_replay(&dir.path().join("talk.json"));
}

#[test]
fn a_wrong_password_fails_in_the_file_that_has_the_login() {
    let Some(pop3) = Server::start(&POP3) else { return };
    let dialogue = Dialogue::with(&pop3, &POP3, "pop3.chat").env("POP3_PASSWORD", "open");
    let told = dialogue.repl().run().code(1);
    let headline = says::error(r"the next line did not match `^\+OK`");
    let place = contains("--> scripts/pop3-login.chat:");
    let included = contains("   = included from scripts/pop3.chat:");
    told.stderr(headline.and(place).and(contains("   = -ERR [AUTH] ")).and(included));
}

#[test]
fn a_password_that_is_not_there_is_told_at_the_step_that_has_it() {
    let Some(pop3) = Server::start(&POP3) else { return };
    let told = Dialogue::with(&pop3, &POP3, "pop3.chat").repl().run().code(3);
    let step = contains(" | /send PASS ${env:POP3_PASSWORD}\n");
    told.stderr(says::error("`env:POP3_PASSWORD`").and(step));
}
