//! `/include`: steps of other files.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::{contains, is_match};
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::folder;
use crate::support::peer::{ScriptedServer, listen};
use crate::support::proc::Repl;

fn hearing() -> ScriptedServer {
    ScriptedServer::start(|mut peer| drop(peer.read_to_end_within(DEADLINE)))
}

/// Runs a script in a folder against a server that nobody may connect to: it must be refused before.
fn refused(dir: &Path, script: &str) -> Assert {
    let (listener, addr) = listen();
    let repl = Repl::new().args(["--connect", &addr.to_string(), "--script", script]);
    let ended = repl.current_dir(dir).run().code(3);
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    ended
}

#[test]
fn the_steps_of_a_file_stand_where_it_is_included() {
    let dir = folder(&[
        ("main.chat", "before\n/include parts/one.chat\nafter\n"),
        ("parts/one.chat", "/set who bob\none\n/include two.chat\n//one again"),
        ("parts/two.chat", "/send hello ${who}\n"),
    ]);
    let said = b"before\none\nhello bob\n/one again\nafter\n";
    let server = hearing();
    let repl = Repl::new().args(["--connect", &server.addr(), "--script", "main.chat"]);
    repl.current_dir(dir.path()).run().success();
    assert_eq!(server.finish(), said);
    // What comes through a pipe is relative to where the program runs.
    let server = hearing();
    let repl = Repl::new().args(["--connect", &server.addr()]).current_dir(dir.path());
    repl.stdin("before\n/set part parts/one\n/include ${part}.chat\nafter\n").run().success();
    assert_eq!(server.finish(), said);
}

#[test]
fn all_faults_of_all_files_are_told_before_anything_is_sent() {
    let dir = folder(&[
        (
            "main.chat",
            "hello\n/include parts/one.chat\n/include parts/one.chat\n/include gone.chat\n",
        ),
        ("parts/one.chat", "/expct x\n/include two.chat\n/include ../parts\n"),
        ("parts/two.chat", "/sleep 5\n"),
    ]);
    let told = refused(dir.path(), "main.chat");
    let errors = "(?s)^error: unknown command `/expct`\n  --> parts/one.chat:1:1\n.*\n\
                  error: `5` has no unit.*  --> parts/two.chat:1:8\n.*\n\
                  error: cannot read `parts/../parts`: it is no regular file\n.*\n\
                  error: cannot read `gone.chat`: no such file or directory\n  --> main.chat:4:10\n[^\n]*\n[^\n]*\n\
                  [^\n]* the name is relative to the folder of this script\n$";
    told.stderr(is_match(errors).unwrap());
}

#[test]
fn a_circle_is_told_with_the_chain_of_places() {
    let dir = folder(&[
        ("a.chat", "hello\n/include sub/b.chat\n"),
        ("sub/b.chat", "/include c.chat\n"),
        ("sub/c.chat", "one\n/include ../a.chat\n"),
        ("self.chat", "/include self.chat\n"),
    ]);
    let told = refused(dir.path(), "a.chat");
    told.stderr(
        contains("error: `sub/../a.chat` includes itself\n  --> sub/c.chat:2:10\n")
            .and(contains("included from sub/b.chat:1:10\n"))
            .and(contains("included from a.chat:2:10\n")),
    );
    refused(dir.path(), "self.chat").stderr(contains("`self.chat` includes itself"));
}

#[test]
fn scripts_include_each_other_only_so_deep() {
    let dir = TempDir::new().unwrap();
    for n in 0..=32 {
        let text = format!("/include {}.chat\n", n + 1);
        fs::write(dir.path().join(format!("{n}.chat")), text).unwrap();
    }
    fs::write(dir.path().join("33.chat"), "hello\n").unwrap();
    let told = refused(dir.path(), "0.chat");
    told.stderr(contains(
        "error: more than 32 files include each other here\n  --> 32.chat:1:10\n",
    ));
    let server = hearing();
    let repl = Repl::new().args(["--connect", &server.addr(), "--script", "1.chat"]);
    repl.current_dir(dir.path()).run().success();
    assert_eq!(server.finish(), b"hello\n");
}

#[test]
fn a_step_that_fails_says_from_where_it_was_included() {
    let dir = folder(&[
        ("main.chat", "/include login.chat\n"),
        ("login.chat", "hi\n/expect -t 20ms ^250\n"),
    ]);
    let server = hearing();
    let repl = Repl::new().args(["--connect", &server.addr(), "--script", "main.chat"]);
    let told = repl.current_dir(dir.path()).run().code(1);
    let place = "error: no line matched `^250` within 20ms\n  --> login.chat:2:17\n";
    told.stderr(contains(place).and(contains("included from main.chat:1:10\n")));
    server.finish();
}

#[test]
fn a_pipe_stops_at_a_file_that_is_faulty() {
    let dir = folder(&[("bad.chat", "sent\n/expct x\n")]);
    let server = hearing();
    let repl = Repl::new().args(["--connect", &server.addr()]).current_dir(dir.path());
    let told = repl.stdin("before\n/include bad.chat\nafter\n").run().code(3);
    told.stderr(contains("  --> bad.chat:2:1\n").and(contains("included from <stdin>:2:10\n")));
    assert_eq!(server.finish(), b"before\n");
}
