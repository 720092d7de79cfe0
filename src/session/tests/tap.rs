//! Two ends through a tap, without sockets.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use crate::session::testing::{Told, conn};
use crate::session::{Audience, Drive, Effect, Ending, Input, Leave, Queue, Session, Source, Tap};
use crate::units::At;
use crate::wire::{ConnId, Side};

const CLIENT: ConnId = ConnId::FIRST;

/// A tap, and what its ends see.
struct Wire {
    tap: Tap,
    told: Told,
    now: At,
    seen: BTreeMap<ConnId, Seen>,
}

/// What an end sees of the other.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Seen {
    bytes: Vec<u8>,
    /// The other will say no more.
    eof: bool,
    reset: bool,
    /// The tap has closed.
    closed: bool,
}

impl Wire {
    /// A tap at which a client has come.
    fn begun() -> Wire {
        let (told, seen) = (Told::between(), BTreeMap::new());
        let mut wire = Wire { tap: Tap::new(1024), told, now: At::START, seen };
        wire.joins(1);
        wire
    }

    /// A tap that has reached the server for its client.
    fn through() -> Wire {
        let mut wire = Wire::begun();
        wire.reaches(1);
        wire
    }

    fn give(&mut self, input: Input) {
        let mut effects = Vec::new();
        self.tap.handle(self.now, input, &mut effects);
        for effect in effects {
            self.told.take(self.now, &effect);
            match effect {
                Effect::Send { to: Audience::One(to), bytes } => {
                    let seen = self.seen.entry(to).or_default();
                    assert!(!seen.eof && !seen.reset && !seen.closed, "sent after the end");
                    seen.bytes.extend_from_slice(&bytes);
                }
                Effect::Shutdown(to) => self.seen.entry(to).or_default().eof = true,
                Effect::Reset(to) => self.seen.entry(to).or_default().reset = true,
                Effect::Close(to) | Effect::Finish(to) => {
                    self.seen.entry(to).or_default().closed = true;
                }
                _ => {}
            }
        }
    }

    fn joins(&mut self, n: u32) {
        let addr = format!("addr-{n}");
        self.give(Input::Opened {
            conn: conn(n),
            addr,
            own: Side::Server,
            name: None,
            secured: None,
        });
    }

    fn reaches(&mut self, n: u32) {
        self.give(Input::Reached { conn: conn(n), addr: "server".to_owned() });
    }

    fn says(&mut self, conn: ConnId, bytes: &[u8]) {
        self.give(Input::Received { conn, bytes: Bytes::copy_from_slice(bytes) });
    }

    fn ends(&mut self, conn: ConnId, how: Ending) {
        self.give(Input::Ended { conn, how });
    }

    fn waits(&mut self, millis: u64) {
        let then = self.now + Duration::from_millis(millis);
        while let Some(due) = self.tap.next_deadline().filter(|due| *due <= then) {
            self.now = due.max(self.now);
            self.give(Input::Tick);
        }
        self.now = then;
    }

    fn seen(&self, conn: ConnId) -> Seen {
        self.seen.get(&conn).cloned().unwrap_or_default()
    }

    fn wants(&self, effect: &Effect) -> bool {
        self.told.effects().any(|told| told == effect)
    }
}

fn server() -> ConnId {
    CLIENT.onward()
}

#[test]
fn what_a_client_did_before_the_server_was_reached_is_done_then() {
    let mut wire = Wire::begun();
    assert!(wire.wants(&Effect::Reach(CLIENT)));
    wire.says(CLIENT, b"EHLO me\r\n");
    wire.says(CLIENT, b"QUIT\r\n");
    wire.ends(CLIENT, Ending::Eof);
    assert_eq!(wire.seen(server()), Seen::default());
    wire.reaches(1);
    let bytes = b"EHLO me\r\nQUIT\r\n".to_vec();
    assert_eq!(wire.seen(server()), Seen { bytes, eof: true, ..Seen::default() });
}

#[test]
fn a_client_that_waits_for_the_server_is_read_so_far_and_no_further() {
    let mut wire = Wire::begun();
    let much = vec![b'x'; 200 << 10];
    wire.says(CLIENT, &much);
    assert_eq!(wire.told.paused(), []);
    wire.says(CLIENT, &much);
    assert_eq!(wire.told.paused(), [Source::Conn(CLIENT)]);
    wire.reaches(1);
    assert_eq!(wire.told.paused(), []);
    assert_eq!(wire.seen(server()).bytes.len(), 2 * much.len());
}

