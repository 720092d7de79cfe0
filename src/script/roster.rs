//! Whom a script can speak to.

use std::collections::{BTreeMap, VecDeque};

use crate::session::{Audience, Effect, Ending, Recorded};
use crate::wire::{ConnId, Side};

/// How many peers that have left are remembered, so that guests who come and go for weeks do not take
/// up more and more memory. No script speaks of as many.
const LEFT_KEPT: usize = 1000;

/// What the first conn of the side that connected is called.
pub const MAIN: &str = "main";

/// The conns of the session as its effects tell of them.
#[derive(Debug, Default)]
pub(super) struct Roster {
    conns: BTreeMap<ConnId, Entry>,
    /// Those whose peers have left, in that order.
    left: VecDeque<ConnId>,
    all: Crowd,
    guests: Crowd,
}

#[derive(Debug)]
struct Entry {
    name: String,
    addr: String,
    /// It came to a listener.
    guest: bool,
    /// How the peer ended, if it has.
    ended: Option<Ending>,
    /// Our side has ended.
    shut: bool,
}

/// What is known of several peers together.
#[derive(Debug, Default)]
struct Crowd {
    /// How many have come since the start.
    joined: u64,
    /// How many of them may still say something.
    talking: usize,
    /// How those who left did so: the first that was no half-close, if there is one.
    worst: Option<Ending>,
}

impl Crowd {
    fn joined(&mut self) {
        self.joined += 1;
        self.talking += 1;
    }

    fn left(&mut self, how: &Ending) {
        self.talking -= 1;
        if self.worst.as_ref().is_none_or(|known| *known == Ending::Eof) {
            self.worst = Some(how.clone());
        }
    }

    /// How they ended, once none of them will say more.
    fn ended(&self) -> Option<&Ending> {
        self.worst.as_ref().filter(|_| self.talking == 0)
    }
}

impl Roster {
    pub(super) fn observe(&mut self, effect: &Effect) {
        match effect {
            Effect::Record(record) => {
                if let (Some(conn), Recorded::Open { addr, name, own, .. }) =
                    (record.conn, &record.what)
                {
                    self.opened(conn, addr, name.as_deref(), *own);
                }
            }
            Effect::Silent { conn, how } => self.silent(*conn, how),
            Effect::Renamed { conn: Some(conn), name } => {
                if let Some(entry) = self.conns.get_mut(conn) {
                    entry.name.clone_from(name);
                }
            }
            Effect::Shutdown(conn) => {
                if let Some(entry) = self.conns.get_mut(conn) {
                    entry.shut = true;
                }
            }
            _ => {}
        }
    }

    fn opened(&mut self, conn: ConnId, addr: &str, name: Option<&str>, own: Side) {
        let (guest, name) = (own == Side::Server, name.unwrap_or(MAIN));
        let (name, addr) = (name.to_owned(), addr.to_owned());
        self.conns.insert(conn, Entry { name, addr, guest, ended: None, shut: false });
        self.all.joined();
        if guest {
            self.guests.joined();
        }
    }

    fn silent(&mut self, conn: ConnId, how: &Ending) {
        let Some(entry) = self.conns.get_mut(&conn) else { return };
        if entry.ended.replace(how.clone()).is_some() {
            return;
        }
        self.all.left(how);
        if entry.guest {
            self.guests.left(how);
        }
        self.left.push_back(conn);
        if self.left.len() > LEFT_KEPT
            && let Some(first) = self.left.pop_front()
        {
            self.conns.remove(&first);
        }
    }

    /// How many peers have come since the start: guests, at a listener.
    pub(super) fn joined(&self, listener: bool) -> u64 {
        if listener { self.guests.joined } else { self.all.joined }
    }

    /// Whether a peer that is meant is here, and our side has said all that it will say to it.
    pub(super) fn is_shut(&self, whom: Audience) -> bool {
        let mut meant =
            self.conns.iter().filter(|(conn, entry)| whom.means(**conn, || entry.guest));
        meant.any(|(_, entry)| entry.shut && entry.ended.is_none())
    }

    /// The conn of that name that was opened last; whether or not its peer has left.
    pub(super) fn named(&self, name: &str) -> Option<ConnId> {
        let mut latest = self.conns.iter().rev();
        latest.find(|(_, entry)| entry.name == name).map(|(conn, _)| *conn)
    }

    /// Whether a conn of that name is open, as far as its peer is concerned.
    pub(super) fn is_here(&self, name: &str) -> bool {
        let here = |conn: ConnId| self.conns.get(&conn).is_some_and(|entry| entry.ended.is_none());
        self.named(name).is_some_and(here)
    }

    pub(super) fn name(&self, conn: ConnId) -> Option<&str> {
        self.conns.get(&conn).map(|entry| entry.name.as_str())
    }

    /// Whether there has been more than one conn.
    pub(super) fn are_several(&self) -> bool {
        self.all.joined > 1
    }

    /// The names of all the conns that there have been.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.conns.values().map(|entry| entry.name.as_str())
    }

    /// The conns of the guests that are here.
    pub(super) fn present_guests(&self) -> impl Iterator<Item = ConnId> {
        self.guests_here().map(|(conn, _)| conn)
    }

    /// The conn that is here, if it is the only one.
    pub(super) fn only(&self) -> Option<ConnId> {
        let mut here = self.conns.iter().filter(|(_, entry)| entry.ended.is_none());
        let (conn, _) = here.next()?;
        here.next().is_none().then_some(*conn)
    }

    /// Whether this conn is a guest of ours.
    pub(super) fn is_guest(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|entry| entry.guest)
    }

    /// The guests that are here: name, address.
    pub(super) fn present(&self) -> impl Iterator<Item = (&str, &str)> {
        self.guests_here().map(|(_, entry)| (entry.name.as_str(), entry.addr.as_str()))
    }

    fn guests_here(&self) -> impl Iterator<Item = (ConnId, &Entry)> {
        let here = self.conns.iter().filter(|(_, entry)| entry.guest && entry.ended.is_none());
        here.map(|(conn, entry)| (*conn, entry))
    }

    /// How the peers that are meant ended, once none of them will say more. A half-close is told only
    /// where nothing worse happened.
    pub(super) fn ended(&self, whom: Audience) -> Option<&Ending> {
        match whom {
            Audience::One(conn) => self.conns.get(&conn)?.ended.as_ref(),
            Audience::Guests => self.guests.ended(),
            Audience::All => self.all.ended(),
        }
    }
}
