//! What a mock says, and what it takes.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::support::proc::stdout;
use crate::support::tape::{closes, on, opens, prompt, with};
use crate::support::{folder, says};

#[test]
fn it_plays_the_server_and_tells_that_all_was_as_recorded() {
    let dir = talk_folder(&talk());
    let (mock, addr) = mock(dir.path(), "talk.jsonl", &[]);
    says_its_part(&addr);
    let done = mock.wait().exited(0);
    assert_eq!(done.stdout, b"one\ntwo\n", "what the client said, and nothing else");
    let notices = ["guest-1 left: closed", "replayed talk.jsonl to guest-1: 2 lines as recorded"];
    for notice in notices {
        assert_eq!(lines(&done, &format!("-- {notice}")), 1, "{}", done.stderr);
    }
}

#[test]
fn a_line_that_is_another_is_told_and_fails() {
    let dir = talk_folder(&talk());
    let (mock, addr) = mock(dir.path(), "talk.jsonl", &["--json"]);
    let mut guest = Peer::connect(&addr);
    guest.say("one\ntoo\n");
    assert_eq!(guest.read_to_end_within(crate::support::DEADLINE), b"hello\n1\n");
    let done = mock.wait().exited(1);
    for told in [
        "error: guest-1: event 5 of talk.jsonl differs\n",
        "\n   = recorded: two\n   = came:     too\n   =            ^\n",
        "\n   = if it is right now: change the event, or record the conversation anew\n",
        "\nerror: 1 of 1 guest failed\n",
    ] {
        assert!(done.stderr.contains(told), "{}", done.stderr);
    }
    let records = done.stdout.split_inclusive(|byte| *byte == b'\n');
    let mut records = records.map(|line| serde_json::from_slice::<Value>(line).unwrap());
    let mismatch = records.find(|record| record["ev"] == "mismatch").unwrap();
    for (key, value) in [("kind", "changed"), ("guest", "guest-1"), ("came", "too\n")] {
        assert_eq!(mismatch[key], value, "{mismatch}");
    }
    assert_eq!((mismatch["event"].as_u64(), mismatch["conn"].as_u64()), (Some(5), Some(1)));
}

#[test]
fn a_client_that_leaves_or_says_nothing_in_time_fails() {
    let dir = talk_folder(&talk());
    let (leaves, addr) = mock(dir.path(), "talk.jsonl", &[]);
    let mut guest = Peer::connect(&addr);
    guest.say("one\n");
    guest.shutdown();
    let done = leaves.wait().exited(1);
    let told = "error: guest-1: event 5 of talk.jsonl did not come: the peer has ended\n";
    assert!(done.stderr.contains(told), "{}", done.stderr);
    let (waits, addr) = mock(dir.path(), "talk.jsonl", &["--timeout", "100ms"]);
    let mut guest = Peer::connect(&addr);
    guest.say("one\n");
    let done = waits.wait().exited(1);
    let told = "error: guest-1: event 5 of talk.jsonl did not come: nothing came within 100ms\n";
    assert!(done.stderr.contains(told), "{}", done.stderr);
    assert_eq!(guest.read_to_end_within(crate::support::DEADLINE), b"hello\n1\n");
}

