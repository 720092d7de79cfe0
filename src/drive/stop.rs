//! Ending sessions from another thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use mio::Waker;

/// Asks sessions to end at once: they send and wait for nothing more. Clones ask the same sessions.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    asked: AtomicBool,
    /// What wakes the sessions.
    wakers: Mutex<Vec<Weak<Waker>>>,
}

impl Stop {
    /// Asks the sessions that there are, and those that begin later.
    pub fn ask(&self) {
        self.shared.asked.store(true, Ordering::SeqCst);
        let mut wakers = self.shared.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        for waker in wakers.drain(..).filter_map(|waker| waker.upgrade()) {
            waker.wake().ok(); // it fails for a session that is over
        }
    }

    /// Whether the sessions are to end.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Has a session woken when it is to end. One that comes too late sees it before it waits.
    pub(super) fn wake(&self, waker: &Arc<Waker>) {
        let mut wakers = self.shared.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.retain(|waker| waker.strong_count() > 0);
        wakers.push(Arc::downgrade(waker));
    }
}
