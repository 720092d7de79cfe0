//! What reports collect that are written when all tests have ended.

use std::io::{self, Write};
use std::path::Path;

use crate::drive::Clock;
use crate::transcript::WholeFile;

/// What became of each test, to be written to a file in the end: all of it, or nothing.
pub(super) struct Collected<C> {
    /// None, once it is written.
    file: Option<WholeFile>,
    /// When the run began, as RFC 3339 has it.
    started: String,
    tests: Vec<String>,
    cases: Vec<Option<C>>,
}

impl<C> Collected<C> {
    /// Nothing yet, to be written to `path`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let file = Some(WholeFile::create(path, WholeFile::PUBLIC)?);
        Ok(Collected { file, started: String::new(), tests: Vec::new(), cases: Vec::new() })
    }

    /// A run begins of the tests that are called so in the report.
    pub(super) fn begin(&mut self, tests: Vec<String>) {
        self.started = Clock::start().started.to_string();
        self.cases = tests.iter().map(|_| None).collect();
        self.tests = tests;
    }

    /// What became of a test.
    pub(super) fn ended(&mut self, test: usize, case: C) {
        self.cases[test] = Some(case);
    }

    /// When the run began.
    pub(super) fn started(&self) -> &str {
        &self.started
    }

    /// What a test is called.
    pub(super) fn name(&self, test: usize) -> &str {
        &self.tests[test]
    }

    /// Each test, and what became of it if it has ended.
    pub(super) fn cases(&self) -> impl Iterator<Item = (&str, Option<&C>)> {
        self.tests.iter().map(String::as_str).zip(self.cases.iter().map(Option::as_ref))
    }

    /// Writes what is made of it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn write(&mut self, report: &[u8]) -> io::Result<()> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        file.write_all(report)?;
        file.finish()
    }
}
