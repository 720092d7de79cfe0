//! Clients under test: each test is the server of one that is started for it.

use std::fs;

use assert_cmd::cargo::cargo_bin;
use predicates::prelude::*;
use predicates::str::contains;
use rustix::process::Signal;
use tempfile::TempDir;

use super::nap::Nap;
use super::{folder, suite};
use crate::support::make_pipe;
use crate::support::proc::{Repl, stdout};
use crate::support::tape::{self, client, crlf, server, tape};
use crate::support::tools::require;

/// A question and its answer; the client then ends.
fn ping() -> String {
    tape(&[client("PING"), server("+PONG")])
}

/// A run of the tests in a folder with this client.
fn with(dir: &TempDir, client: &str) -> Repl {
    suite(dir).args(["--client", client])
}

/// Says a line by bash alone, and hears one.
fn asks(line: &str) -> String {
    let said = format!(
        "exec 3<>/dev/tcp/127.0.0.1/${{port}}; echo {line} >&3; read -t 20 x <&3; echo heard $x"
    );
    format!("exec bash -c '{said}'")
}

#[test]
fn clients_of_every_kind_are_tested() {
    let repl = cargo_bin!("chat-repl").display();
    let python = "import socket, sys
s = socket.create_connection(sys.argv[1].split(\":\"))
s.sendall(b\"PING\\n\")
assert s.makefile().readline() == \"+PONG\\n\"";
    let clients = [
        ("nc", "echo PING | nc -N 127.0.0.1 ${port}".to_owned()),
        ("bash", asks("PING")),
        ("python3", format!("python3 -c '{python}' ${{addr}}")),
        ("sh", format!("{repl} --connect ${{addr}} --replay a.jsonl")),
        ("sh", format!("printf 'PING\\n/expect PONG\\n' | {repl} --connect ${{addr}}")),
    ];
    let dir =
        folder(&[("a.jsonl", &ping()), ("b.jsonl", &ping()), ("c.chat", "/expect PING\n+PONG\n")]);
    for (tool, command) in clients {
        if require(tool).is_some() {
            let told = with(&dir, &command).run().success();
            told.stdout(contains("\n3 tests: 3 passed, in ")).stderr("");
        }
    }
}

#[test]
fn curl_and_redis_cli_find_the_server_that_they_expect() {
    let ask = ["GET /hello HTTP/1.1", "Host: x", "User-Agent: t", "Accept: */*", ""].map(client);
    let answer = ["HTTP/1.1 200 OK", "Content-Length: 4", "", "hi"].map(server);
    let dir = folder(&[("http.jsonl", &crlf(&tape(&[&ask[..], &answer].concat())))]);
    if require("curl").is_some() {
        let curl = "curl -fsS --noproxy '*' -H 'Host: x' -A t http://${addr}/";
        with(&dir, &format!("{curl}hello")).run().success();
        let told = with(&dir, &format!("{curl}hallo")).run().code(1);
        told.stdout(contains(
            "\n   = recorded: GET /hello HTTP/1.1\n   = came:     GET /hallo HTTP/1.1\n",
        ))
        .stdout(contains("\nerror: the client failed: exit status: 52\n"));
    }
    let ask = ["*1", "$4", "PING"].map(client);
    let dir = folder(&[("redis.jsonl", &crlf(&tape(&[&ask[..], &[server("+PONG")]].concat())))]);
    if require("redis-cli").is_some() {
        with(&dir, "[ \"$(redis-cli -p ${port} PING)\" = PONG ]").run().success();
    }
}

#[test]
fn what_client_and_mock_say_is_told_in_one_report() {
    let dir = folder(&[("talk.jsonl", &ping())]);
    let command = "echo '\x1b[2J at work'; echo PINK | nc -N 127.0.0.1 ${port}; exit 7";
    if require("nc").is_none() {
        return;
    }
    let told = with(&dir, command).run().code(1).stderr("error: 1 of 1 test failed\n");
    told.stdout(predicate::str::starts_with("FAILED   ./talk.jsonl"))
        .stdout(contains(
            "\nerror: guest-1: event 2 of ./talk.jsonl differs\n   = 1 (opened)\n   \
             = recorded: PING\n   = came:     PINK\n",
        ))
        .stdout(contains("\nerror: the client failed: exit status: 7\n"))
        .stdout(contains("\nthe client said meanwhile:\n  \\x1b[2J at work\n\n"));
}

#[test]
fn a_client_that_fails_alone_fails_its_test() {
    let dir = folder(&[("talk.jsonl", &ping())]);
    let repl = cargo_bin!("chat-repl").display();
    let asks = format!("echo PING | {repl} -q --connect ${{addr}}");
    for (end, told) in [("exit 3", "exit status: 3"), ("kill -9 $$", "signal: 9 (SIGKILL)")] {
        let report =
            format!("error: the client failed: {told}\nthe client said meanwhile:\n  +PONG\n\n");
        let run = with(&dir, &format!("{asks}; {end}")).run().code(1);
        run.stdout(contains(report)).stdout(contains("differs").not());
    }
    let missing = with(&dir, "no-such-client ${addr}").run().code(1);
    missing.stdout(contains("\nerror: the client failed: exit status: 127\n"));
}

#[test]
fn a_client_that_ends_well_may_still_not_have_done_as_recorded() {
    let two = tape(&[client("PING"), server("+PONG"), client("QUIT")]);
    let dir = folder(&[("talk.jsonl", &two)]);
    let told = with(&dir, &asks("PING")).run().code(1);
    told.stdout(contains(
        "\nerror: guest-1: event 4 of ./talk.jsonl did not come: the peer has ended\n",
    ))
    .stdout(contains(
        "\nthe client said meanwhile:\n  heard +PONG\nthe client has ended: exit status: 0\n",
    ));
    // It has nothing to do with the server at all.
    let never = with(&dir, ": ${port}").run().code(1);
    never.stdout(contains("\nerror: a conn of ./talk.jsonl was never played\n"));
    let script = folder(&[("talk.chat", "hello\n")]);
    let never = with(&script, ": ${port}").run().code(1);
    never.stdout(contains("\nerror: the script was never run: no guest came\n"));
}

#[test]
fn who_comes_just_before_the_client_ends_is_a_guest() {
    let all: String =
        (0..20).map(|_| "exec 3<>/dev/tcp/127.0.0.1/${port}; echo PING >&3; ").collect();
    let dir = folder(&[("talk.jsonl", &tape(&[client("PING")]))]);
    let told = with(&dir, &format!("exec bash -c '{all}'")).run().success();
    told.stdout(contains("\n1 test: 1 passed, in "));
    let wrong = format!("exec bash -c '{all} exec 3<>/dev/tcp/127.0.0.1/${{port}}; echo PINK >&3'");
    let told = with(&dir, &wrong).run().code(1);
    told.stdout(contains("\nerror: guest-21: event 2 of ./talk.jsonl differs\n"));
}

#[test]
fn of_many_guests_that_fail_some_are_told_and_all_are_counted() {
    let all: String =
        (0..30).map(|_| "exec 3<>/dev/tcp/127.0.0.1/${port}; echo PINK >&3; ").collect();
    let dir = folder(&[("talk.jsonl", &ping())]);
    let told = with(&dir, &format!("exec bash -c '{all}'")).run().code(1);
    let report = stdout(&told);
    assert_eq!(
        report.matches("event 2 of ./talk.jsonl differs\n   = 1 (opened)").count(),
        10,
        "{report}"
    );
    assert!(report.contains("\nerror: 30 of 30 guests failed\n"), "{report}");
}

/// On Linux what has left the process group is found too.
#[test]
#[cfg(target_os = "linux")]
fn a_client_that_hangs_is_ended_with_all_that_it_has_started() {
    let dir = folder(&[("talk.jsonl", &ping())]);
    let nap = Nap::new();
    let command = format!("setsid sleep {nap} & echo waiting; exec sleep {nap} ${{port}}");
    let told = with(&dir, &command).args(["--test-timeout", "3s"]).run().code(1);
    assert_eq!(nap.sleepers(), [""; 0]);
    told.stdout(predicate::str::starts_with("TIMEOUT  ./talk.jsonl")).stdout(contains(
        "\nerror: the test took longer than 3s\n   = there was no connection yet\n   \
         = the client had not ended\nthe client said meanwhile:\n  waiting\n",
    ));
}

#[test]
fn what_a_mock_waits_for_is_told_of_a_test_that_takes_too_long() {
    let dir = folder(&[("talk.jsonl", &ping())]);
    let nap = Nap::new();
    let command = format!("exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/${{port}}; exec sleep {nap}'");
    let told = with(&dir, &command).args(["--test-timeout", "3s"]).run().code(1);
    assert_eq!(nap.sleepers(), [""; 0]);
    told.stdout(contains(
        "\nerror: the test took longer than 3s\n   = the client had not ended\n\
         error: guest-1: event 2 of ./talk.jsonl did not come: the mock was ended\n",
    ));
}

#[test]
fn the_step_that_a_script_is_at_is_told_of_a_test_that_takes_too_long() {
    let dir = folder(&[("talk.chat", "hello\n/expect PING\n")]);
    let nap = Nap::new();
    let command = format!("exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/${{port}}; exec sleep {nap}'");
    let told = with(&dir, &command).args(["--test-timeout", "3s"]).run().code(1);
    told.stdout(contains(
        "\nerror: the test took longer than 3s\n  --> ./talk.chat:2:1\n   |\n 2 | /expect PING\n   \
         | ^^^^^^^^^^^^ this was the last step that began\n   = the client had not ended\n",
    ));
}

#[test]
fn ctrl_c_ends_client_and_mock() {
    let dir = folder(&[("talk.jsonl", &ping())]);
    let nap = Nap::new();
    let fifo = dir.path().join("fifo");
    make_pipe(&fifo);
    let command =
        format!("(trap '' TERM; exec sleep {nap}) & echo > fifo; exec sleep {nap} ${{port}}");
    let running = with(&dir, &command).spawn();
    // Read to its end once somebody has written there: it has started.
    fs::read(&fifo).unwrap();
    running.signal(Signal::INT);
    let done = running.wait().exited(130);
    assert_eq!(nap.sleepers(), [""; 0]);
    let told = String::from_utf8(done.stdout).unwrap();
    assert!(told.contains("1 test: 0 passed, 1 not run (a signal came), in "), "{told}");
}

/// As above.
#[test]
#[cfg(target_os = "linux")]
fn what_a_client_leaves_behind_holds_up_nothing() {
    let dir = folder(&[("talk.jsonl", &ping())]);
    let nap = Nap::new();
    // It holds the output, and a connection on which all was said.
    let asks = "exec 3<>/dev/tcp/127.0.0.1/${port}; echo PING >&3; read x <&3";
    let daemon = format!("exec bash -c '{asks}; setsid sleep {nap} & echo left'");
    with(&dir, &daemon).args(["--linger", "100ms"]).run().success();
    assert_eq!(nap.sleepers(), [""; 0]);
}

#[test]
fn each_of_many_at_once_has_a_mock_of_its_own() {
    let talks: Vec<(String, String)> = (0..30)
        .map(|n| (format!("{n}.jsonl"), tape(&[client("name?"), server(&format!("{n}.jsonl"))])))
        .collect();
    let files: Vec<(&str, &str)> = talks.iter().map(|(name, text)| (&**name, &**text)).collect();
    let dir = folder(&files);
    let told = "[ \"heard $(basename $CHAT_REPL_TEST)\" = \"$x\" ]";
    let command = format!("x=$({}); {told}", asks("name?"));
    let done = with(&dir, &command).args(["-j", "8"]).run().success();
    done.stdout(contains("\n30 tests: 30 passed, in "));
}

#[test]
fn a_test_may_be_as_tolerant_as_any_other_mock() {
    let talk = tape(&[client("one"), server("1"), client("two"), server("2")]);
    let dir = folder(&[("talk.jsonl", &talk)]);
    let backwards = "exec bash -c 'exec 3<>/dev/tcp/127.0.0.1/${port}; for q in two one; do echo $q >&3; read x <&3; echo $x; done'";
    with(&dir, backwards).run().code(1);
    with(&dir, backwards).args(["--match", "any"]).run().success();
    let half = with(&dir, &asks("two")).args(["--match", "any"]).run().code(1);
    half.stdout(contains("\nerror: 1 line of ./talk.jsonl never came\n"));
    let dir = folder(&[("talk.jsonl", &ping())]);
    with(&dir, &asks("PINK")).args(["--mask", "s/K$/G/"]).run().success();
    with(&dir, &asks("PING")).args(["--pace", "recorded"]).run().success();
}

#[test]
fn a_secret_is_compared_and_told_nowhere() {
    let said = tape::with(client("PASS ${PASS}"), r#""secret":["PASS"]"#);
    let dir = folder(&[("talk.jsonl", &tape(&[said, server("+OK")]))]);
    let run = |said: &str| {
        let client = format!("echo trying hunter2; {}", asks(said));
        with(&dir, &client)
            .args(["--secret", "PASS", "--junit", "report.xml"])
            .env("PASS", "hunter2")
    };
    run("PASS hunter2").run().success();
    let told = run("PASS hunter2!").run().code(1);
    told.stdout(contains("hunter2").not()).stdout(contains("  trying ${PASS}\n"));
    let report = fs::read_to_string(dir.path().join("report.xml")).unwrap();
    assert!(report.contains("trying ${PASS}") && !report.contains("hunter2"), "{report}");
}

#[test]
fn what_happened_is_kept_also_where_the_client_alone_failed() {
    let dir = folder(&[("talk.jsonl", &ping())]);
    let repl = cargo_bin!("chat-repl").display();
    let client = format!("echo PING | {repl} -q --connect ${{addr}}");
    let kept = |client: &str| with(&dir, client).args(["--actual", "now"]).run();
    kept(&client).success();
    assert!(!dir.path().join("now/talk.json").exists());
    let told = kept(&format!("{client}; exit 1")).code(1);
    told.stdout(contains("\n-- saved 5 events to now/talk.json\n"));
    let diff = Repl::new().args(["diff", "talk.jsonl", "now/talk.json"]).current_dir(dir.path());
    diff.run().success();
}

#[test]
fn reports_for_machines_say_what_was_wrong_with_a_client() {
    let dir = folder(&[("talk.jsonl", &ping())]);
    let run = |format: &str| with(&dir, "echo at work; exit 9 ${port}").args(["--format", format]);
    let json = run("json").run().code(1);
    let told = "a conn of ./talk.jsonl was never played";
    json.stdout(contains(r#""result":"failed""#))
        .stdout(contains(r#""why":"the client failed: exit status: 9""#))
        .stdout(contains(told));
    let tap = run("tap").run().code(1);
    tap.stdout(contains("\n    error: the client failed: exit status: 9\n"))
        .stdout(contains("\n    the client said meanwhile:\n      at work\n"));
}

#[test]
fn a_script_and_a_client_know_where_they_meet() {
    let dir = folder(&[("talk.chat", "/send ${addr} ${port}\n/expect ^thanks$\n")]);
    let client = "[ -d ${dir} ] && touch ${dir}/x && exec bash -c '\
                  exec 3<>/dev/tcp/127.0.0.1/${port}; read x <&3; [ \"$x\" = \"${addr} ${port}\" ] && \
                  echo thanks >&3'";
    with(&dir, client).run().success();
}

#[test]
fn what_makes_no_sense_with_a_client_is_refused() {
    let dir = folder(&[("talk.jsonl", &ping())]);
    for (args, told) in [
        (&["--client", "c ${port}", "--connect", "1"][..], "cannot be used with"),
        (&["--client", "c ${port}", "--server", "s ${port}"], "cannot be used with"),
        (&["--client", "c ${port}", "--retry", "1s"], "cannot be used with"),
        (&["--client", "c ${port}", "--bless=force"], "--bless takes for right what a server says"),
        (&["--client", "c"], "--client does not say where the client finds its server"),
        (&["--connect", "1", "--match", "any"], "--match says how a mock takes what clients say"),
    ] {
        suite(&dir).args(args).run().code(2).stderr(contains(told));
    }
}

#[test]
fn the_example_of_the_help_runs_as_printed() {
    let help = Repl::new().args(["test", "--help"]).run().success();
    let help = stdout(&help);
    let example =
        help.lines().find_map(|line| line.trim().strip_prefix("chat-repl test tapes/ --client "));
    let command = example.unwrap().trim_matches('\'');
    let said = ["*3", "$3", "SET", "$8", "greeting", "$5", "hello"].map(client);
    let talk = crlf(&tape(&[&said[..], &[server("+OK")]].concat()));
    let dir = folder(&[("tapes/set.jsonl", &talk)]);
    if require("redis-cli").is_some() {
        let run = Repl::new().args(["test", "tapes/", "--client", command]).current_dir(&dir);
        run.run().success();
    }
}
