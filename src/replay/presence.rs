//! When a line that names no conn concerns one.

use crate::transcript::{Event, What};
use crate::wire::{ConnId, Side};

/// Whether a conn is open while the events of a transcript pass: what was said to all was said to
/// those that were open.
#[derive(Debug)]
pub(super) struct Presence {
    conn: Option<ConnId>,
    open: bool,
    ended: Vec<Side>,
}

impl Presence {
    /// The conn before the first event. One whose opening is not told was open from the start.
    pub(super) fn new(conn: Option<ConnId>, opens: bool) -> Self {
        Presence { conn, open: !opens, ended: Vec::new() }
    }

    /// An event passes.
    pub(super) fn observe(&mut self, event: &Event) {
        if event.conn != self.conn {
            return;
        }
        match &event.what {
            What::Open { .. } => self.open = true,
            What::Close { from, how } if how == "eof" => self.ended.push(*from),
            What::Close { .. } => self.ended.extend([Side::Client, Side::Server]),
            _ => {}
        }
    }

    /// Whether an event in which `from` says something concerns the conn.
    pub(super) fn concerns(&self, event: &Event, from: Side) -> bool {
        match event.conn {
            Some(conn) => self.conn == Some(conn),
            None => self.open && !self.ended.contains(&from),
        }
    }
}
