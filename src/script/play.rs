//! What can take over from the steps of a script for a while.

use std::time::Duration;

use bytes::Bytes;

use super::{Failure, Unread};
use crate::matching::Capture;
use crate::matching::hearing::Change;
use crate::session::Audience;
use crate::units::At;
use crate::wire::ConnId;

/// Plays one side of a recorded conversation: it says, waits and compares in place of steps.
pub trait Play {
    /// What to do next, given what has come.
    ///
    /// It is asked again after each thing done, and whenever something came or its deadline passed.
    fn advance(&mut self, now: At, heard: &mut Heard<'_>) -> Played;

    /// What patterns found in what came so far: variables of the steps that follow.
    fn captured(&self) -> Vec<Capture> {
        Vec::new()
    }

    /// How many lines of the peer have come as they were to.
    fn matched(&self) -> u64 {
        0
    }

    /// Whether a peer that breaks the connection does what it did when it was recorded.
    fn breaks(&self) -> bool {
        false
    }

    /// How long the peer may take nothing of what is said; without it, as long as it likes.
    fn patience(&self) -> Option<Duration> {
        None
    }

    /// What it is called when it is interrupted or refuses something.
    fn name(&self) -> &str;

    /// What there is to tell where the session is over before it has come to its end.
    fn cut_short(&self, heard: &Heard<'_>) -> Option<Box<Failure>> {
        let _ = heard;
        None
    }
}

/// What has come.
pub struct Heard<'a> {
    /// The words that were not read yet.
    pub unread: &'a mut Unread,
    /// Whom the conversation is with.
    pub to: Audience,
    /// When something of what we said was taken last, or when we could hear again: what the peer is to do
    /// is waited for since then, and not from before.
    pub stirred: At,
    pub(super) ended: &'a dyn Fn(Audience) -> bool,
    pub(super) named: &'a dyn Fn(&str) -> Option<ConnId>,
}

impl Heard<'_> {
    /// Whether a peer will say no more.
    #[must_use]
    pub fn ended(&self, whom: Audience) -> bool {
        (self.ended)(whom)
    }

    /// The conn that was opened by this name, once it stands.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<ConnId> {
        (self.named)(name)
    }
}

/// What a [`Play`] wants.
#[derive(Debug)]
pub enum Played {
    /// Send these bytes.
    Say {
        /// To whom.
        to: Audience,
        /// The bytes.
        bytes: Bytes,
    },
    /// Half-close.
    Shutdown(Audience),
    /// Close, after what is still to be said.
    Close(Audience),
    /// Break the connection.
    Reset(Audience),
    /// Open another conn to where the first leads, by this name.
    Open(String),
    /// Nothing until more comes, or until then.
    Wait(At),
    /// Tell of a difference. It fails next.
    Differs(Box<Mismatch>),
    /// Change what was recorded.
    Bless {
        /// How.
        changes: Vec<Change>,
        /// What the file of it was when it was read.
        version: u64,
    },
    /// It has come to its end.
    Done {
        /// How many lines of the peer were as they were to be.
        lines: u64,
        /// The conversation is over with it.
        leave: bool,
    },
    /// It cannot go on.
    Failed(Box<Failure>),
}

/// How what came differs from what was recorded, for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// How.
    pub kind: MismatchKind,
    /// The transcript that is played.
    pub file: String,
    /// The conn, as the transcript numbers it.
    pub conn: Option<ConnId>,
    /// The event that differs, from 1; of what is extra, the event behind which it came.
    pub event: usize,
    /// What was recorded, line end included.
    pub recorded: Option<Bytes>,
    /// The pattern that was to match.
    pub want: Option<String>,
    /// What came, as far as it did.
    pub came: Option<Bytes>,
}

/// The ways to differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MismatchKind {
    /// A line is another.
    Changed,
    /// A line is the same, and its line end is not.
    LineEnd,
    /// A line did not come.
    Missing,
    /// A line came that was not recorded.
    Extra,
    /// The peer has ended, and had not.
    Closed,
    /// The peer has not ended, and had.
    Open,
}

impl MismatchKind {
    /// As `--json` has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            MismatchKind::Changed => "changed",
            MismatchKind::LineEnd => "line-end",
            MismatchKind::Missing => "missing",
            MismatchKind::Extra => "extra",
            MismatchKind::Closed => "closed",
            MismatchKind::Open => "open",
        }
    }
}
