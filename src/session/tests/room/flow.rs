//! Who waits for whom, and for whom nobody does.

use super::*;
use crate::session::flow::SLOW_AFTER;

fn fills(hall: &mut Hall, n: u32) {
    hall.give(Input::Filled(Queue::Outbox(conn(n))));
}

fn drains(hall: &mut Hall, n: u32) {
    hall.give(Input::Drained(Queue::Outbox(conn(n))));
}

#[test]
fn a_guest_that_does_not_read_is_dropped_and_slows_nobody() {
    let mut hall = Hall::with(4);
    fills(&mut hall, 1);
    assert_eq!(hall.paused(), [], "one of four is slow, and no crowd");
    hall.says(2, "hi\n");
    assert_eq!(hall.heard(3), "guest-2: hi\n");
    hall.give(Input::Overflowed(conn(1)));
    assert!(!hall.is_open(1));
    assert_eq!(hall.heard(3), "-- guest-1 left: slow (4 here)\n");
    let told = "-- you were dropped: you did not read fast enough\n";
    assert_eq!(hall.heard(1), format!("guest-2: hi\n{told}"));
    assert_eq!(hall.last_notice(), "guest-1 left: slow");
}

#[test]
fn a_guest_that_does_not_catch_up_is_dropped_in_time() {
    let mut hall = Hall::with(4);
    fills(&mut hall, 1);
    fills(&mut hall, 2);
    let time = u64::try_from(SLOW_AFTER.as_millis()).unwrap();
    hall.until(time - 1);
    drains(&mut hall, 2);
    hall.until(time);
    assert_eq!([1, 2, 3, 4].map(|n| hall.is_open(n)), [false, true, true, true]);
    assert_eq!(hall.paused(), []);
}

#[test]
fn senders_wait_for_a_crowd_that_cannot_follow() {
    let mut hall = Hall::with(8);
    fills(&mut hall, 1);
    fills(&mut hall, 2);
    assert_eq!(hall.paused(), [], "no more than a quarter");
    fills(&mut hall, 3);
    assert_eq!(hall.paused(), [Source::Talkers, Source::Script]);
    drains(&mut hall, 1);
    assert_eq!(hall.paused(), []);
    fills(&mut hall, 4);
    (5..=8).for_each(|n| hall.ends(n, Ending::Eof));
    hall.ends(1, Ending::Eof);
    assert_eq!(hall.paused(), [Source::Talkers, Source::Script]);
    hall.until(5000);
    assert_eq!(hall.paused(), [], "who did not follow in time is gone");
}

#[test]
fn a_slow_recording_and_a_full_standard_output_pause_the_room() {
    let mut hall = Hall::with(2);
    hall.give(Input::Filled(Queue::Stdout));
    assert_eq!(hall.paused(), [Source::Conns]);
    hall.give(Input::Filled(Queue::Journal));
    hall.give(Input::Drained(Queue::Stdout));
    assert_eq!(hall.paused(), [Source::Conns, Source::Script]);
    hall.give(Input::Drained(Queue::Journal));
    assert_eq!(hall.paused(), []);
}

#[test]
fn what_a_long_name_makes_of_a_short_read_comes_in_portions() {
    let mut hall = Hall::with(2);
    hall.says(1, format!("/nick {}\n", "𝒶".repeat(32)));
    hall.says(1, format!("/nick {}\n", "漢".repeat(32)));
    hall.forget();
    hall.says(1, "\n".repeat(64 << 10));
    let most = (4 << 20) / 8 + 200;
    assert!(hall.open[&conn(2)] <= most, "{} bytes at once", hall.open[&conn(2)]);
    assert_eq!(hall.paused(), [Source::Conns], "nobody is read before that is passed on");
    hall.says(2, "after it\n");
    hall.ends(2, Ending::Eof);
    assert!(hall.is_open(2));
    hall.until(1000);
    assert_eq!(hall.paused(), []);
    assert!(!hall.is_open(2));
    let line = format!("{}: \n", "漢".repeat(32));
    assert!(hall.heard(2) == line.repeat(64 << 10), "all of it, in order");
    assert_eq!(hall.heard(1), "guest-2: after it\n-- guest-2 left (2 here)\n");
}

#[test]
fn no_kick_waits_for_what_its_guest_said() {
    let mut hall = Hall::with(2);
    hall.says(1, format!("/nick {}\n", "漢".repeat(32)));
    hall.says(1, "\n".repeat(64 << 10));
    hall.give(Input::Kick { conn: conn(1), why: String::new() });
    hall.until(1000);
    assert!(hall.open[&conn(2)] < 1 << 20, "{} bytes", hall.open[&conn(2)]);
    assert_eq!(hall.paused(), []);
}

#[test]
fn a_flood_of_questions_is_not_answered_for_ever() {
    let mut hall = Hall::with(100);
    hall.says(1, "/who\n".repeat(10_000));
    assert!(hall.heard(1).len() <= 64 << 10);
    hall.until(1000);
    hall.says(1, "/who\n");
    assert!(hall.heard(1).starts_with("-- 101 here: "), "later it is");
    fills(&mut hall, 1);
    hall.says(1, "/who\n/nonsense\n");
    assert_eq!(hall.heard(1), "", "and not while it does not read");
}

#[test]
fn the_only_guest_is_waited_for() {
    let mut hall = Hall::with(1);
    fills(&mut hall, 1);
    hall.give(Input::Overflowed(conn(1)));
    hall.until(60_000);
    assert!(hall.is_open(1));
    assert_eq!(hall.paused(), [Source::Talkers, Source::Script]);
}

#[test]
fn ten_thousand_idle_guests_leave_nothing_due() {
    let mut hall = Hall::new(options());
    for n in 1..=10_000 {
        let (addr, own) = (String::new(), Side::Server);
        let mut effects = Vec::new();
        let input = Input::Opened { conn: conn(n), addr, own, name: None, secured: None };
        hall.room.handle(hall.now, input, &mut effects);
        assert!(effects.len() < 10, "what a join does does not grow with the room");
    }
    assert_eq!(hall.room.next_deadline(), None);
}
