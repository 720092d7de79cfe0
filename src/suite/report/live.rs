//! The tests that run, a line each, below what has been printed.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use rustix::termios::tcgetwinsize;
use unicode_width::UnicodeWidthChar;

use crate::units::Human;
use crate::wire::Visible;

/// How long a test runs before it gets a line: most never do.
const PATIENCE: Duration = Duration::from_millis(200);

/// The lines of the tests that run, on the terminal that standard error is. Elsewhere there are none.
#[derive(Debug)]
pub struct Live {
    terminal: bool,
    running: Vec<(usize, String, Instant)>,
    /// How many lines stand on the screen.
    drawn: usize,
}

impl Live {
    /// No test runs yet.
    #[must_use]
    pub fn on_stderr() -> Live {
        Live { terminal: io::stderr().is_terminal(), running: Vec::new(), drawn: 0 }
    }

    /// A test runs.
    pub(in crate::suite) fn began(&mut self, index: usize, name: String) {
        self.running.push((index, name, Instant::now()));
    }

    /// A test has ended: its line goes, and what is printed next stands where the lines did.
    pub(in crate::suite) fn ended(&mut self, index: usize) -> io::Result<()> {
        self.running.retain(|(running, ..)| *running != index);
        self.wipe()
    }

    /// Draws the lines anew.
    pub(in crate::suite) fn draw(&mut self) -> io::Result<()> {
        if !self.terminal {
            return Ok(());
        }
        let (rows, columns) = size();
        let old = self.running.iter().filter(|(.., since)| since.elapsed() >= PATIENCE);
        let lines: Vec<String> =
            old.map(|(_, name, since)| line(name, since.elapsed(), columns)).collect();
        let room = rows.saturating_sub(1).max(1);
        let mut text = self.wiped();
        for line in lines.iter().take(room) {
            text.extend([line, "\n"]);
        }
        self.drawn = lines.len().min(room);
        io::stderr().write_all(text.as_bytes())
    }

    /// Takes the lines off the screen.
    pub(in crate::suite) fn wipe(&mut self) -> io::Result<()> {
        let text = self.wiped();
        self.drawn = 0;
        if text.is_empty() { Ok(()) } else { io::stderr().write_all(text.as_bytes()) }
    }

    /// What takes them off: up to the first of them, and all below away.
    fn wiped(&self) -> String {
        if self.drawn == 0 { String::new() } else { format!("\x1b[{}A\r\x1b[J", self.drawn) }
    }
}

/// Rows and columns of the screen; those of old terminals where it does not tell.
fn size() -> (usize, usize) {
    let size = tcgetwinsize(io::stderr()).ok().filter(|size| size.ws_row > 0 && size.ws_col > 0);
    size.map_or((24, 80), |size| (size.ws_row.into(), size.ws_col.into()))
}

/// The line of a test, cut to leave the last column free.
fn line(name: &str, running: Duration, columns: usize) -> String {
    let whole = Duration::from_secs(running.as_secs());
    let text = format!("running  {}  {}", Visible(name.as_bytes()), Human(whole));
    let mut width = 0;
    let fits = |c: &char| {
        width += c.width().unwrap_or_default();
        width < columns
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_the_screen() {
        let shown = |columns| line("tests/日本.chat", Duration::from_millis(2900), columns);
        assert_eq!(shown(80), "running  tests/日本.chat  2s");
        assert_eq!(shown(17), "running  tests/");
        assert_eq!(shown(18), "running  tests/日");
    }
}
