//! The room's host: a member like any other, whose words do not come by a conn.

use bytes::{Bytes, BytesMut};

use super::names::Who;
use super::speech::{self, Heard, Inside, SAYS, SAYS_TO_YOU};
use super::{Room, UNENDED};
use crate::session::effect::said;
use crate::session::{Audience, Effect, Notice};
use crate::units::{At, count};
use crate::wire::{Block, ConnId, LineCodec, Side};

/// What the room knows of its host.
#[derive(Debug)]
pub(super) struct Host {
    /// It counts among those who are here.
    pub(super) is_here: bool,
    /// What it said and has not ended.
    codec: LineCodec,
    inside: Inside,
    /// Whom that is for.
    to: Audience,
}

impl Host {
    pub(super) fn new(is_here: bool, max_line: usize) -> Host {
        let codec = LineCodec::new(max_line).patient(UNENDED);
        Host { is_here, codec, inside: Inside::default(), to: Audience::All }
    }

    /// When its unfinished line has waited for long enough.
    pub(super) fn deadline(&self) -> Option<At> {
        self.codec.deadline()
    }
}

impl Room {
    /// The host says whole lines, or what is to be taken for one.
    pub(super) fn say(
        &mut self,
        now: At,
        to: Audience,
        bytes: Bytes,
        send: Option<String>,
        effects: &mut Vec<Effect>,
    ) {
        self.finish_saying(now, effects);
        if let Some(block) = Block::new(bytes) {
            self.host_speaks(now, to, (block, true), send, effects);
        }
    }

    /// The host says bytes; where they end says nothing about lines.
    pub(super) fn say_raw(
        &mut self,
        now: At,
        to: Audience,
        bytes: Bytes,
        effects: &mut Vec<Effect>,
    ) {
        if to != self.host.to {
            self.finish_saying(now, effects);
            self.host.to = to;
        }
        if !self.hears(to) {
            effects.push(Effect::Unheard(to));
            return;
        }
        let mut blocks = Vec::new();
        self.host.codec.feed(now, bytes, &mut blocks);
        for block in blocks {
            self.host_speaks(now, to, (block, false), None, effects);
        }
    }

    /// The host asks for something. What it says by that is kept like all that it says: what it does as it
    /// was typed, and what is for one only on the conn of that guest.
    pub(super) fn host_asks(&mut self, now: At, line: &Bytes, effects: &mut Vec<Effect>) {
        self.finish_saying(now, effects);
        let mut does = BytesMut::new();
        self.order(now, Who::Host, line, &mut does, effects);
        if does.is_empty() {
            return;
        }
        if self.hears(Audience::All) {
            self.host_says(now, Audience::All, does.freeze(), effects);
            keep_said(now, None, line, effects);
        } else {
            effects.push(Effect::Unheard(Audience::All));
        }
    }

    /// The host says something to one guest by name.
    pub(super) fn host_whispers(
        &mut self,
        now: At,
        conn: ConnId,
        (text, shown): (&[u8], Bytes),
        effects: &mut Vec<Effect>,
    ) {
        self.host_says(now, Audience::One(conn), shown, effects);
        keep_said(now, Some(conn), text, effects);
    }

    /// What the host has not finished saying has waited for long enough.
    pub(super) fn finish_saying(&mut self, now: At, effects: &mut Vec<Effect>) {
        if let Some(block) = self.host.codec.flush() {
            self.host_speaks(now, self.host.to, (block, true), None, effects);
        }
    }

    /// Whether anybody hears what is said to them.
    fn hears(&self, to: Audience) -> bool {
        match to {
            Audience::One(conn) => self.guests.contains_key(&conn),
            _ => !self.guests.is_empty(),
        }
    }

    fn host_speaks(
        &mut self,
        now: At,
        to: Audience,
        (block, timely): (Block, bool),
        send: Option<String>,
        effects: &mut Vec<Effect>,
    ) {
        if !self.hears(to) {
            effects.push(Effect::Unheard(to));
            return;
        }
        let (conn, says) = match to {
            Audience::One(conn) => (Some(conn), SAYS_TO_YOU),
            _ => (None, SAYS),
        };
        let prefix = self.prefix(Who::Host, says);
        let (mut out, mut refused) = (BytesMut::new(), 0);
        for line in block.lines() {
            let fits = match self.host.inside.take(line, timely) {
                // The host's commands do not come this way: a slash is a slash.
                Heard::Text(_) | Heard::Order(_) => {
                    speech::push_line(&mut out, &prefix, line.text, self.longest)
                }
                Heard::TooLong => false,
                Heard::Nothing => true,
            };
            refused += u64::from(!fits);
        }
        if refused > 0 {
            let most = count(self.longest as u64, "byte");
            let told = format!("{} not said: longer than {most}", count(refused, "line"));
            effects.push(Effect::Notice(Notice::Told(told)));
        }
        self.host_says(now, to, out.freeze(), effects);
        effects.push(said(now, conn, Side::Server, block, send));
    }

    /// Sends what the host says, as it is to be seen.
    pub(super) fn host_says(
        &mut self,
        now: At,
        to: Audience,
        bytes: Bytes,
        effects: &mut Vec<Effect>,
    ) {
        if bytes.is_empty() {
            return;
        }
        self.host_joins(now, effects);
        let to = if let Audience::One(conn) = to {
            Audience::One(conn)
        } else {
            self.backlog.push(&bytes);
            Audience::All
        };
        self.send(now, to, bytes, effects);
    }

    /// A script is here from its first word on.
    fn host_joins(&mut self, now: At, effects: &mut Vec<Effect>) {
        if !std::mem::replace(&mut self.host.is_here, true) {
            let (name, here) = (self.names.of(Who::Host).to_owned(), self.here());
            self.tell(now, Audience::All, &format!("{name} joined ({here} here)"), effects);
        }
    }

    /// The host will say no more.
    pub(super) fn host_leaves(&mut self, now: At, effects: &mut Vec<Effect>) {
        self.finish_saying(now, effects);
        if std::mem::take(&mut self.host.is_here) {
            let (name, here) = (self.names.of(Who::Host).to_owned(), self.here());
            self.tell(now, Audience::All, &format!("{name} left ({here} here)"), effects);
        }
    }
}

/// Keeps a line that the host said.
fn keep_said(now: At, conn: Option<ConnId>, text: &[u8], effects: &mut Vec<Effect>) {
    if let Some(block) = Block::new([text, b"\n"].concat()) {
        effects.push(said(now, conn, Side::Server, block, None));
    }
}
