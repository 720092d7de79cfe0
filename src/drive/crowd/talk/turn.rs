//! The turn that a client has.

use crate::drive::crowd::Gauge;
use crate::units::At;

/// The turn that is being had.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// When it was to begin, and when it did.
    began: Option<(At, At)>,
    /// When the reply to it came, as far as it has.
    pub(super) replied: Option<At>,
    /// The next is to begin then, and not before.
    pub(super) due: Option<At>,
}

impl Turn {
    /// Whether it has begun, and its reply is not complete.
    pub(super) fn goes_on(&self) -> bool {
        self.began.is_some()
    }

    /// Begins it, where it is due, if at a time of its own. Whether it was.
    pub(super) fn begin(&mut self, now: At, due: Option<At>) -> bool {
        if due.is_some_and(|due| now < due) {
            self.due = due;
            return false;
        }
        *self = Turn { began: Some((due.unwrap_or(now), now)), ..Turn::default() };
        true
    }

    /// The reply was complete, if one came.
    pub(super) fn complete<G: Gauge>(&mut self, had_turns: &mut bool, gauge: &mut G) {
        let Some(at) = self.replied.take() else { return };
        let Some((due, began)) = self.began.take() else { return };
        *had_turns = true;
        gauge.turn(at, at.since(due), at.since(began));
    }
}
