//! Conns on real sockets, in virtual time.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use mio::{Events, Poll};
use socket2::SockRef;

use super::*;
use crate::net::Socket;
use crate::session::Queue;

const FIRST_TOKEN: usize = 8;
/// What the system is asked to hold at either end.
const BUFFER: usize = 256 << 10;
/// Far more than the system holds.
const MUCH: usize = 16 << 20;

/// One conn, in virtual time, and its peer.
struct Wire {
    poll: Poll,
    conns: Conns,
    id: ConnId,
    peer: TcpStream,
    inputs: VecDeque<Input>,
    now: At,
}

impl Wire {
    fn new() -> Wire {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (ours, _) = listener.accept().unwrap();
        ours.set_nonblocking(true).unwrap();
        SockRef::from(&ours).set_send_buffer_size(BUFFER).unwrap();
        SockRef::from(&peer).set_recv_buffer_size(BUFFER).unwrap();
        let stream = NetStream::Plain(Socket::Tcp(mio::net::TcpStream::from_std(ours)));
        let poll = Poll::new().unwrap();
        let mut conns = Conns::new(FIRST_TOKEN, MUCH);
        let id = conns.add(stream, poll.registry()).unwrap();
        Wire { poll, conns, id, peer, inputs: VecDeque::new(), now: At::START }
    }

    /// A conn on which there is much to send.
    fn loaded() -> Wire {
        let mut wire = Wire::new();
        wire.conns.send(Audience::All, Bytes::from(vec![b'x'; MUCH]));
        wire
    }

    /// One round of a loop.
    fn turn(&mut self) -> Vec<Closed> {
        let mut events = Events::with_capacity(8);
        self.poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        events.iter().for_each(|event| self.conns.event(event));
        self.conns.flush(&mut self.inputs);
        self.conns.settle(self.now)
    }

    fn hears(&mut self) -> usize {
        self.peer.read(&mut vec![0; 1 << 20]).unwrap()
    }

    fn moved(&self) -> bool {
        self.inputs.contains(&Input::Moved(self.id))
    }
}

#[test]
fn a_close_loses_nothing_where_the_peer_is_slow_and_steady() {
    let mut wire = Wire::loaded();
    wire.conns.close(wire.now, wire.id);
    let mut heard = 0;
    while heard < MUCH {
        let until = MUCH.min(heard + (2 << 20));
        while heard < until {
            assert!(wire.turn().iter().all(|closed| closed.unsent == 0), "{heard} heard");
            heard += wire.hears();
        }
        wire.now = wire.now + Duration::from_secs(4);
    }
    assert!(wire.now > At::START + Duration::from_secs(20), "longer than a close stalls");
    assert_eq!(wire.hears(), 0);
}

#[test]
fn a_close_tells_what_a_peer_that_reads_nothing_did_not_get() {
    for given_up in [false, true] {
        let mut wire = Wire::loaded();
        wire.conns.close(wire.now, wire.id);
        if given_up {
            wire.conns.give_up(wire.id);
        }
        assert!(wire.turn().is_empty());
        wire.now = wire.conns.deadline().unwrap();
        // What the system was still taking when it was asked first counts as taken.
        while let Some(deadline) = wire.conns.deadline() {
            wire.now = deadline;
            let closed = wire.turn();
            assert!(closed.iter().all(|closed| (closed.unsent > 0) != given_up));
            assert_eq!(closed.is_empty(), !wire.conns.is_empty());
        }
    }
}

#[test]
fn a_close_that_nothing_happened_to_is_left_alone() {
    let mut wire = Wire::new();
    wire.conns.close(wire.now, wire.id);
    assert!(wire.conns.has_dirty());
    assert!(wire.turn().is_empty() && wire.turn().is_empty());
    assert!(!wire.conns.has_dirty());
    assert_eq!(wire.conns.due(wire.now), BTreeSet::new());
    let deadline = wire.conns.deadline().unwrap();
    assert_eq!(wire.conns.due(deadline), BTreeSet::from([wire.id]));
}

