//! Three people at an IRC server, three conns in one script.

use std::fs;

use predicates::prelude::*;
use predicates::str::{contains, is_match};
use tempfile::TempDir;

use super::Dialogue;
use crate::support::proc::Repl;
use crate::support::project;
use crate::support::says;
use crate::support::servers::{IRC, Server};

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
