use bytes::Bytes;
use proptest::prelude::*;

use super::render::{MARKED_WIDTH, NOTE_WIDTH, SOURCE_WIDTH};
use super::*;
use crate::command::parse;
use unicode_width::UnicodeWidthStr;

fn place(line: u64, text: &str, part: &str) -> Place {
    let start = text.find(part).unwrap();
    let text = Bytes::copy_from_slice(text.as_bytes());
    Place { source: "mail.chat".into(), line, text, span: start..start + part.len() }
}

/// The source line and the carets of a report.
fn lines(place: Place) -> (String, String) {
    let text = Report::new("x").at(place).to_string();
    let mut lines = text.lines().skip(3).map(str::to_owned);
    (lines.next().unwrap(), lines.next().unwrap())
}

#[test]
fn a_report_says_what_where_and_what_came() {
    let report = Report::new("no line matched `^250 ` within 5s")
        .at(place(4, "/expect ^250 ", "^250 "))
        .label("the peer said instead:")
        .note("220 mail.example ESMTP")
        .note("550 no such host")
        .nearest(std::iter::once(0..2).collect());
    let wanted = "\
error: no line matched `^250 ` within 5s
  --> mail.chat:4:9
   |
 4 | /expect ^250
   |         ^^^^ the peer said instead:
   = 220 mail.example ESMTP
   = 550 no such host        <- nearest
   | ^^";
    assert_eq!(report.to_string(), wanted);
    assert_eq!(anstyle_free(&report.coloured().to_string()), wanted);
    assert!(report.coloured().to_string().contains("\x1b["));
}

fn anstyle_free(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn the_gutter_is_as_wide_as_the_line_number() {
    let report = Report::new("x").at(place(1234, "/quit now", "now")).note("why");
    let wanted = "\
error: x
     --> mail.chat:1234:7
      |
 1234 | /quit now
      |       ^^^
      = why";
    assert_eq!(report.to_string(), wanted);
}

#[test]
fn a_report_needs_no_place() {
    assert_eq!(Report::new("it broke").to_string(), "error: it broke");
    let report = Report::new("it broke").label("try again").note("").note("because");
    assert_eq!(report.to_string(), "error: it broke\n   = try again\n   =\n   = because");
    assert_eq!(Report::new("x").nearest(vec![]).to_string(), "error: x");
}

#[test]
fn a_fault_of_a_script_is_reported_with_its_hint() {
    let text = "/expct ^250";
    let fault = parse(text.as_bytes()).unwrap_err();
    let fault = ScriptFault::new("mail.chat".into(), 7, Bytes::from_static(text.as_bytes()), fault);
    let wanted = "\
error: unknown command `/expct`
  --> mail.chat:7:1
   |
 7 | /expct ^250
   | ^^^^^^ did you mean `/expect`? `//expct` sends it as text";
    assert_eq!(Report::from(fault).to_string(), wanted);
}

#[test]
fn carets_stand_under_what_they_mean() {
    for (text, part, source, carets) in [
        ("/set é x(", "x(", " 1 | /set é x(", "   |        ^^"),
        ("/echo 你好 no", "no", " 1 | /echo 你好 no", "   |            ^^"),
        ("/echo 你好 no", "好", " 1 | /echo 你好 no", "   |         ^^"),
        ("/set\ta\tb", "b", " 1 | /set    a    b", "   |              ^"),
        ("/x\x1b[2J y", "y", " 1 | /x\\x1b[2J y", "   |           ^"),
        ("/expect a  ", "a  ", " 1 | /expect a", "   |         ^"),
        ("/expect  ", "  ", " 1 | /expect", "   |        ^"),
    ] {
        let wanted = (source.to_owned(), carets.to_owned());
        assert_eq!(lines(place(1, text, part)), wanted, "{text:?}");
    }
    let end = Place { span: 7..7, ..place(1, "/expect", "x") };
    assert_eq!(lines(end.clone()), (" 1 | /expect".into(), "   |        ^".into()));
    assert_eq!(end.column(), 8);
    let beyond = Place { span: 90..99, ..end };
    assert_eq!(lines(beyond), (" 1 | /expect".into(), "   |        ^".into()));
}

#[test]
fn a_column_counts_characters() {
    assert_eq!(place(1, "/echo 你好 no", "no").to_string(), "mail.chat:1:10");
    let text = Bytes::from_static(b"/send caf\xe9\xe9 x");
    let bytes = Place { source: "a".into(), line: 2, text, span: 12..13 };
    assert_eq!(bytes.to_string(), "a:2:13");
    assert_eq!(lines(bytes).1, "   |                   ^");
}

#[test]
fn an_overlong_line_is_shown_around_its_place() {
    let long = format!("{}HERE{}", "a".repeat(500), "b".repeat(500));
    let (source, carets) = lines(place(1, &long, "HERE"));
    assert_eq!(source.width(), 5 + SOURCE_WIDTH);
    let at = carets.find('^').unwrap();
    let shown: String = source.chars().skip(at).take(4).collect();
    assert_eq!((&*shown, carets.trim_start_matches([' ', '|'])), ("HERE", "^^^^"));
    assert!(source.starts_with(" 1 | …a") && source.ends_with("b…"));
    let (source, carets) = lines(place(1, &"HERE".repeat(100), &"HERE".repeat(100)));
    assert_eq!((source.width(), carets.width()), (5 + 36, 5 + 36));
}

#[test]
fn what_a_peer_said_stays_harmless_and_short() {
    let report = Report::new("a\x1b[2J\nb")
        .note(b"\x1b[2J\xff\r".to_vec())
        .note("x".repeat(500))
        .nearest(std::iter::once(0..2).collect())
        .note("y".repeat(500));
    let text = report.to_string();
    let rows: Vec<_> = text.lines().collect();
    assert_eq!(rows[..2], ["error: a\\x1b[2J\\nb", "   = \\x1b[2J\\xff\\r"]);
    assert!(rows[2].ends_with("x…  <- nearest"));
    assert_eq!(rows[2].width(), 5 + MARKED_WIDTH + 12);
    assert_eq!(rows[4].width(), 5 + NOTE_WIDTH);
}

#[test]
fn what_is_missing_at_the_end_is_marked_behind_it() {
    let marks = |text: &str, part: Range<usize>| {
        let report = Report::new("x").note(text).nearest(vec![part]).to_string();
        report.lines().last().unwrap().to_owned()
    };
    assert_eq!(marks("do", 2..3), "   |   ^");
    assert_eq!(marks("", 0..1), "   | ^");
    assert_eq!(marks("日本", 6..7), "   |     ^");
    let long = "x".repeat(500);
    assert_eq!(marks(&long, 500..501).width(), "   | …".width() + 40 + 1);
    let all = marks(&long, 0..500);
    assert_eq!(all.width(), "   | ".width() + MARKED_WIDTH);
}

proptest! {
    #[test]
    fn a_source_line_always_fits(
        text in prop::collection::vec(any::<u8>(), 0..200),
        start in 0_usize..220,
        len in 0_usize..220,
    ) {
        let text = Bytes::from(text);
        let place = Place { source: "a".into(), line: 1, text, span: start..start + len };
        let (source, carets) = lines(place);
        prop_assert!(source.width() <= 5 + SOURCE_WIDTH, "{source}");
        prop_assert!(carets.contains('^') && carets.width() <= 6 + SOURCE_WIDTH, "{carets}");
    }
}
