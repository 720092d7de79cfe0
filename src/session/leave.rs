//! When the session is over.

use std::time::Duration;

use super::{Drive, Ending};
use crate::units::At;

/// Why the session is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leave {
    /// All that was asked for happened.
    Done,
    /// Our side had ended, and for so long nothing more came, nor was anything taken that we had said.
    Lingered(Duration),
    /// A connection broke.
    Broken {
        /// Whose: its name or, at the connecting side, its address.
        peer: String,
        /// How.
        how: Ending,
    },
}

/// What decides it.
#[derive(Debug)]
pub(super) struct Leaving {
    listener: bool,
    stay: bool,
    linger: Duration,
    drive: Drive,
    opened: bool,
    active: At,
    broken: Option<Leave>,
}

impl Leaving {
    pub(super) fn new(listener: bool, stay: bool, linger: Duration) -> Self {
        Leaving {
            listener,
            stay,
            linger,
            drive: Drive::Running,
            opened: false,
            active: At::START,
            broken: None,
        }
    }

    pub(super) fn drive(&mut self, now: At, drive: Drive) {
        self.drive = drive;
        self.active = now;
    }

    pub(super) fn opened(&mut self, now: At) {
        self.opened = true;
        self.active = now;
    }

    /// Something came, or was taken: lingering begins anew. So it begins when our last words are out,
    /// and a peer that takes nothing does not hold us.
    pub(super) fn stirred(&mut self, now: At) {
        self.active = now;
    }

    pub(super) fn broke(&mut self, peer: &str, how: &Ending) {
        if !matches!(how, Ending::Slow | Ending::Idle | Ending::Kicked(_)) {
            self.broken.get_or_insert(Leave::Broken { peer: peer.to_owned(), how: how.clone() });
        }
    }

    /// Whether our side has said all that it will say.
    pub(super) fn has_ended(&self) -> bool {
        self.drive == Drive::Ended
    }

    /// Whether it is time to leave. `talking` is how many peers may still say something; while we are
    /// `deaf`, that nothing comes tells nothing.
    pub(super) fn decide(&self, now: At, talking: usize, deaf: bool) -> Option<Leave> {
        if self.drive == Drive::Quit {
            return Some(Leave::Done);
        }
        if self.listener && self.stay || !self.opened {
            return None;
        }
        if !self.listener && talking == 0 && self.broken.is_some() {
            return self.broken.clone();
        }
        if talking == 0 && (self.has_ended() || !self.listener && self.drive == Drive::Idle) {
            return Some(self.broken.clone().unwrap_or(Leave::Done));
        }
        let lingered = self.broken.clone().unwrap_or(Leave::Lingered(self.linger));
        (self.deadline(deaf)? <= now).then_some(lingered)
    }

    /// When lingering is over, if nothing comes before.
    pub(super) fn deadline(&self, deaf: bool) -> Option<At> {
        let stays = self.listener && self.stay;
        (self.has_ended() && self.opened && !stays && !deaf).then(|| self.active + self.linger)
    }
}
