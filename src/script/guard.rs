//! What must never come: `/reject`.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::roster::Roster;
use super::used::Used;
use super::{Blame, Failure, Place, Report, Runner, Unread};
use crate::command::{Arg, Fault};
use crate::matching::Pattern;
use crate::session::{Audience, Drive};
use crate::units::At;
use crate::wire::{ConnId, Line, LineCodec, Visible};

/// The patterns that no line may match.
#[derive(Debug, Default)]
pub(super) struct Guards {
    standing: Vec<Guard>,
    /// What was heard of each conn since there are guards, cut into lines.
    codecs: BTreeMap<ConnId, LineCodec>,
}

#[derive(Debug)]
struct Guard {
    whom: Audience,
    pattern: Arc<Pattern>,
    place: Place,
    used: Used,
}

/// A line that must not have come.
struct Tripped<'a> {
    guard: &'a Guard,
    line: Box<[u8]>,
}

impl Guards {
    /// Lifts the guards on `whom`.
    fn lift(&mut self, whom: Audience) {
        self.standing.retain(|guard| guard.whom != whom);
        if self.standing.is_empty() {
            self.codecs.clear();
        }
    }

    /// Puts up a guard. What of a line has come already belongs to it.
    fn put_up(&mut self, guard: Guard, unread: &Unread, max_line: usize) {
        if self.standing.is_empty() {
            for begun in unread.unfinished(Audience::All) {
                let mut codec = LineCodec::new(max_line);
                codec.feed(At::START, Bytes::copy_from_slice(begun.bytes), &mut Vec::new());
                self.codecs.insert(begun.conn, codec);
            }
        }
        self.standing.push(guard);
    }

    /// Looks at what a peer says, as far as it completes lines.
    fn heard(
        &mut self,
        conn: ConnId,
        bytes: &Bytes,
        max_line: usize,
        roster: &Roster,
    ) -> Option<Tripped<'_>> {
        let mut blocks = Vec::new();
        let codec = self.codecs.entry(conn).or_insert_with(|| LineCodec::new(max_line));
        codec.feed(At::START, bytes.clone(), &mut blocks);
        let mut lines = blocks.iter().flat_map(|block| block.lines());
        let tripped =
            lines.find_map(|line| Some((self.find(conn, line.text, roster)?, line.text.into())));
        let (index, line) = tripped?;
        Some(Tripped { guard: &self.standing[index], line })
    }

    /// Looks at what a peer has begun to say, and will not end.
    fn ended(&mut self, conn: ConnId, roster: &Roster) -> Option<Tripped<'_>> {
        let block = self.codecs.remove(&conn)?.flush()?;
        let index = self.find(conn, block.bytes(), roster)?;
        Some(Tripped { guard: &self.standing[index], line: block.bytes()[..].into() })
    }

    /// The guard that a line trips.
    fn find(&self, conn: ConnId, line: &[u8], roster: &Roster) -> Option<usize> {
        let trips = |guard: &Guard| guard.is_on(conn, roster) && guard.pattern.find(line).is_some();
        self.standing.iter().position(trips)
    }
}

impl Guard {
    fn is_on(&self, conn: ConnId, roster: &Roster) -> bool {
        match self.whom {
            Audience::All => true,
            Audience::Guests => roster.is_guest(conn),
            Audience::One(one) => one == conn,
        }
    }
}

impl Tripped<'_> {
    fn report(&self, running: &Place) -> Report {
        let pattern =
            Visible(self.guard.place.text.get(self.guard.place.span.clone()).unwrap_or_default());
        let report = Report::new(format!("a line matched `{pattern}`, which must not come"))
            .at(self.guard.place.clone())
            .label(format!("the peer said: {}", Visible(&self.line)));
        let report = self.guard.used.add_to(report);
        if running.line == 0 || *running == self.guard.place {
            return report;
        }
        let step = Visible(&running.text);
        report.note(format!("(while at {}:{}: {step})", running.source, running.line))
    }
}

impl Runner {
    /// `/reject`: puts up a guard on whoever is spoken to, or lifts theirs.
    pub(super) fn reject(
        &mut self,
        pattern: Option<&Arg<String>>,
        place: &Place,
    ) -> Result<(), Fault> {
        let whom = self.to;
        let Some(arg) = pattern else {
            self.guards.lift(whom);
            return Ok(());
        };
        let guard = Guard {
            whom,
            pattern: Arc::new(arg.pattern(&self.settings.vars)?),
            place: Place { span: arg.span(), ..place.clone() },
            used: Used::of(arg.template(), &self.settings.vars),
        };
        let unread = self
            .unread
            .whole_lines(whom)
            .find(|next| guard.pattern.find(Line::cut(next.bytes).text).is_some());
        if let Some(next) = unread {
            let line = Line::cut(next.bytes).text.into();
            let report = Tripped { guard: &guard, line }.report(place);
            let failure = self.blame(Blame::Check, report);
            self.fail(failure);
        }
        self.guards.put_up(guard, &self.unread, self.options.max_line);
        Ok(())
    }

    /// Lets the guards look at what a peer says, before any step reads it.
    pub(super) fn guard(&mut self, conn: ConnId, bytes: &Bytes) {
        if self.guards.standing.is_empty() || self.drive == Drive::Quit {
            return;
        }
        let tripped = self.guards.heard(conn, bytes, self.options.max_line, &self.roster);
        let report = tripped.map(|tripped| tripped.report(&self.at));
        self.trip(report);
    }

    /// Lets the guards look at the line that a peer has left unfinished.
    pub(super) fn guard_end(&mut self, conn: ConnId) {
        if self.drive == Drive::Quit {
            return;
        }
        let tripped = self.guards.ended(conn, &self.roster);
        let report = tripped.map(|tripped| tripped.report(&self.at));
        self.trip(report);
    }

    fn trip(&mut self, report: Option<Report>) {
        if let Some(report) = report {
            let failure: Failure = self.blame(Blame::Check, report);
            self.fail(failure);
        }
    }
}
