//! Runs a load: clients on threads, each of which counts for itself.

use std::io;
use std::num::NonZeroUsize;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use memchr::memchr_iter;
use nix::time::ClockId;
use thiserror::Error;

use super::Tally;
use crate::drive::crowd::{self, Crowd, Gauge, Outcome};
use crate::drive::{Clock, Signal, Signals, Stop};
use crate::units::{At, reason};

/// How often is looked for signals, and whoever watches is told.
const TICK: Duration = Duration::from_millis(100);

/// What is run.
#[derive(Debug)]
pub struct Load {
    /// What clients do.
    pub crowd: Crowd,
    /// On how many threads.
    pub threads: NonZeroUsize,
}

/// What a load came to.
#[derive(Debug)]
pub struct Loaded {
    /// What was counted.
    pub tally: Tally,
    /// How long it took.
    pub took: Duration,
    /// How long the processors worked for the program meanwhile.
    pub cpu: Option<Duration>,
    /// The signal that ended it early.
    pub signal: Option<Signal>,
}

/// Why there is no load.
#[derive(Debug, Error)]
pub enum RunError {
    /// Signals cannot be caught.
    #[error("cannot catch signals: {}", reason(.0))]
    Signals(io::Error),
    /// There are no threads to run clients on.
    #[error("cannot start a thread: {}", reason(.0))]
    Thread(io::Error),
    /// The sockets of clients cannot be waited for.
    #[error("cannot wait for sockets: {}", reason(.0))]
    Poll(io::Error),
}

/// Counts for one thread, and hands over what was counted every now and then.
struct Meter<'a> {
    own: Tally,
    all: &'a Mutex<Tally>,
}

/// Runs a load to its end. `watch` is told what was counted so far, and how long it has lasted, several
/// times a second, and says what `write` is to write of it: clients wait for `watch`, and for no writing.
///
/// # Errors
/// The system refuses what clients need.
pub fn run(
    load: &Load,
    watch: &mut dyn FnMut(&Tally, Duration) -> String,
    write: &dyn Fn(&str),
) -> Result<Loaded, RunError> {
    let mut signals = Signals::catch().map_err(RunError::Signals)?;
    let (stop, all) = (Stop::default(), Mutex::new(Tally::new()));
    let (ended, news) = channel();
    let (clock, before) = (Clock::start(), worked());
    let mut signal = None;
    let failed = thread::scope(|scope| {
        let started = start(scope, load, (clock, &stop), &all, &ended);
        drop(ended);
        let mut failed = started.err().map(RunError::Thread);
        if failed.is_some() {
            stop.ask();
        }
        loop {
            match news.recv_timeout(TICK) {
                Ok(err) => {
                    failed.get_or_insert(RunError::Poll(err));
                    stop.ask();
                }
                Err(RecvTimeoutError::Timeout) => {
                    let told = watch(&lock(&all), clock.now().since(At::START));
                    write(&told);
                }
                Err(RecvTimeoutError::Disconnected) => return failed,
            }
            if let Some(came) = signals.take().pop() {
                signal.get_or_insert(came);
                stop.ask();
            }
        }
    });
    let took = clock.now().since(At::START);
    let cpu = worked().zip(before).and_then(|(now, before)| now.checked_sub(before));
    match failed {
        Some(err) => Err(err),
        None => Ok(Loaded { tally: std::mem::take(&mut *lock(&all)), took, cpu, signal }),
    }
}

/// How long the processors have worked for this program, where the system tells.
fn worked() -> Option<Duration> {
    ClockId::CLOCK_PROCESS_CPUTIME_ID.now().ok().map(Duration::from)
}

/// Starts the threads, which share the clients out.
fn start<'scope, 'env>(
    scope: &'scope thread::Scope<'scope, 'env>,
    load: &'env Load,
    (clock, stop): (Clock, &'env Stop),
    all: &'env Mutex<Tally>,
    ended: &Sender<io::Error>,
) -> io::Result<()> {
    let (clients, threads) = (load.crowd.pacing.clients, load.threads.get());
    for first in (1..=clients).take(threads) {
        let ended = ended.clone();
        thread::Builder::new().name("clients".into()).spawn_scoped(scope, move || {
            let meter = Meter { own: Tally::new(), all };
            let own = (first..=clients).step_by(threads);
            if let Err(err) = crowd::attend(&load.crowd, own, clock, stop, meter) {
                ended.send(err).ok(); // all news is heard until the last thread has ended
            }
        })?;
    }
    Ok(())
}

fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gauge for Meter<'_> {
    fn began(&mut self) {
        self.own.began();
    }

    fn connected(&mut self, took: Duration) {
        self.own.connected(took);
    }

    fn turn(&mut self, at: At, response: Duration, service: Duration) {
        self.own.turn(at, response, service);
    }

    fn said(&mut self, bytes: &[u8]) {
        self.own.sent(lines(bytes), bytes.len() as u64);
    }

    fn heard(&mut self, bytes: &[u8]) {
        self.own.received(lines(bytes), bytes.len() as u64);
    }

    fn ended(&mut self, at: At, how: Outcome, why: Option<(&str, &dyn Fn() -> String)>) {
        self.own.ended(at, how);
        if let Some((headline, whole)) = why {
            self.own.failed(headline, whole);
        }
    }

    fn look(&mut self, _now: At) {
        lock(self.all).add(&self.own);
        self.own = Tally::new();
    }
}

/// How many lines these bytes end.
fn lines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}
