//! Lines arrive while one is half typed: it stays whole, and the cursor in its place.

use unicode_width::UnicodeWidthStr;

use super::{Person, listening_addr};
use crate::support::proc::Repl;
use crate::support::pty::rows;

/// Columns of the screen.
const COLS: u16 = 40;

/// Types `before` and `behind`, goes back between them, and has lines arrive. The half-typed line must
/// then be drawn below them as it was, the cursor in its place; and be sent whole in the end.
#[track_caller]
fn stays_whole(before: &str, behind: &str) {
    let person = Person::sits_at(Repl::new().args(["--listen", "127.0.0.1:0"]), 24, COLS);
    let mut guest = person.greets(&listening_addr(&person));
    person.type_keys(&format!("{before}{behind}"));
    // As many steps to the left as stand behind the cursor: these are single characters.
    person.type_keys(&"\x1b[D".repeat(behind.chars().count()));
    person.type_keys("!");
    let typed = format!("{before}!");
    person.wait_for(|screen| is_drawn(screen, &typed, behind) && !is_above(screen, "arrived 19"));
    for n in 0..20 {
        guest.say(format!("arrived {n}\n"));
    }
    person.wait_for(|screen| is_drawn(screen, &typed, behind) && is_above(screen, "arrived 19"));
    person.type_keys("?\r");
    guest.expect_bytes(format!("{before}!?{behind}\n"));
}

/// Whether this half-typed line is the last thing on the screen, and the cursor between its parts.
fn is_drawn(screen: &vt100::Screen, before: &str, behind: &str) -> bool {
    let shown = rows(screen);
    let Some(top) = prompt(&shown) else { return false };
    let column = "> ".width() + before.width();
    let place = (top + column / usize::from(COLS), column % usize::from(COLS));
    let (row, column) = screen.cursor_position();
    let text: String = shown[top..].concat().split(' ').collect();
    // vt100 draws the parts of joined emoji over each other, so what it shows of them says nothing.
    let all = before.contains('\u{200d}') && text.ends_with(behind)
        || text == format!("> {before}{behind}").replace(' ', "");
    all && place == (usize::from(row), usize::from(column))
}

/// Whether this stands right above the half-typed line.
fn is_above(screen: &vt100::Screen, text: &str) -> bool {
    let shown = rows(screen);
    let above = prompt(&shown).and_then(|top| shown[..top].last());
    above.is_some_and(|above| above == text)
}

fn prompt(shown: &[String]) -> Option<usize> {
    shown.iter().rposition(|row| row.starts_with("> "))
}

#[test]
fn a_line_of_ascii_stays_whole() {
    stays_whole("half typed", "line");
}

#[test]
fn a_line_of_cjk_stays_whole() {
    stays_whole("日本語を半分まで", "打った");
}

#[test]
fn a_line_of_joined_emoji_stays_whole() {
    stays_whole("a 👩‍🚀 b 👨‍👩‍👧‍👦 c", "end");
}

#[test]
fn a_line_longer_than_the_screen_is_wide_stays_whole() {
    stays_whole(&"0123456789".repeat(7), "abcdefghij");
}

#[test]
fn a_line_of_cjk_that_wraps_stays_whole() {
    stays_whole(&"漢字".repeat(25), "終わり");
}

#[test]
fn a_line_exactly_as_wide_as_the_screen_stays_whole() {
    stays_whole(&"x".repeat(30), "yyyyyyy");
}

#[test]
fn a_search_in_the_history_is_not_disturbed_and_shows_what_came_when_it_ends() {
    let (host, mut guest) = Person::hosts_a_guest();
    host.has_said("a line to find again");
    guest.expect_bytes("a line to find again\n");
    host.type_keys("\x12find");
    host.wait_for_text("`find': a line to find again");
    guest.say("came during the search\n");
    host.type_keys(" a");
    host.wait_for_text("`find a': a line to find again");
    host.type_keys("\x05 now"); // End: takes the line found
    host.wait_for_row("came during the search");
    host.wait_for_line("a line to find again now");
    host.type_keys("\r");
    guest.expect_bytes("a line to find again now\n");
}

#[test]
fn a_notice_arrives_above_a_half_typed_line_too() {
    let (host, addr) = Person::hosts();
    host.type_keys("nobody hears this yet");
    host.wait_for_line("nobody hears this yet");
    let mut guest = host.greets(&addr);
    host.wait_for_line("nobody hears this yet");
    host.type_keys("\r");
    guest.expect_bytes("nobody hears this yet\n");
}
