//! What the command line says about a room.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::Name;

/// What the command line says about a room.
#[derive(Debug)]
pub struct RoomOptions {
    /// What the host is called.
    pub name: Name,
    /// The host is a person, who is there from the start. A script joins when it first says something.
    pub attended: bool,
    /// The longest line that is passed on, in bytes.
    pub max_line: usize,
    /// Remove telnet negotiation from what guests say.
    pub telnet: bool,
    /// What may wait to be sent to one guest, in bytes.
    pub outbox: usize,
    /// How many guests there may be at a time.
    pub max_guests: usize,
    /// How many lines a second a guest may say in the long run.
    pub rate: Option<NonZeroU32>,
    /// How long a guest may say nothing.
    pub idle_timeout: Option<Duration>,
    /// How many lines of what was said a newcomer is told.
    pub backlog: usize,
    /// Who is let in.
    pub admits: Admits,
}

/// Who is let in, by address.
pub struct Admits(Box<dyn Fn(&str) -> bool>);

impl Admits {
    /// Whoever comes from an address for which `admits` holds.
    #[must_use]
    pub fn only(admits: impl Fn(&str) -> bool + 'static) -> Admits {
        Admits(Box::new(admits))
    }

    /// Whether somebody who comes from there is.
    pub(super) fn holds(&self, addr: &str) -> bool {
        (self.0)(addr)
    }
}

impl Default for Admits {
    /// Everybody.
    fn default() -> Self {
        Admits::only(|_| true)
    }
}

impl fmt::Debug for Admits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Admits")
    }
}
