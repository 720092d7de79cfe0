//! What the terminal of the one who recorded a transcript showed, row by row.

use std::collections::HashMap;

use super::names::Names;
use super::text::is_late_want;
use crate::session::{Ending, Notice};
use crate::transcript::{Event, Header, Said, What};
use crate::wire::{ConnId, Encoding, Eol, Side, Visible};

/// Stands before the rest of a line whose beginning was shown on a row of its own.
const CONTINUED: &str = "… ";

/// Turns events into rows of a terminal.
///
/// What the recorder said follows a prompt, what its peers said stands as it came, with who said it before
/// it once there are several conns. Who recorded as neither side shows both, each with its name.
#[derive(Debug)]
pub(super) struct Stage {
    names: Names,
    encoding: Encoding,
    /// The first conn, and whether there are others.
    first: Option<ConnId>,
    several: bool,
    /// Those whose line has begun on a row before.
    inside: HashMap<(Option<ConnId>, Side), bool>,
}

/// A row of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// What stands before what is typed, if that is what the row shows.
    pub(super) prompt: Option<String>,
    /// What the rest of it looks like.
    pub(super) ink: Ink,
    /// Who speaks, with what follows it.
    pub(super) label: String,
    /// The rest, made visible.
    pub(super) text: String,
}

/// How something looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Ink {
    /// The program's own words.
    Aside,
    /// A warning, or a person's note.
    Note,
    /// What the client says.
    Client,
    /// What the server says.
    Server,
    /// The prompt.
    Prompt,
}

impl Ink {
    const fn of(side: Side) -> Ink {
        match side {
            Side::Client => Ink::Client,
            Side::Server => Ink::Server,
        }
    }
}

impl Stage {
    /// Of a transcript with this header, whose lines are read in this encoding.
    pub(super) fn new(header: &Header, encoding: Encoding) -> Stage {
        let (names, inside) = (Names::new(header), HashMap::new());
        Stage { names, encoding, first: None, several: false, inside }
    }

    /// What stands before a line that is typed next.
    pub(super) fn prompt(&self) -> Option<&'static str> {
        self.names.own(None).map(|_| "> ")
    }

    /// Takes note of an event that is not shown.
    pub(super) fn pass_over(&mut self, event: &Event) {
        self.names.note(event);
    }

    /// The row that an event adds, if it adds any.
    pub(super) fn event(&mut self, event: &Event) -> Option<Row> {
        self.names.note(event);
        if let Some(conn) = event.conn {
            self.several |= *self.first.get_or_insert(conn) != conn;
        }
        match &event.what {
            What::Line(said) => self.line(event.conn, said),
            What::Open { addr, name, .. } => Some(self.opened(event.conn, addr, name.as_deref())),
            What::Close { from, how } => self.closed(event.conn, *from, how),
            What::Note { text } => Some(Row::told(Ink::Note, &format!("note: {text}"))),
            What::Unknown { .. } if is_late_want(&event.what) => None,
            What::Unknown { ev } => Some(Row::told(Ink::Aside, ev)),
        }
    }

    fn opened(&self, conn: Option<ConnId>, addr: &str, name: Option<&str>) -> Row {
        let (addr, own) = (addr.to_owned(), self.names.own(conn));
        let name = name.map(str::to_owned);
        let notice = match name {
            Some(name) if own != Some(Side::Client) => Notice::Joined { name, addr },
            name => Notice::Connected { addr, name },
        };
        Row::told(Ink::Aside, &notice.to_string())
    }

    /// What is told when a side ends: nothing where it is the recorder's that says no more.
    fn closed(&mut self, conn: Option<ConnId>, from: Side, how: &str) -> Option<Row> {
        self.inside.remove(&(conn, from));
        let own = self.names.own(conn);
        let is_eof = how == "eof";
        if own == Some(from) && is_eof {
            return None;
        }
        let name = self.names.peer(conn).map(str::to_owned);
        let notice = match (own, name) {
            (Some(Side::Client), name) if is_eof => Notice::PeerClosed { name },
            (Some(Side::Server), Some(name)) if is_eof => Notice::Left { name, how: Ending::Eof },
            _ => Notice::Told(format!("{} closed: {how}", self.names.who(conn, from))),
        };
        Some(Row::told(Ink::Aside, &notice.to_string()))
    }

    fn line(&mut self, conn: Option<ConnId>, said: &Said) -> Option<Row> {
        let inside = self.inside.entry((conn, said.from)).or_default();
        let (begun, partial) = (*inside, said.eol == Eol::None);
        *inside = partial;
        if said.text.is_empty() && begun {
            return None; // the end of what was shown
        }
        let text = Visible(&self.encoding.readable(&said.text)).to_string();
        let own = self.names.own(conn);
        let mut row = Row { prompt: None, ink: Ink::of(said.from), label: String::new(), text };
        if own == Some(said.from) {
            let to = self.names.peer(conn).filter(|_| self.several).unwrap_or_default();
            row.prompt = Some(format!("{}> ", Visible(to.as_bytes())));
            return Some(row);
        }
        row.label = match (own, conn) {
            (None, Some(conn)) if self.several => format!("{}-{conn}: ", said.from),
            (None, _) => format!("{}: ", said.from),
            (Some(_), _) if self.several => {
                format!("{}: ", Visible(self.names.who(conn, said.from).as_bytes()))
            }
            (Some(_), _) => String::new(),
        };
        if begun {
            row.label.push_str(CONTINUED);
        }
        Some(row)
    }
}

