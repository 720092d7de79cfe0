//! A real client, recorded through a tap with a real server, and a mock of what was recorded.

use std::path::PathBuf;
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use super::lines;
use crate::support::proc::Repl;
use crate::support::running::{Finished, Running};
use crate::support::servers::{PASSWORD, Server};
use crate::support::{folder, says};

/// A client and its folder, in which `tape.json` is what was recorded.
pub(super) struct Recorded {
    pub(super) dir: TempDir,
    /// For the shell, with `${addr}` and `${port}` where the server is.
    pub(super) command: String,
    /// What every run of chat-repl is given.
    pub(super) options: &'static [&'static str],
    /// What the client printed.
    pub(super) printed: Vec<u8>,
}

impl Recorded {
    /// Runs a client in a folder with these files against a server, through a tap.
    #[track_caller]
    pub(super) fn through_a_tap(
        server: &Server,
        files: &[(&str, &str)],
        command: &str,
        options: &'static [&'static str],
    ) -> Recorded {
        let (dir, command) = (folder(files), command.to_owned());
        let mut recorded = Recorded { dir, command, options, printed: Vec::new() };
        let tap = ["--listen", "127.0.0.1:0", "--connect", server.addr(), "--save", "tape.json"];
        let tap = recorded.repl(&tap).stdin("").spawn();
        recorded.printed = recorded.client(&tap.listening_addr()).wait().exited(0).stdout;
        tap.signal(Signal::TERM);
        tap.wait().exited(0);
        recorded
    }

    /// A run of chat-repl in its folder.
    pub(super) fn repl(&self, args: &[&str]) -> Repl {
        let repl = Repl::new().args(args).args(self.options).current_dir(&self.dir);
        repl.env("POP3_PASSWORD", PASSWORD)
    }

    /// The client, at this address.
    pub(super) fn client(&self, addr: &str) -> Running {
        let port = addr.rsplit_once(':').unwrap().1;
        let mut shell = Command::new("sh");
        let command = self.command.replace("${addr}", addr).replace("${port}", port);
        shell.args(["-c", &command]).current_dir(&self.dir);
        Running::start(shell, None, None)
    }

    /// A file of its folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn tape(&self) -> String {
        std::fs::read_to_string(self.path("tape.json")).unwrap()
    }

    /// The server says again what it said.
    #[track_caller]
    pub(super) fn verifies(&self, server: &Server, options: &[&str]) {
        let replay = ["--connect", server.addr(), "--replay", "tape.json"];
        let told = self.repl(&replay).args(options).run().success();
        told.stderr(says::notice("replayed tape.json"));
    }

    /// A mock of what was recorded, and where it listens.
    #[track_caller]
    pub(super) fn mock(&self, options: &[&str]) -> (Running, String) {
        let mock = ["--listen", "127.0.0.1:0", "--replay", "tape.json"];
        let mock = self.repl(&mock).args(options).stdin("").spawn();
        let addr = mock.listening_addr();
        (mock, addr)
    }

    /// The client prints the same that it printed before.
    #[track_caller]
    pub(super) fn is_satisfied(&self, client: Running) {
        let printed = client.wait().exited(0).stdout;
        let [now, before] = [&printed, &self.printed].map(|text| text.escape_ascii().to_string());
        assert_eq!(now, before);
    }

    /// A mock satisfies the client and is satisfied by it: twice, and `at_once` many times at once.
    #[track_caller]
    pub(super) fn is_mocked(&self, at_once: usize, options: &[&str]) {
        for _ in 0..2 {
            let (mock, addr) = self.mock(options);
            self.is_satisfied(self.client(&addr));
            let done = mock.wait().exited(0);
            assert_eq!(lines(&done, "error:"), 0, "{}", done.stderr);
        }
        let (mock, addr) = self.mock(&[options, &["--stay"]].concat());
        let clients: Vec<Running> = (0..at_once).map(|_| self.client(&addr)).collect();
        for client in clients {
            self.is_satisfied(client);
        }
        mock.signal(Signal::TERM);
        let done = mock.wait().exited(0);
        assert_eq!(lines(&done, "error:"), 0, "{}", done.stderr);
    }

    /// `chat-repl test --client` passes.
    #[track_caller]
    pub(super) fn is_a_test(&self, options: &[&str]) {
        let test = ["test", "tape.json", "--client", &self.command];
        self.repl(&test).args(options).run().success();
    }

    /// The mock finds fault with another client, which is not served to its end.
    #[track_caller]
    pub(super) fn finds_fault(&self, command: &str, options: &[&str]) -> Finished {
        let (mock, addr) = self.mock(options);
        let other = Recorded {
            dir: folder(&[]),
            command: format!("cd {}; {command}", self.dir.path().display()),
            options: self.options,
            printed: Vec::new(),
        };
        let left = other.client(&addr).wait();
        assert!(!left.status.success(), "{left:?}");
        mock.wait().exited(1)
    }
}
