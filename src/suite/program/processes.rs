//! The processes of programs, and ending them.

use std::collections::HashSet;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, getpid, kill_process, kill_process_group,
    test_kill_process_group, waitid, waitpid,
};

use super::table::{self, Process};

/// The variable of the environment by which a program's processes are known, wherever they went.
const MARK: &str = "CHAT_REPL_PROGRAM";

/// In what wait(2) tells: the process left a core file.
const DUMPED: i32 = 0x80;

/// How long processes have to end by themselves.
const GRACE: Duration = Duration::from_secs(2);

/// How long it is waited for what was killed: the system needs no more than a moment.
const KILLED: Duration = Duration::from_secs(5);

/// How soon is looked whether they have; then less and less often.
const FIRST_LOOK: Duration = Duration::from_millis(1);

/// How often is looked in the end.
const LOOK: Duration = Duration::from_millis(20);

/// What all programs of a run know of each other's processes.
#[derive(Debug)]
pub(super) struct Family {
    /// Children that we had before there was a program.
    bystanders: Vec<Pid>,
    leaders: Mutex<Vec<Leader>>,
    /// The processes that were asked to end, whichever program they were taken for.
    asked: Mutex<HashSet<Process>>,
    /// There is no time to let processes end by themselves.
    hurry: AtomicBool,
}

/// A process that was started as a program of the run.
#[derive(Debug)]
struct Leader {
    process: Process,
    stopping: bool,
}

impl Family {
    /// No program yet. From here on processes that lose their parents become ours, where the system
    /// can do that: so they can be found, and waited for.
    pub(super) fn new() -> Family {
        let all = table::all().unwrap_or_default();
        let ours = all.iter().filter(|process| process.parent == Some(getpid()));
        #[cfg(target_os = "linux")]
        rustix::process::set_child_subreaper(Some(getpid())).ok();
        Family {
            bystanders: ours.map(|process| process.pid).collect(),
            leaders: Mutex::default(),
            asked: Mutex::default(),
            hurry: AtomicBool::new(false),
        }
    }

    /// From now on processes are killed without being asked.
    pub(super) fn hurry(&self) {
        self.hurry.store(true, Ordering::SeqCst);
    }

    /// Sends a signal to a process; SIGTERM once, since many take a second one as an order to leave
    /// everything as it lies.
    fn signal(&self, process: &Process, signal: Signal) {
        if signal != Signal::TERM || lock(&self.asked).insert(*process) {
            kill_process(process.pid, signal).ok(); // one that is gone needs none
        }
    }

    /// All processes there are, if the system tells. No program is started meanwhile.
    fn look(&self) -> Option<Look<'_>> {
        let leaders = lock(&self.leaders);
        Some(Look { all: table::all()?, bystanders: &self.bystanders, leaders })
    }
}

/// The processes of an instant.
struct Look<'a> {
    all: Vec<Process>,
    bystanders: &'a [Pid],
    leaders: MutexGuard<'a, Vec<Leader>>,
}

impl Look<'_> {
    /// Whether a process was left to us by a parent that has ended.
    fn is_orphan(&self, process: &Process) -> bool {
        process.parent == Some(getpid())
            && !self.bystanders.contains(&process.pid)
            && self.leaders.iter().all(|leader| leader.process.pid != process.pid)
    }

    /// Whether a process is too old to come from a program that is to go on, other than that of `own`.
    fn is_left_over(&self, process: &Process, own: Pid) -> bool {
        let running = self.leaders.iter().filter(|leader| !leader.stopping);
        let mut others = running.filter(|leader| leader.process.pid != own);
        others.all(|leader| process.started < leader.process.started)
    }

    /// Whether a process is too old to come from that of `own`.
    fn is_older(&self, process: &Process, own: Pid) -> bool {
        let own = self.leaders.iter().find(|leader| leader.process.pid == own);
        own.is_some_and(|leader| process.started < leader.process.started)
    }
}

/// The processes of one program: the one that was started, and all that come from it.
#[derive(Debug)]
pub(super) struct Processes {
    child: Child,
    leader: Pid,
    mark: String,
    family: Arc<Family>,
    stopped: bool,
}

