//! Peers as processes: started, looked at, ended.

use std::fs;
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{Fault, Outcome};

/// Where Debian has servers; a person's path may leave it out.
const SERVERS: &str = "/usr/sbin";

/// How long a server may take until it listens.
const START: Duration = Duration::from_secs(10);

/// Has this process, and all that it starts, open as many files as it may.
pub(crate) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).ok();
}

/// A command that is silent, with servers on its path.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:{SERVERS}"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether a program of this name can be started.
pub(crate) fn installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':').chain([SERVERS]).any(|dir| std::path::Path::new(dir).join(program).is_file())
}

/// The first line of what a program says of its version; none where it cannot be started.
pub(crate) fn version(words: &[&str]) -> Option<String> {
    let Output { status, stdout, stderr } = command(words[0])
        .args(&words[1..])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .ok()?;
    let said = [stdout, stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let first = said.lines().find(|line| line.contains(|c: char| c.is_ascii_digit()))?;
    status.success().then(|| first.to_owned())
}

/// A process that ends with its value.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Outcome<Process> {
        let program = command.get_program().display().to_string();
        let child = command.spawn().map_err(|e| format!("cannot start {program}: {e}"))?;
        Ok(Process(child))
    }

    /// Waits for its end, which must be a success, however long that takes.
    pub(crate) fn wait(mut self) -> Outcome<()> {
        let status = self.0.wait()?;
        if status.success() { Ok(()) } else { Err(status.to_string().into()) }
    }

    /// Waits for its end, which must be a success, no longer than this.
    pub(crate) fn finish(mut self, within: Duration) -> Outcome<()> {
        let began = Instant::now();
        loop {
            match self.0.try_wait()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(status.to_string().into()),
                None if began.elapsed() > within => return Err("it did not end".into()),
                None => sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Whether it runs.
    pub(crate) fn runs(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    /// Its share of memory in bytes, pages that it shares with others counted in part.
    pub(crate) fn memory(&self) -> Outcome<f64> {
        self.kibibytes("smaps_rollup", "Pss:")
    }

    /// The most memory that it has had, in bytes.
    pub(crate) fn peak(&self) -> Outcome<f64> {
        self.kibibytes("status", "VmHWM:")
    }

    fn kibibytes(&self, file: &str, field: &str) -> Outcome<f64> {
        let told = fs::read_to_string(format!("/proc/{}/{file}", self.0.id()))?;
        let line = told.lines().find_map(|line| line.strip_prefix(field));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        let kibibytes: f64 = number.ok_or_else(|| format!("no {field} in {file}"))?.parse()?;
        Ok(kibibytes * 1024.0)
    }

    /// Seconds that it has been on a processor, all its threads together.
    pub(crate) fn busy(&self) -> f64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.0.id()));
        let paths = tasks.into_iter().flatten().flatten().map(|task| task.path());
        paths.map(|task| on_processor(&task.join("schedstat"))).sum()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Seconds that this thread has been on a processor.
pub(crate) fn busy_here() -> f64 {
    on_processor("/proc/thread-self/schedstat".as_ref())
}

fn on_processor(schedstat: &std::path::Path) -> f64 {
    let told = fs::read_to_string(schedstat).unwrap_or_default();
    let nanoseconds = told.split(' ').next().and_then(|first| first.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

/// What the kernel says of how busy the machine is.
pub(crate) fn load_average() -> String {
    let told = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    told.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// A port that nobody listened at a moment ago.
pub(crate) fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until the process listens at a port, without using up a connection of it.
pub(crate) fn wait_for(process: &mut Process, port: u16) -> Outcome<()> {
    let wanted = format!(":{port:04X}");
    let listens = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        words.next().is_some_and(|here| here.ends_with(&wanted)) && words.nth(1) == Some("0A")
    };
    let began = Instant::now();
    loop {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
        if tables.iter().flatten().any(|table| table.lines().any(listens)) {
            return Ok(());
        }
        if !process.runs() {
            return Err("the server ended at once".into());
        }
        if began.elapsed() > START {
            return Err(Fault::from("the server does not listen"));
        }
        sleep(Duration::from_millis(2));
    }
}
