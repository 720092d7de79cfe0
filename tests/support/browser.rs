//! A browser without a window.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::running::Running;
use super::tools::require;

/// What a browser made of a page.
pub(crate) struct Seen {
    /// The page as it is when its script has run.
    pub(crate) dom: String,
    /// What the browser said about it: scripts that failed, what it refused to run.
    pub(crate) console: Vec<String>,
}

/// Opens a page; `None`, and said so, where there is no browser and that may be.
#[track_caller]
pub(crate) fn open(page: &Path) -> Option<Seen> {
    open_at(page, 1000)
}

/// Opens a page in a window that is so wide.
#[track_caller]
pub(crate) fn open_at(page: &Path, width: u32) -> Option<Seen> {
    let (browser, home) = (find()?, TempDir::new().expect("a temporary folder"));
    let mut command = Command::new(browser);
    // As root it runs only without a sandbox, and what it is shown here is ours.
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]);
    command.args(["--disable-dev-shm-usage", "--enable-logging=stderr", "--dump-dom"]);
    command.arg(format!("--window-size={width},800"));
    command.arg(format!("--user-data-dir={}", home.path().display()));
    command.arg(format!("file://{}", page.display())).env("HOME", home.path());
    let ended = Running::start(command, Some(Stdio::null()), Some(home)).wait().exited(0);
    let console = ended.stderr.lines().filter(|line| line.contains("CONSOLE"));
    Some(Seen {
        console: console.map(str::to_owned).collect(),
        dom: String::from_utf8(ended.stdout).expect("a page is text"),
    })
}

/// Debian calls it `chromium`; Google's own has the same options.
#[track_caller]
fn find() -> Option<PathBuf> {
    let others = ["google-chrome", "chromium-browser", "chrome-headless-shell"];
    others.into_iter().find_map(super::tools::find).or_else(|| require("chromium"))
}
