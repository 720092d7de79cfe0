//! Whom a script can speak to.

use std::collections::{BTreeMap, VecDeque};

use crate::session::{Audience, Effect, Ending, Recorded};
use crate::wire::ConnId;

/// How many peers that have left are remembered, so that guests who come and go for weeks do not take
/// up more and more memory. No script speaks of as many.
const LEFT_KEPT: usize = 1000;

/// The conns of the session as its effects tell of them.
#[derive(Debug, Default)]
pub(super) struct Roster {
    conns: BTreeMap<ConnId, Entry>,
    /// Those whose peers have left, in that order.
    left: VecDeque<ConnId>,
    /// How many peers have come since the start.
    pub(super) joined: u64,
    /// How many of them may still say something.
    talking: usize,
    /// How those who left did so: the first that was no half-close, if there is one.
    worst: Option<Ending>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    addr: String,
    /// How the peer ended, if it has.
    ended: Option<Ending>,
    /// Our side has ended.
    shut: bool,
}

impl Roster {
    pub(super) fn observe(&mut self, effect: &Effect) {
        match effect {
            Effect::Record(record) => {
                if let (Some(conn), Recorded::Open { addr, name }) = (record.conn, &record.what) {
                    let name = name.clone().unwrap_or_else(|| "main".to_owned());
                    let entry = Entry { name, addr: addr.clone(), ended: None, shut: false };
                    self.conns.insert(conn, entry);
                    self.joined += 1;
                    self.talking += 1;
                }
            }
            Effect::Silent { conn, how } => self.silent(*conn, how),
            Effect::Shutdown(conn) => {
                if let Some(entry) = self.conns.get_mut(conn) {
                    entry.shut = true;
                }
            }
            _ => {}
        }
    }

    fn silent(&mut self, conn: ConnId, how: &Ending) {
        let Some(entry) = self.conns.get_mut(&conn) else { return };
        if entry.ended.replace(how.clone()).is_some() {
            return;
        }
        self.talking -= 1;
        if self.worst.as_ref().is_none_or(|known| *known == Ending::Eof) {
            self.worst = Some(how.clone());
        }
        self.left.push_back(conn);
        if self.left.len() > LEFT_KEPT
            && let Some(first) = self.left.pop_front()
        {
            self.conns.remove(&first);
        }
    }

    /// Whether a peer that is meant is here, and our side has said all that it will say to it.
    pub(super) fn is_shut(&self, whom: Audience) -> bool {
        let meant = |conn| whom == Audience::All || whom == Audience::One(conn);
        self.conns.iter().any(|(conn, entry)| meant(*conn) && entry.shut && entry.ended.is_none())
    }

    /// The conn of that name; whether or not its peer has left.
    pub(super) fn named(&self, name: &str) -> Option<ConnId> {
        self.conns.iter().find(|(_, entry)| entry.name == name).map(|(conn, _)| *conn)
    }

    pub(super) fn name(&self, conn: ConnId) -> Option<&str> {
        self.conns.get(&conn).map(|entry| entry.name.as_str())
    }

    /// The names of all the conns that there have been.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.conns.values().map(|entry| entry.name.as_str())
    }

    /// The conns whose peers are here.
    pub(super) fn present_conns(&self) -> impl Iterator<Item = ConnId> {
        let here = self.conns.iter().filter(|(_, entry)| entry.ended.is_none());
        here.map(|(conn, _)| *conn)
    }

    /// The peers that are here: name, address.
    pub(super) fn present(&self) -> impl Iterator<Item = (&str, &str)> {
        let here = self.conns.values().filter(|entry| entry.ended.is_none());
        here.map(|entry| (entry.name.as_str(), entry.addr.as_str()))
    }

    /// How the peers that are meant ended, once none of them will say more. A half-close is told only
    /// where nothing worse happened.
    pub(super) fn ended(&self, whom: Audience) -> Option<&Ending> {
        match whom {
            Audience::One(conn) => self.conns.get(&conn)?.ended.as_ref(),
            Audience::All => self.worst.as_ref().filter(|_| self.talking == 0),
        }
    }
}
