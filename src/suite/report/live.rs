//! The tests that run, a line each, below what has been printed.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use rustix::termios::tcgetwinsize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Ended;
use crate::units::whole_seconds;
use crate::wire::Visible;

/// How long something lasts before it gets a line: most never do.
const PATIENCE: Duration = Duration::from_millis(200);

/// What stands for the beginning of a name that does not fit.
const CUT: &str = "...";

/// The lines of the tests that run, and one that says how many are done, on the terminal that standard
/// error is. Elsewhere there are none.
#[derive(Debug)]
pub struct Live {
    terminal: bool,
    since: Instant,
    tests: usize,
    done: usize,
    failed: usize,
    running: Vec<(usize, String, Instant)>,
    /// How many columns each line has that stands on the screen.
    drawn: Vec<usize>,
}

impl Live {
    /// No test runs yet.
    #[must_use]
    pub fn on_stderr() -> Live {
        Live {
            terminal: io::stderr().is_terminal(),
            since: Instant::now(),
            tests: 0,
            done: 0,
            failed: 0,
            running: Vec::new(),
            drawn: Vec::new(),
        }
    }

    /// So many tests are to be run.
    pub(in crate::suite) fn begin(&mut self, tests: usize) {
        (self.tests, self.since) = (tests, Instant::now());
    }

    /// A test runs.
    pub(in crate::suite) fn began(&mut self, index: usize, name: String) {
        self.running.push((index, name, Instant::now()));
    }

    /// A test has ended. What is printed next stands where the lines did.
    pub(in crate::suite) fn ended(&mut self, index: usize, how: Ended) {
        self.running.retain(|(running, ..)| *running != index);
        self.done += 1;
        self.failed += usize::from(how.is_failure());
        self.end();
    }

    /// Draws the lines anew.
    pub(in crate::suite) fn draw(&mut self) {
        if !self.terminal || self.since.elapsed() < PATIENCE {
            return;
        }
        let (rows, columns) = size();
        let mut text = self.wiped(columns);
        let lines = self.lines(rows, columns);
        for line in &lines {
            text.extend([line, "\n"]);
        }
        self.drawn = lines.iter().map(|line| line.width()).collect();
        write(&text);
    }

    /// Takes the lines off the screen.
    pub(in crate::suite) fn end(&mut self) {
        let text = self.wiped(size().1);
        self.drawn.clear();
        write(&text);
    }

    /// As many lines as fit, the one that counts last.
    fn lines(&self, rows: usize, columns: usize) -> Vec<String> {
        let room = rows.saturating_sub(2);
        let old = self.running.iter().filter(|(.., since)| since.elapsed() >= PATIENCE);
        let mut lines: Vec<String> = old
            .take(room)
            .map(|(_, name, since)| running(name, since.elapsed(), columns))
            .collect();
        let failed =
            if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let time = whole_seconds(self.since.elapsed());
        let counts = format!("{} of {} done{failed}  {time}", self.done, self.tests);
        lines.push(end_of(&counts, columns.saturating_sub(1)));
        lines
    }

    /// What takes the lines off, row by row: some terminals keep what all at once is cleared from their
    /// first row on, as if it had scrolled away. One that has become narrower shows a line as several.
    fn wiped(&self, columns: usize) -> String {
        let rows = self.drawn.iter().map(|width| width.div_ceil(columns.max(1)).max(1));
        match rows.sum::<usize>() {
            0 => String::new(),
            rows => format!("\r\x1b[K{}", "\x1b[A\x1b[K".repeat(rows)),
        }
    }
}

/// Where nobody sees the lines any more, the tests go on.
fn write(text: &str) {
    if !text.is_empty() {
        io::stderr().write_all(text.as_bytes()).ok();
    }
}

/// Rows and columns of the screen; those of old terminals where it does not tell.
fn size() -> (usize, usize) {
    let size = tcgetwinsize(io::stderr()).ok().filter(|size| size.ws_row > 0 && size.ws_col > 0);
    size.map_or((24, 80), |size| (size.ws_row.into(), size.ws_col.into()))
}

/// The line of a test. The last column stays free.
fn running(name: &str, since: Duration, columns: usize) -> String {
    let time = whole_seconds(since);
    let frame = "running  ".len() + 2 + time.len();
    let name = Visible(name.as_bytes()).to_string();
    let line = format!("running  {}  {time}", end_of(&name, columns.saturating_sub(frame + 1)));
    end_of(&line, columns.saturating_sub(1))
}

/// As much of the end of a text as has room in so many columns.
fn end_of(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(CUT.len());
    let fits = |c: &char| {
        let width = c.width().unwrap_or_default();
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    let kept: Vec<char> = text.chars().rev().take_while(fits).collect();
    let end: String = kept.into_iter().rev().collect();
    format!("{CUT}{end}").chars().take(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_the_screen() {
        let shown = |columns| running("tests/日本.chat", Duration::from_millis(2900), columns);
        assert_eq!(shown(80), "running  tests/日本.chat  2s");
        assert_eq!(shown(29), "running  tests/日本.chat  2s");
        assert_eq!(shown(28), "running  ...s/日本.chat  2s");
        assert_eq!(shown(25), "running  ...本.chat  2s");
        for columns in 0..40 {
            assert!(shown(columns).width() < columns.max(1), "{columns}: {}", shown(columns));
        }
        assert_eq!(running("a", Duration::from_millis(300), 80), "running  a  0s");
    }

    #[test]
    fn a_screen_that_became_narrower_shows_lines_as_several() {
        let mut live = Live::on_stderr();
        assert_eq!(live.wiped(80), "");
        live.drawn = vec![40, 79, 0];
        for (columns, rows) in [(80, 3), (40, 4), (30, 6)] {
            assert_eq!(live.wiped(columns).matches("\x1b[A").count(), rows, "{columns}");
        }
    }
}
