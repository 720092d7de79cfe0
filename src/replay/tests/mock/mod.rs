//! Servers of transcripts: what they say, and to whom.

mod any;

use proptest::prelude::*;

use super::*;
use crate::replay::load::Loaded;
use crate::replay::{Mock, Mocking, Order};
use crate::script::testing::{Pair, Ways};
use crate::script::{Blame, Task};
use crate::session::{Ending as Closed, Input, Leave, Queue};
use crate::units::Pace;

fn mocking(order: Order) -> Mocking {
    let limit = Duration::from_secs(5);
    Mocking { order, timeout: Some(limit), linger: limit, pace: Pace::Wait, max_idle: None }
}

fn mock(transcript: &Transcript, how: Mocking) -> Mock {
    mock_with(transcript, how, masked(&[]))
}

fn mock_with(transcript: &Transcript, how: Mocking, masks: Masks) -> Mock {
    let mut conns: Vec<ConnId> = transcript.events.iter().filter_map(|event| event.conn).collect();
    conns.sort_unstable();
    conns.dedup();
    let by_conn = ByConn::of(transcript);
    let part = |conn| {
        Part::of(transcript, &by_conn, Some(conn), Side::Server, Closes::Kept, &masks).unwrap()
    };
    let parts = conns.into_iter().map(part).collect();
    let (name, transcript) = ("talk.json".to_owned(), transcript.clone());
    Mock::of(Loaded { name, version: 0, transcript, masks, parts }, Vars::default(), how)
}

/// A server that plays to the guest before whom so many came.
fn server(mock: &Mock, before: usize) -> End {
    let mut end = End::new(&Options::script(Side::Server));
    end.plays(mock.play(before));
    end
}

/// The same, once its guest has come.
fn serving(mock: &Mock, before: usize) -> End {
    let mut end = server(mock, before);
    end.joins(1);
    end
}

fn ordered(transcript: &Transcript) -> End {
    serving(&mock(transcript, mocking(Order::Ordered)), 0)
}

fn played(end: &End) -> Option<u64> {
    end.tasks.iter().find_map(|task| match task {
        Task::Replayed { lines, .. } => Some(*lines),
        _ => None,
    })
}

/// With these as its last events.
fn then(mut talk: Transcript, closes: &[(Side, &str)]) -> Transcript {
    let events = closes
        .iter()
        .map(|(from, how)| (Some(conn(1)), What::Close { from: *from, how: (*how).to_owned() }));
    let before = talk.events.drain(..).map(|event| (event.conn, event.what)).collect::<Vec<_>>();
    transcript(before.into_iter().chain(events).collect())
}

fn marked(talk: &mut Transcript, event: usize, change: impl FnOnce(&mut Marks)) {
    let What::Line(said) = &mut talk.events[event - 1].what else { panic!("no line") };
    change(&mut said.marks);
}

#[test]
fn it_greets_first_and_answers_when_the_lines_match() {
    let talk = story(&["< hello\n", "> one\n", "> two\n", "< both\n", "> bye\n", "< bye\n"]);
    let mut end = ordered(&talk);
    assert_eq!(end.sent(1), "hello\n");
    end.hears(1, b"one\ntw");
    assert_eq!(end.sent(1), "hello\n");
    end.hears(1, b"o\nbye\n");
    assert_eq!(end.sent(1), "hello\nboth\nbye\n", "what came early is heard in its turn");
    end.ends(1, Closed::Eof);
    assert_eq!((played(&end), end.left(), &*end.failures), (Some(3), Some(Leave::Done), &[][..]));
}

