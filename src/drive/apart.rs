//! Guests whose conversations are apart: what is told of each, and of all of them at the end.

use super::Trouble;
use super::engine::Engine;
use crate::script::{Blame, Failure, Report};
use crate::session::{Drive, Input, Leave, Notice};
use crate::units::count;
use crate::wire::ConnId;

/// How many guests are told of that were still here at the end, and had not said all; where nothing is
/// shown, of all that failed.
const TOLD: usize = 10;

impl Engine {
    /// What is played to a guest has failed: its conversation is over.
    pub(super) fn guest_failed(&mut self, conn: ConnId, name: &str, failure: Failure) {
        self.tell_failed(conn, name, failure);
        self.input(Input::Drive(Drive::Quit).of(conn));
    }

    fn tell_failed(&mut self, conn: ConnId, name: &str, failure: Failure) {
        let (report, blame) = (failure.report.of(name), failure.blame);
        let Some(guests) = &mut self.runners.guests else { return };
        guests.failed(conn, blame);
        let failed = guests.verdict().map_or(0, |(failed, ..)| failed);
        if !self.screen.keeps() {
            self.screen.report(&report);
        } else if failed <= TOLD {
            self.outcome.add(Trouble::Step(Box::new(Failure { report, blame })));
        }
    }

    /// Somebody may have said that no more guests come. Who connected before that is a guest still.
    pub(super) fn see_last_guest(&mut self) {
        if !self.runners.guests.as_ref().is_some_and(|guests| guests.last_is_here()) {
            return;
        }
        self.door.event();
        while self.door.is_ready() && !self.left {
            self.let_in();
        }
        if let Some(failure) = self.runners.guests.as_mut().and_then(|guests| guests.last_came()) {
            self.outcome.add(Trouble::Step(Box::new(failure)));
        }
    }

    /// The conversation with a guest is over.
    pub(super) fn over(&mut self, conn: ConnId, why: Leave) {
        let guests = self.runners.guests.as_mut();
        let Some(over) = guests.and_then(|guests| guests.over(conn)) else { return };
        match (over.failure, why) {
            _ if over.failed => {}
            (Some(failure), _) => self.tell_failed(conn, &over.name, *failure),
            (None, Leave::Broken { peer, how }) => {
                let report = Report::from(Trouble::Broken { peer, how, at: over.running });
                let failure = Failure { report, blame: Blame::Connection };
                self.tell_failed(conn, &over.name, failure);
            }
            (None, _) if over.unread > 0 => {
                let unread = Notice::Unread(over.unread);
                self.screen.notice(&Notice::Told(format!("{}: {unread}", over.name)));
            }
            (None, _) => {}
        }
    }

    /// The session is over, and some guests may still be here.
    pub(super) fn cut_short(&mut self) {
        let Some(guests) = &mut self.runners.guests else { return };
        for (told, (conn, failure)) in guests.cut_short().into_iter().enumerate() {
            let guests = self.runners.guests.as_mut();
            let name = guests.and_then(|guests| guests.name(conn)).unwrap_or_default().to_owned();
            if told < TOLD {
                self.tell_failed(conn, &name, *failure);
            } else if let Some(guests) = &mut self.runners.guests {
                guests.failed(conn, failure.blame);
            }
        }
    }

    /// What the conversations came to.
    pub(super) fn judge_guests(&mut self) {
        let Some(guests) = &self.runners.guests else { return };
        let unplayed = guests.unplayed().filter(|_| self.left);
        let told = |failed| self.screen.keeps() && failed <= TOLD;
        if let Some((failed, of, blame)) = guests.verdict()
            && !told(failed)
        {
            let headline = format!("{failed} of {} failed", count(of as u64, "guest"));
            let failure = Failure { report: Report::new(headline), blame };
            self.outcome.add(Trouble::Step(Box::new(failure)));
        }
        match unplayed {
            Some(unplayed) if guests.stay() => {
                self.screen.notice(&Notice::Told(unplayed.report.headline()));
            }
            Some(unplayed) => self.outcome.add(Trouble::Step(Box::new(unplayed))),
            None => {}
        }
    }
}
