//! The conversations in `scripts/` run as they say.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use chat_repl::transcript::{self, Ended};
use tempfile::TempDir;

use crate::support::proc::Repl;
use crate::support::running::Running;
use crate::support::tools::Redis;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The commands that the first lines of a script print, each as its arguments.
fn printed_commands(script: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(project().join("scripts").join(script)).unwrap();
    let commands = text.lines().filter_map(|line| line.strip_prefix("/#     chat-repl "));
    commands.map(|args| args.split(' ').map(str::to_owned).collect()).collect()
}

/// A run at the top of the project, with `was` among the arguments replaced.
fn run(args: Vec<String>, was: &str, is: &[&str]) -> Running {
    assert!(args.iter().any(|arg| arg == was), "{was} is not in {args:?}");
    let args = args.into_iter().flat_map(|arg| {
        if arg == was { is.iter().map(|&arg| arg.to_owned()).collect() } else { vec![arg] }
    });
    Repl::new().args(args).current_dir(project()).stdin("").spawn()
}

#[test]
fn every_script_is_run_here() {
    let scripts = fs::read_dir(project().join("scripts")).unwrap();
    let names: BTreeSet<_> =
        scripts.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let run = ["demo.sh", "greeting-guest.chat", "greeting-host.chat", "redis.chat"];
    assert_eq!(names, run.map(str::to_owned).into());
}

#[test]
fn two_ends_greet_each_other_as_their_scripts_say() {
    let commands = printed_commands("greeting-host.chat");
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
fn a_redis_server_answers_as_its_script_expects() {
    let Some(redis) = Redis::start() else { return };
    let commands = printed_commands("redis.chat");
    let [command] = <[_; 1]>::try_from(commands).expect("one command");
    let left = run(command, "localhost:6379", &[redis.addr()]).wait().exited(0);
    let said = "+PONG\r\n+OK\r\n$5\r\nhello\r\n:1\r\n\
                -ERR wrong number of arguments for 'get' command\r\n+OK\r\n";
    assert_eq!(String::from_utf8(left.stdout).unwrap(), said);
    assert!(!left.stderr.contains("unread"), "{}", left.stderr);
}

#[test]
fn the_demo_leaves_a_transcript_and_plays_it_again() {
    let folder = TempDir::new().unwrap();
    let program = cargo_bin!("chat-repl").parent().expect("a folder with the program");
    let path = std::env::var("PATH").expect("a path with bash in it");
    let mut demo = Command::new(project().join("scripts/demo.sh"));
    demo.current_dir(&folder).env("PATH", format!("{}:{path}", program.display()));
    let left = Running::start(demo, Some(Stdio::null()), None).wait().exited(0);
    let shown = String::from_utf8(left.stdout).unwrap();
    assert!(shown.contains("guest-1  I am Ada"), "{shown}");
    let played = "-- replayed demo.json: 3 lines as recorded\n";
    assert!(left.stderr.contains(played), "{}", left.stderr);
    let transcript = transcript::open(&folder.path().join("demo.json")).unwrap();
    assert_eq!((transcript.events.len(), transcript.ended), (8, Ended::Whole));
}
