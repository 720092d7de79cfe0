//! Telling what became of tests.

mod json;
mod junit;
mod live;
mod tap;
mod text;

use std::io;

pub use json::Json;
pub use junit::Junit;
pub use live::Live;
pub use tap::Tap;
pub use text::Text;

use super::{Ended, Summary, Test, Verdict};

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

impl Verdict {
    /// All there is to tell about a test that did not pass, in lines without colour.
    fn account(&self) -> String {
        self.account_with(&|report| report.to_string())
    }

    fn account_with(&self, shown: &dyn Fn(&crate::script::Report) -> String) -> String {
        let mut text = String::new();
        for report in &self.reports {
            text.push_str(&shown(report));
            text.push('\n');
        }
        text.push_str(&self.told);
        let Some(server) = &self.server else { return text };
        if server.lines.is_empty() {
            text.push_str("the server said nothing meanwhile\n");
        } else {
            text.push_str("the server said meanwhile:\n");
        }
        if server.before > 0 {
            let lines = crate::units::count(server.before, "line");
            text.extend(["  (", &lines, " before these)\n"]);
        }
        for line in &server.lines {
            text.extend(["  ", line, "\n"]);
        }
        if let Some(ended) = &server.ended {
            text.extend(["the server has ended: ", ended, "\n"]);
        }
        text
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
