//! How far a script is, what a failure does to it, and the prompt.

use super::*;

#[test]
fn the_session_is_told_when_steps_run_out_and_when_there_are_more() {
    let mut end = End::new(&Options::script(Side::Client));
    end.more("a\n");
    assert_eq!(end.drives, [], "nobody is there yet");
    end.joins(1);
    assert_eq!((end.sent(1), &*end.drives), ("a\n".to_owned(), &[Drive::Idle][..]));
    end.more("/sleep 1s\n");
    assert_eq!(end.drives, [Drive::Idle, Drive::Running]);
    end.until(1000);
    assert_eq!(end.drives, [Drive::Idle, Drive::Running, Drive::Idle]);
    end.runner.complete();
    end.step();
    assert_eq!(end.drives.last(), Some(&Drive::Ended));
    assert!(end.is_shut(1));
}

#[test]
fn a_session_that_was_not_told_of_it_is_told_again() {
    let idle = |end: &mut End| match end.runner.next(end.now) {
        Some(crate::script::Action::Session(Input::Drive(drive))) => Some(drive),
        Some(other) => panic!("{other:?}"),
        None => None,
    };
    let mut end = End::new(&Options::script(Side::Client));
    end.joins(1);
    assert_eq!(end.drives, [Drive::Idle]);
    assert_eq!(idle(&mut end), None);
    end.runner.not_idle();
    assert_eq!((idle(&mut end), idle(&mut end)), (Some(Drive::Idle), None));
    end.runner.complete();
    assert_eq!(idle(&mut end), Some(Drive::Ended));
    end.runner.not_idle();
    assert_eq!(idle(&mut end), None, "what has ended has");
}

#[test]
fn steps_that_are_held_back_are_pending() {
    let mut end = End::person();
    end.give(Input::Filled(OUTBOX));
    end.more("a\n/send b\n/sleep 1s\n");
    assert_eq!(end.runner.pending(), 3);
    end.give(Input::Drained(OUTBOX));
    assert_eq!((end.runner.pending(), end.runner.is_idle()), (0, false), "`/sleep` has begun");
}

#[test]
fn an_empty_script_ends_when_somebody_is_there() {
    let mut end = End::new(&Options::script(Side::Client));
    end.script("");
    assert_eq!(end.drives, []);
    end.joins(1);
    assert_eq!(end.drives, [Drive::Ended]);
    end.hears(1, b"unasked\n");
    assert_eq!(end.runner.unread_lines(), 0, "where there was no step nothing was to be read");
}

#[test]
fn a_step_that_fails_stops_a_script() {
    let mut end = End::client("/expect -t 1s x\nafter\n");
    end.until(60_000);
    assert_eq!((end.sent(1), &*end.drives), (String::new(), &[Drive::Quit][..]));
    assert_eq!((end.failures.len(), end.left()), (1, Some(Leave::Done)));
}

#[test]
fn a_listener_that_stays_goes_on_where_nobody_hears_a_line() {
    for stay in [true, false] {
        let mut end = End::new(&Options { stay, ..Options::script(Side::Server) });
        end.joins(1);
        end.ends(1, Ending::Reset);
        end.more("to nobody\n");
        end.joins(2);
        end.more("to somebody\n");
        let heard = if stay { "to somebody\n" } else { "" };
        assert_eq!((end.sent(2), end.failures.is_empty()), (heard.to_owned(), stay));
        assert_eq!(end.tasks == [Task::Unheard], stay, "{:?}", end.tasks);
    }
}

#[test]
fn a_step_that_fails_does_not_stop_the_prompt() {
    let mut end = End::person();
    end.more("/expect -t 1s x\n");
    end.until(1000);
    assert_eq!((end.failures.len(), end.left()), (1, None));
    end.more("hello\n");
    assert_eq!(end.sent(1), "hello\n");
    end.more("/on nobody\n/expect (?<a>.)${b}\n");
    assert_eq!(end.failures.len(), 3);
    assert_eq!(end.drives.last(), Some(&Drive::Idle));
}

#[test]
fn before_a_conn_is_open_the_prompt_runs_what_needs_none() {
    let mut end = End::new(&Options::prompt(Side::Client));
    end.more("/echo here\n");
    assert_eq!(end.told_tasks(), ["here"]);
    end.more("hello\n/echo later\n");
    assert_eq!(end.tasks.len(), 1, "what is typed meanwhile is kept, in order");
    end.joins(1);
    assert_eq!((end.sent(1), end.tasks.len()), ("hello\n".to_owned(), 2));
}

