//! Events to be read by people.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::transcript::{Event, Header, Marks, Said, What};
use crate::wire::{ConnId, Encoding, Eol, Roles, Side, Visible};

/// Writes events as text, one a line: when, who, what.
#[derive(Debug)]
pub struct Text {
    eol: Eol,
    encoding: Encoding,
    roles: Option<Roles>,
    /// Whether to say on which conn.
    several: bool,
    /// The first conn that an event to be shown was on.
    first: Option<ConnId>,
    styled: bool,
    /// Whether to tell marks and unknown keys.
    marks: bool,
    names: HashMap<ConnId, String>,
    /// The columns for who speaks: as many as the longest name so far has.
    speaker: usize,
}

pub(super) const DIM: Style = Style::new().dimmed();
const CLIENT: Style = AnsiColor::Green.on_default();
const SERVER: Style = AnsiColor::Cyan.on_default();
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default();

impl Text {
    /// For events of a transcript with this header. `several` says on which conn each happened,
    /// `styled` uses colours.
    #[must_use]
    pub fn new(header: &Header, several: bool, styled: bool) -> Text {
        let names = HashMap::new();
        let speaker = Side::Client.as_str().len();
        Text {
            eol: header.eol,
            encoding: header.encoding,
            roles: header.role.map(Roles::new),
            several,
            first: None,
            styled,
            marks: false,
            names,
            speaker,
        }
    }

    /// Sets whether to tell all that events hold: marks for a replay, keys that are not known.
    pub fn tell_marks(&mut self, marks: bool) {
        self.marks = marks;
    }

    /// Reads lines in this encoding, whatever the header says.
    pub fn read_as(&mut self, encoding: Encoding) {
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
        if let What::Open { name, role, .. } = &event.what {
            self.opened(event.conn, name.as_deref(), *role);
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
        let dim = self.style(DIM);
        let micros = event.at.micros();
        let at = format_args!("+{}.{:03}s", micros / 1_000_000, micros / 1000 % 1000);
        write!(out, "{dim}{:>11}{dim:#} ", Padded(at))?;
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

    fn opened(&mut self, conn: Option<ConnId>, name: Option<&str>, role: Option<Side>) {
        let Some(conn) = conn else { return };
        if let (Some(roles), Some(role)) = (&mut self.roles, role) {
            roles.opened(conn, role);
        }
        if let Some(name) = name {
            self.names.insert(conn, name.to_owned());
            self.speaker = self.speaker.max(name.chars().count());
        }
    }

    fn what(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        let dim = self.style(DIM);
        match &event.what {
            What::Line(said) => self.line(event.conn, said, out),
            What::Open { addr, name, role } => {
                self.opened(event.conn, name.as_deref(), *role);
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
        let who = self.who(conn, said.from);
        let (speaker, who) = (self.speaker, Padded(format_args!("{who}")));
        let text = self.encoding.readable(&said.text);
        write!(out, "{style}{who:<speaker$}{style:#}  {}", Visible(&text))?;
        match said.eol {
            eol if eol == self.eol => {}
            Eol::None => self.mark("no eol", "", out)?,
            eol => self.mark(eol.name(), "", out)?,
        }
        if self.marks { self.replayed(&said.marks, out) } else { Ok(()) }
    }

    /// What a replay compares or says.
    fn replayed(&self, marks: &Marks, out: &mut impl Write) -> io::Result<()> {
        let Marks { want, send, opt, group, secret } = marks;
        for (name, value) in [("want", want), ("send", send), ("group", group)] {
            if let Some(value) = value {
                self.mark(name, value, out)?;
            }
        }
        if *opt {
            self.mark("opt", "", out)?;
        }
        if secret.is_empty() { Ok(()) } else { self.mark("secret", &secret.join(" "), out) }
    }

    /// The name of the peer, if it has one, or the side.
    fn who(&self, conn: Option<ConnId>, from: Side) -> Visible<'_> {
        let own = self.roles.as_ref().map(|roles| roles.own(conn));
        let is_peer = own == Some(from.other());
        let name = conn.filter(|_| is_peer).and_then(|conn| self.names.get(&conn));
        Visible(name.map_or(from.as_str(), String::as_str).as_bytes())
    }

    pub(super) fn style(&self, style: Style) -> Style {
        if self.styled { style } else { Style::new() }
    }
}

/// Whether it says what a line that stands before it has matched, which is a mark of that line.
fn is_late_want(what: &What) -> bool {
    matches!(what, What::Unknown { ev } if ev == "want")
}

/// Text that minds the width it is given.
struct Padded<'a>(fmt::Arguments<'a>);

impl fmt::Display for Padded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}
