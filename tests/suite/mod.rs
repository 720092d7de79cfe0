//! `chat-repl test`, as people and CI systems run it.

mod actual;
mod choosing;
mod clients;
// What leaves its process group is found on Linux only, which is what these tests look at.
#[cfg(target_os = "linux")]
mod ending;
mod formats;
mod many;
mod nap;
mod outcome;
mod page;
mod servers;
mod terminal;
mod trouble;

use tempfile::TempDir;

use crate::support::proc::Repl;
use crate::support::tools::require;
use crate::support::{folder, project};

/// A script that the server of `tested.py` passes, and one that it fails.
const GOOD: &str = "hello\n/expect -n -x hello\n";
const BAD: &str = "hello\n/expect -n -x hallo\n";
/// A script that ends when it is stopped.
const LONG: &str = "/sleep 1h\n";

/// A run of the tests in a folder.
fn suite(dir: &TempDir) -> Repl {
    Repl::new().args(["test", "."]).current_dir(dir)
}

/// The command of `tested.py` at that place, where there is Python.
#[track_caller]
fn tested(place_and_mode: &str) -> Option<String> {
    let python = require("python3")?;
    let script = project().join("tests/support/python/tested.py");
    Some(format!("exec {} {} {place_and_mode}", python.display(), script.display()))
}

/// A run of the tests in a folder against `tested.py`, started as the server.
#[track_caller]
fn against(dir: &TempDir, mode: &str) -> Option<Repl> {
    Some(suite(dir).args(["--server", &tested(&format!("${{port}} {mode}"))?]))
}
