//! Dialogues with memcached, whose values may hold any bytes.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use super::Dialogue;
use super::tape::{Tape, masks};
use crate::support::peer::Peer;
use crate::support::proc::Repl;
use crate::support::says;
use crate::support::servers::{MEMCACHED, Server};

#[test]
fn memcached_answers_as_its_script_expects() {
    let Some(memcached) = Server::start(&MEMCACHED) else { return };
    let dialogue = Dialogue::with(&memcached, &MEMCACHED, "memcached.chat");
    let heard = dialogue.run(&[]).stdout;
    let value = b"VALUE chat-repl:bytes 7 10\r\none\r\n\0\r\n\xff.\r\nEND\r\n";
    assert!(memchr::memmem::find(&heard, value).is_some(), "{}", heard.escape_ascii());
    dialogue.run_as_test();
}

#[test]
fn a_value_of_any_bytes_is_kept_and_played_again() {
    let Some(memcached) = Server::start(&MEMCACHED) else { return };
    let dir = TempDir::new().unwrap();
    let repl = || {
        let repl = Repl::new().args(["--connect", memcached.addr(), "--eol", "crlf"]);
        repl.current_dir(dir.path())
    };
    let script = "set key 0 0 9\n/raw a\\r\\nb\\0\\xff\\n\\n\\r\\r\\n\n/expect -n ^STORED\nget key\n\
                  /all\n* ^a$\n* ^b\\x00(?-u:\\xff)$\n* ^$\n* ^\\r$\n* ^END$\n? ^VALUE\n/end\nquit\n";
    repl().stdin(script).args(["--save", "talk.json"]).run().success();
    let kept = fs::read_to_string(dir.path().join("talk.json")).unwrap();
    let piece = r#""from":"client","line":"a"},"#;
    let bytes = r#""from":"server","esc":"b\u0000\\xff","eol":"\n"},"#;
    assert!(kept.contains(piece) && kept.contains(bytes), "{kept}");
    let again = repl().args(["--replay", "talk.json"]).run().success();
    let value = b"VALUE key 0 9\r\na\r\nb\0\xff\n\n\r\r\nEND\r\n";
    let replayed = says::notice("replayed talk.json: 7 lines as recorded\n");
    again.stderr(replayed).stdout(predicate::eq([&b"STORED\r\n"[..], value].concat()));
}

#[test]
fn a_wrong_number_of_bytes_is_a_failed_check() {
    let Some(memcached) = Server::start(&MEMCACHED) else { return };
    let script = "/reject ERROR\nset key 0 0 2\nlong\n/expect ^STORED\n";
    let repl = Repl::new().args(["--connect", memcached.addr(), "--eol", "crlf"]);
    let told = repl.stdin(script).run().code(1);
    let label = contains("   = CLIENT_ERROR bad data chunk  <- this");
    let during = contains("   = (while at <stdin>:4: /expect ^STORED)\n");
    told.stderr(says::error("a line matched `ERROR`, which must not come").and(label).and(during));
}

/// What memcached counts and measures, and the number of its process.
const COUNTED: &str = r"s/^STAT (\w+) [\d.]+$/STAT $1 N/";

#[test]
fn what_memcached_counts_holds_with_masks_and_the_number_of_a_value_is_said_again() {
    let (Some(one), Some(fresh)) = (Server::start(&MEMCACHED), Server::start(&MEMCACHED)) else {
        return;
    };
    let tape = Tape::record_script(&one, "memcached.chat", &[]);
    let bytes = r#""from":"server","esc":"\\xff."}"#;
    assert!(tape.text().contains(bytes), "{}", tape.text());
    tape.differs(&fresh, &[], r#""line":"STAT pid "#);
    tape.mask(&[COUNTED]);
    // The number of the value is another each time.
    for memcached in [&one, &fresh, &fresh] {
        tape.holds(memcached, &[]);
    }
    let cas = r#""line":"cas chat-repl:greeting 0 0 3 "#;
    let cas = tape.event(cas);
    let said = tape.text().lines().nth(cas).unwrap().to_owned();
    tape.edit(&said, &said.replace(r#"","send":"cas chat-repl:greeting 0 0 3 ${unique}""#, r#"""#));
    let told = tape.replay(&one, &[]).code(1);
    let event = says::error(&format!("event {} of talk.json differs\n", cas + 2));
    told.stderr(event.and(contains("   = recorded: STORED\n   = came:     EXISTS\n")));
}

#[test]
fn flags_that_are_others_beside_a_number_that_is_are_found_out() {
    let (Some(one), Some(other)) = (Server::start(&MEMCACHED), Server::start(&MEMCACHED)) else {
        return;
    };
    for (memcached, values) in [(&one, "value"), (&other, "value other value")] {
        let mut peer = Peer::connect(memcached.addr());
        for (flags, _) in values.split(' ').enumerate() {
            peer.say(format!("set value {flags} 0 4\r\n\0\r\n.\r\n"));
            peer.expect_bytes("STORED\r\n");
        }
    }
    let tape = Tape::record(&one, "gets value\n/expect ^END$\nquit\n/expect-eof\n");
    let unique = masks(&[r"s/^(VALUE .*) \d+$/$1 UNIQUE/"]);
    tape.holds(&one, &unique);
    let told = tape.differs(&other, &unique, r#""line":"VALUE value 0 4 "#);
    // What the mask keeps of the line is compared, and marked, byte by byte.
    let mark = format!("   = {}^\n", " ".repeat(22));
    let lines = "   = recorded: VALUE value 0 4 1\n   = came:     VALUE value 2 4 3\n";
    told.stderr(contains(format!("{lines}{mark}")));
    tape.holds(&other, &masks(&[r"s/^(VALUE \w+) \d+ (\d+) \d+$/$1 F $2 U/"]));
}
