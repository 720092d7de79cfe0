//! Who is to wait for whom: every queue is bounded, and here is what follows when one is full.
//!
//! - A full standard output pauses the conns, a slow recording pauses everything.
//! - A full outbox pauses the script that feeds it, never the reading of that same conn: two ends that
//!   echo each other would wait for ever.
//! - Lines that the script has not read pause their conn, unless the script itself cannot go on before
//!   that conn's outbox drains: then reading goes on, and the script passes lines over and counts them.
//! - With two guests or more, the script waits only while more than a quarter of their outboxes are over
//!   half full. A guest that has not caught up by then is slow, and does not hold up the others. A conn
//!   that we opened ourselves is no guest: it is always waited for.
//! - In a room the guests are what feeds the outboxes: by the same rule they are not read, those apart
//!   whose own outbox is full. A room reads nobody, either, while it is behind with what it has read, and
//!   no guest that says more than it may.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Effect, Queue, Source};
use crate::units::At;
use crate::wire::ConnId;

/// How long an outbox among several may stay over half full before its guest counts as slow: as long
/// as a wait lasts by default. A guest on a bad line takes half an outbox (2 MiB) within it at 4 Mbit/s.
pub(super) const SLOW_AFTER: Duration = Duration::from_secs(5);

/// The full queues, and the sources that are paused because of them.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// What guests say goes to the others.
    room: bool,
    stdout: bool,
    journal: bool,
    /// What was read waits to be passed on.
    behind: bool,
    /// Those who have said more than they may.
    fast: BTreeSet<ConnId>,
    outboxes: BTreeMap<ConnId, At>,
    /// Those of guests, by when they filled.
    filled: BTreeSet<(At, ConnId)>,
    unread: BTreeSet<ConnId>,
    open: BTreeSet<ConnId>,
    /// Those that came to a listener.
    guests: BTreeSet<ConnId>,
    paused: BTreeSet<Source>,
}

impl Flow {
    /// That of a room.
    pub(super) fn of_room() -> Flow {
        Flow { room: true, ..Flow::default() }
    }

    /// Whether what was read waits to be passed on.
    pub(super) fn set_behind(&mut self, behind: bool, effects: &mut Vec<Effect>) {
        self.behind = behind;
        self.settle(None, effects);
    }

    /// Whether a guest has said more than it may.
    pub(super) fn set_fast(&mut self, conn: ConnId, fast: bool, effects: &mut Vec<Effect>) {
        let changed = if fast { self.fast.insert(conn) } else { self.fast.remove(&conn) };
        if changed {
            self.settle(Some(conn), effects);
        }
    }

    pub(super) fn opened(&mut self, conn: ConnId, guest: bool, effects: &mut Vec<Effect>) {
        self.open.insert(conn);
        if guest {
            self.guests.insert(conn);
        }
        self.settle(Some(conn), effects);
    }

    pub(super) fn closed(&mut self, conn: ConnId, effects: &mut Vec<Effect>) {
        self.open.remove(&conn);
        self.guests.remove(&conn);
        self.unread.remove(&conn);
        self.fast.remove(&conn);
        self.outbox_drained(conn);
        self.paused.remove(&Source::Conn(conn));
        self.settle(None, effects);
    }

    pub(super) fn filled(&mut self, now: At, queue: Queue, effects: &mut Vec<Effect>) {
        match queue {
            Queue::Stdout => self.stdout = true,
            Queue::Journal => self.journal = true,
            // The word may come when the conn is gone; nothing would ever take it back.
            Queue::Outbox(conn) | Queue::Unread(conn) if !self.open.contains(&conn) => {}
            Queue::Outbox(conn) => {
                let since = *self.outboxes.entry(conn).or_insert(now);
                if self.guests.contains(&conn) {
                    self.filled.insert((since, conn));
                }
            }
            Queue::Unread(conn) => {
                self.unread.insert(conn);
            }
        }
        self.settle(whose(queue), effects);
    }

