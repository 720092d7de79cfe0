//! Who knocks, with real sockets and a clock of the test.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;
use crate::net::testing::EventLoop;
use crate::net::{Descriptors, DialFailure, DialOptions, Dialer, Listener, Tls, TlsOptions};

fn at(millis: u64) -> At {
    At::START + Duration::from_millis(millis)
}

fn listener() -> (Listener, String) {
    let address = "tls:127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(&address, Descriptors::Any, &Tls::default()).unwrap();
    let local = listener.local().remove(0);
    (listener, local)
}

fn knock(local: &str) -> TcpStream {
    TcpStream::connect(local.trim_start_matches("tls:")).unwrap()
}

/// Accepts until there is something to tell, or nothing more to do.
fn accept(listener: &mut Listener, events: &EventLoop, now: At) -> Accepted {
    loop {
        match listener.accept(events.registry(), now).unwrap() {
            Accepted::Stepped => {}
            told => return told,
        }
    }
}

#[test]
fn who_says_nothing_has_ten_seconds() {
    let ((mut listener, local), events) = (listener(), EventLoop::new());
    let _silent = knock(&local);
    assert!(matches!(accept(&mut listener, &events, at(5)), Accepted::Nobody));
    let mut half = knock(&local);
    half.write_all(&[22, 3, 1]).unwrap();
    assert!(matches!(accept(&mut listener, &events, at(7)), Accepted::Nobody));
    for (millis, until) in [(10_004, Some(at(10_005))), (10_005, Some(at(10_007)))] {
        let told = accept(&mut listener, &events, at(millis));
        let turned = matches!(
            told,
            Accepted::Turned { why: Barred::Tls(TlsFailure::Stalled { after: PATIENCE }), .. }
        );
        assert_eq!((turned, listener.deadline()), (millis == 10_005, until), "{told:?}");
    }
    let told = accept(&mut listener, &events, at(10_007));
    assert!(matches!(told, Accepted::Turned { .. }), "{told:?}");
    assert_eq!(listener.deadline(), None);
    assert_eq!(half.read(&mut [0; 1]).unwrap(), 0, "it is gone");
}

#[test]
fn who_came_first_makes_room_where_too_many_knock() {
    crate::net::raise_descriptor_limit();
    let ((mut listener, local), mut events) = (listener(), EventLoop::new());
    let mut crowd = Vec::new();
    for n in 0..=MOST {
        crowd.push(knock(&local));
        let told = accept(&mut listener, &events, at(1));
        let turned = matches!(&told, Accepted::Turned { addr, .. }
            if *addr == crowd[0].local_addr().unwrap().to_string());
        assert_eq!(turned, n == MOST, "{n}: {told:?}");
    }
    let pins = listener.pin().into_iter().collect();
    let tls = Tls::load(TlsOptions { pins, ..TlsOptions::default() }).unwrap();
    let options = DialOptions { tls, ..DialOptions::default() };
    let address = local.parse().unwrap();
    let mut dialer = Dialer::start(address, options, Token(0), events.waker(), at(1));
    let (mut guest, mut server) = (None, None);
    while guest.is_none() || server.is_none() {
        guest = guest.or_else(|| dialer.advance(events.registry(), at(1)).map(Result::unwrap));
        match accept(&mut listener, &events, at(1)) {
            Accepted::Guest(link) => server = Some(link),
            Accepted::Nobody => events.wait_for(|token| listener.event(token)),
            _ => {}
        }
    }
}

/// A private listener, and its code.
fn private() -> (Listener, String, Code) {
    private_for(None)
}

/// The same, for those who come from these networks.
fn private_for(allow: Option<Vec<Network>>) -> (Listener, String, Code) {
    let (address, code) = ("127.0.0.1:0".parse().unwrap(), Code::make().unwrap());
    let book = CodeBook::new(code.clone(), false, at(0));
    let listener = Listener::private(&address, Descriptors::Any, book, allow).unwrap();
    assert_eq!((listener.pin(), listener.code()), (None, Some(&code)));
    let local = listener.local().remove(0);
    (listener, local, code)
}

fn dialer(local: &str, options: DialOptions, events: &EventLoop) -> Dialer {
    Dialer::start(local.parse().unwrap(), options, Token(0), events.waker(), at(0))
}

/// What a listener tells of a guest with this code, who comes now; and what the guest is told.
fn guesses(listener: &mut Listener, code: &Code, now: At) -> (Accepted, Option<DialFailure>) {
    let mut events = EventLoop::new();
    let local = listener.local().remove(0);
    let options = DialOptions { code: Some(code.clone()), ..DialOptions::default() };
    let mut dialer = dialer(&local, options, &events);
    let (mut told, mut dialed) = (None, None);
    while told.is_none() || dialed.is_none() {
        dialed = dialed.or_else(|| dialer.advance(events.registry(), at(0)));
        if told.is_some() {
            if dialed.is_none() {
                events.wait();
            }
            continue;
        }
        match listener.accept(events.registry(), now).unwrap() {
            Accepted::Nobody if dialed.is_none() => events.wait_for(|token| listener.event(token)),
            Accepted::Nobody | Accepted::Stepped => {}
            other => told = Some(other),
        }
    }
    (told.unwrap(), dialed.unwrap().err().map(|err| err.failure))
}

