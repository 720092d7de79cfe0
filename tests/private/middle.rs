//! Somebody who stands in between.

use std::fs;

use tempfile::TempDir;

use crate::support::certs::text;
use crate::support::proc::Repl;
use crate::support::says::error;
use predicates::prelude::*;

use super::host;

#[test]
fn who_has_a_certificate_of_its_own_and_passes_every_byte_on_fails() {
    let dir = TempDir::new().unwrap();
    let kept = dir.path().join("seen.jsonl");
    let mut host = host(&[]);
    let tap = ["--listen", "tls:127.0.0.1:0", "--connect", &host.addr, "--tls-insecure"];
    let tap = Repl::new().args(tap).args(["--record", text(&kept)]).spawn();
    let between = tap.listening_addr();
    let guest = host.guest_at(&between, &host.code).stdin("to the host alone\n").spawn();
    let told = guest.wait().exited(4).stderr;
    let begin = format!("cannot connect to `{between}`: the code was refused");
    assert!(error(&begin).eval(&told) && told.contains("stand in between"), "{told}");
    host.running.wait_stderr_containing(" guessed a wrong code: after 4 more the code");
    tap.terminate();
    tap.wait().exited(0);
    // It did pass on all that both ends said to each other: two messages of either.
    let seen = fs::read_to_string(kept).unwrap();
    for from in ["client", "server"] {
        let lines = seen.lines().filter(|line| line.contains(&format!(r#""from":"{from}""#)));
        assert!(lines.count() >= 1, "{seen}");
    }
    assert!(!seen.contains("to the host alone") && !seen.contains(&host.code), "{seen}");
    host.lets_in("past it");
    host.running.close_stdin();
    let told = host.running.wait().exited(0).stderr;
    assert_eq!(told.matches(" joined").count(), 1, "{told}");
}

#[test]
fn who_only_passes_on_what_is_sealed_is_as_good_as_a_wire() {
    let host = host(&[]);
    let tap = ["--listen", "127.0.0.1:0", "--connect", &host.plain_addr()];
    let tap = Repl::new().args(tap).spawn();
    let guest = host.guest_at(&tap.listening_addr(), &host.code).args(["--linger", "0s"]);
    let guest = guest.stdin("past it\n").spawn();
    host.running.wait_stdout("past it\n");
    guest.wait().exited(0);
}
