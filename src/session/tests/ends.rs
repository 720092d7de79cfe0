//! How conns and sessions end.

use super::*;
use crate::session::Leave;

fn shut(n: u32) -> Effect {
    Effect::Shutdown(conn(n))
}

fn closed(n: u32) -> Effect {
    Effect::Close(conn(n))
}

fn broken(peer: &str, how: Ending) -> Leave {
    Leave::Broken { peer: peer.to_owned(), how }
}

#[test]
fn at_the_prompt_the_end_of_the_peer_is_the_end() {
    let mut host = Host::connected();
    host.drives(Drive::Idle);
    host.until(9);
    host.ends(1, Ending::Eof);
    assert_eq!((host.left(), host.left_at_ms()), (Some(Leave::Done), Some(9)));
    assert_eq!(host.told.notices(), ["connected to addr-1", "the peer closed the connection"]);
    assert_eq!(host.said(), ["9ms 1 server ended: eof", "9ms 1 client ended: eof"]);
    assert!(host.wants(&closed(1)));
}

#[test]
fn a_script_goes_on_after_the_end_of_the_peer_and_then_leaves_without_lingering() {
    let mut host = Host::connected();
    host.ends(1, Ending::Eof);
    host.until(60_000);
    assert_eq!(host.left(), None);
    host.says(b"last\n");
    assert!(host.told.effects().any(|effect| matches!(effect, Effect::Send { .. })));
    host.drives(Drive::Ended);
    assert_eq!((host.left(), host.left_at_ms()), (Some(Leave::Done), Some(60_000)));
}

#[test]
fn a_script_that_comes_to_wait_for_input_after_the_end_of_the_peer_leaves() {
    let mut host = Host::connected();
    host.ends(1, Ending::Eof);
    assert_eq!(host.left(), None);
    host.drives(Drive::Idle);
    assert_eq!(host.left(), Some(Leave::Done));
}

#[test]
fn a_session_that_is_not_connected_yet_waits() {
    let mut host = Host::client();
    host.drives(Drive::Idle);
    host.drives(Drive::Ended);
    host.until(60_000);
    assert_eq!(host.left(), None);
    host.joins(1);
    assert!(host.wants(&shut(1)), "a script that had nothing to say ends at once");
}

#[test]
fn when_a_script_ends_our_side_ends_and_the_peer_has_as_long_as_it_speaks() {
    let mut host = Host::connected();
    host.drives(Drive::Ended);
    assert!(host.wants(&shut(1)) && host.left().is_none());
    for second in [4, 8, 12] {
        host.until(second * 1000);
        host.hears(1, b"late\n");
    }
    host.until(16_999);
    assert_eq!(host.left(), None);
    host.until(17_000);
    assert_eq!(host.left(), Some(Leave::Lingered(LINGER)));
    assert_eq!(host.told.notices()[1..], ["nothing came for 5s: leaving (--linger)"]);
}

#[test]
fn a_peer_that_takes_what_was_said_has_as_long_as_it_does_and_then_the_linger() {
    let mut host = Host::connected();
    host.drives(Drive::Ended);
    for second in [4, 8, 12] {
        host.until(second * 1000);
        host.give(Input::Moved(conn(1)));
    }
    host.until(16_999);
    assert_eq!(host.left(), None);
    host.until(17_000);
    assert_eq!(host.left(), Some(Leave::Lingered(LINGER)));
}

#[test]
fn when_a_script_has_ended_the_end_of_the_peer_is_the_end() {
    for half_close in [true, false] {
        let mut host =
            Host::new(DirectOptions { half_close, ..options(Side::Client) }).with_guests(1);
        host.drives(Drive::Ended);
        assert_eq!(host.wants(&shut(1)), half_close);
        host.hears(1, b"late\n");
        host.until(3000);
        host.ends(1, Ending::Eof);
        assert_eq!((host.left(), host.left_at_ms()), (Some(Leave::Done), Some(3000)));
        assert_eq!(host.said().iter().filter(|event| event.contains("client ended")).count(), 1);
    }
}

#[test]
fn while_nothing_can_be_written_silence_is_no_end() {
    for queue in [crate::session::Queue::Stdout, crate::session::Queue::Journal] {
        let mut host = Host::connected();
        host.drives(Drive::Ended);
        host.until(1000);
        host.give(Input::Filled(queue));
        host.until(60_000);
        assert_eq!(host.left(), None, "the peer could not be heard");
        host.give(Input::Drained(queue));
        host.until(64_999);
        assert_eq!(host.left(), None);
        host.until(65_000);
        assert_eq!(host.left(), Some(Leave::Lingered(LINGER)));
    }
}

