//! Which end of which connection.

use std::fmt;
use std::num::NonZeroU32;

/// The number of a connection: from 1, in the order in which they opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(NonZeroU32);

/// What the number of an [onward](ConnId::onward) conn has more than that of its client's: no session has
/// so many conns.
const ONWARD: u32 = 1 << 31;

impl ConnId {
    /// The first connection of a session.
    pub const FIRST: ConnId = ConnId(NonZeroU32::MIN);

    /// The connection numbered `n`; none is numbered 0.
    #[must_use]
    pub const fn new(n: u32) -> Option<ConnId> {
        match NonZeroU32::new(n) {
            Some(n) => Some(ConnId(n)),
            None => None,
        }
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0.get()
    }

    /// The connection that opens next.
    #[must_use]
    pub const fn next(self) -> ConnId {
        ConnId(self.0.saturating_add(1))
    }

    /// The connection to the server that a tap has for the client on this one. Together they are one conn
    /// to people and transcripts, which know it by the client's number.
    #[must_use]
    pub fn onward(self) -> ConnId {
        ConnId(self.0 | ONWARD)
    }

    /// The client's connection, whichever of the two of a tap this is.
    #[must_use]
    pub fn near(self) -> ConnId {
        ConnId::new(self.number() & !ONWARD).unwrap_or(ConnId::FIRST)
    }

    /// Who is at the other end of a tap's connection.
    #[must_use]
    pub const fn tapped(self) -> Side {
        if self.number() & ONWARD == 0 { Side::Client } else { Side::Server }
    }
}

impl fmt::Display for ConnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A side of a connection, the same whoever looks: never "in" or "out".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The side that connected.
    Client,
    /// The side that listened.
    Server,
}

impl Side {
    /// The side at the other end.
    #[must_use]
    pub const fn other(self) -> Side {
        match self {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }

    /// As transcripts write it: `client` or `server`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Side::Client => "client",
            Side::Server => "server",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_conns_of_a_tap_know_each_other() {
        let client = ConnId::new(7).unwrap();
        let server = client.onward();
        assert_eq!((client.tapped(), server.tapped()), (Side::Client, Side::Server));
        assert_eq!((client.near(), server.near(), server.onward()), (client, client, server));
        assert_ne!(client, server);
    }
}
