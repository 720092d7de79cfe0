//! Several conns: those of guests, and those that steps open.

use super::*;
use crate::session::Leave;

fn sent(host: &Host) -> Vec<(Audience, Vec<u8>)> {
    let sent = host.told.effects().filter_map(|effect| match effect {
        Effect::Send { to, bytes } => Some((*to, bytes.to_vec())),
        _ => None,
    });
    sent.collect()
}

#[test]
fn a_conn_that_a_step_opened_is_told_by_its_name() {
    let mut host = Host::connected();
    host.opens(2, "bob");
    host.ends(2, Ending::Eof);
    assert_eq!(
        host.told.notices(),
        [
            "connected to addr-1",
            "connected to addr-2 as bob",
            "bob: the peer closed the connection"
        ]
    );
    assert_eq!(host.left(), None, "the other conn is open");
}

#[test]
fn a_listener_is_the_client_of_a_conn_that_it_opened() {
    let mut host = Host::listener(1);
    host.opens(2, "upstream");
    host.hears(1, b"from a guest\n");
    host.hears(2, b"from upstream\n");
    host.says_to(Audience::One(conn(2)), b"to upstream\n");
    host.says_to(Audience::One(conn(1)), b"to a guest\n");
    assert_eq!(
        host.said(),
        [
            "0ms 1 client from a guest\\n",
            "0ms 2 server from upstream\\n",
            "0ms 2 client to upstream\\n",
            "0ms 1 server to a guest\\n",
        ]
    );
    assert_eq!(host.told.notices()[1..], ["connected to addr-2 as upstream"]);
}

#[test]
fn what_is_for_all_guests_is_for_nobody_else() {
    let mut host = Host::listener(2);
    host.opens(3, "upstream");
    host.says_to(Audience::Guests, b"hello\n");
    let hello = |n| (Audience::One(conn(n)), b"hello\n".to_vec());
    assert_eq!(sent(&host), [hello(1), hello(2)]);
    assert_eq!(host.said(), ["0ms 1 server hello\\n", "0ms 2 server hello\\n"]);
    host.ends(3, Ending::Eof);
    host.give(Input::Close(Audience::One(conn(3))));
    host.says_to(Audience::Guests, b"again\n");
    assert_eq!(sent(&host).last(), Some(&(Audience::All, b"again\n".to_vec())));
    assert_eq!(host.said().last().unwrap(), "0ms * server again\\n");
}

#[test]
fn closing_the_guests_leaves_other_conns_open() {
    let mut host = Host::listener(2);
    host.opens(3, "upstream");
    host.give(Input::Close(Audience::Guests));
    let closed = |n| host.wants(&Effect::Close(conn(n)));
    assert_eq!([1, 2, 3].map(closed), [true, true, false]);
}

#[test]
fn a_conn_among_several_that_breaks_ends_nothing_but_is_told_at_the_end() {
    let mut host = Host::connected();
    host.opens(2, "bob");
    host.ends(2, Ending::Reset);
    assert_eq!(host.left(), None);
    host.drives(Drive::Ended);
    host.ends(1, Ending::Eof);
    let broken = Leave::Broken { peer: "addr-2".to_owned(), how: Ending::Reset };
    assert_eq!(host.left(), Some(broken));
}

#[test]
fn every_conn_is_half_closed_when_the_script_has_ended() {
    let mut host = Host::listener(1);
    host.opens(2, "upstream");
    host.drives(Drive::Ended);
    assert!([1, 2].iter().all(|n| host.wants(&Effect::Shutdown(conn(*n)))));
    host.ends(1, Ending::Eof);
    assert_eq!(host.left(), None);
    host.ends(2, Ending::Eof);
    assert_eq!(host.left(), Some(Leave::Done));
}

#[test]
fn a_conn_that_we_opened_is_never_dropped_for_being_slow() {
    let mut host = Host::listener(2);
    host.opens(3, "upstream");
    host.give(Input::Overflowed(conn(3)));
    assert!(!host.wants(&Effect::Close(conn(3))));
    host.give(Input::Overflowed(conn(2)));
    assert!(host.wants(&Effect::Close(conn(2))));
}

#[test]
fn a_part_of_a_file_goes_to_each_guest_and_is_no_more_than_that() {
    let mut host = Host::listener(2);
    host.opens(3, "upstream");
    host.give(Input::Raw { to: Audience::One(conn(1)), bytes: Bytes::from_static(b"unfin") });
    host.give(Input::Pour { to: Audience::Guests, range: 5..90 });
    assert!([1, 2].iter().all(|n| host.wants(&Effect::Pour { conn: conn(*n), range: 5..90 })));
    assert!(!host.wants(&Effect::Pour { conn: conn(3), range: 5..90 }));
    assert_eq!(host.said(), ["0ms 1 server unfin"], "and is recorded before it");
    host.give(Input::Pour { to: Audience::One(conn(4)), range: 5..90 });
    assert!(host.wants(&Effect::Unheard(Audience::One(conn(4)))));
}
