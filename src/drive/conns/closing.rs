//! Conns that close: each takes the time that its peer does.

use std::collections::BTreeSet;

use super::Conns;
use crate::net::Settled;
use crate::units::At;
use crate::wire::ConnId;

/// A conn is closed.
pub(in crate::drive) struct Closed {
    /// So many bytes were never taken by its peer, although the conn was whole until we closed it, and
    /// the peer was to have them.
    pub(in crate::drive) unsent: usize,
}

impl Conns {
    /// Closes when all is sent, or the peer has taken none of it for a while.
    pub(in crate::drive) fn close(&mut self, now: At, id: ConnId) {
        if let Some(slot) = self.slot(id) {
            slot.conn.close(now);
            self.closes(id);
        }
    }

    /// Closes when all is sent, however long that takes.
    pub(in crate::drive) fn finish(&mut self, now: At, id: ConnId) {
        if let Some(slot) = self.slot(id) {
            slot.conn.finish(now);
            self.closes(id);
        }
    }

    /// It is closing from now on.
    fn closes(&mut self, id: ConnId) {
        self.closing.insert(id);
        self.unsettled.insert(id);
        self.blocked.remove(&id);
    }

    /// Has no close take however long it takes any more.
    pub(in crate::drive) fn hurry(&mut self, now: At) {
        for id in &self.closing {
            if let Some(slot) = self.slots.get_mut(id) {
                slot.conn.close(now);
            }
        }
        self.unsettled.extend(&self.closing);
    }

    /// Sends what is taken at once, and resets.
    pub(in crate::drive) fn reset(&mut self, id: ConnId) {
        self.slot(id);
        if let Some(slot) = self.slots.remove(&id) {
            slot.conn.reset();
            self.blocked.remove(&id);
            self.closing.remove(&id);
        }
    }

    /// Takes the closes that something happened to as far as they go now.
    pub(super) fn settle_closes(&mut self, now: At) -> Vec<Closed> {
        let mut closed = Vec::new();
        for id in self.due(now) {
            let Some(slot) = self.slots.get_mut(&id) else { continue };
            match slot.conn.settle(now, &mut self.scratch) {
                Settled::Pending => {}
                Settled::More => {
                    self.unsettled.insert(id);
                }
                Settled::Done { unsent, whole } => {
                    let news = whole && !slot.given_up && !self.room;
                    closed.push(Closed { unsent: if news { unsent } else { 0 } });
                    self.slots.remove(&id);
                    self.closing.remove(&id);
                }
            }
        }
        closed
    }

    /// The closing conns to be settled now.
    pub(super) fn due(&mut self, now: At) -> BTreeSet<ConnId> {
        let mut due = std::mem::take(&mut self.unsettled);
        due.extend(self.closing_deadlines().filter(|(_, at)| *at <= now).map(|(id, _)| id));
        due
    }

    pub(super) fn closing_deadlines(&self) -> impl Iterator<Item = (ConnId, At)> {
        self.closing.iter().filter_map(|id| Some((*id, self.slots.get(id)?.conn.deadline()?)))
    }
}
