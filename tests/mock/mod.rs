//! A mock: `--listen` with `--replay` plays the server of a transcript, or a script, to each guest.

mod clients;
mod guests;
mod recorded;
mod scripts;
mod words;

use std::path::Path;

use crate::support::peer::Peer;
use crate::support::proc::Repl;
use crate::support::running::{Finished, Running};
use crate::support::tape::{client, server, talk_folder, tape};

/// A mock of a file in a folder, and where it listens.
#[track_caller]
fn mock(dir: &Path, file: &str, options: &[&str]) -> (Running, String) {
    let args = ["--listen", "127.0.0.1:0", "--replay", file];
    let mock = Repl::new().args(args).args(options).stdin("").current_dir(dir).spawn();
    let addr = mock.listening_addr();
    (mock, addr)
}

/// A greeting, and two questions.
fn talk() -> String {
    let said = [server("hello"), client("one"), server("1"), client("two"), server("2")];
    tape(&said)
}

/// A guest says its part of [`talk`] and ends.
#[track_caller]
fn says_its_part(addr: &str) {
    let mut guest = Peer::connect(addr);
    guest.expect_bytes("hello\n");
    guest.say("one\n");
    guest.expect_bytes("1\n");
    guest.say("two\n");
    guest.expect_bytes("2\n");
    guest.shutdown();
    assert_eq!(guest.read_line(), b"");
}

/// How many lines of standard error begin so.
fn lines(finished: &Finished, beginning: &str) -> usize {
    finished.stderr.lines().filter(|line| line.starts_with(beginning)).count()
}
