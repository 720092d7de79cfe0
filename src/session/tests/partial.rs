//! Lines, partial lines, and the order in which they are recorded.

use proptest::prelude::*;

use super::*;

#[test]
fn an_unfinished_line_is_partial_after_100_ms_and_not_before() {
    let mut host = Host::connected();
    host.hears(1, b"user\nlog");
    host.until(60);
    host.hears(1, b"in: ");
    host.until(159);
    assert_eq!(host.said(), ["0ms 1 server user\\n"]);
    host.until(1000);
    assert_eq!(host.said(), ["0ms 1 server user\\n", "160ms 1 server login: "]);
    assert_eq!(host.told.heard(conn(1)), b"user\nlogin: ", "what is heard does not wait");
}

#[test]
fn the_rest_of_a_line_that_was_partial_is_another_event() {
    let mut host = Host::connected();
    host.hears(1, b"login: ");
    host.until(100);
    host.hears(1, b"\r\nbye\n");
    assert_eq!(
        host.said(),
        ["100ms 1 server login: ", "100ms 1 server \\r\\n", "100ms 1 server bye\\n"]
    );
}

#[test]
fn what_we_say_comes_after_the_unfinished_line_it_answers() {
    let mut host = Host::connected();
    host.hears(1, b"login: ");
    host.until(10);
    host.says(b"root\n");
    assert_eq!(host.said(), ["10ms 1 server login: ", "10ms 1 client root\\n"]);
}

#[test]
fn what_is_heard_comes_after_what_we_had_not_finished_saying() {
    let mut host = Host::listener(2);
    host.says_raw(b"your na");
    host.hears(2, b"me\n");
    assert_eq!(host.said(), ["0ms * server your na", "0ms 2 client me\\n"]);
    host.says_raw(b"to the");
    host.says_raw(b" end\n");
    assert_eq!(host.said()[2..], ["0ms * server to the end\\n"], "raw pieces make one line");
}

#[test]
fn raw_bytes_are_partial_after_100_ms_and_typed_text_at_once() {
    let mut host = Host::connected();
    host.says_raw(b"abc");
    host.until(99);
    assert_eq!(host.said(), [""; 0]);
    host.until(200);
    host.says(b"no end");
    assert_eq!(host.said(), ["100ms 1 client abc", "200ms 1 client no end"]);
}

#[test]
fn a_guest_that_joins_later_has_no_share_in_the_line_before() {
    let mut host = Host::listener(2);
    host.says_raw(b"half");
    host.joins(3);
    host.says_raw(b" line\n");
    let told = host.told.transcript();
    assert_eq!(told[2..], ["0ms * server half", "0ms 3 opened addr-3", "0ms * server  line\\n"]);
}

#[test]
fn lines_of_one_read_share_an_instant_and_are_heard_before_they_are_recorded() {
    let mut host = Host::connected();
    host.until(7);
    host.hears(1, b"a\nb\nc\n");
    assert_eq!(host.said(), ["7ms 1 server a\\n", "7ms 1 server b\\n", "7ms 1 server c\\n"]);
    let heard = host.told.effects().position(|effect| matches!(effect, Effect::Heard { .. }));
    let recorded = host
        .told
        .effects()
        .position(|effect| matches!(effect, Effect::Record(record) if record.at > At::START));
    assert!(heard.unwrap() < recorded.unwrap());
}

#[test]
fn every_close_takes_the_unfinished_words_of_both_sides_first() {
    let closes: [fn(&mut Host); 5] = [
        |host| host.ends(1, Ending::Reset),
        |host| host.give(Input::Close(Audience::All)),
        |host| host.drives(Drive::Quit),
        |host| host.give(Input::Kick { conn: conn(1), why: String::new() }),
        |host| host.give(Input::Shutdown(Audience::All)),
    ];
    for (index, close) in closes.into_iter().enumerate() {
        for mut host in [Host::connected(), Host::listener(1)] {
            host.hears(1, b"theirs");
            host.says_raw(b"ours");
            host.hears(1, b" again");
            host.says_raw(b"and ours");
            close(&mut host);
            let said = host.said();
            let ended = said.iter().position(|event| event.contains(" ended: ")).unwrap();
            let before: Vec<_> = said[..ended].iter().map(|event| &event[13..]).collect();
            assert_eq!(before, ["theirs", "ours", " again", "and ours"], "close {index}");
        }
    }
}

#[test]
fn bytes_that_may_begin_a_negotiation_survive_every_close() {
    let closes: [fn(&mut Host); 4] = [
        |host| host.ends(1, Ending::Eof),
        |host| host.ends(1, Ending::Reset),
        |host| host.give(Input::Close(Audience::All)),
        |host| host.drives(Drive::Quit),
    ];
    for close in closes {
        let mut host = Host::listener(1);
        host.hears(1, b"caf\xff");
        close(&mut host);
        assert_eq!(host.told.heard(conn(1)), b"caf\xff");
        assert_eq!(host.told.recorded(Some(conn(1)), Side::Client), b"caf\xff");
    }
}

