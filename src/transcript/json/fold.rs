//! `want` events become the `want` of their lines.

use std::collections::HashMap;

use serde::Deserialize;

use crate::transcript::{Event, What};
use crate::wire::{ConnId, Eol, Roles, Side};

/// The patterns of `want` events. First every event is [noted](LateWants::note), then each is
/// [folded](LateWants::fold), both in order.
#[derive(Debug)]
pub(in crate::transcript) struct LateWants {
    roles: Option<Roles>,
    wants: HashMap<(ConnId, u64), String>,
    /// How many ended lines the peer has said so far.
    heard: HashMap<ConnId, u64>,
}

impl LateWants {
    /// Of a transcript that this side recorded.
    pub(in crate::transcript) fn new(role: Option<Side>) -> LateWants {
        LateWants { roles: role.map(Roles::new), wants: HashMap::new(), heard: HashMap::new() }
    }

    /// Remembers the event if it is a `want`.
    pub(in crate::transcript) fn note(&mut self, event: &Event) {
        let Some(roles) = &mut self.roles else { return };
        if let (Some(conn), What::Open { role: Some(role), .. }) = (event.conn, &event.what) {
            roles.opened(conn, *role);
        } else if let Some((key, want)) = late_want(event) {
            self.wants.insert(key, want);
        }
    }

    /// Gives a line the pattern that is meant for it. False for a `want` event that has come to its
    /// line, and is to go.
    pub(in crate::transcript) fn fold(&mut self, event: &mut Event) -> bool {
        if self.wants.is_empty() && self.heard.is_empty() {
            return true;
        }
        if let (What::Line(said), Some(conn)) = (&mut event.what, event.conn) {
            let peer = self.roles.as_ref().map(|roles| roles.own(Some(conn)).other());
            if Some(said.from) == peer && said.eol != Eol::None {
                let heard = self.heard.entry(conn).or_default();
                *heard += 1;
                let want = self.wants.remove(&(conn, *heard));
                said.marks.want = want.or(said.marks.want.take());
            }
            return true;
        }
        late_want(event).is_none_or(|(key, _)| self.wants.contains_key(&key))
    }
}

/// The conn, line and pattern of a `want` event.
fn late_want(event: &Event) -> Option<((ConnId, u64), String)> {
    match &event.what {
        What::Unknown { ev } if ev == "want" => {
            Some(((event.conn?, field(event, "line")?), field(event, "want")?))
        }
        _ => None,
    }
}

fn field<'a, T: Deserialize<'a>>(event: &'a Event, key: &str) -> Option<T> {
    let extra = event.extra.iter().find(|extra| extra.key == key)?;
    serde_json::from_str(&extra.json).ok()
}
