//! Who is let in, how much they may say, and what they are told of what was before.

use std::num::NonZeroU32;

use super::*;

#[test]
fn a_full_room_says_so_in_a_line_and_the_host_hears_of_it_once() {
    let mut hall = Hall::new(RoomOptions { max_guests: 2, ..options() }).joined_by(2);
    for n in 3..=5 {
        hall.joins(n);
        assert_eq!(hall.heard(n), "-- the room is full (2 guests): try again later\n");
        assert!(!hall.is_open(n));
    }
    assert_eq!(hall.told.notices().len(), 3);
    assert_eq!(hall.last_notice(), "addr-3 was refused: the room is full (2 guests, --max-guests)");
    assert_eq!(hall.heard(1), "", "nobody has joined");
    hall.ends(1, Ending::Eof);
    hall.joins(6);
    assert!(hall.heard(6).starts_with("-- you are guest-3 (3 here)"));
    hall.joins(7);
    assert!(hall.last_notice().starts_with("addr-7 was refused"));
    assert_eq!(hall.told.records().count(), 2 + 2 + 1, "who is refused is in no transcript");
}

#[test]
fn only_those_who_are_admitted_come_in() {
    let admits = Admits::only(|addr| addr.starts_with("10."));
    let mut hall = Hall::new(RoomOptions { admits, ..options() });
    hall.joins_from(1, "10.0.0.1:5");
    hall.joins_from(2, "11.0.0.1:5");
    assert_eq!([1, 2].map(|n| hall.is_open(n)), [true, false]);
    assert_eq!(hall.heard(2), "-- your address is not among those that are let in (--allow)\n");
    assert_eq!(hall.last_notice(), "11.0.0.1:5 was refused: not in --allow");
    hall.says(2, "still here?\n");
    assert_eq!(hall.seen(), "");
}

#[test]
fn a_paste_passes_and_a_flood_is_read_slowly_and_loses_nothing() {
    let rate = NonZeroU32::new(10);
    let mut hall = Hall::new(RoomOptions { rate, ..options() }).joined_by(2);
    hall.says(1, "x\n".repeat(1000));
    assert_eq!((hall.heard(2).lines().count(), hall.paused()), (1000, vec![]));
    hall.says(1, "x\n".repeat(120));
    assert_eq!(hall.heard(2).lines().count(), 120, "what was read is passed on");
    assert_eq!(hall.paused(), [Source::Conn(conn(1))]);
    assert_eq!(
        hall.heard(1),
        "-- not so fast: you are heard again in 12s (10 lines a second, --rate)\n"
    );
    hall.until(11_999);
    assert_eq!(hall.paused(), [Source::Conn(conn(1))]);
    hall.until(12_000);
    assert_eq!(hall.paused(), []);
    hall.says(1, "x\n");
    assert_eq!(hall.paused(), [Source::Conn(conn(1))]);
    assert_eq!(hall.heard(1), "", "a tenth of a second is not worth a word");
    hall.until(12_100);
    assert_eq!(hall.paused(), []);
    hall.says(1, "x\n".repeat(100));
    hall.give(Input::Kick { conn: conn(1), why: String::new() });
    hall.until(60_000);
    assert_eq!(hall.room.next_deadline(), None, "nobody waits for one who has left");
}

#[test]
fn who_takes_too_many_names_waits_for_the_next() {
    let mut hall = Hall::with(2);
    let wanted: Vec<String> = (0..30).map(|n| format!("/nick n{n}\n")).collect();
    hall.says(1, wanted.concat());
    assert_eq!(hall.heard(2).lines().last(), Some("-- n18 is now n19"));
    let told = hall.heard(1);
    let refused = "-- not so fast: you have taken many names, wait a second for the next\n";
    assert!(told.ends_with(&refused.repeat(10)), "{told}");
    hall.until(1000);
    hall.says(1, "/nick alice\n/nick bob\n");
    assert_eq!(hall.heard(2), "-- n19 is now alice\n");
    hall.until(60_000);
    hall.says(1, "/nick alice\n/nick guest-2\n/nick bob\n");
    assert_eq!(hall.heard(2), "-- alice is now bob\n", "only what is taken counts");
}

#[test]
fn an_idle_guest_is_told_and_dropped() {
    let idle_timeout = Some(Duration::from_secs(10));
    let mut hall = Hall::new(RoomOptions { idle_timeout, ..options() }).joined_by(2);
    hall.until(6000);
    hall.says(2, "still here\n");
    hall.forget();
    hall.until(9999);
    assert!(hall.is_open(1));
    hall.until(10_000);
    assert_eq!(hall.heard(1), "-- you were dropped: you said nothing for 10s (--idle-timeout)\n");
    assert_eq!(hall.heard(2), "-- guest-1 left: idle (2 here)\n");
    assert_eq!([1, 2].map(|n| hall.is_open(n)), [false, true]);
    assert_eq!(hall.last_notice(), "guest-1 left: idle");
    hall.until(16_000);
    assert!(!hall.is_open(2));
}

#[test]
fn who_is_not_read_is_not_idle() {
    let (rate, idle_timeout) = (NonZeroU32::new(1), Some(Duration::from_secs(10)));
    let mut hall = Hall::new(RoomOptions { rate, idle_timeout, ..options() }).joined_by(1);
    hall.says(1, "x\n".repeat(1030));
    hall.until(39_999);
    assert!(hall.is_open(1));
    hall.until(40_001);
    assert!(!hall.is_open(1));
}

#[test]
fn late_comers_see_nothing_of_what_was_said_before() {
    let mut hall = Hall::with(1);
    hall.says(1, "a secret\n");
    hall.joins(2);
    assert_eq!(hall.heard(2), "-- you are guest-2 (3 here): `/help` lists the commands\n");
}

#[test]
fn a_backlog_tells_them_the_last_lines() {
    let mut hall = Hall::new(RoomOptions { backlog: 3, ..options() }).joined_by(1);
    hall.says(1, "one\ntwo\n/me waves\n/nick bob\n/msg host for you only\n");
    hall.host_says(b"hello\n");
    hall.joins(2);
    assert_eq!(
        hall.heard(2),
        "-- you are guest-2 (3 here): `/help` lists the commands\n-- said before you came:\n\
         guest-1: two\n* guest-1 waves\nhost: hello\n-- you are here now\n"
    );
}
