//! What of a transcript is played, replays within a conversation, and what people are told.

use super::*;
use crate::script::Blame;
use crate::session::{Drive, Ending as Closed};
use crate::transcript::What;

fn heard(transcript: &Transcript, n: u32) -> Vec<String> {
    let said = turns(transcript, n).into_iter().map(|turn| match turn {
        Turn::HalfClose => "> (ends)".to_owned(),
        Turn::Ours(bytes) => format!("> {}", String::from_utf8_lossy(&bytes)),
        Turn::Theirs(lines) => {
            let lines = lines.iter().map(|line| String::from_utf8_lossy(line).into_owned());
            format!("< {}", lines.collect::<Vec<_>>().join("|"))
        }
    });
    said.collect()
}

fn open() -> What {
    What::Open { addr: "addr".to_owned(), name: None, role: None }
}

fn close(from: Side, how: &str) -> What {
    What::Close { from, how: how.to_owned() }
}

#[test]
fn what_went_to_all_went_to_those_that_were_open() {
    let to_all = |text: &[u8]| (None, line(Side::Server, text, Eol::Lf));
    let (one, two) = (Some(conn(1)), Some(conn(2)));
    let talk = transcript(vec![
        (one, open()),
        to_all(b"first"),
        (two, open()),
        to_all(b"both"),
        (one, line(Side::Client, b"bye", Eol::Lf)),
        (one, close(Side::Client, "eof")),
        to_all(b"one still reads"),
        (one, close(Side::Server, "eof")),
        to_all(b"second"),
        (two, close(Side::Client, "reset")),
        to_all(b"nobody"),
    ]);
    assert_eq!(heard(&talk, 1), ["< first\n|both\n", "> bye\n", "> (ends)", "< one still reads\n"]);
    assert_eq!(heard(&talk, 2), ["< both\n|one still reads\n|second\n"]);
}

#[test]
fn partial_lines_are_joined_and_lines_within_a_line_are_cut() {
    let mut talk = story(&["< a", "< b", "> x", "> y\n", "< c\n", "< d", "< e\n", "< f"]);
    assert_eq!(heard(&talk, 1), ["< ab", "> xy\n", "< c\n|de\n|f"]);
    talk.events.push(Event {
        at: At::from_micros(u64::MAX),
        conn: Some(conn(1)),
        what: line(Side::Server, b"g\n\nh", Eol::CrLf),
        extra: Vec::new(),
    });
    assert_eq!(heard(&talk, 1)[2], "< c\n|de\n|fg\n|\n|h\r\n");
}

/// A client that has a script of its own, and comes to a replay in it.
fn replaying(script: &str, from_now: bool, talk: &Transcript) -> End {
    let mut end = End::new(&Options::script(Side::Client));
    end.more(script);
    end.joins(1);
    let within = Manner::within(Duration::from_secs(5));
    end.runner.play(Box::new(player_with(talk, "t.json", Manner { from_now, ..within })));
    end.step();
    end
}

#[test]
fn a_replay_from_now_leaves_behind_what_came_before() {
    let talk = story(&["< greeting\n", "> ask\n", "< answer\n"]);
    let mut end = replaying("hello\n", true, &talk);
    assert_eq!(end.sent(1), "hello\nask\n");
    end.hears(1, b"answer\n");
    assert!(end.failures.is_empty() && !end.runner.is_playing());
    end.more("on we go\n");
    assert_eq!(end.sent(1), "hello\nask\non we go\n");

    let mut end = replaying("", false, &talk);
    assert_eq!(end.sent(1), "", "else it begins at the beginning");
    end.hears(1, b"greeting\n");
    assert_eq!(end.sent(1), "ask\n");
    assert!(end.runner.has_spoken(), "a second replay begins in the middle");
}

