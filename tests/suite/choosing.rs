//! Which files are tests.

use std::fs;
use std::io::ErrorKind;

use predicates::str::{contains, is_empty};

use super::{GOOD, folder, suite};
use crate::support::peer::{EchoServer, listen};
use crate::support::proc::Repl;
use crate::support::tape::{client, server, tape};
use crate::support::{make_pipe, says};

#[test]
fn the_list_has_what_would_be_run_and_nothing_is() {
    let dir = folder(&[
        ("a/b.chat", GOOD),
        ("a/notes.txt", "no test"),
        ("c.jsonl", &tape(&[client("x"), server("x")])),
        ("d.json", "{}"),
        (".e.chat", GOOD),
    ]);
    let list = || suite(&dir).args(["--list"]);
    let told = list().run().success().stdout("./a/b.chat\n./c.jsonl\n");
    told.stderr("-- passed over, since it is no transcript: ./d.json\n");
    list().args(["-q"]).run().success().stderr(is_empty());
    list().args(["--filter", r"\.chat$"]).run().success().stdout("./a/b.chat\n");
    list().args(["--filter", "x"]).run().code(1).stderr(says::error("`--filter` matches none"));
    // The listener is not connected to.
    let (listener, addr) = listen();
    list().args(["--connect", &addr.to_string()]).run().success();
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_run_without_a_test_is_a_failure() {
    let dir = folder(&[("notes.txt", "")]);
    let told = suite(&dir).args(["--connect", "1"]).run().code(1).stdout("");
    told.stderr(says::error("there is no test to run"));
}

#[test]
fn a_file_is_run_once_however_often_it_is_named() {
    let dir = folder(&[("a.chat", GOOD)]);
    std::os::unix::fs::symlink("a.chat", dir.path().join("b.chat")).unwrap();
    let echo = EchoServer::start();
    let paths = ["./a.chat", "a.chat", "b.chat"];
    let told = suite(&dir).args(paths).args(["--connect", &echo.addr()]).run().success();
    told.stdout(contains("\n1 test: 1 passed, in "));
}

#[test]
fn names_that_would_act_on_a_terminal_are_shown_and_listed_as_they_are() {
    let name = "a b\n\x1b[31m#é.chat";
    let dir = folder(&[(name, "/expect -n -t 50ms x\n")]);
    let echo = EchoServer::start();
    let run = |format: &str| {
        let args = ["--connect", &echo.addr(), "--format", format];
        suite(&dir).args(args).run().code(1)
    };
    let shown = r"./a b\n\x1b[31m#é.chat";
    run("text").stdout(contains(format!("FAILED   {shown}  "))).stdout(contains(shown));
    run("tap").stdout(contains(r"not ok 1 - ./a b\\n\\x1b[31m\#é.chat"));
    suite(&dir).args(["--list"]).run().stdout(format!("./{name}\n"));
}

#[test]
fn what_cannot_be_a_test_ends_the_run_before_it_begins() {
    let dir = folder(&[("a.chat", GOOD), ("no.json", "{}")]);
    make_pipe(&dir.path().join("pipe.chat"));
    let (listener, addr) = listen();
    for (path, told) in [
        ("gone.chat", "cannot read `gone.chat`: no such file or directory"),
        ("gone#1", "cannot read `gone`: no such file or directory"),
        ("pipe.chat", "`pipe.chat` is a pipe or a device, expected a file"),
        ("no.json", "`no.json` is no transcript"),
        ("a.chat#1", "`a.chat` is no transcript"),
    ] {
        let repl = Repl::new().args(["test", "a.chat", path, "--connect", &addr.to_string()]);
        repl.current_dir(&dir).run().code(3).stdout("").stderr(says::error(told));
    }
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    // Below a folder a pipe is passed by.
    fs::remove_file(dir.path().join("no.json")).unwrap();
    suite(&dir).args(["--list"]).run().success().stdout("./a.chat\n");
}

#[test]
fn the_command_line_says_where_the_server_is() {
    let dir = folder(&[("a.chat", GOOD)]);
    for (args, told) in [
        (&[][..], "where is the server? add --connect ADDR, or --server COMMAND"),
        (&["--server", "serve"], "--server does not say where the server is"),
        (&["--server", "serve $port ${dir}"], "--server does not say where the server is"),
        (&["--connect", "[::1]:${port}"], "${port} and ${dir} in --connect are those of a server"),
        (&["--connect", "a:b"], "--connect: `b` is no port"),
        (&["--connect", "1", "--server-per-test"], "the following required arguments"),
        (
            &["--server", "x", "--connect", "1", "--server-per-test"],
            "the servers of --server-per-test would all be at the same --connect at once",
        ),
        (&["--connect", "1", "--jobs", "0"], "invalid value '0' for '--jobs <N>'"),
        (&["--connect", "1", "--filter", "("], "invalid value '(' for '--filter <REGEX>'"),
    ] {
        suite(&dir).args(args).run().code(2).stdout("").stderr(says::error(told));
    }
}