#[test]
fn a_reset_ends_the_connecting_side_whatever_it_was_doing() {
    for drive in [Drive::Running, Drive::Idle, Drive::Ended] {
        let mut host = Host::connected();
        host.drives(drive);
        host.ends(1, Ending::Reset);
        assert_eq!(host.left(), Some(broken("addr-1", Ending::Reset)));
        assert_eq!(host.told.notices(), ["connected to addr-1"], "the error says the rest");
        let silent = Effect::Silent { conn: conn(1), how: Ending::Reset };
        assert!(host.wants(&silent), "an open wait is told");
    }
}

#[test]
fn a_write_that_breaks_after_the_end_of_the_peer_is_a_break() {
    let mut host = Host::connected();
    host.ends(1, Ending::Eof);
    host.says(b"still there?\n");
    host.ends(1, Ending::Reset);
    assert_eq!(host.left(), Some(broken("addr-1", Ending::Reset)));
}

#[test]
fn a_guest_that_has_ended_is_announced_at_once_and_still_spoken_to() {
    let mut host = Host::listener(1);
    host.drives(Drive::Idle);
    host.ends(1, Ending::Eof);
    assert_eq!(host.told.notices(), ["guest-1 joined from addr-1", "guest-1 left: closed"]);
    assert!(!host.wants(&closed(1)));
    host.says(b"your answer\n");
    host.says(b"and more\n");
    assert!(host.wants(&Effect::Send { to: to(1), bytes: Bytes::from_static(b"and more\n") }));
    let warned = "guest-1 has left; the line was sent in case it still reads";
    assert_eq!(host.told.notices()[2..], [warned], "said once");
    host.drives(Drive::Ended);
    assert!(host.wants(&closed(1)));
    assert_eq!(host.left(), Some(Leave::Done));
}

#[test]
fn a_guest_that_has_left_hears_no_more_once_a_write_broke() {
    let mut host = Host::listener(2);
    host.ends(1, Ending::Eof);
    host.says(b"hello\n");
    host.ends(1, Ending::Reset);
    assert!(host.wants(&closed(1)));
    assert_eq!(host.told.notices().iter().filter(|notice| notice.contains("left")).count(), 1);
    host.says(b"again\n");
    assert_eq!(host.said().last().unwrap(), "0ms 2 server again\\n", "to the one who is here");
}

#[test]
fn nobody_hears_what_is_said_to_nobody() {
    let mut host = Host::listener(0);
    host.says(b"hello?\n");
    assert_eq!(host.told.effects().collect::<Vec<_>>(), [&Effect::Unheard(Audience::All)]);
    let mut host = Host::listener(1);
    host.give(Input::Shutdown(Audience::All));
    host.says(b"and one more thing\n");
    assert!(host.wants(&Effect::Unheard(Audience::All)));
}

#[test]
fn a_listener_ends_when_its_script_has_ended_and_its_guests_have_left() {
    let mut host = Host::listener(2);
    host.drives(Drive::Ended);
    host.ends(1, Ending::Eof);
    assert_eq!(host.left(), None);
    host.until(2000);
    host.ends(2, Ending::Eof);
    assert_eq!((host.left(), host.left_at_ms()), (Some(Leave::Done), Some(2000)));

    let mut host = Host::listener(1);
    host.drives(Drive::Idle);
    host.ends(1, Ending::Eof);
    host.until(60_000);
    assert_eq!(host.left(), None, "its script goes on");
}

#[test]
fn a_listener_that_stays_outlives_its_script_and_its_guests() {
    let mut host = Host::new(DirectOptions { stay: true, ..options(Side::Server) }).with_guests(2);
    host.drives(Drive::Ended);
    assert!(!host.wants(&shut(1)), "its guests may go on");
    host.ends(1, Ending::Eof);
    assert!(host.wants(&closed(1)), "nothing more will be said to it");
    host.ends(2, Ending::Reset);
    host.until(600_000);
    host.joins(3);
    host.hears(3, b"hi\n");
    assert_eq!(host.left(), None);
    host.drives(Drive::Quit);
    assert_eq!(host.left(), Some(Leave::Done));
}

#[test]
fn a_guest_that_broke_is_remembered_to_the_end() {
    let mut host = Host::listener(2);
    host.ends(1, Ending::Reset);
    host.drives(Drive::Ended);
    assert_eq!(host.left(), None);
    host.ends(2, Ending::Eof);
    assert_eq!(host.left(), Some(broken("guest-1", Ending::Reset)));

    let mut host = Host::listener(2);
    host.ends(1, Ending::Error("no route".to_owned()));
    host.drives(Drive::Ended);
    host.until(5000);
    let why = Ending::Error("no route".to_owned());
    assert_eq!(host.left(), Some(broken("guest-1", why)), "also where the other says no more");
}

