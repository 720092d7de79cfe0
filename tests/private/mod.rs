//! Conversations that only the invited can enter.

mod guesses;
mod middle;
mod others;
mod prompt;
mod replays;
mod strangers;
mod usage;

use std::fs;

use tempfile::TempDir;

use crate::support::certs::text;
use crate::support::proc::Repl;
use crate::support::running::{Finished, Running};

/// Three words of the list that no host thinks of in the time that a test takes.
const WRONG: &str = "zoo zebra zero";

/// A private host, and what it tells its person.
struct Host {
    running: Running,
    addr: String,
    code: String,
    dir: TempDir,
}

/// A host with these options beside `--listen --private`.
#[track_caller]
fn host(args: &[&str]) -> Host {
    let running = Repl::new().args(["--listen", "127.0.0.1:0", "--private"]).args(args).spawn();
    let addr = running.listening_addr();
    let code = shown(&running, "");
    Host { running, addr, code, dir: TempDir::new().unwrap() }
}

/// What stands before a code that a host is shown.
const CODE_NOTICE: &str = "-- the code, to be said aloud: ";

/// The code that is shown, and is another than that of before.
#[track_caller]
fn shown(running: &Running, before: &str) -> String {
    running.wait_stderr_line_but(CODE_NOTICE, before).split_off(CODE_NOTICE.len())
}

/// A guest who goes to this address with this code, which is kept in a file of the folder.
fn guest_by(dir: &TempDir, addr: &str, code: &str) -> Repl {
    let file = dir.path().join(code.replace(' ', "-"));
    fs::write(&file, format!("{code}\n")).unwrap();
    Repl::new().args(["--connect", addr, "--private", "--code-file", text(&file)])
}

impl Host {
    fn port(&self) -> &str {
        self.addr.rsplit(':').next().unwrap()
    }

    /// The address without `tls:`, as the notice has it.
    fn plain_addr(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// A guest who was told this code.
    fn guest_with(&self, code: &str) -> Repl {
        self.guest_at(&self.plain_addr(), code)
    }

    /// The same, who goes to another address.
    fn guest_at(&self, addr: &str, code: &str) -> Repl {
        guest_by(&self.dir, addr, code)
    }

    /// A guest who is invited.
    fn guest(&self) -> Repl {
        self.guest_with(&self.code)
    }

    /// A guest who guesses wrong, to its end.
    #[track_caller]
    fn guesses(&self, code: &str) -> Finished {
        let guest = self.guest_with(code).stdin("let me in\n").spawn().wait();
        guest.exited(4)
    }

    /// An invited guest gets in, says something that is heard, and goes.
    #[track_caller]
    fn lets_in(&self, said: &str) {
        let guest = self.guest().args(["--linger", "0s"]).stdin(format!("{said}\n")).spawn();
        self.running.wait_stdout(format!("{said}\n"));
        guest.wait().exited(0);
    }
}

#[test]
fn the_right_code_leads_in_and_nothing_of_it_is_kept() {
    let dir = TempDir::new().unwrap();
    let at = |name: &str| dir.path().join(name);
    let mut host = host(&["--save", text(&at("host.json"))]);
    assert!(host.addr.starts_with("tls:127.0.0.1:"), "{}", host.addr);
    let guest = host.guest().args(["--linger", "20s", "--record", text(&at("guest.jsonl"))]);
    let guest = guest.stdin("你好\n").spawn();
    host.running.wait_stdout("你好\n");
    host.running.write("再见\n");
    guest.wait_stdout("再见\n");
    host.running.close_stdin();
    let guest = guest.wait().exited(0);
    assert_eq!(guest.stdout, "再见\n".as_bytes());
    assert!(guest.stderr.starts_with(&format!("-- connected to {}\n", host.addr)));
    let invites = format!(
        "-- guests who know the code join by: chat-repl --connect {} --private\n",
        host.plain_addr()
    );
    let told = host.running.wait().exited(0).stderr;
    assert!(told.contains(&invites) && !told.contains("pin"), "{told}");
    for name in ["host.json", "guest.jsonl"] {
        let kept = fs::read_to_string(at(name)).unwrap();
        assert!(kept.contains("你好") && kept.contains(r#""version":"1.3""#), "{kept}");
        assert!(!kept.contains(&host.code) && !kept.contains("verified"), "{kept}");
        let word = host.code.split(' ').max_by_key(|word| word.len()).unwrap();
        assert!(!kept.contains(&format!("\"{word}")), "{kept}");
        assert!(!kept.contains("\\u0001") && !kept.contains("b64"), "nothing of the proof: {kept}");
    }
}

#[test]
fn a_quiet_host_shows_the_code_all_the_same() {
    let host = Repl::new().args(["--listen", "127.0.0.1:0", "--private", "-q"]).spawn();
    assert!(!shown(&host, "").is_empty());
    host.terminate();
    let told = host.wait().stderr;
    assert!(!told.contains("listening") && !told.contains("join by"), "{told}");
}

#[test]
fn members_of_a_private_room_hear_each_other() {
    let host = host(&["--room"]);
    let one = host.guest().args(["--name", "ada"]).spawn();
    one.wait_stdout("you are guest-1");
    let two = host.guest().args(["--name", "bob", "--linger", "0s"]).stdin("hello\n").spawn();
    one.wait_stdout("bob: hello\n");
    two.wait().exited(0);
    // What is given away at the door is nothing.
    let stranger = host.guesses(WRONG);
    assert_eq!(stranger.stdout, b"");
    assert!(!stranger.stderr.contains("ada") && !stranger.stderr.contains("here"));
    host.running.terminate();
    let told = host.running.wait().exited(0).stderr;
    assert_eq!(told.matches(" joined").count(), 2, "{told}");
}

#[test]
fn a_unix_socket_and_a_code_from_a_file() {
    let dir = TempDir::new().unwrap();
    let (file, sock) = (dir.path().join("code"), dir.path().join("chat.sock"));
    fs::write(&file, "Zoo-Zebra\nzero\n").unwrap();
    let addr = format!("unix:{}", sock.display());
    let private = ["--private", "--code-file", text(&file)];
    let mut host = Repl::new().args(["--listen", &addr]).args(private).spawn();
    assert_eq!(host.listening_addr(), format!("tls:{addr}"));
    let guest = Repl::new().args(["--connect", &addr, "--linger", "0s"]).args(private);
    let guest = guest.stdin("it's me\n").spawn();
    host.wait_stdout("it's me\n");
    guest.wait().exited(0);
    host.close_stdin();
    let told = host.wait().exited(0).stderr;
    assert!(!told.to_lowercase().contains("zebra"), "who has given it knows it: {told}");
}
