//! A program that runs: the one under test, or a peer of it.

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

use memchr::memmem;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tempfile::TempDir;

use super::DEADLINE;
use super::ends::{Gathered, fail};

/// A program that was started. Dropped, it is killed and waited for.
pub(crate) struct Running {
    child: Child,
    label: String,
    /// To the thread that writes to its standard input, so that a full pipe never blocks the test.
    stdin: Option<mpsc::Sender<Vec<u8>>>,
    stdout: Arc<Gathered>,
    stderr: Arc<Gathered>,
    /// Removed when the program has gone.
    _home: Option<TempDir>,
}

/// What a program left when it ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Its exit status.
    pub(crate) status: ExitStatus,
    /// All of its standard output.
    pub(crate) stdout: Vec<u8>,
    /// All of its standard error.
    pub(crate) stderr: String,
}

impl Running {
    /// Starts a program with its standard streams piped, standard input only where none is given.
    /// Its `home` is kept as long as it runs.
    #[track_caller]
    pub(crate) fn start(
        mut command: Command,
        stdin: Option<Stdio>,
        home: Option<TempDir>,
    ) -> Running {
        let program = command.get_program();
        let label = Path::new(program).file_name().unwrap_or(program);
        let label = label.to_string_lossy().into_owned();
        command.stdin(stdin.unwrap_or_else(Stdio::piped));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let spawned = command.spawn();
        let mut child = spawned.unwrap_or_else(|error| fail(&format!("{label}: {error}")));
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        Running {
            stdin: child.stdin.take().map(writer),
            stdout: Gathered::from(format!("stdout of {label}"), stdout),
            stderr: Gathered::from(format!("stderr of {label}"), stderr),
            child,
            label,
            _home: home,
        }
    }

    /// Writes to its standard input, as soon as it reads.
    #[track_caller]
    pub(crate) fn write(&self, bytes: impl AsRef<[u8]>) {
        let sent = self.stdin.as_ref().map(|stdin| stdin.send(bytes.as_ref().to_vec()));
        assert!(sent.is_some(), "standard input of {} is closed", self.label);
    }

    /// Closes its standard input, after what was written.
    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Waits for these bytes on its standard output.
    #[track_caller]
    pub(crate) fn wait_stdout(&self, bytes: impl AsRef<[u8]>) {
        self.stdout.wait_for(bytes.as_ref());
    }

    /// Waits for a whole line of its standard output that begins so: the first such line.
    #[track_caller]
    pub(crate) fn wait_stdout_line(&self, prefix: &str) -> String {
        wait_line(&self.stdout, prefix, |line| line.starts_with(prefix.as_bytes()))
    }

    /// All of its standard output so far.
    pub(crate) fn stdout_so_far(&self) -> Vec<u8> {
        self.stdout.bytes()
    }

    /// All of its standard error so far.
    pub(crate) fn stderr_so_far(&self) -> String {
        String::from_utf8_lossy(&self.stderr.bytes()).into_owned()
    }

    /// Waits until it says these bytes on its standard output, or ends; whether it said them.
    #[track_caller]
    pub(crate) fn says_on_stdout(&self, bytes: impl AsRef<[u8]>) -> bool {
        self.stdout.says(bytes.as_ref())
    }

    /// Waits until it says these bytes on its standard error, or ends; whether it said them.
    #[track_caller]
    pub(crate) fn says_on_stderr(&self, bytes: impl AsRef<[u8]>) -> bool {
        self.stderr.says(bytes.as_ref())
    }

    /// Waits for a whole line of its standard error that begins so: the first such line.
    #[track_caller]
    pub(crate) fn wait_stderr_line(&self, prefix: &str) -> String {
        self.wait_stderr(prefix, |line| line.starts_with(prefix.as_bytes()))
    }

    /// Waits for a whole line of its standard error that begins so, and does not go on like this.
    #[track_caller]
    pub(crate) fn wait_stderr_line_but(&self, prefix: &str, rest: &str) -> String {
        let is_it = |line: &[u8]| {
            line.strip_prefix(prefix.as_bytes()).is_some_and(|line| line != rest.as_bytes())
        };
        self.wait_stderr(prefix, is_it)
    }

    /// Waits for a whole line of its standard error that has this in it: the first such line.
    #[track_caller]
    pub(crate) fn wait_stderr_containing(&self, part: &str) -> String {
        self.wait_stderr(part, |line| memmem::find(line, part.as_bytes()).is_some())
    }

    #[track_caller]
    fn wait_stderr(&self, awaited: &str, is_it: impl Fn(&[u8]) -> bool) -> String {
        wait_line(&self.stderr, awaited, is_it)
    }

