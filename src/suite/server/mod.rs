//! The server that the tests run against.

mod output;
mod place;
mod processes;
mod table;
mod watch;

use std::io;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

pub(super) use output::Position;
pub use place::{Slots, names_port};

use output::Output;
use place::Ports;
use processes::{Family, Processes};
use watch::Watch;

use super::verdict::Excerpt;
use crate::drive::Stop;
use crate::matching::Secrets;
use crate::net::Address;
use crate::units::reason;

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
pub(super) struct Servers {
    plan: ServerPlan,
    /// How long a server has until it must take a connection.
    patience: Duration,
    ports: Mutex<Ports>,
    family: Arc<Family>,
    started: AtomicU32,
}

impl Servers {
    /// None yet.
    pub(super) fn new(plan: ServerPlan, patience: Duration) -> Servers {
        let family = Arc::new(Family::new());
        Servers { plan, patience, ports: Mutex::default(), family, started: AtomicU32::new(0) }
    }

    /// Whether all tests share one.
    pub(super) fn are_shared(&self) -> bool {
        !self.plan.per_test
    }

    /// From now on servers are killed without being asked to end.
    pub(super) fn hurry(&self) {
        self.family.hurry();
    }

    /// Starts one.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn start(&self) -> io::Result<Server> {
        let port = self.ports.lock().unwrap_or_else(PoisonError::into_inner).free()?;
        let folder = tempfile::Builder::new().prefix("chat-repl-").tempdir();
        let folder = folder.map_err(|err| because("no temporary folder", &err))?;
        let slots = Slots::new(port, folder.path(), self.plan.address.as_deref())?;
        let number = self.started.fetch_add(1, Ordering::SeqCst);
        let mark = format!("{}-{number}", std::process::id());
        let (reader, writer) = io::pipe()?;
        let mut command = Command::new("sh");
        command.args(["-c", &slots.fill(&self.plan.command)]).stdin(Stdio::null());
        command.stdout(writer.try_clone()?).stderr(writer);
        let output = Output::read(reader)?;
        let processes = Processes::start(&mut command, &mark, &self.family)
            .map_err(|err| because("no `sh`", &err))?;
        drop(command); // it has the pipe
        let processes = Arc::new(Mutex::new(processes));
        let watch = Watch::start(&processes, self.patience)
            .inspect_err(|_| lock(&processes).stop(&mut || true))?;
        let address = slots.into_address();
        Ok(Server { address, watch, processes, output, _folder: folder })
    }
}

/// A server that runs. Dropped, it is stopped, and all that it has started with it.
#[derive(Debug)]
pub(super) struct Server {
    /// Where it listens.
    pub(super) address: Address,
    watch: Watch,
    processes: Arc<Mutex<Processes>>,
    output: Output,
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
        self.output.position()
    }

    /// What it has written since then, without these secrets. `seems_to_end` says that its end may be
    /// what happened.
    pub(super) fn since(
        &self,
        position: Position,
        seems_to_end: bool,
        secrets: &Secrets,
    ) -> Excerpt {
        let (lines, before) = self.output.since(position, secrets);
        // Who has closed what it writes to is about to end, mostly.
        let ended = self.watch.ended(seems_to_end || self.output.has_ended());
        Excerpt { lines, before, ended }
    }

    /// Stops it, all of it at once where `is_urgent` says so.
    pub(super) fn stop(self, is_urgent: &mut dyn FnMut() -> bool) {
        lock(&self.processes).stop(is_urgent);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        lock(&self.processes).stop(&mut || false);
    }
}

/// An error of the system, and what there is not because of it.
fn because(what: &str, err: &io::Error) -> io::Error {
    io::Error::other(format!("{what}: {}", reason(err)))
}

fn lock(processes: &Mutex<Processes>) -> MutexGuard<'_, Processes> {
    processes.lock().unwrap_or_else(PoisonError::into_inner)
}
