//! A report as text.

use std::fmt;
use std::ops::Range;

use anstyle::{AnsiColor, Effects, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{Headline, Mark, Note, Place, Report};
use crate::wire::Visible;

/// The columns of a screen, which most terminals have at least.
const SCREEN: usize = 80;
/// The most columns of a source line that are shown: with the gutter, a screen.
pub(super) const SOURCE_WIDTH: usize = SCREEN - 8;
/// The most columns of a note that are shown; of one with marks below it a screen, or they would stand
/// below something else.
pub(super) const NOTE_WIDTH: usize = 100;
pub(super) const MARKED_WIDTH: usize = SOURCE_WIDTH;
/// The most columns of what a headline quotes; all of it stands below.
const QUOTED_WIDTH: usize = 60;
/// How far right the mark of the nearest line may be moved by longer lines.
const MARK_COLUMN: usize = 48;
/// How many columns are kept free for what is marked, and for what follows it.
const ROOM_TO_MARK: usize = 20;
/// How many bytes stand before what is marked, where the beginning of the line is left out.
const BEFORE_MARK: usize = 40;
/// What a tab of a source line is shown as.
const TAB: &str = "    ";

#[derive(Debug, Clone, Copy)]
pub(super) struct Palette {
    error: Style,
    gutter: Style,
    mark: Style,
    dim: Style,
}

pub(super) const PLAIN: Palette =
    Palette { error: Style::new(), gutter: Style::new(), mark: Style::new(), dim: Style::new() };

pub(super) const COLOURS: Palette = Palette {
    error: AnsiColor::Red.on_default().bold(),
    gutter: AnsiColor::Blue.on_default().bold(),
    mark: AnsiColor::Yellow.on_default().bold(),
    dim: Style::new().effects(Effects::DIMMED),
};

pub(super) struct Rendering<'a> {
    pub(super) report: &'a Report,
    pub(super) palette: Palette,
}

/// A note as it is shown: its text, cut to fit, and the columns of it that are marked.
struct Shown<'a> {
    note: &'a Note,
    text: String,
    marks: Vec<Range<usize>>,
}

impl fmt::Display for Rendering<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rendering { report, palette: Palette { error, .. } } = self;
        let Headline { text, quoted } = &report.headline;
        write!(f, "{error}error:{error:#} {}", Visible(text.as_bytes()))?;
        if let Some((quoted, behind)) = quoted {
            let quoted = head(&Visible(quoted.as_bytes()).to_string(), QUOTED_WIDTH);
            write!(f, " `{quoted}`{}", Visible(behind.as_bytes()))?;
        }
        let label = report.label.as_ref().map(|label| Visible(label.as_bytes()).to_string());
        let (gutter, label) = match &report.place {
            Some(place) => self.place(f, place, label)?,
            None => (1, label),
        };
        if let Some(label) = label {
            self.gutter(f, gutter, "=")?;
            write!(f, " {label}")?;
        }
        self.notes(f, gutter)?;
        self.chain(f, gutter)
    }
}

