//! Which end of which connection.

use std::fmt;
use std::num::NonZeroU32;

/// The number of a connection: from 1, in the order in which they opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(NonZeroU32);

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
