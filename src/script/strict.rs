//! `/strict on`: no line stays unread.

use super::{Blame, Place, Report, Runner};
use crate::session::Audience;
use crate::units::count;
use crate::wire::Line;

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
            .label("this lets no line be skipped");
        for next in self.unread.all_lines(Audience::All).take(TOLD) {
            let who = self.roster.name(next.conn).filter(|_| self.roster.are_several());
            let who = who.map(|name| format!("{name}: ")).unwrap_or_default();
            report = report.note([who.as_bytes(), Line::cut(next.bytes).text].concat());
        }
        if lines > TOLD as u64 {
            report = report.note(format!("(and {} more)", lines - TOLD as u64));
        }
        let failure = self.blame(Blame::Check, report);
        self.fail(failure);
        true
    }
}
