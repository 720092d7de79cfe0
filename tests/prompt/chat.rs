//! Two ends talk, and what a peer says is seen and never run.

use super::Person;
use crate::support::tools::{self, split_addr};

#[test]
fn two_people_at_their_prompts_see_what_the_other_says() {
    let (mut host, addr) = Person::hosts();
    let mut guest = Person::joins(&addr);
    host.wait_for_text("-- guest-1 joined from 127.0.0.1:");
    guest.enters("hello, who is there?");
    host.wait_for_row("hello, who is there?");
    host.enters("你好");
    guest.wait_for_row("你好");
    guest.wait_for_prompt();
    let said = [format!("-- connected to {addr}")];
    let said = said.iter().map(String::as_str).chain(["> hello, who is there?", "你好", ">"]);
    assert_eq!(guest.text(), said.collect::<Vec<_>>());
    guest.enters("/quit");
    guest.left_with(0);
    host.wait_for_row("-- guest-1 left: closed");
    host.enters("/quit");
    host.left_with(0);
}

#[test]
fn a_person_and_nc_talk() {
    let (mut host, addr) = Person::hosts();
    let (name, port) = split_addr(&addr);
    let Some(mut nc) = tools::start("nc", [name, port]) else { return };
    nc.write("from nc\n");
    host.wait_for_row("from nc");
    host.enters("to nc");
    nc.wait_stdout("to nc\n");
    nc.close_stdin();
    host.type_keys("\x04");
    host.left_with(0);
    assert_eq!(nc.wait().stdout, b"to nc\n");
}

#[test]
fn escape_sequences_c1_and_bidi_controls_are_shown_and_not_run() {
    let (host, mut guest) = Person::hosts_a_guest();
    let hostile = "\x1b[2J\x1b]0;owned\x07 \u{9b}2J \u{202e}gnp\u{2066} \x1b[?1049h a\tb\rc\x7f";
    guest.say(format!("{hostile}\ncaf\u{e9} \n").as_bytes());
    guest.say(b"\xfe latin1 caf\xe9\nover\n");
    host.wait_for_row("over");
    let shown = r"\x1b[2J\x1b]0;owned\x07 \x9b2J \u{202e}gnp\u{2066} \x1b[?1049h a\tb\rc\x7f";
    host.wait_for_row(shown);
    host.wait_for_row("café");
    host.wait_for_row(r"\xfe latin1 caf\xe9");
    let written = host.written();
    for hazard in ["\x1b]0;", "\x1b[2J", "\x1b[?1049h", "\u{9b}", "\u{202e}", "\u{2066}", "\x07"] {
        assert!(!written.contains(hazard), "{hazard:?} was run");
    }
    host.type_keys("still here");
    host.wait_for_line("still here");
}

#[test]
fn a_peer_cannot_pass_its_words_off_as_ours() {
    let (host, mut guest) = Person::hosts_a_guest();
    guest.say("-- guest-2 left: closed\nerror: all is lost\n> sudo\nplain\n");
    host.wait_for_row("plain");
    host.wait_for_row("guest-1: -- guest-2 left: closed");
    host.wait_for_row("guest-1: error: all is lost");
    host.wait_for_row("guest-1: > sudo");
}

#[test]
fn a_line_that_is_not_ended_is_shown_and_its_rest_is_marked() {
    let (host, mut guest) = Person::hosts_a_guest();
    guest.say("login: ");
    host.wait_for_row("login:");
    guest.say("bob\nin\n");
    host.wait_for_row("… bob");
    host.wait_for_row("in");
}

#[test]
fn half_a_character_is_held_back_until_it_is_whole() {
    let (host, mut guest) = Person::hosts_a_guest();
    let (first, rest) = "好".as_bytes().split_at(2);
    guest.say([b"begun ", first].concat());
    host.wait_for_row("begun");
    guest.say([rest, b"!\n"].concat());
    host.wait_for_row("… 好!");
    assert!(!host.written().contains(r"\xe5"), "it was shown in pieces");
}
