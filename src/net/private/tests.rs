//! Both ends of an exchange, and those who stand between them.

use proptest::prelude::*;

use super::Code;
use super::exchange::{Binding, Foreign, Guest, GuestHears, Host, HostHears};

const HERE: Binding = [7; 32];
const ELSEWHERE: Binding = [8; 32];

fn code(text: &str) -> Code {
    text.parse().unwrap()
}

fn right() -> Code {
    code("zoo zoo zoo")
}

/// How an exchange ended, for the host and for the guest.
#[derive(Debug, PartialEq, Eq)]
struct Ended {
    right: bool,
    guest: GuestHears,
}

/// All that was said, in order: by the guest, the host, the guest, the host.
type Said = [Vec<u8>; 4];

/// Takes both ends through an exchange, in which nobody changes anything.
fn exchange(guest: (&Code, Binding), host: (&Code, Binding)) -> (Ended, Said) {
    let (mut guest, hello) = Guest::new(guest.0, guest.1);
    let mut host = Host::new(host.0.clone(), host.1);
    let HostHears::Say(answer) = host.hears(&hello).unwrap() else { panic!("it answers") };
    let GuestHears::Say(proof) = guest.hears(&answer).unwrap() else { panic!("it proves") };
    let HostHears::Guess(right) = host.hears(&proof).unwrap() else { panic!("it is a guess") };
    assert_eq!((host.wants(), host.hears(b"x")), (0, Err(Foreign)), "it is not its turn");
    let verdict = host.verdict(true);
    let guest = hears_all(&mut guest, &verdict);
    (Ended { right, guest }, [hello, answer, proof, verdict])
}

/// What comes of a verdict, of which no more is read than is wanted.
fn hears_all(guest: &mut Guest, verdict: &[u8]) -> GuestHears {
    let (first, rest) = verdict.split_at(1);
    match guest.hears(first).unwrap() {
        GuestHears::More => guest.hears(rest).unwrap(),
        end => {
            assert!(rest.is_empty(), "nothing is said to who is refused");
            end
        }
    }
}

#[test]
fn both_ends_know_the_code() {
    let (ended, said) = exchange((&right(), HERE), (&right(), HERE));
    assert_eq!(ended, Ended { right: true, guest: GuestHears::Proved });
    assert_eq!(said.map(|said| said.len()), [34, 34, 32, 33]);
}

#[test]
fn a_wrong_code_is_refused_and_nothing_is_said_of_why() {
    let (ended, said) = exchange((&code("zoo zoo zebra"), HERE), (&right(), HERE));
    assert_eq!(ended, Ended { right: false, guest: GuestHears::Refused });
    assert_eq!(said[3], [0]);
}

#[test]
fn who_stands_between_two_sessions_and_passes_all_on_fails() {
    let (ended, _) = exchange((&right(), HERE), (&right(), ELSEWHERE));
    assert_eq!(ended, Ended { right: false, guest: GuestHears::Refused });
}

#[test]
fn a_right_code_that_is_void_by_now_is_refused() {
    let (mut guest, hello) = Guest::new(&right(), HERE);
    let mut host = Host::new(right(), HERE);
    let HostHears::Say(answer) = host.hears(&hello).unwrap() else { panic!() };
    let GuestHears::Say(proof) = guest.hears(&answer).unwrap() else { panic!() };
    assert_eq!(host.hears(&proof), Ok(HostHears::Guess(true)));
    let verdict = host.verdict(false);
    assert_eq!(verdict, [0]);
    assert_eq!(host.verdict(true), [0], "it is said once");
    assert_eq!(hears_all(&mut guest, &verdict), GuestHears::Refused);
}

#[test]
fn what_was_said_before_proves_nothing_the_next_time() {
    let (_, said) = exchange((&right(), HERE), (&right(), HERE));
    let mut host = Host::new(right(), HERE);
    assert!(matches!(host.hears(&said[0]), Ok(HostHears::Say(_))));
    assert_eq!(host.hears(&said[2]), Ok(HostHears::Guess(false)));

    let (mut guest, _) = Guest::new(&right(), HERE);
    assert!(matches!(guest.hears(&said[1]), Ok(GuestHears::Say(_))));
    assert_eq!(hears_all(&mut guest, &said[3]), GuestHears::Impostor);
}

#[test]
fn ones_own_words_sent_back_prove_nothing() {
    let (mut guest, hello) = Guest::new(&right(), HERE);
    assert_eq!(guest.hears(&hello), Err(Foreign), "that is what a guest says");

    let (mut guest, hello) = Guest::new(&right(), HERE);
    let HostHears::Say(answer) = Host::new(right(), HERE).hears(&hello).unwrap() else { panic!() };
    let GuestHears::Say(proof) = guest.hears(&answer).unwrap() else { panic!() };
    assert_eq!(hears_all(&mut guest, &[&[1], &*proof].concat()), GuestHears::Impostor);
}

