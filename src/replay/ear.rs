//! What comes on one conn, line by line.

use crate::script::Heard;
use crate::session::Audience;
use crate::units::At;
use crate::wire::PARTIAL_AFTER;

/// How many bytes of a line are looked at together, besides the longest line that is expected: what is
/// longer is another line in any case.
const LONGER: usize = 1 << 20;

/// What comes on one conn, line by line.
#[derive(Debug)]
pub(super) struct Ear {
    /// Whom it is with, once it is open.
    pub(super) with: Option<Audience>,
    /// What has come of the next line, and is no longer unread: it is longer than what is read at once.
    held: Vec<u8>,
    longest: usize,
    /// How much of an unfinished line has come, and since when.
    unfinished: Option<(usize, At)>,
}

impl Ear {
    /// An ear for lines of which the longest has so many bytes.
    pub(super) fn new(longest: usize) -> Ear {
        let longest = longest.saturating_add(LONGER);
        Ear { with: None, held: Vec::new(), longest, unfinished: None }
    }

    /// Whether the peer will say no more.
    pub(super) fn has_ended(&self, heard: &Heard<'_>) -> bool {
        self.with.is_some_and(|with| heard.ended(with))
    }

    /// What was read and not taken yet, or is there to be read.
    pub(super) fn next(&self, heard: &Heard<'_>) -> Option<Vec<u8>> {
        let next = self.with.and_then(|with| heard.unread.next(with));
        let next = next.map_or(&[][..], |next| next.bytes);
        let all = [&self.held, next].concat();
        (!all.is_empty()).then_some(all)
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
    pub(super) fn view(&mut self, heard: &mut Heard<'_>) -> Option<(Vec<u8>, bool)> {
        let with = self.with?;
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
    pub(super) fn take(&mut self, heard: &mut Heard<'_>, bytes: &[u8]) {
        self.unfinished = None;
        let held = bytes.len().min(self.held.len());
        self.held.drain(..held);
        let next = self.with.and_then(|with| heard.unread.next(with));
        if let (Some(conn), rest @ 1..) = (next.map(|next| next.conn), bytes.len() - held) {
            heard.unread.consume(conn, rest);
        }
    }

    /// Whether so much of the next line has come some time ago, and no more.
    pub(super) fn is_quiet(&mut self, now: At, len: usize) -> bool {
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
}
