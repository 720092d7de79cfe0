//! A tap: stands between clients and a server, passes on what they say, and records it.
//!
//! Each client has a conn of its own to the server. To the session they are two conns, the client's and
//! its [`ConnId::onward`]; in the transcript they are one. What one end does, the other one sees: bytes,
//! a half-close, a reset. A full outbox of one end pauses the reading of the other, and of nobody else.

use std::collections::BTreeMap;

use bytes::{Bytes, BytesMut};

use super::effect::{record, said};
use super::{
    Audience, Drive, Effect, Ending, Input, Leave, Notice, Queue, Recorded, Secured, Session,
    Source,
};
use crate::units::{At, Due};
use crate::wire::{Block, ConnId, LineCodec, Side};

/// What a client may say before the server is reached, in bytes, until it is not read any further.
const WAITING: usize = 256 << 10;

/// A tap.
#[derive(Debug)]
pub struct Tap {
    max_line: usize,
    pairs: BTreeMap<ConnId, Pair>,
    /// Until when unfinished lines are held back from the transcript, and whose: their conns.
    due: Due<ConnId>,
    left: bool,
}

/// A client, and the server as it has it.
#[derive(Debug)]
struct Pair {
    client: End,
    server: End,
    /// There is a conn to the server.
    reached: bool,
    /// What the client said before there was.
    waiting: BytesMut,
}

/// One of the two.
#[derive(Debug)]
struct End {
    codec: LineCodec,
    due: Option<At>,
    /// How it ended, if it has.
    ended: Option<Ending>,
    paused: bool,
}

impl Pair {
    fn end(&mut self, side: Side) -> &mut End {
        match side {
            Side::Client => &mut self.client,
            Side::Server => &mut self.server,
        }
    }
}

impl Tap {
    /// A tap with nobody at it. A line that is longer than `max_line` bytes is recorded in pieces.
    #[must_use]
    pub fn new(max_line: usize) -> Tap {
        Tap { max_line, pairs: BTreeMap::new(), due: Due::default(), left: false }
    }

    fn opened(
        &mut self,
        now: At,
        conn: ConnId,
        (addr, secured): (String, Option<Box<Secured>>),
        effects: &mut Vec<Effect>,
    ) {
        let end =
            || End { codec: LineCodec::new(self.max_line), due: None, ended: None, paused: false };
        let pair = Pair { client: end(), server: end(), reached: false, waiting: BytesMut::new() };
        self.pairs.insert(conn, pair);
        let name = name(conn);
        let opened = Recorded::Open {
            addr: addr.clone(),
            name: Some(name.clone()),
            own: Side::Server,
            secured,
        };
        effects.push(Effect::Reach(conn));
        effects.push(record(now, Some(conn), opened));
        effects.push(Effect::Notice(Notice::Joined { name, addr }));
    }

    /// Does for the client what it has done since it came.
    fn reached(&mut self, conn: ConnId, addr: String, effects: &mut Vec<Effect>) {
        let onward = conn.onward();
        let Some(pair) = self.pairs.get_mut(&conn) else {
            return effects.push(Effect::Close(onward));
        };
        pair.reached = true;
        let waiting = std::mem::take(&mut pair.waiting);
        if !waiting.is_empty() {
            effects.push(Effect::Send { to: Audience::One(onward), bytes: waiting.freeze() });
        }
        effects.push(Effect::Notice(Notice::Connected { addr, name: Some(name(onward)) }));
        match &pair.client.ended {
            None => pair.client.pause(conn, false, effects),
            Some(Ending::Eof) => effects.push(Effect::Shutdown(onward)),
            Some(_) => {
                effects.push(Effect::Reset(onward));
                self.forget(conn);
            }
        }
    }

    /// Sends the client away.
    fn unreached(&mut self, now: At, conn: ConnId, why: String, effects: &mut Vec<Effect>) {
        self.finish_line(now, conn, effects);
        if !self.forget(conn) {
            return;
        }
        let how = Ending::Error(why);
        let closed = Recorded::Close { from: Side::Server, how: how.clone() };
        effects.push(record(now, Some(conn), closed));
        effects.push(Effect::Silent { conn, how });
        effects.push(Effect::Close(conn));
    }

    fn received(&mut self, now: At, conn: ConnId, bytes: Bytes, effects: &mut Vec<Effect>) {
        let (client, from) = (conn.near(), conn.tapped());
        let Some(pair) = self.pairs.get_mut(&client) else { return };
        if pair.reached {
            effects.push(Effect::Send { to: Audience::One(other(conn)), bytes: bytes.clone() });
        } else {
            pair.waiting.extend_from_slice(&bytes);
            let much = pair.waiting.len() > WAITING;
            pair.client.pause(conn, much, effects);
        }
        self.finish_line(now, other(conn), effects);
        let Some(pair) = self.pairs.get_mut(&client) else { return };
        let mut blocks = Vec::new();
        pair.end(from).codec.feed(now, bytes, &mut blocks);
        self.note(conn);
        effects.extend(blocks.into_iter().map(|block| said(now, Some(client), from, block, None)));
    }

