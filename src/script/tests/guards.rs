//! `/reject` and `/strict`.

use super::*;

#[test]
fn a_guard_fails_whatever_step_is_running() {
    let mut end = End::client("/reject ^ERROR (?i:x)\n/sleep 5s\n");
    end.hears(1, b"fine\nERR");
    end.until(100);
    end.hears(1, b"OR X\n");
    let wanted = "\
error: a line matched `^ERROR (?i:x)`, which must not come
  --> a.chat:1:9
   |
 1 | /reject ^ERROR (?i:x)
   |         ^^^^^^^^^^^^^ the peer said:
   = fine              +0ms
   = ERROR X  <- this  +100ms
   | ^^^^^^^
   = (while at a.chat:2: /sleep 5s)";
    assert_eq!(end.failures, [(wanted.to_owned(), Blame::Check)]);
}

#[test]
fn a_line_that_an_expect_wants_is_rejected_all_the_same() {
    let mut end = End::client("/reject b\n/expect b\n");
    end.hears(1, b"a\nb\n");
    assert_eq!(end.failed(), "error: a line matched `b`, which must not come");
}

#[test]
fn lines_that_are_unread_count_and_those_that_were_read_do_not() {
    let mut end = End::client("/expect ^ok\n/reject ^no\n");
    end.hears(1, b"no\nok\n");
    assert!(end.succeeded());
    let mut end = End::client("/expect ^ok\n/reject ^no\n");
    end.hears(1, b"ok\nno\n");
    assert_eq!(end.failed(), "error: a line matched `^no`, which must not come");
}

#[test]
fn a_line_that_had_begun_counts_whole() {
    let mut end = End::client("/expect ^ok\n/reject ^no way$\n/sleep 1s\n");
    end.hears(1, b"ok\nno");
    end.until(500);
    end.hears(1, b" way\n");
    assert_eq!(end.failed(), "error: a line matched `^no way$`, which must not come");
}

#[test]
fn a_line_that_had_begun_behind_unread_ones_counts_whole() {
    let mut end = End::client("/expect ^ok\n/reject ^no way$\n/sleep 1s\n");
    end.hears(1, b"ok\nmore\nno");
    end.until(500);
    end.hears(1, b" way\n");
    assert_eq!(end.failed(), "error: a line matched `^no way$`, which must not come");
}

#[test]
fn a_line_that_has_come_when_its_guard_is_lifted_counts() {
    let script = "/reject ^no\n/expect ok\n/reject\n/expect ^no\n";
    let mut end = End::client(script);
    end.hears(1, b"ok\nno\n");
    assert_eq!(end.failed(), "error: a line matched `^no`, which must not come");
    let mut end = End::client(script);
    end.hears(1, b"ok\n");
    end.hears(1, b"no\n");
    assert!(end.succeeded(), "{:#?}", end.failures);
}

#[test]
fn a_report_says_which_guest_spoke_and_what_it_had_said() {
    let mut end = End::listener("/accept 2\n/expect ^hi\n/reject ^no\n/expect ^bye\n", 2);
    end.until(10);
    end.hears(2, b"hi\nwell\n");
    end.hears(1, b"no, but not yet wh");
    end.until(30);
    end.hears(2, b"what?\n");
    end.hears(1, b"ole\n");
    let wanted = "\
error: a line matched `^no`, which must not come
  --> a.chat:3:9
   |
 3 | /reject ^no
   |         ^^^ the guests said:
   = guest-1: no, but not yet whole  <- this  +20ms
   |          ^^
   = (while at a.chat:4: /expect ^bye)";
    assert_eq!(end.failures, [(wanted.to_owned(), Blame::Check)]);
    let mut end = End::listener("/accept 2\n/on guest-2\n/expect ^hi\n/reject ^no\n/expect x\n", 2);
    end.hears(2, b"hi\n");
    end.hears(1, b"no\n");
    end.hears(2, b"a\nb\nc\n");
    end.hears(2, b"d\nno\n");
    let wanted = "\
error: a line matched `^no`, which must not come
  --> a.chat:4:9
   |
 4 | /reject ^no
   |         ^^^ `guest-2` said:
   = b            +0ms
   = c            +0ms
   = d            +0ms
   = no  <- this  +0ms
   | ^^
   = (while at a.chat:5: /expect x)";
    assert_eq!(end.failures, [(wanted.to_owned(), Blame::Check)]);
}

#[test]
fn a_guard_stands_until_the_session_is_over() {
    let mut end = End::client("/reject ^no\n");
    assert!(end.succeeded());
    end.hears(1, b"no");
    end.until(1000);
    assert_eq!(end.failures, []);
    end.ends(1, Ending::Eof);
    assert_eq!(end.failed(), "error: a line matched `^no`, which must not come");
}

#[test]
fn a_guard_is_on_those_spoken_to_and_is_lifted_for_them() {
    let script =
        "/open bob x\n/reject ^no\n/on bob\n/reject ^yes\n/expect go\n/reject\n/expect go\n";
    let mut end = End::client(script);
    end.opens(2, "bob");
    end.hears(2, b"no\ngo\nyes\n");
    end.hears(1, b"yes\n");
    assert_eq!(end.failed(), "error: a line matched `^yes`, which must not come");
    let mut end = End::client(script);
    end.opens(2, "bob");
    end.hears(2, b"no\ngo\n");
    end.hears(2, b"yes\ngo\n");
    assert!(end.succeeded(), "{:#?}", end.failures);
    end.hears(1, b"no\n");
    assert_eq!(end.failed(), "error: a line matched `^no`, which must not come");
}

