//! One conn of a replay, as far as it has come.

use std::sync::Arc;

use super::part::{End, Part, Source};
use crate::matching::hearing::{Matcher, Offered, View};
use crate::matching::{Masks, Vars};
use crate::script::Heard;
use crate::session::Audience;
use crate::units::At;
use crate::wire::{ConnId, PARTIAL_AFTER};

/// How many bytes of a line are looked at together, besides the longest line that is expected: what is
/// longer is another line in any case.
const LONGER: usize = 1 << 20;

/// One conn of a replay.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) conn: Option<ConnId>,
    pub(super) sources: Vec<Source>,
    pub(super) end: Option<End>,
    pub(super) ended_first: bool,
    /// The number of the event that opened it.
    pub(super) opened: usize,
    pub(super) matcher: Matcher,
    /// The variables that other conns know of.
    pub(super) lent: Arc<Vars>,
    /// Whom it is with, once it is open.
    pub(super) with: Option<Audience>,
    /// What has come of the next line, and is no longer unread: it is longer than what is read at once.
    held: Vec<u8>,
    longest: usize,
    /// How much of an unfinished line has come, and since when.
    unfinished: Option<(usize, At)>,
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
        let longest = part.items.iter().map(|item| item.bytes().len()).max().unwrap_or(0);
        let matcher = Matcher::new(part.items, masks, vars);
        Course {
            conn: part.conn,
            sources: part.sources,
            end: part.end,
            ended_first: part.ended_first,
            lent: matcher.vars(),
            matcher,
            with: None,
            held: Vec::new(),
            longest: longest.saturating_add(LONGER),
            unfinished: None,
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
        self.with.is_some_and(|with| heard.ended(with))
    }

    /// Whether something was read that is not compared yet, or is there to be read.
    pub(super) fn next(&self, heard: &Heard<'_>) -> Option<Vec<u8>> {
        let next = self.with.and_then(|with| heard.unread.next(with));
        let next = next.map_or(&[][..], |next| next.bytes);
        let all = [&self.held, next].concat();
        (!all.is_empty()).then_some(all)
    }

    /// Compares what has come; whether some of it was as expected. With `keep` it is kept as well.
    pub(super) fn hear(&mut self, now: At, heard: &mut Heard<'_>, keep: bool) -> bool {
        let Some(with) = self.with else { return false };
        let mut progress = false;
        self.refused = false;
        while let Some((bytes, whole)) = self.view(with, heard) {
            let quiet = self.is_quiet(now, bytes.len());
            let offered = if self.turn.off {
                if whole || quiet { Offered::Taken(bytes.len()) } else { Offered::More }
            } else {
                self.matcher.offer(View { bytes: &bytes, whole, quiet })
            };
            match offered {
                Offered::Taken(len) => {
                    self.take(with, heard, &bytes[..len]);
                    self.turn.last = Some(now);
                    if keep {
                        self.turn.keep(&bytes[..len]);
                    }
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

    /// Leaves behind all that has come.
    pub(super) fn skip(&mut self, heard: &mut Heard<'_>) {
        let Some(with) = self.with else { return };
        while let Some(next) = heard.unread.next(with) {
            let (conn, len) = (next.conn, next.bytes.len());
            heard.unread.consume(conn, len);
        }
    }

    /// The bytes of the next line, and whether that is all of it.
    fn view(&mut self, with: Audience, heard: &mut Heard<'_>) -> Option<(Vec<u8>, bool)> {
        let ended = heard.ended(with);
        loop {
            let Some(next) = heard.unread.next(with) else {
                let held = (!self.held.is_empty()).then(|| (self.held.clone(), ended));
                return held;
            };
            let full = self.held.len() + next.bytes.len() > self.longest;
            if next.whole && !next.bytes.ends_with(b"\n") && !ended && !full {
                self.held.extend_from_slice(next.bytes);
                let (conn, len) = (next.conn, next.bytes.len());
                heard.unread.consume(conn, len);
                continue;
            }
            return Some(([&self.held, next.bytes].concat(), next.whole));
        }
    }

    /// Takes what was held or unread of these bytes.
    fn take(&mut self, with: Audience, heard: &mut Heard<'_>, bytes: &[u8]) {
        self.unfinished = None;
        let held = bytes.len().min(self.held.len());
        self.held.drain(..held);
        if let (Some(conn), rest @ 1..) =
            (heard.unread.next(with).map(|next| next.conn), bytes.len() - held)
        {
            heard.unread.consume(conn, rest);
        }
    }

    /// Whether so much of the next line has come some time ago, and no more.
    fn is_quiet(&mut self, now: At, len: usize) -> bool {
        let since = match self.unfinished {
            Some((before, since)) if before == len => since,
            _ => now,
        };
        self.unfinished = Some((len, since));
        since + PARTIAL_AFTER <= now
    }

    /// When an unfinished line is to be looked at again.
    pub(super) fn deadline(&self, now: At) -> Option<At> {
        let quiet = self.unfinished.map(|(_, since)| since + PARTIAL_AFTER);
        quiet.filter(|at| *at > now)
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
