//! What goes with `--private`, and what does not.

use std::fs;

use predicates::prelude::*;
use tempfile::TempDir;

use super::WRONG;
use crate::support::certs::text;
use crate::support::proc::Repl;
use crate::support::says::error;

#[test]
fn without_a_terminal_the_code_comes_from_a_file() {
    let guest = Repl::new().args(["--connect", "127.0.0.1:1", "--private"]).stdin("").run();
    guest.code(2).stderr(error("--private asks for the code at a terminal, and here is none"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let dir = TempDir::new().unwrap();
    let code = dir.path().join("code");
    fs::write(&code, WRONG).unwrap();
    let file = ["--private", "--code-file", text(&code)];
    let tap = Repl::new().args(["--listen", "127.0.0.1:0", "--connect", "127.0.0.1:1"]).args(file);
    tap.run().code(2).stderr(error("--private is between two ends, and a tap is neither"));
    for option in [&["--tls-insecure"][..], &["--tls-name", "localhost"]] {
        let guest = Repl::new().args(["--connect", "127.0.0.1:1"]).args(file).args(option);
        guest.run().code(2).stderr(error("--private proves by a code who is at the other end"));
    }
    let host = Repl::new().args(["--listen", "127.0.0.1:0", "--code-file", text(&code)]);
    host.run().code(2).stderr(predicate::str::contains("--private"));
    let file = ["--code-file", text(&code), "--private"];
    Repl::new().args(["test", "x.chat"]).args(file).run().code(2);
    let test = Repl::new().args(["test", "x.chat", "--connect", "127.0.0.1:1", "--private"]);
    let told =
        predicate::str::contains("--connect ADDR --private --code-file FILE with --script PATH");
    test.run().code(2).stderr(error("unexpected argument '--private' found").and(told));
}

#[test]
fn a_file_without_a_code_is_told_and_not_shown() {
    let dir = TempDir::new().unwrap();
    let code = dir.path().join("code");
    // Of what is too large nothing is taken for a code.
    let large = format!("{WRONG}{}", " ".repeat(5000));
    for has in ["hunter2", "zoo zoo", "", &large] {
        fs::write(&code, has).unwrap();
        let args = ["--connect", "127.0.0.1:1", "--private", "--code-file", text(&code)];
        let told = format!("`{}` has no code: three words of the list, or more", text(&code));
        let run = Repl::new().args(args).stdin("").run().code(3);
        let told = run.stderr(error(&told)).get_output().stderr.clone();
        assert!(!String::from_utf8_lossy(&told).contains("hunter2"));
    }
    fs::remove_file(&code).unwrap();
    let args = ["--listen", "127.0.0.1:0", "--private", "--code-file", text(&code)];
    Repl::new().args(args).run().code(3).stderr(error("cannot read `"));
}
