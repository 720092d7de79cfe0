//! Events to be read by people.

use std::fmt;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::marks::each_mark;
use super::names::Names;
use crate::transcript::{Event, Header, Said, What};
use crate::units::At;
use crate::wire::{ConnId, Encoding, Eol, Side, Visible};

/// Writes events as text, one a line: when, who, what.
#[derive(Debug)]
pub struct Text {
    eol: Eol,
    encoding: Encoding,
    names: Names,
    /// Whether to say on which conn.
    several: bool,
    /// The first conn that an event to be shown was on.
    first: Option<ConnId>,
    styled: bool,
    /// Whether to tell marks and unknown keys.
    marks: bool,
    /// The columns for who speaks: as many as the longest name so far has.
    speaker: usize,
}

pub(super) const DIM: Style = Style::new().dimmed();
const CLIENT: Style = AnsiColor::Green.on_default();
const SERVER: Style = AnsiColor::Cyan.on_default();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default();

impl Text {
    /// For events of a transcript with this header, without colours.
    #[must_use]
    pub fn new(header: &Header) -> Text {
        Text {
            eol: header.eol,
            encoding: header.encoding,
            names: Names::new(header),
            several: false,
            first: None,
            styled: false,
            marks: false,
            speaker: Side::Client.as_str().len(),
        }
    }

    /// Sets whether to use colours.
    pub(super) fn set_styled(&mut self, styled: bool) {
        self.styled = styled;
    }

    /// Says on which conn each event happened, also before a second conn is seen.
    pub fn tell_conns(&mut self) {
        self.several = true;
    }

    /// Sets whether to tell all that events hold: marks for a replay, keys that are not known.
    pub(super) fn tell_marks(&mut self, marks: bool) {
        self.marks = marks;
    }

    /// Reads lines in this encoding, whatever the header says.
    pub(super) fn read_as(&mut self, encoding: Encoding) {
        self.encoding = encoding;
    }

    /// Takes note of an event that is to be shown: with a second conn, it is said on which conn each
    /// of those that follow happened.
    pub fn expect(&mut self, event: &Event) {
        if let Some(conn) = event.conn {
            self.several |= *self.first.get_or_insert(conn) != conn;
        }
    }

    /// Takes note of an event that is not shown.
    pub fn pass_over(&mut self, event: &Event) {
        self.note(event);
    }

    /// Takes note of what a conn is called.
    fn note(&mut self, event: &Event) {
        self.names.note(event);
        if let What::Open { name: Some(_), .. } = &event.what {
            let named =
                self.names.peer(event.conn).map(|name| Visible(name.as_bytes()).to_string());
            self.speaker = self.speaker.max(named.map_or(0, |name| name.width()));
        }
    }

    /// Writes an event.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn event(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        if is_late_want(&event.what) && !self.marks {
            return Ok(());
        }
        self.expect(event);
        self.note(event);
        let dim = self.style(DIM);
        write!(out, "{dim}{:>11}{dim:#} ", Padded(format_args!("{}", Since(event.at))))?;
        if self.several {
            match event.conn {
                Some(conn) => write!(out, "{dim}{:<3}{dim:#} ", Padded(format_args!("#{conn}")))?,
                None => write!(out, "    ")?,
            }
        }
        self.what(event, out)?;
        if self.marks {
            for extra in &event.extra {
                self.mark(&extra.key, &extra.json, out)?;
            }
        }
        writeln!(out)
    }

    fn mark(&self, name: &str, value: &str, out: &mut impl Write) -> io::Result<()> {
        let dim = self.style(DIM);
        let gap = if value.is_empty() { "" } else { " " };
        let (name, value) = (Visible(name.as_bytes()), Visible(value.as_bytes()));
        write!(out, " {dim}[{name}{gap}{value}]{dim:#}")
    }

    fn what(&self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        let dim = self.style(DIM);
        match &event.what {
            What::Line(said) => self.line(event.conn, said, out),
            What::Open { addr, name, role } => {
                write!(out, "{dim}-- open {}{dim:#}", Visible(addr.as_bytes()))?;
                if let Some(name) = name {
                    write!(out, "{dim}: {}{dim:#}", Visible(name.as_bytes()))?;
                }
                match role {
                    Some(role) if self.marks => self.mark("role", role.as_str(), out),
                    _ => Ok(()),
                }
            }
            What::Close { from, how } => {
                let who = self.who(event.conn, *from);
                write!(out, "{dim}-- {} closed: {}{dim:#}", who, Visible(how.as_bytes()))
            }
            What::Note { text } => {
                let style = self.style(WARNING);
                write!(out, "{style}-- note: {}{style:#}", Visible(text.as_bytes()))
            }
            What::Unknown { ev } => write!(out, "{dim}-- {}{dim:#}", Visible(ev.as_bytes())),
        }
    }

    fn line(&self, conn: Option<ConnId>, said: &Said, out: &mut impl Write) -> io::Result<()> {
        let style = self.style(match said.from {
            Side::Client => CLIENT,
            Side::Server => SERVER,
        });
        let who = self.who(conn, said.from).to_string();
        let gap = self.speaker.saturating_sub(who.width());
        let text = self.encoding.readable(&said.text);
        write!(out, "{style}{who}{style:#}{:gap$}  {}", "", Visible(&text))?;
        each_mark(said, self.eol, self.marks, |name, value| self.mark(name, value, out))
    }

    /// The name of the peer, if it has one, or the side.
    fn who(&self, conn: Option<ConnId>, from: Side) -> Visible<'_> {
        Visible(self.names.who(conn, from).as_bytes())
    }

    pub(super) fn style(&self, style: Style) -> Style {
        if self.styled { style } else { Style::new() }
    }
}

/// How long after the start, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Since(pub(super) At);

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.micros() / 1000;
        write!(f, "+{}.{:03}s", millis / 1000, millis % 1000)
    }
}

/// Whether it says what a line that stands before it has matched, which is a mark of that line.
pub(super) fn is_late_want(what: &What) -> bool {
    matches!(what, What::Unknown { ev } if ev == "want")
}

/// Text that minds the width it is given.
struct Padded<'a>(fmt::Arguments<'a>);

impl fmt::Display for Padded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}
