//! Dialogues with an SMTP server.

use std::fs;

use predicates::prelude::*;
use predicates::str::{contains, is_match};

use super::Dialogue;
use super::tape::{Tape, masks};
use crate::support::says;
use crate::support::servers::{SMTP, Server, Twist};

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

const TO: &[&str] = &["--var", "to=bob@example.org"];
/// The date of a greeting, as it stands in mails, and the name that a mail is given.
const MASKS: [&str; 2] = [
    r"s/\w{3}, \d+ \w{3} \d{4} [\d:]{8} [+-]\d{4}$/DATE/",
    r"s/\bid=\w{6}-\w{6,11}-\w{2,4}$/id=ID/",
];

/// Leaves out the patterns that the script has left in a transcript.
fn forget_patterns(tape: &Tape) {
    let pattern = regex::Regex::new(r#","want":"(?:[^"\\]|\\.)*""#).unwrap();
    let text = tape.text();
    fs::write(tape.path("talk.json"), pattern.replace_all(&text, "").as_bytes()).unwrap();
}

#[test]
fn dates_and_names_of_mails_hold_with_patterns_and_with_masks() {
    let (Some(one), Some(fresh)) = (Server::start(&SMTP), Server::start(&SMTP)) else { return };
    let tape = Tape::record_script(&one, "smtp.chat", TO);
    // The name of the server is captured from its greeting.
    let bye = r#""line":"221 mail.example.org closing connection""#;
    tape.edit(bye, &format!(r#"{bye},"want":"^221 ${{host}} closing connection$""#));
    for smtp in [&one, &fresh] {
        tape.holds(smtp, &[]);
    }
    forget_patterns(&tape);
    for smtp in [&one, &fresh] {
        tape.holds(smtp, &masks(&MASKS));
        tape.differs(smtp, &masks(&MASKS[..1]), r#""line":"250 OK id="#);
    }
}

/// A server that calls itself something else, in the line that has the date too.
const UPGRADED: Twist = Twist::Settings(
    "tls_advertise_hosts =\n",
    "tls_advertise_hosts =\nsmtp_banner = $smtp_active_hostname ESMTP Exim 99 $tod_full\n",
);

#[test]
fn another_version_beside_a_date_is_found_out_and_blessed() {
    let (Some(one), Some(upgraded)) = (Server::start(&SMTP), Server::start_with(&SMTP, &UPGRADED))
    else {
        return;
    };
    let tape = Tape::record_script(&one, "smtp.chat", TO);
    let banner = r#""line":"220 mail.example.org ESMTP Exim "#;
    // The pattern of the script does not look at the version.
    tape.holds(&upgraded, &[]);
    tape.edit(r#","want":"^220 (?<host>\\S+) ""#, "");
    tape.mask(&MASKS);
    tape.holds(&one, &[]);
    let told = tape.differs(&upgraded, &[], banner);
    let came = contains("   = came:     220 mail.example.org ESMTP Exim 99 ");
    let mark = is_match(r"\n   = {43}\^{1,6}\n").unwrap();
    told.stderr(came.and(mark));

    let before = tape.text();
    let blessed = contains("-- blessed talk.json: 1 line changed, 0 added, 0 removed\n");
    tape.replay(&upgraded, &["--bless"]).success().stderr(blessed);
    let after = tape.text();
    let changed = before.lines().zip(after.lines()).filter(|(was, is)| was != is);
    assert_eq!(changed.map(|(_, is)| is.contains("Exim 99 ")).collect::<Vec<_>>(), [true]);
    let id = r#""want":"^250 OK id=(?<id>\\S+)$"}"#;
    assert!(after.contains(id) && after.contains(r#","mask":["#), "{after}");
    tape.holds(&upgraded, &[]);
    tape.differs(&one, &[], banner);
    fs::write(tape.path("before.json"), before).unwrap();
    let diff = ["diff", "before.json", "talk.json"];
    let told = tape.run(&diff).run().code(1);
    told.stdout(contains("Exim 99 ")).stderr("error: 1 difference\n");
}
