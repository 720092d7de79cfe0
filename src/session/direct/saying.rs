//! What our side of a direct conversation says.

use std::ops::Range;

use bytes::Bytes;

use super::Direct;
use crate::session::effect::said;
use crate::session::members::Member;
use crate::session::{Audience, Effect, Notice};
use crate::units::At;
use crate::wire::{ConnId, LineCodec};

/// What our side said and has not ended, for the transcript.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) codec: LineCodec,
    pub(super) to: Option<ConnId>,
}

/// Something to say.
#[derive(Clone)]
pub(super) struct Saying {
    pub(super) bytes: Bytes,
    pub(super) send: Option<String>,
    /// What was said is said: it is recorded now, even without a line end.
    pub(super) whole: bool,
}

impl Direct {
    pub(super) fn say(&mut self, now: At, to: Audience, what: Saying, effects: &mut Vec<Effect>) {
        let targets = self.hearing(to);
        if to == Audience::Guests && targets.len() > 1 && !self.members.are_guests() {
            // What is recorded without a conn went to every one.
            for conn in targets {
                self.say(now, Audience::One(conn), what.clone(), effects);
            }
            return;
        }
        let Some(first) = targets.first().copied() else {
            effects.push(Effect::Unheard(to));
            return;
        };
        self.turn_to(now, &targets, effects);
        let one = (targets.len() == 1).then_some(first);
        if self.said.to != one {
            self.finish_saying(now, effects);
            self.said.to = one;
        }
        let to = one.map_or(Audience::All, Audience::One);
        effects.push(Effect::Send { to, bytes: what.bytes.clone() });
        self.record_saying(now, what, effects);
    }

    /// Says what stands in a file, and is not recorded.
    pub(super) fn pour(
        &mut self,
        now: At,
        to: Audience,
        range: &Range<u64>,
        effects: &mut Vec<Effect>,
    ) {
        let targets = self.hearing(to);
        if targets.is_empty() {
            effects.push(Effect::Unheard(to));
            return;
        }
        self.turn_to(now, &targets, effects);
        self.finish_saying(now, effects);
        let pour = |conn| Effect::Pour { conn, range: range.clone() };
        effects.extend(targets.into_iter().map(pour));
    }

    /// Something is about to be said to these.
    fn turn_to(&mut self, now: At, targets: &[ConnId], effects: &mut Vec<Effect>) {
        for conn in targets {
            self.finish_hearing(now, *conn, effects);
        }
        self.warn_of_leavers(targets, effects);
    }

    fn record_saying(&mut self, now: At, what: Saying, effects: &mut Vec<Effect>) {
        let (to, role) = (self.said.to, self.own(self.said.to));
        if what.whole {
            self.finish_saying(now, effects);
        }
        let mut blocks = Vec::new();
        self.said.codec.feed(now, what.bytes, &mut blocks);
        let mut template = what.send;
        effects.extend(blocks.into_iter().map(|block| said(now, to, role, block, template.take())));
        if what.whole
            && let Some(block) = self.said.codec.flush()
        {
            effects.push(said(now, to, role, block, template));
        }
    }

    /// The conns among `to` on which we may still say something.
    pub(super) fn hearing(&self, to: Audience) -> Vec<ConnId> {
        let hears = |(conn, member): (ConnId, &Member)| member.writing.then_some(conn);
        match to {
            Audience::All => self.members.iter().filter_map(hears).collect(),
            Audience::Guests => {
                let guests = self.members.iter().filter(|(_, member)| member.is_guest());
                guests.filter_map(hears).collect()
            }
            Audience::One(conn) => {
                let member = self.members.find(conn).map(|member| (conn, member));
                member.and_then(hears).into_iter().collect()
            }
        }
    }

    /// Tells the host where its words go if every guest has left.
    fn warn_of_leavers(&mut self, targets: &[ConnId], effects: &mut Vec<Effect>) {
        let waits = |member: &Member| member.reading || !member.is_guest();
        if targets.iter().any(|conn| self.members.find(*conn).is_some_and(waits)) {
            return;
        }
        let names = targets.iter().filter_map(|conn| self.members.warn(*conn));
        effects.extend(names.map(|name| Effect::Notice(Notice::SentToLeaver(name))));
    }

    /// Records what our side had not finished saying.
    pub(super) fn finish_saying(&mut self, now: At, effects: &mut Vec<Effect>) {
        let block = self.said.codec.flush();
        let (to, from) = (self.said.to, self.own(self.said.to));
        effects.extend(block.map(|block| said(now, to, from, block, None)));
    }
}