#[test]
fn an_unexpected_line_is_told_with_the_recorded_one() {
    let talk = story(&["< hello\n", "> one\n", "< 1\n", "> two\n", "< 2\n"]);
    let mut end = ordered(&talk);
    end.hears(1, b"one\ntoo\n");
    assert_eq!(end.failed(), "error: event 4 of talk.json differs");
    let (report, blame) = &end.failures[0];
    for told in ["recorded: two\n", "came:     too\n", "change the event, or record"] {
        assert!(report.contains(told), "{report}");
    }
    assert_eq!(*blame, Blame::Check);
    assert!(matches!(&end.tasks[..], [Task::Differs(mismatch)] if mismatch.event == 4));
    let mut end = ordered(&talk);
    end.hears(1, b"one\n");
    end.ends(1, Closed::Eof);
    assert_eq!(end.failed(), "error: event 4 of talk.json did not come: the peer has ended");
    let mut end = ordered(&talk);
    end.hears(1, b"one\ntwo\nthree\n");
    assert_eq!(end.failed(), "error: the peer said more than talk.json has");
}

#[test]
fn a_wait_has_a_limit_unless_the_mock_is_to_stay() {
    let mut talk = story(&["< hello\n", "> one\n", "> two\n", "< 2\n"]);
    talk.events[2].at = At::START + Duration::from_secs(60);
    let mut end = ordered(&talk);
    end.until(4999);
    end.hears(1, b"one\n");
    end.until(68_000);
    assert_eq!(end.failures, [], "it took as long when it was recorded");
    end.until(70_000);
    let why = "nothing came within 1m 4s";
    assert_eq!(end.failed(), format!("error: event 3 of talk.json did not come: {why}"));
    let mut end = ordered(&story(&["> one\n", "< 1\n"]));
    end.hears(1, b"on");
    end.until(10_000);
    let why = "only a part of it came within 5s";
    assert_eq!(end.failed(), format!("error: event 1 of talk.json did not come: {why}"));
    let stays = Mocking { timeout: None, ..mocking(Order::Ordered) };
    let mut end = serving(&mock(&talk, stays), 0);
    end.until(100_000_000);
    end.hears(1, b"one\ntwo\n");
    end.until(200_000_000);
    assert_eq!((end.sent(1).as_str(), &*end.failures, end.left()), ("hello\n2\n", &[][..], None));
    end.ends(1, Closed::Eof);
    assert_eq!(end.left(), Some(Leave::Done));
}

const OUTBOX: Queue = Queue::Outbox(ConnId::FIRST);

/// Asked for much, and asked more then.
fn much() -> Transcript {
    story(&["> much\n", &format!("< {}\n", "x".repeat(100 << 10)), "> more\n", "< no\n"])
}

#[test]
fn a_guest_has_so_long_to_take_what_is_said_and_its_answer_is_waited_for_from_then_on() {
    for order in [Order::Ordered, Order::Any] {
        let serve = |timeout| {
            let mock = mock(&much(), Mocking { timeout, ..mocking(order) });
            let mut end = serving(&mock, 0);
            end.hears(1, b"much\n");
            end.give(Input::Filled(OUTBOX));
            end
        };
        let mut stuck = serve(Some(Duration::from_secs(5)));
        stuck.until(4999);
        assert_eq!(stuck.failures, []);
        stuck.until(5000);
        let told = "error: talk.json was not said to its end: the peer took nothing within 5s";
        assert_eq!((stuck.failed(), stuck.failures[0].1), (told, Blame::Check));

        let mut slow = serve(Some(Duration::from_secs(5)));
        for second in [4, 8, 12] {
            slow.until(second * 1000);
            slow.give(Input::Moved(ConnId::FIRST));
        }
        slow.give(Input::Drained(OUTBOX));
        slow.until(16_999);
        assert_eq!((slow.sent(1).len(), &*slow.failures), ((100 << 10) + 1, &[][..]));
        slow.hears(1, b"more\n");
        assert!(slow.sent(1).ends_with("xx\nno\n"));

        let mut stays = serve(None);
        stays.until(100_000_000);
        assert_eq!(stays.failures, []);
    }
}

#[test]
fn a_guest_that_is_not_read_is_not_waited_for_either() {
    for (queue, order) in [(Queue::Stdout, Order::Ordered), (Queue::Journal, Order::Any)] {
        let mut end = serving(&mock(&much(), mocking(order)), 0);
        end.hears(1, b"much\n");
        end.until(1000);
        let said = end.sent(1);
        end.give(Input::Filled(queue));
        end.until(60_000);
        end.give(Input::Drained(queue));
        end.until(64_999);
        assert_eq!((&*end.failures, end.left()), (&[][..], None));
        end.hears(1, b"more\n");
        assert_eq!(end.sent(1), said + "no\n");
    }
}

