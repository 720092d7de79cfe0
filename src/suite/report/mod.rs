//! Telling what became of tests.

mod collected;
mod html;
mod json;
mod junit;
mod live;
mod tap;
mod text;

use std::io;

pub use html::Html;
pub use json::Json;
pub use junit::Junit;
pub use live::Live;
pub use tap::Tap;
pub use text::Text;

use super::{Ended, Halt, Summary, Test, Verdict};
use crate::script::{Place, Report};
use crate::units::count;
use crate::wire::Visible;

/// Somebody who is told what becomes of tests.
pub trait Reporter {
    /// These tests are to be run.
    ///
    /// # Errors
    /// It cannot be written.
    fn begin(&mut self, tests: &[Test]) -> io::Result<()>;

    /// A test has ended.
    ///
    /// # Errors
    /// It cannot be written.
    fn ended(&mut self, test: &Test, verdict: &Verdict) -> io::Result<()>;

    /// All that are run have ended.
    ///
    /// # Errors
    /// It cannot be written.
    fn end(&mut self, summary: &Summary) -> io::Result<()>;
}

/// All who are told. One that cannot be written to is told nothing more.
#[derive(Default)]
pub struct Reporters {
    all: Vec<(String, Box<dyn Reporter>)>,
    failed: Vec<(String, io::Error)>,
}

impl Reporters {
    /// Adds one, which writes to what is called so.
    pub fn add(&mut self, name: impl Into<String>, reporter: impl Reporter + 'static) {
        self.all.push((name.into(), Box::new(reporter)));
    }

    /// Those that could not be written to, and why.
    pub fn take_failed(&mut self) -> Vec<(String, io::Error)> {
        std::mem::take(&mut self.failed)
    }

    pub(in crate::suite) fn begin(&mut self, tests: &[Test]) {
        self.tell(|reporter| reporter.begin(tests));
    }

    /// Tells what became of a test; if somebody could not be told that, or anything before, the others
    /// need not be run.
    pub(in crate::suite) fn ended(&mut self, test: &Test, verdict: &Verdict) -> Result<(), Halt> {
        self.tell(|reporter| reporter.ended(test, verdict));
        match self.failed.first() {
            None => Ok(()),
            Some((_, err)) if err.kind() == io::ErrorKind::BrokenPipe => Err(Halt::Unread),
            Some(_) => Err(Halt::Unwritten),
        }
    }

    pub(in crate::suite) fn end(&mut self, summary: &Summary) {
        self.tell(|reporter| reporter.end(summary));
    }

    fn tell(&mut self, news: impl Fn(&mut dyn Reporter) -> io::Result<()>) {
        let failed = &mut self.failed;
        self.all.retain_mut(|(name, reporter)| match news(reporter.as_mut()) {
            Ok(()) => true,
            Err(err) => {
                failed.push((std::mem::take(name), err));
                false
            }
        });
    }
}

impl Verdict {
    /// All there is to tell about a test, in lines without colour.
    fn account(&self) -> String {
        self.account_with(&|report| report.to_string())
    }

    fn account_with(&self, shown: &dyn Fn(&Report) -> String) -> String {
        let mut text = String::new();
        for report in &self.reports {
            text.extend([&shown(report), "\n"]);
        }
        text.push_str(&self.told);
        let Some(said) = &self.said else { return text };
        let who = said.of.as_str();
        text.extend(["the ", who, " said "]);
        text.push_str(if said.lines.is_empty() { "nothing meanwhile\n" } else { "meanwhile:\n" });
        if said.before > 0 {
            text.extend(["  (", &count(said.before, "line"), " before these)\n"]);
        }
        for line in &said.lines {
            text.extend(["  ", line, "\n"]);
        }
        if let Some(ended) = &said.ended {
            text.extend(["the ", who, " has ended: ", ended, "\n"]);
        }
        text
    }

    /// What went wrong first, in a line without the `error: ` before it.
    fn why(&self) -> Option<String> {
        self.reports.first().map(|report| Visible(report.headline().as_bytes()).to_string())
    }

    /// Where it went wrong.
    fn place(&self) -> Option<&Place> {
        self.reports.first().and_then(Report::place)
    }
}

impl Ended {
    /// How it is written for machines.
    fn as_str(self) -> &'static str {
        match self {
            Ended::Passed => "passed",
            Ended::Failed => "failed",
            Ended::TimedOut => "timed-out",
            Ended::Stopped => "stopped",
        }
    }
}

/// What people are shown of a name.
fn shown(test: &Test) -> String {
    Visible(test.path.as_os_str().as_encoded_bytes()).to_string()
}
