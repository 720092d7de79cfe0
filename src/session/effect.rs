//! What is to be done.

use std::ops::Range;

use bytes::Bytes;

use super::{Ending, Leave, Notice, Record, Recorded};
use crate::units::At;
use crate::wire::{Block, ConnId, Side};

/// Whom something is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Every open conn.
    All,
    /// The guests of a listener, and not the conns that it opened itself.
    Guests,
    /// One conn.
    One(ConnId),
}

impl Audience {
    /// Whether `conn` is among them; what came to a listener `is_guest`.
    #[must_use]
    pub fn means(self, conn: ConnId, is_guest: impl FnOnce() -> bool) -> bool {
        match self {
            Audience::All => true,
            Audience::Guests => is_guest(),
            Audience::One(one) => one == conn,
        }
    }
}

/// Something that can be paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Reading from a conn.
    Conn(ConnId),
    /// Reading from every conn.
    Conns,
    /// Reading from every conn whose own outbox has room. One that is full goes on being read: it may be
    /// what it says that keeps it from reading.
    Talkers,
    /// The script, or whatever else feeds the session.
    Script,
    /// What feeds the conversation on one conn, among those that are apart.
    ScriptOf(ConnId),
}

/// A queue with a bound in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queue {
    /// Standard output, where it is no terminal.
    Stdout,
    /// What is still to be sent on a conn.
    Outbox(ConnId),
    /// The recording.
    Journal,
    /// Lines of a conn that the script has not read.
    Unread(ConnId),
}

/// Something for the driver to do. Effects carry data; what they look like is decided at the edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Queue bytes for sending.
    Send {
        /// On which conns.
        to: Audience,
        /// The bytes.
        bytes: Bytes,
    },
    /// Queue bytes for sending on every open conn but this one: its peer said them to a room.
    Pass {
        /// Whose they are.
        from: ConnId,
        /// The bytes.
        bytes: Bytes,
    },
    /// Queue a part of the file that the script is for sending.
    Pour {
        /// On which conn.
        conn: ConnId,
        /// Which bytes of it.
        range: Range<u64>,
    },
    /// Half-close after what is queued.
    Shutdown(ConnId),
    /// Flush, half-close, read until EOF for a moment, close.
    Close(ConnId),
    /// Close, once all that is queued was taken, however long that takes: the peer has ended, and reads.
    Finish(ConnId),
    /// Send what is taken at once, and reset.
    Reset(ConnId),
    /// Connect to the server for the client on this conn. [`Input::Reached`](super::Input::Reached) or
    /// [`Input::Unreached`](super::Input::Unreached) follows.
    Reach(ConnId),
    /// The peer said these bytes, just now: for standard output and for matching.
    Heard {
        /// On which conn.
        conn: ConnId,
        /// What was read, less telnet negotiation.
        bytes: Bytes,
    },
    /// A room passed these lines on to its host: whole lines, with the name of who said each before it.
    Relayed {
        /// Whose they are.
        conn: ConnId,
        /// The lines.
        bytes: Bytes,
    },
    /// Somebody in a room has another name.
    Renamed {
        /// The peer of this conn; the host, where there is none.
        conn: Option<ConnId>,
        /// The new name.
        name: String,
    },
    /// The peer of this conn will say no more.
    Silent {
        /// Which.
        conn: ConnId,
        /// How it ended.
        how: Ending,
    },
    /// An event for the transcript, and for the terminal.
    Record(Record),
    /// Something to tell the person.
    Notice(Notice),
    /// The peer of this conn took something of what had waited for that.
    Moved(ConnId),
    /// What was to be sent to these found nobody.
    Unheard(Audience),
    /// The session is over.
    Leave(Leave),
    /// The conversation on one conn is over, and others that are apart from it go on.
    Over {
        /// Which.
        conn: ConnId,
        /// Why.
        why: Leave,
    },
    /// Stop reading from a source.
    Pause(Source),
    /// Read again.
    Resume(Source),
}

/// Has something kept.
pub(super) fn record(at: At, conn: Option<ConnId>, what: Recorded) -> Effect {
    Effect::Record(Record { at, conn, what })
}

/// Has something kept that one side said.
pub(super) fn said(
    at: At,
    conn: Option<ConnId>,
    from: Side,
    block: Block,
    send: Option<String>,
) -> Effect {
    record(at, conn, Recorded::Said { from, block, send, wants: Vec::new(), secrets: Vec::new() })
}
