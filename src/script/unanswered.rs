//! Servers that have answered nothing at all: some wait for another line end.

use std::collections::BTreeMap;

use crate::session::{Audience, Effect, Record, Recorded};
use crate::wire::{ConnId, Side};

/// The conns that we opened and on which nothing has come yet.
#[derive(Debug, Default)]
pub(super) struct Unanswered {
    /// Whether what was said last on each ends in LF alone.
    said: BTreeMap<ConnId, bool>,
}

impl Unanswered {
    pub(super) fn observe(&mut self, effect: &Effect) {
        match effect {
            Effect::Record(Record {
                conn: Some(conn),
                what: Recorded::Open { own: Side::Client, .. },
                ..
            }) => {
                self.said.insert(*conn, false);
            }
            Effect::Heard { conn, .. } => {
                self.said.remove(conn);
            }
            Effect::Send { to, bytes } => {
                let lf = bytes.ends_with(b"\n") && !bytes.ends_with(b"\r\n");
                self.says(*to, lf);
            }
            // Only text is said so that is in its file as it goes out.
            Effect::Pour { conn, .. } => self.says(Audience::One(*conn), true),
            _ => {}
        }
    }

    fn says(&mut self, to: Audience, lf: bool) {
        // We opened them, so none is a guest's.
        let meant = self.said.iter_mut().filter(|(conn, _)| to.means(**conn, || false));
        meant.for_each(|(_, said)| *said = lf);
    }

    /// Whether a server has answered nothing at all to lines that end in LF.
    pub(super) fn wants_another_end(&self, from: Audience) -> bool {
        matches!(from, Audience::One(conn) if self.said.get(&conn) == Some(&true))
    }
}
