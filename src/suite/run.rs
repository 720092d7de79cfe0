//! Runs tests, some at once, and tells what becomes of them.

use std::io;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::report::{Live, Reporter};
use super::server::{Server, ServerPlan};
use super::session::{self, Speaking};
use super::{Ended, Summary, Test, Verdict, processes};
use crate::drive::{Signal, Signals, Stop};
use crate::net::Address;

/// How often is looked for signals, and the lines of running tests are drawn anew.
const TICK: Duration = Duration::from_millis(100);

/// How tests are run.
#[derive(Debug)]
pub struct Plan {
    /// Where the server is that somebody else has started.
    pub address: Address,
    /// The server to start, if one is.
    pub server: Option<ServerPlan>,
    /// How many run at once.
    pub jobs: NonZeroUsize,
    /// Stop at the first that fails.
    pub fail_fast: bool,
    /// How long one may take.
    pub test_timeout: Duration,
    /// How lines are said and waited for.
    pub speaking: Speaking,
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
    server: Option<&'a Server>,
    next: AtomicUsize,
    /// No test is begun any more.
    halted: AtomicBool,
    stop: Stop,
}

/// Runs the tests, and tells the reporters of each as it ends. The signal is the one that ended them
/// early.
///
/// # Errors
/// A reporter cannot write; or the system refuses signals, or to start the server.
pub fn run(
    tests: &[Test],
    plan: &Plan,
    reporters: &mut [Box<dyn Reporter>],
    live: &mut Live,
) -> io::Result<(Summary, Option<Signal>)> {
    let began = Instant::now();
    let mut signals = Signals::catch()?;
    processes::adopt_orphans();
    let shared = plan.server.as_ref().filter(|server| !server.per_test && !tests.is_empty());
    let server = shared.map(Server::start).transpose()?;
    reporters.iter_mut().try_for_each(|reporter| reporter.begin(tests))?;
    let work = Work {
        tests,
        plan,
        server: server.as_ref(),
        next: AtomicUsize::new(0),
        halted: AtomicBool::new(false),
        stop: Stop::default(),
    };
    let (sender, news) = channel();
    let told = thread::scope(|scope| {
        for _ in 0..plan.jobs.get().min(tests.len()) {
            let (work, sender) = (&work, sender.clone());
            scope.spawn(move || work.run(&sender));
        }
        drop(sender);
        let told = Desk { work: &work, reporters, live, signals: &mut signals }.hear(&news);
        // Whatever happened, nobody is left running.
        work.halt(told.is_err());
        told
    });
    drop(server);
    let (mut summary, signal) = told?;
    summary.took = began.elapsed();
    reporters.iter_mut().try_for_each(|reporter| reporter.end(&summary))?;
    Ok((summary, signal))
}

impl Work<'_> {
    /// One worker: takes one test after the other.
    fn run(&self, news: &Sender<News>) {
        while !self.halted.load(Ordering::SeqCst) {
            let index = self.next.fetch_add(1, Ordering::SeqCst);
            let Some(test) = self.tests.get(index) else { return };
            // Nobody hears of it who has gone because nothing can be told any more.
            news.send(News::Began(index)).ok();
            let verdict = session::run(index, test, self.plan, self.server, &self.stop);
            news.send(News::Ended(Box::new(verdict))).ok();
        }
    }

    /// Lets no more tests begin, and stops those that run.
    fn halt(&self, at_once: bool) {
        self.halted.store(true, Ordering::SeqCst);
        if at_once {
            self.stop.ask();
        }
    }
}

/// Where all news comes together.
struct Desk<'a, 'w> {
    work: &'a Work<'w>,
    reporters: &'a mut [Box<dyn Reporter>],
    live: &'a mut Live,
    signals: &'a mut Signals,
}

impl Desk<'_, '_> {
    /// Hears of all tests until the last worker is done.
    fn hear(mut self, news: &Receiver<News>) -> io::Result<(Summary, Option<Signal>)> {
        let mut summary = Summary { tests: self.work.tests.len(), ..Summary::default() };
        let mut signal = None;
        loop {
            for came in self.signals.take() {
                if signal.replace(came).is_some() {
                    processes::hurry();
                }
                self.work.halt(true);
            }
            match news.recv_timeout(TICK) {
                Ok(News::Began(index)) => self.live.began(index, self.work.tests[index].name()),
                Ok(News::Ended(verdict)) => {
                    summary.count(verdict.ended);
                    self.ended(&verdict)?;
                }
                Err(RecvTimeoutError::Timeout) => self.live.draw()?,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.live.wipe()?;
        Ok((summary, signal))
    }

    fn ended(&mut self, verdict: &Verdict) -> io::Result<()> {
        self.live.ended(verdict.test)?;
        let test = &self.work.tests[verdict.test];
        self.reporters.iter_mut().try_for_each(|reporter| reporter.ended(test, verdict))?;
        if self.work.plan.fail_fast && matches!(verdict.ended, Ended::Failed | Ended::TimedOut) {
            self.work.halt(true);
        }
        Ok(())
    }
}