impl Processes {
    /// Starts a program, which leads a group of its own, and has `mark` in its environment.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn start(
        command: &mut Command,
        mark: &str,
        family: &Arc<Family>,
    ) -> io::Result<Processes> {
        // Nobody is to see it before it is known whose it is.
        let mut leaders = lock(&family.leaders);
        let child = command.env(MARK, mark).process_group(0).spawn()?;
        let leader = Pid::from_child(&child);
        let process = Process::of(leader);
        leaders.extend(process.map(|process| Leader { process, stopping: false }));
        let (mark, family) = (format!("{MARK}={mark}"), Arc::clone(family));
        Ok(Processes { child, leader, mark, family, stopped: false })
    }

    /// The one that was started.
    pub(super) fn leader(&self) -> Pid {
        self.leader
    }

    /// Whether any of them runs. Where the system has no table, only those count that are in the group.
    pub(super) fn are_alive(&mut self) -> bool {
        if let Some(members) = self.members() {
            return !members.is_empty();
        }
        self.child.try_wait().ok();
        test_kill_process_group(self.leader).is_ok()
    }

    /// Whether something runs that may be one of them. A process that was left to us may come from
    /// another program as well, where several run.
    pub(super) fn may_be_alive(&mut self) -> bool {
        let candidate = self.family.look().is_some_and(|look| {
            let is_candidate =
                |process: &Process| look.is_orphan(process) && !look.is_older(process, self.leader);
            look.all.iter().any(|process| !process.is_zombie && is_candidate(process))
        });
        candidate || self.are_alive()
    }

    /// Asks all of them to end, and kills those that do not, at once where `is_urgent` says so.
    pub(super) fn stop(&mut self, is_urgent: &mut dyn FnMut() -> bool) {
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        let mut leaders = lock(&self.family.leaders);
        let own = leaders.iter_mut().filter(|leader| leader.process.pid == self.leader);
        own.for_each(|leader| leader.stopping = true);
        drop(leaders);
        if !self.end_within(GRACE, Signal::TERM, is_urgent) {
            self.end_within(KILLED, Signal::KILL, &mut || false);
        }
        // It was left to be waited for until now, so that nobody else could get its number.
        if wait_status(self.leader, WaitIdOptions::NOHANG).is_some() {
            self.child.wait().ok();
        }
        lock(&self.family.leaders).retain(|leader| leader.process.pid != self.leader);
    }

    /// Whether all of them end within this time, and before it is urgent. Each gets the signal as soon
    /// as it is seen: one may be started, or be left to us, while others end.
    fn end_within(
        &mut self,
        limit: Duration,
        signal: Signal,
        is_urgent: &mut dyn FnMut() -> bool,
    ) -> bool {
        let (deadline, mut look) = (Instant::now() + limit, FIRST_LOOK);
        loop {
            match self.members() {
                Some(members) if members.is_empty() => return true,
                Some(members) => {
                    for process in &members {
                        self.family.signal(process, signal);
                    }
                }
                None if !self.are_alive() => return true,
                None => {
                    kill_process_group(self.leader, signal).ok();
                }
            }
            if is_urgent() {
                self.family.hurry();
            }
            let hurried = signal != Signal::KILL && self.family.hurry.load(Ordering::SeqCst);
            if hurried || Instant::now() > deadline {
                return false;
            }
            thread::sleep(look);
            look = (look * 2).min(LOOK);
        }
    }

    /// Those that run, by the table of the system. Those that have ended and are left to us are waited
    /// for here, or they would stay for ever.
    fn members(&self) -> Option<Vec<Process>> {
        let look = self.family.look()?;
        let roots = look.all.iter().filter(|process| self.is_root(process, &look));
        let mut known: HashSet<Pid> = roots.map(|process| process.pid).collect();
        loop {
            let is_child =
                |process: &&Process| process.parent.is_some_and(|parent| known.contains(&parent));
            let more: HashSet<Pid> =
                look.all.iter().filter(is_child).map(|process| process.pid).collect();
            let before = known.len();
            known.extend(more);
            if known.len() == before {
                break;
            }
        }
        let members = look.all.iter().filter(|process| known.contains(&process.pid));
        let (ended, running): (Vec<Process>, Vec<Process>) =
            members.partition(|process| process.is_zombie);
        for process in ended.iter().filter(|process| look.is_orphan(process)) {
            waitpid(Some(process.pid), WaitOptions::NOHANG).ok();
        }
        Some(running)
    }

    /// Whether a process is one of them whatever its parent.
    fn is_root(&self, process: &Process, look: &Look<'_>) -> bool {
        let is_ours =
            || process.has_variable(&self.mark) || look.is_left_over(process, self.leader);
        process.group == Some(self.leader) || look.is_orphan(process) && is_ours()
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a child of ours has ended, which is left to be waited for.
pub(super) fn wait_status(pid: Pid, options: WaitIdOptions) -> Option<ExitStatus> {
    let options = options | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    let status = loop {
        match waitid(WaitId::Pid(pid), options) {
            Err(Errno::INTR) => {}
            ended => break ended.ok()??,
        }
    };
    let dumped = if status.dumped() { DUMPED } else { 0 };
    let raw = match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => code << 8,
        (None, Some(signal)) => signal | dumped,
        (None, None) => return None,
    };
    Some(ExitStatus::from_raw(raw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_child_has_ended_can_be_asked_again() {
        for (command, told) in [
            ("exit 0", "exit status: 0"),
            ("exit 127", "exit status: 127"),
            ("kill -9 $$", "signal: 9 (SIGKILL)"),
        ] {
            let mut child = Command::new("sh").args(["-c", command]).spawn().unwrap();
            let ended = |options| wait_status(Pid::from_child(&child), options);
            let status = ended(WaitIdOptions::empty()).unwrap();
            assert_eq!(status.to_string(), told);
            assert_eq!(ended(WaitIdOptions::NOHANG), Some(status));
            assert_eq!(child.wait().unwrap(), status);
        }
    }
}
