//! The other waits, and the commands about guests.

use super::*;

#[test]
fn quiet_lasts_its_time_and_nothing_may_come_or_be_unread() {
    let mut end = End::client("/quiet 300ms\n");
    end.until(299);
    assert!(!end.succeeded());
    end.until(300);
    assert!(end.succeeded());
    for said in [&b"a\n"[..], b"a"] {
        let mut end = End::client("/quiet 300ms\n");
        end.until(299);
        end.hears(1, said);
        assert_eq!(
            (end.failed(), end.failures[0].1),
            ("error: the peer was not quiet", Blame::Check)
        );
    }
    let mut end = End::client("/expect a\n/quiet 1s\n");
    end.hears(1, b"a\nb\n");
    let wanted = "\
error: the peer was not quiet
  --> a.chat:2:1
   |
 2 | /quiet 1s
   | ^^^^^^^^^ this was unread before:
   = b  +0ms";
    assert_eq!(end.failures, [(wanted.to_owned(), Blame::Check)]);
}

#[test]
fn quiet_heeds_only_those_spoken_to() {
    let mut end = End::listener("/accept 2\n/on guest-1\n/quiet 1s\n", 2);
    end.hears(2, b"noise\n");
    end.until(1000);
    assert!(end.succeeded());
}

#[test]
fn expect_eof_waits_for_the_end_of_the_peer() {
    let mut end = End::client("/expect-eof\n");
    end.hears(1, b"last words\n");
    end.ends(1, Ending::Eof);
    assert!(end.succeeded());
    let mut end = End::client("/expect-eof -t 2s\n");
    end.until(2000);
    assert_eq!(end.failed(), "error: the peer did not end within 2s");
    assert_eq!(end.failures[0].1, Blame::Check);
    let mut end = End::client("/expect-eof\n");
    end.ends(1, Ending::Reset);
    let broken = ("error: the peer reset the connection", Blame::Connection);
    assert_eq!((end.failed(), end.failures[0].1), broken);
    let mut end = End::listener("/accept 2\n/expect-eof\n", 2);
    end.ends(2, Ending::Eof);
    assert!(!end.succeeded(), "all of them are meant");
    end.ends(1, Ending::Eof);
    assert!(end.succeeded());
}

#[test]
fn sleep_passes_time_and_lines_stay_unread() {
    let mut end = End::client("/sleep 1m\nhello\n/expect a\n");
    end.hears(1, b"a\n");
    end.until(59_999);
    assert_eq!(end.sent(1), "");
    end.until(60_000);
    assert_eq!(end.sent(1), "hello\n");
    assert!(end.succeeded());
}

#[test]
fn a_script_of_a_listener_begins_with_its_first_guest() {
    let mut end = End::listener("welcome\n", 0);
    end.until(600_000);
    assert_eq!((end.drives.len(), end.failures.len()), (0, 0));
    end.joins(1);
    assert_eq!(end.sent(1), "welcome\n");
}

#[test]
fn accept_waits_until_so_many_have_joined_in_all() {
    let mut end = End::listener("/accept 3\nhello\n", 1);
    end.joins(2);
    end.ends(1, Ending::Eof);
    assert_eq!(end.sent(2), "");
    end.joins(3);
    assert_eq!((end.sent(2), end.sent(3)), ("hello\n".into(), "hello\n".into()));
    let mut end = End::listener("/timeout 1s\n/accept 2\n", 1);
    end.until(1000);
    assert_eq!(end.failed(), "error: 1 guest joined, not 2 within 1s");
    assert_eq!(End::listener("/accept\n", 1).failures, []);
}

#[test]
fn on_says_who_is_spoken_to() {
    let mut end = End::listener("/accept 2\n/on guest-2\none\n/on all\nboth\n", 2);
    assert_eq!((end.sent(1), end.sent(2)), ("both\n".into(), "one\nboth\n".into()));
    assert_eq!(end.runner.prompt(), "> ");
    end.hears(1, b"x\n");
    let end = End::listener("/on guest-7\n", 2);
    assert_eq!(end.failed(), "error: no conn is called `guest-7`");
    assert_eq!(end.failures[0].1, Blame::Script);
    assert!(end.failures[0].0.contains("did you mean `guest-"), "{}", end.failures[0].0);
}

#[test]
fn kick_tells_why_and_closes() {
    let mut end = End::listener("/accept 2\n/kick guest-1 too loud\nquiet now\n", 2);
    assert_eq!((end.sent(1), end.sent(2)), ("too loud\n".into(), "quiet now\n".into()));
    assert!(end.told.effects().any(|effect| *effect == Effect::Close(conn(1))));
    end.ends(2, Ending::Eof);
    assert_eq!(end.left(), Some(Leave::Done));
    let end = End::listener("/accept 2\n/kick all\n", 2);
    assert!(end.is_shut(1) && end.is_shut(2));
}

#[test]
fn guests_are_a_listeners() {
    for script in ["/kick main\n", "/accept 2\n"] {
        let end = End::client(script);
        assert_eq!(
            (end.failed(), end.failures[0].1),
            ("error: only a listener has guests", Blame::Script)
        );
    }
    assert_eq!(End::client("/who\n").sent(1), "/who\n", "a room that was joined knows its own");
    let mut end = End::listener("/accept 2\n/sleep 1s\n/who\n/sleep 1s\n/who\n", 2);
    end.ends(1, Ending::Eof);
    end.until(1000);
    end.ends(2, Ending::Eof);
    end.until(2000);
    assert_eq!(end.told_tasks(), ["guest-2 from addr-2", "nobody is here"]);
}

#[test]
fn shutdown_and_close_end_our_side_and_what_follows_finds_nobody() {
    for command in ["/shutdown", "/close"] {
        let end = End::client(&format!("bye\n{command}\nanybody?\n"));
        assert_eq!((end.sent(1), end.is_shut(1)), ("bye\n".to_owned(), true));
        assert!(end.failed().starts_with("error: not sent: "), "{}", end.failed());
        assert_eq!(end.failures[0].1, Blame::Connection);
        assert!(end.failures[0].0.contains("--> a.chat:3:1"));
    }
    let mut end = End::client("bye\n/shutdown\n/expect ok\n/expect-eof\n");
    end.hears(1, b"ok\n");
    end.ends(1, Ending::Eof);
    assert!(end.succeeded());
    assert_eq!(end.left(), Some(Leave::Done));
}

#[test]
fn settings_hold_for_what_follows() {
    let script = "a\n/eol crlf\nb\n/send c\n/eol none\nd\n/raw e\\r\\n\n/eol lf\n//f\n/# not g\n";
    let mut end = End::client(script);
    assert_eq!(end.sent(1), "a\nb\r\nc\r\nde\r\n/f\n");
    end.until(100);
    let said: Vec<_> =
        end.told.transcript()[1..].iter().map(|event| event[13..].to_owned()).collect();
    assert_eq!(said[..6], ["a\\n", "b\\r\\n", "c\\r\\n", "d", "e\\r\\n", "/f\\n"]);
    let end = End::client("/set who you\n/echo hello ${who}\n/send $${who} ${who}\n${who}\n");
    assert_eq!(end.told_tasks(), ["hello you"]);
    assert_eq!(end.sent(1), "${who} you\n${who}\n", "text never expands");
}

#[test]
fn quit_leaves_and_runs_no_more() {
    let end = End::client("a\n/quit\nb\n");
    assert_eq!((end.sent(1), end.left()), ("a\n".to_owned(), Some(Leave::Done)));
    assert_eq!(end.drives, [Drive::Quit]);
}
