//! Conns over a narrow stream in memory, and over the system's.

use std::collections::VecDeque;
use std::io::{Read, Write};

use mio::{Interest, Token};

use super::*;
use crate::net::memory::{End, pair};
use crate::net::testing::EventLoop;
use crate::net::{Pour, Socket};

const START: At = At::START;

fn open() -> (Conn<End>, End) {
    let (ours, theirs) = pair();
    (Conn::new(ours), theirs)
}

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn every_byte_arrives_through_a_narrow_stream() {
    let (mut conn, mut peer) = open();
    for line in ["one\n", "a line that is longer than the stream\n", "", "three\n"] {
        conn.send(Bytes::from_static(line.as_bytes()));
    }
    let mut heard = Vec::new();
    while conn.flush() == Ok(Flushed::Blocked) {
        heard.extend(peer.hear());
        assert_eq!(conn.queued() + heard.len() + peer.unheard(), 48);
    }
    heard.extend(peer.hear());
    assert_eq!(heard, b"one\na line that is longer than the stream\nthree\n");
    assert_eq!(conn.unsent(), 0);
}

#[test]
fn a_half_close_waits_for_what_was_said_before_it() {
    let (mut conn, mut peer) = open();
    conn.send(Bytes::from_static(b"more than eight"));
    conn.shutdown();
    assert_eq!(conn.flush(), Ok(Flushed::Blocked));
    assert!(!peer.has_eof());
    assert_eq!(peer.hear(), b"more tha");
    assert_eq!(conn.flush(), Ok(Flushed::All));
    assert!(peer.has_eof());
    assert_eq!(peer.hear(), b"n eight");
    conn.send(Bytes::from_static(b"too late"));
    assert_eq!(conn.flush(), Ok(Flushed::All));
    assert_eq!((peer.hear(), conn.unsent()), (vec![], 8));
}

#[test]
fn what_is_said_is_taken_at_once_or_waits() {
    let (mut conn, mut peer) = open();
    assert_eq!(conn.say(&Bytes::from_static(b"short\n")), Ok(Flushed::All));
    assert_eq!(peer.hear(), b"short\n");
    assert_eq!(conn.say(&Bytes::from_static(b"more than eight")), Ok(Flushed::Blocked));
    assert_eq!(conn.say(&Bytes::from_static(b", and behind it")), Ok(Flushed::Blocked));
    assert_eq!(conn.queued(), 22);
    let mut heard = peer.hear();
    while conn.flush() == Ok(Flushed::Blocked) {
        heard.extend(peer.hear());
    }
    heard.extend(peer.hear());
    assert_eq!(heard, b"more than eight, and behind it");
    peer.reset_on_drop();
    assert_eq!(conn.say(&Bytes::from_static(b"lost")), Err(Ending::Reset));
    assert_eq!((conn.queued(), conn.unsent()), (0, 4));
}

#[test]
fn reading_tells_when_another_read_would_only_block() {
    let (mut conn, mut peer) = open();
    let mut buf = [0; 4];
    peer.write_all(b"123456").unwrap();
    assert_eq!(conn.read(&mut buf), ReadOutcome::Bytes { n: 4, drained: false });
    assert_eq!(conn.read(&mut buf), ReadOutcome::Bytes { n: 2, drained: true });
    assert_eq!(conn.read(&mut buf), ReadOutcome::WouldBlock);
    peer.write_all(b"7").unwrap();
    peer.shutdown_write().unwrap();
    conn.eof_is_due();
    assert_eq!(conn.read(&mut buf), ReadOutcome::Bytes { n: 1, drained: false });
    assert_eq!(conn.read(&mut buf), ReadOutcome::Eof);
    assert_eq!(conn.read(&mut buf), ReadOutcome::Eof);
    conn.send(Bytes::from_static(b"answer"));
    assert_eq!(conn.flush(), Ok(Flushed::All), "a peer that has ended still listens");
    assert_eq!(peer.hear(), b"answer");
}

