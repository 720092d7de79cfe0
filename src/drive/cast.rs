//! What is played to the guests of a session whose conversations are apart.

use std::sync::Arc;

use mio::Waker;

use super::LastGuest;
use crate::replay::Mock;
use crate::script::Step;

/// What is played to each guest.
#[derive(Debug, Clone)]
pub struct Cast {
    /// What.
    pub part: Part,
    /// How long it goes on.
    pub until: Until,
}

/// How long something is played to guests.
#[derive(Debug, Clone)]
pub enum Until {
    /// Until all of it was played.
    Played,
    /// Until the session is told to end.
    Ended,
    /// Until somebody says that no more guests come.
    LastGuest(LastGuest),
}

impl Cast {
    /// Has a session woken when something is to be seen here.
    pub(super) fn wake(&self, waker: &Arc<Waker>) {
        if let Until::LastGuest(last) = &self.until {
            last.wake(waker);
        }
    }
}

/// Something to play to a guest.
#[derive(Debug, Clone)]
pub enum Part {
    /// The server of a transcript: the next of its conns, and the first again when they run out.
    Server(Mock),
    /// The steps of a script.
    Script {
        /// All of them.
        steps: Arc<[Step]>,
        /// Some of them read what the guest says.
        reads: bool,
    },
}

impl Part {
    /// After how many guests all of it was played.
    pub(super) fn conns(&self) -> usize {
        match self {
            Part::Server(mock) => mock.conns(),
            Part::Script { .. } => 1,
        }
    }
}