#[test]
fn a_line_typed_at_a_listener_without_guests_is_refused() {
    let mut end = End::new(&Options::prompt(Side::Server));
    end.more("hello?\n");
    assert_eq!(end.tasks, [Task::Unheard]);
    end.joins(1);
    assert_eq!(end.sent(1), "", "and not kept");
}

#[test]
fn a_person_who_waits_can_stop() {
    let mut end = End::person();
    end.more("/expect x\nafter\n");
    assert!(!end.runner.is_idle());
    assert!(end.runner.interrupt().is_some());
    end.step();
    assert!(end.runner.is_idle() && end.runner.interrupt().is_none());
    assert_eq!((end.sent(1), end.drives.last()), (String::new(), Some(&Drive::Idle)));
}

#[test]
fn at_the_prompt_the_end_of_the_peer_leaves_once_a_wait_is_over() {
    let mut end = End::person();
    end.more("/sleep 2s\n");
    end.ends(1, Ending::Eof);
    assert_eq!(end.left(), None);
    end.until(2000);
    assert_eq!(end.left(), Some(Leave::Done));
}

#[test]
fn a_script_can_hand_over_to_a_person() {
    let mut end = End::new(&Options { then_prompt: true, ..Options::script(Side::Client) });
    end.script("USER me\n/expect ok\n");
    end.joins(1);
    assert!(!end.prompted);
    end.hears(1, b"ok\n");
    assert!(end.prompted && end.runner.is_prompt());
    assert_eq!((end.drives.last(), end.left()), (Some(&Drive::Idle), None));
    end.more("/expect -t 1s never\n");
    end.until(10_000);
    assert_eq!((end.failures.len(), end.left()), (1, None), "and then a failure ends nothing");
}

#[test]
fn what_cannot_be_done_fails_the_step_that_asked_for_it() {
    let mut end = End::client("/save x.json\n/sleep 1s\n");
    assert!(matches!(end.tasks[..], [Task::Save { force: false, file: Some(_) }]));
    let report = crate::script::Report::new("the disk is full");
    end.runner.fail_task(crate::script::Failure { report, blame: Blame::Script });
    end.step();
    assert!(end.failed().contains("the disk is full"));
    assert_eq!(end.left(), Some(Leave::Done));
}

#[test]
fn a_failure_that_the_break_itself_causes_is_not_lost() {
    let mut end = End::client("/expect -n yes\n");
    end.hears(1, b"no");
    end.ends(1, Ending::Reset);
    assert_eq!(end.failures[0].1, Blame::Check, "the unfinished line was whole in the end");
    assert!(matches!(end.left(), Some(Leave::Broken { .. })));
}

#[test]
fn our_side_has_spoken_whatever_it_was_that_spoke() {
    for (script, spoken) in
        [("/sleep 1s\n", false), ("hi\n", true), ("/raw x\n", true), ("/send x\n", true)]
    {
        assert_eq!(End::client(script).runner.has_spoken(), spoken, "{script}");
    }
}

#[test]
fn guests_who_come_and_go_are_not_remembered_for_ever() {
    let mut end = End::listener("/accept 1500\n/on guest-1500\n/on guest-1\n", 0);
    for n in 1..=1500 {
        end.joins(n);
        end.hears(n, b"hi\n");
        end.ends(n, if n == 1500 { Ending::Eof } else { Ending::Reset });
    }
    assert!(end.failed().contains("no conn is called `guest-1`"), "{}", end.failed());
    assert_eq!(end.runner.unread_lines(), 1499, "all that came before it failed");
}

#[test]
fn all_have_ended_when_the_last_has_and_as_badly_as_the_worst() {
    let mut end = End::listener("/on all\n/expect-eof\n", 2);
    end.ends(1, Ending::Reset);
    assert_eq!(end.failures, [], "one is still here");
    end.ends(2, Ending::Eof);
    assert_eq!(end.failed(), "error: a guest reset the connection");
    let mut end = End::listener("/on all\n/expect-eof\n", 2);
    end.ends(2, Ending::Eof);
    end.ends(1, Ending::Eof);
    assert!(end.succeeded());
}
