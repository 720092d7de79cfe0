//! Names: asked for at connect, changed, refused, and free again.

use super::{guest, next_said, room};
use crate::support::proc::Repl;
use crate::support::says;
use predicates::prelude::*;

#[test]
fn a_name_is_asked_for_at_connect_and_freed_by_leaving() {
    let (_host, addr) = room(&[]);
    let mut watcher = guest(&addr);
    let join = |name: &str| Repl::new().args(["--connect", &addr, "--name", name]).spawn();
    let mut first = join("alice");
    first.wait_stdout("-- guest-2 is now alice\n");
    let second = join("ALICE");
    second.wait_stdout("-- `alice` is taken\n");
    first.close_stdin();
    first.wait().exited(0);
    second.write("/nick Alice\nhello\n");
    second.wait_stdout("-- guest-3 is now Alice\n");
    assert_eq!(next_said(&mut watcher), "Alice: hello");
}

#[test]
fn everybody_is_listed_spoken_to_alone_and_acts() {
    let (_host, addr) = room(&[]);
    let mut one = guest(&addr);
    let (mut two, mut three) = (guest(&addr), guest(&addr));
    one.expect_bytes("-- guest-2 joined (2 here)\n-- guest-3 joined (3 here)\n");
    two.expect_bytes("-- guest-3 joined (3 here)\n");
    one.say("/nick Ünï_1\n/who\n/msg GUEST-2 just you\n/me waves\n/quit\n");
    one.expect_bytes("-- guest-1 is now Ünï_1\n-- 3 here: Ünï_1, guest-2, guest-3\n");
    assert_eq!(one.read_line(), b"", "it has left");
    let all = "-- guest-1 is now Ünï_1\n";
    let last = "* Ünï_1 waves\n-- Ünï_1 left (2 here)\n";
    two.expect_bytes(format!("{all}Ünï_1 (to you): just you\n{last}"));
    three.expect_bytes(format!("{all}{last}"));
    two.say("/help\n/hepl\n");
    two.expect_bytes("-- /nick NAME: be called NAME\n");
}

#[test]
fn the_host_is_answered_also_where_notices_are_left_out() {
    let options = ["--listen", "unix:room.sock", "--room", "-q"];
    let host = Repl::new().args(options).stdin("/nick guest-1\n/msg nobody x\n");
    let dir = tempfile::TempDir::new().unwrap();
    let host = host.current_dir(&dir).spawn();
    let way = format!("unix:{}", dir.path().join("room.sock").display());
    let guest = Repl::new().args(["--connect", &way, "--retry", "20s"]).spawn();
    host.wait_stderr_line("-- `guest-1` is reserved");
    host.wait_stderr_line("-- nobody here is called `nobody`");
    drop(guest);
}

#[test]
fn commands_go_out_as_typed_whoever_listens() {
    let host = Repl::new().args(["--listen", "127.0.0.1:0"]).spawn();
    let addr = host.listening_addr();
    let script = "/set who bob\n/nick ${who}\n/me waves  twice\n/msg ${who} hi\n/who\n";
    let join = Repl::new().args(["--connect", &addr, "--name", "al", "--eol", "crlf"]);
    let guest = join.stdin(script).spawn();
    host.wait_stdout("/nick al\r\n/nick bob\r\n/me waves  twice\r\n/msg bob hi\r\n/who\r\n");
    drop(host);
    guest.wait();
}

#[test]
fn a_name_that_no_room_would_take_is_refused_on_the_command_line() {
    for (name, told) in [
        ("a b", "a name has letters, digits, `-` and `_`, and no ` `"),
        ("x\n/quit", "and no `\\n`"),
        ("guest-7", "`guest-7` is reserved"),
        ("", "a name is missing"),
    ] {
        for way in [&["--connect", "127.0.0.1:1"][..], &["--listen", "127.0.0.1:0", "--room"]] {
            let run = Repl::new().args(way).args(["--name", name]).run();
            run.code(2).stderr(predicate::str::contains(told));
        }
    }
    let run = Repl::new().args(["--listen", "127.0.0.1:0", "--name", "bob"]).run();
    run.code(2).stderr(says::error("--name is for who connects, or the host of a room"));
}
