//! What became of tests, for people.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::{Ended, Reporter, Summary, Test, Verdict, shown};
use crate::units::{Human, count};
use crate::wire::Visible;

/// The most columns that names are padded to.
const NAMES: usize = 50;

/// How many of the slowest tests are named.
const SLOWEST: usize = 3;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = AnsiColor::BrightBlack.on_default();

/// A line a test, with a report below where it failed, and a summary, which has each failure once more
/// in a line: what has scrolled away is on the last screen.
pub struct Text<W> {
    out: W,
    quiet: bool,
    width: usize,
    took: Vec<(Duration, String)>,
    /// The tests that failed, and what is said of each.
    failed: Vec<(usize, String)>,
}

impl<W: Write> Text<W> {
    /// Writes to `out`, which leaves colours out where they are not wanted. `quiet` leaves out tests
    /// that passed.
    pub fn new(out: W, quiet: bool) -> Self {
        Text { out, quiet, width: 0, took: Vec::new(), failed: Vec::new() }
    }

    fn slowest(&mut self) -> String {
        self.took.sort_by(|a, b| b.cmp(a));
        let slowest = self.took.iter().take(SLOWEST);
        let named: Vec<String> =
            slowest.map(|(took, name)| format!("{name} {}", Human(*took))).collect();
        named.join(", ")
    }

    /// The tests that failed, in order, however they ended.
    fn failures(&mut self) -> String {
        self.failed.sort();
        let lines = self.failed.iter().flat_map(|(_, line)| ["  ", line, "\n"]);
        format!("{BAD}failed:{BAD:#}\n{}", lines.collect::<String>())
    }

    fn counts(summary: &Summary) -> String {
        let mut parts = vec![format!("{GOOD}{} passed{GOOD:#}", summary.passed)];
        if summary.failed > 0 {
            parts.push(format!("{BAD}{} failed{BAD:#}", summary.failed));
        }
        if summary.not_run() > 0 {
            let why = summary.halt.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
            parts.push(format!("{} not run{why}", summary.not_run()));
        }
        let (tests, took) = (count(summary.tests as u64, "test"), Human(summary.took));
        format!("{tests}: {}, in {took}\n", parts.join(", "))
    }
}

impl<W: Write> Reporter for Text<W> {
    fn begin(&mut self, tests: &[Test]) -> io::Result<()> {
        let widths = tests.iter().map(|test| shown(test).width());
        self.width = widths.max().unwrap_or_default().min(NAMES);
        Ok(())
    }

    fn ended(&mut self, test: &Test, verdict: &Verdict) -> io::Result<()> {
        let (word, style) = match verdict.ended {
            Ended::Passed => ("ok", GOOD),
            Ended::Failed => ("FAILED", BAD),
            Ended::TimedOut => ("TIMEOUT", BAD),
            Ended::Stopped => ("stopped", DIM),
        };
        let name = shown(test);
        if verdict.ended != Ended::Stopped {
            self.took.push((verdict.took, name.clone()));
        }
        if verdict.has_failed() {
            self.failed.push((verdict.test, in_a_line(&name, verdict)));
        }
        if self.quiet && verdict.ended == Ended::Passed {
            return Ok(());
        }
        let gap = " ".repeat(self.width.saturating_sub(name.width()));
        let took = Human(verdict.took);
        let mut text = format!("{style}{word:<8}{style:#} {name}{gap}  {DIM}{took}{DIM:#}\n");
        if verdict.ended != Ended::Passed {
            let account = verdict.account_with(&|report| report.coloured().to_string());
            let end = if account.is_empty() { "" } else { "\n" };
            text.extend([&account, end]);
        }
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        let mut text = String::new();
        if summary.tests > 1 && !self.failed.is_empty() {
            text += &self.failures();
        }
        if !self.quiet && !self.took.is_empty() {
            text.extend(["slowest: ", &self.slowest(), "\n"]);
        }
        text += &Self::counts(summary);
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

/// A failure in the form that editors and CI systems know: `PATH:LINE:COLUMN: what`.
fn in_a_line(name: &str, verdict: &Verdict) -> String {
    let place = verdict.place().map(|place| Visible(place.to_string().as_bytes()).to_string());
    let at = match place {
        Some(place) if place.starts_with(&format!("{name}:")) => place,
        // In a file that the test includes.
        Some(place) => format!("{name}: {place}"),
        None => name.to_owned(),
    };
    let more = match verdict.reports.len() {
        0 | 1 => String::new(),
        reports => format!(" (and {} more)", reports - 1),
    };
    format!("{at}: {}{more}", verdict.why().unwrap_or_default())
}
