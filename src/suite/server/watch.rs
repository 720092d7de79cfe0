//! What is known of a server: whether it has taken a connection, and how it ended.

use std::io;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::drive::Stop;
use crate::suite::program::Program;
use crate::units::Human;

/// How long it is waited for the end of a server that seems to have come to it: its connections are
/// closed a moment before.
const PATIENCE: Duration = Duration::from_millis(500);

/// Watches a server.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    known: Arc<Known>,
    /// Ends sessions that try in vain to connect.
    gone: Stop,
    /// How long it had until it must have taken a connection.
    patience: Duration,
    /// Since when.
    since: Instant,
}

#[derive(Debug, Default)]
struct Known {
    /// A connection has stood.
    ready: Arc<AtomicBool>,
    /// None did in the time that it had.
    given_up: AtomicBool,
    end: OnceLock<End>,
}

/// How the process that was started has ended.
#[derive(Debug, Clone, Copy)]
struct End {
    status: ExitStatus,
    /// Others that come from it run on: it has gone to the background.
    left_others: bool,
}

impl Watch {
    /// Waits on a thread of its own for the end of the process that was started.
    ///
    /// # Errors
    /// There is no thread.
    pub(super) fn start(program: &Program, patience: Duration) -> io::Result<Watch> {
        let (known, gone, since) = (Arc::default(), Stop::default(), Instant::now());
        let watch = Watch { known, gone, patience, since };
        let watching = watch.clone();
        program.when_ended(move |status, may_be_alive| watching.has_ended(status, may_be_alive))?;
        Ok(watch)
    }

    fn has_ended(&self, status: ExitStatus, may_be_alive: &mut dyn FnMut() -> bool) {
        let left_others = status.success() && may_be_alive();
        self.known.end.set(End { status, left_others }).ok(); // it ends once
        // Those whose connection stands see for themselves what becomes of it.
        if !left_others && !self.was_ready() {
            self.gone.ask();
        }
    }

    /// How long a connection is tried again: until one has stood, or it is time to give up.
    pub(super) fn retry(&self) -> Duration {
        let left = self.patience.saturating_sub(self.since.elapsed());
        if self.was_ready() { Duration::ZERO } else { left }
    }

    pub(super) fn gone(&self) -> Stop {
        self.gone.clone()
    }

    pub(super) fn ready(&self) -> &Arc<AtomicBool> {
        &self.known.ready
    }

    pub(super) fn was_ready(&self) -> bool {
        self.known.ready.load(Ordering::SeqCst)
    }

    /// A connection was tried for as long as it had, and none has stood.
    pub(super) fn give_up(&self) {
        self.known.given_up.store(true, Ordering::SeqCst);
    }

    /// Why no test can be connected to it any more, if none can.
    pub(super) fn is_gone(&self) -> Option<String> {
        let end = self.known.end.get().filter(|end| !end.left_others);
        if let Some(end) = end {
            return Some(format!("the server has ended: {}", end.status));
        }
        let given_up = self.known.given_up.load(Ordering::SeqCst) && !self.was_ready();
        given_up.then(|| format!("the server took no connection within {}", Human(self.patience)))
    }

    /// How the process that was started has ended, if it has. One that seems to end is waited for.
    pub(super) fn ended(&self, seems_to: bool) -> Option<String> {
        let patience = Instant::now() + PATIENCE;
        while seems_to && self.known.end.get().is_none() && Instant::now() < patience {
            thread::sleep(Duration::from_millis(1));
        }
        self.known.end.get().map(|end| end.status.to_string())
    }
}
