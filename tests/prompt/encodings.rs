//! A peer that does not write UTF-8, as a person sees and hears it.

use super::Person;
use crate::support::peer::{Peer, listen};

fn joins(encoding: &str) -> (Person, Peer) {
    let (listener, addr) = listen();
    let person = Person::connects(&addr.to_string(), &["--encoding", encoding]);
    let peer = Peer::accept(&listener);
    person.wait_for_text("-- connected to ");
    person.wait_for_prompt();
    (person, peer)
}

#[test]
fn what_is_shown_and_typed_is_text() {
    let (mut person, mut peer) = joins("gbk");
    peer.say(b"\xc4\xe3\xba\xc3 \x1b[2J\xc4\n");
    person.wait_for_row("你好 \\x1b[2J\\xc4");
    person.enters("再见");
    peer.expect_bytes(b"\xd4\xd9\xbc\xfb\n");
    person.enters("好😀");
    person.wait_for_text("error: gbk has no `😀` (U+1F600)");
    person.wait_for_prompt();
    person.enters("/show 1");
    person.wait_for_text("client  再见");
    person.wait_for_prompt();
    person.enters("/quit");
    person.left_with(0);
}

#[test]
fn half_a_character_is_shown_with_its_rest() {
    let (mut person, mut peer) = joins("gb18030");
    peer.say(b"a\x94\x39");
    person.wait_for_row("a");
    peer.say(b"\xfc\x36!\n");
    person.wait_for_row("… 😀!");
    person.type_keys("\x04");
    person.left_with(0);
}

#[test]
fn keys_of_a_terminal_that_is_not_utf8_are_told_and_not_guessed() {
    let (mut person, mut peer) = joins("gbk");
    person.type_keys("a");
    person.wait_for_line("a");
    person.type_bytes(b"\xd4\xd9");
    person.wait_for_text("-- a key that is no UTF-8 was left out");
    person.wait_for_line("a");
    person.enters("");
    peer.expect_bytes(b"a\n");
    person.wait_for_prompt();
    person.type_keys("\x04");
    person.left_with(0);
}
