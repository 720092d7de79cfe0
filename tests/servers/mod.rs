//! Dialogues with real servers, as the scripts in `scripts/` hold them.
//!
//! Each script is run by the command that it prints, and as a test; what it asserts itself is not
//! asserted here once more. Where its server is not installed, it is left out and that is said, or it
//! fails: see `support::tools`.

mod imap;
mod irc;
mod memcached;
mod nats;
mod pop3;
mod redis;
mod smtp;
mod tape;

use std::path::Path;

use predicates::str::{contains, is_match};

use crate::support::printed;
use crate::support::proc::Repl;
use crate::support::project;
use crate::support::running::Finished;
use crate::support::servers::{Kind, Server};

/// The scripts that are run here, and what they include.
pub(crate) const SCRIPTS: [&str; 8] = [
    "irc-login.chat",
    "irc.chat",
    "memcached.chat",
    "nats.chat",
    "pop3-login.chat",
    "pop3.chat",
    "redis.chat",
    "smtp.chat",
];

/// A script, and the server that it talks with.
struct Dialogue {
    /// Of the printed command; with the address of this server.
    args: Vec<String>,
    vars: Vec<(&'static str, &'static str)>,
}

impl Dialogue {
    /// The one that the command printed in `script` begins.
    #[track_caller]
    fn with(server: &Server, kind: &Kind, script: &str) -> Dialogue {
        let commands = printed::commands(script);
        let [command] = <[_; 1]>::try_from(commands).expect("a script prints one command");
        let args = printed::replace(command, kind.usual, &[server.addr()]);
        Dialogue { args, vars: Vec::new() }
    }

    /// Sets a variable of the environment.
    fn env(mut self, name: &'static str, value: &'static str) -> Dialogue {
        self.vars.push((name, value));
        self
    }

    /// What is printed.
    fn repl(&self) -> Repl {
        self.with_vars(Repl::new().args(&self.args).current_dir(project()).stdin(""))
    }

    /// Runs it as printed, with these arguments added; every line that came must have been read.
    #[track_caller]
    fn run(&self, more: &[&str]) -> Finished {
        let left = self.repl().args(more).spawn().wait().exited(0);
        assert!(!left.stderr.contains("unread"), "{}", left.stderr);
        left
    }

    /// Runs it by `chat-repl test`.
    #[track_caller]
    fn run_as_test(&self) {
        let args = self.args.iter().filter(|arg| *arg != "--script");
        let repl = Repl::new().args(["test"]).args(args).current_dir(project());
        self.with_vars(repl).run().success().stdout(contains("1 test: 1 passed"));
    }

    /// Runs it as printed, keeps it in a file, and plays the file: the server must say the same again.
    #[track_caller]
    fn run_and_replay(&self, file: &Path) -> Finished {
        let file = file.to_str().expect("temporary folders have names in ASCII");
        let left = self.run(&["--save", file]);
        let connect: Vec<_> = self.args.iter().take_while(|arg| *arg != "--script").collect();
        let replayed = Repl::new().args(connect).args(["--replay", file]).run().success();
        replayed
            .stderr(is_match(r"(?m)^-- replayed .*: \d+ lines as recorded$").expect("a pattern"));
        left
    }

    fn with_vars(&self, repl: Repl) -> Repl {
        self.vars.iter().fold(repl, |repl, (name, value)| repl.env(name, value))
    }
}