#[test]
fn a_replay_waits_until_somebody_is_there() {
    let mut end = End::new(&Options::script(Side::Client));
    end.plays(Box::new(player(&story(&["> ask\n", "< answer\n"]))));
    assert_eq!((end.deadline(), &*end.failures), (None, &[][..]));
    end.until(60_000);
    end.joins(1);
    assert_eq!(end.sent(1), "ask\n");
    end.until(64_999);
    end.hears(1, b"answer\n");
    assert_eq!(end.failures, []);
}

#[test]
fn a_replay_that_fails_in_a_script_names_its_step() {
    let mut end = End::client("/replay t.json\n/sleep 1s\n");
    end.runner.play(Box::new(player(&story(&["< yes\n"]))));
    end.hears(1, b"no\n");
    assert!(end.failures[0].0.contains("--> a.chat:"), "{}", end.failures[0].0);
    assert_eq!(end.drives.last(), Some(&Drive::Quit));
}

#[test]
fn a_replay_within_a_conversation_leaves_the_rest_to_it() {
    let mut end = replaying("", false, &story(&["> ask\n", "< answer\n"]));
    end.hears(1, b"answer\nand more\n");
    end.more("/expect ^and more$\n");
    assert_eq!((end.failures.len(), end.drives.last()), (0, Some(&Drive::Idle)));
    assert!(!end.is_shut(1) && end.left().is_none());
}

#[test]
fn a_replay_can_be_stopped_and_refuses_nothing_after() {
    let mut end = End::person();
    let talk = story(&["> ask\n", "< answer\n"]);
    end.runner.play(Box::new(player(&talk)));
    end.step();
    assert!(end.runner.is_playing() && end.runner.interrupt().is_some());
    end.step();
    end.more("never mind\n");
    assert_eq!(end.sent(1), "ask\nnever mind\n");
}

fn report(talk: &Transcript, came: &[u8]) -> String {
    let mut end = playing(player(talk));
    end.hears(1, came);
    end.until(9000);
    assert_eq!((end.failures.len(), end.failures[0].1), (1, Blame::Check));
    end.failures.remove(0).0
}

#[test]
fn a_difference_shows_both_lines_and_where_they_part() {
    let talk = story(&["< 220 ready\n", "< 250 first\n"]);
    let wanted = "\
error: event 2 of talk.json differs
   = 1 server: 220 ready
   = recorded: 250 first
   = came:     250 last
   =               ^^^
   = if it may differ: `--mask 's/REGEX/TEXT/'`, or a `want` in the event
   = if it is right now: `--bless` rewrites the event";
    assert_eq!(report(&talk, b"220 ready\n250 last\n"), wanted);
}

#[test]
fn a_line_that_comes_in_pieces_is_told_whole() {
    let talk = story(&["< 250 first\n"]);
    let mut end = playing(player(&talk));
    for piece in [&b"2"[..], b"50 l", b"as", b"t\n"] {
        end.hears(1, piece);
    }
    assert!(end.failures[0].0.contains("came:     250 last\n"), "{}", end.failures[0].0);
    let mut end = playing(player(&talk));
    end.hears(1, b"login");
    end.until(99);
    assert_eq!(end.failures, []);
    end.until(100);
    assert!(end.failures[0].0.contains("came:     login\n"), "a prompt has no end to wait for");
}

#[test]
fn a_line_end_that_differs_is_shown() {
    let report = report(&story(&["< 250 ok\n"]), b"250 ok\r\n");
    assert!(
        report.contains("recorded: 250 ok\\n") && report.contains("came:     250 ok\\r\\n"),
        "{report}"
    );
}

#[test]
fn what_came_of_a_line_that_did_not_end_is_shown() {
    let report = report(&story(&["< 250 ok\n"]), b"250");
    assert!(
        report.contains("recorded: 250 ok") && report.contains("came:     250 (no line end)"),
        "{report}"
    );
}

#[test]
fn a_peer_that_breaks_in_the_middle_is_a_check_that_failed() {
    let mut end = playing(player(&story(&["< 250 ok\n"])));
    end.ends(1, Closed::Reset);
    assert_eq!(end.failures[0].1, Blame::Check);
}
