//! The open conns: reads them in turn, sends what waits, closes them.

mod broadcast;
mod closing;
mod slot;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::time::Duration;

use bytes::Bytes;
use mio::event::Event;
use mio::{Interest, Registry, Token};

use self::broadcast::Broadcast;
pub(super) use self::closing::Closed;
use self::slot::Slot;
use super::landing::Landing;
use crate::net::{Conn, Flushed, NetStream, Portion, ReadOutcome, TlsStart};
use crate::session::{Audience, Ending, Input};
use crate::units::At;
use crate::wire::ConnId;

/// What one read takes at most. Larger reads made the pipe race no faster; the buffer is shared.
const READ: usize = 64 << 10;

/// What is discarded at once of what comes after a close.
const SCRATCH: usize = 16 << 10;

/// What is read in one turn of all conns, before what follows from it is sent: the session learns only then
/// whose outbox fills. A line that is passed on costs less the more of them go together, and here they do.
const TURN: usize = 512 << 10;

/// How often a conn that takes no more is tried again. A system says that there is room only when a
/// third of its buffer is free, and that may be megabytes: a slow peer would look like one that does
/// not read.
const RETRY: Duration = Duration::from_millis(250);

/// The conns, by their number. The token of a conn follows from it.
pub(super) struct Conns {
    slots: BTreeMap<ConnId, Slot>,
    first_token: usize,
    next: ConnId,
    /// What may wait to be sent to one guest; the bound of [`Queue::Outbox`](crate::session::Queue::Outbox) is half of it.
    outbox: usize,
    /// To be read, in turn.
    ready: VecDeque<ConnId>,
    /// To be read before those: they were not read in the last turn, which had grown long.
    passed_over: VecDeque<ConnId>,
    /// What was read in this turn, in bytes.
    taken: usize,
    /// What is said to all in this turn.
    broadcast: Broadcast,
    /// To be flushed.
    dirty: Vec<ConnId>,
    /// Taking no more for now.
    blocked: BTreeSet<ConnId>,
    /// When those are tried again.
    retry: Option<At>,
    closing: BTreeSet<ConnId>,
    /// Closing, and to be settled in this round.
    unsettled: BTreeSet<ConnId>,
    paused: bool,
    /// A peer that breaks after it has half-closed is told of at once.
    watches: bool,
    /// Their ends may have come from somebody in between.
    cut: Vec<ConnId>,
    /// They are a room's guests: what one of them did not take is no news.
    room: bool,
    /// Those whose outbox has room are not read.
    talkers_paused: bool,
    landing: Landing,
    /// For what is discarded.
    scratch: Box<[u8]>,
}

impl Conns {
    pub(super) fn new(first_token: usize, outbox: usize) -> Self {
        Conns {
            slots: BTreeMap::new(),
            first_token,
            next: ConnId::FIRST,
            outbox,
            ready: VecDeque::new(),
            passed_over: VecDeque::new(),
            taken: 0,
            broadcast: Broadcast::default(),
            dirty: Vec::new(),
            blocked: BTreeSet::new(),
            retry: None,
            closing: BTreeSet::new(),
            unsettled: BTreeSet::new(),
            paused: false,
            watches: false,
            cut: Vec::new(),
            room: false,
            talkers_paused: false,
            landing: Landing::new(READ),
            scratch: vec![0; SCRATCH].into_boxed_slice(),
        }
    }

    /// Has a peer that breaks after it has half-closed told of at once: else that shows when something is
    /// said to it, and matters to nobody before.
    pub(super) fn watching(self, watches: bool) -> Self {
        Conns { watches, ..self }
    }

    /// Those of a room.
    pub(super) fn of_room(self) -> Self {
        Conns { room: true, ..self }
    }

    /// Takes a new stream in; its number is the next.
    pub(super) fn add(&mut self, stream: NetStream, registry: &Registry) -> io::Result<ConnId> {
        let id = self.next;
        self.add_as(id, stream, registry)?;
        self.next = id.next();
        Ok(id)
    }

    /// Takes a new stream in, as this conn.
    pub(super) fn add_as(
        &mut self,
        id: ConnId,
        mut stream: NetStream,
        registry: &Registry,
    ) -> io::Result<()> {
        let token = Token(self.first_token + id.number() as usize);
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let slot = Slot::new(Conn::new(stream), &self.broadcast);
        self.slots.insert(id, slot);
        self.readable(id);
        Ok(())
    }

