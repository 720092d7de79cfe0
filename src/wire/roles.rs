//! Which side we are.

use std::collections::BTreeMap;

use super::{ConnId, Side};

/// Which side we are on each conn: the same on all of them, save on those that a listener opened
/// itself.
#[derive(Debug, Clone)]
pub struct Roles {
    own: Side,
    others: BTreeMap<ConnId, Side>,
}

impl Roles {
    /// This side on every conn.
    #[must_use]
    pub fn new(own: Side) -> Roles {
        Roles { own, others: BTreeMap::new() }
    }

    /// Takes note that we are `own` on a conn that has opened.
    pub fn opened(&mut self, conn: ConnId, own: Side) {
        if own != self.own {
            self.others.insert(conn, own);
        }
    }

    /// Which side we are on this conn; on all of them, where none is named.
    #[must_use]
    pub fn own(&self, conn: Option<ConnId>) -> Side {
        let other = conn.and_then(|conn| self.others.get(&conn));
        other.copied().unwrap_or(self.own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_the_client_where_it_connected_itself() {
        let mut roles = Roles::new(Side::Server);
        let (guest, opened) = (ConnId::FIRST, ConnId::FIRST.next());
        roles.opened(guest, Side::Server);
        roles.opened(opened, Side::Client);
        assert_eq!(
            [None, Some(guest), Some(opened)].map(|conn| roles.own(conn)),
            [Side::Server, Side::Server, Side::Client]
        );
    }
}
