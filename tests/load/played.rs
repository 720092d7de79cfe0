//! What clients say, what is compared, and how sessions end.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::Signal;

use super::answers::{Answer, Answers};
use super::*;
use crate::support::DEADLINE;
use crate::support::proc::stderr;
use crate::support::servers::{REDIS, Server};
use crate::support::tape::{closes, on, opens};

#[test]
fn all_clients_play_all_of_it_as_often_as_they_are_to() {
    let (dir, server) = (hellos(3), Answers::echo());
    for (file, threads) in [("hello.json", "1"), ("hello.chat", "1"), ("hello.json", "3")] {
        let options = ["--clients", "7", "--times", "4", "--threads", threads];
        let told = load(dir.path(), file, &server.addr(), &options, 0);
        told.ended([28, 0, 0, 0, 0, 0]).turns(28 * 3);
        assert_eq!(told.count("/sent/lines"), Some(84));
        assert_eq!(told.count("/received/bytes"), Some(84 * 6));
        assert_eq!(told.count("/connect/samples"), Some(28));
    }
    assert_eq!(server.heard().len(), 3 * 84);
}

#[test]
fn there_are_no_more_threads_than_clients() {
    let (dir, server) = (hellos(1), Answers::echo());
    let options = ["--clients", "2", "--threads", "1000000000000"];
    let told = load(dir.path(), "hello.json", &server.addr(), &options, 0);
    told.ended([2, 0, 0, 0, 0, 0]).turns(2);
    assert_eq!(told.count("/runs/0/threads"), Some(2));
}

#[test]
fn each_client_and_each_session_has_a_number() {
    let script = "/send I am ${client} ${iter}\n/expect ^I am ${client} ${iter}$\n";
    let says =
        r#"{"dt":1,"conn":1,"from":"client","line":"I am 9 9","send":"I am ${client} ${iter}"}"#;
    let hears =
        r#"{"dt":1,"conn":1,"from":"server","line":"I am 9 9","want":"^I am (?<c>\\d+) ${iter}$"}"#;
    let again = r#"{"dt":1,"conn":1,"from":"client","line":"9","send":"${c}"}"#;
    let said = [says.to_owned(), hears.to_owned(), again.to_owned(), server("9 at 7")];
    let dir = folder(&[("who.chat", script), ("who.json", &tape(&said))]);
    let options = ["--clients", "2", "--times", "2", "--mask", "s/[0-9]+ at/N at/"];
    let whole = ["I am 1 1", "I am 1 2", "I am 2 1", "I am 2 2"];
    for (file, all) in
        [("who.chat", whole.to_vec()), ("who.json", [&["1", "1", "2", "2"], &whole[..]].concat())]
    {
        let server = Answers::start(|line| {
            let is_number = line.parse::<u64>().is_ok();
            Answer::Say(if is_number { format!("{line} at 7") } else { line.to_owned() })
        });
        load(dir.path(), file, &server.addr(), &options, 0).ended([4, 0, 0, 0, 0, 0]);
        assert_eq!(server.heard(), all);
    }
}

#[test]
fn one_wrong_answer_in_a_thousand_is_counted_exactly() {
    let dir = hellos(10);
    for file in ["hello.json", "hello.chat"] {
        let (right, wrong) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counts = (Arc::clone(&right), Arc::clone(&wrong));
        let all = AtomicU64::new(0);
        let server = Answers::start(move |line| {
            let is_wrong = all.fetch_add(1, Ordering::SeqCst) % 1000 == 999;
            let count = if is_wrong { &counts.1 } else { &counts.0 };
            count.fetch_add(1, Ordering::SeqCst);
            Answer::Say(if is_wrong { "hallo".to_owned() } else { line.to_owned() })
        });
        let options = ["--clients", "10", "--times", "30"];
        let told = load(dir.path(), file, &server.addr(), &options, 1);
        let (right, wrong) = (right.load(Ordering::SeqCst), wrong.load(Ordering::SeqCst));
        assert_eq!(wrong, 2);
        told.ended([298, 2, 0, 0, 0, 0]).failed("hello", 2);
        told.turns(right);
    }
}

#[test]
fn what_is_wrong_is_told_as_a_replay_tells_it() {
    let server = Answers::start(|line| Answer::Say(line.replace('l', "L")));
    let told = load(hellos(2).path(), "hello.json", &server.addr(), &["--clients", "2"], 1);
    told.ended([0, 2, 0, 0, 0, 0]).turns(0).failed("event 3 of hello.json differs", 2);
    let example = told.json.pointer("/failures/0/example").unwrap().as_str().unwrap();
    assert!(
        example.contains("recorded: hello\n") && example.contains("came:     heLLo\n"),
        "{example}"
    );
}

