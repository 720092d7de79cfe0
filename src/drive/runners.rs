//! What runs the steps of a session: one runner, and where conversations are apart one more for each.

use std::time::Duration;

use super::guests::Guests;
use crate::script::{Action, Failure, Place, Runner, Want};
use crate::session::{Effect, Source};
use crate::units::At;
use crate::wire::ConnId;

/// What runs the steps of a session.
pub(super) struct Runners {
    /// That of the session itself: a script, or a person at the prompt.
    pub(super) own: Runner,
    /// Those of guests, where the session is a conversation with each.
    pub(super) guests: Option<Box<Guests>>,
    /// Whose action is being done; that of the session's own where there is none.
    acting: Option<ConnId>,
}

impl Runners {
    /// The session's own, and those of guests where there is something for each of them.
    pub(super) fn new(own: Runner, guests: Option<Guests>) -> Runners {
        Runners { own, guests: guests.map(Box::new), acting: None }
    }

    /// Whether each guest has a conversation of its own.
    pub(super) fn are_apart(&self) -> bool {
        self.guests.is_some()
    }

    /// The runner whose action is being done.
    pub(super) fn acting(&mut self) -> &mut Runner {
        let guest = self.acting.and_then(|conn| self.guests.as_mut()?.runner(conn));
        guest.unwrap_or(&mut self.own)
    }

    /// The runner that speaks on this conn.
    pub(super) fn of(&mut self, conn: ConnId) -> &mut Runner {
        let guest = self.guests.as_mut().and_then(|guests| guests.runner(conn));
        guest.unwrap_or(&mut self.own)
    }

    /// The guest whose action is being done, if it is a guest's.
    pub(super) fn acting_guest(&self) -> Option<(ConnId, &str)> {
        let conn = self.acting?;
        Some((conn, self.guests.as_ref()?.name(conn)?))
    }

    /// Takes note of something that the session wants done.
    pub(super) fn observe(&mut self, now: At, effect: &Effect) {
        match &mut self.guests {
            None => self.own.observe(now, effect),
            Some(guests) => {
                guests.observe(now, effect);
                // The person only wants to know who is here.
                if matches!(effect, Effect::Record(_) | Effect::Silent { .. }) {
                    self.own.observe(now, effect);
                }
            }
        }
    }

    /// The next thing that steps want done; `None` where all of them wait.
    pub(super) fn next(&mut self, now: At) -> Option<Action> {
        let Some(guests) = &mut self.guests else { return self.own.next(now) };
        self.acting = None;
        if self.own.is_prompt()
            && let Some(action) = self.own.next(now)
        {
            return Some(action);
        }
        let (acting, action) = guests.next(now)?;
        self.acting = acting;
        Some(action)
    }

    /// When [`Runners::next`] is to be asked again, even if nothing happens.
    pub(super) fn deadline(&self) -> Option<At> {
        let guests = self.guests.as_ref().and_then(|guests| guests.deadline());
        self.own.deadline().into_iter().chain(guests).min()
    }

    /// The patterns with named groups that have matched since this was last asked.
    pub(super) fn take_wants(&mut self) -> Vec<Want> {
        match &mut self.guests {
            None => self.own.take_wants(),
            Some(guests) => guests.take_wants(),
        }
    }

    /// Holds back what would be sent, or goes on.
    pub(super) fn hold(&mut self, source: Source, held: bool) {
        match (source, &mut self.guests) {
            (Source::ScriptOf(conn), Some(guests)) => guests.hold(conn, held),
            _ => self.own.hold(held),
        }
    }

    /// What there is to tell of a session that has lasted longer than it may.
    pub(super) fn overdue(&self, limit: Duration) -> Failure {
        match &self.guests {
            None => self.own.overdue(limit),
            Some(guests) => guests.overdue(limit),
        }
    }

    /// The step that is running where the session is one conversation.
    pub(super) fn running(&self) -> Option<&Place> {
        self.own.running()
    }
}
