//! What was said with a server, kept in a file and played again: to the same server, to one that has just
//! been started, and to one that is another.

use std::fs;
use std::path::PathBuf;

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use tempfile::TempDir;

use crate::support::proc::Repl;
use crate::support::project;
use crate::support::says;
use crate::support::servers::{PASSWORD, Server};

/// A transcript in a folder of its own, called `talk.json`: a document, so that event n is its line n,
/// counted from 0.
pub(super) struct Tape {
    dir: TempDir,
    /// What a run is given besides, whether it records or replays.
    args: &'static [&'static str],
}

impl Tape {
    /// What this script says to a server, and what that answers.
    #[track_caller]
    pub(super) fn record(server: &Server, script: &str) -> Tape {
        Tape::record_with(server, script, &[])
    }

    /// The same with more arguments, which replays are given as well.
    #[track_caller]
    pub(super) fn record_with(
        server: &Server,
        script: &str,
        args: &'static [&'static str],
    ) -> Tape {
        let tape = Tape { dir: TempDir::new().unwrap(), args };
        fs::write(tape.dir.path().join("talk.chat"), script).unwrap();
        tape.keep(server, "talk.chat")
    }

    /// What a script of `scripts/` says.
    #[track_caller]
    pub(super) fn record_script(
        server: &Server,
        script: &str,
        args: &'static [&'static str],
    ) -> Tape {
        let tape = Tape { dir: TempDir::new().unwrap(), args };
        let script = project().join("scripts").join(script);
        tape.keep(server, script.to_str().unwrap())
    }

    #[track_caller]
    fn keep(self, server: &Server, script: &str) -> Tape {
        let args = ["--eol", "crlf", "--script", script, "--save", "talk.json"];
        self.run(&["--connect", server.addr()]).args(args).run().success();
        self
    }

    /// A run in its folder.
    pub(super) fn run(&self, args: &[&str]) -> Repl {
        let repl = Repl::new().args(args).args(self.args).current_dir(self.dir.path());
        repl.env("POP3_PASSWORD", PASSWORD)
    }

    /// A file in its folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn text(&self) -> String {
        fs::read_to_string(self.path("talk.json")).unwrap()
    }

    /// Changes it as a person does: what stands there once is another.
    #[track_caller]
    pub(super) fn edit(&self, was: &str, is: &str) {
        let text = self.text();
        assert_eq!(text.matches(was).count(), 1, "{was} in\n{text}");
        fs::write(self.path("talk.json"), text.replace(was, is)).unwrap();
    }

    /// Gives its header these masks.
    #[track_caller]
    pub(super) fn mask(&self, masks: &[&str]) {
        let masks = serde_json::to_string(masks).unwrap();
        self.edit(r#","events":["#, &format!(r#","mask":{masks},"events":["#));
    }

    /// The number of the event, the only one, that has this in it.
    #[track_caller]
    pub(super) fn event(&self, part: &str) -> usize {
        let text = self.text();
        let mut events = text.lines().enumerate().filter(|(_, line)| line.contains(part));
        let (event, _) = events.next().unwrap_or_else(|| panic!("{part} is not in\n{text}"));
        assert_eq!(events.next(), None, "{part} is there twice");
        event
    }

    /// Replays it.
    #[track_caller]
    pub(super) fn replay(&self, server: &Server, args: &[&str]) -> Assert {
        self.run(&["--connect", server.addr(), "--replay", "talk.json"]).args(args).run()
    }

    /// The server says again what it said, and what was said now differs in nothing that is compared.
    #[track_caller]
    pub(super) fn holds(&self, server: &Server, masks: &[&str]) {
        let replayed = self.replay(server, &[masks, &["--actual", "now.json"]].concat());
        replayed.success().stderr(says::notice("replayed talk.json: "));
        self.run(&["diff", "talk.json", "now.json"]).args(masks).run().success().stdout("");
    }

    /// The server says something else in the event that has this in it.
    #[track_caller]
    pub(super) fn differs(&self, server: &Server, args: &[&str], part: &str) -> Assert {
        let event = self.event(part);
        let headline = predicate::str::is_match(format!(
            r"(?m)^error: event {event} of talk\.json( \(conn \d+\))? differs$"
        ));
        self.replay(server, args).code(1).stderr(headline.unwrap())
    }
}

/// `--mask` before each.
pub(super) fn masks<'a>(masks: &[&'a str]) -> Vec<&'a str> {
    masks.iter().flat_map(|mask| ["--mask", mask]).collect()
}
