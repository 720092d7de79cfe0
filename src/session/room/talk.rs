//! What guests say: cut into lines, and passed on.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::Room;
use super::names::Who;
use super::speech::{self, Heard, Inside, SAYS};
use crate::session::effect::{record, said};
use crate::session::{Effect, Ending, Recorded};
use crate::units::{At, Human, count};
use crate::wire::{Block, ConnId, Line, Side};

/// A wait that is shorter than this is not worth a word.
const TOLD: Duration = Duration::from_secs(1);

/// Something that is still to be passed on.
#[derive(Debug)]
pub(super) enum Waiting {
    /// Lines; a partial one is too long.
    Lines { conn: ConnId, block: Block },
    /// The beginning of a line, of which nothing more came, or its rest.
    Piece { conn: ConnId, block: Block },
    /// That a guest has left.
    Gone { conn: ConnId, how: Ending },
}

impl Waiting {
    pub(super) fn conn(&self) -> ConnId {
        match self {
            Waiting::Lines { conn, .. }
            | Waiting::Piece { conn, .. }
            | Waiting::Gone { conn, .. } => *conn,
        }
    }
}

/// How much everybody has been sent at one instant.
#[derive(Debug)]
pub(super) struct Spent {
    most: usize,
    at: At,
    bytes: usize,
}

impl Spent {
    /// Nothing, of at most so much.
    pub(super) fn new(most: usize) -> Spent {
        Spent { most: most.max(1), at: At::START, bytes: 0 }
    }

    pub(super) fn add(&mut self, now: At, bytes: usize) {
        let before = if self.at == now { self.bytes } else { 0 };
        (self.at, self.bytes) = (now, before.saturating_add(bytes));
    }

    /// How much more there may be now.
    fn left(&self, now: At) -> usize {
        let spent = if self.at == now { self.bytes } else { 0 };
        self.most.saturating_sub(spent)
    }

    /// When there may be as much again.
    pub(super) fn renewed(&self) -> At {
        self.at + Duration::from_micros(1)
    }

    /// There may be any amount from now on.
    pub(super) fn unbound(&mut self) {
        self.most = usize::MAX;
    }
}

impl Room {
    pub(super) fn received(
        &mut self,
        now: At,
        conn: ConnId,
        bytes: Bytes,
        effects: &mut Vec<Effect>,
    ) {
        let Some(guest) = self.guests.get_mut(&conn) else { return };
        guest.heard = now;
        let mut removed = Vec::new();
        let bytes = self.members.filter(now, conn, bytes, &mut removed);
        if !removed.is_empty() {
            let text = format!("telnet negotiation removed: {}", crate::session::hex(&removed));
            effects.push(record(now, Some(conn), Recorded::Note { text }));
        }
        self.heard(now, conn, bytes, effects);
        self.pass_on(now, effects);
    }

    /// Keeps what a guest said, and has its lines wait for their turn.
    fn heard(&mut self, now: At, conn: ConnId, bytes: Bytes, effects: &mut Vec<Effect>) {
        if bytes.is_empty() {
            return;
        }
        effects.push(Effect::Heard { conn, bytes: bytes.clone() });
        for block in self.members.feed(now, conn, bytes) {
            self.count_words(now, conn, &block, effects);
            self.waiting.push_back(Waiting::Lines { conn, block: block.clone() });
            effects.push(said(now, Some(conn), Side::Client, block, None));
        }
    }

    /// The unfinished line of a guest, or what may have begun a telnet negotiation, has waited for long
    /// enough.
    pub(super) fn finish_hearing(&mut self, now: At, conn: ConnId, effects: &mut Vec<Effect>) {
        if self.members.is_release_due(now, conn) {
            let held = self.members.release(conn);
            self.heard(now, conn, held, effects);
        } else {
            self.finish_line(now, conn, effects);
        }
    }

    /// Takes as said what a guest has said so far: it says no more.
    pub(super) fn hear_out(&mut self, now: At, conn: ConnId, effects: &mut Vec<Effect>) {
        let held = self.members.release(conn);
        self.heard(now, conn, held, effects);
        self.finish_line(now, conn, effects);
    }

    fn finish_line(&mut self, now: At, conn: ConnId, effects: &mut Vec<Effect>) {
        let Some(block) = self.members.flush(conn) else { return };
        self.count_words(now, conn, &block, effects);
        self.waiting.push_back(Waiting::Piece { conn, block: block.clone() });
        effects.push(said(now, Some(conn), Side::Client, block, None));
    }

