//! Dialogues with Redis, in its inline protocol.

use std::fs;
use std::path::Path;

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use super::Dialogue;
use crate::support::peer::Peer;
use crate::support::proc::Repl;
use crate::support::says;
use crate::support::servers::{REDIS, Server};

const SCRIPT: &str = r"/# A dialogue with Redis, each answer awaited.
PING
/expect -n -x +PONG
SET greeting hello
/expect -n ^\+OK$
GET greeting
/expect -n ^\$(?<length>\d+)$
/expect -n ^hello$
/send GETRANGE greeting 0 ${length}
/expect -n ^\$5$
/expect -n ^hello$
LPUSH greeting x
/expect -n ^-WRONGTYPE
QUIT
/expect -n ^\+OK$
/expect-eof
";

/// Runs against a Redis.
#[track_caller]
fn run(redis: &Server, dir: &Path, args: &[&str]) -> Assert {
    let repl = Repl::new().args(["--connect", redis.addr(), "--eol", "crlf"]).args(args);
    repl.current_dir(dir).run()
}

#[test]
fn redis_answers_as_its_script_expects() {
    let Some(redis) = Server::start(&REDIS) else { return };
    let dir = TempDir::new().unwrap();
    let dialogue = Dialogue::with(&redis, &REDIS, "redis.chat");
    let left = dialogue.run_and_replay(&dir.path().join("talk.json"));
    let said = "+PONG\r\n+OK\r\n$5\r\nhello\r\n:1\r\n\
                -ERR wrong number of arguments for 'get' command\r\n+OK\r\n";
    assert_eq!(String::from_utf8(left.stdout).unwrap(), said);
    dialogue.run_as_test();
}

#[test]
fn a_dialogue_with_redis_is_kept_and_played_again() {
    let Some(redis) = Server::start(&REDIS) else { return };
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    fs::write(dir.join("redis.chat"), SCRIPT).unwrap();
    run(&redis, dir, &["--script", "redis.chat", "--save", "talk.json"]).success();
    let kept = fs::read_to_string(dir.join("talk.json")).unwrap();
    assert!(kept.contains(r#""eol":"\r\n","events":["#), "{kept}");
    assert!(kept.contains(r#""line":"$5","want":"^\\$(?<length>\\d+)$"}"#), "{kept}");
    assert!(
        kept.contains(r#""line":"GETRANGE greeting 0 5","send":"GETRANGE greeting 0 ${length}"}"#)
    );
    let again = run(&redis, dir, &["--replay", "talk.json"]).success();
    again.stderr(says::notice("replayed talk.json: 8 lines as recorded\n"));
}

#[test]
fn a_server_with_other_data_is_found_out() {
    let (Some(one), Some(other)) = (Server::start(&REDIS), Server::start(&REDIS)) else { return };
    let dir = TempDir::new().unwrap();
    let dir = dir.path();
    for (redis, value) in [(&one, "left"), (&other, "lift")] {
        let mut peer = Peer::connect(redis.addr());
        peer.say(format!("SET word {value}\r\n"));
        peer.expect_bytes("+OK\r\n");
    }
    let script = "GET word\n/expect ^left$\nQUIT\n/expect OK\n";
    fs::write(dir.join("redis.chat"), script).unwrap();
    run(&one, dir, &["--script", "redis.chat", "--save", "talk.json"]).success();
    run(&one, dir, &["--replay", "talk.json"]).success();
    let told = run(&other, dir, &["--replay", "talk.json"]).code(1);
    let differs = "   = recorded: left\n   = came:     lift\n   =            ^\n";
    let event = says::error("event 4 of talk.json differs\n");
    told.stderr(event.and(contains(differs)).and(says::notice("replayed").not()));
    let told = run(&other, dir, &["--script", "redis.chat", "--timeout", "200ms"]).code(1);
    told.stderr(contains("   = lift  <- nearest  +"));
}
