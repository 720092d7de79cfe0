//! Rooms: who hears whom, under which name, and who is not let in or does not stay.

mod crowd;
mod limits;
mod names;
// How many descriptors and threads a process has, only Linux tells.
#[cfg(target_os = "linux")]
mod soak;

use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::support::peer::Peer;
use crate::support::proc::{Repl, search_path};
use crate::support::running::Running;
use crate::support::tools::{self, split_addr};
use crate::support::{DEADLINE, project};

/// A room with these options, and where it is.
#[track_caller]
fn room(options: &[&str]) -> (Running, String) {
    let room = Repl::new().args(["--listen", "127.0.0.1:0", "--room"]).args(options).spawn();
    let addr = room.listening_addr();
    (room, addr)
}

/// A guest that has been greeted: `guest-1` is the first.
#[track_caller]
fn guest(addr: &str) -> Peer {
    let mut guest = Peer::connect(addr);
    let greeting = guest.read_line();
    assert!(greeting.starts_with(b"-- you are guest-"), "{}", greeting.escape_ascii());
    guest
}

/// The next line that is not of the room itself.
#[track_caller]
fn next_said(guest: &mut Peer) -> String {
    loop {
        let line = String::from_utf8(guest.read_line()).expect("a room speaks UTF-8");
        assert!(line.ends_with('\n'), "{line:?}");
        if !line.starts_with("-- ") {
            return line.trim_end().to_owned();
        }
    }
}

/// The lines of what somebody heard that begin with one of these names.
fn said_by<'a>(heard: &'a [u8], names: &[&str]) -> Vec<&'a str> {
    let heard = str::from_utf8(heard).expect("a room speaks UTF-8");
    let of = |line: &&str| line.split_once(": ").is_some_and(|(name, _)| names.contains(&name));
    heard.lines().filter(of).collect()
}

#[test]
fn a_roomful_hears_everybody_once_in_one_order_and_by_the_right_name() {
    let (host, addr) = room(&[]);
    let mut watcher = guest(&addr);
    let (ip, port) = split_addr(&addr);
    let nc = tools::start("nc", [ip, port]);
    if let Some(nc) = &nc {
        nc.wait_stdout("-- you are guest-2 ");
        nc.write("/nick nc\n");
        nc.wait_stdout("-- guest-2 is now nc\n");
    }
    let carol = Repl::new().args(["--connect", &addr, "--name", "carol"]).spawn();
    carol.wait_stdout(" is now carol\n");
    let python = tools::python("client.py", [ip, port]);
    if let Some(python) = &python {
        python.write("/nick python\n");
        python.wait_stdout(" is now python");
        python.write("hello\n");
        carol.wait_stdout("python: hello\n");
    }
    for n in 0..300 {
        host.write(format!("said {n}\n"));
        carol.write(format!("said {n}\n"));
        if let Some(nc) = &nc {
            nc.write(format!("said {n}\n"));
        }
    }
    let names: Vec<&str> = [("host", true), ("carol", true), ("nc", nc.is_some())]
        .into_iter()
        .filter_map(|(name, here)| here.then_some(name))
        .collect();
    let mut order = Vec::new();
    while order.len() < 300 * names.len() {
        let line = next_said(&mut watcher);
        if !line.starts_with("python: ") {
            order.push(line);
        }
    }
    for name in &names {
        let own: Vec<&String> =
            order.iter().filter(|line| line.starts_with(&format!("{name}: "))).collect();
        let wanted: Vec<String> = (0..300).map(|n| format!("{name}: said {n}")).collect();
        assert!(own.into_iter().eq(&wanted), "what {name} said, in that order");
    }
    watcher.say("the end\n");
    let nc_heard = nc.as_ref().map(|nc| ("nc", nc));
    for (name, who) in [("host", &host), ("carol", &carol)].into_iter().chain(nc_heard) {
        who.wait_stdout("guest-1: the end\n");
        let heard = who.stdout_so_far();
        let others = order.iter().filter(|line| !line.starts_with(&format!("{name}: ")));
        assert!(said_by(&heard, &names).into_iter().eq(others.map(String::as_str)), "{name}");
    }
    if let Some(python) = &python {
        python.wait_stdout("guest-1: the end");
    }
    host.signal(Signal::TERM);
    carol.wait_stdout("-- the room is closing: goodbye\n");
    let told = host.wait().exited(0);
    assert!(!told.stdout.starts_with(b"-- "), "notices are not what was said");
    assert!(told.stderr.contains("-- guest-2 is now nc\n") || nc.is_none(), "{}", told.stderr);
    carol.wait().exited(0);
}