#[test]
fn who_admits_without_knowing_the_code_is_an_impostor() {
    let (mut guest, hello) = Guest::new(&right(), HERE);
    let mut host = Host::new(code("zoo zoo zebra"), HERE);
    let HostHears::Say(answer) = host.hears(&hello).unwrap() else { panic!() };
    assert!(matches!(guest.hears(&answer), Ok(GuestHears::Say(_))));
    assert_eq!(hears_all(&mut guest, &[1; 33]), GuestHears::Impostor);
}

#[test]
fn another_version_and_a_point_that_is_none_are_no_guess() {
    let (_, said) = exchange((&right(), HERE), (&right(), HERE));
    for (place, byte) in [(0, 2), (0, b'G'), (1, b'B'), (1, b'S')] {
        let mut hello = said[0].clone();
        hello[place] = byte;
        assert_eq!(Host::new(right(), HERE).hears(&hello), Err(Foreign), "{place}: {byte}");
    }
    let no_point = [&[1, b'A'], &[2; 32][..]].concat();
    assert_eq!(Host::new(right(), HERE).hears(&no_point), Err(Foreign));
    assert_eq!(Host::new(right(), HERE).hears(b"h"), Err(Foreign), "it need not say all of it");
    assert_eq!(Guest::new(&right(), HERE).0.hears(b"2"), Err(Foreign));
}

#[test]
fn more_than_is_wanted_is_not_taken() {
    let mut host = Host::new(right(), HERE);
    assert_eq!(host.hears(&[1; 35]), Err(Foreign));
    let (mut guest, hello) = Guest::new(&right(), HERE);
    assert_eq!(guest.hears(&[1; 35]), Err(Foreign));
    let HostHears::Say(answer) = host.hears(&hello).unwrap() else { panic!() };
    guest.hears(&answer).unwrap();
    assert_eq!(guest.wants(), 1);
    assert_eq!(guest.hears(&[1; 33]), Err(Foreign), "what follows a refusal would be lost");
    assert_eq!(guest.hears(&[2]), Err(Foreign), "that is no verdict");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn it_does_not_matter_how_the_bytes_are_cut(cuts in prop::collection::vec(1usize..9, 200)) {
        let mut cuts = cuts.into_iter().cycle();
        let (mut guest, hello) = Guest::new(&right(), HERE);
        let mut host = Host::new(right(), HERE);
        let (mut to_host, mut to_guest) = (hello, Vec::<u8>::new());
        loop {
            let n = cuts.next().unwrap_or(1).min(to_host.len()).min(host.wants());
            match host.hears(&to_host.drain(..n).collect::<Vec<_>>()).unwrap() {
                HostHears::More => {}
                HostHears::Say(said) => to_guest.extend(said),
                HostHears::Guess(right) => {
                    prop_assert!(right);
                    to_guest.extend(host.verdict(true));
                }
            }
            let n = cuts.next().unwrap_or(1).min(to_guest.len()).min(guest.wants());
            match guest.hears(&to_guest.drain(..n).collect::<Vec<_>>()).unwrap() {
                GuestHears::More => {}
                GuestHears::Say(said) => to_host.extend(said),
                end => {
                    prop_assert_eq!(end, GuestHears::Proved);
                    break;
                }
            }
        }
        prop_assert!(to_host.is_empty() && to_guest.is_empty());
    }

    #[test]
    fn a_changed_bit_is_no_proof(at in 0usize..133 * 8) {
        let (_, said) = exchange((&right(), HERE), (&right(), HERE));
        prop_assert_eq!(said.iter().map(Vec::len).sum::<usize>(), 133);
        let (mut guest, hello) = Guest::new(&right(), HERE);
        let mut host = Host::new(right(), HERE);
        let mut passed = 0;
        let mut change = |mut bytes: Vec<u8>| {
            for (place, byte) in bytes.iter_mut().enumerate() {
                if at / 8 == passed + place {
                    *byte ^= 1 << (at % 8);
                }
            }
            passed += bytes.len();
            bytes
        };
        let Ok(HostHears::Say(answer)) = host.hears(&change(hello)) else { return Ok(()) };
        let Ok(GuestHears::Say(proof)) = guest.hears(&change(answer)) else { return Ok(()) };
        let Ok(HostHears::Guess(right)) = host.hears(&change(proof)) else { panic!("it is one") };
        let verdict = change(host.verdict(true));
        if at < 100 * 8 {
            prop_assert!(!right);
            return Ok(());
        }
        let end = guest.hears(&verdict[..1]);
        let end = if end == Ok(GuestHears::More) { guest.hears(&verdict[1..]) } else { end };
        prop_assert_ne!(end, Ok(GuestHears::Proved));
    }
}
