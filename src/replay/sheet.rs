//! What a replay plays: read once, and shared by all that play it.

use std::sync::Arc;
use std::time::Duration;

use super::load::Loaded;
use super::part::{Action, Doing, Part, Source};
use crate::matching::Masks;
use crate::transcript::Transcript;
use crate::units::At;

/// What a replay plays: our side of recorded conns, and what is compared. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Sheet {
    /// What the file is called.
    pub(super) file: Arc<str>,
    pub(super) transcript: Arc<Transcript>,
    /// One a conn.
    pub(super) parts: Arc<[Part]>,
    pub(super) masks: Masks,
    /// What our side does, on which of the conns, in order.
    all: Arc<[(usize, Action)]>,
}

impl Sheet {
    /// What is made of a file.
    pub(super) fn new(loaded: Loaded) -> Sheet {
        let Loaded { name, transcript, masks, parts, .. } = loaded;
        let mut all = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                let (event, what) = (part.opened, Doing::Open);
                let at = transcript.events.get(event - 1).map_or(At::START, |event| event.at);
                all.push((index, Action { event, at, delay: Duration::ZERO, what }));
            }
            all.extend(part.actions.iter().cloned().map(|act| (index, act)));
        }
        all.sort_by_key(|(_, action)| action.event);
        // With the last thing that is said our side ends anyway.
        let ends = |(index, last): &mut (usize, Action)| {
            let behind = |part: &Part| part.sources.last().map_or(0, Source::last);
            last.what.is_half_close() && last.event > behind(&parts[*index])
        };
        while all.pop_if(ends).is_some() {}
        let (transcript, parts) = (Arc::new(transcript), parts.into());
        Sheet { file: name.into(), transcript, parts, masks, all: all.into() }
    }

    /// What our side does, all of it to come.
    pub(super) fn actions(&self) -> Actions {
        Actions { all: Arc::clone(&self.all), next: 0 }
    }
}

/// What our side does, as far as it has come.
#[derive(Debug, Clone)]
pub(super) struct Actions {
    all: Arc<[(usize, Action)]>,
    next: usize,
}

impl Actions {
    /// The next thing, and on which conn.
    pub(super) fn peek(&self) -> Option<&(usize, Action)> {
        self.all.get(self.next)
    }

    /// Goes on at the thing with this number.
    pub(super) fn go_on_at(&mut self, next: usize) {
        self.next = next;
    }
}

impl Iterator for Actions {
    type Item = (usize, Action);

    fn next(&mut self) -> Option<(usize, Action)> {
        let next = self.all.get(self.next).cloned();
        self.next += usize::from(next.is_some());
        next
    }
}
