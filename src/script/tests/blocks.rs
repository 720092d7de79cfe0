//! `/all … /end`.

use proptest::prelude::*;

use super::*;

const JOIN: &str = "/all -t 1s\n* ^JOIN (?<who>\\w+)\n* ^MODE\n? ^NOTICE (?<what>.+)\n! ^ERROR\n/end\n\
                    /echo ${who}\n";

#[test]
fn lines_come_in_any_order_and_others_may_stand_between() {
    for said in [
        &["JOIN bob\nMODE +o\n"][..],
        &["MODE +o\nJOIN bob\n"],
        &["MO", "DE +o\nNOTICE hi\nx\nNOTICE ho\nJO", "IN bob\n"],
    ] {
        let mut end = End::client(JOIN);
        for read in said {
            end.hears(1, read.as_bytes());
        }
        assert!(end.succeeded(), "{said:?}: {:#?}", end.failures);
        assert_eq!(end.told_tasks(), ["bob"]);
    }
}

#[test]
fn a_block_reads_no_further_than_its_last_line() {
    let mut end = End::client("/all\n* a\n* b\n! c\n/end\n/expect -n -x c\n");
    end.hears(1, b"b\na\nc\n");
    assert!(end.succeeded(), "{:#?}", end.failures);
    assert_eq!(end.runner.unread_lines(), 0);
}

#[test]
fn a_pattern_that_fits_all_leaves_the_others_their_lines() {
    let script = "/all\n* ^(?<any>.*)$\n* ^foo\n* o$\n/end\n/echo ${any}\n";
    for (said, any) in
        [("foo\nbar\nxo\n", "bar"), ("foo\nfoo\nbar\n", "bar"), ("x\nxo\nfoo\n", "x")]
    {
        let mut end = End::client(script);
        end.hears(1, said.as_bytes());
        assert!(end.succeeded(), "{said}: {:#?}", end.failures);
        assert_eq!(end.told_tasks(), [any], "{said}");
    }
}

#[test]
fn each_pattern_takes_a_line_of_its_own() {
    let mut end = End::client("/all -t 1s\n* ^a\n* ^a\n/end\n");
    end.hears(1, b"a\n");
    end.until(1000);
    assert_eq!(end.failed(), "error: 1 of 2 lines of `/all` did not come within 1s");
    let mut end = End::client("/all -t 1s\n* ^a\n* ^a\n/end\n");
    end.hears(1, b"a\nab\n");
    assert!(end.succeeded());
}

#[test]
fn a_line_that_may_come_leaves_its_place_to_one_that_must() {
    let block = "/all\n* a\n? ^a(?<n>\\d)\n* ^c\n/end\n/echo ${n}\n";
    for strict in ["", "/strict on\n"] {
        let mut end = End::client(&format!("{strict}{block}"));
        end.hears(1, b"a1\na\nc\n");
        assert!(end.succeeded(), "{:#?}", end.failures);
        assert_eq!(end.told_tasks(), ["1"]);
    }
    let mut end = End::client(&format!("/strict on\n{block}"));
    end.hears(1, b"a\na\nc\n");
    assert_eq!(end.failed(), "error: a line came that `/all` has no use for");
    assert!(end.failures[0].0.contains("(line 3 has what it wants already: a)"));
}

#[test]
fn in_a_strict_script_any_number_of_lines_may_come_that_may() {
    let mut end = End::client("/strict on\n/all\n* b\n? ^a\n/end\n");
    end.hears(1, b"a\na\na\nb\n");
    assert!(end.succeeded(), "{:#?}", end.failures);
}

#[test]
fn a_line_that_has_not_ended_is_none_until_its_peer_ends() {
    let mut end = End::client("/all -t 1s\n* ^a$\n! ^bad\n/end\n");
    end.hears(1, b"ba");
    end.hears(1, b"d");
    end.until(500);
    assert_eq!(end.failures, []);
    end.ends(1, Ending::Eof);
    assert_eq!(end.failed(), "error: a line matched `^bad`, which must not come");
    let mut end = End::client("/all -t 1s\n* ^a$\n/end\n");
    end.hears(1, b"a");
    end.until(1000);
    let wanted = "   = a  <- nearest  +0ms\n   = (the last line has not ended)";
    assert!(end.failures[0].0.ends_with(wanted), "{}", end.failures[0].0);
    let mut end = End::client("/all -t 1s\n* ^a$\n/end\n");
    end.hears(1, b"a");
    end.ends(1, Ending::Eof);
    assert!(end.succeeded());
}

