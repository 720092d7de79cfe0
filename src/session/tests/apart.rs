//! Conversations that have nothing to do with each other.

use super::*;
use crate::session::{Apart, Leave, Queue, Source};

/// A listener whose guests, so many of them, have a conversation each.
fn apart(guests: u32) -> Host {
    Host::of(Apart::new(options(Side::Server)), Side::Server).with_guests(guests)
}

fn driven(n: u32, drive: Drive) -> Input {
    Input::Drive(drive).of(conn(n))
}

fn over(host: &Host) -> Vec<(u32, Leave)> {
    let over = host.told.effects().filter_map(|effect| match effect {
        Effect::Over { conn, why } => Some((conn.number(), why.clone())),
        _ => None,
    });
    over.collect()
}

#[test]
fn each_guest_is_spoken_to_for_itself_and_names_are_shared() {
    let mut host = apart(2);
    let said = Input::Say { to: Audience::Guests, bytes: "one\n".into(), send: None };
    host.give(said.of(conn(1)));
    host.give(Input::Pour { to: Audience::Guests, range: 5..90 }.of(conn(1)));
    assert!(host.wants(&Effect::Pour { conn: conn(1), range: 5..90 }));
    assert!(!host.wants(&Effect::Pour { conn: conn(2), range: 5..90 }));
    host.hears(2, b"two\n");
    assert_eq!(host.said(), ["0ms 1 server one\\n", "0ms 2 client two\\n"]);
    let notices = ["guest-1 joined from addr-1", "guest-2 joined from addr-2"];
    assert_eq!(host.told.notices(), notices, "nobody hears only the host");
    host.says(b"all\n");
    assert!(host.wants(&Effect::Unheard(Audience::All)) && host.said().len() == 2);
}

#[test]
fn one_that_is_over_closes_its_conn_and_the_others_go_on() {
    let mut host = apart(2);
    host.give(driven(1, Drive::Quit));
    assert_eq!(over(&host), [(1, Leave::Done)]);
    assert!(host.wants(&Effect::Close(conn(1))) && !host.wants(&Effect::Close(conn(2))));
    assert!(host.wants(&Effect::Silent { conn: conn(1), how: Ending::Eof }));
    assert_eq!(host.told.notices().last().unwrap(), "guest-1 left: closed");
    host.hears(2, b"still here\n");
    assert_eq!(host.said().last().unwrap(), "0ms 2 client still here\\n");
    assert_eq!(host.left(), None);
    host.joins(3);
    assert_eq!(host.told.notices().last().unwrap(), "guest-3 joined from addr-3");
}

#[test]
fn a_script_that_has_ended_lingers_for_its_own_guest() {
    let mut host = apart(2);
    host.give(driven(1, Drive::Ended));
    assert!(host.wants(&Effect::Shutdown(conn(1))) && !host.wants(&Effect::Shutdown(conn(2))));
    host.until(3000);
    host.hears(2, b"something\n");
    host.until(4999);
    assert_eq!(over(&host), []);
    host.until(5000);
    assert_eq!(over(&host), [(1, Leave::Lingered(LINGER))]);
    let notices = host.told.notices();
    let told = ["guest-1: nothing came for 5s: leaving (--linger)", "guest-1 left: closed"];
    assert_eq!(notices[2..], told);
    host.give(driven(2, Drive::Ended));
    host.ends(2, Ending::Eof);
    assert_eq!(over(&host).last(), Some(&(2, Leave::Done)));
    assert_eq!(host.told.notices().last().unwrap(), "guest-2 left: closed");
}

#[test]
fn a_conn_that_breaks_is_a_matter_of_its_own() {
    let mut host = apart(2);
    host.give(driven(1, Drive::Ended));
    host.ends(1, Ending::Reset);
    let broken = Leave::Broken { peer: "guest-1".to_owned(), how: Ending::Reset };
    assert_eq!((over(&host), host.left()), (vec![(1, broken)], None));
    host.ends(2, Ending::Reset);
    assert_eq!(over(&host).len(), 1, "what drives it knows, and says when it is over");
    host.give(driven(2, Drive::Quit));
    assert_eq!(over(&host).len(), 2);
}

#[test]
fn it_ends_when_no_more_guests_are_to_come_and_all_have_left() {
    let mut host = apart(2);
    host.give(driven(1, Drive::Quit));
    host.drives(Drive::Ended);
    assert_eq!(host.left(), None);
    host.give(driven(2, Drive::Quit));
    assert_eq!(host.left(), Some(Leave::Done));
    host.joins(3);
    assert_eq!(host.told.effects().last(), Some(&Effect::Close(conn(3))), "it came too late");
}

#[test]
fn it_ends_at_once_where_that_is_asked_for() {
    let mut host = apart(2);
    host.drives(Drive::Quit);
    assert_eq!((host.left(), over(&host)), (Some(Leave::Done), vec![]));
    assert_eq!(host.said(), ["0ms 1 server ended: eof", "0ms 2 server ended: eof"]);
    assert_eq!(host.told.notices().len(), 2, "nobody left but us");
}

#[test]
fn a_full_outbox_stops_what_feeds_it_and_what_is_shared_stops_all() {
    let mut host = apart(2);
    host.give(Input::Filled(Queue::Outbox(conn(1))));
    assert_eq!(host.told.paused(), [Source::ScriptOf(conn(1))]);
    host.give(Input::Overflowed(conn(1)));
    host.until(60_000);
    assert_eq!(over(&host), [], "it is waited for, however slow it is");
    host.give(Input::Drained(Queue::Outbox(conn(1))));
    host.give(Input::Filled(Queue::Stdout));
    host.give(Input::Filled(Queue::Journal));
    let all = [Source::Conns, Source::ScriptOf(conn(1)), Source::ScriptOf(conn(2))];
    assert_eq!(host.told.paused(), all);
    host.joins(3);
    assert!(host.told.paused().contains(&Source::ScriptOf(conn(3))));
    host.give(Input::Drained(Queue::Journal));
    assert_eq!(host.told.paused(), [Source::Conns]);
    host.give(Input::Drained(Queue::Stdout));
    host.give(Input::Filled(Queue::Unread(conn(2))));
    assert_eq!(host.told.paused(), [Source::Conn(conn(2))]);
}

#[test]
fn a_guest_that_left_makes_room_for_the_next() {
    let mut host = apart(2);
    host.ends(2, Ending::Eof);
    host.give(Input::Crowded);
    assert!(host.wants(&Effect::Close(conn(2))) && !host.wants(&Effect::Close(conn(1))));
}

#[test]
fn a_conn_is_reset_behind_what_was_said() {
    for mut host in [Host::listener(1), apart(1)] {
        host.says_to(to(1), b"and that was it\n");
        host.give(Input::Reset(to(1)));
        let said = ["0ms 1 server and that was it\\n", "0ms 1 server ended: reset"];
        assert_eq!(host.said(), said);
        let reset = host.told.effects().position(|effect| *effect == Effect::Reset(conn(1)));
        assert!(reset.is_some() && !host.wants(&Effect::Shutdown(conn(1))));
        assert_eq!(host.told.notices().last().unwrap(), "guest-1 left: reset");
    }
}