#[test]
fn it_ends_as_it_did() {
    let talk = story(&["> one\n", "< 1\n"]);
    let first = then(talk.clone(), &[(Side::Server, "eof"), (Side::Client, "eof")]);
    let mut end = ordered(&first);
    end.hears(1, b"one\n");
    assert!(end.is_shut(1) && end.left().is_none());
    end.until(5000);
    let told = "event 4 of talk.json did not come: the peer has not ended within 5s";
    assert_eq!(end.failed(), format!("error: {told}"));

    let last = then(talk.clone(), &[(Side::Client, "eof"), (Side::Server, "eof")]);
    let mut end = ordered(&last);
    end.hears(1, b"one\n");
    end.until(4999);
    assert!(!end.is_shut(1), "the client ended first");
    end.ends(1, Closed::Eof);
    assert!(end.is_shut(1) && end.left() == Some(Leave::Done) && end.failures.is_empty());

    let mut end = ordered(&talk);
    end.hears(1, b"one\n");
    end.until(4999);
    assert_eq!(end.left(), None, "it may end when it likes");
    end.until(5000);
    assert_eq!((end.left(), played(&end), &*end.failures), (Some(Leave::Done), Some(1), &[][..]));

    let mut end = ordered(&then(talk, &[(Side::Server, "reset")]));
    end.hears(1, b"one\n");
    assert_eq!((end.sent(1).as_str(), end.left()), ("1\n", Some(Leave::Done)));
    assert!(end.told.effects().any(|effect| *effect == crate::session::Effect::Reset(conn(1))));
}

#[test]
fn a_client_may_end_its_side_early_where_it_said_all() {
    let talk = then(story(&["> one\n", "< 1\n", "< 2\n"]), &[(Side::Client, "eof")]);
    let mut end = ordered(&talk);
    end.hears(1, b"one\n");
    end.ends(1, Closed::Eof);
    assert_eq!((end.sent(1).as_str(), &*end.failures), ("1\n2\n", &[][..]));
}

#[test]
fn what_was_captured_from_the_client_is_said_again() {
    let mut talk = story(&["> I am bob\n", "< hello bob\n", "> it is 09:15\n", "< bye\n"]);
    marked(&mut talk, 1, |marks| marks.want = Some("^I am (?<who>\\w+)$".to_owned()));
    marked(&mut talk, 2, |marks| marks.send = Some("hello ${who}".to_owned()));
    for order in [Order::Ordered, Order::Any] {
        let mut end = serving(&mock_with(&talk, mocking(order), masked(&["s/\\d+:\\d+/T/"])), 0);
        end.hears(1, b"I am ann\nit is 23:59\n");
        assert_eq!(end.sent(1), "hello ann\nbye\n");
    }
    marked(&mut talk, 1, |marks| marks.want = None);
    for order in [Order::Ordered, Order::Any] {
        let mut end = serving(&mock(&talk, mocking(order)), 0);
        end.hears(1, b"I am bob\n");
        let told = "event 2 of talk.json: `who` in its `send` has no value";
        assert_eq!((end.failed(), end.failures[0].1), (&*format!("error: {told}"), Blame::Script));
    }
}

#[test]
fn lines_that_may_be_missing_or_in_another_order_may() {
    let mut talk = story(&["> a\n", "> b\n", "> c\n", "< ok\n"]);
    marked(&mut talk, 1, |marks| marks.opt = true);
    for event in [2, 3] {
        marked(&mut talk, event, |marks| marks.group = Some("g".to_owned()));
    }
    for said in [&b"a\nb\nc\n"[..], b"c\nb\n"] {
        let mut end = ordered(&talk);
        end.hears(1, said);
        assert_eq!((end.sent(1).as_str(), &*end.failures), ("ok\n", &[][..]));
    }
}

