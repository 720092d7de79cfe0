//! Three people at an IRC server, three conns in one script.

use std::fs;

use predicates::prelude::*;
use predicates::str::{contains, is_match};
use tempfile::TempDir;

use super::Dialogue;
use super::tape::{Tape, masks};
use crate::support::proc::Repl;
use crate::support::project;
use crate::support::says;
use crate::support::servers::{IRC, Server, Twist};

#[test]
fn three_people_join_talk_and_leave_in_one_script() {
    let Some(irc) = Server::start(&IRC) else { return };
    let dialogue = Dialogue::with(&irc, &IRC, "irc.chat");
    let left = dialogue.run(&[]);
    let heard = String::from_utf8(left.stdout).unwrap();
    // Everybody hears whoever joins, those who are there what is said, and those who stay who goes.
    for (line, times) in [
        (":alice!~alice@127.0.0.1 JOIN :#chat-repl\r\n", 1),
        (":bob!~bob@127.0.0.1 JOIN :#chat-repl\r\n", 2),
        (":carol!~carol@127.0.0.1 JOIN :#chat-repl\r\n", 3),
        (":alice!~alice@127.0.0.1 PRIVMSG #chat-repl :Who is for lunch?\r\n", 2),
        (":bob!~bob@127.0.0.1 PRIVMSG #chat-repl :I am, alice\r\n", 2),
        (":carol!~carol@127.0.0.1 PRIVMSG bob :She asked: Who is for lunch?\r\n", 1),
        (":carol!~carol@127.0.0.1 PART #chat-repl :I have had mine\r\n", 3),
        (":bob!~bob@127.0.0.1 QUIT :\"To lunch\"\r\n", 1),
    ] {
        assert_eq!(heard.matches(line).count(), times, "{line} in\n{heard}");
    }
    dialogue.run_as_test();
}

