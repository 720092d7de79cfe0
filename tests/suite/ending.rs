//! No process is left behind, however a run ends and whatever the server has started.

use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::nap::Nap;
use super::{BAD, GOOD, LONG, folder, suite};
use crate::support::proc::Repl;
use crate::support::running::Running;

/// A server that starts children of every kind, and listens when they run.
fn server(nap: &Nap) -> String {
    let up = |name: &str| format!("> ${{dir}}/{name}");
    let children = [
        // In the group, and ignoring SIGTERM.
        format!("(trap '' TERM; {}; exec sleep {nap}) &", up("a")),
        // In a session of its own.
        format!("setsid sh -c '{}; exec sleep {nap}' &", up("b")),
        // The same, ignoring SIGTERM, with a child of its own, and nothing in its environment.
        format!("env -i setsid sh -c 'trap \"\" TERM; {}; sleep {nap}; :' &", up("c")),
        // Left by its parent.
        format!("(env -i setsid sh -c '{}; exec sleep {nap}' & exec true) &", up("d")),
    ];
    let all = "[ -e ${dir}/a ] && [ -e ${dir}/b ] && [ -e ${dir}/c ] && [ -e ${dir}/d ]";
    let wait = format!("until {all}; do sleep 0.01; done");
    let listen = format!("exec {} --listen ${{addr}} --stay", cargo_bin!("chat-repl").display());
    format!("{}\n{wait}\n{listen}", children.join("\n"))
}

/// A run against such a server, and what tells whether it is gone.
fn against_sleepers(dir: &TempDir) -> (Repl, Nap) {
    let nap = Nap::new();
    (suite(dir).args(["--server", &server(&nap)]), nap)
}

/// Two tests, of which the second is running or about to be.
fn with_a_long_one() -> (TempDir, Running, Nap) {
    let dir = folder(&[("a.chat", ""), ("b.chat", LONG)]);
    let (repl, nap) = against_sleepers(&dir);
    let running = repl.args(["-j", "1"]).spawn();
    running.wait_stdout("ok       ./a.chat");
    // The program itself has it in its arguments.
    assert!(nap.sleepers().len() > 4, "{:?}", nap.sleepers());
    (dir, running, nap)
}

#[test]
fn a_run_that_passes_leaves_no_process() {
    let dir = folder(&[("a.chat", ""), ("b.chat", ""), ("c.chat", "")]);
    for more in [&[][..], &["--server-per-test", "-j", "3"]] {
        let (repl, nap) = against_sleepers(&dir);
        repl.args(more).run().success();
        assert_eq!(nap.sleepers(), [""; 0]);
    }
}

#[test]
fn a_run_that_is_interrupted_or_terminated_leaves_no_process() {
    for (signal, status, told) in [
        (Signal::INT, 130, "interrupted by SIGINT"),
        (Signal::TERM, 143, "terminated by SIGTERM or SIGHUP"),
        (Signal::HUP, 143, "terminated by SIGTERM or SIGHUP"),
    ] {
        let (_dir, running, nap) = with_a_long_one();
        running.signal(signal);
        let left = running.wait().exited(status);
        assert_eq!(nap.sleepers(), [""; 0]);
        let reported = String::from_utf8(left.stdout).unwrap();
        let summary = "\n2 tests: 1 passed, 1 not run (a signal came), in ";
        assert!(reported.contains(summary), "{reported}");
        let told = format!("error: {told}\nerror: 1 of 2 tests not run: a signal came\n");
        assert_eq!(left.stderr, told);
    }
}

#[test]
fn a_run_that_is_interrupted_twice_leaves_no_process_either() {
    let (_dir, running, nap) = with_a_long_one();
    running.signal(Signal::INT);
    running.wait_stdout("1 not run");
    running.signal(Signal::INT);
    running.wait().exited(130);
    assert_eq!(nap.sleepers(), [""; 0]);
}

#[test]
fn a_run_that_cannot_begin_or_that_fails_leaves_no_process() {
    let dir = folder(&[("a.chat", BAD), ("b.chat", GOOD)]);
    let (repl, nap) = against_sleepers(&dir);
    repl.run().code(1);
    assert_eq!(nap.sleepers(), [""; 0]);
    // The server is there, and never listens.
    let nap = Nap::new();
    let server = format!("sleep {nap} & sleep {nap} ${{port}}");
    suite(&dir).args(["--server", &server, "--retry", "100ms"]).run().code(1);
    assert_eq!(nap.sleepers(), [""; 0]);
    // It fails, and leaves others.
    let server = format!("sleep {nap} & exit 1 # ${{port}}");
    suite(&dir).args(["--server", &server]).run().code(1);
    assert_eq!(nap.sleepers(), [""; 0]);
}

#[test]
fn who_was_there_before_is_left_alone() {
    let dir = folder(&[("a.chat", "")]);
    let (nap, others) = (Nap::new(), Nap::new());
    // The shell becomes the program, and what it has started a child of that.
    let script = "sleep $1 > /dev/null 2>&1 & echo $!; shift; exec \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", &others.to_string()]).arg(cargo_bin!("chat-repl"));
    command.args(["test", ".", "--server", &server(&nap)]).current_dir(&dir);
    let left = Running::start(command, None, None).wait();
    let (alive, told) = (others.sleepers(), String::from_utf8_lossy(&left.stdout).into_owned());
    let number = told.lines().next().and_then(|line| line.parse().ok());
    kill_process(number.and_then(Pid::from_raw).unwrap(), Signal::KILL).unwrap();
    assert_eq!(alive.len(), 1, "{told}");
    assert_eq!(nap.sleepers(), [""; 0]);
    left.exited(0);
}
