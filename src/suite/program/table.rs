//! The table of processes, as Linux tells it.

use std::fs;
use std::hash::{Hash, Hasher};

use rustix::process::Pid;

/// A process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Process {
    /// Its number.
    pub(super) pid: Pid,
    /// Who started it; who adopted it, where that one is gone.
    pub(super) parent: Option<Pid>,
    /// Its process group.
    pub(super) group: Option<Pid>,
    /// It has ended, and nobody has asked yet how.
    pub(super) is_zombie: bool,
    /// When it was started, in ticks of the system since that was.
    pub(super) started: u64,
}

/// Numbers are given again: a process is known by when it was started, too.
impl PartialEq for Process {
    fn eq(&self, other: &Process) -> bool {
        (self.pid, self.started) == (other.pid, other.started)
    }
}

impl Eq for Process {}

impl Hash for Process {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.pid, self.started).hash(state);
    }
}

impl Process {
    /// The process of this number.
    pub(super) fn of(pid: Pid) -> Option<Process> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        parse(&String::from_utf8_lossy(&stat))
    }

    /// Whether its environment has this `NAME=VALUE`. Many a program writes its title over that.
    pub(super) fn has_variable(&self, variable: &str) -> bool {
        fs::read(format!("/proc/{}/environ", self.pid)).is_ok_and(|variables| {
            variables.split(|byte| *byte == 0).any(|found| found == variable.as_bytes())
        })
    }
}

/// All processes; `None` where the system has no such table.
pub(super) fn all() -> Option<Vec<Process>> {
    let entries = fs::read_dir("/proc").ok()?;
    let pids = entries.flatten().filter_map(|entry| pid(entry.file_name().to_str()?));
    let found: Vec<Process> = pids.filter_map(Process::of).collect();
    // Elsewhere something else may stand there.
    (!found.is_empty()).then_some(found)
}

/// A number that is that of a process: 0 and -1 stand for none.
fn pid(text: &str) -> Option<Pid> {
    text.parse().ok().filter(|raw| *raw > 0).and_then(Pid::from_raw)
}

/// A line of `/proc/PID/stat`, as proc(5) has it.
fn parse(stat: &str) -> Option<Process> {
    let (number, rest) = stat.split_once(" (")?;
    // What is in between is its name, which may have any characters.
    let (_, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let pid_at = |index: usize| fields.get(index).and_then(|field| pid(field));
    Some(Process {
        pid: pid(number)?,
        parent: pid_at(1),
        group: pid_at(2),
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        started: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_more_fields() {
        let stat = "42 (a) Z 1 (b)) S 7 42 42 0 -1 4194560 1 2 0 0 0 0 0 0 20 0 1 0 12345 0 0\n";
        let pid = |raw| Pid::from_raw(raw);
        let process = parse(stat).unwrap();
        assert_eq!((Some(process.pid), process.parent, process.group), (pid(42), pid(7), pid(42)));
        assert_eq!((process.is_zombie, process.started), (false, 12345));
        assert!(parse("42 (sh) Z 7 42").is_none());
        // It has been waited for in this moment.
        let gone = parse(&stat.replace("S 7 42 42", "X 0 -1 -1")).unwrap();
        assert_eq!((gone.parent, gone.group, gone.is_zombie), (None, None, true));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_in_the_table() {
        let own = rustix::process::getpid();
        let found = all().unwrap().into_iter().find(|process| process.pid == own).unwrap();
        assert_eq!(found.parent, rustix::process::getppid());
        assert!(!found.is_zombie && found.started > 0);
        assert!(!found.has_variable("CHAT_REPL_NO_SUCH_VARIABLE=1"));
    }
}
