//! A transcript to be read by people.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::transcript::json::timestamp;
use crate::transcript::{Ended, Event, Header, Said, Transcript, What};
use crate::units::count;
use crate::wire::{ConnId, Eol, Roles, Side, Visible};

/// Writes a whole transcript as text: when and by whom it was recorded, its events, what is missing.
/// Nothing in it can do anything to a terminal.
///
/// # Errors
/// Those of `out`.
pub fn show(transcript: &Transcript, styled: bool, out: &mut impl Write) -> io::Result<()> {
    let Transcript { header, events, missing, ended } = transcript;
    let conns: HashSet<ConnId> = events.iter().filter_map(|event| event.conn).collect();
    let mut text = Text::new(header, conns.len() > 1, styled);
    let dim = text.style(DIM);
    let by = header.role.map_or(String::new(), |role| format!(", recorded by the {role}"));
    writeln!(out, "{dim}started {}{by}{dim:#}", timestamp(header.started))?;
    for event in events {
        text.event(event, out)?;
    }
    let warning = text.style(WARNING);
    if *missing > 0 {
        let missing = count(*missing, "event");
        writeln!(out, "{warning}{missing} missing before the first: not kept{warning:#}")?;
    }
    if let Ended::Interrupted(why) = ended {
        writeln!(out, "{warning}interrupted: {}{warning:#}", Visible(why.as_bytes()))?;
    }
    Ok(())
}

/// Writes events as text, one a line: when, who, what.
#[derive(Debug)]
pub struct Text {
    eol: Eol,
    roles: Option<Roles>,
    /// Whether to say on which conn.
    several: bool,
    styled: bool,
    names: HashMap<ConnId, String>,
    /// The columns for who speaks: as many as the longest name so far has.
    speaker: usize,
}

const DIM: Style = Style::new().dimmed();
const CLIENT: Style = AnsiColor::Green.on_default();
const SERVER: Style = AnsiColor::Cyan.on_default();
const WARNING: Style = AnsiColor::Yellow.on_default();

impl Text {
    /// For events of a transcript with this header. `several` says on which conn each happened,
    /// `styled` uses colours.
    #[must_use]
    pub fn new(header: &Header, several: bool, styled: bool) -> Text {
        let names = HashMap::new();
        let speaker = Side::Client.as_str().len();
        Text {
            eol: header.eol,
            roles: header.role.map(Roles::new),
            several,
            styled,
            names,
            speaker,
        }
    }

    /// Writes an event.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn event(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
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
        writeln!(out)
    }

    fn what(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        let dim = self.style(DIM);
        match &event.what {
            What::Line(said) => self.line(event.conn, said, out),
            What::Open { addr, name, role } => {
                if let (Some(roles), Some(conn), Some(role)) = (&mut self.roles, event.conn, role) {
                    roles.opened(conn, *role);
                }
                write!(out, "{dim}-- open {}{dim:#}", Visible(addr.as_bytes()))?;
                if let Some(name) = name {
                    write!(out, "{dim}: {}{dim:#}", Visible(name.as_bytes()))?;
                    self.names.extend(event.conn.map(|conn| (conn, name.clone())));
                    self.speaker = self.speaker.max(name.chars().count());
                }
                Ok(())
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
        write!(out, "{style}{who:<speaker$}{style:#}  {}", Visible(&said.text))?;
        let mark = match said.eol {
            eol if eol == self.eol => return Ok(()),
            Eol::None => "no eol",
            eol => eol.name(),
        };
        let dim = self.style(DIM);
        write!(out, " {dim}[{mark}]{dim:#}")
    }

    /// The name of the peer, if it has one, or the side.
    fn who(&self, conn: Option<ConnId>, from: Side) -> Visible<'_> {
        let own = self.roles.as_ref().map(|roles| roles.own(conn));
        let is_peer = own == Some(from.other());
        let name = conn.filter(|_| is_peer).and_then(|conn| self.names.get(&conn));
        Visible(name.map_or(from.as_str(), String::as_str).as_bytes())
    }

    fn style(&self, style: Style) -> Style {
        if self.styled { style } else { Style::new() }
    }
}

/// Text that minds the width it is given.
struct Padded<'a>(fmt::Arguments<'a>);

impl fmt::Display for Padded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::json::parse;

    fn shown(json: &str, styled: bool) -> String {
        let mut out = Vec::new();
        show(&parse(json.as_bytes()).unwrap(), styled, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_conversation_reads_like_one() {
        let json = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","role":"server","eol":"\n","missing":2,"events":[
{"ev":"open","conn":1,"addr":"127.0.0.1:5","name":"guest-1"},
{"dt":3.102,"conn":1,"from":"client","line":"hi \u001b[2J"},
{"dt":12340,"from":"server","line":"hello","eol":"\r\n"},
{"dt":1,"conn":2,"from":"client","esc":"\\xff","eol":""},
{"ev":"note","text":"odd"},
{"ev":"later","x":1},
{"conn":1,"ev":"close","from":"client","how":"eof"}]}"#;
        let wanted = "started 2026-10-07T09:15:02.000Z, recorded by the server
    +0.000s #1  -- open 127.0.0.1:5: guest-1
    +0.003s #1  guest-1  hi \\x1b[2J
   +12.343s     server   hello [crlf]
   +12.344s #2  client   \\xff [no eol]
   +12.344s     -- note: odd
   +12.344s     -- later
   +12.344s #1  -- guest-1 closed: eof
2 events missing before the first: not kept
";
        assert_eq!(shown(json, false), wanted);
        let styled = shown(json, true);
        assert!(styled.contains("\u{1b}[32mguest-1\u{1b}[0m  hi \\x1b[2J"), "{styled}");
    }

    #[test]
    fn one_conn_needs_no_number_and_an_interruption_is_told() {
        let json =
            "{\"chat-repl\":\"transcript\",\"version\":1,\"started\":\"2026-10-07T09:15:02Z\"}
{\"dt\":3,\"conn\":1,\"from\":\"client\",\"line\":\"hi\"}\n";
        let wanted = "started 2026-10-07T09:15:02.000Z
    +0.003s client  hi
interrupted: it has no end
";
        assert_eq!(shown(json, false), wanted);
    }
}
