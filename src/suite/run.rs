//! Runs tests, some at once, and tells what becomes of them.

use std::collections::HashMap;
use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::client::{ClientPlan, Clients};
use super::program::Programs;
use super::report::{Live, Reporters};
use super::server::{ServerPlan, Servers};
use super::session::{self, Speaking, Target};
use super::setup::KEEP;
use super::{Actual, Halt, Summary, Test, Verdict};
use crate::drive::{Keeping, Signal, Signals, Stop};
use crate::net::Address;
use crate::transcript::Named;
use crate::units::reason;

/// How often is looked for signals, and the lines of running tests are drawn anew.
const TICK: Duration = Duration::from_millis(100);

/// How tests are run.
#[derive(Debug)]
pub struct Plan {
    /// What they are run against.
    pub against: Against,
    /// For how long connections are tried again until the first has stood.
    pub retry: Duration,
    /// How many run at once.
    pub jobs: NonZeroUsize,
    /// Stop at the first that fails.
    pub fail_fast: bool,
    /// How long one may take.
    pub test_timeout: Duration,
    /// Where is kept what happened in those that did not pass.
    pub actual: Option<Actual>,
    /// Whether reports want to show what happened in those.
    pub hands_over: bool,
    /// How lines are said and waited for.
    pub speaking: Speaking,
}

impl Plan {
    /// How what happens in a test is kept.
    pub(super) fn keeping(&self, test: usize) -> Keeping {
        let save = self.actual.as_ref().map(|actual| actual.file(test));
        let hands_over = self.hands_over;
        Keeping { save, only_failed: true, hands_over, keep: KEEP, ..Keeping::default() }
    }
}

/// What tests are run against.
#[derive(Debug, Clone)]
pub enum Against {
    /// A server that somebody else has started.
    Address(Address),
    /// A server to start.
    Server(ServerPlan),
    /// Clients to start, for each of which its test is the server.
    Client(ClientPlan),
}

/// Why no test can be run.
#[derive(Debug, Error)]
pub enum RunError {
    /// Signals cannot be caught.
    #[error("cannot catch signals: {}", reason(.0))]
    Signals(io::Error),
    /// The system does not start the server.
    #[error("cannot start the server: {}", reason(.0))]
    Server(io::Error),
    /// The system does not start the client.
    #[error("cannot start the client: {}", reason(.0))]
    Client(io::Error),
    /// There are no threads to run tests on.
    #[error("cannot start a thread: {}", reason(.0))]
    Thread(io::Error),
}

/// What workers tell.
enum News {
    Began(usize),
    Ended(Box<Verdict>),
}

/// What all workers share.
struct Work<'a> {
    tests: &'a [Test],
    plan: &'a Plan,
    target: Target<'a>,
    next: AtomicUsize,
    turns: Turns,
    /// No test is begun any more.
    halted: AtomicBool,
    stop: Stop,
}

/// Runs the tests, and tells of each as it ends. The signal is the one that ended them early.
///
/// # Errors
/// The system refuses what all tests need.
pub fn run(
    tests: &[Test],
    plan: &Plan,
    reporters: &mut Reporters,
    live: &mut Live,
) -> Result<(Summary, Option<Signal>), RunError> {
    let began = Instant::now();
    let mut signals = Signals::catch().map_err(RunError::Signals)?;
    let programs = Programs::new();
    let others = Others::of(plan, &programs);
    let server = match &others {
        Others::Servers(servers) if servers.are_shared() => servers.start().map(Some),
        _ => Ok(None),
    };
    let server = server.map_err(RunError::Server)?;
    reporters.begin(tests);
    let target = match (&others, &server) {
        (_, Some(server)) => Target::Shared(server),
        (Others::Servers(servers), None) => Target::Each(servers),
        (Others::Clients(clients), None) => Target::Client(clients),
        (Others::Elsewhere(address), None) => Target::elsewhere(address.clone(), plan.retry),
    };
    let (next, halted) = (AtomicUsize::new(0), AtomicBool::new(false));
    let turns = if plan.speaking.replaying.bless { Turns::of(tests) } else { Turns::default() };
    let work = Work { tests, plan, target, next, turns, halted, stop: Stop::default() };
    let (sender, news) = channel();
    let heard = thread::scope(|scope| {
        work.start(scope, &sender).map_err(RunError::Thread)?;
        drop(sender);
        let programs = &programs;
        let desk = Desk { work: &work, reporters, live, signals: &mut signals, programs };
        Ok(desk.hear(&news))
    });
    let (mut summary, signal) = heard?;
    summary.took = began.elapsed();
    reporters.end(&summary);
    if let Some(server) = server {
        server.stop(&mut || !signals.take().is_empty());
    }
    Ok((summary, signal))
}

