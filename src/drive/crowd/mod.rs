//! Many clients of ours: each plays a transcript or a script with a server, again and again, each time on a
//! new conn.
//!
//! Nobody looks on and nothing is kept, so there is no session here, no screen and no recording: a conn is
//! read, what came is compared, and what comes next is said, all in one go. What else a conversation needs
//! is the same as everywhere: [`Dialer`](crate::net::Dialer) and [`Conn`](crate::net::Conn), the
//! [`Runner`](crate::script::Runner) of a script, the player of a replay. One thread has as many clients as
//! it is given; a [`Gauge`] hears what becomes of them.

mod alarm;
mod client;
mod herd;
mod pace;
mod spoken;
mod talk;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::Dialing;
use crate::command::{Command, ConnCommand, KeepCommand};
use crate::net::Address;
use crate::replay::Score;
use crate::script::{Place, RunnerOptions, Step, What};
use crate::units::At;

pub use herd::attend;
pub use pace::Pacing;

/// What clients do, and with whom. All of them share it.
#[derive(Debug, Clone)]
pub struct Crowd {
    /// Where the server is.
    pub address: Address,
    /// What its name was found to be.
    pub found: Option<Arc<[SocketAddr]>>,
    /// How they connect.
    pub dialing: Dialing,
    /// What each of them plays.
    pub piece: Piece,
    /// How steps are run, and what variables there are besides `client` and `iter`.
    pub runner: RunnerOptions,
    /// Half-close when all was said.
    pub half_close: bool,
    /// How long to wait for the server to close after that.
    pub linger: Duration,
    /// How many times each plays it; without it, until the time is over.
    pub times: Option<u64>,
    /// When the time is over.
    pub until: Option<At>,
    /// How many there are, and when they do what.
    pub pacing: Pacing,
}

/// What a client plays.
#[derive(Debug, Clone)]
pub enum Piece {
    /// The client's side of a transcript.
    Transcript(Score),
    /// The steps of a script.
    Script(Arc<[Step]>),
}

/// Hears what becomes of clients.
pub trait Gauge {
    /// A client begins a session: it asks for its conn.
    fn began(&mut self);
    /// It has its conn, after so long; with TLS, after the handshake.
    fn connected(&mut self, took: Duration);
    /// A turn ended then, with the reply that it should have. `response` counts from the moment when it was
    /// to begin, `service` from when it did.
    fn turn(&mut self, at: At, response: Duration, service: Duration);
    /// So many bytes were said.
    fn said(&mut self, bytes: &[u8]);
    /// These bytes came.
    fn heard(&mut self, bytes: &[u8]);
    /// A session that began has ended. A failed one has a reason in one line, and one that is told whole.
    fn ended(&mut self, at: At, how: Outcome, why: Option<(&str, &dyn Fn() -> String)>);
    /// Some time has passed, and others may be told.
    fn look(&mut self, now: At);
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All was said, and all replies were as they should be.
    Ok,
    /// A reply was another than it should be.
    Mismatched,
    /// A reply did not come in time, or the conn.
    TimedOut,
    /// There was no conn: refused, or not secure.
    Refused,
    /// The conn broke, or the server closed it too early.
    Closed,
}

impl Outcome {
    /// All there are.
    pub const ALL: [Outcome; 5] =
        [Outcome::Ok, Outcome::Mismatched, Outcome::TimedOut, Outcome::Refused, Outcome::Closed];
}

/// The first step that no client of a crowd can do, and why.
#[must_use]
pub fn undoable(steps: &[Step]) -> Option<(Place, &'static str)> {
    steps.iter().find_map(|step| {
        let What::Command(command, line) = &step.what else { return None };
        let why = match &**command {
            Command::Conn(ConnCommand::Open { .. }) => "each of many clients has one conn",
            Command::Conn(ConnCommand::StartTls) => "write `tls:` before the address",
            Command::Conn(ConnCommand::Accept(_) | ConnCommand::Kick { .. }) => {
                "clients have no guests"
            }
            Command::Keep(KeepCommand::Save { .. }) => "nothing is kept of what many clients say",
            Command::Keep(KeepCommand::Replay { .. }) => "the transcript itself can be played",
            _ => return None,
        };
        Some((step.place(0..line.len()), why))
    })
}
