//! Scripts as people run them: from a file, a redirection or a pipe, at either end.

use std::fs;
use std::io::ErrorKind;

use predicates::prelude::*;
use predicates::str::{contains, is_empty, is_match};
use tempfile::TempDir;

use crate::support::DEADLINE;
use crate::support::peer::{EchoServer, Peer, ScriptedServer, listen};
use crate::support::proc::Repl;
use crate::support::says;

/// A server that keeps what it hears, until the client is done.
fn hearing() -> ScriptedServer {
    ScriptedServer::start(|mut peer| drop(peer.read_to_end_within(DEADLINE)))
}

#[test]
fn plain_input_is_data_whatever_it_looks_like() {
    let server = hearing();
    let data = b"/quit\n//x\r\n/# ${y}\n\xff\x00 no end";
    let repl = Repl::new().args(["--connect", &server.addr(), "--plain", "--eol", "crlf"]);
    repl.stdin(data).run().success();
    assert_eq!(server.finish(), data);
}

#[test]
fn text_from_a_pipe_is_sent_as_it_is_written() {
    let server = hearing();
    let repl = Repl::new().args(["--connect", &server.addr()]);
    repl.stdin("one\r\n  two ${x}\n//three\n/# four\n\nfive").run().success();
    assert_eq!(server.finish(), b"one\n  two ${x}\n/three\n\nfive\n");
}

#[test]
fn the_line_end_is_the_one_that_was_asked_for() {
    for (eol, heard) in [("lf", &b"a\nb\n"[..]), ("crlf", b"a\r\nb\r\n"), ("none", b"ab")] {
        let server = hearing();
        let repl = Repl::new().args(["--connect", &server.addr(), "--eol", eol]);
        repl.stdin("a\nb").run().success();
        assert_eq!(server.finish(), heard, "{eol}");
    }
}

#[test]
fn quiet_leaves_out_notices_and_never_errors() {
    let server = EchoServer::start();
    let run = |script: &str, args: &[&str]| {
        let repl = Repl::new().args(["--connect", &server.addr(), "-q"]).args(args);
        repl.stdin(script).run()
    };
    run("hello\n", &[]).success().stderr(is_empty());
    run("/expect -t 20ms x\n", &[]).code(1).stderr(says::error("no line matched `x`"));
    // What was asked for is no notice.
    run("/echo told\n", &[]).success().stderr("-- told\n");
}

#[test]
fn lines_that_no_step_looked_at_are_counted_at_the_end() {
    let server = ScriptedServer::start(|mut peer| {
        peer.say("a\nb\nc\nd");
        peer.read_to_end_within(DEADLINE);
    });
    let repl = Repl::new().args(["--connect", &server.addr()]);
    let ended = repl.stdin("/expect ^b\n").run().success().stdout("a\nb\nc\nd");
    ended.stderr(says::notice("2 lines stayed unread\n"));
}

#[test]
fn a_variable_of_the_command_line_needs_a_name_and_a_value() {
    for bad in ["x", "1x=y", "=y", "a b=c"] {
        let repl = Repl::new().args(["--connect", "127.0.0.1:1", "--var", bad]);
        repl.run().code(2).stderr(says::error("invalid value"));
    }
}

#[test]
fn the_environment_has_variables_too_and_nobody_sets_them() {
    let server = EchoServer::start();
    let script = "/send to ${env:SOMEBODY}\n/expect -x -n to ${env:SOMEBODY}\n";
    let repl = Repl::new().args(["--connect", &server.addr()]).env("SOMEBODY", "a [b]");
    repl.stdin(script).run().success().stdout("to a [b]\n");
    let repl = Repl::new().args(["--connect", &server.addr()]).stdin("/send ${env:NOBODY}\n");
    repl.run().code(3).stderr(says::error("`env:NOBODY`"));
}

#[test]
fn the_conversation_can_be_looked_at_while_it_lasts() {
    let server = EchoServer::start();
    let script = "hello\n/expect hello\n/note half time\n/show 2\n/stats\n/show\n";
    let told = Repl::new().args(["--connect", &server.addr()]).stdin(script).run().success();
    let line = |from: &str, text: &str| format!(r"-- +\+0\.\d{{3}}s {from} +{text}\n");
    let (server, note) = (line("server", "hello"), line("--", "note: half time"));
    let stats = "-- 4 events, 1 conn\n-- client: 1 line, 6 bytes\n-- server: 1 line, 6 bytes\n\
                 -- 1 reply: min [^,]+, mean [^,]+, max .+\n";
    let all = format!("{}{}{server}{note}", line("--", "open .+"), line("client", "hello"));
    told.stderr(is_match(format!("{server}{note}{stats}{all}")).unwrap());
}

#[test]
fn help_lists_the_commands_and_explains_one() {
    let server = EchoServer::start();
    let repl = Repl::new().args(["--connect", &server.addr(), "-q"]);
    let told = repl.stdin("/help\n/help expect\n").run().success();
    let names = ["/expect-eof ", "/kick ", "/replay ", "/raw ", "/accept "];
    let told = names.iter().fold(told, |told, name| told.stderr(contains(*name)));
    told.stderr(contains("-- /expect [-n] [-x] [-p] [-t DUR] PATTERN\n"));
}

