//! What people are told when a script fails.

mod render;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use render::{COLOURS, PLAIN, Rendering};

use super::{Place, ScriptFault};
use crate::matching::Secrets;

/// A failure: what, where, and what to know about it.
///
/// ```text
/// error: no line matched `^250 ` within 5s
///   --> scripts/mail.chat:4:9
///    |
///  4 | /expect ^250
///    |         ^^^^ the peer said instead:
///    = 220 mail.example ESMTP               +2ms
///    = 550 no such host        <- nearest   +40ms
///    | ^^
/// ```
///
/// Nothing in it can act on a terminal, whatever the peer said. It has no newline at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    headline: Headline,
    place: Option<Place>,
    label: Option<String>,
    notes: Vec<Note>,
}

/// What is told first.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Headline {
    text: String,
    /// What is quoted behind that, and what follows. The quotation may be cut to fit.
    quoted: Option<(String, String)>,
}

/// Something to know about a failure, or a line that a peer said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Note {
    text: Vec<u8>,
    /// When it came, in the words of whoever knows from when on that counts.
    time: Option<String>,
    mark: Option<Mark>,
}

/// What makes a note stand out among others.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    /// What stands behind it.
    sign: &'static str,
    /// The parts of its text that are meant, in bytes.
    parts: Vec<Range<usize>>,
}

/// The mark of the line that comes nearest to what was wanted.
const NEAREST: &str = "<- nearest";
/// The mark of a line that must not have come.
const UNWANTED: &str = "<- this";

impl Report {
    /// A report that says `headline`, which has no `error: ` before it.
    #[must_use]
    pub fn new(headline: impl Into<String>) -> Self {
        let headline = Headline { text: headline.into(), quoted: None };
        Report { headline, place: None, label: None, notes: Vec::new() }
    }

    /// A report whose headline quotes a part of the script, which may be long: `before`, the quotation,
    /// and what is `behind` it.
    pub(in crate::script) fn quoting(
        before: impl Into<String>,
        quoted: impl Into<String>,
        behind: impl Into<String>,
    ) -> Self {
        let mut report = Report::new(before);
        report.headline.quoted = Some((quoted.into(), behind.into()));
        report
    }

    /// Shows the place, and from where its script was included.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Shows the place, unless another is shown, or no step has begun.
    #[must_use]
    pub(super) fn or_at(mut self, place: Place) -> Self {
        if place.line > 0 {
            self.place.get_or_insert(place);
        }
        self
    }

    /// Says something about the place, behind its carets; without a place it is a note.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.notes.push(Note { text: text.into(), ..Note::default() });
        self
    }

    /// Adds a line that a peer said, and when it came.
    #[must_use]
    pub fn line(mut self, text: impl Into<Vec<u8>>, time: impl Into<String>) -> Self {
        self.notes.push(Note { text: text.into(), time: Some(time.into()), mark: None });
        self
    }

    /// Marks the note that was added last as the nearest, and the parts of its text that differ from
    /// what was wanted, in bytes.
    #[must_use]
    pub fn nearest(self, differs: Vec<Range<usize>>) -> Self {
        self.mark(NEAREST, differs)
    }

    /// Marks the note that was added last as the line that must not have come, and the part of its text
    /// that makes it that.
    #[must_use]
    pub fn unwanted(self, part: Range<usize>) -> Self {
        self.mark(UNWANTED, vec![part])
    }

    fn mark(mut self, sign: &'static str, parts: Vec<Range<usize>>) -> Self {
        if let Some(note) = self.notes.last_mut() {
            note.mark = Some(Mark { sign, parts });
        }
        self
    }

    /// The report, which is about one of several.
    #[must_use]
    pub fn of(mut self, name: &str) -> Self {
        self.headline.text.insert_str(0, &format!("{name}: "));
        self
    }

    /// The report without these secrets, which are taken out before anything is cut to fit a screen.
    #[must_use]
    pub fn hiding(self, secrets: &Secrets) -> Self {
        if secrets.is_empty() {
            return self;
        }
        self.map_text(&|text| secrets.hide(text).into_owned(), &|line| secrets.hide_piece(line))
    }

    /// The report with every piece of its text as `change` makes it, and its notes as `change_note`
    /// does. What no longer stands where it stood is not marked.
    fn map_text(
        mut self,
        change: &dyn Fn(&[u8]) -> Vec<u8>,
        change_note: &dyn Fn(&[u8]) -> Vec<u8>,
    ) -> Self {
        let text = |text: &mut String| {
            *text = String::from_utf8_lossy(&change(text.as_bytes())).into_owned();
        };
        text(&mut self.headline.text);
        if let Some((quoted, behind)) = &mut self.headline.quoted {
            text(quoted);
            text(behind);
        }
        self.label.iter_mut().for_each(text);
        self.place = self.place.map(|place| place.map_text(change));
        for note in &mut self.notes {
            let changed = change_note(&note.text);
            if changed != note.text {
                note.mark.iter_mut().for_each(|mark| mark.parts.clear());
                note.text = changed;
            }
        }
        self
    }

    /// What it says first, without the `error: ` before it and with nothing cut.
    #[must_use]
    pub fn headline(&self) -> String {
        let Headline { text, quoted } = &self.headline;
        match quoted {
            Some((quoted, behind)) => format!("{text} `{quoted}`{behind}"),
            None => text.clone(),
        }
    }

    /// The place that it shows.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
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
