//! What other threads have to tell the loop.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use mio::{Registry, Token, Waker};

/// The loop's end of the queue.
#[derive(Debug)]
pub(super) struct Inbox<M> {
    shared: Arc<Shared<M>>,
}

/// The end that other threads have.
#[derive(Debug)]
pub(super) struct Sender<M> {
    shared: Arc<Shared<M>>,
}

#[derive(Debug)]
struct Shared<M> {
    queue: Mutex<VecDeque<M>>,
    waker: Arc<Waker>,
}

impl<M> Inbox<M> {
    pub(super) fn new(registry: &Registry, token: Token) -> std::io::Result<Self> {
        let waker = Arc::new(Waker::new(registry, token)?);
        Ok(Inbox { shared: Arc::new(Shared { queue: Mutex::default(), waker }) })
    }

    pub(super) fn sender(&self) -> Sender<M> {
        Sender { shared: Arc::clone(&self.shared) }
    }

    /// Wakes the loop, and says nothing.
    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.shared.waker)
    }

    pub(super) fn take(&self) -> VecDeque<M> {
        std::mem::take(&mut *self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<M> Sender<M> {
    /// Never blocks. A loop that is gone hears nothing, and needs nothing.
    pub(super) fn send(&self, message: M) {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(message);
        self.shared.waker.wake().ok();
    }
}

impl<M> Clone for Sender<M> {
    fn clone(&self) -> Self {
        Sender { shared: Arc::clone(&self.shared) }
    }
}
