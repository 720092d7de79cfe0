//! The conversations in `scripts/` run as they say.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use chat_repl::transcript::{self, Ended};
use tempfile::TempDir;

use crate::servers;
use crate::support::printed;
use crate::support::proc::{Repl, search_path};
use crate::support::project;
use crate::support::running::Running;

/// A run of a printed command at the top of the project, with `was` among its arguments replaced.
fn run(args: Vec<String>, was: &str, is: &[&str]) -> Running {
    let args = printed::replace(args, was, is);
    Repl::new().args(args).current_dir(project()).stdin("").spawn()
}

#[test]
fn every_script_is_run_by_a_test() {
    let scripts = fs::read_dir(project().join("scripts")).unwrap();
    let files = scripts.map(Result::unwrap).filter(|entry| entry.path().is_file());
    let names: BTreeSet<_> = files.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let here = ["demo.sh", "greeting-guest.chat", "greeting-host.chat"];
    let room = ["chat-room.service", "dice-bot.py"];
    let drawn = ["session.json"];
    let run = here
        .iter()
        .chain(&room)
        .chain(&drawn)
        .chain(&servers::SCRIPTS)
        .map(|&name| name.to_owned());
    assert_eq!(names, run.collect());
}

#[test]
fn two_ends_greet_each_other_as_their_scripts_say() {
    let commands = printed::commands("greeting-host.chat");
    let [host, guest] = <[_; 2]>::try_from(commands).expect("a command for each end");
    let host = run(host, "--listen", &["--listen", "127.0.0.1:0"]);
    let guest = run(guest, "localhost", &[&host.listening_addr()]);
    let heard = guest.wait().exited(0).stdout;
    let said = "Hello, who is there?\nWelcome, Ada. What brings you here?\n\
                Scripts are welcome too. Goodbye!\n";
    assert_eq!(String::from_utf8(heard).unwrap(), said);
    let heard = host.wait().exited(0).stdout;
    assert_eq!(heard, b"I am Ada\nNothing, I am only a script.\n");
}

#[test]
fn the_demo_leaves_a_transcript_and_plays_it_again() {
    let folder = TempDir::new().unwrap();
    let mut demo = Command::new(project().join("scripts/demo.sh"));
    demo.current_dir(&folder).env("PATH", search_path());
    let left = Running::start(demo, Some(Stdio::null()), None).wait().exited(0);
    let shown = String::from_utf8(left.stdout).unwrap();
    assert!(shown.contains("guest-1  I am Ada"), "{shown}");
    let played = "-- replayed demo.json: 3 lines as recorded\n";
    assert!(left.stderr.contains(played), "{}", left.stderr);
    let transcript = transcript::open(&folder.path().join("demo.json")).unwrap();
    assert_eq!((transcript.events.len(), transcript.ended), (8, Ended::Whole));
}
