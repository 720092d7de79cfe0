//! Peers that other people wrote, where this machine has them.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use super::project;
use super::running::Running;

/// Set to `required`, a peer that is not installed fails its tests; else they are skipped.
const POLICY: &str = "CHAT_REPL_TEST_PEERS";

/// Where Debian has programs for the system, which a person's `PATH` may leave out.
const SYSTEM: &str = "/usr/sbin";

/// Where a program is; `None`, and said so, where it may be missing and is.
///
/// # Panics
/// Where it is missing and must not be: see [`POLICY`].
#[track_caller]
pub(crate) fn require(name: &str) -> Option<PathBuf> {
    // Debian has several programs called `nc`: this is the one that others mean.
    let found = if name == "nc" { find("nc.openbsd").or_else(|| find(name)) } else { find(name) };
    found.or_else(|| missing(name))
}

/// The Python that has this module; `None`, and said so, where none has and that may be.
///
/// # Panics
/// As [`require`] does.
#[track_caller]
pub(crate) fn require_python(module: &str) -> Option<PathBuf> {
    // A person's own Python does not see the modules that the system has.
    let pythons = [Some(PathBuf::from("/usr/bin/python3")), find("python3")];
    let has = |python: &PathBuf| {
        let import = Command::new(python).args(["-c", &format!("import {module}")]).output();
        import.is_ok_and(|output| output.status.success())
    };
    pythons.into_iter().flatten().find(has).or_else(|| missing(&format!("{module} of Python")))
}

#[track_caller]
fn missing(name: &str) -> Option<PathBuf> {
    let required = env::var_os(POLICY).is_some_and(|policy| policy == "required");
    assert!(!required, "{name} is not installed, and {POLICY}=required");
    // Past the capture of `eprintln!`, since a test that is skipped passes.
    let _ = writeln!(io::stderr(), "skipped: {name} is not installed");
    None
}

pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let executable = |path: &PathBuf| {
        path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from(SYSTEM)]);
    folders.map(|folder| folder.join(name)).find(executable)
}

/// Starts `nc`, `ncat`, `socat` or `telnet`, its standard input a pipe that stays open.
#[track_caller]
pub(crate) fn start<I>(name: &str, args: I) -> Option<Running>
where
    I: IntoIterator<Item: AsRef<OsStr>>,
{
    let mut command = Command::new(require(name)?);
    command.args(args);
    Some(Running::start(command, None, None))
}

/// Starts a program of `tests/support/python`.
#[track_caller]
pub(crate) fn python<I>(program: &str, args: I) -> Option<Running>
where
    I: IntoIterator<Item: AsRef<OsStr>>,
{
    let folder = project().join("tests/support/python");
    let mut command = Command::new(require("python3")?);
    command.arg("-u").arg(folder.join(program)).args(args);
    Some(Running::start(command, None, None))
}

/// The host and the port of an address, as most peers want them.
pub(crate) fn split_addr(addr: &str) -> (&str, &str) {
    let (host, port) = addr.rsplit_once(':').expect("an address has a port");
    (host.trim_start_matches('[').trim_end_matches(']'), port)
}
