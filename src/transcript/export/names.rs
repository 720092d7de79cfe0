//! Who speaks.

use std::collections::HashMap;

use crate::transcript::{Event, Header, What};
use crate::wire::{ConnId, Roles, Side};

/// What the two sides of each conn are called.
#[derive(Debug)]
pub(super) struct Names {
    roles: Option<Roles>,
    names: HashMap<ConnId, String>,
}

impl Names {
    /// Of a transcript with this header.
    pub(super) fn new(header: &Header) -> Names {
        Names { roles: header.role.map(Roles::new), names: HashMap::new() }
    }

    /// Takes note of an event that may give a conn a name. Every event is to come by here, shown or not.
    pub(super) fn note(&mut self, event: &Event) {
        let (Some(conn), What::Open { name, role, .. }) = (event.conn, &event.what) else { return };
        if let (Some(roles), Some(role)) = (&mut self.roles, role) {
            roles.opened(conn, *role);
        }
        if let Some(name) = name {
            self.names.insert(conn, name.clone());
        }
    }

    /// The side that the recorder was on this conn, if it was any.
    pub(super) fn own(&self, conn: Option<ConnId>) -> Option<Side> {
        self.roles.as_ref().map(|roles| roles.own(conn))
    }

    /// The name that the session gave the peer of this conn.
    pub(super) fn peer(&self, conn: Option<ConnId>) -> Option<&str> {
        self.names.get(&conn?).map(String::as_str)
    }

    /// The name of the peer, if it has one, or the side.
    pub(super) fn who(&self, conn: Option<ConnId>, from: Side) -> &str {
        let is_peer = self.own(conn) == Some(from.other());
        self.peer(conn).filter(|_| is_peer).unwrap_or(from.as_str())
    }
}
