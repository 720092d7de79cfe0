//! Peers that do not write UTF-8: bytes on the wire and in transcripts, text for people and patterns.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::folder;
use crate::support::peer::{Peer, ScriptedServer};
use crate::support::proc::Repl;
use crate::support::says;
use crate::support::tape::{client, esc, headed, server, tape, with};

/// `你好` and `再见` in gbk.
const HELLO: &[u8] = b"\xc4\xe3\xba\xc3";
const BYE: &[u8] = b"\xd4\xd9\xbc\xfb";

/// A server that says hello, in two reads that cut a character, and keeps what it hears.
fn greets() -> ScriptedServer {
    ScriptedServer::start(|mut peer| {
        peer.say(&HELLO[..3]);
        peer.say([&HELLO[3..], b"!\n"].concat());
        drop(peer.read_to_end_within(DEADLINE));
    })
}

fn gbk(server: &ScriptedServer) -> Repl {
    Repl::new().args(["--connect", &server.addr(), "--encoding", "gbk"])
}

/// A transcript that says that its bytes are gbk.
fn tape_in_gbk(events: &[String]) -> String {
    headed(&tape(events), r#""encoding":"gbk""#)
}

#[test]
fn a_script_is_text_and_the_peer_hears_and_says_bytes() {
    let server = greets();
    let script =
        "/expect -n ^你(?<what>.)!$\n再见\n/send ${what}\n/raw \\xc4\\xe3好\\n\n//me\n/nick 好\n";
    let run = gbk(&server).stdin(script).run().success();
    assert_eq!(run.get_output().stdout, [HELLO, b"!\n"].concat());
    let (what, line) = (&HELLO[2..], b"\n");
    let heard = [BYE, line, what, line, HELLO, line, b"/me\n/nick ", what, line].concat();
    assert_eq!(server.finish(), heard);
}

#[test]
fn what_did_not_come_is_told_in_text() {
    let server = greets();
    let run =
        gbk(&server).stdin("/reject 再见\n/expect ^你 好!\n").args(["--timeout", "50ms"]).run();
    run.code(1).stderr(contains("= 你好!  <- nearest"));
    server.finish();
}

#[test]
fn a_block_and_a_guard_see_text() {
    let server = greets();
    let script = "/reject 好.$\n/expect x\n";
    gbk(&server).stdin(script).run().code(1).stderr(contains("= 你好!"));
    server.finish();
    let server = greets();
    gbk(&server).stdin("/all\n* ^你好.$\n! 再见\n/end\n").run().success();
    server.finish();
}

#[test]
fn a_character_that_is_not_in_it_is_told_before_anything_is_said() {
    let server =
        ScriptedServer::start(|mut peer| assert_eq!(peer.read_to_end_within(DEADLINE), b"ok\n"));
    // A pipe is run as it comes, and said is what stands before.
    let run = gbk(&server).stdin("ok\n你😀\n再见\n").run().code(3);
    run.stderr(says::error("gbk has no `😀` (U+1F600)").and(contains("--> <stdin>:2:2")));
    server.finish();
    let dir = folder(&[("a.chat", "ok\n你😀\n😀\n/send é\n/send 😀${x}\n")]);
    let repl = Repl::new().args(["--connect", "unix:nobody", "--encoding", "gbk"]);
    let run = repl.args(["--script", "a.chat"]).current_dir(dir.path()).run().code(3);
    let errors = |text: &str| text.matches("error: gbk has no").count() == 2;
    run.stderr(predicate::function(errors).and(contains("a.chat:2:2")).and(contains("a.chat:3:1")));
}

#[test]
fn a_variable_that_cannot_be_said_stops_the_script() {
    let server =
        ScriptedServer::start(|mut peer| assert_eq!(peer.read_to_end_within(DEADLINE), b""));
    let run = gbk(&server).args(["--var", "who=😀"]).stdin("/send 你 ${who}\n").run();
    run.code(3).stderr(says::error("gbk has no `😀`"));
    server.finish();
}

#[test]
fn plain_input_is_bytes() {
    let server = greets();
    gbk(&server).args(["--plain"]).stdin(BYE).run().success();
    assert_eq!(server.finish(), BYE);
}

#[test]
fn a_transcript_keeps_bytes_and_says_how_they_are_read() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("a.json");
    let path = file.to_str().unwrap();
    let server = greets();
    let script = "/expect ^(?<all>你好)!$\n/send ${all}\n/show\n";
    gbk(&server)
        .stdin(script)
        .args(["--save", path])
        .run()
        .success()
        .stderr(contains("server  你好!"));
    assert_eq!(server.finish(), [HELLO, b"\n"].concat());
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(r#","encoding":"gbk","events":["#), "{text}");
    assert!(text.contains(r#""esc":"\\xc4\\xe3\\xba\\xc3!","want":"^(?<all>你好)!$""#), "{text}");
    assert!(text.contains(r#""esc":"\\xc4\\xe3\\xba\\xc3","send":"${all}""#), "{text}");
    let show = |args: &[&str]| Repl::new().args(["show", path]).args(args).run().success();
    show(&["--grep", "^你好$"]).stdout(contains("client  你好\n").and(contains("server").not()));
    show(&["--encoding", "utf-8"]).stdout(contains(r"client  \xc4\xe3\xba\xc3"));
    show(&["--marks"]).stdout(contains("\nencoding gbk\n"));
    // Its patterns are text, and what they capture is said in bytes again: the file knows how.
    let server = greets();
    Repl::new().args(["--connect", &server.addr(), "--replay", path]).run().success();
    assert_eq!(server.finish(), [HELLO, b"\n"].concat());
}

#[test]
fn a_transcript_that_does_not_say_it_is_told() {
    let text = tape(&[esc(server(r"\\xc4\\xe3\\x1b\\xc4"))]);
    let unknown = headed(&text, r#""encoding":"gkb""#);
    let dir = folder(&[("a.jsonl", &text), ("b.jsonl", &unknown)]);
    let show = |args: &[&str]| Repl::new().args(["show"]).args(args).current_dir(dir.path()).run();
    show(&["a.jsonl", "--encoding", "gbk"]).success().stdout(contains("server  你\\x1b\\xc4\n"));
    show(&["a.jsonl"]).success().stdout(contains("server  \\xc4\\xe3\\x1b\\xc4\n"));
    show(&["b.jsonl"]).code(3).stderr(contains("`encoding`").and(contains("such as `gbk`")));
}

#[test]
fn a_difference_is_shown_in_text_and_masks_see_it() {
    let tape = tape_in_gbk(&[esc(server(r"\\xc4\\xe3\\xba\\xcd!"))]);
    let dir = folder(&[("a.jsonl", &tape)]);
    let replay = |args: &[&str]| {
        let server = greets();
        let repl =
            Repl::new().args(["--connect", &server.addr(), "--replay", "a.jsonl"]).args(args);
        let run = repl.current_dir(dir.path()).run();
        server.finish();
        run
    };
    replay(&[])
        .code(1)
        .stderr(contains("= recorded: 你和!\n   = came:     你好!\n   =             ^^\n"));
    replay(&["--mask", "s/^你./TA/"]).success();
}

#[test]
fn a_mock_hears_and_says_what_its_transcript_means() {
    let tape = tape_in_gbk(&[
        with(esc(client(r"\\xd4\\xd9\\xbc\\xfb")), r#""want":"^(?<what>.)见$""#),
        with(esc(server(r"\\xba\\xc3")), r#""send":"你${what}""#),
    ]);
    let script = "/expect ^(?<what>.)见$\n/send 你${what}\n";
    let dir = folder(&[("a.jsonl", &tape), ("a.chat", script)]);
    for (file, options) in [("a.jsonl", &[][..]), ("a.chat", &["--encoding", "gbk"])] {
        let mock = Repl::new().args(["--listen", "127.0.0.1:0", "--replay", file]).args(options);
        let mock = mock.current_dir(dir.path()).spawn();
        let mut peer = Peer::connect(&mock.listening_addr());
        peer.say([BYE, b"\n"].concat());
        peer.expect_bytes([&HELLO[..2], &BYE[..2], b"\n"].concat());
        peer.shutdown();
        drop(peer);
        mock.wait().exited(0);
    }
}

#[test]
fn tests_take_the_option_as_well_and_diff_reads_the_header() {
    let dir = folder(&[("a.chat", "/expect -n ^你好!$\n"), ("b.chat", "😀\n")]);
    let server = greets();
    let test = |file: &str, addr: &str| {
        let repl = Repl::new().args(["test", file, "--connect", addr, "--encoding", "gbk"]);
        repl.current_dir(dir.path()).run()
    };
    test("a.chat", &server.addr()).success();
    server.finish();
    test("b.chat", "unix:nobody").code(1).stdout(contains("gbk has no `😀`"));
    let header = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","encoding":"gbk"}"#;
    let tape = |esc| format!("{header}\n{{\"conn\":1,\"from\":\"server\",\"esc\":\"{esc}\"}}\n");
    let (one, other) = (tape(r"\\xc4\\xe3\\xba\\xc3"), tape(r"\\xc4\\xe3\\xba\\xcd"));
    let dir = folder(&[("a.jsonl", &*one), ("b.jsonl", &*other)]);
    let diff = Repl::new().args(["diff", "a.jsonl", "b.jsonl"]).current_dir(dir.path()).run();
    diff.code(1).stdout(contains("server: 你好").and(contains("server: 你和")));
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    for (args, why) in [
        (&["--listen", "--room", "--encoding", "gbk"][..], "a room speaks UTF-8"),
        (&["--listen", "--encoding", "utf-16le"], "do not end with the byte"),
        (&["--listen", "--encoding", "iso-2022-jp"], "escape sequences"),
        (&["--listen", "--encoding", "gkb"], "`gkb` is no encoding"),
        (&["--connect", "x", "--name", "é", "--encoding", "big5"], "big5 has no `é`"),
    ] {
        Repl::new().args(args).run().code(2).stderr(contains(why));
    }
    let secret = ["--connect", "x", "--encoding", "gbk", "--secret", "PASS"];
    let run = Repl::new().args(secret).env("PASS", "秘密").run();
    run.code(3).stderr(says::error("the secret `PASS` is more than ASCII"));
}

#[test]
fn every_form_that_people_look_at_is_text() {
    let said = [esc(server(r"\\xc4\\xe3\\xba\\xc3\\xff"))];
    let [told, bare] = [tape_in_gbk, tape].map(|tape| tape(&said));
    let dir = folder(&[("told.jsonl", &told), ("bare.jsonl", &bare)]);
    for (form, seen) in [
        ("text", r"你好\xff"),
        ("html", r"你好\xff"),
        ("cast", r"你好\\xff"),
        ("svg", ">你好</tspan>"),
    ] {
        let show = |args: &[&str]| {
            Repl::new().args(["show", "--to", form]).args(args).current_dir(dir.path()).run()
        };
        show(&["told.jsonl"]).success().stdout(contains(seen));
        show(&["bare.jsonl", "--encoding", "gbk"]).success().stdout(contains(seen));
        show(&["told.jsonl", "--encoding", "utf-8"]).success().stdout(contains("你").not());
    }
    let page = Repl::new().args(["show", "--to", "html", "--marks", "told.jsonl"]);
    page.current_dir(dir.path()).run().success().stdout(contains("encoding <code>gbk</code>"));
}

#[test]
fn many_clients_read_and_write_it_as_one_does() {
    let tape = tape_in_gbk(&[
        esc(client(r"\\xd4\\xd9\\xbc\\xfb")),
        with(esc(server(r"\\xc4\\xe3\\xba\\xc3!")), r#""want":"^你(?<what>.)!$""#),
        with(esc(client(r"\\xba\\xc3")), r#""send":"${what}""#),
    ]);
    let script = "再见\n/expect ^你(?<what>.)!$\n/send ${what}\n";
    let dir = folder(&[("a.jsonl", &tape), ("a.chat", script), ("b.chat", "/expect x\n😀\n")]);
    let load = |file: &str, addr: &str, options: &[&str]| {
        let repl = Repl::new().args(["load", "-q", file, "--connect", addr]).args(options);
        repl.current_dir(dir.path()).run()
    };
    let encoding = &["--encoding", "gbk"][..];
    for (file, options) in [("a.jsonl", &[][..]), ("a.chat", encoding)] {
        let server = ScriptedServer::start(|mut peer| {
            peer.expect_bytes([BYE, b"\n"].concat());
            peer.say([HELLO, b"!\n"].concat());
            drop(peer.read_to_end_within(DEADLINE));
        });
        load(file, &server.addr(), options).success();
        assert_eq!(server.finish(), [BYE, b"\n", &HELLO[2..], b"\n"].concat());
    }
    load("b.chat", "unix:nobody", encoding).code(3).stderr(says::error("gbk has no `😀`"));
    let merged = Repl::new().args(["load", "--merge", "a.json", "--encoding", "gbk"]);
    merged.run().code(2).stderr(contains("--encoding"));
}
