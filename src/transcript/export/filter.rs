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
    /// A line whose text, or a note whose text, has this in it.
    pub grep: Option<Regex>,
    /// In which lines are read for that.
    pub encoding: Encoding,
    /// Not before this instant.
    pub after: Option<At>,
    /// Before this instant.
    pub before: Option<At>,
}

impl Filter {
    /// Whether the event is to be shown.
    #[must_use]
    pub fn passes(&self, event: &Event) -> bool {
        self.after.is_none_or(|after| event.at >= after)
            && !self.is_past(event)
            && (self.conns.is_empty() || self.is_on_conn(event))
            && self.from.is_none_or(|side| from(&event.what) == Some(side))
            && self.grep.as_ref().is_none_or(|regex| self.matches(regex, &event.what))
    }

    /// Whether neither the event nor any that follows it is to be shown.
    #[must_use]
    pub fn is_past(&self, event: &Event) -> bool {
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
