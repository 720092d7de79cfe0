//! What can take over from the steps of a script for a while.

use bytes::Bytes;

use super::{Failure, Unread};
use crate::units::At;

/// Plays one side of a recorded conversation: it says, waits and compares in place of steps.
pub trait Play {
    /// What to do next, given what has come. `ended` tells that the peer will say no more.
    ///
    /// It is asked again after each thing done, and whenever something came or its deadline passed.
    fn advance(&mut self, now: At, unread: &mut Unread, ended: bool) -> Played;

    /// What it is called when it is interrupted or refuses something.
    fn name(&self) -> &str;
}

/// What a [`Play`] wants.
#[derive(Debug)]
pub enum Played {
    /// Send these bytes.
    Say(Bytes),
    /// Half-close.
    Shutdown,
    /// Nothing until more comes, or until then.
    Wait(At),
    /// It has come to its end.
    Done {
        /// How many lines of the peer were as they were to be.
        lines: u64,
        /// The conversation is over with it.
        leave: bool,
    },
    /// It cannot go on.
    Failed(Box<Failure>),
}