#[test]
fn what_was_said_before_a_reset_is_heard() {
    let (mut conn, mut peer) = open();
    peer.write_all(b"bye").unwrap();
    peer.reset_on_drop();
    conn.send(Bytes::from_static(b"hello"));
    assert_eq!(conn.flush(), Err(Ending::Reset));
    assert_eq!(conn.flush(), Err(Ending::Reset));
    assert_eq!((conn.queued(), conn.unsent()), (0, 5));
    let mut buf = [0; 8];
    assert_eq!(conn.read(&mut buf), ReadOutcome::Bytes { n: 3, drained: true });
    assert_eq!(conn.read(&mut buf), ReadOutcome::Failed(Ending::Reset));
    assert_eq!(conn.read(&mut buf), ReadOutcome::Failed(Ending::Reset));
    conn.close(START);
    assert_eq!(conn.settle(START, &mut buf), Settled::Done { unsent: 5, whole: false });
}

#[test]
fn a_close_discards_for_half_a_second() {
    let (mut conn, mut peer) = open();
    conn.send(Bytes::from_static(b"bye\n"));
    conn.close(START);
    assert!(conn.is_closing());
    let mut scratch = [0; 4];
    assert_eq!(conn.settle(START, &mut scratch), Settled::Pending);
    assert_eq!(peer.hear(), b"bye\n");
    assert!(peer.has_eof());
    assert_eq!(conn.deadline(), Some(START + DISCARD));
    for at in [100, 499] {
        peer.write_all(b"and then").unwrap();
        assert_eq!(conn.settle(START + millis(at), &mut scratch), Settled::Pending);
        assert_eq!(conn.stream_mut().unheard(), 0, "it is read, or the peer sees a reset");
    }
    assert_eq!(
        conn.settle(START + millis(500), &mut scratch),
        Settled::Done { unsent: 0, whole: true }
    );
}

#[test]
fn a_close_ends_when_the_peer_does() {
    let (mut conn, mut peer) = open();
    conn.close(START);
    let mut scratch = [0; 4];
    assert_eq!(conn.settle(START, &mut scratch), Settled::Pending);
    peer.write_all(b"last one").unwrap();
    peer.shutdown_write().unwrap();
    assert_eq!(conn.settle(START, &mut scratch), Settled::Done { unsent: 0, whole: true });
}

#[test]
fn a_close_gives_up_on_a_peer_that_does_not_read() {
    let (mut conn, mut peer) = open();
    conn.send(Bytes::from(vec![b'x'; 20]));
    conn.close(START);
    let mut scratch = [0; 4];
    assert_eq!(conn.settle(START, &mut scratch), Settled::Pending);
    assert_eq!(peer.hear().len(), 8);
    let moved = START + millis(4000);
    assert_eq!(conn.settle(moved, &mut scratch), Settled::Pending);
    assert_eq!(conn.deadline(), Some(moved + STALL), "a peer that reads is given time");
    let stalled = moved + millis(4999);
    assert_eq!(conn.settle(stalled, &mut scratch), Settled::Pending);
    assert_eq!(conn.settle(moved + STALL, &mut scratch), Settled::Done { unsent: 4, whole: true });
}

#[test]
fn a_reset_comes_behind_what_the_peer_takes_at_once() {
    let (conn, mut peer) = open();
    conn.reset();
    let heard = peer.read(&mut [0; 1]).unwrap_err();
    assert_eq!(heard.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn the_last_words_before_a_reset_are_heard_from_the_system_too() {
    let mut events = EventLoop::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut peer, _) = listener.accept().unwrap();
    ours.set_nonblocking(true).unwrap();
    let mut conn = Conn::new(Socket::tuned(mio::net::TcpStream::from_std(ours)));
    conn.send(Bytes::from_static(b"unread"));
    assert_eq!(conn.flush(), Ok(Flushed::All));
    peer.peek(&mut [0; 1]).unwrap();
    peer.write_all(b"bye").unwrap();
    drop(peer);
    // The reset is the last to come, so it is there when writing fails.
    events.registry().register(conn.stream_mut(), Token(0), Interest::READABLE).unwrap();
    conn.send(Bytes::from_static(b"?"));
    while conn.flush().is_ok() {
        events.wait();
        conn.send(Bytes::from_static(b"?"));
    }
    let mut buf = [0; 8];
    assert_eq!(conn.read(&mut buf), ReadOutcome::Bytes { n: 3, drained: true });
    assert_eq!(&buf[..3], b"bye");
    assert_eq!(conn.read(&mut buf), ReadOutcome::Failed(Ending::Reset));
}

/// A stream as TLS is one: it holds back what it was given until it is flushed, has a last word of
/// its own, and hands out two bytes at a time.
struct Records {
    wire: End,
    held: VecDeque<u8>,
    ending: bool,
}

impl Read for Records {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = buf.len().min(2);
        self.wire.read(&mut buf[..n])
    }
}

