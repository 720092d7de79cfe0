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
    /// The last pattern for each line, and the number of the event that has it.
    wants: HashMap<(ConnId, u64), (u64, String)>,
    noted: u64,
    folded: u64,
    /// How many ended lines the peer has said among those that were folded.
    heard: HashMap<ConnId, u64>,
}

impl LateWants {
    /// Of a transcript that this side recorded.
    pub(in crate::transcript) fn new(role: Option<Side>) -> LateWants {
        let (wants, heard) = (HashMap::new(), HashMap::new());
        LateWants { roles: role.map(Roles::new), wants, noted: 0, folded: 0, heard }
    }

    /// Remembers the event if it is a `want`.
    pub(in crate::transcript) fn note(&mut self, event: &Event) {
        self.noted += 1;
        let Some(roles) = &mut self.roles else { return };
        if let (Some(conn), What::Open { role: Some(role), .. }) = (event.conn, &event.what) {
            roles.opened(conn, *role);
        } else if let Some((key, want)) = late_want(event) {
            self.wants.insert(key, (self.noted, want));
        }
    }

    /// Gives a line the pattern that is meant for it. False for a `want` event that comes after its
    /// line, and is to go: one that comes before it is for nobody.
    pub(in crate::transcript) fn fold(&mut self, event: &mut Event) -> bool {
        self.folded += 1;
        if self.wants.is_empty() && self.heard.is_empty() {
            return true;
        }
        if let (What::Line(said), Some(conn)) = (&mut event.what, event.conn) {
            let peer = self.roles.as_ref().map(|roles| roles.own(Some(conn)).other());
            if Some(said.from) == peer && said.eol != Eol::None {
                let heard = self.heard.entry(conn).or_default();
                *heard += 1;
                let late = self.wants.remove(&(conn, *heard));
                let late = late.filter(|(number, _)| *number > self.folded);
                said.marks.want = late.map(|(_, want)| want).or(said.marks.want.take());
            }
            return true;
        }
        late_want(event).is_none_or(|((conn, line), _)| {
            line == 0 || self.heard.get(&conn).is_none_or(|heard| line > *heard)
        })
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