#[test]
fn what_never_comes_is_waited_for_so_long() {
    let server = Answers::start(|_| Answer::Nothing);
    for file in ["hello.json", "hello.chat"] {
        let options = ["--clients", "3", "--timeout", "300ms"];
        let told = load(hellos(2).path(), file, &server.addr(), &options, 1);
        told.ended([0, 0, 3, 0, 0, 0]).turns(0);
        assert!(told.number("/elapsed_ms") >= 300.0, "{}", told.json);
    }
}

#[test]
fn a_line_that_does_not_end_is_late() {
    let twice = tape(&[client("hello"), server("hello"), server("hello")]);
    let server = Answers::start(|_| Answer::Begin("hello\nhel".to_owned()));
    let dir = folder(&[
        ("hello.chat", "hello\n/expect -n -x hello\n/expect -n -x hello\n"),
        ("hello.json", &twice),
    ]);
    let options = ["--clients", "3", "--timeout", "300ms"];
    let masked = [&options[..], &["--mask", "s/[0-9]/N/"]].concat();
    for (file, options) in
        [("hello.chat", &options[..]), ("hello.json", &options), ("hello.json", &masked)]
    {
        let told = load(dir.path(), file, &server.addr(), options, 1);
        told.ended([0, 0, 3, 0, 0, 0]).turns(0);
        assert_eq!(told.count("/received/bytes"), Some(3 * 9));
    }
}

#[test]
fn of_a_line_that_does_not_end_no_more_is_read_than_a_player_keeps() {
    const ALL: usize = 32 << 20;
    let server = Answers::start(|_| Answer::Begin("x".repeat(ALL)));
    for more in [&[][..], &["--mask", "s/[0-9]/N/"]] {
        let options = [&["--max-line", "1KiB", "--timeout", "1h"][..], more].concat();
        let told = load(hellos(1).path(), "hello.json", &server.addr(), &options, 1);
        told.ended([0, 1, 0, 0, 0, 0]).turns(0).failed("event 3 of hello.json differs", 1);
        assert!(told.count("/received/bytes") < Some(ALL as u64 / 2), "{}", told.json);
    }
}

#[test]
fn a_server_that_closes_is_no_server_that_answers_wrongly() {
    let server = Answers::start(|_| Answer::Close);
    for file in ["hello.json", "hello.chat"] {
        let options = ["--clients", "3", "--times", "2"];
        let told = load(hellos(2).path(), file, &server.addr(), &options, 1);
        told.ended([0, 0, 0, 0, 6, 0]).turns(0);
    }
}

#[test]
fn where_nobody_listens_is_tried_again_after_a_pause() {
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let told = load(hellos(1).path(), "hello.json", &addr, &["--clients", "2", "--times", "4"], 4);
    told.ended([0, 0, 0, 8, 0, 0]).turns(0).failed("connection refused", 8);
    // 10, 20 and 40 ms.
    assert!(told.number("/elapsed_ms") >= 70.0, "{}", told.json);
}

#[test]
fn sessions_that_the_end_of_the_time_cuts_short_have_not_failed() {
    let dir = folder(&[("two.chat", "hello\n/expect hello\nagain\n/expect again\n")]);
    let only = |line: &str| match line {
        "hello" => Answer::Say("hello".to_owned()),
        _ => Answer::Nothing,
    };
    let server = Answers::start(only);
    let options = ["--clients", "3", "--duration", "300ms", "--ramp", "1ms"];
    let told = load(dir.path(), "two.chat", &server.addr(), &options, 0);
    told.ended([0, 0, 0, 0, 0, 3]).turns(3);
    assert!(told.number("/elapsed_ms") >= 300.0, "{}", told.json);
}

#[test]
fn a_signal_ends_it_and_what_was_counted_is_told() {
    let (dir, server) = (hellos(1000), Answers::echo());
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let args = ["load", "hello.json", "--connect", &server.addr(), "--json"];
        let options = ["--clients", "2", "--duration", "10m"];
        let running =
            Repl::new().args(args).args(options).current_dir(dir.path()).stdin("").spawn();
        let before = server.heard().len();
        let begun = std::time::Instant::now();
        while server.heard().len() < before + 100 && begun.elapsed() < DEADLINE {
            std::thread::yield_now();
        }
        running.signal(signal);
        let done = running.wait().exited(code);
        let json: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert!(json["turns"].as_u64() >= Some(50), "{json}");
    }
}

