//! Lines that a wait has read and did not want, for the report of its failure.

use std::collections::VecDeque;

use super::Report;
use super::roster::Roster;
use super::unread::Next;
use crate::matching::{Nearest, Pattern, nearest};
use crate::session::Audience;
use crate::units::{At, Human, count};
use crate::wire::{ConnId, Line};

/// How many of the lines that came last are told.
const TOLD: usize = 8;

/// A line that a peer said.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    conn: ConnId,
    text: Box<[u8]>,
    came: At,
}

impl Seen {
    /// The line that is next to be read, without its end; at most so many bytes of it.
    pub(super) fn of(next: &Next<'_>, most: usize) -> Seen {
        let text = Line::cut(next.bytes).text;
        let text = text[..text.len().min(most)].into();
        Seen { conn: next.conn, text, came: next.came }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The line as one that was read before the wait began.
    pub(super) fn before(&self) -> Seen {
        let text = [b"(before: ", &*self.text, b")"].concat();
        Seen { text: text.into(), ..self.clone() }
    }

    pub(super) fn conn(&self) -> ConnId {
        self.conn
    }
}

/// Lines that did not match: the last of them, and how many in all.
#[derive(Debug, Default)]
pub(super) struct Skipped {
    last: VecDeque<Seen>,
    count: u64,
}

impl Skipped {
    /// Takes note of the line that is next to be read, and is skipped.
    pub(super) fn skip(&mut self, next: &Next<'_>) {
        self.count += 1;
        if self.last.len() == TOLD {
            self.last.pop_front();
        }
        self.last.push_back(Seen::of(next, usize::MAX));
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The last of them, and how many in all.
    pub(super) fn into_last(self) -> (u64, Option<Seen>) {
        let Skipped { mut last, count } = self;
        (count, last.pop_back())
    }

    /// Adds the lines to a report, the one marked that `pattern` was probably meant for.
    pub(super) fn add_to(&self, mut report: Report, pattern: &Pattern, view: &View<'_>) -> Report {
        let told = self.last.len() as u64;
        if self.count > told {
            report = report.note(format!("({} before these)", count(self.count - told, "line")));
        }
        let texts: Vec<&[u8]> = self.last.iter().map(Seen::text).collect();
        let near = nearest(pattern, &texts);
        for (index, seen) in self.last.iter().enumerate() {
            report = view.line(report, seen, near.as_ref().filter(|near| near.index == index));
        }
        report
    }
}

/// From where lines are looked at in a report.
pub(super) struct View<'a> {
    /// When the wait began.
    pub(super) since: At,
    /// Whom it reads from.
    pub(super) from: Audience,
    pub(super) roster: &'a Roster,
}

impl View<'_> {
    /// Adds a line, with when it came and, where the wait reads from several, who said it.
    pub(super) fn line(&self, report: Report, seen: &Seen, near: Option<&Nearest>) -> Report {
        let several = !matches!(self.from, Audience::One(_)) && self.roster.are_several();
        let who = self.roster.name(seen.conn).filter(|_| several);
        let who = who.map(|name| format!("{name}: ")).unwrap_or_default();
        let report = report.line([who.as_bytes(), &seen.text].concat(), self.time(seen.came));
        let Some(near) = near else { return report };
        let shift = who.len();
        report.nearest(near.differs.iter().map(|at| at.start + shift..at.end + shift).collect())
    }

    /// When something came: `+2ms` after the wait began, `-2ms` before.
    fn time(&self, came: At) -> String {
        if came < self.since {
            format!("-{}", Human(self.since - came))
        } else {
            format!("+{}", Human(came - self.since))
        }
    }
}
