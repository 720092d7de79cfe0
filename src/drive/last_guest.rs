//! Telling a session from another thread that no more guests come.

use std::sync::{Arc, Mutex, PoisonError};

use mio::Waker;

use super::Stop;
use crate::script::Failure;

/// Says that whoever brought the guests of a session has ended: those that are here are served out, and
/// nobody is waited for any more. Clones say it to the same session.
#[derive(Debug, Clone, Default)]
pub struct LastGuest {
    came: Stop,
    failure: Arc<Mutex<Option<Failure>>>,
}

impl LastGuest {
    /// The last guest has come, or is about to be let in. A `failure` is what went wrong with who
    /// brought them, and one of the session.
    pub fn came(&self, failure: Option<Failure>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        self.came.ask();
    }

    /// Whether that was said.
    pub(super) fn has_come(&self) -> bool {
        self.came.is_asked()
    }

    /// What went wrong, told once.
    pub(super) fn take_failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Has a session woken when it is said.
    pub(super) fn wake(&self, waker: &Arc<Waker>) {
        self.came.wake(waker);
    }
}