    /// Counts what a guest says, and stops reading it for a while where that is too much.
    fn count_words(&mut self, now: At, conn: ConnId, block: &Block, effects: &mut Vec<Effect>) {
        let Some(guest) = self.guests.get_mut(&conn) else { return };
        let Some(wait) = guest.bucket.as_mut().and_then(|bucket| bucket.take(now, block)) else {
            return;
        };
        let due = Some(now + wait);
        let was = std::mem::replace(&mut guest.fast, due);
        self.fast.change(conn, was, due);
        self.flow.set_fast(conn, true, effects);
        let rate = self.options.rate.map_or(0, |rate| u64::from(rate.get()));
        if wait >= TOLD {
            let (wait, rate) = (Human(Duration::from_secs(wait.as_secs())), count(rate, "line"));
            let told =
                format!("not so fast: you are heard again in {wait} ({rate} a second, --rate)");
            self.answer(now, Who::Guest(conn), &told, effects);
        }
    }

    pub(super) fn read_again(&mut self, now: At, conn: ConnId, effects: &mut Vec<Effect>) {
        if let Some(guest) = self.guests.get_mut(&conn) {
            guest.heard = now; // it could not be until now
            self.fast.change(conn, guest.fast.take(), None);
        }
        self.flow.set_fast(conn, false, effects);
    }

    /// Passes on what waits, as much as there may be at one instant.
    pub(super) fn pass_on(&mut self, now: At, effects: &mut Vec<Effect>) {
        while self.spent.left(now) > 0
            && let Some(next) = self.waiting.pop_front()
        {
            match next {
                Waiting::Lines { conn, block } => {
                    if let Some(block) = self.relay(now, conn, &block, false, effects) {
                        self.waiting.push_front(Waiting::Lines { conn, block });
                    }
                }
                Waiting::Piece { conn, block } => {
                    self.relay(now, conn, &block, true, effects);
                }
                Waiting::Gone { conn, how } => self.gone(now, conn, &how, effects),
            }
        }
        self.flow.set_behind(!self.waiting.is_empty(), effects);
    }

    /// Passes on lines of a guest, and says which of them are too many for now. `timely`: a partial one
    /// has waited for long enough.
    fn relay(
        &mut self,
        now: At,
        conn: ConnId,
        block: &Block,
        timely: bool,
        effects: &mut Vec<Effect>,
    ) -> Option<Block> {
        let mut inside = self.guests.get(&conn)?.inside;
        let mut prefix = self.prefix(Who::Guest(conn), SAYS);
        let bytes = block.bytes();
        let mut out = BytesMut::with_capacity(speech::size(bytes, &prefix));
        let few = speech::are_few(bytes);
        let mut at = 0;
        while at < bytes.len() && out.len() < self.spent.left(now) {
            if !few && inside == Inside::None {
                let (rest, enough) = (&bytes[at..], self.spent.left(now));
                let taken = speech::push_plain(&mut out, &prefix, rest, self.longest, enough);
                at += taken;
                if taken > 0 {
                    continue;
                }
            }
            let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |len| at + len + 1);
            let line = Line::cut(&bytes[at..end]);
            at = end;
            let fits = match inside.take(line, timely) {
                Heard::Text(text) => speech::push_line(&mut out, &prefix, text, self.longest),
                Heard::TooLong => false,
                Heard::Nothing => true,
                Heard::Order(text) => {
                    self.order(now, Who::Guest(conn), text, &mut out, effects);
                    if !self.guests.contains_key(&conn) {
                        return None; // it asked to leave
                    }
                    prefix = self.prefix(Who::Guest(conn), SAYS);
                    true
                }
            };
            if !fits {
                self.too_long(now, conn, effects);
            }
        }
        self.relayed(now, conn, &mut out, effects);
        self.guests.get_mut(&conn)?.inside = inside;
        Block::new(bytes.slice(at..))
    }

    /// Hands lines to all but the one who said them.
    pub(super) fn relayed(
        &mut self,
        now: At,
        conn: ConnId,
        out: &mut BytesMut,
        effects: &mut Vec<Effect>,
    ) {
        if out.is_empty() {
            return;
        }
        let bytes = out.split().freeze();
        self.backlog.push(&bytes);
        self.pass(now, conn, bytes.clone(), effects);
        effects.push(Effect::Relayed { conn, bytes });
    }

    fn too_long(&mut self, now: At, conn: ConnId, effects: &mut Vec<Effect>) {
        let most = count(self.longest as u64, "byte");
        let told = format!("a line was not passed on: it has more than {most} (--max-line)");
        self.answer(now, Who::Guest(conn), &told, effects);
    }

    /// What stands before a line of somebody.
    pub(super) fn prefix(&self, who: Who, says: &str) -> String {
        format!("{}{says}", self.names.of(who))
    }
}