    /// Takes note of what a stream is ready for.
    pub(super) fn event(&mut self, event: &Event) {
        let number = event.token().0.saturating_sub(self.first_token);
        let id = u32::try_from(number).ok().and_then(ConnId::new);
        let Some((id, slot)) = id.and_then(|id| Some((id, self.slots.get_mut(&id)?))) else {
            return;
        };
        slot.broken |= event.is_error();
        if event.is_error() && self.watches {
            slot.conn.error_is_due();
        }
        if event.is_read_closed() || event.is_error() {
            slot.conn.eof_is_due();
        }
        if slot.conn.is_closing() {
            self.unsettled.insert(id);
            return;
        }
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            self.readable(id);
        }
        if event.is_writable() || event.is_write_closed() || event.is_error() {
            self.mark(id);
        }
    }

    fn readable(&mut self, id: ConnId) {
        if let Some(slot) = self.slots.get_mut(&id)
            && !std::mem::replace(&mut slot.readable, true)
        {
            self.ready.push_back(id);
        }
    }

    /// Whether some conn could be read now.
    pub(super) fn has_ready(&self) -> bool {
        let read = |slot: &Slot| slot.is_read(self.talkers_paused);
        let mut ready = self.passed_over.iter().chain(&self.ready);
        !self.paused && ready.any(|id| self.slots.get(id).is_some_and(read))
    }

    /// The conns whose turn it is to be read.
    pub(super) fn turn(&mut self) -> VecDeque<ConnId> {
        self.taken = 0;
        if self.paused {
            return VecDeque::new();
        }
        self.passed_over.append(&mut self.ready);
        std::mem::take(&mut self.passed_over)
    }

    /// Reads once. The conn stays in turn as long as there may be more.
    pub(super) fn read(&mut self, id: ConnId) -> Option<Input> {
        if self.paused || self.taken >= TURN {
            self.passed_over.push_back(id);
            return None;
        }
        let slot = self.slots.get_mut(&id)?;
        if !slot.is_read(self.talkers_paused) {
            self.ready.push_back(id);
            return None;
        }
        slot.readable = false;
        if slot.conn.is_closing() {
            return None;
        }
        match self.landing.land(|memory| slot.conn.read_spare(memory)) {
            ReadOutcome::Bytes { n, drained } => {
                self.taken += n;
                if !drained {
                    self.readable(id);
                }
                Some(Input::Received { conn: id, bytes: self.landing.take() })
            }
            ReadOutcome::WouldBlock => None,
            ReadOutcome::Eof => {
                let news = !std::mem::replace(&mut slot.ended, true);
                self.cut.extend((news && slot.conn.is_cut()).then_some(id));
                news.then_some(Input::Ended { conn: id, how: Ending::Eof })
            }
            ReadOutcome::Failed(how) => Some(Input::Ended { conn: id, how }),
        }
    }

    /// The conn is to be flushed.
    fn mark(&mut self, id: ConnId) {
        if let Some(slot) = self.slots.get_mut(&id)
            && !std::mem::replace(&mut slot.dirty, true)
        {
            self.dirty.push(id);
        }
    }

    /// A conn whose outbox holds all that was said to it, to do something with.
    fn slot(&mut self, id: ConnId) -> Option<&mut Slot> {
        let slot = self.slots.get_mut(&id)?;
        slot.catch_up(id, &self.broadcast);
        Some(slot)
    }

    /// Queues bytes for sending.
    pub(super) fn send(&mut self, to: Audience, bytes: Bytes) {
        match to {
            Audience::One(id) => {
                if let Some(slot) = self.slot(id) {
                    slot.conn.send(bytes);
                    self.mark(id);
                }
            }
            // The session speaks of guests only where there is nobody else.
            Audience::All | Audience::Guests => self.broadcast.push(None, bytes),
        }
    }

    /// Queues a part of a file for sending.
    pub(super) fn pour(&mut self, id: ConnId, portion: Portion) {
        if let Some(slot) = self.slot(id) {
            slot.conn.pour(portion);
            self.mark(id);
        }
    }

    /// Queues bytes on every open conn but this one.
    pub(super) fn pass(&mut self, from: ConnId, bytes: Bytes) {
        self.broadcast.push(Some(from), bytes);
    }

    /// Puts what was said to all into the outboxes.
    fn hand_out(&mut self) {
        if self.broadcast.is_empty() {
            return;
        }
        let all = self.broadcast.together(self.slots.len());
        for (id, slot) in &mut self.slots {
            let news = slot.hear_out(*id, &self.broadcast, all.as_ref());
            if news && !std::mem::replace(&mut slot.dirty, true) {
                self.dirty.push(*id);
            }
        }
        self.broadcast.clear();
    }

    pub(super) fn shutdown(&mut self, id: ConnId) {
        if let Some(slot) = self.slot(id) {
            slot.shutdown();
            self.mark(id);
        }
    }

    /// Its guest is being dropped, which has been told.
    pub(super) fn give_up(&mut self, id: ConnId) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.given_up = true;
        }
    }

    pub(super) fn pause(&mut self, id: ConnId, paused: bool) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.paused = paused;
        }
    }

    pub(super) fn pause_all(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// Whether all that was said to a conn has been taken by its stream, which TLS may begin on now.
    pub(super) fn is_said(&mut self, id: ConnId) -> bool {
        let Some(slot) = self.slot(id) else { return false };
        slot.conn.flush() == Ok(Flushed::All)
    }

    /// The stream of a conn.
    pub(super) fn stream_mut(&mut self, id: ConnId) -> Option<&mut NetStream> {
        self.slots.get_mut(&id).map(|slot| slot.conn.stream_mut())
    }

    /// Reads no more of a conn until it goes on over TLS.
    pub(super) fn await_tls(&mut self, id: ConnId) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.awaits_tls = true;
        }
    }

    /// Goes on over TLS.
    pub(super) fn start_tls(&mut self, id: ConnId, start: TlsStart) {
        if let Some(Slot { conn, .. }) = self.slot(id)
            && !conn.is_closing()
            && let Some(slot) = self.slots.remove(&id)
        {
            let conn = slot.conn.on(|stream| stream.over_tls(start));
            self.slots.insert(id, Slot { conn, awaits_tls: false, ..slot });
            self.mark(id);
            self.readable(id);
        }
    }

    /// Those whose end, told since the last time, may have come from somebody in between.
    pub(super) fn take_cut(&mut self) -> Vec<ConnId> {
        std::mem::take(&mut self.cut)
    }

    /// Reads only those whose own outbox is full, or all of them again.
    pub(super) fn pause_talkers(&mut self, paused: bool) {
        self.talkers_paused = paused;
    }

    /// Sends what waits, as far as the streams take it, and reports what the session has to know. Tells
    /// whether a stream took the last of what waited, which its peer may answer.
    pub(super) fn flush(&mut self, inputs: &mut VecDeque<Input>) -> bool {
        self.hand_out();
        let mut dirty = std::mem::take(&mut self.dirty);
        let mut all_sent = false;
        for id in dirty.drain(..) {
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            slot.dirty = false;
            if slot.conn.is_closing() {
                continue;
            }
            let before = slot.conn.queued();
            let flushed = slot.conn.flush();
            let waited = self.blocked.remove(&id);
            if flushed.is_err() {
                // What the peer said before it broke can still be read, and ends in the same error.
                slot.broken = true;
                self.readable(id);
                continue;
            }
            let blocked = flushed == Ok(Flushed::Blocked);
            if waited && (!blocked || slot.conn.queued() < before) {
                inputs.push_back(Input::Moved(id));
            }
            if blocked {
                self.blocked.insert(id);
            }
            all_sent |= before > 0 && !blocked;
            slot.level(id, self.outbox, inputs);
        }
        if self.dirty.is_empty() {
            self.dirty = dirty; // its memory
        }
        all_sent
    }

    /// Whether some conn is to be flushed or settled.
    pub(super) fn has_dirty(&self) -> bool {
        !self.dirty.is_empty() || !self.unsettled.is_empty() || !self.broadcast.is_empty()
    }

    /// Takes closes as far as they go now, and sees to it that what was blocked for a while is tried again.
    pub(super) fn settle(&mut self, now: At) -> Vec<Closed> {
        let closed = self.settle_closes(now);
        self.retry(now);
        closed
    }

    fn retry(&mut self, now: At) {
        if self.retry.is_some_and(|at| at <= now) {
            let blocked: Vec<ConnId> = self.blocked.iter().copied().collect();
            for id in blocked {
                self.mark(id);
            }
            self.retry = None;
        }
        let next = now + RETRY;
        self.retry = (!self.blocked.is_empty()).then(|| self.retry.unwrap_or(next));
    }

    /// When a close is to be settled, or a conn to be tried again, whatever happens.
    pub(super) fn deadline(&self) -> Option<At> {
        self.closing_deadlines().map(|(_, at)| at).chain(self.retry).min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }
}

#[cfg(test)]
mod tests;
