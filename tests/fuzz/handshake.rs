//! What the ends of a private conversation say to prove the code.

use chat_repl::net::private::Code;
use chat_repl::net::private::exchange::{Guest, GuestHears, Host, HostHears};

use super::random::Random;

/// All that one end says to the other: a share, a verdict and a proof.
const LONGEST: usize = 34 + 33;

#[test]
fn whatever_a_host_is_told_is_no_right_guess() {
    super::run("host", words, |said, random| {
        let mut host = Host::new(code(), [3; 32]);
        let mut rest = said;
        while host.wants() > 0 && !rest.is_empty() {
            let (now, later) = rest.split_at(piece(rest, host.wants(), random));
            rest = later;
            match host.hears(now) {
                Ok(HostHears::More) => {}
                Ok(HostHears::Say(answer)) => assert_eq!(answer.len(), 34),
                Ok(HostHears::Guess(right)) => {
                    assert!(!right, "nobody knows the code here");
                    assert_eq!(host.verdict(true), [0]);
                    return;
                }
                Err(_) => return,
            }
        }
    });
}

#[test]
fn whatever_a_guest_is_told_proves_nothing() {
    super::run("guest", words, |said, random| {
        let (mut guest, hello) = Guest::new(&code(), [3; 32]);
        assert_eq!(hello.len(), 34);
        let mut rest = said;
        while guest.wants() > 0 && !rest.is_empty() {
            let (now, later) = rest.split_at(piece(rest, guest.wants(), random));
            rest = later;
            match guest.hears(now) {
                Ok(GuestHears::More) => {}
                Ok(GuestHears::Say(proof)) => assert_eq!(proof.len(), 32),
                Ok(end) => return assert_ne!(end, GuestHears::Proved),
                Err(_) => return,
            }
        }
    });
}

fn code() -> Code {
    "zoo zoo zoo".parse().expect("it is one")
}

/// Some of the bytes that are left, at most as many as are wanted.
fn piece(rest: &[u8], wanted: usize, random: &mut Random) -> usize {
    assert!(wanted <= 34, "what is wanted is bounded");
    1 + random.below(wanted.min(rest.len()))
}

/// Words of one end, of the other or of nobody, changed here and there, cut, or followed by others.
fn words(random: &mut Random) -> Vec<u8> {
    let (_, of_guest) = Guest::new(&code(), [4; 32]);
    let mut host = Host::new(code(), [4; 32]);
    let of_host = match host.hears(&of_guest) {
        Ok(HostHears::Say(said)) => said,
        other => panic!("{other:?}"),
    };
    let mut said = if random.one_in(2) { of_guest } else { of_host };
    let tail = (0..random.below(LONGEST)).map(|_| byte(random));
    said.extend(tail.collect::<Vec<_>>());
    for _ in 0..random.below(4) {
        let at = random.below(said.len());
        said[at] = byte(random);
    }
    if random.one_in(4) {
        said.truncate(random.below(said.len()));
    }
    said
}

/// Those that mean something are more frequent.
fn byte(random: &mut Random) -> u8 {
    match random.below(6) {
        0 => 0,
        1 => 1,
        _ => random.byte(),
    }
}
