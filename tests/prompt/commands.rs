//! Commands at the prompt.

use std::fs;

use tempfile::TempDir;

use super::Person;
use crate::support::proc::{Repl, stdout};
use crate::support::pty::rows;

#[test]
fn help_fits_on_one_screen_of_24_rows_and_80_columns() {
    let (host, _) = Person::hosts();
    host.enters("/help");
    host.wait_for_text("explains one.");
    host.wait_for_prompt();
    let shown = host.rows();
    for command in ["/help ", "/quit ", "/save ", "/expect ", "/kick ", "/eol "] {
        assert!(shown.iter().any(|row| row.contains(command)), "{command}\n{}", host.picture());
    }
    assert!(shown.iter().any(|row| row.starts_with("the prompt")), "{}", host.picture());
}

#[test]
fn help_of_one_command_has_an_example() {
    let (host, _) = Person::hosts();
    host.enters("/help expect");
    host.wait_for_row("/expect [-n] [-x] [-p] [-t DUR] PATTERN");
    host.wait_for_row(r"  /expect -n -t 200ms ^OK session=(?<sid>\w+)$");
    host.enters("/help epxect");
    host.wait_for_text("did you mean `/expect`?");
}

#[test]
fn a_command_that_there_is_not_is_not_sent_and_the_nearest_is_named() {
    let (host, mut guest) = Person::hosts_a_guest();
    host.enters("/hepl");
    host.wait_for_row("error: unknown command `/hepl`");
    host.wait_for_text("did you mean `/help`?");
    host.enters("//hepl");
    guest.expect_bytes("/hepl\n");
    host.enters("/# a comment");
    host.enters("# no comment");
    guest.expect_bytes("# no comment\n");
}

#[test]
fn a_command_that_is_wrong_is_told_where() {
    let (host, _) = Person::hosts();
    host.enters("/timeout soon");
    host.wait_for_text("> /timeout soon");
    host.wait_for(|screen| rows(screen).iter().any(|row| row.starts_with("error: ")));
    host.wait_for_text("^^^^");
}

#[test]
fn the_time_is_shown_on_request() {
    let (host, mut guest) = Person::hosts_a_guest();
    guest.say("before\n");
    host.wait_for_row("before");
    host.enters("/time on");
    host.enters("/echo it is on");
    host.wait_for_row("-- it is on");
    guest.say("timed\n");
    host.wait_for_timed("timed");
    host.enters("/time off");
    host.enters("/echo it is off");
    host.wait_for_row("-- it is off");
    guest.say("after\n");
    host.wait_for_row("after");
}

#[test]
fn the_time_is_shown_from_the_start() {
    let (host, addr) = Person::hosts_with(&["--time"]);
    let mut guest = host.greets(&addr);
    guest.say("timed\n");
    host.wait_for_timed("timed");
}

#[test]
fn save_says_how_many_events_it_wrote_and_overwrites_nothing_else() {
    let (host, mut guest) = Person::hosts_a_guest();
    guest.say("hello\n");
    host.wait_for_row("hello");
    let dir = TempDir::new().unwrap();
    let (file, other) = (dir.path().join("talk.json"), dir.path().join("letter"));
    fs::write(&other, "dear").unwrap();
    host.enters(&format!("/save {}", file.display()));
    host.wait_for_text("-- saved 2 events to ");
    host.enters(&format!("/save {}", other.display()));
    host.wait_for(|screen| rows(screen).iter().any(|row| row.starts_with("error: ")));
    assert_eq!(fs::read(&other).unwrap(), b"dear");
    let shown = Repl::new().args(["show".as_ref(), file.as_os_str()]).run().success();
    let shown = stdout(&shown);
    assert!(shown.contains("hello"), "{shown}");
}

#[test]
fn an_expect_that_fails_is_told_and_the_session_goes_on() {
    let (host, mut guest) = Person::hosts_a_guest();
    guest.say("550 no such host\n");
    host.wait_for_row("550 no such host");
    host.enters("/expect -t 50ms ^250");
    host.wait_for_row("error: no line matched `^250` within 50ms");
    host.wait_for_text("= 550 no such host");
    host.enters("still here");
    guest.expect_bytes("still here\n");
    host.enters("/expect -t 10s (?<word>ok)");
    guest.say("ok\n");
    host.enters("/send ${word}");
    guest.expect_bytes("ok\n");
}

#[test]
fn a_faulty_line_of_a_block_can_be_entered_again() {
    let (host, mut guest) = Person::hosts_a_guest();
    host.enters("/all -t 1h");
    host.wait_for_row("/all>");
    host.enters("* ^a (");
    host.wait_for_row("error: no pattern: unclosed group");
    host.enters("hello");
    host.wait_for_row("error: a line of `/all` begins with `*`, `?` or `!`");
    host.enters("* ^(?<what>a) \\(");
    host.enters("/end");
    host.wait_for_row("/all> /end");
    guest.say("a (\n");
    host.enters("/send got ${what}");
    guest.expect_bytes("got a\n");
}

#[test]
fn a_guard_that_is_tripped_is_told_and_what_runs_goes_on() {
    let (host, mut guest) = Person::hosts_a_guest();
    host.enters("/reject ^ERROR");
    host.enters("/expect -t 1h (?<word>ok)");
    host.enters("/send got ${word}");
    host.wait_for_row("> /send got ${word}");
    guest.say("ERROR 7\n");
    host.wait_for_row("error: a line matched `^ERROR`, which must not come");
    guest.say("ok\n");
    guest.expect_bytes("got ok\n");
}

#[test]
fn ctrl_c_ends_a_wait_and_not_the_session() {
    let (host, mut guest) = Person::hosts_a_guest();
    host.enters("/expect -t 1h never");
    host.enters("behind the wait");
    host.wait_for_row("> behind the wait");
    host.wait_for_prompt();
    host.type_keys("\x03");
    host.wait_for_row("-- stopped, and 1 line behind it not run");
    assert!(!host.written().contains("to leave"), "{}", host.picture());
    host.enters("after it");
    guest.expect_bytes("after it\n");
}

#[test]
fn quit_is_obeyed_while_a_command_waits() {
    let (mut host, _guest) = Person::hosts_a_guest();
    host.enters("/expect -t 1h never");
    host.enters("/quit");
    host.left_with(0);
}

#[test]
fn what_commands_tell_of_several_lines_is_several_rows() {
    let (host, mut guest) = Person::hosts_a_guest();
    guest.say("one\ntwo \x1b[2J\n");
    host.wait_for_row(r"two \x1b[2J");
    host.enters("/show 2");
    host.wait_for(|screen| {
        let shown = rows(screen);
        let told = |end: &str| shown.iter().any(|row| row.starts_with("-- ") && row.ends_with(end));
        told(" one") && told(r" two \x1b[2J")
    });
    host.enters("/stats");
    host.wait_for_text("-- client: 2 lines, ");
    host.wait_for_text("-- server: 0 lines, ");
}

#[test]
fn clear_clears_the_screen() {
    let (host, mut guest) = Person::hosts_a_guest();
    guest.say("soon gone\n");
    host.wait_for_row("soon gone");
    host.enters("/clear");
    host.wait_for(|screen| screen.contents().trim() == ">");
    host.enters("/echo still here");
    host.wait_for_row("-- still here");
}
