//! How a replay goes: when its lines are said, how long is waited, and what it ends with.

use std::time::Duration;

use super::{Mocking, Order};
use crate::matching::Mask;
use crate::units::Pace;

/// What to do when the last turn was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// Go on with the conversation.
    Open,
    /// Say that we are done, unless that is not wanted, and make sure that nothing more comes until
    /// the peer closes, or for so long.
    Close {
        /// Half-close first.
        half_close: bool,
        /// How long nothing is to come.
        linger: Duration,
    },
}

/// How a replay goes.
#[derive(Debug, Clone)]
pub struct Manner {
    /// What a wait lasts, at least.
    pub timeout: Duration,
    /// When lines are said.
    pub pace: Pace,
    /// The longest recorded silence that is waited for.
    pub max_idle: Option<Duration>,
    /// What to do at the end.
    pub finish: Finish,
    /// In a conversation that has begun: what has come is not compared, and what the peer said before
    /// our first line is not waited for.
    pub from_now: bool,
    /// Take what comes for right, and change the transcript.
    pub bless: bool,
}

/// What the command line says about replays.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// When lines are said.
    pub pace: Pace,
    /// The longest recorded silence that is waited for.
    pub max_idle: Option<Duration>,
    /// What is not compared.
    pub masks: Vec<Mask>,
    /// Take what comes for right, and change the transcript.
    pub bless: bool,
}

impl Options {
    /// A replay of a whole conversation, in which a wait lasts `timeout`.
    #[must_use]
    pub fn verify(&self, timeout: Duration, finish: Finish) -> Manner {
        Manner { finish, bless: self.bless, ..self.within(timeout) }
    }

    /// A replay of the server's side to guests, each of which is waited for so long.
    #[must_use]
    pub fn mock(&self, order: Order, timeout: Option<Duration>, linger: Duration) -> Mocking {
        Mocking { order, timeout, linger, pace: self.pace, max_idle: self.max_idle }
    }

    /// A replay within a conversation.
    #[must_use]
    pub fn within(&self, timeout: Duration) -> Manner {
        Manner { pace: self.pace, max_idle: self.max_idle, ..Manner::within(timeout) }
    }
}

impl Manner {
    /// A replay within a conversation, at the default pace.
    #[must_use]
    pub fn within(timeout: Duration) -> Manner {
        let (pace, finish) = (Pace::Wait, Finish::Open);
        Manner { timeout, pace, max_idle: None, finish, from_now: false, bless: false }
    }

    /// Whether our side ends.
    pub(super) fn half_closes(&self) -> bool {
        matches!(self.finish, Finish::Close { half_close: true, .. })
    }
}
