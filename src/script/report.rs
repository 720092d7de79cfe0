//! What people are told when a script fails.

use std::fmt;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Place, ScriptFault};
use crate::wire::Visible;

/// The most columns of a source line that are shown: with the gutter, a screen of 80.
const SOURCE_WIDTH: usize = 72;
/// The most columns of a note that are shown.
const NOTE_WIDTH: usize = 100;
/// How far right the mark of the nearest line may be moved by longer lines.
const MARK_COLUMN: usize = 48;
/// What a tab of a source line is shown as.
const TAB: &str = "    ";

/// A failure: what, where, and what to know about it.
///
/// ```text
/// error: no line matched `^250 ` within 5s
///   --> scripts/mail.chat:4:9
///    |
///  4 | /expect ^250
///    |         ^^^^ the peer said instead:
///    = 220 mail.example ESMTP
///    = 550 no such host        <- nearest
/// ```
///
/// Nothing in it can act on a terminal, whatever the peer said. It has no newline at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    headline: String,
    place: Option<Place>,
    label: Option<String>,
    notes: Vec<Vec<u8>>,
    /// The index of the note that is marked.
    nearest: Option<usize>,
}

impl Report {
    /// A report that says `headline`, which has no `error: ` before it.
    #[must_use]
    pub fn new(headline: impl Into<String>) -> Self {
        let headline = headline.into();
        Report { headline, place: None, label: None, notes: Vec::new(), nearest: None }
    }

    /// Shows the place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Says something about the place, behind its carets; without a place it is a note.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a note, or a line that the peer said.
    #[must_use]
    pub fn note(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Marks the note that was added last as the nearest.
    #[must_use]
    pub fn nearest(mut self) -> Self {
        self.nearest = self.notes.len().checked_sub(1);
        self
    }

    /// The report in colours, whose `Display` has escape sequences.
    #[must_use]
    pub fn coloured(&self) -> impl fmt::Display {
        Rendering { report: self, palette: COLOURS }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Rendering { report: self, palette: PLAIN }.fmt(f)
    }
}

impl From<ScriptFault> for Report {
    fn from(fault: ScriptFault) -> Self {
        let report = Report::new(fault.what.to_string()).at(fault.place);
        match fault.what.hint() {
            Some(hint) => report.label(hint),
            None => report,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Palette {
    error: Style,
    gutter: Style,
    mark: Style,
}

const PLAIN: Palette = Palette { error: Style::new(), gutter: Style::new(), mark: Style::new() };

const COLOURS: Palette = Palette {
    error: AnsiColor::Red.on_default().bold(),
    gutter: AnsiColor::Blue.on_default().bold(),
    mark: AnsiColor::Yellow.on_default().bold(),
};

struct Rendering<'a> {
    report: &'a Report,
    palette: Palette,
}

impl fmt::Display for Rendering<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rendering { report, palette: Palette { error, .. } } = self;
        let headline = Visible(report.headline.as_bytes());
        write!(f, "{error}error:{error:#} {headline}")?;
        let gutter = match &report.place {
            Some(place) => self.place(f, place)?,
            None => 1,
        };
        if let (None, Some(label)) = (&report.place, &report.label) {
            self.note(f, gutter, &Visible(label.as_bytes()).to_string(), None)?;
        }
        self.notes(f, gutter)
    }
}

impl Rendering<'_> {
    /// Shows the place, and tells how many digits its line number has.
    fn place(&self, f: &mut fmt::Formatter<'_>, place: &Place) -> Result<usize, fmt::Error> {
        let Palette { gutter, mark, .. } = self.palette;
        let number = place.line.to_string();
        let digits = number.len();
        let blank = "";
        let [before, marked, after] = window(place);
        let line = format!("{before}{marked}{after}");
        let indent = before.width();
        let carets =
            "^".repeat(line.trim_end().width().saturating_sub(indent).min(marked.width()).max(1));
        let at = Visible(place.source.as_bytes());
        write!(f, "\n{blank:digits$} {gutter}-->{gutter:#} {at}:{number}:{}", place.column())?;
        write!(f, "\n{blank:digits$}  {gutter}|{gutter:#}")?;
        write!(f, "\n {gutter}{number} |{gutter:#} {}", line.trim_end())?;
        write!(f, "\n{blank:digits$}  {gutter}|{gutter:#} {blank:indent$}{mark}{carets}")?;
        if let Some(label) = &self.report.label {
            write!(f, " {}", Visible(label.as_bytes()))?;
        }
        write!(f, "{mark:#}")?;
        Ok(digits)
    }

