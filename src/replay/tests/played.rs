//! Whatever was recorded verifies, and nothing else does.

use proptest::prelude::*;

use super::*;
use crate::script::{Blame, Task};
use crate::session::{Drive, Ending as Closed, Leave};

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(&[Side::Client, Side::Server][..])
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let any = any::<u8>().prop_filter("a line has no line end in it", |byte| *byte != b'\n');
    let few = prop::sample::select(&b"ab\r\xc3\xa9\xff"[..]);
    prop::collection::vec(prop_oneof![any, few], 0..6)
}

/// Any conversation in which the server says something.
fn conversation() -> impl Strategy<Value = Transcript> {
    let eol = prop::sample::select(&[Eol::Lf, Eol::CrLf, Eol::None][..]);
    let lines = prop::collection::vec((side(), text(), eol), 1..16);
    let talk = lines.prop_map(|lines| {
        let said =
            lines.into_iter().map(|(from, text, eol)| (Some(conn(1)), line(from, &text, eol)));
        transcript(said.collect())
    });
    talk.prop_filter("the server says something", |talk| {
        part(talk).iter().any(|peer| matches!(peer, Peer::Says(_)))
    })
}

/// The number of the event that holds the `nth` byte that the server says.
fn event_of(talk: &Transcript, nth: usize) -> usize {
    let mut len = 0;
    let holds = talk.events.iter().position(|event| {
        let What::Line(said) = &event.what else { return false };
        len +=
            if said.from == Side::Server { said.text.len() + said.eol.as_str().len() } else { 0 };
        nth < len
    });
    holds.unwrap() + 1
}

proptest! {
    #[test]
    fn what_was_recorded_verifies_however_it_is_cut(
        talk in conversation(),
        cuts in prop::collection::vec(1_usize..8, 1..6),
    ) {
        let mut end = playing(player(&talk));
        prop_assert!(serve(&mut end, &part(&talk), &cuts), "our side said its part");
        prop_assert!(end.is_shut(1));
        end.ends(1, Closed::Eof);
        prop_assert_eq!(&end.failures, &[]);
        let replayed = matches!(end.tasks[..], [Task::Replayed { .. }]);
        prop_assert!(replayed);
        prop_assert_eq!(end.left(), Some(Leave::Done));
    }

    #[test]
    fn any_byte_that_is_another_fails_and_its_event_is_named(
        talk in conversation(),
        cuts in prop::collection::vec(1_usize..8, 1..6),
        which in any::<prop::sample::Index>(),
        change in 1_u8..,
    ) {
        let mut part = part(&talk);
        let len = |peer: &Peer| if let Peer::Says(bytes) = peer { bytes.len() } else { 0 };
        let nth = which.index(part.iter().map(len).sum());
        let mut rest = nth;
        for peer in &mut part {
            let Peer::Says(bytes) = peer else { continue };
            if rest < bytes.len() {
                bytes[rest] ^= change;
                break;
            }
            rest -= bytes.len();
        }
        let mut end = playing(player(&talk));
        serve(&mut end, &part, &cuts);
        end.until(1000);
        let event = event_of(&talk, nth);
        // The byte may have been, or become, a part of the line end.
        let told = end.failed();
        let told = told.strip_suffix(" in its line end").unwrap_or(told);
        prop_assert_eq!(told, format!("error: event {event} of talk.json differs"));
        prop_assert_eq!(end.failures[0].1, Blame::Check);
        prop_assert_eq!(end.drives.last(), Some(&Drive::Quit));
    }

    #[test]
    fn a_byte_that_does_not_come_is_missed_and_its_event_is_named(
        talk in conversation(),
        ends in any::<bool>(),
    ) {
        let mut part = part(&talk);
        let last = part.iter().rposition(|peer| matches!(peer, Peer::Says(_))).unwrap();
        part.truncate(last + 1);
        if let Some(Peer::Says(bytes)) = part.last_mut() {
            bytes.pop();
        }
        let said = part.iter().map(|peer| if let Peer::Says(bytes) = peer { bytes.len() } else { 0 });
        let event = event_of(&talk, said.sum());
        let mut end = playing(player(&talk));
        serve(&mut end, &part, &[]);
        let part = matches!(part.last(), Some(Peer::Says(bytes)) if !bytes.is_empty() && !bytes.ends_with(b"\n"));
        let why = match (ends, part) {
            (true, _) => "the peer has ended",
            (false, true) => "only a part of it came within 5s",
            (false, false) => "nothing came within 5s",
        };
        if ends {
            end.ends(1, Closed::Eof);
        }
        end.until(10_000);
        prop_assert_eq!(end.failed(), format!("error: event {event} of talk.json did not come: {why}"));
        prop_assert_eq!(end.failures[0].1, Blame::Check);
    }

    #[test]
    fn a_byte_more_at_the_end_fails(talk in conversation(), more in any::<u8>()) {
        let mut part = part(&talk);
        part.push(Peer::Says(vec![more]));
        let mut end = playing(player(&talk));
        prop_assert!(serve(&mut end, &part, &[]));
        end.until(100);
        prop_assert_eq!(end.failed(), "error: the peer said more than talk.json has");
    }
}

#[test]
fn a_peer_that_stays_open_is_left_after_one_linger() {
    let talk = story(&["> hi\n", "< hello\n"]);
    let mut end = playing(player(&talk));
    end.hears(1, b"hello\n");
    assert!(end.is_shut(1));
    end.until(4999);
    assert_eq!(end.left(), None);
    end.until(5000);
    assert_eq!((end.left(), &*end.failures), (Some(Leave::Done), &[][..]));
    let mut end = playing(player(&talk));
    end.hears(1, b"hello\n");
    end.until(4999);
    end.hears(1, b"one thing more\n");
    assert_eq!(end.failed(), "error: the peer said more than talk.json has");
}

#[test]
fn a_wait_lasts_the_recorded_delay_as_well_where_that_is_longer() {
    let mut talk = story(&["> hi\n", "< slow\n"]);
    talk.events[1].at = At::START + Duration::from_secs(60);
    let mut end = playing(player(&talk));
    end.until(64_999);
    end.hears(1, b"slow\n");
    end.ends(1, Closed::Eof);
    assert_eq!(end.failures, []);
    let mut end = playing(player(&talk));
    end.until(65_000);
    assert_eq!(end.failed(), "error: event 2 of talk.json did not come: nothing came within 1m 5s");
}

#[test]
fn a_transcript_in_which_the_peer_says_nothing_checks_nothing() {
    let end = playing(player(&story(&["> hi\n", "> bye\n"])));
    assert_eq!(end.failed(), "error: talk.json checks nothing: the peer says no line in it");
    assert_eq!(end.failures[0].1, Blame::Check);
}

#[test]
fn a_line_is_said_when_all_that_was_said_before_it_has_come() {
    let talk =
        story(&["< login: ", "> root\n", "< password: ", "> secret\n", "< \n", "< welcome\n"]);
    let mut end = playing(player(&talk));
    end.hears(1, b"login:");
    assert_eq!(end.sent(1), "");
    end.hears(1, b" ");
    assert_eq!(end.sent(1), "root\n");
    end.hears(1, b"password: ");
    assert_eq!(end.sent(1), "root\nsecret\n");
    end.hears(1, b"\nwelcome\n");
    end.ends(1, Closed::Eof);
    assert_eq!(end.failures, []);
    assert!(matches!(end.tasks[..], [Task::Replayed { lines: 4, .. }]));
}