/// What the other side of tests is made by.
enum Others<'a> {
    Elsewhere(Address),
    Servers(Servers<'a>),
    Clients(Clients<'a>),
}

impl Others<'_> {
    /// As is planned.
    fn of<'a>(plan: &'a Plan, programs: &'a Programs) -> Others<'a> {
        match &plan.against {
            Against::Address(address) => Others::Elsewhere(address.clone()),
            Against::Server(server) => Others::Servers(Servers::new(server, programs, plan.retry)),
            Against::Client(client) => Others::Clients(Clients::new(client, programs)),
        }
    }
}

impl Work<'_> {
    /// Starts as many workers as are asked for, or as the system allows.
    fn start<'scope, 'env>(
        &'env self,
        scope: &'scope thread::Scope<'scope, 'env>,
        news: &Sender<News>,
    ) -> io::Result<()> {
        for number in 0..self.plan.jobs.get().min(self.tests.len()) {
            let news = news.clone();
            let worker = thread::Builder::new().spawn_scoped(scope, move || self.run(&news));
            match worker {
                Ok(_) => {}
                Err(err) if number == 0 => return Err(err),
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// One worker: takes one test after the other.
    fn run(&self, news: &Sender<News>) {
        while !self.halted.load(Ordering::SeqCst) {
            let index = self.next.fetch_add(1, Ordering::SeqCst);
            let Some(test) = self.tests.get(index) else { return };
            let _turn = self.turns.wait(index);
            if self.halted.load(Ordering::SeqCst) {
                return;
            }
            // All news is heard until the last worker is done.
            news.send(News::Began(index)).ok();
            let verdict = session::run(index, test, self.plan, &self.target, &self.stop);
            if self.target.is_gone().is_some() {
                self.halted.store(true, Ordering::SeqCst);
            }
            if self.plan.fail_fast && verdict.has_failed() {
                self.halt();
            }
            news.send(News::Ended(Box::new(verdict))).ok();
        }
    }

    /// Lets no more tests begin, and stops those that run.
    fn halt(&self) {
        self.halted.store(true, Ordering::SeqCst);
        self.stop.ask();
    }
}

/// Whose turn it is among tests that may change the same file: conns of one transcript.
#[derive(Default)]
struct Turns {
    /// Which file each test is of, by its number.
    files: Vec<usize>,
    locks: Vec<Mutex<()>>,
}

impl Turns {
    fn of(tests: &[Test]) -> Turns {
        let mut known = HashMap::new();
        let file = |test: &Test| {
            let path = Named::new(&test.path).path;
            let (next, real) = (known.len(), path.canonicalize().unwrap_or(path));
            *known.entry(real).or_insert(next)
        };
        let files = tests.iter().map(file).collect();
        Turns { files, locks: known.iter().map(|_| Mutex::default()).collect() }
    }

    /// Waits until no other test of that file runs.
    fn wait(&self, test: usize) -> Option<MutexGuard<'_, ()>> {
        let lock = self.files.get(test).and_then(|file| self.locks.get(*file))?;
        Some(lock.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Where all news comes together.
struct Desk<'a, 'w> {
    work: &'a Work<'w>,
    reporters: &'a mut Reporters,
    live: &'a mut Live,
    signals: &'a mut Signals,
    programs: &'a Programs,
}

impl Desk<'_, '_> {
    /// Hears of all tests until the last worker is done.
    fn hear(mut self, news: &Receiver<News>) -> (Summary, Option<Signal>) {
        let tests = self.work.tests.len();
        let mut summary = Summary { tests, ..Summary::default() };
        let mut signal = None;
        self.live.begin(tests);
        loop {
            for came in self.signals.take() {
                if signal.replace(came).is_some() {
                    self.programs.hurry();
                }
                self.halt(&mut summary, Halt::Signal);
            }
            match news.recv_timeout(TICK) {
                Ok(News::Began(index)) => self.live.began(index, self.work.tests[index].name()),
                Ok(News::Ended(verdict)) => self.ended(&verdict, &mut summary),
                Err(RecvTimeoutError::Timeout) => self.live.draw(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.live.end();
        if let Some(why) = self.work.target.is_gone() {
            summary.halt.get_or_insert(Halt::NoServer(why));
        }
        summary.halt = summary.halt.take().filter(|_| summary.not_run() > 0);
        (summary, signal)
    }

    fn ended(&mut self, verdict: &Verdict, summary: &mut Summary) {
        summary.count(verdict.ended);
        self.live.ended(verdict.test, verdict.ended);
        let test = &self.work.tests[verdict.test];
        if let Err(why) = self.reporters.ended(test, verdict) {
            self.halt(summary, why);
        }
        if self.work.plan.fail_fast && verdict.has_failed() {
            summary.halt.get_or_insert(Halt::FailFast);
        }
        self.live.draw();
    }

    fn halt(&self, summary: &mut Summary, why: Halt) {
        summary.halt.get_or_insert(why);
        self.work.halt();
    }
}
