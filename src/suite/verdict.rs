//! What became of tests.

use std::fmt;
use std::time::Duration;

use crate::drive::Outcome;
use crate::matching::Secrets;
use crate::script::Report;
use crate::transcript::Transcript;
use crate::wire::Side;

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// All was as it was to be.
    Passed,
    /// Something was not.
    Failed,
    /// It took longer than a test may.
    TimedOut,
    /// It was stopped before it had come to an end.
    Stopped,
}

impl Ended {
    /// Whether something was not as it was to be, or not in time.
    #[must_use]
    pub(super) fn is_failure(self) -> bool {
        matches!(self, Ended::Failed | Ended::TimedOut)
    }
}

/// What became of a test.
#[derive(Debug)]
pub struct Verdict {
    /// Which of the tests it is, from 0.
    pub test: usize,
    /// How it ended.
    pub ended: Ended,
    /// How long it took.
    pub took: Duration,
    /// What went wrong.
    pub reports: Vec<Report>,
    /// What it told, in lines that begin with `-- `.
    pub told: String,
    /// What the server or client said meanwhile, where there is one of ours and the test did not pass.
    pub said: Option<Excerpt>,
    /// What happened, where it did not pass and somebody wants to know.
    pub kept: Option<Transcript>,
}

impl Verdict {
    /// The same without these secrets. What was told, and what programs said, has none.
    pub(super) fn hiding(mut self, secrets: &Secrets) -> Verdict {
        self.reports = self.reports.into_iter().map(|report| report.hiding(secrets)).collect();
        self
    }

    /// A test that failed for these reasons, in no time.
    pub(super) fn failed(test: usize, reports: Vec<Report>) -> Verdict {
        let (took, told) = (Duration::ZERO, String::new());
        Verdict { test, ended: Ended::Failed, took, reports, told, said: None, kept: None }
    }

    /// What a session came to that took so long.
    pub(super) fn of(test: usize, outcome: Outcome, took: Duration) -> Verdict {
        let ended = if outcome.overdue {
            Ended::TimedOut
        } else if outcome.stopped {
            Ended::Stopped
        } else if outcome.troubles.is_empty() {
            Ended::Passed
        } else {
            Ended::Failed
        };
        let reports = outcome.troubles.into_iter().map(Report::from).collect();
        Verdict { test, ended, took, reports, told: outcome.told, said: None, kept: outcome.kept }
    }

    /// Whether it ended in a failure.
    #[must_use]
    pub(super) fn has_failed(&self) -> bool {
        self.ended.is_failure()
    }
}

/// A part of what a server, or a client, has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Which of the two it is.
    pub of: Side,
    /// Its last lines, as text that can act on no terminal and has no secrets.
    pub lines: Vec<String>,
    /// How many lines stand before these.
    pub before: u64,
    /// How it has ended, if it has and that was not told before: `exit status: 1`.
    pub ended: Option<String>,
}

/// Why some tests were not run, or not to their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// A test failed, and `--fail-fast` was given.
    FailFast,
    /// A signal came.
    Signal,
    /// No test can be connected to the server that they share any more; why.
    NoServer(String),
    /// Nobody reads what becomes of the tests.
    Unread,
    /// What becomes of the tests cannot be written.
    Unwritten,
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Halt::FailFast => f.write_str("--fail-fast, and a test failed"),
            Halt::Signal => f.write_str("a signal came"),
            Halt::NoServer(why) => f.write_str(why),
            Halt::Unread => f.write_str("nobody reads the report any more"),
            Halt::Unwritten => f.write_str("the report cannot be written"),
        }
    }
}

/// What became of all tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many there were.
    pub tests: usize,
    /// How many passed.
    pub passed: usize,
    /// How many failed, those that took too long included.
    pub failed: usize,
    /// Why the others were not run, where there are any.
    pub halt: Option<Halt>,
    /// How long it took.
    pub took: Duration,
}

impl Summary {
    /// Takes note of a test that has ended.
    pub(super) fn count(&mut self, ended: Ended) {
        self.passed += usize::from(ended == Ended::Passed);
        self.failed += usize::from(ended.is_failure());
    }

    /// How many were not run to an end.
    #[must_use]
    pub fn not_run(&self) -> usize {
        self.tests - self.passed - self.failed
    }
}