    /// Waits for its first `-- listening on ADDR`; the address.
    #[track_caller]
    pub(crate) fn listening_addr(&self) -> String {
        let notice = "-- listening on ";
        self.wait_stderr_line(notice).split_off(notice.len())
    }

    /// The most memory that it has held so far, in bytes.
    pub(crate) fn peak_memory(&self) -> usize {
        peak_memory(self.child.id())
    }

    /// How many descriptors it has open, and how many threads.
    #[cfg(target_os = "linux")]
    pub(crate) fn holds(&self) -> (usize, usize) {
        let count = |what| {
            let entries = std::fs::read_dir(format!("/proc/{}/{what}", self.child.id()));
            entries.expect("it runs").count()
        };
        (count("fd"), count("task"))
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        // It has not been waited for, so its number is still its own.
        kill_process(Pid::from_child(&self.child), signal).expect("it can be signalled");
    }

    /// Kills it, with no chance to save anything, and waits until it has gone.
    #[track_caller]
    pub(crate) fn kill(self) -> Finished {
        self.signal(Signal::KILL);
        self.wait()
    }

    /// Asks it to end, and waits until it has, but no longer than anything may take.
    pub(crate) fn terminate(&self) {
        self.signal(Signal::TERM);
        self.exits_in_time();
    }

    /// Waits until it ends by itself. Its standard input stays as it is.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Finished {
        self.wait_exit();
        let status = self.child.wait().expect("it is ours to wait for");
        Finished {
            status,
            stdout: self.stdout.wait_end(),
            stderr: String::from_utf8_lossy(&self.stderr.wait_end()).into_owned(),
        }
    }

    #[track_caller]
    fn wait_exit(&self) {
        if !self.exits_in_time() {
            fail(&format!("{} still ran after {DEADLINE:?}", self.label));
        }
    }

    /// Waits until it can be waited for, which leaves its number its own; whether it came so far.
    fn exits_in_time(&self) -> bool {
        let pid = Pid::from_child(&self.child);
        let (ended, end) = mpsc::channel::<()>();
        thread::spawn(move || {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while matches!(waitid(WaitId::Pid(pid), options), Err(Errno::INTR)) {}
            drop(ended);
        });
        end.recv_timeout(DEADLINE) != Err(RecvTimeoutError::Timeout)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only where it has been waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Finished {
    /// As `std` has it.
    pub(crate) fn into_output(self) -> Output {
        Output { status: self.status, stdout: self.stdout, stderr: self.stderr.into_bytes() }
    }

    /// Asserts its exit status.
    #[track_caller]
    pub(crate) fn exited(self, code: i32) -> Finished {
        if self.status.code() != Some(code) {
            let (stdout, stderr) = (self.stdout.escape_ascii(), &self.stderr);
            fail(&format!("{}, not {code}\nstdout: {stdout}\nstderr:\n{stderr}", self.status));
        }
        self
    }
}

/// Waits for a whole line of what is said.
#[track_caller]
fn wait_line(said: &Gathered, awaited: &str, is_it: impl Fn(&[u8]) -> bool) -> String {
    said.wait_until(&format!("`{awaited}`"), |said| {
        let lines = said.split_inclusive(|&byte| byte == b'\n');
        let mut whole = lines.filter_map(|line| line.strip_suffix(b"\n"));
        let line = whole.find(|line| is_it(line))?;
        Some(String::from_utf8_lossy(line).into_owned())
    })
}

/// The most memory that a process has held so far, in bytes; what it holds now where there is no `/proc`.
pub(crate) fn peak_memory(pid: u32) -> usize {
    let kib = if cfg!(target_os = "linux") {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix("kB"));
        peak.expect("Linux tells it").to_owned()
    } else {
        let ps = Command::new("ps").args(["-o", "rss=", "-p", &pid.to_string()]).output();
        String::from_utf8(ps.expect("there is a ps").stdout).expect("a number is text")
    };
    kib.trim().parse::<usize>().expect("a number of KiB") << 10
}

/// A thread that writes to a program's standard input, and closes it when the sender is dropped.
fn writer(mut stdin: ChildStdin) -> mpsc::Sender<Vec<u8>> {
    let (sender, written) = mpsc::channel::<Vec<u8>>();
    thread::spawn(move || {
        // A program that has ended reads no more: what it left says why, not its broken pipe.
        for bytes in written {
            if stdin.write_all(&bytes).is_err() {
                break;
            }
        }
    });
    sender
}
