//! `/expect`.

use super::*;

/// What came of a script after the peer has said this, in one read and in reads of one byte, and then
/// said no more for a minute.
fn after(script: &str, said: &[u8]) -> End {
    let mut whole = End::client(script);
    whole.hears(1, said);
    let mut bytes = End::client(script);
    for byte in said {
        bytes.hears(1, &[*byte]);
    }
    whole.until(60_000);
    bytes.until(60_000);
    assert_eq!(whole.failures, bytes.failures, "the border between two reads never matters");
    assert_eq!(whole.tasks, bytes.tasks);
    whole
}

fn succeeds(script: &str, said: &[u8]) {
    let end = after(script, said);
    assert!(end.succeeded(), "{script:?} {said:?}: {:#?}", end.failures);
}

fn fails(script: &str, said: &[u8]) -> String {
    let end = after(script, said);
    assert_eq!(end.failures[0].1, Blame::Check);
    assert_eq!(end.left(), Some(Leave::Done), "a script that fails leaves");
    end.failed().to_owned()
}

#[test]
fn it_passes_over_lines_up_to_its_match() {
    succeeds("/expect ^250 \n", b"220 hi\n250 ok\n");
    succeeds("/expect ok$\n", b"250 ok\r\n");
    succeeds("/expect ^$\n", b"\n");
    assert_eq!(fails("/expect ^250 \n", b"550 no\n"), "error: no line matched `^250 ` within 5s");
    assert_eq!(fails("/expect ^250 \n", b"250 ok"), "error: no line matched `^250 ` within 5s");
}

#[test]
fn it_consumes_what_it_has_passed_over() {
    succeeds("/expect a\n/expect c\n/expect d\n", b"a\nb\nc\nd\n");
    fails("/expect b\n/expect a\n", b"a\nb\n");
    fails("/expect a\n/expect a\n", b"a\n");
    assert_eq!(after("/expect b\n", b"a\nb\nc\nd").runner.unread_lines(), 2);
}

#[test]
fn with_n_it_takes_the_very_next_line() {
    succeeds("/expect -n ^250\n", b"250 ok\n");
    assert_eq!(
        fails("/expect -n ^250\n", b"220 hi\n250 ok\n"),
        "error: the next line did not match `^250`"
    );
    succeeds("/expect -n a\n/expect -n b\n", b"a\nb\n");
}

#[test]
fn with_x_it_is_literal() {
    succeeds("/expect -x a.b(\n", b"aab(\na.b(\n");
    assert_eq!(fails("/expect -x a.b\n", b"aab\n"), "error: no line contained `a.b` within 5s");
}

#[test]
fn with_p_it_sees_a_line_that_has_not_ended() {
    succeeds("/expect -p ^login: $\nroot\n", b"hello\nlogin: ");
    succeeds("/expect -n -p ^login: $\n", b"login: ");
    fails("/expect ^login: $\n", b"login: ");
    fails("/expect -p ^login: $\n", b"logout: ");
}

#[test]
fn what_p_has_seen_of_a_line_is_read() {
    let mut end = End::client("/expect -p ^login: \nroot\n/expect ^rest$\n");
    end.hears(1, b"login: ");
    assert_eq!(end.sent(1), "root\n");
    end.hears(1, b"rest\n");
    assert!(end.succeeded());
}

#[test]
fn with_p_every_guest_may_be_the_one_that_asks() {
    let mut end = End::listener("/accept 2\n/expect -p ^name\\?\n", 2);
    end.hears(1, b"thinking");
    end.hears(2, b"name?");
    assert!(end.succeeded(), "{:?}", end.failures);
}

#[test]
fn its_time_is_its_own_or_what_was_set() {
    for (script, millis) in [
        ("/expect x\n", 5000),
        ("/expect -t 200ms x\n", 200),
        ("/timeout 2s\n/expect x\n", 2000),
        ("/set t 1s\n/expect -t ${t} x\n", 1000),
        ("/expect -t 0ms x\n", 0),
    ] {
        let mut end = End::client(script);
        if millis > 0 {
            end.until(millis - 1);
            assert_eq!(end.failures, [], "{script}");
        }
        end.until(millis);
        assert!(end.failed().contains("no line matched `x` within"), "{script}");
        assert_eq!(end.told.left().unwrap().0.micros(), millis * 1000);
    }
    let mut end = End::client("/expect x\n");
    end.until(4999);
    end.hears(1, b"x\n");
    end.until(60_000);
    assert!(end.succeeded());
}

