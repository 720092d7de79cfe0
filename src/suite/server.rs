//! The server that the tests run against.

use std::collections::HashSet;
use std::io;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::output::Output;
use super::processes::{MARK, Processes};
use super::verdict::Excerpt;
use crate::drive::Stop;
use crate::net::Address;

/// How to start the server.
#[derive(Debug, Clone)]
pub struct ServerPlan {
    /// A command for the shell, in which `${port}` and `${addr}` stand for a free port.
    pub command: String,
    /// Where it listens, if not at that port.
    pub address: Option<Address>,
    /// Each test has one of its own.
    pub per_test: bool,
    /// How long it has until it must take a connection.
    pub start: Duration,
}

/// Whether a command says at which port the server is to listen.
#[must_use]
pub fn names_port(command: &str) -> bool {
    command.contains(PORT) || command.contains(ADDR)
}

const PORT: &str = "${port}";
const ADDR: &str = "${addr}";

/// Ports that were given out: never one twice, since its server may not be done with it.
static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// How many servers were started.
static STARTED: AtomicU32 = AtomicU32::new(0);

/// A server that runs. Dropped, it is stopped, and all that it has started with it.
#[derive(Debug)]
pub(super) struct Server {
    /// Where it listens.
    pub(super) address: Address,
    /// Ends sessions that try to connect to it in vain.
    pub(super) gone: Stop,
    processes: Arc<Mutex<Processes>>,
    output: Output,
    /// A connection to it has stood.
    ready: Arc<AtomicBool>,
    start: Duration,
}

impl Server {
    /// Starts one.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn start(plan: &ServerPlan) -> io::Result<Server> {
        let port = free_port()?;
        let command = plan.command.replace(PORT, &port.to_string());
        let command = command.replace(ADDR, &format!("127.0.0.1:{port}"));
        let own = Address::Tcp { host: Some("127.0.0.1".to_owned()), port };
        let mark = format!("{}-{}", std::process::id(), STARTED.fetch_add(1, Ordering::SeqCst));
        let (reader, writer) = io::pipe()?;
        let child = Command::new("sh")
            .args(["-c", &command])
            .env(MARK, &mark)
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .spawn()?;
        let processes = Arc::new(Mutex::new(Processes::new(child, mark)));
        let (ready, gone) = (Arc::new(AtomicBool::new(false)), Stop::default());
        let watch = (Arc::clone(&processes), Arc::clone(&ready), gone.clone());
        let output = Output::read(reader, move || watch_end(&watch.0, &watch.1, &watch.2));
        let address = plan.address.clone().unwrap_or(own);
        Ok(Server { address, gone, processes, output, ready, start: plan.start })
    }

    /// How long a connection to it is tried again.
    pub(super) fn retry(&self) -> Duration {
        if self.ready.load(Ordering::SeqCst) { Duration::ZERO } else { self.start }
    }

    /// A connection to it has stood.
    pub(super) fn is_ready(&self) {
        self.ready.store(true, Ordering::SeqCst);
    }

    /// Whether it has ended in a way that says that nothing of it runs any more: one that has gone to
    /// the background ends well.
    pub(super) fn has_failed(&self) -> bool {
        lock(&self.processes).ended().is_some_and(|status| !status.success())
    }

    /// How it has ended, if it has.
    pub(super) fn ended(&self) -> Option<String> {
        lock(&self.processes).ended().map(|status| status.to_string())
    }

    /// Where its output stands now.
    pub(super) fn position(&self) -> u64 {
        self.output.position()
    }

    /// What it has written since then.
    pub(super) fn since(&self, position: u64) -> Excerpt {
        let (lines, before) = self.output.since(position);
        Excerpt { lines, before, ended: self.ended() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        lock(&self.processes).stop();
    }
}

/// All of a server's output has been read: it has ended, or will in a moment. Whoever waits for it to
/// listen waits in vain, unless it has gone to the background.
fn watch_end(processes: &Mutex<Processes>, ready: &AtomicBool, gone: &Stop) {
    for _ in 0..1000 {
        match lock(processes).ended() {
            Some(status) if status.success() || ready.load(Ordering::SeqCst) => return,
            Some(_) => return gone.ask(),
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

fn lock(processes: &Mutex<Processes>) -> MutexGuard<'_, Processes> {
    processes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A port that nobody listens at, and that was not given out before.
fn free_port() -> io::Result<u16> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_with(HashSet::new);
    let mut held = Vec::new();
    loop {
        // Held until another is found: the system would give out the same again.
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        if given.insert(port) {
            return Ok(port);
        }
        held.push(listener);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_out_twice() {
        let ports: HashSet<u16> = (0..200).map(|_| free_port().unwrap()).collect();
        assert_eq!(ports.len(), 200);
    }

    #[test]
    fn a_command_names_its_port_or_its_address() {
        assert!(names_port("serve --port ${port}") && names_port("serve ${addr}"));
        assert!(!names_port("serve $port"));
    }
}