#[test]
fn negotiation_is_removed_and_noted_also_where_it_comes_slowly() {
    let mut host = Host::listener(1);
    host.hears(1, b"login: ");
    host.until(60);
    host.hears(1, b"\xff\xfd");
    host.until(150);
    host.hears(1, b"\x03");
    host.until(1000);
    assert_eq!(
        host.said(),
        ["100ms 1 client login: ", "150ms 1 note telnet negotiation removed: ff fd 03"]
    );
    host.hears(1, b"\xff\xfd");
    host.until(1099);
    assert_eq!(host.told.heard(conn(1)), b"login: ");
    host.until(1100);
    assert_eq!(host.told.heard(conn(1)), b"login: \xff\xfd", "it was none after all");
    let mut client = Host::connected();
    client.hears(1, b"\xff\xfd\x03\n");
    assert_eq!(client.told.heard(conn(1)), b"\xff\xfd\x03\n", "a client takes what comes");
}

/// What can happen in a conversation with two guests.
#[derive(Debug, Clone)]
enum Happens {
    Hears(u32, Vec<u8>),
    Says(Option<u32>, Vec<u8>),
    SaysRaw(Option<u32>, Vec<u8>),
    Waits(u64),
    Notes,
}

fn happens() -> impl Strategy<Value = Happens> {
    let bytes = || prop::collection::vec(prop::sample::select(&b"ab\r\n\xff"[..]), 1..12);
    let whom = || prop::option::of(1_u32..=2);
    prop_oneof![
        (1_u32..=2, bytes()).prop_map(|(n, bytes)| Happens::Hears(n, bytes)),
        (whom(), bytes()).prop_map(|(n, bytes)| Happens::Says(n, bytes)),
        (whom(), bytes()).prop_map(|(n, bytes)| Happens::SaysRaw(n, bytes)),
        (0_u64..250).prop_map(Happens::Waits),
        Just(Happens::Notes),
    ]
}

proptest! {
    #[test]
    fn what_is_recorded_is_what_was_said_whatever_the_cuts_and_the_times(
        story in prop::collection::vec(happens(), 0..40),
        max_line in prop::sample::select(&[2_usize, 5, 1024][..]),
    ) {
        let mut host = Host::new(DirectOptions { max_line, telnet: false, ..options(Side::Server) });
        host = host.with_guests(2);
        let mut heard = [Vec::new(), Vec::new()];
        let mut said = vec![Vec::new(); 3];
        let mut millis = 0;
        for happens in &story {
            match happens {
                Happens::Hears(n, bytes) => {
                    heard[*n as usize - 1].extend_from_slice(bytes);
                    host.hears(*n, bytes);
                }
                Happens::Says(n, bytes) => {
                    said[n.unwrap_or(0) as usize].extend_from_slice(bytes);
                    host.says_to(n.map_or(Audience::All, to), bytes);
                }
                Happens::SaysRaw(n, bytes) => {
                    said[n.unwrap_or(0) as usize].extend_from_slice(bytes);
                    let bytes = Bytes::copy_from_slice(bytes);
                    host.give(Input::Raw { to: n.map_or(Audience::All, to), bytes });
                }
                Happens::Waits(ms) => {
                    millis += ms;
                    host.until(millis);
                }
                Happens::Notes => host.give(Input::Note("note".to_owned())),
            }
        }
        host.drives(Drive::Quit);
        prop_assert!(host.left().is_some());
        for n in 1..=2 {
            prop_assert_eq!(&host.told.recorded(Some(conn(n)), Side::Client), &heard[n as usize - 1]);
            prop_assert_eq!(&host.told.recorded(Some(conn(n)), Side::Server), &said[n as usize]);
        }
        prop_assert_eq!(&host.told.recorded(None, Side::Server), &said[0]);
    }

    #[test]
    fn no_record_is_later_than_100_ms_after_what_it_records(
        reads in prop::collection::vec((prop::collection::vec(prop::sample::select(&b"ab\n"[..]), 1..6), 0_u64..200), 1..20),
    ) {
        let mut host = Host::connected();
        let mut millis = 0;
        for (bytes, wait) in &reads {
            host.hears(1, bytes);
            millis += wait;
            host.until(millis);
            let heard = host.told.heard(conn(1)).len();
            let recorded = host.told.recorded(Some(conn(1)), Side::Server).len();
            prop_assert!(*wait < 100 || heard == recorded);
        }
    }
}
