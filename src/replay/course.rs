//! One conn of a replay, as far as it has come.

use std::sync::Arc;

use super::ear::Ear;
use super::part::{End, Part, Source};
use crate::matching::hearing::{Matcher, Offered, View};
use crate::matching::{Masks, Vars};
use crate::script::Heard;
use crate::units::At;
use crate::wire::ConnId;

/// One conn of a replay.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) conn: Option<ConnId>,
    pub(super) sources: Arc<[Source]>,
    pub(super) end: Option<End>,
    pub(super) ended_first: bool,
    /// Our side has ended.
    pub(super) half_closed: bool,
    /// The number of the event that opened it.
    pub(super) opened: usize,
    pub(super) matcher: Matcher,
    /// The variables that other conns know of.
    pub(super) lent: Arc<Vars>,
    pub(super) ear: Ear,
    /// What is next is not expected.
    pub(super) refused: bool,
    /// Where what is being recorded anew is kept.
    pub(super) turn: Turn,
}

/// What has come since our side did something.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// The first item of it.
    pub(super) begin: usize,
    /// The event behind which it began.
    pub(super) behind: usize,
    pub(super) lines: Vec<Vec<u8>>,
    /// The last of them goes on with what comes.
    pub(super) open: bool,
    /// It is no longer compared as it comes.
    pub(super) off: bool,
    /// When something came last.
    pub(super) last: Option<At>,
}

impl Turn {
    /// Keeps what came. A partial line goes on with what follows it, unless one was expected.
    fn keep(&mut self, bytes: &[u8]) {
        match self.lines.last_mut().filter(|_| self.open) {
            Some(line) => line.extend_from_slice(bytes),
            None => self.lines.push(bytes.to_vec()),
        }
        self.open = self.off && !bytes.ends_with(b"\n");
    }
}

impl Course {
    pub(super) fn new(part: Part, masks: Masks, vars: Vars) -> Course {
        let matcher = Matcher::new(part.items, masks, vars);
        Course {
            conn: part.conn,
            sources: part.sources,
            end: part.end,
            ended_first: part.ended_first,
            half_closed: false,
            lent: matcher.vars(),
            matcher,
            ear: Ear::new(part.longest),
            refused: false,
            turn: Turn { behind: part.opened, ..Turn::default() },
            opened: part.opened,
        }
    }

    /// How many items were recorded as a whole before this event.
    pub(super) fn items_before(&self, event: usize) -> usize {
        self.sources.partition_point(|source| source.last() < event)
    }

    /// Whether the peer will say no more.
    pub(super) fn has_ended(&self, heard: &Heard<'_>) -> bool {
        self.ear.has_ended(heard)
    }

    /// Whether something was read that is not compared yet, or is there to be read.
    pub(super) fn next(&self, heard: &Heard<'_>) -> Option<Vec<u8>> {
        self.ear.next(heard)
    }

    /// Compares what has come; whether some of it was as expected.
    pub(super) fn hear(&mut self, now: At, heard: &mut Heard<'_>) -> bool {
        self.hear_each(now, heard, |_, _| {})
    }

    /// The same, and keeps what was taken for the turn that is recorded anew.
    pub(super) fn hear_and_keep(&mut self, now: At, heard: &mut Heard<'_>) -> bool {
        self.hear_each(now, heard, Turn::keep)
    }

    fn hear_each(
        &mut self,
        now: At,
        heard: &mut Heard<'_>,
        taken: impl Fn(&mut Turn, &[u8]),
    ) -> bool {
        let mut progress = false;
        self.refused = false;
        while let Some((bytes, whole)) = self.ear.view(heard) {
            let quiet = self.ear.is_quiet(now, bytes.len());
            let offered = if self.turn.off {
                if whole || quiet { Offered::Taken(bytes.len()) } else { Offered::More }
            } else {
                self.matcher.offer(View { bytes: &bytes, whole, quiet })
            };
            match offered {
                Offered::Taken(len) => {
                    self.ear.take(heard, &bytes[..len]);
                    self.turn.last = Some(now);
                    taken(&mut self.turn, &bytes[..len]);
                    progress = true;
                }
                Offered::More => break,
                Offered::Refused => {
                    self.refused = true;
                    break;
                }
            }
        }
        progress
    }

    /// Whether some of its patterns use variables.
    pub(super) fn uses_variables(&self) -> bool {
        self.matcher.items().iter().any(|item| item.uses().next().is_some())
    }

    /// The event of what comes next, and whether its pattern uses variables, if something must come.
    pub(super) fn awaited(&self) -> Option<(usize, bool)> {
        let fault = self.matcher.fault().map(|(item, _)| *item);
        let item = fault.or_else(|| self.matcher.awaited())?;
        let uses = self.matcher.items()[item].uses().next().is_some();
        Some((self.sources[item].first(), uses))
    }

    /// The variables, with what was captured.
    pub(super) fn vars(&self) -> Arc<Vars> {
        self.matcher.vars()
    }
}
