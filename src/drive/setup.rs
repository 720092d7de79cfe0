//! What a session is made of.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anstream::ColorChoice;

use super::way::Private;
use super::{Cast, Clock, Dialing, Feed, Keeping, Stop, Way};
use crate::net::Listener;
use crate::replay;
use crate::script::{Play, RunnerOptions};
use crate::session::Session;
use crate::term::Terminal;
use crate::wire::{Eol, Side};

/// Where standard output goes, and what goes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdout {
    /// The peers' words, byte for byte.
    Raw,
    /// The transcript, as JSON Lines.
    Json,
    /// Nothing: it is a terminal, which is shown the conversation.
    Terminal,
    /// Nothing: no peer speaks to us.
    Unused,
    /// Nothing at all: the session is a part of something larger, which is told how it ended.
    None,
}

/// Everything that a session is made of.
pub struct Setup {
    /// The clock.
    pub clock: Clock,
    /// How conns come about.
    pub way: Way,
    /// What listens already at the address of [`Way::Listen`], if something does.
    pub listener: Option<Listener>,
    /// How conns that steps open come about.
    pub dialing: Dialing,
    /// The code, where only the invited take part.
    pub private: Option<Private>,
    /// Whether whoever reaches us may take part, as far as we do not look at addresses and certificates.
    pub admits_all: bool,
    /// What the conversation is.
    pub session: Box<dyn Session>,
    /// Which side we are; in a tap, the one that others connect to.
    pub role: Side,
    /// The session is a room, and we are its host.
    pub room: bool,
    /// What others call us, if we have said what: their lines that say it stand out.
    pub own_name: Option<String>,
    /// The line end of what we send, and that a transcript need not mention.
    pub eol: Eol,
    /// How steps are run.
    pub runner: RunnerOptions,
    /// Where steps come from, if not from a person.
    pub feed: Option<Feed>,
    /// What plays our side instead of steps, and what it is called.
    pub play: Option<Box<dyn Play>>,
    /// What is played to each guest, where the session is a conversation with each.
    pub cast: Option<Cast>,
    /// The person's terminal, if there is one.
    pub terminal: Option<Terminal>,
    /// Where the lines that are typed are kept.
    pub history: Option<PathBuf>,
    /// `--color`.
    pub colour: ColorChoice,
    /// `--time`.
    pub time: bool,
    /// `--quiet`.
    pub quiet: bool,
    /// What goes to standard output.
    pub stdout: Stdout,
    /// Where the session is kept.
    pub keeping: Keeping,
    /// How transcripts are replayed.
    pub replaying: replay::Options,
    /// `--outbox`, in bytes.
    pub outbox: usize,
    /// `--max-line`, in bytes.
    pub max_line: usize,
    /// Whether signals end the session.
    pub signals: bool,
    /// Set when the first conn stands.
    pub opened: Arc<AtomicBool>,
    /// What else ends it.
    pub stops: Vec<Stop>,
    /// How long it may last.
    pub limit: Option<Duration>,
}

impl Setup {
    /// Whether a person types, now or later.
    pub(super) fn types(&self) -> bool {
        self.runner.prompt || self.runner.then_prompt
    }

    /// Which side we are, unless we stand between the two.
    pub(super) fn side(&self) -> Option<Side> {
        Some(self.role).filter(|_| !self.way.is_tap())
    }

    /// Whether steps come from a script.
    pub(super) fn is_scripted(&self) -> bool {
        self.feed.as_ref().is_some_and(Feed::is_script)
    }
}