#[test]
fn a_recorded_pace_counts_from_what_was_said_before() {
    let mut talk = story(&["< hello\n", "> one\n", "< 1\n", "< 2\n"]);
    for (event, millis) in [(1, 5000), (2, 5300), (3, 6300)] {
        talk.events[event].at = At::START + Duration::from_millis(millis);
    }
    for (speed, max_idle, answers) in [(1.0, None, [300, 1300]), (2.0, Some(200), [100, 200])] {
        let pace = Pace::Recorded(speed);
        let max_idle = max_idle.map(Duration::from_millis);
        for order in [Order::Ordered, Order::Any] {
            let mut end = serving(&mock(&talk, Mocking { pace, max_idle, ..mocking(order) }), 0);
            end.until(2000);
            end.hears(1, b"one\n");
            for (after, sent) in [(answers[0], "hello\n1\n"), (answers[1], "hello\n1\n2\n")] {
                end.until(2000 + after - 1);
                assert_ne!(end.sent(1), sent);
                end.until(2000 + after);
                assert_eq!(end.sent(1), sent);
            }
        }
    }
}

#[test]
fn each_guest_has_the_next_conn_and_the_first_again_when_they_run_out() {
    let line = |n, from, text: &str| (Some(conn(n)), line(from, text.as_bytes(), Eol::Lf));
    let both = transcript(vec![
        line(1, Side::Server, "first"),
        line(2, Side::Server, "second"),
        line(2, Side::Client, "two"),
        line(1, Side::Client, "one"),
    ]);
    let mock = mock(&both, mocking(Order::Ordered));
    for (before, greeting, says) in
        [(0, "first\n", "one\n"), (1, "second\n", "two\n"), (2, "first\n", "one\n")]
    {
        let mut end = serving(&mock, before);
        assert_eq!(end.sent(1), greeting);
        end.hears(1, says.as_bytes());
        end.ends(1, Closed::Eof);
        assert_eq!(played(&end), Some(1));
    }
    let mut end = serving(&mock, 1);
    end.hears(1, b"one\n");
    assert_eq!(end.failed(), "error: event 3 of talk.json (conn 2) differs");
    let unplayed = |guests| mock.unplayed(guests).map(|failure| failure.report.to_string());
    assert!(unplayed(0).unwrap().starts_with("error: 2 conns of talk.json were never played\n"));
    let told = unplayed(1).unwrap();
    assert!(told.starts_with("error: a conn of talk.json was never played\n"), "{told}");
    assert!(told.contains("no guest came for talk.json#2"), "{told}");
    assert_eq!(unplayed(2), None);
}

#[test]
fn a_play_that_is_cut_short_says_what_it_waited_for() {
    let mut end = ordered(&story(&["> one\n", "< 1\n", "> two\n"]));
    end.hears(1, b"one\n");
    let told = end.runner.cut_short().unwrap().report.to_string();
    assert!(told.starts_with("error: event 3 of talk.json did not come: the mock was ended\n"));
    end.hears(1, b"two\n");
    assert_eq!(end.runner.cut_short(), None);
    let pace = Pace::Recorded(1.0);
    let mut talk = story(&["< slow\n", "> one\n"]);
    talk.events.iter_mut().for_each(|event| event.at = At::START + Duration::from_secs(9));
    let mut end = serving(&mock(&talk, Mocking { pace, ..mocking(Order::Ordered) }), 0);
    let told = end.runner.cut_short().unwrap().report.to_string();
    assert!(told.starts_with("error: event 2 of talk.json did not come"), "{told}");
    assert_eq!(end.sent(1), "", "it was about to say what comes before");
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(&[Side::Client, Side::Server][..])
}

