//! Wrong codes, and what becomes of one at which many are.

use crate::support::proc::Repl;
use crate::support::says::error;
use predicates::prelude::*;
use tempfile::TempDir;

use super::{WRONG, guest_by, host, shown};

#[test]
fn a_wrong_code_is_refused_and_told_to_the_host() {
    let host = host(&[]);
    let stranger = host.guesses(WRONG);
    let begin =
        format!("cannot connect to `{}`: the code was refused; ask for it again", host.addr);
    assert!(error(&begin).eval(&stranger.stderr), "{}", stranger.stderr);
    assert_eq!(stranger.stdout, b"");
    host.running.wait_stderr_containing(" guessed a wrong code: after 4 more the code is void");
    host.lets_in("I was invited");
    let told = host.running.stderr_so_far();
    assert!(!told.contains("let me in") && told.matches(" joined").count() == 1, "{told}");
}

#[test]
fn the_sixth_guess_finds_the_code_void_and_there_is_a_new_one() {
    let host = host(&[]);
    let member = host.guest().args(["--linger", "20s"]).spawn();
    host.running.wait_stderr_line("-- guest-1 joined from ");
    for _ in 0..5 {
        host.guesses(WRONG);
    }
    host.running.wait_stderr_containing(" guessed a wrong code: the code is void");
    let fresh = shown(&host.running, &host.code);
    // The right one of before.
    host.guesses(&host.code);
    // Who was in has stayed.
    member.write("still here\n");
    host.running.wait_stdout("still here\n");
    let guest = host.guest_with(&fresh).args(["--linger", "0s"]).stdin("me too\n").spawn();
    host.running.wait_stdout("me too\n");
    guest.wait().exited(0);
}

#[test]
fn a_retry_makes_one_guess() {
    let host = host(&[]);
    let guest = host.guest_with(WRONG).args(["--retry", "20s"]).stdin("");
    guest.run().code(4);
    let told = host.running.wait_stderr_containing(" guessed a wrong code");
    assert!(told.contains("after 4 more"), "{told}");
    host.lets_in("only one");
    assert_eq!(host.running.stderr_so_far().matches("guessed").count(), 1);
}

#[test]
fn a_guest_tells_no_code_to_who_only_speaks_tls() {
    let host = Repl::new().args(["--listen", "tls:127.0.0.1:0"]).spawn();
    let addr = host.listening_addr();
    let dir = TempDir::new().unwrap();
    let guest = guest_by(&dir, &addr, WRONG).spawn();
    host.wait_stderr_line("-- guest-1 joined from ");
    host.write("hello\n");
    let told = guest.wait().exited(4).stderr;
    let begin = format!(
        "cannot connect to `{addr}`: what it says is no proof of a code; was `--private` given there?"
    );
    assert!(error(&begin).eval(&told), "{told}");
    assert!(!String::from_utf8_lossy(&host.stdout_so_far()).contains("zebra"));
}

#[test]
fn nobody_guesses_from_where_nobody_is_let_in() {
    let host = host(&["--room", "--allow", "10.0.0.0/8"]);
    let reason = "it breaks the TLS handshake off: it does not let us in";
    for code in [WRONG, &host.code] {
        let guest = host.guesses(code);
        assert!(guest.stderr.contains(reason), "{}", guest.stderr);
        assert_eq!(guest.stdout, b"");
    }
    let told = host.running.wait_stderr_containing(" was turned away: ");
    assert!(told.ends_with(": its address is not in --allow"), "{told}");
    let told = host.running.stderr_so_far();
    assert!(!told.contains("guessed") && !told.contains(" joined"), "{told}");
}
