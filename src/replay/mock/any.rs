//! A server whose client says what it said before, in any order and as often as it likes.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::lookup::{Cursor, Found, Lookup};
use super::{LATER, Tape};
use crate::matching::Vars;
use crate::replay::ear::Ear;
use crate::replay::mismatch::{Told, unusable};
use crate::replay::part::{Action, Doing};
use crate::script::{Failure, Heard, Play, Played};
use crate::units::At;

/// The server of one client. Each line is looked up on its own, and then the server does what it did
/// between that line and the client's next; of several lines without an answer between them, that is
/// nothing for all but the last.
#[derive(Debug)]
pub(super) struct Any {
    tape: Arc<Tape>,
    lookup: Arc<Lookup>,
    name: String,
    ear: Ear,
    cursor: Cursor,
    vars: Vars,
    /// What is yet to be done, on this conn of the tape.
    doing: (usize, Range<usize>),
    /// Our side has ended.
    ended: bool,
    lines: u64,
    /// When something was said last that was to be said, by either side.
    last: Option<At>,
    /// Why it fails, once the difference was told.
    failure: Option<Box<Failure>>,
}

impl Any {
    pub(super) fn new(tape: Arc<Tape>, lookup: Arc<Lookup>, index: usize) -> Any {
        let (cursor, greeting) = lookup.begin(index, &tape.parts[index]);
        Any {
            name: tape.name(index),
            ear: Ear::new(tape.longest),
            cursor,
            vars: tape.vars.clone(),
            doing: (index, greeting),
            ended: false,
            lines: 0,
            last: None,
            failure: None,
            tape,
            lookup,
        }
    }

    /// Does the next thing of an answer, unless it is too early.
    fn act(&mut self, now: At, last: At, heard: &Heard<'_>) -> Option<Played> {
        let (part, range) = self.doing.clone();
        let actions: &[Action] = &self.tape.parts[part].actions[range.clone()];
        let due = self.tape.due(actions.first()?, last);
        if now < due {
            return Some(Played::Wait(due));
        }
        let many = self.tape.together(actions, |_| true);
        let run = &actions[..many];
        self.ended |= matches!(run, [Action { what: Doing::HalfClose, .. }]);
        let played = self.tape.perform(run, heard.to, &self.vars);
        self.doing.1.start += many;
        self.last = Some(now);
        Some(played)
    }

    /// Looks up the next line, if there is one; how long to wait where there is none.
    fn hear(&mut self, now: At, last: At, heard: &mut Heard<'_>) -> Option<Played> {
        let Some((bytes, whole)) = self.ear.view(heard) else {
            return Some(self.wait(now, last, heard));
        };
        let quiet = self.ear.is_quiet(now, bytes.len());
        if !whole && !quiet {
            return Some(self.wait(now, last, heard));
        }
        match self.lookup.find(&bytes, &mut self.cursor, &self.tape, &self.vars) {
            Ok(Some(Found { part, answer, captures })) => {
                self.ear.take(heard, &bytes);
                self.vars.capture_all(&captures);
                self.lines += 1;
                self.last = Some(now);
                if !self.ended {
                    self.doing = (part, answer);
                }
                None
            }
            // The rest of it may come yet.
            Ok(None) if !whole => Some(self.wait(now, last, heard)),
            Ok(None) => {
                let told = self.unknown(&bytes);
                Some(self.tell(told))
            }
            Err((event, fault)) => {
                Some(Played::Failed(Box::new(unusable(&self.tape.file, event, &fault))))
            }
        }
    }

    fn unknown(&self, bytes: &[u8]) -> Told {
        let vars = Arc::new(self.vars.clone());
        let Some((entry, part)) = self.lookup.nearest(bytes, &self.tape) else {
            return self.tape.whereabouts(self.doing.0, vars).extra(0, bytes);
        };
        let wanted = self.lookup.wanted(entry, &self.tape.parts);
        let by_end = wanted.item.differs_by_end(bytes, &self.tape.masks, &self.vars);
        self.tape.whereabouts(part, vars).unknown(wanted, bytes, by_end)
    }

    /// Nothing in particular is waited for: a client that is silent for long enough has said all.
    fn wait(&self, now: At, last: At, heard: &Heard<'_>) -> Played {
        let since = last.max(heard.stirred);
        let until =
            self.tape.patience(self.tape.slowest).map_or(now + LATER, |limit| since + limit);
        if self.ear.has_ended(heard) && self.ear.next(heard).is_none() || until <= now {
            return Played::Done { lines: self.lines, leave: true };
        }
        Played::Wait(self.ear.deadline(now).map_or(until, |at| at.min(until)))
    }

    fn tell(&mut self, (mismatch, failure): Told) -> Played {
        self.failure = Some(failure);
        Played::Differs(mismatch)
    }
}

impl Play for Any {
    fn advance(&mut self, now: At, heard: &mut Heard<'_>) -> Played {
        if let Some(failure) = self.failure.take() {
            return Played::Failed(failure);
        }
        self.ear.with = Some(heard.to);
        loop {
            let last = *self.last.get_or_insert(now);
            if let Some(played) = self.act(now, last, heard) {
                return played;
            }
            if let Some(played) = self.hear(now, last, heard) {
                return played;
            }
        }
    }

    fn patience(&self) -> Option<Duration> {
        self.tape.how.timeout
    }

    fn name(&self) -> &str {
        &self.name
    }
}
