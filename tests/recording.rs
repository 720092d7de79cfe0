//! A transcript written while it happens: `--record` and `--json`.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use predicates::prelude::*;
use predicates::str::{contains, is_match};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::ends::{Gathered, fail};
use crate::support::peer::{EchoServer, Peer, ScriptedServer};
use crate::support::proc::{Repl, stdout};
use crate::support::tape::{client, tape};
use crate::support::{DEADLINE, make_pipe, says};

/// Waits until a file holds all that is wanted. It is a file: there is nobody to tell of it.
#[track_caller]
fn wait_for_file(path: &Path, wanted: &str) -> String {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let text = fs::read_to_string(path).unwrap_or_default();
        if text.contains(wanted) {
            return text;
        }
        if Instant::now() > deadline {
            fail(&format!("no `{wanted}` in {}:\n{text}", path.display()));
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// The transcript, as `show` prints it.
#[track_caller]
fn shown(path: &Path) -> String {
    let shown = Repl::new().args([Path::new("show"), path]).run().success();
    stdout(&shown)
}

/// The events of JSON Lines, parsed: header and end are not among them.
fn events(text: &str) -> Vec<Value> {
    let events = text.lines().skip(1).map(|line| serde_json::from_str(line).unwrap());
    events.filter(|event: &Value| event["ev"] != "end").collect()
}

/// An event without what differs from run to run.
fn undated(mut event: Value) -> Value {
    let keys = event.as_object_mut().unwrap();
    keys.retain(|key, _| key != "dt" && key != "addr");
    event
}

#[test]
fn standard_output_can_be_the_recording() {
    let dir = TempDir::new().unwrap();
    let server = EchoServer::start();
    let repl = Repl::new().args(["--connect", &server.addr(), "--json", "--record", "a.jsonl"]);
    let script = "hello\n/expect (?<all>.+)\n/send ${all} again\n/expect again\n/raw half\n";
    let ended = repl.current_dir(dir.path()).stdin(script).run().success();
    let recorded = fs::read(dir.path().join("a.jsonl")).unwrap();
    assert_eq!(String::from_utf8(ended.get_output().stdout.clone()), String::from_utf8(recorded));
}

#[test]
fn a_reader_that_leaves_ends_the_program_quietly() {
    let server = EchoServer::start();
    let repl = Repl::new().args(["--connect", &server.addr(), "--json", "-q"]);
    let mut child = repl.spawn_piped();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(
        (ended.status.code(), ended.stderr.escape_ascii().to_string()),
        (Some(0), String::new())
    );
}

#[test]
fn a_reader_that_has_stalled_does_not_hold_up_the_end() {
    let server = ScriptedServer::start(|mut peer| {
        // Several times what a pipe holds.
        peer.say(format!("{}last\n", "much is said\n".repeat(20_000)));
        peer.read_to_end_within(DEADLINE);
    });
    let repl = Repl::new().args(["--connect", &server.addr(), "--json"]);
    let mut child = repl.spawn_piped();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"/expect ^last$\n/echo all is heard\n").unwrap();
    let stderr = Gathered::from("stderr", child.stderr.take().unwrap());
    stderr.wait_for(b"-- all is heard\n");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let told = String::from_utf8(stderr.wait_end()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert!(told.contains("cannot record to `standard output`: nobody reads it"), "{told}");
}

#[test]
fn a_pipe_that_nobody_reads_yet_is_waited_for_until_ctrl_c() {
    let dir = TempDir::new().unwrap();
    let (pipe, socket) = (dir.path().join("pipe"), dir.path().join("socket"));
    make_pipe(&pipe);
    let addr = format!("unix:{}", socket.display());
    let repl = Repl::new().args(["--listen", &addr, "--record", "pipe"]);
    let host = repl.current_dir(dir.path()).spawn();
    let deadline = Instant::now() + DEADLINE;
    while UnixStream::connect(&socket).is_err() {
        assert!(Instant::now() < deadline, "nobody listens");
        thread::sleep(Duration::from_millis(5));
    }
    host.signal(Signal::INT);
    let ended = host.wait();
    assert_eq!(ended.status.signal(), Some(Signal::INT.as_raw()), "{}", ended.stderr);
}

#[test]
fn a_pipe_can_be_shown_and_is_not_replayed() {
    let dir = TempDir::new().unwrap();
    make_pipe(&dir.path().join("pipe"));
    let server = EchoServer::start();
    let repl = Repl::new().args(["--connect", &server.addr(), "--replay", "pipe"]);
    let refused = repl.current_dir(dir.path()).run().code(3);
    refused.stderr(says::error("`pipe` is a pipe or a device, expected a file"));
    let repl = Repl::new().args(["show", "/dev/stdin"]).stdin(tape(&[client("from a pipe")]));
    repl.run().success().stdout(contains("from a pipe"));
}

#[test]
fn what_was_shown_survives_a_kill() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("a.jsonl");
    let host = Repl::new().args(["--listen", "127.0.0.1:0", "--record"]).args([&file]).spawn();
    let mut guest = Peer::connect(&host.listening_addr());
    for word in 1..=300 {
        guest.say(format!("word {word}\n"));
    }
    host.wait_stdout("word 300\n");
    wait_for_file(&file, "\"word 300\"}\n");
    // It is killed while more comes.
    guest.say("more\n".repeat(1000));
    host.kill();
    let text = shown(&file);
    let words = text.lines().filter_map(|line| line.split_once(" word "));
    let words: Vec<_> = words.map(|(_, number)| number.to_owned()).collect();
    assert_eq!(words, (1..=300).map(|word| word.to_string()).collect::<Vec<_>>());
    assert!(text.contains("\ninterrupted: "), "{text}");
}

#[test]
fn what_a_save_had_gathered_survives_a_kill() {
    let dir = TempDir::new().unwrap();
    let host = Repl::new().args(["--listen", "127.0.0.1:0", "--save", "a.json"]);
    let host = host.current_dir(dir.path()).spawn();
    let mut guest = Peer::connect(&host.listening_addr());
    guest.say("precious\n");
    let spool = fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    wait_for_file(&spool, "\"precious\"}\n");
    host.kill();
    assert!(!dir.path().join("a.json").exists());
    assert!(shown(&spool).contains(" precious\n"));
}

#[test]
fn a_session_that_is_terminated_is_whole() {
    let dir = TempDir::new().unwrap();
    let host =
        Repl::new().args(["--listen", "127.0.0.1:0", "--save", "a.json", "--record", "a.jsonl"]);
    let host = host.current_dir(dir.path()).spawn();
    let mut guest = Peer::connect(&host.listening_addr());
    guest.say("last\n");
    host.wait_stdout("last\n");
    host.signal(Signal::TERM);
    host.wait().exited(143);
    for file in ["a.json", "a.jsonl"] {
        let text = shown(&dir.path().join(file));
        assert!(text.contains(" last\n") && !text.contains("interrupted"), "{file}:\n{text}");
    }
}

#[test]
#[cfg(target_os = "linux")] // it has /dev/full
fn a_full_disk_is_told_at_once_and_the_conversation_goes_on() {
    let server = EchoServer::start();
    let repl = Repl::new().args(["--connect", &server.addr(), "--record", "/dev/full"]).spawn();
    repl.wait_stderr_line("error: cannot record to `/dev/full`: no space left on device");
    repl.write("still here\n/expect ^still here$\n/quit\n");
    let ended = repl.wait().exited(3);
    assert_eq!(ended.stdout, b"still here\n");
    assert!(
        says::error("the recording `/dev/full` is not complete\n").eval(&ended.stderr),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_recording_takes_the_place_of_an_older_one() {
    let dir = TempDir::new().unwrap();
    let server = EchoServer::start();
    for note in ["a longer first note, to be gone", "second"] {
        let repl = Repl::new().args(["--connect", &server.addr(), "--record", "a.jsonl"]);
        repl.current_dir(dir.path()).stdin(format!("/note {note}\n")).run().success();
    }
    let text = shown(&dir.path().join("a.jsonl"));
    assert!(text.contains("second") && !text.contains("first"), "{text}");
}

#[test]
fn a_pattern_stands_with_the_line_that_it_matched() {
    let dir = TempDir::new().unwrap();
    let server = ScriptedServer::start(|mut peer| {
        peer.expect_bytes("go\n");
        peer.say("skipped\nOK session=7\nname bob\n");
        peer.expect_bytes("USE 7\n");
        peer.say("fine\n");
        peer.expect_bytes("plain\n");
        peer.read_to_end_within(DEADLINE);
    });
    let args = ["--var", "word=plain", "--record", "a.jsonl"];
    let repl = Repl::new().args(["--connect", &server.addr()]).args(args);
    let script = "go\n/expect session=(?<sid>\\d+)$\n/expect ^name (?<name>.+)$\n/send USE ${sid}\n\
                  /expect ^fine$\n/send ${word}\n";
    fs::write(dir.path().join("talk.chat"), script).unwrap();
    let repl = repl.args(["--script", "talk.chat"]);
    repl.current_dir(dir.path()).run().success();
    let text = fs::read_to_string(dir.path().join("a.jsonl")).unwrap();
    let said = [
        r#""line":"skipped"}"#,
        r#""line":"OK session=7","want":"session=(?<sid>\\d+)$"}"#,
        r#""line":"name bob","want":"^name (?<name>.+)$"}"#,
        r#""line":"USE 7","send":"USE ${sid}"}"#,
        r#""line":"fine"}"#,
        r#""line":"plain"}"#,
    ];
    for said in said {
        assert!(text.contains(said), "no {said} in\n{text}");
    }
}

#[test]
fn a_pattern_that_comes_later_finds_its_line() {
    let dir = TempDir::new().unwrap();
    let server = ScriptedServer::start(|mut peer| {
        peer.say("one\nOK session=7\nthree\n");
        peer.read_to_end_within(DEADLINE);
    });
    let repl = Repl::new().args(["--connect", &server.addr()]);
    let repl = repl.args(["--record", "a.jsonl", "--save", "a.json"]).current_dir(dir.path());
    let mut repl = repl.spawn();
    let recorded = dir.path().join("a.jsonl");
    wait_for_file(&recorded, "\"three\"}\n");
    repl.write("/expect session=(?<sid>\\d+)$\n/save b.json\n");
    repl.close_stdin();
    repl.wait().exited(0);
    let late = r#""ev":"want","conn":1,"line":2,"want":"session=(?<sid>\\d+)$"}"#;
    let text = fs::read_to_string(&recorded).unwrap();
    assert!(text.contains(late), "{text}");
    for file in ["a.json", "b.json"] {
        let text = fs::read_to_string(dir.path().join(file)).unwrap();
        let said = r#""line":"OK session=7","want":"session=(?<sid>\\d+)$"}"#;
        assert!(text.contains(said) && !text.contains("\"ev\":\"want\""), "{file}:\n{text}");
    }
}

#[test]
fn a_listeners_recording_says_who_was_spoken_to() {
    let dir = TempDir::new().unwrap();
    let host =
        Repl::new().args(["--listen", "127.0.0.1:0", "--record", "a.jsonl", "--timeout", "20s"]);
    let script = "/accept 2\nto all\n/on guest-2\nto one\n/kick guest-1 too loud\n";
    let host = host.current_dir(dir.path()).stdin(script).spawn();
    let addr = host.listening_addr();
    let guests = [1, 2].map(|number| {
        let guest = Peer::connect(&addr);
        host.wait_stderr_line(&format!("-- guest-{number} joined from "));
        guest
    });
    for mut guest in guests {
        guest.read_to_end_within(DEADLINE);
    }
    host.wait().exited(0);
    let text = fs::read_to_string(dir.path().join("a.jsonl")).unwrap();
    let told: Vec<Value> = events(&text).into_iter().map(undated).collect();
    for event in [
        r#"{"conn":1,"ev":"open","name":"guest-1"}"#,
        r#"{"conn":2,"ev":"open","name":"guest-2"}"#,
        r#"{"from":"server","line":"to all"}"#,
        r#"{"conn":2,"from":"server","line":"to one"}"#,
        r#"{"conn":1,"from":"server","line":"too loud"}"#,
        r#"{"conn":1,"ev":"close","from":"server","how":"kicked"}"#,
    ] {
        let event: Value = serde_json::from_str(event).unwrap();
        assert!(told.contains(&event), "no {event} in\n{text}");
    }
    let show = is_match(r"(?m)#2 +server +to one$").unwrap();
    assert!(show.and(contains("to all")).eval(&shown(&dir.path().join("a.jsonl"))));
}