    /// Passes on that one end will say no more, or is gone.
    fn ended(&mut self, now: At, conn: ConnId, how: Ending, effects: &mut Vec<Effect>) {
        let (client, from) = (conn.near(), conn.tapped());
        let Some(pair) = self.pairs.get_mut(&client) else { return };
        let known = pair.end(from).ended.replace(how.clone());
        if known.as_ref() == Some(&how) {
            return;
        }
        let reached = pair.reached;
        let over = pair.end(from.other()).ended.is_some();
        if how != Ending::Eof {
            // Before all else, since it is to be seen at once.
            if reached {
                effects.push(Effect::Reset(other(conn)));
            }
            self.finish_line(now, other(conn), effects);
        } else if reached {
            effects.push(Effect::Shutdown(other(conn)));
        }
        self.finish_line(now, conn, effects);
        effects.push(record(now, Some(client), Recorded::Close { from, how: how.clone() }));
        effects.push(Effect::Notice(Notice::Left { name: name(conn), how: how.clone() }));
        if how != Ending::Eof {
            effects.push(Effect::Silent { conn: client, how });
            if reached {
                effects.push(Effect::Close(client.onward()));
                self.forget(client);
            }
            effects.push(Effect::Close(client));
        } else if over {
            effects.push(Effect::Silent { conn: client, how });
            effects.extend([client, client.onward()].map(Effect::Finish));
            self.forget(client);
        }
    }

    /// What fills the outbox of one end is read no further, until there is room again.
    fn level(&mut self, queue: Queue, full: bool, effects: &mut Vec<Effect>) {
        // A slow recording is lost rather than waited for.
        let Queue::Outbox(conn) = queue else { return };
        let feeder = other(conn);
        if let Some(pair) = self.pairs.get_mut(&conn.near()) {
            pair.end(feeder.tapped()).pause(feeder, full, effects);
        }
    }

    /// Records the unfinished line of one end.
    fn finish_line(&mut self, now: At, conn: ConnId, effects: &mut Vec<Effect>) {
        let (client, from) = (conn.near(), conn.tapped());
        let Some(pair) = self.pairs.get_mut(&client) else { return };
        let block: Option<Block> = pair.end(from).codec.flush();
        self.note(conn);
        effects.extend(block.map(|block| said(now, Some(client), from, block, None)));
    }

    /// Takes note of when the unfinished line of one end is due.
    fn note(&mut self, conn: ConnId) {
        if let Some(pair) = self.pairs.get_mut(&conn.near()) {
            let end = pair.end(conn.tapped());
            let due = end.codec.deadline();
            self.due.change(conn, std::mem::replace(&mut end.due, due), due);
        }
    }

    /// Forgets a client and its server; whether they were there.
    fn forget(&mut self, client: ConnId) -> bool {
        let Some(pair) = self.pairs.remove(&client) else { return false };
        self.due.change(client, pair.client.due, None);
        self.due.change(client.onward(), pair.server.due, None);
        true
    }

    /// It is neither end that ends the pairs that there are, so neither is recorded to have ended.
    fn leave(&mut self, now: At, effects: &mut Vec<Effect>) {
        self.left = true;
        let clients: Vec<ConnId> = self.pairs.keys().copied().collect();
        for client in clients {
            self.finish_line(now, client, effects);
            self.finish_line(now, client.onward(), effects);
            effects.extend([client, client.onward()].map(Effect::Close));
            self.forget(client);
        }
        effects.push(Effect::Leave(Leave::Done));
    }
}

impl End {
    /// Reads this end no further, or again.
    fn pause(&mut self, conn: ConnId, paused: bool, effects: &mut Vec<Effect>) {
        if std::mem::replace(&mut self.paused, paused) != paused {
            let source = Source::Conn(conn);
            effects.push(if paused { Effect::Pause(source) } else { Effect::Resume(source) });
        }
    }
}

impl Session for Tap {
    fn handle(&mut self, now: At, input: Input, effects: &mut Vec<Effect>) {
        match input {
            // They came too late.
            Input::Opened { conn, .. } if self.left => effects.push(Effect::Close(conn)),
            Input::Opened { conn, addr, secured, .. } => {
                self.opened(now, conn, (addr, secured), effects);
            }
            Input::Reached { conn, addr } => self.reached(conn, addr, effects),
            Input::Unreached { conn, why } => self.unreached(now, conn, why, effects),
            Input::Received { conn, bytes } => self.received(now, conn, bytes, effects),
            Input::Ended { conn, how } => self.ended(now, conn, how, effects),
            Input::Filled(queue) => self.level(queue, true, effects),
            Input::Drained(queue) => self.level(queue, false, effects),
            Input::Note(text) => effects.push(record(now, None, Recorded::Note { text })),
            Input::Tick => {
                for conn in self.due.until(now) {
                    self.finish_line(now, conn, effects);
                }
            }
            Input::Drive(Drive::Quit) if !self.left => self.leave(now, effects),
            // A tap says nothing itself.
            Input::Say { to, .. } | Input::Raw { to, .. } | Input::Pour { to, .. } => {
                effects.push(Effect::Unheard(to));
            }
            Input::Asked(_) => effects.push(Effect::Unheard(Audience::All)),
            Input::Drive(_)
            | Input::Driven { .. }
            | Input::TlsBegins(_)
            | Input::Shutdown(_)
            | Input::Close(_)
            | Input::Reset(_)
            | Input::Kick { .. }
            | Input::Moved(_)
            | Input::Overflowed(_)
            | Input::Crowded => {}
        }
    }

    fn next_deadline(&self) -> Option<At> {
        self.due.first()
    }
}

/// The conn of the other end.
fn other(conn: ConnId) -> ConnId {
    match conn.tapped() {
        Side::Client => conn.onward(),
        Side::Server => conn.near(),
    }
}

/// What people call an end: `client-1`, `server-1`.
fn name(conn: ConnId) -> String {
    format!("{}-{}", conn.tapped(), conn.near())
}