#[test]
fn where_all_that_came_was_taken_nothing_else_came() {
    let mut end = End::client("/expect x\n/all -t 1s\n* ^a\n* ^a\n/end\n");
    end.hears(1, b"x\na 1\n");
    end.until(1000);
    let wanted = "\
error: 1 of 2 lines of `/all` did not come within 1s
  --> a.chat:4:3
   |
 4 | * ^a
   |   ^^ nothing else came
   = (for line 3: a 1)  +0ms";
    assert_eq!(end.failures, [(wanted.to_owned(), Blame::Check)]);
}

#[test]
fn what_must_not_come_fails_at_once() {
    let mut end = End::client(JOIN);
    end.hears(1, b"JOIN bob\nERROR no\nMODE x\n");
    let wanted = "\
error: a line matched `^ERROR`, which must not come
  --> a.chat:5:3
   |
 5 | ! ^ERROR
   |   ^^^^^^ the peer said:
   = (for line 2: JOIN bob)           +0ms
   = ERROR no                <- this  +0ms
   | ^^^^^
   = (waited 0ms of 1s)";
    assert_eq!(end.failures, [(wanted.to_owned(), Blame::Check)]);
}

#[test]
fn what_did_not_come_is_told_with_the_nearest_line() {
    let mut end =
        End::client("/set n 7\n/all -t 1s\n* ^JOIN ${n}\n* ^MODE\n\n/# and then\n* ^NAMES\n/end\n");
    end.until(40);
    end.hears(1, b"MODE\nJOIN 8\nother\n");
    end.until(1000);
    let wanted = "\
error: 2 of 3 lines of `/all` did not come within 1s
  --> a.chat:3:3
   |
 3 | * ^JOIN ${n}
   |   ^^^^^^^^^^ the peer said instead:
   = (for line 4: MODE)              +40ms
   = JOIN 8              <- nearest  +40ms
   |      ^
   = other                           +40ms
   = (line 7 is missing too: ^NAMES)
   = ${n} is 7";
    assert_eq!(end.failures, [(wanted.to_owned(), Blame::Check)]);
}

#[test]
fn the_end_of_the_peer_ends_a_block() {
    let mut end = End::client("/all\n* ^a\n* ^b\n/end\n");
    end.hears(1, b"a\nhalf");
    end.until(20);
    end.ends(1, Ending::Eof);
    assert_eq!(
        (end.failed(), end.failures[0].1),
        ("error: the peer closed the connection before 1 of 2 lines of `/all`", Blame::Connection)
    );
    assert!(end.failures[0].0.contains("= half"), "{}", end.failures[0].0);
    assert!(end.failures[0].0.ends_with("= (waited 20ms of 5s)"), "{}", end.failures[0].0);
}

#[test]
fn patterns_that_matched_are_left_for_the_transcript() {
    let mut end = End::client("/all\n* ^b (?<b>.)\n* ^a\n? ^c (?<c>.)\n/end\n/send ${b}${c}\n");
    end.hears(1, b"c 3\na\nb 2\n");
    let wants = [(1, "^c (?<c>.)".to_owned()), (3, "^b (?<b>.)".to_owned())];
    assert_eq!([end.wants.clone(), end.late_wants.clone()].concat(), wants);
    assert_eq!(end.sent(1), "23\n");
}

#[test]
fn bytes_that_are_no_text_are_matched() {
    let mut end = End::client("/all\n* ^(?-u:\\xff)$\n* ^é$\n/end\n");
    end.hears(1, "é\n".as_bytes());
    end.hears(1, b"\xff\n");
    assert!(end.succeeded(), "{:#?}", end.failures);
}

#[test]
fn of_several_guests_lines_count_together() {
    let mut end = End::listener("/accept 2\n/all -t 1s\n* ^a\n* ^b\n* ^c\n/end\n", 2);
    end.hears(2, b"b\nx\n");
    end.hears(1, b"a\n");
    end.until(1000);
    let wanted = "\
error: 1 of 3 lines of `/all` did not come within 1s
  --> a.chat:5:3
   |
 5 | * ^c
   |   ^^ the guests said instead:
   = guest-2: (for line 4: b)  +0ms
   = guest-2: x                +0ms
   = guest-1: (for line 3: a)  +0ms";
    assert_eq!(end.failures, [(wanted.to_owned(), Blame::Check)]);
}

proptest! {
    #[test]
    fn whatever_the_order_and_the_cuts_what_can_be_satisfied_is(
        order in Just(vec!["a1", "a2", "b1", "c", "ab"]).prop_shuffle(),
        cut in 1_usize..9,
    ) {
        let mut end = End::client("/all\n* a\n* ^a\n* b\n* ^(a|b)1$\n* c\n/end\n");
        let said = order.join("\n") + "\n";
        for read in said.as_bytes().chunks(cut) {
            end.hears(1, read);
        }
        prop_assert!(end.succeeded(), "{:#?}", end.failures);
    }
}