    pub(super) fn drained(&mut self, queue: Queue, effects: &mut Vec<Effect>) {
        match queue {
            Queue::Stdout => self.stdout = false,
            Queue::Journal => self.journal = false,
            Queue::Outbox(conn) => self.outbox_drained(conn),
            Queue::Unread(conn) => {
                self.unread.remove(&conn);
            }
        }
        self.settle(whose(queue), effects);
    }

    fn outbox_drained(&mut self, conn: ConnId) {
        let since = self.outboxes.remove(&conn);
        since.map(|since| self.filled.remove(&(since, conn)));
    }

    /// Whether the outbox of a conn is over its bound.
    pub(super) fn is_full(&self, conn: ConnId) -> bool {
        self.outboxes.contains_key(&conn)
    }

    /// Whether no conn is read for now, so that nothing can come.
    pub(super) fn is_deaf(&self) -> bool {
        self.stdout || self.journal
    }

    /// The guests among several whose outbox has stayed over half full for too long.
    pub(super) fn slow(&self, now: At) -> Vec<ConnId> {
        if self.guests.len() < 2 {
            return Vec::new();
        }
        let late = self.filled.iter().take_while(|(since, _)| now >= *since + SLOW_AFTER);
        late.map(|(_, conn)| *conn).collect()
    }

    /// When [`Flow::slow`] may next name somebody.
    pub(super) fn deadline(&self) -> Option<At> {
        if self.guests.len() < 2 {
            return None;
        }
        self.filled.first().map(|(since, _)| *since + SLOW_AFTER)
    }

    /// Pauses and resumes what the full queues now ask for: of the conns, only the one that the news is
    /// of can be concerned.
    fn settle(&mut self, conn: Option<ConnId>, effects: &mut Vec<Effect>) {
        let others = self.outboxes.len() > self.filled.len();
        let crowd = self.filled.len() * 4 > self.guests.len();
        let full = self.journal || others || crowd;
        let unread = |conn| self.unread.contains(&conn) && !self.outboxes.contains_key(&conn);
        let sources = [
            (Source::Conns, self.is_deaf() || self.behind),
            (Source::Talkers, self.room && crowd),
            (Source::Script, full),
        ];
        let sources = sources.into_iter();
        let stuck = |conn| unread(conn) || self.fast.contains(&conn);
        let conn = conn.map(|conn| (Source::Conn(conn), stuck(conn)));
        let (pause, resume): (Vec<_>, Vec<_>) =
            sources.chain(conn).partition(|(_, wanted)| *wanted);
        for (source, _) in pause {
            if self.paused.insert(source) {
                effects.push(Effect::Pause(source));
            }
        }
        for (source, _) in resume {
            if self.paused.remove(&source) {
                effects.push(Effect::Resume(source));
            }
        }
    }
}

