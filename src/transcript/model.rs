//! What a transcript says, whatever form or version of file it stood in.

use bytes::Bytes;
use jiff::Timestamp;

use crate::units::At;
use crate::wire::{ConnId, Encoding, Eol, Side};

/// The events of a session, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    /// What holds for all of it.
    pub header: Header,
    /// The events, none earlier than the one before it.
    pub events: Vec<Event>,
    /// How many events came before the first one here, and were not kept.
    pub missing: u64,
    /// Whether its end is the session's.
    pub ended: Ended,
}

/// Whether a transcript reaches the end of what it recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It does.
    Whole,
    /// It breaks off, for this reason. What stands before is good.
    Interrupted(String),
}

/// What holds for a whole transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The wall time of [`At::START`].
    pub started: Timestamp,
    /// Which side recorded; `None` where it stood between the two.
    pub role: Option<Side>,
    /// The line end that a line has unless it says otherwise.
    pub eol: Eol,
    /// How peers, and we, wrote text.
    pub encoding: Encoding,
    /// What is not compared: [masks](crate::matching::Mask), as they were written.
    pub mask: Vec<String>,
    /// Keys that this program does not know, in their order.
    pub extra: Vec<Extra>,
}

impl Header {
    /// The header of a session that started at `started`.
    #[must_use]
    pub const fn new(started: Timestamp, role: Option<Side>, eol: Eol) -> Header {
        let encoding = Encoding::UTF_8;
        Header { started, role, eol, encoding, mask: Vec::new(), extra: Vec::new() }
    }
}

/// Something that happened in a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: At,
    /// On which conn; `None` for a line to every open conn, and for what concerns none.
    pub conn: Option<ConnId>,
    /// What.
    pub what: What,
    /// Keys that this program does not know, in their order.
    pub extra: Vec<Extra>,
}

/// The kinds of [`Event`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// One side said a line.
    Line(Said),
    /// A conn opened.
    Open {
        /// Address of the peer.
        addr: String,
        /// The name that the session gave the conn, if any.
        name: Option<String>,
        /// Which side the recorder was on it, where that is not the header's role.
        role: Option<Side>,
    },
    /// One side ended.
    Close {
        /// Which.
        from: Side,
        /// `eof`, `reset`, `kicked`, `slow`, `error: …`.
        how: String,
    },
    /// A person's note.
    Note {
        /// Its text.
        text: String,
    },
    /// Something that this program does not know; its fields are the event's extra keys.
    Unknown {
        /// What it calls itself.
        ev: String,
    },
}

/// A line, and what is to be made of it at replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who said it.
    pub from: Side,
    /// The bytes before the line end.
    pub text: Bytes,
    /// The line end; [`Eol::None`] for a partial line.
    pub eol: Eol,
    /// What a replay compares or says instead.
    pub marks: Marks,
}

/// What a line carries for replay, besides what was said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks {
    /// The pattern that a line must match, instead of being equal.
    pub want: Option<String>,
    /// What to say instead, with variables in it.
    pub send: Option<String>,
    /// Whether the line may be missing.
    pub opt: bool,
    /// Neighbours of one group come in any order.
    pub group: Option<String>,
    /// The names of the secrets that the text has as `${NAME}`.
    pub secret: Vec<String>,
}

impl Marks {
    /// The marks of a line that has none.
    pub const NONE: Marks =
        Marks { want: None, send: None, opt: false, group: None, secret: Vec::new() };
}

/// A key of a file that this program does not know, kept so that it can be written back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// The key.
    pub key: String,
    /// Its value: JSON text without white space between tokens.
    pub json: String,
}