/// Any conversation in which the server says something, and how it ended, if that was recorded.
fn conversation() -> impl Strategy<Value = Transcript> {
    let text = prop::collection::vec(prop::sample::select(&b"ab\r\xc3\xa9\xff\0"[..]), 0..6);
    let eol = prop::sample::select(&[Eol::Lf, Eol::CrLf, Eol::None][..]);
    let lines = prop::collection::vec((side(), text, eol), 1..16);
    let closes: [&[(Side, &str)]; 4] = [
        &[],
        &[(Side::Client, "eof")],
        &[(Side::Client, "eof"), (Side::Server, "eof")],
        &[(Side::Server, "eof"), (Side::Client, "eof")],
    ];
    let talks = (lines, prop::sample::select(closes.to_vec())).prop_map(|(lines, closes)| {
        let said = lines.into_iter();
        let said = said.map(|(from, text, eol)| (Some(conn(1)), line(from, &text, eol)));
        then(transcript(said.collect()), closes)
    });
    talks.prop_filter("the server says something", |talk| {
        part(talk).iter().any(|peer| matches!(peer, Peer::Says(bytes) if !bytes.is_empty()))
    })
}

/// What one side says in all.
fn said(talk: &Transcript, side: Side) -> Vec<u8> {
    let lines = talk.events.iter().filter_map(|event| match &event.what {
        What::Line(said) if said.from == side => Some(crate::wire::with_eol(&said.text, said.eol)),
        _ => None,
    });
    lines.collect::<Vec<_>>().concat()
}

fn ways() -> impl Strategy<Value = Ways> {
    let reads = prop::collection::vec(1_usize..12, 1..6);
    (0_u64..40, 1_usize..40, reads).prop_map(|(latency, capacity, reads)| {
        let latency = Duration::from_millis(latency);
        Ways { latency, capacity, reads, outbox: 2 * capacity }
    })
}

/// A client that plays one transcript, and a server that plays another, to the end of both.
fn pair(client: &Transcript, other: &Transcript, ways: Ways) -> Pair {
    let mut plays = End::new(&Options::script(Side::Client));
    plays.plays(Box::new(player(client)));
    let mocks = server(&mock(other, mocking(Order::Ordered)), 0);
    let mut pair = Pair::new(plays, mocks, ways);
    pair.run(Duration::from_secs(120));
    pair
}

/// The talk with one byte of a side changed, and the number of its event.
fn changed(talk: &Transcript, side: Side, nth: usize, change: u8) -> (Transcript, usize) {
    let (mut talk, mut rest) = (talk.clone(), nth);
    for (index, event) in talk.events.iter_mut().enumerate() {
        let What::Line(said) = &mut event.what else { continue };
        if said.from != side {
            continue;
        }
        if rest < said.text.len() {
            let mut text = said.text.to_vec();
            text[rest] ^= change;
            said.text = text.into();
            return (talk, index + 1);
        }
        rest -= said.text.len();
    }
    panic!("there is no such byte")
}

fn text_len(talk: &Transcript, side: Side) -> usize {
    let lens = talk.events.iter().map(|event| match &event.what {
        What::Line(said) if said.from == side => said.text.len(),
        _ => 0,
    });
    lens.sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn the_mock_of_a_transcript_satisfies_its_client(talk in conversation(), ways in ways()) {
        let pair = pair(&talk, &talk, ways);
        prop_assert_eq!((&pair.client.failures, &pair.server.failures), (&vec![], &vec![]));
        prop_assert_eq!(pair.client.told.heard(conn(1)), said(&talk, Side::Server));
        prop_assert_eq!(pair.server.told.heard(conn(1)), said(&talk, Side::Client));
        prop_assert!(played(&pair.client).is_some() && played(&pair.server).is_some());
        prop_assert_eq!(pair.server.left(), Some(Leave::Done));
    }

    #[test]
    fn a_byte_of_either_side_that_is_another_fails_where_it_is_heard(
        talk in conversation(),
        ways in ways(),
        side in side(),
        which in any::<prop::sample::Index>(),
        change in 1_u8..,
    ) {
        let len = text_len(&talk, side);
        prop_assume!(len > 0);
        let (other, event) = changed(&talk, side, which.index(len), change);
        let pair = pair(if side == Side::Client { &other } else { &talk }, if side == Side::Server { &other } else { &talk }, ways);
        let hears = if side == Side::Client { &pair.server } else { &pair.client };
        let told = hears.failed();
        // The byte may have been, or become, a part of the line end.
        let told = told.strip_suffix(" in its line end").unwrap_or(told);
        prop_assert_eq!(told, format!("error: event {event} of talk.json differs"));
    }
}
