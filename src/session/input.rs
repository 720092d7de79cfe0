//! What happened to the session.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::{Audience, Queue, Secured};
use crate::wire::{ConnId, Side};

/// Something that happened, or that the person or the script asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A conn opened; ids come in order.
    Opened {
        /// Which.
        conn: ConnId,
        /// Address of the peer, for people and for the transcript.
        addr: String,
        /// Which side we are on it.
        own: Side,
        /// What a step called it that opened it, if one did.
        name: Option<String>,
        /// How it came to be secure, if it is.
        secured: Option<Box<Secured>>,
    },
    /// The server was reached for a client: the conn to it is [`ConnId::onward`] of the client's.
    Reached {
        /// The client's.
        conn: ConnId,
        /// Address of the server.
        addr: String,
    },
    /// The server was not reached for a client.
    Unreached {
        /// The client's.
        conn: ConnId,
        /// Why.
        why: String,
    },
    /// Bytes came; never empty.
    Received {
        /// On which conn.
        conn: ConnId,
        /// The bytes of one read.
        bytes: Bytes,
    },
    /// TLS is to begin on this conn: what was held back of what its peer has said must not wait for more
    /// to come, which would be said over TLS.
    TlsBegins(ConnId),
    /// The peer will say no more. After anything but [`Ending::Eof`] it will hear no more either.
    Ended {
        /// On which conn.
        conn: ConnId,
        /// How.
        how: Ending,
    },
    /// Whole lines to be sent, line ends included.
    Say {
        /// To whom.
        to: Audience,
        /// The lines.
        bytes: Bytes,
        /// What `/send` was written as, where it used a captured variable.
        send: Option<String>,
    },
    /// Bytes to be sent as they are; where they end says nothing about lines.
    Raw {
        /// To whom.
        to: Audience,
        /// The bytes.
        bytes: Bytes,
    },
    /// A part of the file that the script is, to be sent as it stands; nobody asks to see it.
    Pour {
        /// To whom.
        to: Audience,
        /// Which bytes of it.
        range: Range<u64>,
    },
    /// The host asks something of its room, as a guest would: `/nick bob`.
    Asked(Bytes),
    /// Our side will say no more.
    Shutdown(Audience),
    /// Close, after what is still to be sent.
    Close(Audience),
    /// Break the connection, behind what is taken at once of what is still to be sent.
    Reset(Audience),
    /// Close a guest's conn; it has been told why.
    Kick {
        /// Whose.
        conn: ConnId,
        /// Why, as the host put it.
        why: String,
    },
    /// A note for the transcript.
    Note(String),
    /// A queue is over its bound.
    Filled(Queue),
    /// A queue that was over its bound has room again.
    Drained(Queue),
    /// Something of what had waited for room on a conn was taken, or a half-close that waited for it
    /// was made.
    Moved(ConnId),
    /// An outbox is full: its guest did not read fast enough.
    Overflowed(ConnId),
    /// There is no room for another guest.
    Crowded,
    /// What drives the session has come to this.
    Drive(Drive),
    /// What drives the conversation on one conn, among those that are apart, has come to this.
    Driven {
        /// Which.
        conn: ConnId,
        /// How far.
        drive: Drive,
    },
    /// Time has passed.
    Tick,
}

impl Input {
    /// What somebody asked for who knows of one conn only, where others are apart from it.
    #[must_use]
    pub fn of(self, conn: ConnId) -> Input {
        let to = Audience::One(conn);
        match self {
            Input::Say { bytes, send, .. } => Input::Say { to, bytes, send },
            Input::Raw { bytes, .. } => Input::Raw { to, bytes },
            Input::Pour { range, .. } => Input::Pour { to, range },
            Input::Shutdown(_) => Input::Shutdown(to),
            Input::Close(_) => Input::Close(to),
            Input::Reset(_) => Input::Reset(to),
            Input::Drive(drive) => Input::Driven { conn, drive },
            other => other,
        }
    }
}

/// How far the script, or the person, has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drive {
    /// There are steps to run.
    Running,
    /// Nothing is waiting to be run, and more may come.
    Idle,
    /// Nothing more will come.
    Ended,
    /// It asked to leave.
    Quit,
}

/// How one side of a conn ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It said that it was done: a half-close, or the close of a peer that is gone altogether.
    Eof,
    /// The peer reset the connection.
    Reset,
    /// The host closed it.
    Kicked(String),
    /// It did not read fast enough.
    Slow,
    /// It said nothing for too long.
    Idle,
    /// Something else broke it.
    Error(String),
}

impl fmt::Display for Ending {
    /// As notices and transcripts have it; `closed` is a notice's word for `eof`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Eof => f.write_str("eof"),
            Ending::Reset => f.write_str("reset"),
            Ending::Kicked(_) => f.write_str("kicked"),
            Ending::Slow => f.write_str("slow"),
            Ending::Idle => f.write_str("idle"),
            Ending::Error(why) => write!(f, "error: {why}"),
        }
    }
}