#[test]
fn a_guest_that_comes_while_the_host_lingers_is_told_that_it_has_ended() {
    let mut host = Host::listener(1);
    host.drives(Drive::Ended);
    host.until(4000);
    host.joins(2);
    assert!(host.wants(&shut(2)));
    host.until(8999);
    assert_eq!(host.left(), None, "it may say something as well");
    host.until(9000);
    assert!(host.left().is_some());
}

#[test]
fn two_guests_are_told_once_that_they_hear_only_the_host() {
    let notice = "guests hear only the host; with --room they hear each other".to_owned();
    let mut host = Host::listener(1);
    assert!(!host.told.notices().contains(&notice));
    host.joins(2);
    host.joins(3);
    assert_eq!(host.told.notices().iter().filter(|told| **told == notice).count(), 1);
}

#[test]
fn a_host_that_comes_to_have_two_guests_again_knows_what_they_hear() {
    let mut host = Host::listener(2);
    host.ends(2, Ending::Reset);
    host.joins(3);
    let notice = "guests hear only the host; with --room they hear each other".to_owned();
    assert_eq!(host.told.notices().iter().filter(|told| **told == notice).count(), 1);
}

#[test]
fn who_comes_while_the_host_leaves_is_closed_and_no_guest() {
    let mut host = Host::listener(1);
    host.drives(Drive::Quit);
    let before = host.told.effects().count();
    host.joins(2);
    host.hears(2, b"hello?\n");
    host.ends(2, Ending::Eof);
    assert_eq!(host.told.effects().skip(before).collect::<Vec<_>>(), [&closed(2)]);
}

#[test]
fn a_guest_that_is_kicked_is_closed_and_the_others_are_not() {
    let mut host = Host::listener(2);
    host.give(Input::Kick { conn: conn(1), why: "rude".to_owned() });
    assert!(host.wants(&closed(1)) && !host.wants(&closed(2)));
    assert_eq!(host.said(), ["0ms 1 server ended: kicked"]);
    assert_eq!(host.told.notices().last().unwrap(), "guest-1 left: kicked: rude");
    host.drives(Drive::Ended);
    host.ends(2, Ending::Eof);
    assert_eq!(host.left(), Some(Leave::Done), "a guest that was kicked did not break");
    let mut host = Host::listener(1);
    host.give(Input::Shutdown(to(1)));
    host.give(Input::Kick { conn: conn(1), why: String::new() });
    assert_eq!(host.said(), ["0ms 1 server ended: eof", "0ms 1 server ended: kicked"]);
}

#[test]
fn after_a_half_close_of_ours_the_end_of_the_peer_closes() {
    let mut host = Host::listener(1);
    host.drives(Drive::Idle);
    host.give(Input::Shutdown(Audience::All));
    assert!(host.wants(&shut(1)) && !host.wants(&closed(1)));
    host.hears(1, b"bye\n");
    host.ends(1, Ending::Eof);
    assert!(host.wants(&closed(1)));
    let mut host = Host::connected();
    host.ends(1, Ending::Eof);
    host.give(Input::Shutdown(Audience::All));
    assert!(host.wants(&closed(1)), "and the other way round");
}

#[test]
fn a_close_of_ours_is_not_told_as_the_peers() {
    let mut host = Host::connected();
    host.drives(Drive::Running);
    host.give(Input::Close(Audience::All));
    assert!(host.wants(&closed(1)) && host.left().is_none());
    assert_eq!(host.told.notices(), ["connected to addr-1"]);
    assert_eq!(host.said(), ["0ms 1 client ended: eof"]);
    host.hears(1, b"discarded\n");
    host.ends(1, Ending::Reset);
    assert_eq!(host.said().len(), 1, "what comes after it is not the session's");
    host.drives(Drive::Ended);
    assert_eq!(host.left(), Some(Leave::Done));
}

#[test]
fn leaving_closes_every_conn_and_blames_no_guest() {
    let mut host = Host::listener(2);
    host.until(3);
    host.drives(Drive::Quit);
    assert!(host.wants(&closed(1)) && host.wants(&closed(2)));
    assert!(host.told.notices().iter().all(|notice| !notice.contains("left")));
    assert_eq!(host.said(), ["3ms 1 server ended: eof", "3ms 2 server ended: eof"]);
    assert_eq!(host.session.next_deadline(), None);
}

#[test]
fn a_name_is_asked_for_once_and_first() {
    let introduction = Some(Bytes::from_static(b"/nick bob\n"));
    let mut host = Host::new(DirectOptions { introduction, ..options(Side::Client) });
    host.joins(1);
    host.opens(2, "other");
    host.says_to(to(1), b"hi\n");
    assert_eq!(host.said(), ["0ms 1 client /nick bob\\n", "0ms 1 client hi\\n"]);
}
