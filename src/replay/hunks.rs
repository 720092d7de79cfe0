//! A comparison to be read by people.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::compare::{Comparison, Pair, Place, Row, Spoken};
use super::marked::{AFTER, BEFORE, cut, marked};
use super::part::text;
use crate::wire::{Side, Visible};

const HEAD: Style = Style::new().bold();
const ONLY_A: Style = AnsiColor::Red.on_default();
const ONLY_B: Style = AnsiColor::Green.on_default();
const MARK: Style = AnsiColor::Yellow.on_default();

impl Comparison {
    /// Writes what differs as text: of each conn that does, the lines with those around them. Where
    /// nothing differs it writes nothing. Nothing in it can do anything to a terminal.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, out: &mut impl Write, styled: bool) -> io::Result<()> {
        let mut differing = self.pairs.iter().filter(|pair| pair.differences() > 0);
        if let Some(first) = differing.next() {
            self.pair(first, styled, out)?;
        }
        for pair in differing {
            writeln!(out)?;
            self.pair(pair, styled, out)?;
        }
        Ok(())
    }

    fn pair(&self, pair: &Pair, styled: bool, out: &mut impl Write) -> io::Result<()> {
        put(out, styled, HEAD, &self.head(pair))?;
        let digits = pair.near.most.to_string().len();
        let shower = Shower { comparison: self, digits, styled };
        let mut last = None;
        for (at, row) in &pair.near.rows {
            if last.is_some_and(|last: usize| last + 1 < *at) {
                writeln!(out, "  …")?;
            }
            shower.row(row, out)?;
            last = Some(*at);
        }
        Ok(())
    }

    /// Which conns these are.
    fn head(&self, pair: &Pair) -> String {
        let [a, b] = [0, 1].map(|which| {
            let name = Visible(self.names[which].as_bytes());
            pair.conns[which].map(|Place(conn)| match conn {
                Some(conn) => (format!("conn {conn} of {name}"), format!("conn {conn}")),
                None => (name.to_string(), "what was said".to_owned()),
            })
        });
        match (a, b) {
            (Some((a, _)), Some((b, _))) => format!("{a}, {b}"),
            (Some((_, only)), None) => {
                format!("{only} only in {}", Visible(self.names[0].as_bytes()))
            }
            (None, Some((_, only))) => {
                format!("{only} only in {}", Visible(self.names[1].as_bytes()))
            }
            (None, None) => String::new(),
        }
    }
}

struct Shower<'a> {
    comparison: &'a Comparison,
    /// The columns for the number of an event.
    digits: usize,
    styled: bool,
}

impl Shower<'_> {
    fn row(&self, row: &Row, out: &mut impl Write) -> io::Result<()> {
        match (&row.a, &row.b) {
            (Some(a), Some(b)) if row.differs => self.changed(row, a, b, out),
            (Some(a), None) if row.differs => {
                put(out, self.styled, ONLY_A, &self.line("-", row.from, a, &self.alone(a)))
            }
            (None, Some(b)) => {
                put(out, self.styled, ONLY_B, &self.line("+", row.from, b, &self.alone(b)))
            }
            (Some(a), Some(_)) => writeln!(out, "{}", self.line(" ", row.from, a, &self.alone(a))),
            (Some(a), None) => {
                let text = self.alone(a) + " [missing, as it may be]";
                writeln!(out, "{}", self.line(" ", row.from, a, &text))
            }
            (None, None) => Ok(()),
        }
    }

    fn changed(&self, row: &Row, a: &Spoken, b: &Spoken, out: &mut impl Write) -> io::Result<()> {
        let secrets = &self.comparison.secrets;
        let (one, other) = (secrets.hide(&a.bytes), secrets.hide(&b.bytes));
        let marked = marked([&one, &other], row.by_end, &self.comparison.masks);
        let marks = match &a.want {
            Some(want) => {
                [None, Some(format!("want: {}", Visible(&secrets.hide(want.as_bytes()))))]
            }
            None => marked.marks(),
        };
        let signs = [("-", a, ONLY_A), ("+", b, ONLY_B)].into_iter();
        for (((sign, spoken, style), line), mark) in signs.zip(&marked.lines).zip(marks) {
            put(out, self.styled, style, &self.line(sign, row.from, spoken, line))?;
            if let Some(mark) = mark {
                let margin = " ".repeat(self.line(" ", row.from, spoken, "").len());
                put(out, self.styled, MARK, &format!("{margin}{mark}"))?;
            }
        }
        Ok(())
    }

    /// A line that is shown on its own.
    fn alone(&self, spoken: &Spoken) -> String {
        let line = self.comparison.secrets.hide(&spoken.bytes);
        let end = if spoken.bytes.ends_with(b"\n") { "" } else { " [no eol]" };
        cut(&self.comparison.masks.encoding().readable(text(&line)), BEFORE + AFTER) + end
    }

    fn line(&self, sign: &str, from: Side, spoken: &Spoken, text: &str) -> String {
        let digits = self.digits;
        format!("{sign} {:>digits$} {}: {text}", spoken.event, from.as_str())
    }
}

/// Writes a line in a style, or as it is where there is no colour.
fn put(out: &mut impl Write, styled: bool, style: Style, line: &str) -> io::Result<()> {
    let style = if styled { style } else { Style::new() };
    writeln!(out, "{style}{line}{style:#}")
}