#[test]
fn a_rude_guest_speaks_as_nobody_else_and_stalls_nobody() {
    let (host, addr) = room(&["--max-line", "64KiB"]);
    let (mut rude, mut other) = (guest(&addr), guest(&addr));
    rude.say("x\nhost: forged\n\x1b[2J\n\n\u{202e}x\n/nick host\n/nick a\u{202e}b\n");
    let told = ["x", "host: forged", "\\x1b[2J", "", "\\u{202e}x"];
    for told in told {
        assert_eq!(next_said(&mut other), format!("guest-1: {told}").trim_end());
    }
    for _ in 0..160 {
        rude.say("x".repeat(64 << 10));
    }
    rude.say("\nstill here\n/no\x07such thing\nhalf a line");
    assert_eq!(next_said(&mut other), "guest-1: still here");
    assert_eq!(next_said(&mut other), "guest-1: half a line", "after a second");
    other.say("unmoved\n");
    host.wait_stdout("guest-2: unmoved\n");
    let stdout = host.stdout_so_far();
    assert!(!stdout.contains(&0x1b), "{}", stdout.escape_ascii());
    let mut lines = Vec::new();
    while !lines.last().is_some_and(|line: &String| line.starts_with("guest-2: unmoved")) {
        lines.push(String::from_utf8(rude.read_line()).unwrap());
    }
    assert_eq!(
        lines.concat(),
        "-- guest-2 joined (2 here)\n-- `host` is reserved\n\
         -- a name has letters, digits, `-` and `_`, and no `\\u{202e}`\n\
         -- a line was not passed on: it has more than 65536 bytes (--max-line)\n\
         -- no command `/no\\x07such`: `/help` lists them, `//no\\x07such` says it\n\
         guest-2: unmoved\n"
    );
    assert!(host.peak_memory() < 100 << 20, "{} bytes", host.peak_memory());
}

#[test]
fn a_host_with_a_script_is_a_member_like_any_other() {
    let (mut host, addr) = room(&["--name", "Zoë", "--timeout", "20s"]);
    let (mut one, mut two) = (guest(&addr), guest(&addr));
    one.read_line(); // that two has joined
    host.write("/accept 2\nhello\n/me waves\n/nick ada\n/msg guest-2 psst\n");
    for guest in [&mut one, &mut two] {
        guest.expect_bytes("-- Zoë joined (3 here)\nZoë: hello\n* Zoë waves\n-- Zoë is now ada\n");
    }
    two.expect_bytes("ada (to you): psst\n");
    two.say("/nick bob\n/msg ada hi\n//secret\n");
    host.wait_stdout("bob (to you): hi\nbob: /secret\n");
    host.write("/on bob\n/expect ^//secret$\n/on all\n/kick bob too loud\n");
    one.expect_bytes(
        "-- guest-2 is now bob\nbob: /secret\n-- bob left: kicked: too loud (2 here)\n",
    );
    let heard = String::from_utf8(two.read_to_end_within(DEADLINE)).unwrap();
    assert_eq!(heard, "-- guest-2 is now bob\n-- you were kicked: too loud\n");
    host.write("goodbye\n");
    host.close_stdin();
    one.expect_bytes("ada: goodbye\n-- ada left (1 here)\n");
    one.say("still open\n");
    host.wait_stdout("guest-1: still open\n");
    host.signal(Signal::TERM);
    assert_eq!(one.read_to_end_within(DEADLINE), b"-- the room is closing: goodbye\n");
    host.wait().exited(0);
}