#[test]
fn greetings_and_ends_are_compared_as_in_a_replay() {
    let said = [server("hello"), client("one"), server("1"), client("quit"), server("bye")];
    let tape = tape(&[&said[..], &[closes("server", "eof")]].concat());
    let dir = folder(&[("talk.json", &tape), ("more.json", &tape.replace("\"bye\"", "\"bye!\""))]);
    let args = ["--listen", "127.0.0.1:0", "--stay", "--replay", "talk.json"];
    let mock = Repl::new().args(args).stdin("").current_dir(dir.path()).spawn();
    let addr = mock.listening_addr();
    let options = ["--clients", "4", "--times", "2"];
    load(dir.path(), "talk.json", &addr, &options, 0).ended([8, 0, 0, 0, 0, 0]).turns(16);
    let told = load(dir.path(), "more.json", &addr, &options, 1);
    told.ended([0, 8, 0, 0, 0, 0]).turns(8).failed("event 6 of more.json differs", 8);
}

#[test]
fn it_loads_a_server_over_tls() {
    let dir = hellos(3);
    let args = ["--listen", "tls:127.0.0.1:0", "--stay", "--replay", "hello.json"];
    let mock = Repl::new().args(args).stdin("").current_dir(dir.path()).spawn();
    let addr = mock.listening_addr();
    let options = ["--clients", "3", "--times", "2", "--tls-insecure"];
    let told = load(dir.path(), "hello.json", &addr, &options, 0);
    told.ended([6, 0, 0, 0, 0, 0]).turns(18);
    let told = load(dir.path(), "hello.json", &addr, &options[..4], 4);
    told.ended([0, 0, 0, 6, 0, 0]);
}

#[test]
fn a_server_that_is_silent_in_the_tls_handshake_is_late() {
    // The system connects for it, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = format!("tls:{}", silent.local_addr().unwrap());
    let options = ["--clients", "2", "--connect-timeout", "300ms", "--tls-insecure"];
    let told = load(hellos(1).path(), "hello.json", &addr, &options, 4);
    told.ended([0, 0, 2, 0, 0, 0]).failed("the TLS handshake was not done within 300ms", 2);
}

#[test]
fn one_conn_of_a_transcript_is_played() {
    let second = [opens(2), on(2, client("two")), on(2, server("two"))];
    let said = [&[client("one"), server("1")], &second[..]].concat();
    let (dir, server) = (folder(&[("two.json", &tape(&said))]), Answers::echo());
    load(dir.path(), "two.json#2", &server.addr(), &[], 0).ended([1, 0, 0, 0, 0, 0]).turns(1);
    let args = ["load", "two.json", "--connect", &server.addr()];
    let ran = Repl::new().args(args).current_dir(dir.path()).run().code(3);
    let told = stderr(&ran);
    assert!(told.contains("`two.json` has 2 conns: say which, as in `two.json#1`"), "{told}");
}

#[test]
fn what_a_client_cannot_do_is_told_before_anything_begins() {
    let files = [
        ("open.chat", "hi\n/expect hi\n/open other 127.0.0.1:1\n"),
        ("mute.chat", "hi\n"),
        ("mute.json", &tape(&[client("hi")])),
    ];
    let (dir, server) = (folder(&files), Answers::echo());
    for (file, code, what) in [
        ("open.chat", 3, " --> open.chat:3:1\n"),
        ("mute.chat", 1, "error: `mute.chat` checks nothing\n"),
        ("mute.json", 1, "error: mute.json checks nothing"),
    ] {
        let args = ["load", file, "--connect", &server.addr()];
        let ran = Repl::new().args(args).current_dir(dir.path()).run().code(code);
        let told = stderr(&ran);
        assert!(told.contains(what), "{told}");
    }
    assert!(server.heard().is_empty());
}

#[test]
fn redis_answers_many_clients() {
    let Some(redis) = Server::start(&REDIS) else { return };
    let script = "PING\n/expect -n ^\\+PONG$\n".repeat(20);
    let pong = server("+PONG").replace('}', ",\"eol\":\"\\r\\n\"}");
    let said: Vec<String> = (0..20).flat_map(|_| [client("PING"), pong.clone()]).collect();
    let dir = folder(&[("ping.chat", &script), ("ping.json", &tape(&said))]);
    for file in ["ping.chat", "ping.json"] {
        let options = ["--clients", "50", "--times", "3", "--threads", "2"];
        let told = load(dir.path(), file, redis.addr(), &options, 0);
        told.ended([150, 0, 0, 0, 0, 0]).turns(3000);
    }
}
