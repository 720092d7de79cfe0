//! The server of a tap, to which every client gets a conn of its own.

use std::collections::BTreeMap;

use super::engine::{Engine, REACHING};
use super::{Dialing, Way};
use crate::net::{Address, DialError, Dialer, Link};
use crate::script::Report;
use crate::session::Input;
use crate::units::At;
use crate::wire::ConnId;

/// The conns to the server that are being opened.
pub(super) struct Reaching {
    /// None where there are no such conns.
    server: Option<Address>,
    dialing: Dialing,
    /// For whom.
    current: BTreeMap<ConnId, Dialer>,
    /// One of them may have come further.
    stirred: bool,
}

type Dialed = Result<Link, DialError>;

impl Reaching {
    /// None yet.
    pub(super) fn none(way: &Way, dialing: Dialing) -> Reaching {
        let server = match way {
            Way::Tap { server, .. } => Some(server.clone()),
            Way::Listen(_) | Way::Connect { .. } => None,
        };
        Reaching { server, dialing, current: BTreeMap::new(), stirred: false }
    }

    /// Whether we stand between others.
    pub(super) fn is_tap(&self) -> bool {
        self.server.is_some()
    }

    /// Whether the server is reached over TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.server.as_ref().is_some_and(|address| address.tls)
    }

    /// Something has happened to a socket, or a name was found.
    pub(super) fn stir(&mut self) {
        self.stirred = true;
    }

    /// Nobody waits for them any more.
    pub(super) fn abandon(&mut self) {
        self.current.clear();
    }

    pub(super) fn deadline(&self) -> Option<At> {
        self.current.values().filter_map(Dialer::deadline).min()
    }
}

impl Engine {
    /// Begins to connect to the server for a client.
    pub(super) fn reach(&mut self, client: ConnId) {
        let Some(server) = self.reaching.server.clone() else { return };
        let options = self.reaching.dialing.options();
        let dialer = Dialer::start(server, options, REACHING, &self.inbox.waker(), self.now);
        self.reaching.current.insert(client, dialer);
        self.reaching.stir();
    }

    /// Goes on connecting.
    pub(super) fn see_reaching(&mut self) {
        let due = self.reaching.deadline().is_some_and(|at| at <= self.now);
        if !std::mem::take(&mut self.reaching.stirred) && !due {
            return;
        }
        let registry = self.poll.registry();
        let advanced = self.reaching.current.iter_mut();
        let dialed: Vec<(ConnId, Dialed)> = advanced
            .filter_map(|(client, dialer)| Some((*client, dialer.advance(registry, self.now)?)))
            .collect();
        for (client, dialed) in dialed {
            self.reaching.current.remove(&client);
            self.dialed(client, dialed);
        }
    }

    fn dialed(&mut self, conn: ConnId, dialed: Dialed) {
        let reached = dialed.map_err(|err| err.to_string()).and_then(|link| {
            let Link { stream, addr, secured } = link;
            let added = self.conns.add_as(conn.onward(), stream, self.poll.registry());
            added.map(|()| (addr, secured)).map_err(|err| err.to_string())
        });
        match reached {
            Ok((addr, secured)) => {
                self.warn(&addr, secured.as_deref());
                self.input(Input::Reached { conn, addr });
            }
            Err(why) => {
                let name = format!("{}-{conn}", conn.tapped());
                self.screen.report(&Report::new(format!("{name} is sent away: {why}")));
                self.input(Input::Unreached { conn, why });
            }
        }
    }
}
