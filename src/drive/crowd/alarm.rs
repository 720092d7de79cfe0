//! Waking the loop in time.

use std::io;
use std::time::Duration;

use mio::{Registry, Token};

use crate::units::At;

/// Wakes the loop at a time more exactly than its wait ends, which is counted in whole milliseconds: what a
/// turn begins too late would count as the server's. Where the system has no such timer the wait has to do.
#[derive(Debug)]
pub(super) struct Alarm {
    timer: timer::Timer,
    set: Option<At>,
}

impl Alarm {
    /// One that wakes by this token.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<Alarm> {
        Ok(Alarm { timer: timer::Timer::new(registry, token)?, set: None })
    }

    /// Has it wake at `at`, which is so long from now.
    pub(super) fn set(&mut self, at: At, wait: Duration) {
        if self.set.replace(at) != Some(at) {
            self.timer.set(wait);
        }
    }
}

#[cfg(target_os = "linux")]
mod timer {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd};
    use std::time::Duration;

    use mio::unix::SourceFd;
    use mio::{Interest, Registry, Token};
    use nix::sys::time::TimeSpec;
    use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

    #[derive(Debug)]
    pub(super) struct Timer(TimerFd);

    impl Timer {
        pub(super) fn new(registry: &Registry, token: Token) -> io::Result<Timer> {
            let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
            let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
            let fd = timer.as_fd().as_raw_fd();
            registry.register(&mut SourceFd(&fd), token, Interest::READABLE)?;
            Ok(Timer(timer))
        }

        /// Setting it anew takes back that it has gone off, so nobody has to read that. Where it cannot be
        /// set, the wait has to do.
        pub(super) fn set(&self, wait: Duration) {
            // A time of nothing would turn it off.
            let wait = TimeSpec::from_duration(wait.max(Duration::from_nanos(1)));
            self.0.set(Expiration::OneShot(wait), TimerSetTimeFlags::empty()).ok();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod timer {
    use std::io;
    use std::time::Duration;

    use mio::{Registry, Token};

    #[derive(Debug)]
    pub(super) struct Timer;

    #[expect(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "that of Linux fails, and is set"
    )]
    impl Timer {
        pub(super) fn new(_: &Registry, _: Token) -> io::Result<Timer> {
            Ok(Timer)
        }

        pub(super) fn set(&self, _: Duration) {}
    }
}
