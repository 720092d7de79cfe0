//! `/strict on`: no line stays unread.

use super::lines_read::{Marked, Seen};
use super::{Blame, Place, Report, Runner};
use crate::session::Audience;
use crate::units::count;
use crate::wire::Visible;

/// How many unread lines are told.
const TOLD: usize = 8;

impl Runner {
    /// `/strict on|off`.
    pub(super) fn set_strict(&mut self, on: bool, place: &Place) {
        self.strict = on.then(|| place.clone());
    }

    /// Fails the script, which has come to its end, if lines are unread and must not be; whether it did.
    pub(super) fn fail_unread(&mut self) -> bool {
        let lines = self.unread.lines() + self.failure.passed_over;
        let Some(place) = self.strict.clone().filter(|_| lines > 0 && !self.options.prompt) else {
            return false;
        };
        self.strict = None; // it is told once
        let mut report = Report::new(format!("{} stayed unread", count(lines, "line")))
            .at(place)
            .label("this lets no line stay unread");
        let view = self.view(self.began, Audience::All);
        for next in self.unread.all_lines(Audience::All).take(TOLD) {
            report = view.line(report, &Seen::of(&next), Marked::Not);
        }
        if lines > TOLD as u64 {
            report = report.note(format!("(and {} more)", lines - TOLD as u64));
        }
        let Place { source, line, text, .. } = &self.at;
        report = report.note(format!("(the last step was {source}:{line}: {})", Visible(text)));
        let failure = self.blame(Blame::Check, report);
        self.fail(failure);
        true
    }
}