#[test]
fn a_client_whose_server_is_not_reached_is_closed_and_recorded() {
    let mut wire = Wire::begun();
    wire.says(CLIENT, b"hello?");
    wire.give(Input::Unreached { conn: CLIENT, why: "refused".to_owned() });
    assert!(wire.seen(CLIENT).closed && !wire.seen(CLIENT).reset);
    let told = ["0ms 1 opened addr-1", "0ms 1 client hello?", "0ms 1 server ended: error: refused"];
    assert_eq!(wire.told.transcript(), told);
    wire.says(CLIENT, b"too late");
    assert_eq!(wire.told.transcript().len(), 3);
}

#[test]
fn a_client_that_breaks_before_the_server_is_reached_breaks_there() {
    let mut wire = Wire::begun();
    wire.says(CLIENT, b"bye\n");
    wire.ends(CLIENT, Ending::Reset);
    wire.reaches(1);
    let (bytes, seen) = (b"bye\n".to_vec(), wire.seen(server()));
    assert_eq!((seen.bytes, seen.reset), (bytes, true));
}

#[test]
fn the_transcript_has_one_conn_a_client_and_both_ends_in_their_order() {
    let mut wire = Wire::through();
    wire.says(server(), b"login: ");
    wire.waits(100);
    wire.says(CLIENT, b"bob\npass");
    wire.says(server(), b"ok\n");
    wire.ends(server(), Ending::Eof);
    wire.waits(50);
    wire.ends(CLIENT, Ending::Eof);
    assert_eq!(
        wire.told.transcript(),
        [
            "0ms 1 opened addr-1",
            "100ms 1 server login: ",
            "100ms 1 client bob\\n",
            "100ms 1 client pass",
            "100ms 1 server ok\\n",
            "100ms 1 server ended: eof",
            "150ms 1 client ended: eof",
        ]
    );
    let notices = [
        "client-1 joined from addr-1",
        "connected to server as server-1",
        "server-1 left: closed",
        "client-1 left: closed",
    ];
    assert_eq!(wire.told.notices(), notices);
    assert_eq!(wire.tap.next_deadline(), None);
}

#[test]
fn both_directions_may_end_in_either_order_and_then_all_is_taken() {
    for [first, second] in [[CLIENT, server()], [server(), CLIENT]] {
        let mut wire = Wire::through();
        wire.ends(first, Ending::Eof);
        wire.says(second, b"more\n");
        assert_eq!(wire.seen(first).bytes, b"more\n");
        assert!(wire.seen(second).eof && !wire.seen(first).eof);
        wire.ends(second, Ending::Eof);
        assert!(wire.wants(&Effect::Finish(first)) && wire.wants(&Effect::Finish(second)));
    }
}

#[test]
fn a_full_outbox_stops_what_feeds_it_and_nobody_else() {
    let mut wire = Wire::through();
    wire.joins(2);
    wire.reaches(2);
    wire.give(Input::Filled(Queue::Outbox(server())));
    wire.give(Input::Filled(Queue::Outbox(server())));
    assert_eq!(wire.told.paused(), [Source::Conn(CLIENT)]);
    wire.give(Input::Filled(Queue::Outbox(conn(2))));
    assert_eq!(wire.told.paused(), [CLIENT, conn(2).onward()].map(Source::Conn));
    wire.give(Input::Drained(Queue::Outbox(server())));
    assert_eq!(wire.told.paused(), [Source::Conn(conn(2).onward())]);
}

#[test]
fn a_slow_recording_stops_nobody() {
    let mut wire = Wire::through();
    wire.give(Input::Filled(Queue::Journal));
    assert_eq!(wire.told.paused(), []);
}

#[test]
fn a_tap_says_nothing_itself_and_stays_until_it_is_told_to_go() {
    let mut wire = Wire::through();
    wire.give(Input::Drive(Drive::Idle));
    wire.give(Input::Drive(Drive::Ended));
    let bytes = Bytes::from_static(b"hi\n");
    wire.give(Input::Say { to: Audience::Guests, bytes, send: None });
    assert!(wire.wants(&Effect::Unheard(Audience::Guests)) && wire.seen(CLIENT).bytes.is_empty());
    wire.says(CLIENT, b"half");
    wire.give(Input::Drive(Drive::Quit));
    assert!(wire.seen(CLIENT).closed && wire.seen(server()).closed);
    assert_eq!(wire.told.left(), Some((At::START, &Leave::Done)));
    assert_eq!(wire.told.transcript(), ["0ms 1 opened addr-1", "0ms 1 client half"]);
    wire.joins(2);
    assert!(wire.seen(conn(2)).closed);
}