#[test]
fn that_a_slow_peer_took_something_is_told_and_nothing_else_is() {
    let mut wire = Wire::loaded();
    wire.conns.shutdown(wire.id);
    wire.turn();
    assert!(!wire.moved(), "the first write waited for nothing");
    assert_eq!(wire.conns.deadline(), Some(wire.now + RETRY));
    wire.now = wire.now + RETRY;
    wire.turn();
    assert!(wire.conns.has_dirty(), "the system need not say that there is room: it is asked");
    let mut heard = 0;
    while !wire.moved() {
        heard += wire.hears();
        wire.now = wire.conns.deadline().unwrap();
        wire.turn();
        wire.turn();
    }
    assert!(heard < MUCH);
    while heard < MUCH {
        wire.turn();
        heard += wire.hears();
    }
    assert_eq!(wire.hears(), 0, "half-closed");
    wire.inputs.clear();
    wire.conns.send(Audience::All, Bytes::from_static(b"too late"));
    wire.turn();
    wire.turn();
    assert_eq!((wire.moved(), wire.conns.deadline()), (false, None));
}

#[test]
fn all_have_been_read_before_any_is_read_again_however_much_they_say() {
    const TALKERS: usize = 3 * TURN / READ;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let poll = Poll::new().unwrap();
    let mut conns = Conns::new(FIRST_TOKEN, MUCH);
    let mut peers = Vec::new();
    for _ in 0..TALKERS {
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        peer.write_all(&vec![b'x'; 2 * READ]).unwrap();
        peers.push(peer);
        let (ours, _) = listener.accept().unwrap();
        ours.set_nonblocking(true).unwrap();
        let stream = NetStream::Plain(Socket::Tcp(mio::net::TcpStream::from_std(ours)));
        conns.add(stream, poll.registry()).unwrap();
    }
    let mut read = Vec::new();
    while read.len() < TALKERS {
        let mut taken = 0;
        for id in conns.turn() {
            if let Some(Input::Received { bytes, .. }) = conns.read(id) {
                taken += bytes.len();
                read.push(id);
            }
        }
        assert!((1..TURN + READ).contains(&taken), "{taken} bytes in one turn");
        // What is paused in the middle of a turn keeps its place.
        let turn = conns.turn();
        conns.pause_all(true);
        assert!(turn.into_iter().all(|id| conns.read(id).is_none()) && !conns.has_ready());
        conns.pause_all(false);
        assert!(conns.has_ready());
    }
    let different: BTreeSet<ConnId> = read.iter().take(TALKERS).copied().collect();
    assert_eq!(different.len(), TALKERS);
}

#[test]
fn what_one_says_goes_to_the_others_and_who_is_full_goes_on_being_read() {
    let mut wire = Wire::new();
    let other = wire.id.next();
    wire.conns.pass(wire.id, Bytes::from_static(b"own words"));
    wire.conns.pass(other, Bytes::from_static(b"hello"));
    wire.turn();
    let mut heard = [0; 64];
    let len = wire.peer.read(&mut heard).unwrap();
    assert_eq!(&heard[..len], b"hello");
    wire.conns.pause_talkers(true);
    assert!(!wire.conns.has_ready());
    wire.conns.send(Audience::All, Bytes::from(vec![b'x'; 2 * MUCH]));
    wire.turn();
    assert!(wire.inputs.contains(&Input::Filled(Queue::Outbox(wire.id))));
    assert!(wire.conns.has_ready());
    wire.conns.pause_talkers(false);
    assert!(wire.conns.has_ready());
}

#[test]
fn what_is_said_to_all_and_to_one_keeps_its_order_to_the_last() {
    let mut wire = Wire::new();
    let other = wire.id.next();
    wire.conns.pass(other, Bytes::from_static(b"one "));
    wire.conns.send(Audience::One(wire.id), Bytes::from_static(b"two "));
    wire.conns.send(Audience::All, Bytes::from_static(b"three "));
    wire.conns.pass(other, Bytes::from_static(b"four"));
    assert!(wire.conns.has_dirty());
    wire.conns.close(wire.now, wire.id);
    wire.conns.send(Audience::All, Bytes::from_static(b"too late"));
    wire.turn();
    let mut heard = String::new();
    wire.peer.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "one two three four");
}

#[test]
fn an_outbox_of_any_size_that_was_filled_is_drained_when_it_is_empty() {
    let mut wire = Wire::new();
    let slot = wire.conns.slots.get_mut(&wire.id).unwrap();
    for outbox in 0..10 {
        let mut inputs = VecDeque::new();
        slot.conn.send(Bytes::from_static(b"0123456789"));
        slot.level(wire.id, outbox, &mut inputs);
        assert_eq!(inputs.pop_front(), Some(Input::Filled(Queue::Outbox(wire.id))));
        assert_eq!(slot.conn.flush(), Ok(Flushed::All));
        inputs.clear();
        slot.level(wire.id, outbox, &mut inputs);
        assert_eq!(inputs, [Input::Drained(Queue::Outbox(wire.id))], "--outbox {outbox}");
    }
}
