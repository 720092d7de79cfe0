//! Options of a room.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::Args;
use clap::error::ErrorKind;

use super::refused;
use crate::net::{Address, Network};
use crate::session::Name;
use crate::units::parse_duration;

/// The most guests of a room that has no `--max-guests`: a machine of today holds as many, and more are
/// rather an accident than a meeting.
const GUESTS: usize = 10_000;

/// What a room is like.
#[derive(Debug, Clone, Args)]
pub struct Rooming {
    /// Pass every line of a guest on to all the others, with its name
    #[arg(long, requires = "listen", conflicts_with_all = ["connect", "replay"], help_heading = "Room")]
    pub room: bool,
    /// What we are called in a room: its host, or a guest that asks for it with /nick
    #[arg(long, value_name = "NAME", value_parser = Name::own, help_heading = "Room")]
    pub name: Option<Name>,
    /// How many guests there may be at a time
    #[arg(long, value_name = "N", default_value_t = GUESTS, requires = "room", help_heading = "Room")]
    pub max_guests: usize,
    /// How many lines a second a guest may say in the long run; 1000 at once always pass
    #[arg(long, value_name = "N", requires = "room", help_heading = "Room")]
    pub rate: Option<NonZeroU32>,
    /// Drop a guest that says nothing for so long
    #[arg(long, value_name = "DUR", value_parser = parse_duration, requires = "room", help_heading = "Room")]
    pub idle_timeout: Option<Duration>,
    /// Let in only those who come from these networks; none at all lets nobody in
    #[arg(
        long,
        value_name = "CIDR",
        num_args = 0..,
        value_delimiter = ',',
        requires = "room",
        help_heading = "Room"
    )]
    pub allow: Option<Vec<Network>>,
    /// How many of the last lines a newcomer is told
    #[arg(long, value_name = "N", default_value_t = 0, requires = "room", help_heading = "Room")]
    pub backlog: usize,
}

impl Rooming {
    /// Whether the options go together, and with where it listens, beyond what clap sees.
    ///
    /// # Errors
    /// They do not, as clap tells such things.
    pub(super) fn check(&self, listen: Option<&Address>) -> Result<(), clap::Error> {
        if self.name.is_some() && listen.is_some() && !self.room {
            let said = "--name is for who connects, or the host of a room: listen with --room";
            return Err(refused(ErrorKind::MissingRequiredArgument, said));
        }
        if self.allow.is_some() && listen.is_some_and(|address| address.port().is_none()) {
            let said = "--allow names networks, and a unix socket is in none: its file says who may connect";
            return Err(refused(ErrorKind::ArgumentConflict, said));
        }
        Ok(())
    }
}
