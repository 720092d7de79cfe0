//! What must never come: `/reject`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::failure::BEFORE_TOLD;
use super::lines_read::{Marked, Seen, View};
use super::roster::Roster;
use super::used::Used;
use super::{Blame, Place, Report, Runner, Unread};
use crate::command::{Arg, Fault};
use crate::matching::Pattern;
use crate::session::{Audience, Drive};
use crate::units::At;
use crate::wire::{Block, ConnId, Encoding, LineCodec, Visible};

/// The patterns that no line may match.
#[derive(Debug)]
pub(super) struct Guards {
    standing: Vec<Guard>,
    /// What was heard of each conn since there are guards, cut into lines.
    codecs: BTreeMap<ConnId, LineCodec>,
    /// How the peers write text.
    encoding: Encoding,
}

#[derive(Debug)]
struct Guard {
    whom: Audience,
    pattern: Arc<Pattern>,
    place: Place,
    used: Used,
}

/// A line that must not have come, and those that came with it before.
struct Tripped {
    /// Which guard it tripped.
    guard: usize,
    before: Vec<Seen>,
    line: Seen,
}

impl Guards {
    /// None yet.
    pub(super) fn new(encoding: Encoding) -> Guards {
        Guards { standing: Vec::new(), codecs: BTreeMap::new(), encoding }
    }

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
            for (conn, begun) in unread.begun() {
                let mut codec = LineCodec::new(max_line);
                codec.feed(At::START, Bytes::copy_from_slice(begun), &mut Vec::new());
                self.codecs.insert(conn, codec);
            }
        }
        self.standing.push(guard);
    }

    /// Looks at what a peer says, as far as it completes lines.
    fn heard(
        &mut self,
        (now, conn): (At, ConnId),
        bytes: &Bytes,
        max_line: usize,
        roster: &Roster,
    ) -> Option<Tripped> {
        let mut blocks = Vec::new();
        let codec = self.codecs.entry(conn).or_insert_with(|| LineCodec::new(max_line));
        codec.feed(now, bytes.clone(), &mut blocks);
        let lines = || texts(&blocks, self.encoding);
        let (at, line, guard) = lines().enumerate().find_map(|(at, line)| {
            let guard = self.find(conn, &line, roster)?;
            Some((at, line, guard))
        })?;
        let seen = |line: Cow<'_, [u8]>| Seen::new(conn, &line, now);
        let first = at.saturating_sub(BEFORE_TOLD);
        let before = lines().skip(first).take(at - first).map(seen).collect();
        Some(Tripped { guard, before, line: seen(line) })
    }

    /// Looks at what a peer has begun to say, and will not end.
    fn ended(&mut self, now: At, conn: ConnId, roster: &Roster) -> Option<Tripped> {
        let block = self.codecs.remove(&conn)?.flush()?;
        let text = self.encoding.text(block.bytes());
        let guard = self.find(conn, &text, roster)?;
        Some(Tripped { guard, before: Vec::new(), line: Seen::new(conn, &text, now) })
    }

    /// The guard that a line trips.
    fn find(&self, conn: ConnId, line: &[u8], roster: &Roster) -> Option<usize> {
        let trips = |guard: &Guard| guard.is_on(conn, roster) && guard.pattern.find(line).is_some();
        self.standing.iter().position(trips)
    }
}

/// The text of every line.
fn texts(blocks: &[Block], encoding: Encoding) -> impl Iterator<Item = Cow<'_, [u8]>> {
    let lines = blocks.iter().flat_map(|block| block.lines());
    lines.map(move |line| encoding.text(line.text))
}

impl Guard {
    fn is_on(&self, conn: ConnId, roster: &Roster) -> bool {
        self.whom.means(conn, || roster.is_guest(conn))
    }

    /// What is told of a line that tripped it, and of those before; `since` is when the step began that
    /// is running.
    fn report(&self, line: &Seen, before: &[Seen], since: At, roster: &Roster) -> Report {
        let Guard { whom, pattern, place, used } = self;
        let source = place.text.get(place.span.clone()).unwrap_or_default();
        let view = View { since, from: *whom, roster };
        let written = String::from_utf8_lossy(source);
        let report = Report::quoting("a line matched", written, ", which must not come")
            .at(place.clone())
            .label(format!("{} said:", view.speaker()));
        let before = before.iter().skip(before.len().saturating_sub(BEFORE_TOLD));
        let report = before.fold(report, |report, seen| view.line(report, seen, Marked::Not));
        let part = pattern.place(line.text()).unwrap_or_default();
        used.add_to(view.line(report, line, Marked::Unwanted(part)))
    }
}

impl Runner {
    /// `/reject`: puts up a guard on whoever is spoken to, or lifts theirs.
    pub(super) fn reject(
        &mut self,
        now: At,
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
            place: place.part(arg.span()),
            used: Used::of(arg.template(), &self.settings.vars),
        };
        let unread =
            self.unread.whole_lines(whom).find(|next| guard.pattern.find(&next.text()).is_some());
        let report = unread.map(|next| {
            let report = guard.report(&Seen::of(&next), &[], now, &self.roster);
            report.note("(it was unread when this step began)")
        });
        if let Some(report) = report {
            self.trip(report);
        }
        self.guards.put_up(guard, &self.unread, self.options.max_line);
        Ok(())
    }

    /// Lets the guards look at what a peer says, before any step reads it.
    pub(super) fn guard(&mut self, now: At, conn: ConnId, bytes: &Bytes) {
        if self.guards.standing.is_empty() || self.drive == Drive::Quit {
            return;
        }
        let max_line = self.options.max_line;
        if let Some(tripped) = self.guards.heard((now, conn), bytes, max_line, &self.roster) {
            self.tripped(tripped);
        }
    }

    /// Lets the guards look at the line that a peer has left unfinished.
    pub(super) fn guard_end(&mut self, now: At, conn: ConnId) {
        if self.drive == Drive::Quit {
            return;
        }
        if let Some(tripped) = self.guards.ended(now, conn, &self.roster) {
            self.tripped(tripped);
        }
    }

    fn tripped(&mut self, Tripped { guard, before, line }: Tripped) {
        let skipped = self.wait.as_ref().and_then(|(wait, _)| wait.heard());
        let mut last = self.failure.last_of(line.conn(), skipped, &self.unread);
        last.extend(before);
        let report = self.guards.standing[guard].report(&line, &last, self.began, &self.roster);
        let Place { source, line, text, .. } = &self.at;
        let when = match self.drive {
            _ if self.wait.is_some() => "while at",
            Drive::Ended => "after the last step,",
            _ => "after",
        };
        let running = format!("({when} {source}:{line}: {})", Visible(text));
        self.trip(report.note(running));
    }

    /// Fails the script. A person is told, and the step that is running goes on: it is not what failed.
    fn trip(&mut self, report: Report) {
        let failure = self.blame(Blame::Check, report);
        let running = self.wait.take().filter(|_| self.options.prompt);
        self.fail(failure);
        self.wait = running;
    }
}
