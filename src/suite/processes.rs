//! Ending a server and all that it has started.

use std::fs;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitOptions, kill_process, kill_process_group, test_kill_process_group, waitpgid,
};

/// The variable of the environment by which a server's processes are known, wherever they went.
pub(super) const MARK: &str = "CHAT_REPL_SERVER";

/// How long processes have to end by themselves.
const GRACE: Duration = Duration::from_secs(2);

/// How long it is waited for what was killed: the system needs no more than a moment.
const KILLED: Duration = Duration::from_secs(5);

/// How often is looked whether they have.
const LOOK: Duration = Duration::from_millis(5);

/// There is no time to let processes end by themselves.
static HURRY: AtomicBool = AtomicBool::new(false);

/// From now on processes are killed without being asked.
pub(super) fn hurry() {
    HURRY.store(true, Ordering::SeqCst);
}

/// Has processes that lose their parents become ours, where the system can do that: they are waited for
/// then, and do not stay behind.
pub(super) fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).ok();
}

/// The processes of one server.
#[derive(Debug)]
pub(super) struct Processes {
    child: Child,
    mark: String,
}

impl Processes {
    /// Those of `child`, which leads a group of its own and has `mark` in its environment.
    pub(super) fn new(child: Child, mark: String) -> Processes {
        Processes { child, mark }
    }

    /// How the process that was started has ended, if it has.
    pub(super) fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks all of them to end, and kills those that do not.
    pub(super) fn stop(&mut self) {
        self.signal(Signal::TERM);
        if !self.wait_for(GRACE) {
            self.kill();
        }
    }

    /// Kills all of them.
    pub(super) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.wait_for(KILLED);
    }

    fn group(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.child.id()).ok()?)
    }

    fn signal(&self, signal: Signal) {
        // A process that is gone needs no signal.
        self.group().map(|group| kill_process_group(group, signal).ok());
        for pid in self.strays() {
            kill_process(pid, signal).ok();
        }
    }

    /// Whether all of them have ended within this time.
    fn wait_for(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while self.is_alive() {
            let hurried = limit == GRACE && HURRY.load(Ordering::SeqCst);
            if hurried || Instant::now() > deadline {
                return false;
            }
            thread::sleep(LOOK);
        }
        true
    }

    fn is_alive(&mut self) -> bool {
        if self.ended().is_none() {
            return true;
        }
        let group_lives = self.group().is_some_and(|group| {
            // Those that became our children are to be waited for, or they stay for ever.
            while let Ok(Some(_)) = waitpgid(group, WaitOptions::NOHANG) {}
            test_kill_process_group(group).is_ok()
        });
        group_lives || !self.strays().is_empty()
    }

    /// The processes that have the mark, be they in the group or not. Where there is no `/proc`, there
    /// are none to be found.
    fn strays(&self) -> Vec<Pid> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let marked = format!("{MARK}={}", self.mark).into_bytes();
        let is_marked = |pid: &i32| {
            fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|vars| vars.split(|byte| *byte == 0).any(|var| var == marked))
        };
        pids.filter(is_marked).filter_map(Pid::from_raw).collect()
    }
}