impl Write for Records {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.held.extend(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.held.is_empty() {
            let taken = self.wire.write(self.held.make_contiguous())?;
            self.held.drain(..taken);
        }
        Ok(())
    }
}

impl Pour for Records {}

impl Stream for Records {
    fn short_read_is_all(&self) -> bool {
        false
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.ending, true) {
            self.held.push_back(b'.');
        }
        self.flush()?;
        self.wire.shutdown_write()
    }

    fn reset_on_drop(&mut self) {
        self.wire.reset_on_drop();
    }

    fn take_error(&mut self) -> Option<io::Error> {
        self.wire.take_error()
    }
}

fn open_records() -> (Conn<Records>, End) {
    let (wire, theirs) = pair();
    (Conn::new(Records { wire, held: VecDeque::new(), ending: false }), theirs)
}

#[test]
fn what_a_stream_holds_back_is_passed_on_before_the_half_close() {
    let (mut conn, mut peer) = open_records();
    conn.send(Bytes::from_static(b"sixteen in bytes"));
    assert_eq!((conn.flush(), conn.queued()), (Ok(Flushed::Blocked), 0));
    assert_eq!(peer.hear(), b"sixteen ");
    conn.shutdown();
    assert_eq!(conn.flush(), Ok(Flushed::Blocked), "there is no room for the last word");
    assert!(!peer.has_eof());
    assert_eq!(peer.hear(), b"in bytes");
    assert_eq!(conn.flush(), Ok(Flushed::All));
    assert!(peer.has_eof());
    assert_eq!(conn.flush(), Ok(Flushed::All));
    assert_eq!(peer.hear(), b".", "said once");
}

#[test]
fn a_short_read_tells_nothing_where_a_stream_hands_out_records() {
    let (mut conn, mut peer) = open_records();
    let mut buf = [0; 16];
    peer.write_all(b"123").unwrap();
    assert_eq!(conn.read(&mut buf), ReadOutcome::Bytes { n: 2, drained: false });
    assert_eq!(conn.read(&mut buf), ReadOutcome::Bytes { n: 1, drained: false });
    assert_eq!(conn.read(&mut buf), ReadOutcome::WouldBlock);
    conn.close(START);
    peer.write_all(b"12345678").unwrap();
    peer.shutdown_write().unwrap();
    assert_eq!(conn.settle(START, &mut buf), Settled::Done { unsent: 0, whole: true });
}

/// A stream whose other end never stops talking.
struct Flood;

impl Read for Flood {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(buf.len())
    }
}

impl Write for Flood {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pour for Flood {}

impl Stream for Flood {
    fn short_read_is_all(&self) -> bool {
        true
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn reset_on_drop(&mut self) {}

    fn take_error(&mut self) -> Option<io::Error> {
        None
    }
}

#[test]
fn a_flood_is_discarded_in_turns_and_not_for_ever() {
    let mut conn = Conn::new(Flood);
    conn.close(START);
    let mut scratch = [0; 8];
    assert_eq!(conn.settle(START, &mut scratch), Settled::More);
    let done = Settled::Done { unsent: 0, whole: true };
    assert_eq!(conn.settle(START + DISCARD, &mut scratch), done);
}

#[test]
fn a_reset_behind_a_half_close_is_read_once_the_event_of_it_has_come() {
    let (mut conn, mut theirs) = open();
    let mut buf = [0; 8];
    theirs.shutdown_write().unwrap();
    assert_eq!(conn.read(&mut buf), ReadOutcome::Eof);
    theirs.reset_on_drop();
    assert_eq!(conn.read(&mut buf), ReadOutcome::Eof);
    conn.error_is_due();
    assert_eq!(conn.read(&mut buf), ReadOutcome::Failed(Ending::Reset));
}
