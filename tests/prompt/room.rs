//! A room, from its host's prompt and from a guest's.

use super::Person;
use crate::support::peer::Peer;

#[test]
fn the_host_sees_what_is_said_under_the_names_that_hold() {
    let (host, addr) = Person::hosts_with(&["--room"]);
    let mut guest = host.greets(&addr);
    guest.expect_bytes("-- you are guest-1 (2 here): `/help` lists the commands\n");
    guest.say("alone\n/nick Alice\nhi \x1b[2J\n/me waves\n/msg host psst\n");
    host.wait_for_row("guest-1: alone");
    host.wait_for_row("-- guest-1 is now Alice");
    host.wait_for_row("Alice: hi \\x1b[2J");
    host.wait_for_row("* Alice waves");
    host.wait_for_row("Alice (to you): psst");
    guest.expect_bytes("-- guest-1 is now Alice\n");
    host.enters("hello");
    guest.expect_bytes("host: hello\n");
    host.enters("/nick Zoe");
    guest.expect_bytes("-- host is now Zoe\n");
    host.enters("/msg Alice psst");
    guest.expect_bytes("Zoe (to you): psst\n");
    host.enters("/me bows");
    guest.expect_bytes("* Zoe bows\n");
    host.enters("/who");
    host.wait_for_text("-- Alice from 127.0.0.1:");
    host.enters("/nick guest-3");
    host.wait_for_row("-- `guest-3` is reserved");
    let shown = host.text().join("\n");
    assert!(!shown.contains("/nick Alice"), "{shown}");
}

#[test]
fn tab_knows_the_names_that_hold() {
    let (host, addr) = Person::hosts_with(&["--room"]);
    let mut guest = host.greets(&addr);
    guest.say("/nick Alice\n");
    host.wait_for_row("-- guest-1 is now Alice");
    host.type_keys("/kick A\t");
    host.wait_for_line("/kick Alice");
    host.type_keys(" rude\r");
    host.wait_for_row("-- Alice left: kicked: rude");
    guest.read_line();
    guest.expect_bytes("-- guest-1 is now Alice\n-- you were kicked: rude\n");
}

#[test]
fn a_line_with_ones_own_name_stands_out() {
    let (host, addr) = Person::hosts_with(&["--room", "--name", "Zoe"]);
    let mut guest = host.greets(&addr);
    guest.say("zoe, look\nzoethrope\n");
    host.wait_for_row("guest-1: zoethrope");
    let written = host.written();
    assert!(written.contains("\x1b[1mzoe, look\x1b[0m"), "{}", written.escape_debug());
    assert!(!written.contains("\x1b[1mzoethrope"));
}

#[test]
fn a_guest_at_the_prompt_asks_the_room() {
    let (host, addr) = Person::hosts_with(&["--room"]);
    let guest = Person::connects(&addr, &["--name", "bob"]);
    // What begins as our own notices do is labelled, so that nobody takes it for one.
    guest.wait_for_row("server: -- guest-1 is now bob");
    guest.wait_for_prompt();
    let mut other: Peer = host.greets(&addr);
    guest.enters("/nick bert");
    guest.wait_for_text("-- bob is now bert");
    guest.enters("/who");
    guest.wait_for_text("-- 3 here: host, bert, guest-2");
    guest.type_keys("/msg guest-2 x\x15/msg ho\t");
    guest.wait_for_line("/msg host");
    guest.type_keys(" hello\r");
    host.wait_for_row("bert (to you): hello");
    other.say("hi bert\n");
    guest.wait_for_row("guest-2: hi bert");
    assert!(guest.written().contains("\x1b[1mguest-2: hi bert\x1b[0m"));
    guest.enters("/nick host");
    guest.wait_for_row("server: -- `host` is reserved");
    other.say("the host\nbert again\n");
    guest.wait_for_row("guest-2: bert again");
    let written = guest.written();
    assert!(
        written.contains("\x1b[1mguest-2: bert again\x1b[0m"),
        "a name that was refused is none"
    );
    assert!(!written.contains("\x1b[1mguest-2: the host"));
}
