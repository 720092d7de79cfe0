//! How guests leave, and how the room ends.

use super::*;

#[test]
fn what_was_said_before_an_end_is_heard() {
    for how in [Ending::Eof, Ending::Reset] {
        let mut hall = Hall::with(2);
        hall.says(1, "one\nhalf");
        hall.ends(1, how.clone());
        let left = if how == Ending::Eof { "left" } else { "left: reset" };
        assert_eq!(
            hall.heard(2),
            format!("guest-1: one\nguest-1: half\n-- guest-1 {left} (2 here)\n")
        );
        assert!(!hall.is_open(1));
    }
}

#[test]
fn a_guest_leaves_by_a_word() {
    let mut hall = Hall::with(2);
    hall.says(1, "bye\n/quit\nnever heard\n");
    assert_eq!(hall.heard(2), "guest-1: bye\n-- guest-1 left (2 here)\n");
    assert!(!hall.is_open(1));
    assert_eq!(hall.last_notice(), "guest-1 left: closed");
    assert_eq!(hall.recorded().last().unwrap(), "0ms 1 server ended: eof");
    assert_eq!(hall.recorded()[3], "0ms 1 client ended: eof");
}

#[test]
fn a_kicked_guest_is_told_why_and_so_are_the_others() {
    let mut hall = Hall::with(2);
    hall.says(1, "half");
    hall.give(Input::Kick { conn: conn(1), why: "rude".to_owned() });
    assert_eq!(hall.heard(1), "-- you were kicked: rude\n");
    assert_eq!(hall.heard(2), "-- guest-1 left: kicked: rude (2 here)\n");
    assert_eq!(hall.last_notice(), "guest-1 left: kicked: rude");
    assert_eq!(hall.recorded(), ["0ms 1 client half", "0ms 1 server ended: kicked"]);
    hall.says(1, "still here?\n");
    hall.ends(1, Ending::Eof);
    assert_eq!(hall.heard(2), "");
}

#[test]
fn goodbye_is_said_to_all_after_what_was_still_to_be_heard() {
    let mut hall = Hall::with(2);
    hall.give(Input::Raw { to: Audience::Guests, bytes: Bytes::from_static(b"last") });
    hall.says(1, "half");
    hall.give(Input::Drive(Drive::Quit));
    assert_eq!(hall.heard(1), "host: last\n-- the room is closing: goodbye\n");
    assert_eq!(hall.told.left(), Some((At::START, &Leave::Done)));
    let silent = hall.told.effects().any(|effect| matches!(effect, Effect::Silent { .. }));
    assert!(!silent, "no guest has ended: a step that waits has not failed");
    assert!(!hall.is_open(1) && !hall.is_open(2));
    hall.joins(3);
    assert!(!hall.is_open(3), "it came too late");
    assert_eq!((hall.heard(3).as_str(), hall.room.next_deadline()), ("", None));
}

#[test]
fn a_room_stays_when_its_guests_have_left_and_its_script_has_ended() {
    let mut hall = Hall::with(1);
    hall.give(Input::Drive(Drive::Ended));
    hall.ends(1, Ending::Eof);
    hall.until(3_600_000);
    assert!(hall.told.left().is_none());
    hall.joins(2);
    assert!(hall.is_open(2));
}

#[test]
fn closing_the_guests_leaves_the_room_open() {
    let mut hall = Hall::with(3);
    hall.give(Input::Close(Audience::One(conn(2))));
    assert_eq!([1, 2, 3].map(|n| hall.is_open(n)), [true, false, true]);
    hall.give(Input::Close(Audience::Guests));
    assert_eq!([1, 2, 3].map(|n| hall.is_open(n)), [false, false, false]);
    assert!(hall.told.left().is_none());
}

#[test]
fn a_conn_that_the_host_opens_is_no_guest() {
    let mut hall = Hall::with(1);
    let (addr, name) = ("addr".to_owned(), Some("bob".to_owned()));
    hall.open.insert(conn(2), 0);
    hall.give(Input::Opened { conn: conn(2), addr, own: Side::Client, name, secured: None });
    assert!(!hall.is_open(2));
}
