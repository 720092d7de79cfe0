//! A dialer, with real sockets and a clock of the test.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use super::*;
use crate::net::testing::{EventLoop, refusing, silent};

type Outcome = Result<Link, DialError>;

const START: At = At::from_micros(7_000_000);

fn at(millis: u64) -> At {
    START + Duration::from_millis(millis)
}

fn dialer(events: &EventLoop, address: &str, retry: Duration) -> Dialer {
    let options = DialOptions { retry, ..DialOptions::default() };
    Dialer::start(address.parse().unwrap(), options, Token(0), events.waker(), START)
}

/// The outcome, with the clock standing still.
fn outcome(dialer: &mut Dialer, events: &mut EventLoop, now: At) -> Outcome {
    loop {
        if let Some(outcome) = dialer.advance(events.registry(), now) {
            assert_eq!(dialer.deadline(), None);
            assert!(dialer.advance(events.registry(), now).is_none(), "it comes once");
            return outcome;
        }
        events.wait();
    }
}

/// Waits until the dialer pauses, and says until when.
fn pause(dialer: &mut Dialer, events: &mut EventLoop, now: At) -> At {
    loop {
        let outcome = dialer.advance(events.registry(), now);
        assert!(outcome.is_none(), "{outcome:?}");
        match dialer.stage {
            Stage::Pausing(until) => return until,
            _ => events.wait(),
        }
    }
}

#[test]
fn a_listener_is_reached_and_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let mut events = EventLoop::new();
    let link = outcome(&mut dialer(&events, &addr, Duration::ZERO), &mut events, START).unwrap();
    assert_eq!(link.addr, addr);
    listener.accept().unwrap();
}

#[test]
fn no_host_and_localhost_are_this_machine_by_either_family() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    for host in ["", "localhost"] {
        let mut events = EventLoop::new();
        let mut dialer = dialer(&events, &format!("{host}:{}", addr.port()), Duration::ZERO);
        let link = outcome(&mut dialer, &mut events, START).unwrap();
        assert_eq!(link.addr, addr.to_string());
    }
}

#[test]
fn a_refusal_is_told_with_what_to_do() {
    let (_held, addr) = refusing();
    let mut events = EventLoop::new();
    let mut dialer = dialer(&events, &addr.to_string(), Duration::ZERO);
    let told = outcome(&mut dialer, &mut events, START).unwrap_err().to_string();
    assert_eq!(
        told,
        format!(
            "cannot connect to `{addr}`: connection refused; \
             is the server running? `--retry 5s` keeps trying"
        )
    );
}

#[test]
fn silence_is_given_ten_seconds() {
    let (_held, addr) = silent();
    let events = EventLoop::new();
    let mut dialer = dialer(&events, &addr.to_string(), Duration::ZERO);
    for now in [0, 9_999] {
        assert!(dialer.advance(events.registry(), at(now)).is_none());
        assert_eq!(dialer.deadline(), Some(at(10_000)));
    }
    let err = dialer.advance(events.registry(), at(10_002)).unwrap().unwrap_err();
    let after = Duration::from_secs(10);
    assert_eq!(err.failure, DialFailure::TimedOut { after });
}

#[test]
fn a_name_that_nobody_has_is_told() {
    // A label over 63 octets (RFC 1035) is refused without asking a name server.
    let host = format!("{}.invalid", "a".repeat(64));
    let mut events = EventLoop::new();
    let mut dialer = dialer(&events, &format!("{host}:5"), Duration::ZERO);
    let err = outcome(&mut dialer, &mut events, START).unwrap_err();
    let DialFailure::NotFound { why } = &err.failure else { panic!("{err:?}") };
    assert!(!why.is_empty() && err.to_string().contains(why), "{err}");
}

#[test]
fn a_lookup_that_hangs_is_given_ten_seconds() {
    let events = EventLoop::new();
    let mut dialer = dialer(&events, "example.org:5", Duration::ZERO);
    let (_never, answer) = channel();
    dialer.stage = Stage::LookingUp(answer);
    assert!(dialer.advance(events.registry(), at(9_999)).is_none());
    assert_eq!(dialer.deadline(), Some(at(10_000)));
    let err = dialer.advance(events.registry(), at(10_000)).unwrap().unwrap_err();
    assert!(matches!(err.failure, DialFailure::TimedOut { .. }), "{err:?}");
}

#[test]
fn a_retry_reaches_a_server_that_comes_later() {
    let (socket, addr) = refusing();
    let mut events = EventLoop::new();
    let mut dialer = dialer(&events, &addr.to_string(), Duration::from_secs(5));
    assert_eq!(pause(&mut dialer, &mut events, START), at(10));
    assert!(dialer.advance(events.registry(), at(9)).is_none());
    assert_eq!(pause(&mut dialer, &mut events, at(10)), at(25));
    socket.listen(1).unwrap();
    let link = outcome(&mut dialer, &mut events, at(25)).unwrap();
    assert_eq!(link.addr, addr.to_string());
}

#[test]
fn a_retry_ends_with_its_time() {
    let (_held, addr) = refusing();
    let mut events = EventLoop::new();
    let mut dialer = dialer(&events, &addr.to_string(), Duration::from_secs(5));
    let (mut now, mut rounds) = (START, 0);
    while now < at(5_000) {
        let next = pause(&mut dialer, &mut events, now);
        assert!(next.since(now) <= LONGEST_PAUSE && next > now);
        (now, rounds) = (next, rounds + 1);
    }
    assert_eq!((now, rounds), (at(5_000), 15));
    let told = outcome(&mut dialer, &mut events, now).unwrap_err().to_string();
    assert_eq!(told, format!("cannot connect to `{addr}`: connection refused; tried for 5s"));
}

#[test]
fn a_unix_socket_that_is_not_there_yet_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chat.sock");
    let address = format!("unix:{}", path.display());
    let mut events = EventLoop::new();
    let mut once = dialer(&events, &address, Duration::ZERO);
    let err = outcome(&mut once, &mut events, START).unwrap_err();
    assert_eq!(err.failure, DialFailure::NoSocket);

    let mut dialer = dialer(&events, &address, Duration::from_secs(1));
    let until = pause(&mut dialer, &mut events, START);
    let _listener = UnixListener::bind(&path).unwrap();
    let link = outcome(&mut dialer, &mut events, until).unwrap();
    assert_eq!(link.addr, address);
}

#[test]
fn what_cannot_pass_is_not_retried() {
    let mut events = EventLoop::new();
    let address = format!("unix:/{}", "x".repeat(200));
    let mut dialer = dialer(&events, &address, Duration::from_secs(5));
    let err = outcome(&mut dialer, &mut events, START).unwrap_err();
    assert!(matches!(err.failure, DialFailure::Failed(_)), "{err:?}");
    assert_eq!(err.retried, None);
}

#[test]
fn a_crowd_at_a_unix_socket_waits_its_turn() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chat.sock");
    let listener =
        socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    listener.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
    listener.listen(0).unwrap();
    let address = format!("unix:{}", path.display());
    let mut events = EventLoop::new();
    let mut crowd = Vec::new();
    let (mut waiting, until) = loop {
        let mut dialer = dialer(&events, &address, Duration::ZERO);
        match dialer.advance(events.registry(), START) {
            Some(outcome) => crowd.push(outcome.unwrap()),
            None => break (dialer, at(10)),
        }
        assert!(crowd.len() < 1000, "the queue never fills");
    };
    assert_eq!(waiting.deadline(), Some(until));
    listener.accept().unwrap();
    assert!(outcome(&mut waiting, &mut events, until).is_ok());
}