#[test]
fn a_guard_on_all_guests_is_on_those_to_come() {
    let mut end = End::listener("/reject ^no\n/accept 2\n/expect x\n", 1);
    end.joins(2);
    end.hears(2, b"no\n");
    assert_eq!(end.failed(), "error: a line matched `^no`, which must not come");
}

#[test]
fn at_the_prompt_a_guard_tells_and_stays() {
    let mut end = End::person();
    end.more("/reject ^no\n");
    end.hears(1, b"no 1\n");
    end.hears(1, b"no 2\n");
    assert_eq!((end.failures.len(), end.left()), (2, None));
    end.more("/expect yes\n/echo heard\n");
    end.hears(1, b"no 3\nyes\n");
    assert_eq!((end.failures.len(), end.told_tasks()), (3, vec!["heard"]), "what runs goes on");
}

#[test]
fn a_strict_script_skips_nothing() {
    for script in ["/strict on\n/expect b\n", "/strict on\n/all\n* b\n? c\n/end\n"] {
        let mut end = End::client(script);
        end.hears(1, b"a\nb\n");
        assert_eq!((end.failures.len(), end.failures[0].1), (1, Blame::Check), "{script}");
        assert!(end.failures[0].0.contains("= a "), "{}", end.failures[0].0);
    }
    let mut end = End::client("/strict on\n/expect -p b: $\n/strict off\n/expect d\n");
    end.hears(1, b"a");
    end.hears(1, b"b: ");
    end.hears(1, b"\nc\nd\ne\n");
    assert!(end.succeeded(), "{:#?}", end.failures);
}

#[test]
fn a_strict_script_does_not_mind_the_end_of_a_line_that_was_read_before_it_came() {
    let script = "/strict on\n/expect -p ^login: $\nbob\n/expect -n ^hello\n";
    for reads in [
        &[&b"login: "[..], b"\r\nhello\r\n"][..],
        &[b"login: ", b"\r", b"\n", b"hello\n"],
        &[b"login: \n", b"hello\n"],
        &[b"login: \nhello\n"],
        &[b"login: ", b"hello\n"],
    ] {
        let mut end = End::client(script);
        for read in reads {
            end.hears(1, read);
        }
        assert!(end.succeeded(), "{reads:?}: {:#?}", end.failures);
    }
    let mut end = End::client(script);
    end.hears(1, b"login: ");
    end.hears(1, b"\n\nhello\n");
    assert_eq!(end.failed(), "error: the next line did not match `^hello`", "an empty line is one");
    let mut end = End::client("/strict on\n/expect -p ^login: $\n/quiet 1s\n");
    end.hears(1, b"login: ");
    end.hears(1, b"\n");
    end.until(1000);
    assert!(end.succeeded(), "{:#?}", end.failures);
    let mut end = End::client("/strict on\n/expect -p ^login: $\n");
    end.hears(1, b"login: ");
    end.hears(1, b"\n");
    assert!(end.succeeded(), "{:#?}", end.failures);
    end.hears(1, b"more");
    assert_eq!(end.failed(), "error: 1 line stayed unread");
    assert!(end.failures[0].0.contains("\n   = more  +0ms\n"), "{}", end.failures[0].0);
}

#[test]
fn a_strict_script_leaves_nothing_unread() {
    let mut end = End::client("/strict on\n/expect a\n");
    end.hears(1, b"a\nb\nc");
    let wanted = "\
error: 2 lines stayed unread
  --> a.chat:1:1
   |
 1 | /strict on
   | ^^^^^^^^^^ this lets no line stay unread
   = b  +0ms
   = c  +0ms
   = (the last step was a.chat:2: /expect a)";
    assert_eq!(end.failures, [(wanted.to_owned(), Blame::Check)]);
    let mut end = End::client("/strict on\n/expect a\n/quit\n");
    end.hears(1, b"a\nb\n");
    assert_eq!(end.failed(), "error: 1 line stayed unread");
}

#[test]
fn what_comes_while_a_strict_script_lingers_is_unread_too() {
    let mut end = End::client("/strict on\n/expect a\n");
    end.hears(1, b"a\n");
    assert!(end.succeeded());
    end.hears(1, b"b\n");
    assert_eq!(end.failed(), "error: 1 line stayed unread");
    let mut end = End::client("/strict on\n/expect a\n");
    end.hears(1, b"a\n");
    end.ends(1, Ending::Eof);
    assert!(end.succeeded());
}

#[test]
fn where_nothing_came_the_report_says_where_the_conversation_stood() {
    let mut end = End::client("/expect ^220\n/expect -t 1s ^250\n");
    end.until(30);
    end.hears(1, b"220 ready\n");
    end.until(5000);
    let wanted = "\
error: no line matched `^250` within 1s
  --> a.chat:2:15
   |
 2 | /expect -t 1s ^250
   |               ^^^^ nothing came
   = (before: 220 ready)  +0ms";
    assert_eq!(end.failures, [(wanted.to_owned(), Blame::Check)]);
}
