//! The Test Anything Protocol, version 14: <https://testanything.org/tap-version-14-specification.html>.

use std::io::{self, Write};

use super::{Ended, Reporter, Summary, Test, Verdict, shown};
use crate::units::count;

/// Writes TAP. Tests are numbered as they end, as the protocol wants it.
pub struct Tap<W> {
    out: W,
    number: usize,
}

impl<W: Write> Tap<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Tap { out, number: 0 }
    }
}

impl<W: Write> Reporter for Tap<W> {
    fn begin(&mut self, tests: &[Test]) -> io::Result<()> {
        write!(self.out, "TAP version 14\n1..{}\n", tests.len())?;
        self.out.flush()
    }

    fn ended(&mut self, test: &Test, verdict: &Verdict) -> io::Result<()> {
        self.number += 1;
        let (word, number, name) = (word(verdict.ended), self.number, escaped(&shown(test)));
        let millis = verdict.took.as_secs_f64() * 1000.0;
        let mut text = format!("{word} {number} - {name}\n  ---\n  duration_ms: {millis:.3}\n");
        if verdict.ended != Ended::Passed {
            text.extend(["  result: ", verdict.ended.as_str(), "\n"]);
        }
        let account = verdict.account();
        if !account.is_empty() {
            text.push_str("  report: |\n");
            account.lines().for_each(|line| text.extend(["    ", line, "\n"]));
        }
        text.push_str("  ...\n");
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        let left = summary.tests - self.number;
        if left > 0 {
            let why = summary.halt.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            writeln!(self.out, "Bail out! {} not run{why}", count(left as u64, "test"))?;
        }
        self.out.flush()
    }
}

fn word(ended: Ended) -> &'static str {
    if ended == Ended::Passed { "ok" } else { "not ok" }
}

/// A name in which nothing begins a directive.
fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('#', "\\#")
}
