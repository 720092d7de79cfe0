//! Which events somebody wants to see.

use regex::bytes::Regex;

use crate::transcript::{Event, What};
use crate::units::At;
use crate::wire::{ConnId, Encoding, Side};

/// What an event must be to be shown. One that says nothing lets every event pass.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// On one of these conns, if there are any. A line that went to every open conn was on each.
    pub conns: Vec<ConnId>,
    /// Of this side.
    pub from: Option<Side>,
    /// Of one of these kinds, if there are any.
    pub kinds: Vec<Kind>,
    /// A line whose text, or a note whose text, has this in it.
    pub grep: Option<Regex>,
    /// In which lines are read for that.
    pub encoding: Encoding,
    /// Not before this instant.
    pub after: Option<At>,
    /// Before this instant.
    pub before: Option<At>,
}

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A line.
    Line,
    /// A conn that opened.
    Open,
    /// A side that ended.
    Close,
    /// A note.
    Note,
    /// What this program does not know.
    Other,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] = [Kind::Line, Kind::Open, Kind::Close, Kind::Note, Kind::Other];

    /// What the command line calls it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Line => "line",
            Kind::Open => "open",
            Kind::Close => "close",
            Kind::Note => "note",
            Kind::Other => "other",
        }
    }

    fn of(what: &What) -> Kind {
        match what {
            What::Line(_) => Kind::Line,
            What::Open { .. } => Kind::Open,
            What::Close { .. } => Kind::Close,
            What::Note { .. } => Kind::Note,
            What::Unknown { .. } => Kind::Other,
        }
    }
}

impl Filter {
    /// Whether the event is to be shown.
    #[must_use]
    pub fn passes(&self, event: &Event) -> bool {
        self.after.is_none_or(|after| event.at >= after)
            && !self.is_past(event)
            && (self.conns.is_empty() || self.is_on_conn(event))
            && (self.kinds.is_empty() || self.kinds.contains(&Kind::of(&event.what)))
            && self.from.is_none_or(|side| from(&event.what) == Some(side))
            && self.grep.as_ref().is_none_or(|regex| self.matches(regex, &event.what))
    }

    /// Whether neither the event nor any that follows it is to be shown.
    pub(super) fn is_past(&self, event: &Event) -> bool {
        self.before.is_some_and(|before| event.at >= before)
    }

    fn matches(&self, regex: &Regex, what: &What) -> bool {
        match what {
            What::Line(said) => regex.is_match(&self.encoding.text(&said.text)),
            What::Note { text } => regex.is_match(text.as_bytes()),
            What::Open { .. } | What::Close { .. } | What::Unknown { .. } => false,
        }
    }

    fn is_on_conn(&self, event: &Event) -> bool {
        match event.conn {
            Some(conn) => self.conns.contains(&conn),
            None => matches!(event.what, What::Line(_)),
        }
    }
}

/// The side whose doing it is.
fn from(what: &What) -> Option<Side> {
    match what {
        What::Line(said) => Some(said.from),
        What::Close { from, .. } => Some(*from),
        What::Open { .. } | What::Note { .. } | What::Unknown { .. } => None,
    }
}