#[test]
fn it_fails_at_once_when_the_peer_has_ended() {
    for (how, headline) in [
        (Ending::Eof, "error: the peer closed the connection before a line matched `x`"),
        (Ending::Reset, "error: the peer reset the connection before a line matched `x`"),
    ] {
        let mut end = End::client("/expect x\n");
        end.ends(1, how.clone());
        assert_eq!((end.failed(), end.failures[0].1), (headline, Blame::Connection));
    }
    let mut end = End::client("/expect ^bye$\n");
    end.hears(1, b"bye");
    end.ends(1, Ending::Eof);
    assert!(end.succeeded(), "the last line needs no end");
    let mut end = End::client("/sleep 1s\n/expect a\n/expect b\n");
    end.hears(1, b"a\n");
    end.ends(1, Ending::Eof);
    end.until(1000);
    assert_eq!(end.failed(), "error: the peer closed the connection before a line matched `b`");
}

#[test]
fn among_several_guests_it_reads_from_those_spoken_to() {
    let mut end =
        End::listener("/accept 2\n/expect b\n/on guest-2\n/expect a\n/on all\n/expect z\n", 2);
    end.hears(1, b"a\nz\n");
    end.hears(2, b"b\n");
    assert!(
        end.failures.is_empty() && !end.drives.contains(&Drive::Ended),
        "guest-1's `a` was read"
    );
    end.hears(2, b"a\n");
    end.until(60_000);
    assert!(end.failed().contains("no line matched `z`"), "it was passed over by the first");

    let mut end = End::listener("/accept 2\n/on guest-2\n/expect a\n/on all\n/expect ^a1\n", 2);
    end.hears(1, b"a1\n");
    end.hears(2, b"a2\n");
    assert!(end.succeeded(), "what another said stays unread");
}

#[test]
fn one_guest_that_leaves_does_not_end_a_wait_for_all() {
    let mut end = End::listener("/accept 2\n/expect x\n", 2);
    end.ends(1, Ending::Eof);
    assert_eq!(end.failures, []);
    end.hears(2, b"x\n");
    assert!(end.succeeded());
}