    fn notes(&self, f: &mut fmt::Formatter<'_>, gutter: usize) -> fmt::Result {
        let shown =
            self.report.notes.iter().map(|note| head(&Visible(note).to_string(), NOTE_WIDTH));
        let notes: Vec<String> = shown.collect();
        let widest = notes.iter().map(|note| note.width()).max().unwrap_or_default();
        for (index, note) in notes.iter().enumerate() {
            let nearest = self.report.nearest == Some(index);
            self.note(f, gutter, note, nearest.then_some(widest.min(MARK_COLUMN)))?;
        }
        Ok(())
    }

    /// Writes a note; `nearest` is the column behind which it is marked as the nearest.
    fn note(
        &self,
        f: &mut fmt::Formatter<'_>,
        digits: usize,
        note: &str,
        nearest: Option<usize>,
    ) -> fmt::Result {
        let Palette { gutter, mark, .. } = self.palette;
        let blank = "";
        write!(f, "\n{blank:digits$}  {gutter}={gutter:#}")?;
        if !note.is_empty() {
            write!(f, " {note}")?;
        }
        if let Some(column) = nearest {
            let gap = column.saturating_sub(note.width()) + 2;
            write!(f, "{blank:gap$}{mark}<- nearest{mark:#}")?;
        }
        Ok(())
    }
}

/// The line before, in and behind the place, as much of it as fits on a screen.
fn window(place: &Place) -> [String; 3] {
    let end = place.span.end.min(place.text.len());
    let start = place.span.start.min(end);
    let parts = [&place.text[..start], &place.text[start..end], &place.text[end..]];
    let [before, marked, after] = parts.map(shown);
    if before.width() + marked.width() + after.width() <= SOURCE_WIDTH {
        return [before, marked, after];
    }
    let marked = head(&marked, SOURCE_WIDTH / 2);
    let room = SOURCE_WIDTH - marked.width();
    let before = tail(&before, room.saturating_sub(after.width()).max(room / 2));
    let after = head(&after, room - before.width());
    [before, marked, after]
}

/// A part of a source line as it can be shown, in columns that can be counted.
fn shown(bytes: &[u8]) -> String {
    let between_tabs = bytes.split(|byte| *byte == b'\t');
    between_tabs.map(|part| Visible(part).to_string()).collect::<Vec<_>>().join(TAB)
}

/// The beginning of a text, in at most `columns`; `…` where it was cut.
fn head(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    text[..fitting(text.chars(), columns)].to_owned() + "…"
}

/// The end of a text, in at most `columns`; `…` where it was cut.
fn tail(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let bytes = fitting(text.chars().rev(), columns);
    format!("…{}", &text[text.len() - bytes..])
}

/// How many bytes of `chars` leave one of the columns free.
fn fitting(chars: impl Iterator<Item = char>, columns: usize) -> usize {
    let mut width = 1;
    let fits = |c: &char| {
        width += c.width().unwrap_or_default();
        width <= columns
    };
    chars.take_while(fits).map(char::len_utf8).sum()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::command::parse;

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
            .nearest();
        let wanted = "\
error: no line matched `^250 ` within 5s
  --> mail.chat:4:9
   |
 4 | /expect ^250
   |         ^^^^ the peer said instead:
   = 220 mail.example ESMTP
   = 550 no such host        <- nearest";
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
        assert_eq!(Report::new("x").nearest().to_string(), "error: x");
    }

    #[test]
    fn a_fault_of_a_script_is_reported_with_its_hint() {
        let text = "/expct ^250";
        let fault = parse(text.as_bytes()).unwrap_err();
        let fault =
            ScriptFault::new("mail.chat".into(), 7, Bytes::from_static(text.as_bytes()), fault);
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
            .nearest();
        let text = report.to_string();
        let rows: Vec<_> = text.lines().collect();
        assert_eq!(rows[..2], ["error: a\\x1b[2J\\nb", "   = \\x1b[2J\\xff\\r"]);
        assert!(rows[2].ends_with("x…  <- nearest"));
        assert_eq!(rows[2].width(), 5 + NOTE_WIDTH + 12);
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
}