/// The conn whose queue it is.
fn whose(queue: Queue) -> Option<ConnId> {
    match queue {
        Queue::Stdout | Queue::Journal => None,
        Queue::Outbox(conn) | Queue::Unread(conn) => Some(conn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conn(n: u32) -> ConnId {
        ConnId::new(n).unwrap()
    }

    fn flow(open: u32) -> Flow {
        let mut flow = Flow::default();
        (1..=open).for_each(|n| flow.opened(conn(n), true, &mut Vec::new()));
        flow
    }

    fn after(flow: &mut Flow, change: impl Fn(&mut Flow, &mut Vec<Effect>)) -> Vec<Effect> {
        let mut effects = Vec::new();
        change(flow, &mut effects);
        effects
    }

    #[test]
    fn a_full_outbox_pauses_the_script_and_not_its_own_conn() {
        let mut flow = flow(1);
        let outbox = Queue::Outbox(conn(1));
        let full = after(&mut flow, |flow, out| flow.filled(At::START, outbox, out));
        assert_eq!(full, [Effect::Pause(Source::Script)]);
        let unread =
            after(&mut flow, |flow, out| flow.filled(At::START, Queue::Unread(conn(1)), out));
        assert_eq!(unread, [], "a script that cannot send does not stop the echo it waits for");
        let drained = after(&mut flow, |flow, out| flow.drained(outbox, out));
        assert_eq!(drained, [Effect::Pause(Source::Conn(conn(1))), Effect::Resume(Source::Script)]);
    }

    #[test]
    fn a_full_standard_output_pauses_conns_and_a_slow_recording_everything() {
        let mut flow = flow(1);
        let full = after(&mut flow, |flow, out| flow.filled(At::START, Queue::Stdout, out));
        assert_eq!(full, [Effect::Pause(Source::Conns)]);
        let slow = after(&mut flow, |flow, out| flow.filled(At::START, Queue::Journal, out));
        assert_eq!(slow, [Effect::Pause(Source::Script)]);
        let still = after(&mut flow, |flow, out| flow.drained(Queue::Stdout, out));
        assert_eq!(still, []);
    }

    #[test]
    fn one_slow_guest_among_many_pauses_nobody_and_is_named() {
        let mut flow = flow(4);
        let one = after(&mut flow, |flow, out| flow.filled(At::START, Queue::Outbox(conn(3)), out));
        assert_eq!(one, []);
        let two = after(&mut flow, |flow, out| flow.filled(At::START, Queue::Outbox(conn(4)), out));
        assert_eq!(two, [Effect::Pause(Source::Script)]);
        assert_eq!(flow.deadline(), Some(At::START + SLOW_AFTER));
        assert_eq!(flow.slow(At::START), []);
        assert_eq!(flow.slow(At::START + SLOW_AFTER), [conn(3), conn(4)]);
    }

    #[test]
    fn a_single_peer_is_never_slow() {
        let mut flow = flow(1);
        flow.filled(At::START, Queue::Outbox(conn(1)), &mut Vec::new());
        assert_eq!((flow.slow(At::START + SLOW_AFTER), flow.deadline()), (Vec::new(), None));
    }

    #[test]
    fn a_conn_that_we_opened_is_waited_for_and_never_slow() {
        let mut flow = flow(8);
        flow.opened(conn(9), false, &mut Vec::new());
        let full =
            after(&mut flow, |flow, out| flow.filled(At::START, Queue::Outbox(conn(9)), out));
        assert_eq!(full, [Effect::Pause(Source::Script)]);
        assert_eq!((flow.slow(At::START + SLOW_AFTER), flow.deadline()), (Vec::new(), None));
        let gone = after(&mut flow, |flow, out| flow.closed(conn(9), out));
        assert_eq!(gone, [Effect::Resume(Source::Script)]);
    }

    #[test]
    fn each_conn_pauses_and_resumes_for_itself() {
        let mut flow = flow(8);
        let (one, two) = (Queue::Unread(conn(1)), Queue::Unread(conn(2)));
        let full = after(&mut flow, |flow, out| {
            flow.filled(At::START, one, out);
            flow.filled(At::START, two, out);
            flow.filled(At::START, one, out);
        });
        assert_eq!(full, [1, 2].map(|n| Effect::Pause(Source::Conn(conn(n)))));
        let stuck =
            after(&mut flow, |flow, out| flow.filled(At::START, Queue::Outbox(conn(1)), out));
        assert_eq!(stuck, [Effect::Resume(Source::Conn(conn(1)))]);
        let gone = after(&mut flow, |flow, out| {
            flow.closed(conn(2), out);
            flow.drained(two, out);
        });
        assert_eq!(gone, [], "nobody resumes what is closed");
        let again = after(&mut flow, |flow, out| flow.drained(Queue::Outbox(conn(1)), out));
        assert_eq!(again, [Effect::Pause(Source::Conn(conn(1)))]);
        assert_eq!(flow.deadline(), None);
    }
}