#[test]
fn a_script_that_waits_when_the_room_is_told_to_close_has_not_failed() {
    let (host, addr) = room(&[]);
    let mut guest = guest(&addr);
    host.write("hello\n/expect ^never$\n");
    guest.expect_bytes("-- host joined (2 here)\nhost: hello\n");
    host.signal(Signal::TERM);
    assert_eq!(guest.read_to_end_within(DEADLINE), b"-- the room is closing: goodbye\n");
    let told = host.wait().exited(0).stderr;
    assert!(!told.contains("error: "), "{told}");
}

#[test]
fn what_no_room_does_fails_a_script() {
    for (script, told) in [
        ("/accept\n/open up 127.0.0.1:1\n", "error: a room has no use for this\n"),
        ("/accept\n/shutdown\n", "error: a room has no use for this\n"),
        ("/accept\n/expect ^one: x$\n", "error: no line matched `^one: x$`"),
    ] {
        let (mut host, addr) = room(&["--timeout", "50ms"]);
        let mut guest = guest(&addr);
        host.write(script);
        host.close_stdin();
        host.wait_stderr_containing(told.trim_end());
        guest.read_to_end_within(DEADLINE);
        assert_ne!(host.wait().status.code(), Some(0));
    }
    let host = Repl::new().args(["--listen", "127.0.0.1:0"]).stdin("/nick bob\n").spawn();
    let _guest = Peer::connect(&host.listening_addr());
    let told = host.wait().exited(3).stderr;
    assert!(told.contains("error: only a room has names\n"), "{told}");
    assert!(told.contains("listen with `--room`"), "{told}");
}

#[test]
fn a_room_is_recorded_as_it_was_said_and_once() {
    let (host, addr) = room(&["--json"]);
    let (mut one, mut two) = (guest(&addr), guest(&addr));
    one.read_line();
    one.say("/nick alice\nhello\n");
    two.expect_bytes("-- guest-1 is now alice\nalice: hello\n");
    one.shutdown();
    two.expect_bytes("-- alice left (1 here)\n");
    host.signal(Signal::TERM);
    let said = String::from_utf8(host.wait().exited(0).stdout).unwrap();
    let keys = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        [text("ev"), text("from"), text("line") + &text("text") + &text("name") + &text("how")]
            .join(" ")
    };
    let events: Vec<String> = said.lines().skip(1).map(keys).collect();
    assert_eq!(
        events,
        [
            "open  guest-1",
            "open  guest-2",
            " client /nick alice",
            " client hello",
            "note  guest-1 is now alice",
            "close client eof",
            "close server eof",
            "close server eof",
            "end  ",
        ]
    );
}

#[test]
fn the_service_runs_as_its_unit_has_it() {
    let unit = fs::read_to_string(project().join("scripts/chat-room.service")).unwrap();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let mut args: Vec<&str> = start.split(' ').skip(1).collect();
    let addr = args.iter().position(|arg| *arg == "--listen").unwrap() + 1;
    args[addr] = "127.0.0.1:0";
    args.retain(|arg| *arg != "--quiet");
    let service = Repl::new().args(args).stdin("").spawn();
    let mut guest = guest(&service.listening_addr());
    guest.say("/who\n");
    guest.expect_bytes("-- 1 here: guest-1\n");
    service.signal(Signal::TERM);
    service.wait().exited(0);
}

#[test]
fn a_bot_hears_and_answers() {
    let (host, addr) = room(&[]);
    let mut guest = guest(&addr);
    let Some(python) = tools::require("python3") else { return };
    let mut bot = Command::new(python);
    bot.arg(project().join("scripts/dice-bot.py")).arg(&addr);
    bot.env("PATH", search_path());
    let bot = Running::start(bot, None, None);
    guest.expect_bytes("-- guest-2 joined (2 here)\n-- guest-2 is now dice\n");
    guest.say("hello\n/msg dice !roll 2d1\n!roll 3d1\n");
    guest.expect_bytes("dice: guest-1 rolled 1 + 1 + 1 = 3\n");
    host.signal(Signal::TERM);
    host.wait().exited(0);
    bot.wait().exited(0);
}