#[test]
fn who_is_silent_over_tls_has_as_much_time_as_who_is_silent_before() {
    let ((mut listener, local, _), mut events) = (private(), EventLoop::new());
    let tls = Tls::load(TlsOptions { insecure: true, ..TlsOptions::default() }).unwrap();
    let mut dialer = dialer(&local, DialOptions { tls, ..DialOptions::default() }, &events);
    let mut link = None;
    while link.is_none() {
        link = dialer.advance(events.registry(), at(0)).map(Result::unwrap);
        match listener.accept(events.registry(), at(5)).unwrap() {
            Accepted::Nobody if link.is_none() => events.wait_for(|token| listener.event(token)),
            Accepted::Nobody | Accepted::Stepped => {}
            told => panic!("{told:?}"),
        }
    }
    // What it has said last may be on its way.
    while !matches!(listener.accept(events.registry(), at(6)).unwrap(), Accepted::Nobody) {}
    assert_eq!(listener.deadline(), Some(at(10_005)));
    let told = accept(&mut listener, &events, at(10_005));
    assert!(matches!(told, Accepted::Turned { .. }), "{told:?}");
    assert_eq!(listener.deadline(), None);
}

#[test]
fn a_code_is_void_after_five_wrong_guesses_and_there_is_another_once_a_minute() {
    let (mut listener, _, first) = private();
    let wrong = Code::make().unwrap();
    let (told, failed) = guesses(&mut listener, &first, at(0));
    assert!(matches!((&told, &failed), (Accepted::Guest(_), None)), "{told:?} {failed:?}");
    let wear_out = |listener: &mut Listener, from: u64| {
        for (millis, remain) in [(0, 4), (500, 3), (1500, 2), (3500, 1), (7500, 0)] {
            let (told, failed) = guesses(listener, &wrong, at(from + millis));
            assert!(matches!(told, Accepted::Guessed { left, .. } if left == remain), "{told:?}");
            assert_eq!(failed, Some(DialFailure::Proof(ProofFailure::Refused)));
        }
    };
    wear_out(&mut listener, 0);
    let events = EventLoop::new();
    let told = accept(&mut listener, &events, at(7500));
    let Accepted::Renewed(Ok(second)) = told else { panic!("{told:?}") };
    assert_eq!(listener.code(), Some(&second));
    let (told, failed) = guesses(&mut listener, &first, at(7500));
    assert!(
        matches!(told, Accepted::Guessed { left: 4, .. }),
        "an old one is a wrong one: {told:?}"
    );
    assert_eq!(failed, Some(DialFailure::Proof(ProofFailure::Refused)));
    let (told, failed) = guesses(&mut listener, &second, at(8000));
    assert!(matches!((&told, &failed), (Accepted::Guest(_), None)), "{told:?} {failed:?}");
    for (millis, remain) in [(8000, 3), (9000, 2), (11_000, 1), (15_000, 0)] {
        let (told, _) = guesses(&mut listener, &wrong, at(millis));
        assert!(matches!(told, Accepted::Guessed { left, .. } if left == remain), "{told:?}");
    }
    assert_eq!(listener.deadline(), Some(at(67_500)));
    let (told, failed) = guesses(&mut listener, &second, at(20_000));
    let void = Barred::Proof(ProofFailure::Void);
    assert!(matches!(told, Accepted::Turned { why, .. } if why == void));
    assert_eq!(failed, Some(DialFailure::Proof(ProofFailure::Refused)), "it is told no more");
    let told = accept(&mut listener, &events, at(67_500));
    assert!(matches!(told, Accepted::Renewed(Ok(_))), "{told:?}");
}

#[test]
fn who_is_not_allowed_to_come_makes_no_guess() {
    let (mut listener, _, right) = private_for(Some(vec!["10.0.0.0/8".parse().unwrap()]));
    let denied = TlsFailure::Alert("it does not let us in (alert `AccessDenied`)".to_owned());
    let wrong = Code::make().unwrap();
    for code in [&wrong, &wrong, &wrong, &wrong, &wrong, &wrong, &right] {
        let (told, failed) = guesses(&mut listener, code, at(0));
        assert!(matches!(told, Accepted::Turned { why: Barred::NotAllowed, .. }), "{told:?}");
        assert_eq!(failed, Some(DialFailure::Tls(denied.clone())));
    }
    assert_eq!((listener.code(), listener.deadline()), (Some(&right), None), "it is good still");
}

#[test]
fn who_is_allowed_to_come_is_asked_for_the_code() {
    let (mut listener, _, right) = private_for(Some(vec!["127.0.0.0/8".parse().unwrap()]));
    let (told, _) = guesses(&mut listener, &Code::make().unwrap(), at(0));
    assert!(matches!(told, Accepted::Guessed { left: 4, .. }), "{told:?}");
    let (told, failed) = guesses(&mut listener, &right, at(500));
    assert!(matches!((&told, &failed), (Accepted::Guest(_), None)), "{told:?} {failed:?}");
}

#[test]
fn who_is_not_allowed_to_come_and_is_silent_has_as_much_time_as_others() {
    let ((mut listener, local, _), events) = (private_for(Some(Vec::new())), EventLoop::new());
    let mut silent = knock(&local);
    assert!(matches!(accept(&mut listener, &events, at(5)), Accepted::Nobody));
    let told = accept(&mut listener, &events, at(10_005));
    assert!(matches!(told, Accepted::Turned { why: Barred::NotAllowed, .. }), "{told:?}");
    assert_eq!(silent.read(&mut [0; 1]).unwrap(), 0, "it is gone");
}
