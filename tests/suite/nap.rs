//! Processes that can be told from all others.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// How long the processes of a server or client sleep, as no other process does: by that they are found.
pub(super) struct Nap(String);

impl Display for Nap {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Nap {
    pub(super) fn new() -> Nap {
        static NAPS: AtomicU32 = AtomicU32::new(0);
        let number = NAPS.fetch_add(1, Ordering::SeqCst);
        Nap(format!("9{:07}.{number:03}7", std::process::id()))
    }

    /// The processes that sleep so long, or are to.
    pub(super) fn sleepers(&self) -> Vec<String> {
        let all = if cfg!(target_os = "linux") { in_proc() } else { told_by_ps() };
        all.into_iter().filter(|command| command.contains(&self.0)).collect()
    }
}

/// The command line of each process.
fn in_proc() -> Vec<String> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let command_lines = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    command_lines.map(|words| String::from_utf8_lossy(&words).replace('\0', " ")).collect()
}

/// The same where there is no `/proc`.
fn told_by_ps() -> Vec<String> {
    let told = Command::new("ps").args(["-A", "-ww", "-o", "args="]).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8_lossy(&told.stdout).lines().map(|line| line.trim().to_owned()).collect()
}