#[test]
fn a_meeting_is_kept_with_the_names_of_its_conns() {
    let Some(irc) = Server::start(&IRC) else { return };
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("meeting.json");
    Dialogue::with(&irc, &IRC, "irc.chat").run(&["--save", file.to_str().unwrap()]);
    let kept = fs::read_to_string(&file).unwrap();
    assert_eq!(kept.matches(r#""ev":"open""#).count(), 3, "{kept}");
    assert_eq!(kept.matches(r#""want":"^:(?<server>\\S+) 001 "#).count(), 3, "{kept}");
    let shown = Repl::new().args(["show", file.to_str().unwrap()]).run().success();
    let hears = |conn: &str| {
        let line = regex::escape(":alice!~alice@127.0.0.1 PRIVMSG #chat-repl ");
        is_match(format!(r"(?m)^ +\+\S+ {conn} +{line}")).unwrap()
    };
    shown.stdout(hears("#2  bob").and(hears("#3  carol")).and(hears("#1  server").not()));
}

#[test]
fn a_nick_that_is_taken_fails_the_block() {
    let Some(irc) = Server::start(&IRC) else { return };
    let script = "/set nick alice\n/include scripts/irc-login.chat\n/open again ${addr}\n/on again\n\
                  /include scripts/irc-login.chat\n";
    let repl = Repl::new().args(["--connect", irc.addr(), "--eol", "crlf"]);
    let told = repl.current_dir(project()).stdin(script).run().code(1);
    let place = contains("  --> scripts/irc-login.chat:12:3\n");
    let label = contains("`again` said:\n    = :irc.example.org 433 ");
    told.stderr(says::error(r"a line matched `^:\S+ 433 `").and(place).and(label));
}

/// The most people at once so far, all who ever came, and when the server was started.
const MASKS: [&str; 3] = [
    r"s/ (\d+) \d+ :(Current \w+ users: \d+), Max: \d+$/ $1 MOST :$2, Max: MOST/",
    r"s/Highest connection count: \d+ \(\d+ connections received\)/COUNTED/",
    r"s/(started) \w{3} \w{3} \d+ \d{4} at [\d:]{8} /$1 THEN /",
];

#[test]
fn a_meeting_of_three_is_played_again_whoever_met_before() {
    let (Some(one), Some(fresh)) = (Server::start(&IRC), Server::start(&IRC)) else { return };
    let tape = Tape::record_script(&one, "irc.chat", &[]);
    let counted = r#""line":":irc.example.org 265 alice 1 1 :Current local users: 1, Max: 1""#;
    tape.differs(&one, &masks(&MASKS[1..]), counted);
    for irc in [&one, &fresh, &fresh] {
        tape.holds(irc, &masks(&MASKS));
    }
    // What alice asked is said again by carol as she hears it.
    let asked = "PRIVMSG #chat-repl :Who is for lunch?";
    tape.edit(
        &format!(r#""from":"client","line":"{asked}"}}"#),
        &format!(r#""from":"client","line":"{}"}}"#, asked.replace("lunch", "tea")),
    );
    let told = tape.replay(&fresh, &masks(&MASKS)).code(1);
    let marked = is_match(r" PRIVMSG #chat-repl :Who is for tea\?\n   = {52}\^{3}\n").unwrap();
    told.stderr(marked);
    let wanted = r":Who is for lunch\\?$";
    tape.edit(wanted, ":Who is for tea");
    let told = tape.replay(&fresh, &masks(&MASKS)).code(1);
    let carol = r"(?m)^error: event \d+ of talk\.json \(conn 2\) differs$";
    let again = " PRIVMSG bob :She asked: Who is for tea?\n   =   ";
    told.stderr(is_match(carol).unwrap().and(contains(again)));
}

const RHYMES: Twist = Twist::Settings("MotdPhrase = Talk in lines", "MotdPhrase = Talk in rhymes");

#[test]
fn another_motto_of_an_irc_server_is_blessed_for_all_conns() {
    let (Some(one), Some(rhymes)) = (Server::start(&IRC), Server::start_with(&IRC, &RHYMES)) else {
        return;
    };
    let tape = Tape::record_script(&one, "irc.chat", &[]);
    tape.mask(&MASKS);
    let told = tape.replay(&rhymes, &[]).code(1);
    let marked = "   = recorded: :irc.example.org 372 alice :- Talk in lines\n   \
                  = came:     :irc.example.org 372 alice :- Talk in rhymes\n";
    told.stderr(contains(marked));
    let blessed = contains("-- blessed talk.json: 3 lines changed, 0 added, 0 removed\n");
    tape.replay(&rhymes, &["--bless"]).success().stderr(blessed);
    assert_eq!(tape.text().matches("Talk in rhymes").count(), 3, "{}", tape.text());
    tape.holds(&rhymes, &[]);
    tape.replay(&one, &[]).code(1);
}

/// A server that asks whether somebody is still there who has said nothing for five seconds, the least
/// that ngIRCd takes.
const ASKS: Twist = Twist::Settings("MaxPenaltyTime = 0", "MaxPenaltyTime = 0\nPingTimeout = 5");

#[test]
fn whether_a_server_asks_if_we_are_there_may_be_left_to_it() {
    let (Some(one), Some(other)) = (Server::start_with(&IRC, &ASKS), Server::start(&IRC)) else {
        return;
    };
    let login = fs::read_to_string(project().join("scripts/irc-login.chat")).unwrap();
    let talk = "PRIVMSG alice :here\n/expect PRIVMSG alice :here\nQUIT\n/expect ^ERROR\n";
    let tape = Tape::record(&one, &format!("/set nick alice\n{login}{talk}"));
    tape.mask(&MASKS);
    let says = r#"{"dt":0,"conn":1,"from":"client","line":"PRIVMSG alice :here"},"#;
    let asks = r#"{"dt":0,"conn":1,"from":"server","line":"PING :irc.example.org"},"#;
    let is_there = r#"{"dt":0,"conn":1,"from":"client","line":"PONG :irc.example.org"},"#;
    tape.edit(says, &[asks, is_there, says].join("\n"));
    tape.replay(&one, &["--timeout", "15s"]).success();
    let event = tape.event(asks);
    let told = tape.replay(&other, &["--timeout", "300ms"]).code(1);
    told.stderr(says::error(&format!("event {event} of talk.json did not come: ")));
    // Nothing waits for a line that may be missing.
    tape.edit(r#""line":"PING "#, r#""opt":true,"line":"PING "#);
    for irc in [&one, &other] {
        tape.holds(irc, &[]);
    }
}
