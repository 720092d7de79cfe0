//! What goes into the transcript.

use crate::units::At;
use crate::wire::{Block, ConnId, Side};

use super::{Ending, Secured};

/// Something that happened in the session, as blocks and not as lines: the recording side cuts it
/// into events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: At,
    /// On which conn; `None` for a line to every open conn, and for what concerns none.
    pub conn: Option<ConnId>,
    /// What.
    pub what: Recorded,
}

/// The kinds of [`Record`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// Lines of one side.
    Said {
        /// Who said them.
        from: Side,
        /// The lines.
        block: Block,
        /// What `/send` was written as, where it used a captured variable.
        send: Option<String>,
        /// Patterns with named groups that matched lines of this block: index of the line in the
        /// block, pattern.
        wants: Vec<(usize, String)>,
        /// Secrets that stand in lines of this block as `${NAME}`: index of the line in the block, name.
        secrets: Vec<(usize, String)>,
    },
    /// A conn opened.
    Open {
        /// Address of the peer.
        addr: String,
        /// The name that the session gave the conn (`guest-1`), if any.
        name: Option<String>,
        /// Which side we are on it.
        own: Side,
        /// How it came to be secure, if it is.
        secured: Option<Box<Secured>>,
    },
    /// One side ended.
    Close {
        /// Which.
        from: Side,
        /// How.
        how: Ending,
    },
    /// A person's note.
    Note {
        /// Its text.
        text: String,
    },
}
