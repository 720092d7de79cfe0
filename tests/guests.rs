//! Scripts of a listener: whom they wait for, speak to, hear, and send away.

use predicates::prelude::*;
use predicates::str::{contains, is_match};

use crate::support::DEADLINE;
use crate::support::peer::Peer;
use crate::support::proc::Repl;
use crate::support::running::Running;
use crate::support::says;

/// A host with a script, and where it listens.
fn host(script: &str) -> (Running, String) {
    let args = ["--listen", "127.0.0.1:0", "--timeout", "20s"];
    let host = Repl::new().args(args).stdin(script).spawn();
    let addr = host.listening_addr();
    (host, addr)
}

/// Guests in the order of their numbers.
fn guests<const N: usize>(host: &Running, addr: &str) -> [Peer; N] {
    std::array::from_fn(|index| {
        let guest = Peer::connect(addr);
        host.wait_stderr_line(&format!("-- guest-{} joined from ", index + 1));
        guest
    })
}

/// They leave, and so the host ends.
fn leave<const N: usize>(guests: [Peer; N]) {
    for mut guest in guests {
        guest.read_to_end_within(DEADLINE);
    }
}

#[test]
fn accept_waits_for_so_many_guests_and_all_of_them_hear() {
    let (host, addr) = host("/accept 2\nwelcome\n/echo sent\n");
    let first = Peer::connect(&addr);
    host.wait_stderr_line("-- guest-1 joined from ");
    let mut guests = [first, Peer::connect(&addr)];
    for guest in &mut guests {
        guest.expect_bytes("welcome\n");
    }
    leave(guests);
    host.wait().exited(0);
}

#[test]
fn too_few_guests_are_a_failed_check() {
    let (host, addr) = host("/timeout 50ms\n/accept 3\n");
    let guests: [Peer; 1] = guests(&host, &addr);
    leave(guests);
    let told = host.wait().exited(1).stderr;
    assert!(says::error("1 guest joined, not 3 within 50ms\n").eval(&told), "{told}");
    assert!(contains("--> <stdin>:2:1\n").eval(&told), "{told}");
}

#[test]
fn a_script_speaks_to_one_guest_and_hears_that_one() {
    let script = "/accept 2\n/on guest-2\nonly you\n/expect ^(?<word>\\w+)$\n/on all\n\
                  /send ${word}\n/expect ^from one$\n";
    let (host, addr) = host(script);
    let [mut one, mut two] = guests(&host, &addr);
    one.say("from one\n");
    host.wait_stdout("from one\n");
    two.expect_bytes("only you\n");
    two.say("two\n");
    // The first thing that the first guest hears, who was heard before.
    one.expect_bytes("two\n");
    two.expect_bytes("two\n");
    leave([one, two]);
    host.wait().exited(0);
}

#[test]
fn everybody_who_is_here_is_listed() {
    let (host, addr) = host("/accept 2\n/who\n");
    let guests: [Peer; 2] = guests(&host, &addr);
    let told = r"-- guest-1 from 127\.0\.0\.1:\d+\n-- guest-2 from 127\.0\.0\.1:\d+\n";
    leave(guests);
    assert!(is_match(told).unwrap().eval(&host.wait().exited(0).stderr));
}

#[test]
fn a_guest_that_is_kicked_is_told_why_and_the_others_stay() {
    let (host, addr) = host("/accept 2\n/kick guest-1 too loud\nto the rest\n/who\n");
    let [mut one, mut two] = guests(&host, &addr);
    assert_eq!(one.read_to_end_within(DEADLINE), b"too loud\n");
    two.expect_bytes("to the rest\n");
    leave([one, two]);
    let told = host.wait().exited(0).stderr;
    assert!(says::notice("guest-1 left: kicked: too loud\n").eval(&told), "{told}");
    assert!(
        contains("-- guest-1 from").not().and(says::notice("guest-2 from")).eval(&told),
        "{told}"
    );
}

#[test]
fn one_guest_can_be_left_and_the_other_kept() {
    let (host, addr) = host("/accept 2\n/on guest-1\nbye\n/close\n/on guest-2\nstay\n/expect ok\n");
    let [mut one, mut two] = guests(&host, &addr);
    assert_eq!(one.read_to_end_within(DEADLINE), b"bye\n");
    two.expect_bytes("stay\n");
    two.say("ok\n");
    leave([one, two]);
    host.wait().exited(0);
}

#[test]
fn nobody_is_called_what_was_misspelt() {
    for step in ["/on gest-1", "/kick gest-1"] {
        let (host, addr) = host(&format!("{step}\n"));
        let guests: [Peer; 1] = guests(&host, &addr);
        leave(guests);
        let told = host.wait().exited(3).stderr;
        assert!(says::error("no conn is called `gest-1`\n").eval(&told), "{told}");
        assert!(contains("^ did you mean `guest-1`?\n").eval(&told), "{told}");
    }
}

#[test]
fn an_end_of_all_guests_is_awaited_and_of_one() {
    let (host, addr) =
        host("/accept 2\n/on guest-1\n/expect-eof\nbye\n/on all\n/expect-eof\n/echo over\n");
    let [mut one, mut two] = guests(&host, &addr);
    one.shutdown();
    one.expect_bytes("bye\n");
    two.say("last words");
    two.shutdown();
    leave([one, two]);
    let told = host.wait().exited(0);
    assert_eq!(told.stdout, b"last words");
    assert!(says::notice("over\n").eval(&told.stderr), "{}", told.stderr);
}
