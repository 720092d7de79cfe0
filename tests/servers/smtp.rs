//! Dialogues with an SMTP server.

use predicates::prelude::*;
use predicates::str::contains;

use super::Dialogue;
use crate::support::says;
use crate::support::servers::{SMTP, Server};

#[test]
fn an_smtp_server_takes_a_mail_from_its_script() {
    let Some(smtp) = Server::start(&SMTP) else { return };
    let dialogue = Dialogue::with(&smtp, &SMTP, "smtp.chat");
    let left = dialogue.run(&[]);
    let id = left.stderr.lines().find_map(|line| line.strip_prefix("-- the mail is called "));
    let reply = format!("250 OK id={}\r\n", id.expect("it is told"));
    let heard = String::from_utf8(left.stdout).unwrap();
    assert!(heard.contains(&reply), "{heard}");
    dialogue.run_as_test();
}

#[test]
fn a_mail_that_is_refused_is_a_failed_check() {
    let Some(smtp) = Server::start(&SMTP) else { return };
    let mut dialogue = Dialogue::with(&smtp, &SMTP, "smtp.chat");
    for (to, reply) in [
        ("carol@example.org", "550 Unrouteable address"),
        ("bob@elsewhere.example", "550 relay not permitted"),
    ] {
        let last = dialogue.args.iter().position(|arg| arg.starts_with("to=")).unwrap();
        dialogue.args[last] = format!("to={to}");
        let told = dialogue.repl().run().code(1);
        let label = contains(format!("   = {reply}  <- this"));
        let headline = says::error(r"a line matched `^[45]\d\d`, which must not come");
        told.stderr(headline.and(label).and(contains("(while at scripts/smtp.chat:")));
    }
}
