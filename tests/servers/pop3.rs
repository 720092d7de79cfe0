//! Dialogues with a POP3 server, which keep their login in a file of its own.

use predicates::prelude::*;
use predicates::str::contains;

use super::Dialogue;
use super::tape::Tape;
use crate::support::says;
use crate::support::servers::{PASSWORD, POP3, Server, Twist};

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

/// What the greeting of Dovecot has for APOP: numbers, the time, and the name of the machine.
const STAMP: &str = "s/<[^>]+@[^>]+>/<STAMP>/";
const ARGS: &[&str] = &["--var", "user=bob", "--secret", "POP3_PASSWORD"];

#[test]
fn a_mailbox_is_read_the_same_way_again_whatever_its_mails_are_called() {
    let (Some(one), Some(fresh)) = (Server::start(&POP3), Server::start(&POP3)) else { return };
    let tape = Tape::record_script(&one, "pop3.chat", ARGS);
    let text = tape.text();
    let secret = r#""line":"PASS ${POP3_PASSWORD}","secret":["POP3_PASSWORD"]}"#;
    assert!(text.contains(secret) && !text.contains(PASSWORD), "{text}");
    tape.mask(&[STAMP]);
    tape.holds(&one, &[]);
    // The script has kept a pattern for the name of a mail where it first comes, and not where it comes
    // again.
    let line = text.lines().rfind(|line| line.contains(r#""line":"+OK 1 "#)).unwrap();
    tape.differs(&fresh, &[], line);
    let wanted = line.replace("\"}", r#"","want":"^\\+OK 1 ${uid}$"}"#);
    tape.edit(line, &wanted);
    for pop3 in [&one, &fresh, &fresh] {
        tape.holds(pop3, &[]);
    }
    // A mask does the same, for all names.
    tape.edit(&wanted, line);
    tape.holds(&fresh, &["--mask", r"s/\b[0-9a-f]{16}$/UID/"]);
    // It is not what the first name was.
    tape.edit(line, &wanted.replace("${uid}", "${uid}0"));
    tape.differs(&one, &[], "${uid}0");
}

#[test]
fn another_greeting_beside_the_time_and_another_password_are_found_out() {
    let greets = Twist::Settings("ssl = no\n", "ssl = no\nlogin_greeting = Here I am.\n");
    let (Some(one), Some(other)) = (Server::start(&POP3), Server::start_with(&POP3, &greets))
    else {
        return;
    };
    let tape = Tape::record_script(&one, "pop3.chat", ARGS);
    tape.mask(&[STAMP]);
    let told = tape.differs(&other, &[], r#""line":"+OK Dovecot"#);
    told.stderr(contains("   = came:     +OK Here I am."));
    let args = ["--connect", one.addr(), "--replay", "talk.json"];
    let told = tape.run(&args).env("POP3_PASSWORD", "opensesame").run().code(1);
    let event = tape.event(r#""line":"+OK Logged in."#);
    let headline = says::error(&format!("event {event} of talk.json differs\n"));
    let came = contains("   = came:     -ERR [AUTH] ").and(contains("opensesame").not());
    told.stderr(headline.and(came).and(contains("client: PASS ${POP3_PASSWORD}\n")));
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