/// Something that an end does, or that happens to the tap.
#[derive(Debug, Clone)]
enum Act {
    Says(Side, Vec<u8>),
    Ends(Side),
    Breaks(Side),
    Reached,
    Fills(Side),
    Drains(Side),
    Passes(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let side = || prop::sample::select(&[Side::Client, Side::Server][..]);
    let bytes = prop::collection::vec(prop::sample::select(&b"ab\r\n\0\xff"[..]), 1..8);
    prop_oneof![
        8 => (side(), bytes).prop_map(|(side, bytes)| Act::Says(side, bytes)),
        2 => side().prop_map(Act::Ends),
        1 => side().prop_map(Act::Breaks),
        2 => Just(Act::Reached),
        1 => side().prop_map(Act::Fills),
        1 => side().prop_map(Act::Drains),
        1 => (1..200_u64).prop_map(Act::Passes),
    ]
}

/// What the two have done so far, as a wire without a tap would show it.
#[derive(Default)]
struct Done {
    /// What each is to see: the client, the server.
    sees: BTreeMap<ConnId, Seen>,
    reached: bool,
    broken: bool,
}

impl Done {
    /// Whether an end can do that now: none speaks that has ended, or that was not reached.
    fn may(&mut self, act: &Act) -> bool {
        let (Act::Says(side, _) | Act::Ends(side) | Act::Breaks(side)) = act else { return true };
        let ended = self.sees.entry(at(side.other())).or_default().eof;
        let broken = matches!(act, Act::Breaks(_));
        !self.broken && (broken || !ended) && (self.reached || *side == Side::Client)
    }

    fn does(&mut self, act: &Act) {
        match act {
            Act::Says(side, bytes) => {
                self.sees.entry(at(side.other())).or_default().bytes.extend_from_slice(bytes);
            }
            Act::Ends(side) => self.sees.entry(at(side.other())).or_default().eof = true,
            Act::Breaks(side) => {
                // Where both have ended, there is nothing left to break.
                let over = [CLIENT, server()].iter().all(|end| self.sees[end].eof);
                self.sees.entry(at(side.other())).or_default().reset = !over;
                self.broken = true;
            }
            Act::Reached => self.reached = true,
            Act::Fills(_) | Act::Drains(_) | Act::Passes(_) => {}
        }
    }
}

/// The conn of a side.
fn at(side: Side) -> ConnId {
    match side {
        Side::Client => CLIENT,
        Side::Server => server(),
    }
}

proptest! {
    #[test]
    fn each_end_sees_what_it_would_have_seen_without_the_tap(
        acts in prop::collection::vec(act(), 0..40),
    ) {
        let (mut wire, mut done) = (Wire::begun(), Done::default());
        done.sees.extend([CLIENT, server()].map(|end| (end, Seen::default())));
        for act in acts.into_iter().chain([Act::Reached]) {
            if matches!(act, Act::Reached) && done.reached || !done.may(&act) {
                continue;
            }
            done.does(&act);
            match act {
                Act::Says(side, bytes) => wire.says(at(side), &bytes),
                Act::Ends(side) => wire.ends(at(side), Ending::Eof),
                Act::Breaks(side) => wire.ends(at(side), Ending::Reset),
                Act::Reached => wire.reaches(1),
                Act::Fills(side) => wire.give(Input::Filled(Queue::Outbox(at(side)))),
                Act::Drains(side) => wire.give(Input::Drained(Queue::Outbox(at(side)))),
                Act::Passes(millis) => wire.waits(millis),
            }
            let (seen, sees) = (wire.seen(server()), &done.sees[&server()]);
            if done.reached {
                prop_assert_eq!((seen.bytes, seen.reset), (sees.bytes.clone(), sees.reset));
                prop_assert!(seen.eof == sees.eof || sees.reset);
            }
            let (seen, sees) = (wire.seen(CLIENT), &done.sees[&CLIENT]);
            prop_assert_eq!((seen.bytes, seen.eof, seen.reset), (sees.bytes.clone(), sees.eof, sees.reset));
        }
        wire.waits(200);
        for side in [Side::Client, Side::Server] {
            let said = &done.sees[&at(side.other())].bytes;
            prop_assert_eq!(&wire.told.recorded(Some(CLIENT), side), said);
        }
    }
}