#[test]
fn a_faulty_file_is_told_whole_and_nothing_is_sent() {
    let dir = TempDir::new().unwrap();
    let script = dir.path().join("talk.chat");
    let many = "a line of many\n".repeat(50_000);
    fs::write(&script, format!("/expct x\n{many}/sleep 5\n{many}/raw \\q")).unwrap();
    let (listener, addr) = listen();
    let addr = addr.to_string();
    let by_name = Repl::new().args(["--connect", &addr, "--script", "talk.chat"]);
    let redirected = Repl::new().args(["--connect", &addr]).stdin_file(&script);
    for (repl, source) in [(by_name, "talk.chat"), (redirected, "<stdin>")] {
        let told = repl.current_dir(dir.path()).run().code(3).stdout(is_empty());
        let told = told.stderr(contains(format!("--> {source}:1:1\n")));
        let told = told.stderr(contains(format!("--> {source}:50002:8\n")));
        told.stderr(contains(format!("--> {source}:100003:6\n")).and(contains("--> ").count(3)));
    }
    listener.set_nonblocking(true).unwrap();
    let came = listener.accept().map_err(|error| error.kind());
    assert!(matches!(came, Err(ErrorKind::WouldBlock)), "{came:?}");
}

#[test]
fn the_steps_of_a_pipe_are_done_up_to_the_faulty_one() {
    let server = hearing();
    let repl = Repl::new().args(["--connect", &server.addr()]);
    let script = "hello\n/echo done\n/expct x\nnever sent\n/sleep 5\n";
    let told = repl.stdin(script).run().code(3).stderr(says::notice("done\n"));
    let told = told.stderr(contains("--> <stdin>:3:1\n").and(contains("--> ").count(1)));
    told.stderr(contains("did you mean `/expect`?"));
    assert_eq!(server.finish(), b"hello\n");
}

#[test]
fn a_pipe_that_goes_wrong_later_stops_there() {
    let server = EchoServer::start();
    let repl = Repl::new().args(["--connect", &server.addr()]).spawn();
    repl.write("hello\n");
    repl.wait_stdout("hello\n");
    // Nothing waits to be run when the fault arrives, and the pipe stays open.
    repl.write("/sleep 5\nmore\n");
    let ended = repl.wait().exited(3);
    assert_eq!(ended.stdout, b"hello\n");
    assert!(says::error("`5` has no unit").eval(&ended.stderr), "{}", ended.stderr);
}

#[test]
fn a_step_that_fails_comes_before_a_fault_behind_it() {
    let server = EchoServer::start();
    let repl = Repl::new().args(["--connect", &server.addr()]);
    let told = repl.stdin("/expect -t 20ms x\n/bogus\n").run().code(1);
    told.stderr(says::error("no line matched").and(contains("bogus").not()));
}

#[test]
fn a_script_that_cannot_be_read_is_named() {
    let dir = TempDir::new().unwrap();
    let (_listener, addr) = listen();
    for script in ["none.chat", "."] {
        let repl = Repl::new().args(["--connect", &addr.to_string(), "--script", script]);
        let told = repl.current_dir(dir.path()).run().code(3);
        let error = says::error(&format!("cannot read `{script}`: "));
        told.stderr(error.and(says::notice("connected").not()));
    }
}

#[test]
fn a_script_at_a_connection_runs_as_its_lines_arrive() {
    let server = EchoServer::start();
    let mut repl = Repl::new().args(["--connect", &server.addr()]).spawn();
    for (step, answer) in [("one\n", "one\n"), ("/expect one\ntw", "one\n"), ("o\n", "two\n")] {
        repl.write(step);
        repl.wait_stdout(answer);
    }
    repl.close_stdin();
    assert_eq!(repl.wait().exited(0).stdout, b"one\ntwo\n");
}

#[test]
fn a_script_answers_whoever_connects() {
    let host = Repl::new().args(["--listen", "127.0.0.1:0", "--timeout", "20s"]);
    let host = host.stdin("/expect ^hello (?<who>\\w+)$\n/send hello yourself, ${who}\n").spawn();
    let mut guest = Peer::connect(&host.listening_addr());
    guest.say("hello alice\n");
    guest.expect_bytes("hello yourself, alice\n");
    assert_eq!(guest.read_to_end_within(DEADLINE), b"");
    drop(guest);
    assert_eq!(host.wait().exited(0).stdout, b"hello alice\n");
}

#[test]
fn a_server_that_says_nothing_at_all_may_wait_for_another_line_end() {
    let hint = "   = (our lines ended in LF: some servers wait for CRLF, `--eol crlf`)\n";
    let greets = |greeting: &'static str| {
        ScriptedServer::start(move |mut peer| {
            peer.say(greeting);
            peer.read_to_end_within(DEADLINE);
        })
    };
    let waits = "/expect -t 50ms ^250\n";
    for (greeting, eol, script, told) in [
        ("", "lf", "HELO me\n", true),
        ("", "crlf", "HELO me\n", false),
        ("", "lf", "/raw HELO me\\r\\n\n", false),
        ("", "lf", "", false),
        ("220 ready\r\n", "lf", "/expect 220\nHELO me\n", false),
    ] {
        let server = greets(greeting);
        let repl = Repl::new().args(["--connect", &server.addr(), "--eol", eol]);
        let failed = repl.stdin(format!("{script}{waits}")).run().code(1);
        let stderr = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
        assert_eq!(stderr.ends_with(&["^^^^ nothing came\n", hint].concat()), told, "{stderr}");
        assert_eq!(stderr.contains("CRLF"), told, "{stderr}");
        server.finish();
    }
}
