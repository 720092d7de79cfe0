//! What is to be changed in a recording, so that it is what came.

use bytes::Bytes;

use crate::wire::ConnId;

/// A change of a recorded event. Events are numbered from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The event says this instead, line end included.
    Say {
        /// Which event.
        event: usize,
        /// What it says.
        bytes: Bytes,
    },
    /// The event goes.
    Remove {
        /// Which.
        event: usize,
    },
    /// Another event says this, right behind one that is there.
    Add {
        /// Behind which event; 0 is before the first.
        behind: usize,
        /// On which conn.
        conn: Option<ConnId>,
        /// What it says.
        bytes: Bytes,
    },
}
