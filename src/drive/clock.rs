//! The one clock.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::units::At;

/// When the session started, by both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
    /// The wall time of [`At::START`].
    pub started: Timestamp,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        // To the millisecond: nobody sets a clock any better, and the transcript's header reads well.
        let now = Timestamp::now();
        let started = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        Clock { start: Instant::now(), started }
    }

    /// What time it is in the session.
    #[must_use]
    pub fn now(&self) -> At {
        At::START + self.start.elapsed()
    }

    /// How long to wait for `deadline`, rounded up so that it has come when the wait is over.
    #[must_use]
    pub fn until(&self, deadline: At) -> Duration {
        deadline.since(self.now()) + Duration::from_micros(1)
    }
}
