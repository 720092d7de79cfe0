//! Two ends and the pipes between them.

use std::collections::VecDeque;
use std::time::Duration;

use super::{End, Ending, Input, Source};
use crate::session::Queue;
use crate::units::At;
use crate::wire::ConnId;

const ONE: ConnId = ConnId::FIRST;

/// What the ways between the two ends are like.
#[derive(Debug, Clone)]
pub(crate) struct Ways {
    /// How long everything takes to arrive.
    pub(crate) latency: Duration,
    /// Bytes that are sent and not read yet, at most.
    pub(crate) capacity: usize,
    /// Bytes that one read takes at most, in turn.
    pub(crate) reads: Vec<usize>,
    /// Bytes in an outbox over which it counts as full; until half of that are left.
    pub(crate) outbox: usize,
}

impl Default for Ways {
    fn default() -> Self {
        let latency = Duration::from_millis(1);
        Ways { latency, capacity: 64 << 10, reads: vec![64 << 10], outbox: 2 << 20 }
    }
}

/// A client and a server, connected.
pub(crate) struct Pair {
    pub(crate) client: End,
    pub(crate) server: End,
    pub(crate) now: At,
    ways: Ways,
    up: Pipe,
    down: Pipe,
}

/// What one end has sent and the other has not read.
#[derive(Default)]
struct Pipe {
    /// When each piece arrives.
    pieces: VecDeque<(At, Vec<u8>)>,
    len: usize,
    fin: Option<At>,
    fin_told: bool,
    filled: bool,
    read: usize,
}

impl Pair {
    /// Connects the two, neither of which has anybody yet.
    pub(crate) fn new(mut client: End, mut server: End, ways: Ways) -> Pair {
        client.joins(1);
        server.joins(1);
        let (up, down) = (Pipe::default(), Pipe::default());
        Pair { client, server, now: At::START, ways, up, down }
    }

    /// Lets everything happen that happens within so long; whether both have left.
    pub(crate) fn run(&mut self, limit: Duration) -> bool {
        let end = self.now + limit;
        loop {
            self.settle();
            let next = self.next().filter(|next| *next <= end);
            let Some(next) = next else { break };
            assert!(next > self.now, "what is due at {:?} is done by then", self.now);
            self.now = next;
            self.client.tick(next);
            self.server.tick(next);
        }
        self.client.told.left().is_some() && self.server.told.left().is_some()
    }

    /// Moves what can be moved now.
    fn settle(&mut self) {
        let (now, ways) = (self.now, &self.ways);
        loop {
            let up = self.up.flow(now, ways, &mut self.client, &mut self.server);
            let down = self.down.flow(now, ways, &mut self.server, &mut self.client);
            if !up && !down {
                return;
            }
        }
    }

    /// When something happens next.
    fn next(&self) -> Option<At> {
        let arrivals = [self.up.next(&self.server), self.down.next(&self.client)];
        let deadlines = [self.client.deadline(), self.server.deadline()];
        arrivals.into_iter().chain(deadlines).flatten().min()
    }
}

impl Pipe {
    /// Takes what is sent and delivers what has arrived; whether anything moved.
    fn flow(&mut self, now: At, ways: &Ways, from: &mut End, to: &mut End) -> bool {
        let sent = self.take(now, ways, from);
        let read = self.deliver(now, ways, to);
        sent || read
    }

    fn take(&mut self, now: At, ways: &Ways, from: &mut End) -> bool {
        let outbox = from.outbox(ONE);
        let len = outbox.waiting.len().min(ways.capacity - self.len);
        if len > 0 {
            self.pieces.push_back((now + ways.latency, outbox.waiting.drain(..len).collect()));
            self.len += len;
        }
        let queued = outbox.waiting.len();
        let fin = outbox.shut && queued == 0 && self.fin.is_none();
        if fin {
            self.fin = Some(now + ways.latency);
        }
        let closed = outbox.closed;
        if queued > ways.outbox && !self.filled && !closed {
            self.filled = true;
            from.give(Input::Filled(Queue::Outbox(ONE)));
        } else if queued < ways.outbox / 2 && self.filled {
            self.filled = false;
            from.give(Input::Drained(Queue::Outbox(ONE)));
        }
        len > 0 || fin
    }

    fn deliver(&mut self, now: At, ways: &Ways, to: &mut End) -> bool {
        if self.next(to).is_none_or(|next| next > now) {
            return false;
        }
        let bound = ways.reads[self.read % ways.reads.len()].max(1);
        self.read += 1;
        let mut bytes = Vec::new();
        while let Some((at, piece)) = self.pieces.front_mut()
            && *at <= now
            && bytes.len() < bound
        {
            let len = piece.len().min(bound - bytes.len());
            bytes.extend(piece.drain(..len));
            if piece.is_empty() {
                self.pieces.pop_front();
            }
        }
        self.len -= bytes.len();
        if bytes.is_empty() {
            self.fin_told = true;
        }
        if to.outbox(ONE).closed {
            return true; // what comes behind a close is discarded
        }
        if bytes.is_empty() {
            to.ends(1, Ending::Eof);
        } else {
            to.hears(1, &bytes);
        }
        true
    }

    /// When there is something to read, if `to` reads.
    fn next(&self, to: &End) -> Option<At> {
        let deaf = to.is_paused(Source::Conn(ONE)) || to.is_paused(Source::Conns);
        if deaf && !to.outboxes[&ONE].closed {
            return None;
        }
        let piece = self.pieces.front().map(|(at, _)| *at);
        piece.or(self.fin.filter(|_| !self.fin_told))
    }
}
