//! Dialogues with Redis, in its inline protocol.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use super::Dialogue;
use super::tape::{Tape, masks};
use crate::support::peer::Peer;
use crate::support::says;
use crate::support::servers::{REDIS, Server};
use crate::support::tools::require;

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
    let tape = Tape::record(&redis, SCRIPT);
    let kept = tape.text();
    assert!(kept.contains(r#""eol":"\r\n","events":["#), "{kept}");
    assert!(kept.contains(r#""line":"$5","want":"^\\$(?<length>\\d+)$"}"#), "{kept}");
    assert!(
        kept.contains(r#""line":"GETRANGE greeting 0 5","send":"GETRANGE greeting 0 ${length}"}"#)
    );
    tape.replay(&redis, &[])
        .success()
        .stderr(says::notice("replayed talk.json: 8 lines as recorded\n"));
}

#[test]
fn a_server_with_other_data_is_found_out() {
    let (Some(one), Some(other)) = (Server::start(&REDIS), Server::start(&REDIS)) else { return };
    for (redis, value) in [(&one, "left"), (&other, "lift")] {
        let mut peer = Peer::connect(redis.addr());
        peer.say(format!("SET word {value}\r\n"));
        peer.expect_bytes("+OK\r\n");
    }
    let tape = Tape::record(&one, "GET word\n/expect ^left$\nQUIT\n/expect OK\n");
    tape.holds(&one, &[]);
    let told = tape.differs(&other, &[], r#""line":"left""#);
    let differs = "   = recorded: left\n   = came:     lift\n   =            ^\n";
    told.stderr(contains(differs).and(says::notice("replayed").not()));
    let script = ["--eol", "crlf", "--script", "talk.chat", "--timeout", "200ms"];
    let told = tape.run(&["--connect", other.addr()]).args(script).run().code(1);
    told.stderr(contains("   = lift  <- nearest  +"));
}

/// What differs from run to run in it: the id, the port and the counters of a conn; times and lengths.
const VARIED: &str = r"/reject ^-
CLIENT ID
/expect -n ^:(?<id>\d+)$
/send CLIENT LIST ID ${id}
/expect -n ^\$\d+$
/expect -n ^id=${id} addr=
/expect -n ^$
SCRIPT LOAD 'return redis.call(\'time\')[1] .. \' \' .. (redis.call(\'get\', \'who\') or \'nobody\')'
/expect -n -x $40
/expect -n ^(?<sha>[0-9a-f]{40})$
/send EVALSHA ${sha} 0
/expect -n ^\$\d+$
/expect -n ^\d+ \w+$
/raw *3\r\n$3\r\nSET\r\n$5\r\nbytes\r\n$9\r\na\r\n\0\xff\n\r\nb\r\n
/expect -n ^\+OK$
/raw *2\r\n$3\r\nGET\r\n$5\r\nbytes\r\n
/expect -n -x $9
/expect ^b$
INFO server
/expect ^redis_version:
/expect ^io_threads_active:
/expect ^$
LASTSAVE
/expect -n ^:\d+$
QUIT
/expect -n ^\+OK$
/expect-eof
";

const CONN: &str = r"s/\b([a-z-]+)=[\d.:]+/$1=N/";
const MASKS: [&str; 5] = [
    CONN,
    r"s/^\$\d+$/$$N/",
    r"s/^:?\d{10}\b/TIME/",
    r"s/^(process_id|run_id|tcp_port|server_time_usec|uptime_in_\w+|lru_clock|executable):.*/$1:X/",
    r"s/^id=\d+/id=N/",
];

#[test]
fn ids_times_and_ports_of_redis_hold_with_masks_and_captures() {
    let (Some(one), Some(fresh)) = (Server::start(&REDIS), Server::start(&REDIS)) else { return };
    let tape = Tape::record(&one, VARIED);
    let bytes = r#""from":"server","esc":"\u0000\\xff","eol":"\n"}"#;
    assert!(tape.text().contains(bytes), "{}", tape.text());
    // The ids of conns are others as well: some were before.
    for _ in 0..9 {
        Peer::connect(fresh.addr()).say("QUIT\r\n");
    }
    for redis in [&one, &fresh] {
        tape.holds(redis, &masks(&MASKS));
        tape.differs(redis, &masks(&MASKS[1..]), r#""line":"id="#);
    }
    tape.differs(&fresh, &masks(&[&MASKS[..3], &MASKS[4..]].concat()), r#""line":"process_id:"#);
    tape.mask(&MASKS);
    tape.holds(&fresh, &[]);
}

#[test]
fn what_is_really_another_beside_a_time_of_redis_is_found_out() {
    let (Some(one), Some(other)) = (Server::start(&REDIS), Server::start(&REDIS)) else { return };
    let tape = Tape::record(&one, VARIED);
    tape.mask(&MASKS);
    let mut peer = Peer::connect(other.addr());
    peer.say("SET who somebody\r\n");
    peer.expect_bytes("+OK\r\n");
    let told = tape.differs(&other, &[], r#" nobody"}"#);
    let marks = r"   = recorded: \d{10} nobody\n   = came:     \d{10} somebody\n   =                      \^{4}\n";
    told.stderr(predicate::str::is_match(marks).unwrap());
}

#[test]
fn an_id_heard_on_one_conn_is_said_on_another() {
    let (Some(one), Some(fresh)) = (Server::start(&REDIS), Server::start(&REDIS)) else { return };
    let script = r"/open other ${addr}
/on other
CLIENT ID
/expect -n ^:(?<id>\d+)$
/on main
/send CLIENT KILL ID ${id}
/expect -n -x :1
/on other
/expect-eof
/on main
/send CLIENT KILL ID ${id}
/expect -n -x :0
QUIT
/expect -n -x +OK
";
    let tape = Tape::record(&one, script);
    for redis in [&one, &fresh, &fresh] {
        tape.holds(redis, &[]);
    }
    // Said as it was recorded, it is another's, or nobody's.
    let said = tape.text().replace(r#","send":"CLIENT KILL ID ${id}""#, "");
    fs::write(tape.path("talk.json"), said).unwrap();
    tape.differs(&fresh, &[], r#""line":":1"}"#);
}

#[test]
fn a_tape_is_a_test_with_a_redis_of_its_own() {
    let Some(one) = Server::start(&REDIS) else { return };
    let Some(program) = require("redis-server") else { return };
    let tape = Tape::record(&one, VARIED);
    let server = format!("{} --bind 127.0.0.1 --port ${{port}} --save ''", program.display());
    let test =
        |masks: &[&str]| tape.run(&["test", "talk.json", "--server", &server]).args(masks).run();
    test(&masks(&MASKS)).success().stdout(contains("1 test: 1 passed"));
    let event = tape.event(r#""line":"process_id:"#);
    let told = test(&masks(&[&MASKS[..3], &MASKS[4..]].concat())).code(1);
    told.stdout(says::error(&format!("event {event} of talk.json differs\n")));
}