#[test]
fn named_groups_become_variables_that_send_and_patterns_use() {
    let script = "/expect ^id=(?<id>\\S+)$\n/send GET ${id}\n/expect ^got ${id}$\n/echo ${id}\n";
    let mut end = End::client(script);
    end.hears(1, b"id=a.c\n");
    assert_eq!(end.sent(1), "GET a.c\n");
    end.hears(1, b"got abc\ngot a.c\n");
    assert_eq!(end.told_tasks(), ["a.c"]);
    assert!(end.succeeded());
    let sends: Vec<_> = end
        .told
        .records()
        .filter_map(|record| match &record.what {
            crate::session::Recorded::Said { send, .. } => send.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(sends, ["GET ${id}"], "what it was written as is left in the transcript");
}

#[test]
fn bytes_that_are_no_utf_8_are_matched_and_captured() {
    let mut end = End::client("/expect ^(?-u:\\xff)(?<x>(?-u:.))$\n/send <${x}>\n");
    end.hears(1, b"\xff\xfe\n");
    assert_eq!(end.sent(1), "<\u{fffd}>\n");
    assert!(end.succeeded());
}

#[test]
fn an_unknown_variable_is_the_scripts_fault() {
    for script in ["/expect ${x}\n", "/send ${x}\n", "/expect -t ${x} y\n", "/sleep ${x}\n"] {
        let end = End::client(script);
        assert_eq!((end.failed(), end.failures[0].1), ("error: `x` has no value", Blame::Script));
    }
}

#[test]
fn patterns_that_match_in_one_read_are_known_before_it_is_recorded() {
    let mut end = End::client("/expect (?<a>A)\n/expect (?<b>B)\nthanks\n/expect (?<c>C)\n");
    end.hears(1, b"x\nA\nB\nC\n");
    let early = [(2, "(?<a>A)".to_owned()), (3, "(?<b>B)".to_owned())];
    assert_eq!(end.wants, early, "by the number of the line on its conn");
    assert_eq!(end.late_wants, [(4, "(?<c>C)".to_owned())], "it had to wait for what was sent");
    assert!(end.succeeded());
    let end = after("/expect ^a\n/expect -x b\n", b"a\nb\n");
    assert!(end.wants.is_empty() && end.late_wants.is_empty(), "without groups nothing is left");
}

#[test]
fn a_line_of_which_a_part_was_read_keeps_its_number() {
    let mut end = End::client("/expect -p ^a\n/expect (?<rest>.+)\n/expect (?<b>b)\n");
    end.hears(1, b"a");
    end.hears(1, b"rest\nb\n");
    assert_eq!(end.wants, [(1, "(?<rest>.+)".to_owned()), (2, "(?<b>b)".to_owned())]);
    let mut end = End::client("/expect -p ^a\n/expect (?<b>b)\n");
    end.hears(1, b"a");
    end.hears(1, b"\nb\n");
    assert_eq!(
        end.wants,
        [(2, "(?<b>b)".to_owned())],
        "its end is counted, and no line of its own"
    );
}

#[test]
fn the_nearest_is_told_however_long_ago_it_came() {
    let mut end = End::client("/expect ^status: done\n");
    end.hears(1, b"first\nstatus: dome\n");
    for n in 1..=30 {
        end.hears(1, format!("line {n}\n").as_bytes());
    }
    end.hears(1, b"and then");
    end.until(5000);
    let report = &end.failures[0].0;
    let wanted = "   = (1 line before)\n   = status: dome  <- nearest  +0ms\n   |           ^\n   \
                  = (22 lines in between)\n   = line 23                   +0ms\n";
    assert!(report.contains(wanted), "{report}");
    assert!(report.contains("= line 30                   +0ms\n   = and then  "), "{report}");
    let mut end = End::client("/expect ^status: done\n");
    end.hears(1, b"status: dome\n");
    end.hears(1, "x\n".repeat(100).as_bytes());
    end.until(5000);
    let report = &end.failures[0].0;
    assert!(report.contains("= (93 lines before)\n   = x  +0ms\n"), "{report}");
    assert!(!report.contains("nearest"), "it is not kept for ever: {report}");
}

#[test]
fn a_wait_on_one_conn_says_where_else_lines_are_unread() {
    let mut end = End::listener("/accept 2\n/on guest-2\n/expect -t 1s ^a\n", 2);
    end.hears(1, b"a\nb\n");
    end.until(1000);
    let wanted = "\
error: no line matched `^a` within 1s
  --> a.chat:3:15
   |
 3 | /expect -t 1s ^a
   |               ^^ nothing came from `guest-2`
   = (2 lines of guest-1 are unread: `/on guest-1` reads them)";
    assert_eq!(end.failures, [(wanted.to_owned(), Blame::Check)]);
}

#[test]
fn a_long_pattern_is_cut_in_the_headline_only() {
    let mut end = End::client(&format!("/expect -t 1s ^{}\n", "x".repeat(200)));
    end.until(1000);
    let wanted = format!("error: no line matched `^{}…` within 1s", "x".repeat(58));
    assert_eq!(end.failed(), wanted);
}

#[test]
fn a_report_tells_what_came_and_which_of_it_is_nearest() {
    let mut end = End::client("/expect ^250 \n");
    end.hears(1, b"220 mail.example ESMTP\n550 no such host\n");
    end.until(5000);
    let report = "\
error: no line matched `^250 ` within 5s
  --> a.chat:1:9
   |
 1 | /expect ^250
   |         ^^^^ the peer said instead:
   = 220 mail.example ESMTP              +0ms
   = 550 no such host        <- nearest  +0ms
   | ^";
    let shown: Vec<_> = end.failures[0].0.lines().map(str::trim_end).collect();
    assert_eq!(shown.join("\n"), report);
}

#[test]
fn a_report_tells_of_lines_that_earlier_steps_skipped_and_of_one_that_has_not_ended() {
    let end = after("/expect b\n/expect c\n", b"a\nb\nx");
    let report = &end.failures[0].0;
    assert!(report.contains("= x  +0ms\n") && report.contains("`-p`"), "{report}");
    assert!(report.contains("(1 line skipped by earlier steps, the last: a)"), "{report}");
}