#[test]
fn what_is_captured_or_masked_or_secret_is_compared_and_said_again() {
    let dir = talk_folder(&tape(&[
        with(client("I am bob"), r#""want":"^I am (?<who>\\w+)$""#),
        with(server("hello bob"), r#""send":"hello ${who}""#),
        client("it is 09:15"),
        with(server("pass?"), r#""eol":"""#),
        with(client("${PASS}"), r#""secret":["PASS"]"#),
        with(server("it was ${PASS}"), r#""secret":["PASS"]"#),
    ]));
    fs::write(dir.path().join("pass.txt"), "open sesame\n").unwrap();
    let options = ["--mask", r"s/\d\d:\d\d/T/", "--secret", "PASS@pass.txt"];
    for (pass, status) in [("open sesame", 0), ("open sesami", 1)] {
        let (mock, addr) = mock(dir.path(), "talk.jsonl", &options);
        let mut guest = Peer::connect(&addr);
        guest.say("I am ann\n");
        guest.expect_bytes("hello ann\n");
        guest.say("it is 23:59\n");
        guest.expect_bytes("pass?");
        guest.say(format!("{pass}\n"));
        let answer = if status == 0 { "it was open sesame\n" } else { "" };
        if status == 0 {
            guest.expect_bytes(answer);
        }
        guest.shutdown();
        let done = mock.wait().exited(status);
        assert!(!done.stderr.contains("open sesame"), "{}", done.stderr);
        assert_eq!(done.stderr.contains("= recorded: ${PASS}\n"), status == 1, "{}", done.stderr);
    }
}

#[test]
fn lines_in_any_order_are_each_looked_up() {
    let dir = talk_folder(&tape(&[
        server("hello"),
        client("ping"),
        server("pong"),
        opens(2),
        on(2, client("data")),
        on(2, server("go on")),
        on(2, client("a mail")),
        on(2, client(".")),
        on(2, server("queued")),
        client("quit"),
        server("bye"),
        closes("server", "eof"),
    ]));
    let any = ["--match", "any"];
    let (all, addr) = mock(dir.path(), "talk.jsonl", &any);
    for (mails, greeting) in [(2, "hello\n"), (0, "")] {
        let mut guest = Peer::connect(&addr);
        guest.expect_bytes(greeting);
        for _ in 0..mails {
            guest.say("data\n");
            guest.expect_bytes("go on\n");
            guest.say("a mail\n.\n");
            guest.expect_bytes("queued\n");
            guest.say("ping\nping\n");
            guest.expect_bytes("pong\npong\n");
        }
        guest.say("quit\n");
        guest.expect_bytes("bye\n");
        assert_eq!(guest.read_line(), b"");
    }
    let done = all.wait().exited(0);
    assert_eq!(lines(&done, "-- replayed talk.jsonl#"), 2, "{}", done.stderr);

    let (less, addr) = mock(dir.path(), "talk.jsonl#1", &any);
    let mut guest = Peer::connect(&addr);
    guest.say("quit\n");
    guest.expect_bytes("hello\nbye\n");
    guest.shutdown();
    let done = less.wait().exited(1);
    let told = "error: 1 line of talk.jsonl never came\n   = 3 client: ping\n";
    assert!(done.stderr.contains(told), "{}", done.stderr);

    let (other, addr) = mock(dir.path(), "talk.jsonl#1", &any);
    let mut guest = Peer::connect(&addr);
    guest.say("ping\npang\n");
    assert_eq!(guest.read_to_end_within(crate::support::DEADLINE), b"hello\npong\n");
    let done = other.wait().exited(1);
    let told = "error: guest-1: no line of talk.jsonl is this one\n   = nearest is event 3\n   \
                = recorded: ping\n   = came:     pang\n   =            ^\n";
    assert!(done.stderr.contains(told), "{}", done.stderr);
}

#[test]
fn a_recorded_pace_can_be_kept() {
    let late = r#"{"dt":3600000,"conn":1,"from":"server","line":"late"}"#.to_owned();
    let dir = talk_folder(&tape(&[client("soon"), late, client("then"), server("ok")]));
    for options in [
        &["--pace", "recorded", "--max-idle", "10ms"][..],
        &["--pace", "x1000000"],
        &["--pace", "wait"],
    ] {
        let (mock, addr) = mock(dir.path(), "talk.jsonl", options);
        let mut guest = Peer::connect(&addr);
        guest.say("soon\nthen\n");
        guest.expect_bytes("late\nok\n");
        guest.shutdown();
        mock.wait().exited(0);
    }
}

#[test]
fn what_happened_is_kept() {
    let dir = talk_folder(&talk());
    let keeping = ["--actual", "actual.json", "--record", "record.jsonl"];
    let (mock, addr) = mock(dir.path(), "talk.jsonl", &keeping);
    says_its_part(&addr);
    mock.wait().exited(0);
    for file in ["actual.json", "record.jsonl"] {
        let kept = Repl::new().args(["show", file]).current_dir(dir.path()).run().success();
        let shown = stdout(&kept);
        let said = ["server   hello", "guest-1  one", "server   1", "guest-1  two", "server   2"];
        let at = said.map(|line| shown.find(line).unwrap_or_else(|| panic!("{line}: {shown}")));
        assert!(at.is_sorted(), "{shown}");
    }
}

#[test]
fn options_that_do_not_go_together_are_told() {
    let mocks = ["--listen", "127.0.0.1:0", "--replay"];
    let verifies = ["--connect", "127.0.0.1:1", "--replay"];
    for (way, more, told) in [
        (&mocks[..], &["t.json", "--bless=force"][..], "--bless takes for right"),
        (&mocks, &["t.json", "--script", "a.chat"], "cannot be used with"),
        (&mocks, &["a.chat", "--match", "any"], "--match is for transcripts"),
        (&mocks, &["t.json", "--connect", "127.0.0.1:1"], "has no --replay"),
        (&verifies, &["t.json", "--match", "any"], "with --connect there is none"),
        (&verifies, &["a.chat"], "a script is run by --script"),
        (&mocks[..2], &["--match", "any"], "--replay names it"),
    ] {
        let repl = Repl::new().args(way).args(more);
        repl.run().code(2).stderr(contains(told).and(contains("error: ")));
    }
    let missing = Repl::new().args(mocks).args(["nowhere.chat"]).run();
    missing.code(3).stderr(says::error("cannot read `nowhere.chat`"));
    let missing = Repl::new().args(mocks).args(["nowhere.json"]).run();
    missing.code(3).stderr(says::error("cannot read `nowhere.json`"));
}

/// An event in which one side says these bytes.
fn said(from: &str, text: &[u8], eol: &str) -> String {
    let esc = text.iter().map(|byte| format!("\\\\x{byte:02x}")).collect::<Vec<_>>().concat();
    format!(r#"{{"dt":1,"conn":1,"from":"{from}","esc":"{esc}","eol":"{eol}"}}"#)
}

type Lines = Vec<(&'static str, Vec<u8>, &'static str)>;

/// Any conversation in which the server says something.
fn lines_of_both() -> impl Strategy<Value = Lines> {
    let text = prop::collection::vec(prop::sample::select(&b"ab\r\xc3\xa9\xff\0"[..]), 1..6);
    let eol = prop::sample::select(&["\\n", "\\r\\n", ""][..]);
    let side = prop::sample::select(&["client", "server"][..]);
    let lines = prop::collection::vec((side, text, eol), 1..12);
    lines.prop_filter("the server says something", |lines| {
        lines.iter().any(|(from, ..)| *from == "server")
    })
}

fn tape_of(lines: &Lines) -> String {
    let events: Vec<String> = lines.iter().map(|(from, text, eol)| said(from, text, eol)).collect();
    tape(&events)
}

/// Plays one transcript to the client of another; how both ended, and what they told.
fn against(client: &Lines, server: &Lines) -> [Finished; 2] {
    let files = [("server.jsonl", &*tape_of(server)), ("client.jsonl", &*tape_of(client))];
    let dir = folder(&files);
    let (mocks, addr) = mock(dir.path(), "server.jsonl", &[]);
    let verifies = Repl::new().args(["--connect", &addr, "--replay", "client.jsonl"]);
    let verifies = verifies.current_dir(dir.path()).spawn().wait();
    [verifies, mocks.wait()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn the_mock_of_a_transcript_verifies_over_sockets(
        talk in lines_of_both(),
        which in any::<prop::sample::Index>(),
        change in 1_u8..,
    ) {
        let both = against(&talk, &talk);
        for end in &both {
            prop_assert_eq!(end.status.code(), Some(0), "{}", end.stderr);
        }
        for (end, side) in ["server", "client"].into_iter().enumerate() {
            let heard: Vec<usize> = (0..talk.len()).filter(|at| talk[*at].0 == side).collect();
            if heard.is_empty() {
                continue;
            }
            let at = heard[which.index(heard.len())];
            let mut other = talk.clone();
            let byte = which.index(other[at].1.len());
            other[at].1[byte] ^= change;
            let both = against(&other, &talk);
            // What a client says is heard by the mock, what the server says by who verifies.
            let told = format!("event {} of {}.jsonl differs", at + 2, ["client", "server"][end]);
            prop_assert_eq!(both[end].status.code(), Some(1), "{}", both[end].stderr);
            prop_assert!(both[end].stderr.contains(&told), "{told}: {}", both[end].stderr);
        }
    }
}

#[test]
fn partial_lines_are_said_and_taken_as_they_were() {
    let login = with(client("bob"), r#""eol":"\r\n""#);
    let dir = talk_folder(&tape(&[prompt("login: "), login, prompt("password: ")]));
    let (mock, addr) = mock(dir.path(), "talk.jsonl", &[]);
    let mut guest = Peer::connect(&addr);
    guest.expect_bytes("login: ");
    guest.say("bob\r\n");
    guest.expect_bytes("password: ");
    guest.shutdown();
    mock.wait().exited(0);
}
