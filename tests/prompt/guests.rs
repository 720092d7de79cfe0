//! A host at the prompt, and its guests.

use super::Person;

#[test]
fn a_line_without_anybody_to_read_it_is_refused_and_told() {
    let (host, addr) = Person::hosts();
    host.enters("hello?");
    host.wait_for_row("-- nobody is here: the line was not sent");
    let mut guest = host.greets(&addr);
    host.enters("hello!");
    guest.expect_bytes("hello!\n");
}

#[test]
fn two_guests_are_told_apart_and_each_hears_the_host() {
    let (host, addr) = Person::hosts();
    let mut one = host.greets(&addr);
    one.say("alone\n");
    host.wait_for_row("alone");
    let mut two = host.greets(&addr);
    host.wait_for_text("-- guests hear only the host");
    one.say("from one\n");
    two.say("from two\n");
    host.wait_for_row("guest-1: from one");
    host.wait_for_row("guest-2: from two");
    host.enters("to all");
    one.expect_bytes("to all\n");
    two.expect_bytes("to all\n");
    let written = host.written();
    let colour = |name: &str| {
        let (before, _) = written.split_once(&format!("m{name}: ")).expect("it has a colour");
        before.rsplit_once("\x1b[").expect("it begins somewhere").1.to_owned()
    };
    assert_ne!(colour("guest-1"), colour("guest-2"));
}

#[test]
fn on_speaks_to_one_guest_and_the_prompt_says_so() {
    let (host, addr) = Person::hosts();
    let (mut one, mut two) = (host.greets(&addr), host.greets(&addr));
    host.enters("/on guest-2");
    host.wait_for_row("guest-2>");
    host.enters("for two");
    two.expect_bytes("for two\n");
    host.enters("/on all");
    host.wait_for_row(">");
    host.enters("for both");
    one.expect_bytes("for both\n");
    two.expect_bytes("for both\n");
}

#[test]
fn who_lists_the_guests_and_kick_shows_one_out() {
    let (host, addr) = Person::hosts();
    let (mut one, mut two) = (host.greets(&addr), host.greets(&addr));
    host.enters("/who");
    host.wait_for_text("-- guest-1 from 127.0.0.1:");
    host.wait_for_text("-- guest-2 from 127.0.0.1:");
    host.enters("/kick guest-1 the table is full");
    host.wait_for_row("-- guest-1 left: kicked: the table is full");
    one.expect_bytes("the table is full\n");
    assert!(one.read_line().is_empty(), "the conn is closed");
    host.enters("for the rest");
    two.expect_bytes("for the rest\n");
    host.enters("/kick guest-7");
    host.wait_for_row("error: no conn is called `guest-7`");
}

#[test]
fn a_guest_that_leaves_is_told_and_the_host_stays() {
    let (host, addr) = Person::hosts();
    drop(host.greets(&addr));
    host.wait_for_row("-- guest-1 left: closed");
    let mut next = host.greets(&addr);
    host.wait_for_text("-- guest-2 joined from ");
    next.say("hello\n");
    host.wait_for_text("hello");
}
