//! Programs that a run starts: by the shell, what they write kept, ended with all that comes from them.

mod output;
mod place;
mod processes;
mod table;

use std::ffi::OsStr;
use std::io;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use rustix::process::WaitIdOptions;
use tempfile::TempDir;

pub(super) use output::Position;
pub(super) use place::Ports;
pub use place::{Slots, names_port};

use output::Output;
use processes::{Family, Processes, wait_status};

use crate::matching::Secrets;
use crate::units::reason;

/// Starts the programs of a run.
#[derive(Debug)]
pub(super) struct Programs {
    /// There since the first of them was started.
    family: OnceLock<Arc<Family>>,
    started: AtomicU32,
}

impl Programs {
    /// None yet.
    pub(super) fn new() -> Programs {
        Programs { family: OnceLock::new(), started: AtomicU32::new(0) }
    }

    /// From now on programs are killed without being asked to end.
    pub(super) fn hurry(&self) {
        if let Some(family) = self.family.get() {
            family.hurry();
        }
    }

    fn family(&self) -> &Arc<Family> {
        self.family.get_or_init(|| Arc::new(Family::new()))
    }

    /// Starts one, by a command for the shell, with these variables in its environment besides ours.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn start(&self, command: &str, variables: &[(&str, &OsStr)]) -> io::Result<Program> {
        let number = self.started.fetch_add(1, Ordering::SeqCst);
        let mark = format!("{}-{number}", std::process::id());
        let (reader, writer) = io::pipe()?;
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).envs(variables.iter().copied()).stdin(Stdio::null());
        shell.stdout(writer.try_clone()?).stderr(writer);
        let output = Output::read(reader)?;
        let processes = Processes::start(&mut shell, &mark, self.family())
            .map_err(|err| because("no `sh`", &err))?;
        Ok(Program { processes: Arc::new(Mutex::new(processes)), output })
    }
}

/// A program that runs. Dropped, it is stopped, and all that it has started with it.
#[derive(Debug)]
pub(super) struct Program {
    processes: Arc<Mutex<Processes>>,
    output: Output,
}

impl Program {
    /// Waits on a thread of its own for the end of the process that was started, and then does this:
    /// it is told how it ended, and whether something else runs that may come from it.
    ///
    /// # Errors
    /// There is no thread.
    pub(super) fn when_ended(
        &self,
        then: impl FnOnce(ExitStatus, &mut dyn FnMut() -> bool) + Send + 'static,
    ) -> io::Result<()> {
        let processes = Arc::clone(&self.processes);
        let leader = lock(&processes).leader();
        thread::Builder::new().spawn(move || {
            if let Some(status) = wait_status(leader, WaitIdOptions::empty()) {
                then(status, &mut || lock(&processes).may_be_alive());
            }
        })?;
        Ok(())
    }

    /// Where its output stands now.
    pub(super) fn position(&self) -> Position {
        self.output.position()
    }

    /// Whether nobody writes to its output any more.
    pub(super) fn is_silent(&self) -> bool {
        self.output.has_ended()
    }

    /// The last lines that were written since then, without these secrets, and how many stand before
    /// them.
    pub(super) fn since(&self, position: Position, secrets: &Secrets) -> (Vec<String>, u64) {
        self.output.since(position, secrets)
    }

    /// Stops it, all of it at once where `is_urgent` says so.
    pub(super) fn stop(&self, is_urgent: &mut dyn FnMut() -> bool) {
        lock(&self.processes).stop(is_urgent);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.stop(&mut || false);
    }
}

/// An empty folder for a program, removed when it is dropped.
///
/// # Errors
/// The system refuses.
pub(super) fn folder() -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix("chat-repl-").tempdir();
    folder.map_err(|err| because("no temporary folder", &err))
}

/// An error of the system, and what there is not because of it.
fn because(what: &str, err: &io::Error) -> io::Error {
    io::Error::other(format!("{what}: {}", reason(err)))
}

fn lock(processes: &Mutex<Processes>) -> MutexGuard<'_, Processes> {
    processes.lock().unwrap_or_else(PoisonError::into_inner)
}
