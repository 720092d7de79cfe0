//! What became of tests, for machines: a JSON object a line.

use std::io::{self, Write};

use serde::Serialize;

use super::{Reporter, Summary, Test, Verdict};
use crate::units::millis;

/// Writes JSON Lines.
pub struct Json<W> {
    out: W,
}

#[derive(Serialize)]
#[serde(tag = "ev", rename_all = "lowercase")]
enum Line<'a> {
    Plan {
        tests: usize,
    },
    Test {
        name: &'a str,
        result: &'a str,
        ms: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        report: Option<String>,
    },
    Summary {
        tests: usize,
        passed: usize,
        failed: usize,
        not_run: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        ms: f64,
    },
}

impl<W: Write> Json<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Json { out }
    }

    fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }
}

impl<W: Write> Reporter for Json<W> {
    fn begin(&mut self, tests: &[Test]) -> io::Result<()> {
        self.write(&Line::Plan { tests: tests.len() })
    }

    fn ended(&mut self, test: &Test, verdict: &Verdict) -> io::Result<()> {
        let account = verdict.account();
        self.write(&Line::Test {
            name: &test.name(),
            result: verdict.ended.as_str(),
            ms: millis(verdict.took),
            why: verdict.why(),
            at: verdict.place().map(ToString::to_string),
            report: (!account.is_empty()).then_some(account),
        })
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        self.write(&Line::Summary {
            tests: summary.tests,
            passed: summary.passed,
            failed: summary.failed,
            not_run: summary.not_run(),
            why: summary.halt.as_ref().map(ToString::to_string),
            ms: millis(summary.took),
        })
    }
}
