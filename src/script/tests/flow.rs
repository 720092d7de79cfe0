//! Scripts that are held back, and lines that nobody reads.

use super::*;

/// One read of 64 KiB, in lines of 64 bytes.
fn flood() -> Vec<u8> {
    format!("{:063}\n", 0).repeat(1024).into_bytes()
}

fn is_deaf(end: &End) -> bool {
    end.is_paused(Source::Conn(conn(1)))
}

/// What a peer says that is never stopped: four times what may be unread.
const MUCH: usize = 8 << 20;

/// Lets the peer speak until it is not read any more, or has said much; says how much it could say.
fn fill(end: &mut End) -> usize {
    let flood = flood();
    let reads = (0..MUCH / flood.len()).take_while(|_| {
        let read = !is_deaf(end);
        if read {
            end.hears(1, &flood);
        }
        read
    });
    reads.count() * flood.len()
}

#[test]
fn a_full_outbox_holds_what_would_be_sent_and_nothing_else() {
    let mut end = End::client("/sleep 1s\n/echo still here\n/expect a\nnot yet\n");
    end.give(Input::Filled(OUTBOX));
    end.hears(1, b"a\n");
    end.until(60_000);
    assert_eq!((end.told_tasks(), end.sent(1)), (vec!["still here"], String::new()));
    assert_eq!((end.drives.len(), end.left()), (0, None));
    end.give(Input::Drained(OUTBOX));
    assert_eq!(end.sent(1), "not yet\n");
    assert!(end.succeeded());
}

#[test]
fn a_wait_that_is_open_goes_on_while_the_script_is_held() {
    let mut end = End::client("/expect -t 1s x\n");
    end.give(Input::Filled(OUTBOX));
    end.until(1000);
    assert!(end.failed().contains("no line matched"));
}

#[test]
fn a_script_that_is_held_may_have_more_to_say() {
    let mut end = End::new(&Options::script(Side::Client));
    end.more("a\n");
    end.joins(1);
    end.give(Input::Filled(OUTBOX));
    assert_eq!(
        end.drives,
        [Drive::Idle, Drive::Running],
        "what stands in the pipe is not looked at"
    );
    end.ends(1, Ending::Eof);
    assert_eq!(end.left(), None);
    end.give(Input::Drained(OUTBOX));
    assert_eq!(end.left(), Some(Leave::Done), "now it was, and there is nothing");
    let mut end = End::person();
    end.give(Input::Filled(OUTBOX));
    end.ends(1, Ending::Eof);
    assert_eq!(end.left(), Some(Leave::Done), "a person at the prompt has nothing waiting");
}

#[test]
fn a_person_gets_help_and_leaves_whoever_does_not_read() {
    let mut end = End::person();
    end.give(Input::Filled(OUTBOX));
    end.more("/help\n");
    assert_eq!(end.tasks, [Task::Help(None)]);
    end.more("/quit\n");
    assert_eq!(end.left(), Some(Leave::Done));
}

#[test]
fn lines_that_wait_to_be_read_pause_their_conn_until_half_of_them_are() {
    let mut end = End::client("/sleep 1s\n/expect never\n");
    let said = fill(&mut end);
    assert!((2 << 20..3 << 20).contains(&said), "{said} bytes");
    end.until(1000);
    assert!(!is_deaf(&end), "the expectation has read them");
    assert_eq!(fill(&mut end), MUCH, "and goes on reading");
}

#[test]
fn the_longest_line_fits_into_what_may_be_unread() {
    for max_line in [1 << 20, 8 << 20] {
        let mut end = End::new(&Options { max_line, ..Options::script(Side::Client) });
        end.script("/expect ^x*$\n");
        end.joins(1);
        for _ in 0..max_line / (64 << 10) {
            end.hears(1, &vec![b'x'; 64 << 10]);
            assert!(!is_deaf(&end));
        }
        end.hears(1, b"\n");
        assert!(end.succeeded());
    }
}

#[test]
fn a_script_that_cannot_send_passes_lines_over_and_says_so() {
    let mut end = End::client("/sleep 1s\nmore\n/expect -t 1s never\n");
    end.give(Input::Filled(OUTBOX));
    end.until(1000);
    assert_eq!(fill(&mut end), MUCH, "two ends that echo each other do not wait for ever");
    end.give(Input::Drained(OUTBOX));
    end.until(9000);
    assert!(end.failures[0].0.contains("lines passed over: the script was not reading"));
}

#[test]
fn a_conn_that_is_paused_goes_on_when_the_outbox_fills() {
    let mut end = End::client("/sleep 1s\nmore\n");
    fill(&mut end);
    end.give(Input::Filled(OUTBOX));
    assert!(!is_deaf(&end));
}

#[test]
fn waiting_for_the_end_does_not_wait_behind_unread_lines() {
    let mut end = End::client("/sleep 1s\n/expect-eof\n");
    fill(&mut end);
    end.until(1000);
    assert!(!is_deaf(&end), "the end comes behind them");
    assert_eq!(fill(&mut end), MUCH);
    end.ends(1, Ending::Eof);
    assert!(end.succeeded());
}

#[test]
fn when_the_script_has_ended_everything_is_heard() {
    let mut end = End::client("/sleep 1s\n");
    let said = fill(&mut end) as u64 / 64;
    end.until(1000);
    assert!(!is_deaf(&end));
    assert_eq!(fill(&mut end), MUCH);
    assert_eq!(end.runner.unread_lines(), said + MUCH as u64 / 64);
}

#[test]
fn a_person_who_takes_over_does_not_find_the_conn_paused() {
    let mut end = End::new(&Options { then_prompt: true, ..Options::script(Side::Client) });
    end.script("/sleep 1s\n");
    end.joins(1);
    fill(&mut end);
    end.until(1000);
    assert!(end.prompted && !is_deaf(&end));
    assert_eq!(fill(&mut end), MUCH, "nobody has to read at the prompt");
}

#[test]
fn a_person_reads_what_came_last() {
    let mut end = End::person();
    fill(&mut end);
    end.hears(1, b"the last\n");
    end.more("/expect ^the last$\n");
    assert_eq!((end.failures.len(), end.drives.last()), (0, Some(&Drive::Idle)));
}

#[test]
fn however_many_guests_speak_what_is_unread_is_bounded() {
    let mut end =
        End::listener("/on guest-1\n/sleep 1s\n/expect ^first$\n/expect -t 1s never\n", 40);
    end.hears(1, b"first\n");
    let flood = flood().repeat(16); // half of what one may have unread
    for _ in 0..2 {
        (2..=40).for_each(|n| end.hears(n, &flood));
    }
    let unread = end.runner.unread.bytes(crate::session::Audience::All);
    assert!((16 << 20..=64 << 20).contains(&unread), "{unread} bytes");
    assert_eq!(end.runner.unread_lines(), 1 + 2 * 39 * flood.len() as u64 / 64, "all are counted");
    end.until(3000);
    assert!(end.failed().contains("no line matched `never`"), "who is spoken to is heard");
    assert!(end.failures[0].0.contains("lines passed over: the script was not reading"));
}
