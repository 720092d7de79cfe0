//! The server that the tests run against.

mod watch;

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use watch::Watch;

use super::program::{self, Ports, Position, Program, Programs, Slots};
use super::verdict::Excerpt;
use crate::drive::Stop;
use crate::matching::Secrets;
use crate::net::Address;
use crate::wire::Side;

/// How to start the server.
#[derive(Debug, Clone)]
pub struct ServerPlan {
    /// A command for the shell, with [`Slots`] to fill.
    pub command: String,
    /// Where it listens, with slots as well; without it at 127.0.0.1 and the port.
    pub address: Option<String>,
    /// Each test has one of its own.
    pub per_test: bool,
}

/// Starts the servers of a run.
#[derive(Debug)]
pub(super) struct Servers<'a> {
    plan: &'a ServerPlan,
    programs: &'a Programs,
    /// How long a server has until it must take a connection.
    patience: Duration,
    ports: Mutex<Ports>,
}

impl Servers<'_> {
    /// None yet.
    pub(super) fn new<'a>(
        plan: &'a ServerPlan,
        programs: &'a Programs,
        patience: Duration,
    ) -> Servers<'a> {
        Servers { plan, programs, patience, ports: Mutex::default() }
    }

    /// Whether all tests share one.
    pub(super) fn are_shared(&self) -> bool {
        !self.plan.per_test
    }

    /// Starts one.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn start(&self) -> io::Result<Server> {
        let port = self.ports.lock().unwrap_or_else(PoisonError::into_inner).free()?;
        let folder = program::folder()?;
        let slots = Slots::new(port, folder.path(), self.plan.address.as_deref())?;
        let program = self.programs.start(&slots.fill(&self.plan.command), &[])?;
        let watch = Watch::start(&program, self.patience)?;
        Ok(Server { address: slots.into_address(), watch, program, _folder: folder })
    }
}

/// A server that runs. Dropped, it is stopped, and all that it has started with it.
#[derive(Debug)]
pub(super) struct Server {
    /// Where it listens.
    pub(super) address: Address,
    watch: Watch,
    program: Program,
    /// Removed when the server is gone.
    _folder: TempDir,
}

impl Server {
    /// How long a connection to it is tried again.
    pub(super) fn retry(&self) -> Duration {
        self.watch.retry()
    }

    /// Ends sessions that try in vain to connect to it.
    pub(super) fn gone(&self) -> Stop {
        self.watch.gone()
    }

    /// Set when a connection to it stands.
    pub(super) fn ready(&self) -> &Arc<AtomicBool> {
        self.watch.ready()
    }

    /// Whether a connection to it has stood.
    pub(super) fn was_ready(&self) -> bool {
        self.watch.was_ready()
    }

    /// A connection was tried for as long as it had, and none has stood.
    pub(super) fn give_up(&self) {
        self.watch.give_up();
    }

    /// Why no test can be connected to it any more, if none can.
    pub(super) fn is_gone(&self) -> Option<String> {
        self.watch.is_gone()
    }

    /// Where its output stands now.
    pub(super) fn position(&self) -> Position {
        self.program.position()
    }

    /// What it has written since then, without these secrets. `seems_to_end` says that its end may be
    /// what happened.
    pub(super) fn since(
        &self,
        position: Position,
        seems_to_end: bool,
        secrets: &Secrets,
    ) -> Excerpt {
        let (lines, before) = self.program.since(position, secrets);
        // Who has closed what it writes to is about to end, mostly.
        let ended = self.watch.ended(seems_to_end || self.program.is_silent());
        Excerpt { of: Side::Server, lines, before, ended }
    }

    /// Stops it, all of it at once where `is_urgent` says so.
    pub(super) fn stop(self, is_urgent: &mut dyn FnMut() -> bool) {
        self.program.stop(is_urgent);
    }
}
