//! Reading what the peers say, and what becomes of lines that no step reads.

use bytes::Bytes;

use super::wait::Wait;
use super::{Action, Runner, Step};
use crate::session::{Audience, Drive, Input, Queue};
use crate::units::At;
use crate::wire::ConnId;

/// Unread bytes of a conn over which it is not read any more, until half of them have been read; at
/// the least, since half of them must hold the longest line.
const BOUND: usize = 2 << 20;

/// Unread bytes of all conns over which the oldest are passed over, until half of them are left: as
/// many as 32 conns may have that are paused.
const ALL_BOUND: usize = 64 << 20;

/// How many unread bytes of a conn are too many, where a line has at most `max_line`.
pub(super) fn bound(max_line: usize) -> usize {
    BOUND.max(max_line.saturating_mul(2))
}

impl Runner {
    pub(super) fn heard(&mut self, now: At, conn: ConnId, bytes: &Bytes) {
        self.guard(now, conn, bytes);
        if self.options.reads {
            self.unread.push(now, conn, bytes);
        } else if !self.counts_for_nobody() {
            self.unread.count(conn, bytes);
        }
        if self.drive == Drive::Ended && self.fail_unread() {
            return;
        }
        self.read_on(now);
        let together = self.options.prompt || self.options.room;
        let whose = if together { Audience::All } else { Audience::One(conn) };
        if !self.options.reads || self.unread.bytes(whose) <= self.unread_bound {
            return self.bound_all();
        }
        if self.may_pass_over() {
            self.pass_over(whose);
        } else if !self.unread_full.contains(&conn) {
            self.unread_full.push(conn);
            self.send(Input::Filled(Queue::Unread(conn)));
        }
        self.bound_all();
    }

    /// Whether there was no step and will be none: what is said then is not even counted, since nobody is told
    /// how much it was.
    fn counts_for_nobody(&self) -> bool {
        self.drive == Drive::Ended && self.at.line == 0 && self.wait.is_none()
    }

    /// Passes over what came first of all, of conns that the script does not turn to, where thousands
    /// of them have a little unread each: pausing one does not stop the next.
    fn bound_all(&mut self) {
        let bound = ALL_BOUND.max(self.unread_bound.saturating_mul(2));
        if self.unread.bytes(Audience::All) > bound {
            self.failure.passed_over += self.unread.pass_over_others(self.to, bound / 2);
            self.relieve();
        }
    }

    /// Lets one `/expect` after another read what has come. Done before it is recorded, so that the
    /// transcript can say with each line which pattern it matched.
    fn read_on(&mut self, now: At) {
        self.look(now);
        while self.wait.is_none() && self.outbox.is_empty() && self.drive == Drive::Running {
            let expects = self.steps.front().is_some_and(Step::is_expect);
            if !expects || !self.may_step() {
                break;
            }
            let Some(step) = self.take_step() else { break };
            self.step(now, &step);
            self.look(now);
        }
    }

    /// Whether waiting for the script to read might be waiting for ever: it waits itself, for
    /// something that comes behind the lines that it has not read, or for more steps. Nobody in a room
    /// waits for its host.
    fn may_pass_over(&self) -> bool {
        let behind = matches!(self.wait, Some((Wait::Eof { .. }, _)));
        let nobody_waits = self.options.prompt || self.options.room;
        nobody_waits || self.held || behind || self.starved
    }

    /// Of a conn, or of all: a person reads on the screen, and no conn waits for it.
    fn pass_over(&mut self, whose: Audience) {
        let lines = self.unread.pass_over(whose, self.unread_bound / 2);
        self.failure.passed_over += lines;
    }

    /// Lets the conns go on that waited for a step to read: what the script waits for now comes behind
    /// their unread lines.
    pub(super) fn make_way(&mut self) {
        for conn in self.unread_full.clone() {
            self.pass_over(Audience::One(conn));
        }
        self.relieve();
    }

    /// Tells of the conns whose unread lines have become few.
    pub(super) fn relieve(&mut self) {
        let (unread, outbox, bound) = (&self.unread, &mut self.outbox, self.unread_bound);
        self.unread_full.retain(|conn| {
            let full = unread.bytes(Audience::One(*conn)) > bound / 2;
            if !full {
                outbox.push_back(Action::Session(Input::Drained(Queue::Unread(*conn))));
            }
            full
        });
    }
}