impl Rendering<'_> {
    /// Shows the place, and behind its carets the label. Tells how many digits its line number has, and
    /// gives the label back if there was no room for it.
    fn place(
        &self,
        f: &mut fmt::Formatter<'_>,
        place: &Place,
        label: Option<String>,
    ) -> Result<(usize, Option<String>), fmt::Error> {
        let Palette { gutter, mark, .. } = self.palette;
        let number = place.line.to_string();
        let digits = number.len();
        let blank = "";
        let [before, marked, after] = window(place);
        let line = format!("{before}{marked}{after}");
        let indent = before.width();
        let carets =
            "^".repeat(line.trim_end().width().saturating_sub(indent).min(marked.width()).max(1));
        let at = Visible(place.source.name().as_bytes());
        write!(f, "\n{blank:digits$} {gutter}-->{gutter:#} {at}:{number}:{}", place.column())?;
        write!(f, "\n{blank:digits$}  {gutter}|{gutter:#}")?;
        write!(f, "\n {gutter}{number} |{gutter:#} {}", line.trim_end())?;
        write!(f, "\n{blank:digits$}  {gutter}|{gutter:#} {blank:indent$}{mark}{carets}")?;
        let room = SCREEN.saturating_sub(digits + 5 + indent + carets.len());
        let (fits, left) = match label {
            Some(label) if label.width() <= room => (Some(label), None),
            label => (None, label),
        };
        if let Some(label) = fits {
            write!(f, " {label}")?;
        }
        write!(f, "{mark:#}")?;
        Ok((digits, left))
    }

    fn notes(&self, f: &mut fmt::Formatter<'_>, gutter: usize) -> fmt::Result {
        let notes: Vec<Shown> = self.report.notes.iter().map(Shown::of).collect();
        // Times have a column of their own, behind the marks where there are some.
        let timed = notes.iter().any(|shown| shown.note.time.is_some());
        let lines = notes.iter().filter(|shown| !timed || shown.note.time.is_some());
        let widest = lines.map(|shown| shown.text.width()).max().unwrap_or_default();
        let widest = widest.min(MARK_COLUMN);
        let signs = notes.iter().filter_map(|shown| shown.note.mark.as_ref());
        let signs = signs.map(|mark| 2 + mark.sign.len()).max().unwrap_or_default();
        let times = widest + signs;
        for shown in &notes {
            self.note(f, gutter, shown, [widest, times])?;
        }
        Ok(())
    }

    /// Writes a note; its mark and its time stand behind these columns.
    fn note(
        &self,
        f: &mut fmt::Formatter<'_>,
        digits: usize,
        shown: &Shown<'_>,
        [mark_at, time_at]: [usize; 2],
    ) -> fmt::Result {
        let Palette { mark, dim, .. } = self.palette;
        let blank = "";
        self.gutter(f, digits, "=")?;
        if !shown.text.is_empty() {
            write!(f, " {}", shown.text)?;
        }
        let mut column = shown.text.width();
        if let Some(Mark { sign, .. }) = shown.note.mark {
            let gap = mark_at.saturating_sub(column) + 2;
            write!(f, "{blank:gap$}{mark}{sign}{mark:#}")?;
            column += gap + sign.len();
        }
        if let Some(time) = &shown.note.time {
            let gap = time_at.saturating_sub(column) + 2;
            write!(f, "{blank:gap$}{dim}{}{dim:#}", Visible(time.as_bytes()))?;
        }
        self.marks(f, digits, &shown.marks)
    }

    /// Marks columns of the note above.
    fn marks(
        &self,
        f: &mut fmt::Formatter<'_>,
        digits: usize,
        marks: &[Range<usize>],
    ) -> fmt::Result {
        if marks.is_empty() {
            return Ok(());
        }
        let mark = self.palette.mark;
        self.gutter(f, digits, "|")?;
        let (blank, mut column) = ("", 0);
        write!(f, " {mark}")?;
        for range in marks {
            let gap = range.start - column;
            write!(f, "{blank:gap$}{}", "^".repeat(range.len()))?;
            column = range.end;
        }
        write!(f, "{mark:#}")
    }

    /// From where the script of the place was included.
    fn chain(&self, f: &mut fmt::Formatter<'_>, gutter: usize) -> fmt::Result {
        let places = self.report.place.iter().flat_map(|place| place.source.chain());
        for place in places {
            self.gutter(f, gutter, "=")?;
            write!(f, " included from {}", Visible(place.to_string().as_bytes()))?;
        }
        Ok(())
    }

    /// Begins a line that is none of the script's.
    fn gutter(&self, f: &mut fmt::Formatter<'_>, digits: usize, sign: &str) -> fmt::Result {
        let (gutter, blank) = (self.palette.gutter, "");
        write!(f, "\n{blank:digits$}  {gutter}{sign}{gutter:#}")
    }
}

impl Shown<'_> {
    /// Shows a note from its beginning, or from a little before the part of it that is marked, where
    /// that lies too far behind.
    fn of(note: &Note) -> Shown<'_> {
        let marked = note.mark.as_ref().map_or(&[][..], |mark| &mark.parts);
        let columns = |bytes: &[u8]| Visible(bytes).to_string().width();
        let clamp = |at: usize| at.min(note.text.len());
        let first = marked.first().map_or(0, |range| clamp(range.start));
        let width = if marked.is_empty() { NOTE_WIDTH } else { MARKED_WIDTH };
        let hidden = if columns(&note.text[..first]) < width - ROOM_TO_MARK {
            0
        } else {
            border(&note.text, first - BEFORE_MARK.min(first))
        };
        let lead = if hidden > 0 { "…" } else { "" };
        let whole = format!("{lead}{}", Visible(&note.text[hidden..]));
        let text = head(&whole, width);
        // What is missing at the end is marked behind it, unless the end is not shown.
        let last = text.width() - usize::from(text != whole);
        let column = |at: usize| lead.width() + columns(&note.text[hidden..clamp(at).max(hidden)]);
        let mut marks: Vec<Range<usize>> = Vec::new();
        for range in marked {
            let start = column(range.start).min(last);
            let end = column(range.end).clamp(start + 1, text.width().max(start + 1));
            match marks.last_mut() {
                Some(last) if last.end >= start => last.end = last.end.max(end),
                _ => marks.push(start..end),
            }
        }
        Shown { note, text, marks }
    }
}

/// The border of a character at `at` or before.
fn border(text: &[u8], at: usize) -> usize {
    let is_border = |at: &usize| text.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    (at.saturating_sub(3)..=at).rev().find(is_border).unwrap_or(at)
}

/// The line before, in and behind the place, as much of it as fits on a screen.
fn window(place: &Place) -> [String; 3] {
    let [before, marked, after] = place.cut().map(shown);
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
