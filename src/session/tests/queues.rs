//! Who waits for whom when a queue is full.

use super::*;
use crate::session::flow::SLOW_AFTER;
use crate::session::{Leave, Queue, Source};

fn filled(host: &mut Host, queue: Queue) -> Vec<Source> {
    host.give(Input::Filled(queue));
    host.told.paused()
}

fn drained(host: &mut Host, queue: Queue) -> Vec<Source> {
    host.give(Input::Drained(queue));
    host.told.paused()
}

#[test]
fn each_queue_pauses_what_feeds_it_until_it_has_drained() {
    let cases: [(Queue, &[Source]); 4] = [
        (Queue::Stdout, &[Source::Conns]),
        (Queue::Journal, &[Source::Conns, Source::Script]),
        (Queue::Outbox(conn(1)), &[Source::Script]),
        (Queue::Unread(conn(1)), &[Source::Conn(conn(1))]),
    ];
    for (queue, paused) in cases {
        let mut host = Host::connected();
        assert_eq!(filled(&mut host, queue), paused, "{queue:?}");
        assert_eq!(filled(&mut host, queue), paused, "told twice, {queue:?} is full once");
        assert_eq!(drained(&mut host, queue), [], "{queue:?}");
        assert_eq!(drained(&mut host, queue), []);
    }
}

#[test]
fn a_source_goes_on_when_the_last_queue_that_paused_it_has_drained() {
    let mut host = Host::connected();
    filled(&mut host, Queue::Stdout);
    filled(&mut host, Queue::Journal);
    filled(&mut host, Queue::Outbox(conn(1)));
    assert_eq!(drained(&mut host, Queue::Journal), [Source::Conns, Source::Script]);
    assert_eq!(drained(&mut host, Queue::Stdout), [Source::Script]);
    assert_eq!(drained(&mut host, Queue::Outbox(conn(1))), []);
}

#[test]
fn a_queue_of_a_conn_that_is_gone_pauses_nobody() {
    for queue in [Queue::Outbox(conn(1)), Queue::Unread(conn(1))] {
        let mut host = Host::listener(2);
        filled(&mut host, queue);
        host.ends(1, Ending::Reset);
        assert!(!host.told.paused().contains(&Source::Script), "{queue:?}");
        filled(&mut host, queue);
        assert!(!host.told.paused().contains(&Source::Script), "too late, {queue:?}");
        host.ends(2, Ending::Eof);
        filled(&mut host, Queue::Outbox(conn(2)));
        assert!(!drained(&mut host, Queue::Outbox(conn(2))).contains(&Source::Script));
    }
}

#[test]
fn a_guest_among_several_that_does_not_read_is_dropped_and_said_to_be_slow() {
    let mut host = Host::listener(2);
    filled(&mut host, Queue::Outbox(conn(1)));
    host.until(4999);
    assert!(!host.wants(&Effect::Close(conn(1))));
    assert_eq!(SLOW_AFTER, Duration::from_secs(5));
    host.until(5000);
    assert!(host.wants(&Effect::Close(conn(1))));
    assert_eq!(host.told.notices().last().unwrap(), "guest-1 left: slow");
    assert_eq!(host.said(), ["5000ms 1 server ended: slow"]);
    assert_eq!(host.told.paused(), [], "the others go on");
    host.drives(Drive::Ended);
    host.ends(2, Ending::Eof);
    assert_eq!(host.left(), Some(Leave::Done), "a slow guest is no broken connection");
}

#[test]
fn a_guest_that_drains_in_time_is_not_slow() {
    let mut host = Host::listener(2);
    filled(&mut host, Queue::Outbox(conn(1)));
    host.until(4999);
    drained(&mut host, Queue::Outbox(conn(1)));
    host.until(5001);
    filled(&mut host, Queue::Outbox(conn(1)));
    host.until(9000);
    assert!(!host.wants(&Effect::Close(conn(1))));
}

#[test]
fn an_outbox_that_overflows_drops_its_guest_only_where_there_are_others() {
    let mut host = Host::listener(2);
    host.give(Input::Overflowed(conn(2)));
    assert!(host.wants(&Effect::Close(conn(2))));
    host.give(Input::Overflowed(conn(1)));
    assert!(!host.wants(&Effect::Close(conn(1))), "a single guest is waited for");
    let mut host = Host::connected();
    host.give(Input::Overflowed(conn(1)));
    host.give(Input::Filled(Queue::Outbox(conn(1))));
    host.until(60_000);
    assert!(!host.wants(&Effect::Close(conn(1))), "and so is a server");
}