impl Row {
    /// Something that the program tells.
    pub(super) fn told(ink: Ink, text: &str) -> Row {
        let text = format!("-- {}", Visible(text.as_bytes()));
        Row { prompt: None, ink, label: String::new(), text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::json::parse;

    fn rows(role: &str, events: &str) -> Vec<String> {
        let head = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z""#;
        let transcript = parse(format!("{head}{role}}}\n{events}").as_bytes()).unwrap();
        let mut stage = Stage::new(&transcript.header, transcript.header.encoding);
        let rows = transcript.events.iter().filter_map(|event| stage.event(event));
        rows.map(|row| row.prompt.unwrap_or_default() + &row.label + &row.text).collect()
    }

    const TWO: &str = r#"{"ev":"open","conn":1,"addr":"h:1","name":"guest-1"}
{"conn":1,"from":"client","line":"hi \u001b"}
{"conn":1,"from":"server","line":"login: ","eol":""}
{"conn":1,"from":"server","line":"go"}
{"conn":1,"from":"server","line":"x","eol":""}
{"conn":1,"from":"server","line":""}
{"ev":"open","conn":2,"addr":"h:2","name":"guest-2"}
{"conn":2,"from":"client","line":"me too"}
{"from":"server","line":"all"}
{"conn":2,"from":"server","line":"you"}
{"ev":"note","text":"odd"}
{"ev":"close","conn":2,"from":"client","how":"eof"}
{"ev":"close","conn":2,"from":"server","how":"eof"}
{"ev":"close","conn":1,"from":"client","how":"reset"}
"#;

    #[test]
    fn a_host_sees_its_guests_and_its_own_lines_behind_a_prompt() {
        let wanted = [
            "-- guest-1 joined from h:1",
            "hi \\x1b",
            "> login: ",
            "> go",
            "> x",
            "-- guest-2 joined from h:2",
            "guest-2: me too",
            "> all",
            "guest-2> you",
            "-- note: odd",
            "-- guest-2 left: closed",
            "-- guest-1 closed: reset",
        ];
        assert_eq!(rows(r#","role":"server""#, TWO), wanted);
    }

    #[test]
    fn who_stood_between_the_two_saw_both() {
        let wanted =
            ["-- guest-1 joined from h:1", "client: hi \\x1b", "server: login: ", "server: … go"];
        assert_eq!(rows("", TWO)[..4], wanted);
        assert!(rows("", TWO).contains(&"server-2: you".to_owned()));
    }

    #[test]
    fn a_client_is_told_that_its_peer_is_done() {
        let events = r#"{"ev":"open","conn":1,"addr":"h:1"}
{"ev":"close","conn":1,"from":"server","how":"eof"}
{"ev":"close","conn":1,"from":"client","how":"eof"}
"#;
        assert_eq!(
            rows(r#","role":"client""#, events),
            ["-- connected to h:1", "-- the peer closed the connection"]
        );
    }
}
