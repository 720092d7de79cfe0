//! The program under test.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, iter};

use assert_cmd::assert::Assert;
use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

use super::running::Running;
use super::{DEADLINE, ends};

/// What would change the program's output, or what it may do, from outside a test.
const NOT_INHERITED: [&str; 11] = [
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
    "CI",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

/// A run of `chat-repl`: what it is given. It has a home of its own, which is also its current
/// folder where no other is given, and the time zone UTC.
#[must_use]
pub(crate) struct Repl {
    args: Vec<OsString>,
    vars: Vec<(OsString, OsString)>,
    stdin: Input,
    dir: Option<PathBuf>,
    home: TempDir,
}

/// What stands on standard input.
enum Input {
    /// A pipe, which a test writes to while the program runs.
    Open,
    /// A pipe that holds these bytes, then ends.
    Bytes(Vec<u8>),
    /// A regular file.
    File(PathBuf),
}

/// What a run wrote to standard output, which is text.
#[track_caller]
pub(crate) fn stdout(run: &Assert) -> String {
    String::from_utf8(run.get_output().stdout.clone()).expect("it writes text")
}

/// The same of standard error.
#[track_caller]
pub(crate) fn stderr(run: &Assert) -> String {
    String::from_utf8(run.get_output().stderr.clone()).expect("it writes text")
}

/// A `PATH` on which the program under test is found first, for what calls it by its name.
pub(crate) fn search_path() -> OsString {
    let program = cargo_bin!("chat-repl").parent().expect("a folder with the program");
    let others = env::var_os("PATH").unwrap_or_default();
    let folders = iter::once(program.to_owned()).chain(env::split_paths(&others));
    env::join_paths(folders).expect("no folder has a colon in its name")
}

impl Repl {
    /// A run without arguments.
    pub(crate) fn new() -> Repl {
        let home = TempDir::new().expect("a temporary folder");
        Repl { args: vec![], vars: vec![], stdin: Input::Open, dir: None, home }
    }

    /// Adds arguments.
    pub(crate) fn args<I>(mut self, args: I) -> Repl
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Repl {
        self.vars.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Gives it all of its standard input, through a pipe. Without this, and without
    /// [`Repl::stdin_file`], the pipe stays open for [`Running::write`], or is empty in a
    /// [`Repl::run`].
    pub(crate) fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Repl {
        self.stdin = Input::Bytes(bytes.as_ref().to_vec());
        self
    }

    /// Gives it a regular file as standard input: `< script.chat`.
    pub(crate) fn stdin_file(mut self, path: impl AsRef<Path>) -> Repl {
        self.stdin = Input::File(path.as_ref().to_owned());
        self
    }

    /// Runs it in this folder.
    pub(crate) fn current_dir(mut self, dir: impl AsRef<Path>) -> Repl {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// The command, for a test that brings its own standard streams. It stands as long as `self`.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(cargo_bin!("chat-repl"));
        command.args(&self.args).current_dir(self.dir.as_deref().unwrap_or(self.home.path()));
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        command.env("HOME", self.home.path()).env("TZ", "UTC").envs(self.vars.iter().cloned());
        command
    }

    /// Starts it with a pipe at each standard stream, which nobody reads or writes but the test.
    /// `self` is to outlive it.
    #[track_caller]
    pub(crate) fn spawn_piped(&self) -> Child {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the program starts")
    }

    /// Starts it, and lets the test talk with it.
    #[track_caller]
    pub(crate) fn spawn(self) -> Running {
        let command = self.command();
        let stdin = match &self.stdin {
            Input::File(path) => Some(Stdio::from(File::open(path).expect("the file is there"))),
            Input::Open | Input::Bytes(_) => None,
        };
        let mut running = Running::start(command, stdin, Some(self.home));
        if let Input::Bytes(bytes) = self.stdin {
            running.write(bytes);
            running.close_stdin();
        }
        running
    }

    /// Runs it to its end, for what needs no test in between.
    #[track_caller]
    pub(crate) fn run(self) -> Assert {
        let mut command = assert_cmd::Command::from_std(self.command());
        match &self.stdin {
            Input::Open => {}
            Input::Bytes(bytes) => {
                command.write_stdin(bytes.clone());
            }
            // assert_cmd would make a pipe of it, which the program would take for one.
            Input::File(_) => return Assert::new(self.spawn().wait().into_output()),
        }
        command.timeout(DEADLINE).assert().append_context("the other ends", ends::told())
    }
}
