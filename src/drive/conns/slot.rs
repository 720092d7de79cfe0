//! What is known of one open conn.

use std::collections::VecDeque;

use bytes::Bytes;

use super::broadcast::Broadcast;
use crate::net::{Conn, NetStream};
use crate::session::{Input, Queue};
use crate::wire::ConnId;

pub(super) struct Slot {
    pub(super) conn: Conn<NetStream>,
    /// How much of what is said to all in this turn is none of its own, or in its outbox.
    pub(super) heard: usize,
    /// It is to be flushed.
    pub(super) dirty: bool,
    /// There may be something to read.
    pub(super) readable: bool,
    pub(super) paused: bool,
    /// TLS is to begin: what comes next is a part of that, and is not read before.
    pub(super) awaits_tls: bool,
    /// The session half-closed it.
    pub(super) shut: bool,
    /// The session has been told that the outbox is over its bound.
    pub(super) filled: bool,
    /// Its end has been told.
    pub(super) ended: bool,
    /// It is known to be broken: it is read to its end, which tells of that, also while it is paused.
    pub(super) broken: bool,
    /// It was closed for not reading, or by the host: that it takes no more is no news.
    pub(super) given_up: bool,
}

impl Slot {
    /// That of a new conn, which hears what is said from now on.
    pub(super) fn new(conn: Conn<NetStream>, broadcast: &Broadcast) -> Slot {
        Slot {
            conn,
            heard: broadcast.len(),
            dirty: false,
            readable: false,
            paused: false,
            awaits_tls: false,
            shut: false,
            filled: false,
            ended: false,
            broken: false,
            given_up: false,
        }
    }

    pub(super) fn is_read(&self, talkers_paused: bool) -> bool {
        let held = self.paused || self.awaits_tls || talkers_paused && !self.filled;
        self.broken || !held
    }

    /// Puts what was said to all so far into the outbox, before something else happens to it.
    pub(super) fn catch_up(&mut self, id: ConnId, broadcast: &Broadcast) {
        if self.hears() {
            broadcast.since(self.heard, id).for_each(|bytes| self.conn.send(bytes));
        }
        self.heard = broadcast.len();
    }

    /// The same where that is all of this turn. Whether there was something.
    /// `all`: what was said, in one piece.
    pub(super) fn hear_out(
        &mut self,
        id: ConnId,
        broadcast: &Broadcast,
        all: Option<&Bytes>,
    ) -> bool {
        let before = self.conn.queued();
        match all {
            Some(all) if self.hears() => {
                let runs = broadcast.runs(self.heard, id);
                runs.for_each(|run| self.conn.send(all.slice(run)));
            }
            _ => self.catch_up(id, broadcast),
        }
        self.heard = 0;
        self.conn.queued() > before
    }

    fn hears(&self) -> bool {
        !self.shut && !self.conn.is_closing()
    }

    pub(super) fn shutdown(&mut self) {
        self.shut = true;
        self.conn.shutdown();
    }

    /// Tells the session when the outbox crosses its bound, or falls below half of that.
    pub(super) fn level(&mut self, id: ConnId, outbox: usize, inputs: &mut VecDeque<Input>) {
        let queued = self.conn.queued();
        if queued > outbox / 2 && !self.filled {
            self.filled = true;
            inputs.push_back(Input::Filled(Queue::Outbox(id)));
        } else if queued <= outbox / 4 && self.filled {
            self.filled = false;
            inputs.push_back(Input::Drained(Queue::Outbox(id)));
        }
        if queued > outbox {
            inputs.push_back(Input::Overflowed(id));
        }
    }
}
