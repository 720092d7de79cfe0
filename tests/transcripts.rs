//! What a conversation leaves behind: `--save`, `/save`, and `chat-repl show` of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assert_cmd::assert::Assert;
use jiff::Timestamp;
use predicates::prelude::*;
use predicates::str::{contains, is_match};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::peer::{EchoServer, ScriptedServer};
use crate::support::proc::Repl;
use crate::support::says;

/// A conversation with an echo server, held in `dir`.
#[track_caller]
fn talk(dir: &TempDir, args: &[&str], script: &str) -> Assert {
    let server = EchoServer::start();
    let repl = Repl::new().args(["--connect", &server.addr()]).args(args);
    repl.current_dir(dir.path()).stdin(script).run()
}

/// `chat-repl show FILE`.
#[track_caller]
fn show(dir: &TempDir, file: &str) -> Assert {
    Repl::new().args(["show", file]).current_dir(dir.path()).run()
}

/// What stands in a JSON document.
#[track_caller]
fn document(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The lines of a document or of JSON Lines that are events, as they stand there.
fn event_lines(text: &str) -> Vec<&str> {
    let lines = text.lines().filter(|line| line.starts_with("{\"dt\":"));
    lines.map(|line| line.strip_suffix(',').unwrap_or(line)).collect()
}

#[test]
fn both_forms_hold_the_same_events_one_a_line() {
    let dir = TempDir::new().unwrap();
    talk(&dir, &["--save", "a.json", "--record", "a.jsonl"], "hello\n/expect hello\n").success();
    let [document, lines] =
        ["a.json", "a.jsonl"].map(|file| fs::read_to_string(dir.path().join(file)).unwrap());
    assert_eq!(event_lines(&document), event_lines(&lines));
    assert_eq!(event_lines(&document).len(), 5, "{document}");
    assert!(document.starts_with(r#"{"chat-repl":"transcript","version":1,"started":""#));
    assert!(document.contains(r#"Z","role":"client","eol":"\n","events":["#), "{document}");
    assert!(lines.lines().last().unwrap().starts_with(r#"{"ev":"end","#), "{lines}");
    let shown = |file| show(&dir, file).success().get_output().stdout.clone();
    assert_eq!(shown("a.json"), shown("a.jsonl"));
    let text = is_match(r"(?m)^ +\+0\.\d{3}s client  hello\n +\+0\.\d{3}s server  hello$").unwrap();
    show(&dir, "a.json").stdout(text).stderr("");
}

#[test]
fn a_saved_conversation_is_its_owners_alone() {
    let dir = TempDir::new().unwrap();
    let args = ["--save", "a.json", "--record", "a.jsonl"];
    talk(&dir, &args, "x\n/save b.json\n/save b.jsonl\n").success();
    for file in ["a.json", "a.jsonl", "b.json", "b.jsonl"] {
        let mode = fs::metadata(dir.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
        show(&dir, file).success();
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 4, "nothing else is left");
}

#[test]
fn the_clock_of_a_transcript_does_not_drift() {
    let dir = TempDir::new().unwrap();
    let before = Timestamp::now();
    let script = "x\n/expect x\n/sleep 3ms\n".repeat(40);
    talk(&dir, &["--save", "a.json"], &script).success();
    let text = fs::read_to_string(dir.path().join("a.json")).unwrap();
    for line in event_lines(&text) {
        assert!(
            is_match(r#"^\{"dt":(0|[1-9]\d*)(\.\d{0,2}[1-9])?,"#).unwrap().eval(line),
            "{line}"
        );
    }
    let saved = document(&dir.path().join("a.json"));
    let started: Timestamp = saved["started"].as_str().unwrap().parse().unwrap();
    let total: f64 =
        saved["events"].as_array().unwrap().iter().map(|e| e["dt"].as_f64().unwrap()).sum();
    assert!(total >= 120.0, "40 pauses of 3 ms are {total} ms");
    let elapsed = before.duration_until(Timestamp::now()).as_secs_f64() * 1000.0;
    assert!(total <= elapsed, "{total} ms in {elapsed}");
    assert!(started.as_millisecond() >= before.as_millisecond(), "{started} is before {before}");
}

#[test]
fn lines_of_one_read_share_its_instant_and_precede_what_they_trigger() {
    let dir = TempDir::new().unwrap();
    let server = ScriptedServer::start(|mut peer| {
        peer.say("a\nb\nc\n");
        peer.expect_bytes("go\n");
        peer.read_to_end_within(DEADLINE);
    });
    let repl = Repl::new().args(["--connect", &server.addr(), "--save", "a.json"]);
    repl.stdin("/expect a\ngo\n").current_dir(dir.path()).run().success();
    let saved = document(&dir.path().join("a.json"));
    let events = &saved["events"].as_array().unwrap()[1..5];
    let said: Vec<_> = events.iter().map(|event| event["line"].as_str().unwrap()).collect();
    assert_eq!(said, ["a", "b", "c", "go"]);
    assert!(events[1..3].iter().all(|event| event["dt"] == 0), "{events:?}");
}

#[test]
fn bytes_line_ends_and_unended_lines_are_kept() {
    let dir = TempDir::new().unwrap();
    let script = "/raw caf\\xe9 \\\\ \\x00\\n\n/raw a\\r\\nlogin: \n/expect -p login: $\nbob\n";
    talk(&dir, &["--save", "a.json"], script).success();
    let text = fs::read_to_string(dir.path().join("a.json")).unwrap();
    for said in [
        r#""from":"server","esc":"caf\\xe9 \\\\ \u0000"}"#,
        r#""from":"server","line":"a","eol":"\r\n"}"#,
        r#""from":"server","line":"login: ","eol":""}"#,
        r#""from":"client","line":"bob"}"#,
    ] {
        assert!(text.contains(said), "no {said} in\n{text}");
    }
    let shown = contains(r"caf\xe9 \ \x00").and(contains("\x1b").not());
    show(&dir, "a.json").success().stdout(shown);
}

#[test]
fn nothing_but_a_transcript_is_overwritten() {
    let dir = TempDir::new().unwrap();
    let diary = dir.path().join("diary.txt");
    fs::write(&diary, "dear diary").unwrap();
    let refused = says::error("`diary.txt` is there and no transcript");
    for (args, script) in [
        (&[][..], "/save diary.txt\n"),
        (&["--save", "diary.txt"], "x\n"),
        (&["--record", "diary.txt"], "x\n"),
    ] {
        talk(&dir, args, script).code(3).stderr(refused.clone());
        assert_eq!(fs::read(&diary).unwrap(), b"dear diary");
    }
    talk(&dir, &[], "/save -f diary.txt\n").success().stderr(says::notice("saved 1 event to"));
    // Now it is a transcript, which a new one may take the place of.
    talk(&dir, &[], "/note again\n/save diary.txt\n").success();
    talk(&dir, &["--save", "diary.txt"], "/note and again\n").success();
    show(&dir, "diary.txt").success().stdout(contains("note: and again"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named_before_anything_is_said() {
    let dir = TempDir::new().unwrap();
    for option in ["--save", "--record"] {
        let told = talk(&dir, &[option, "no/such/a.json"], "x\n").code(3).stdout("");
        told.stderr("error: cannot write `no/such/a.json`: no such file or directory\n   = name a file that can be written\n");
    }
}

#[test]
fn a_name_that_was_left_out_is_a_date_and_never_taken_twice() {
    let dir = TempDir::new().unwrap();
    let told = talk(&dir, &[], "/save\n/save\n/save\n").success();
    told.stderr(is_match(r"-- saved 1 event to chat-\d{8}-\d{6}\.json\n").unwrap());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
}

#[test]
fn what_was_not_kept_is_counted_and_a_file_named_at_the_start_is_whole() {
    let dir = TempDir::new().unwrap();
    let script = "hello\n/expect hello\n".repeat(200) + "/save part.json\n";
    let told = talk(&dir, &["--keep", "8KiB", "--save", "all.json"], &script).success();
    let part = document(&dir.path().join("part.json"));
    let (events, missing) = (part["events"].as_array().unwrap().len(), part["missing"].as_u64());
    let missing = missing.expect("8 KiB do not hold 401 events");
    assert_eq!(events as u64 + missing, 401);
    let saved =
        format!("saved {events} events to part.json, without {missing} earlier events (--keep)\n");
    told.stderr(says::notice(&saved).and(says::notice("saved 403 events to all.json\n")));
    assert_eq!(document(&dir.path().join("all.json"))["events"].as_array().unwrap().len(), 403);
    show(&dir, "part.json").success().stdout(contains(format!("{missing} events missing")));
}

#[test]
fn a_torn_tail_and_a_missing_end_are_called_interrupted() {
    let dir = TempDir::new().unwrap();
    talk(&dir, &["--record", "a.jsonl"], "hello\n/expect hello\n").success();
    let whole = fs::read_to_string(dir.path().join("a.jsonl")).unwrap();
    let (events, _end) = whole.split_at(whole.rfind("{\"ev\":\"end\"").unwrap());
    for (torn, lines) in [(events, 2), (&events[..events.rfind("server\",\"line").unwrap()], 1)] {
        fs::write(dir.path().join("torn.jsonl"), torn).unwrap();
        let shown = show(&dir, "torn.jsonl").success();
        shown.stdout(contains(" hello\n").count(lines).and(contains("\ninterrupted: ")));
    }
}

#[test]
fn what_is_no_transcript_is_refused_with_its_place() {
    let dir = TempDir::new().unwrap();
    let header = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","role":"client","eol":"\n""#;
    for (text, told) in [
        (header.replace(":1,", ":2,") + "}\n", "line 1, column 37: version `2`, expected 1"),
        ("dear diary".into(), "line 1, column 1: no transcript, expected"),
        (String::new(), "line 1, column 1: no transcript, expected"),
        (format!("{header},\"events\":[\n{{\"dt\":0,"), "line 2, column 9: the text ends"),
        (format!("{header}}}\n{{\"dt\":-1}}\n{{\"dt\":0}}\n"), "line 2, column "),
        (
            format!("{header}}}\n{{torn}}\n{{\"ev\":\"end\",\"dt\":0,\"events\":0}}\n"),
            "line 2, column 2",
        ),
    ] {
        fs::write(dir.path().join("a.json"), &text).unwrap();
        let refused = show(&dir, "a.json").code(3);
        refused.stderr(says::error(&format!("`a.json` {told}")));
    }
    show(&dir, "none.json").code(3).stderr(says::error("cannot read `none.json`: "));
}

#[test]
fn what_a_newer_program_added_does_no_harm() {
    let dir = TempDir::new().unwrap();
    let text = r#"
        {"chat-repl": "transcript", "version": 1, "started": "2026-10-07T09:15:02Z", "role": "client",
         "eol": "\n", "colour": {"deep": [1, null]}, "events": [
           {"dt": 0, "ev": "open", "conn": 1, "addr": "127.0.0.1:1", "tls": {"version": "1.3"}},
           {"dt": 1500, "conn": 1, "from": "server", "line": "hi", "mood": "sunny"},
           {"dt": 1, "ev": "resize", "conn": 1, "cols": 80}
        ]}"#;
    fs::write(dir.path().join("a.json"), text).unwrap();
    let shown = show(&dir, "a.json").success().stderr("");
    shown.stdout(contains("+1.500s server  hi\n").and(contains("-- resize\n")));
}
