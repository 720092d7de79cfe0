//! The first minute: what somebody is told who does not know the program yet.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use predicates::prelude::*;
use predicates::str::contains;
use regex::Regex;

use crate::support::folder;
use crate::support::proc::{Repl, stderr};
use crate::support::running::Running;
use crate::support::says::error;

#[test]
fn without_arguments_it_explains_itself_on_one_screen() {
    let asserted = Repl::new().run().code(2).stdout("").stderr(error("nothing is asked for"));
    let told = stderr(&asserted);
    assert!(told.lines().count() <= 23, "with the prompt below it, 24 rows:\n{told}");
    assert!(told.lines().all(|line| line.len() < 80), "{told}");
    let help = Repl::new().args(["--help"]).run().success().get_output().stdout.clone();
    let help = String::from_utf8(help).unwrap();
    let options: BTreeSet<_> =
        Regex::new("--[a-z]+").unwrap().find_iter(&told).map(|found| found.as_str()).collect();
    assert!(options.contains("--listen") && options.contains("--private"), "{told}");
    for option in options {
        assert!(help.contains(&format!("{option} ")) || option == "--help", "no {option}:\n{help}");
    }
}

#[test]
fn who_writes_it_as_for_nc_is_told_how_to_connect() {
    for (args, told) in [
        (&["localhost", "6379"][..], Some("localhost:6379")),
        (&["localhost:6379"], Some("localhost:6379")),
        (&["unix:chat.sock"], Some("unix:chat.sock")),
        (&["shwo", "talk.json"], None),
    ] {
        let asserted =
            Repl::new().args(args).run().code(2).stderr(error("unrecognized subcommand"));
        let said = stderr(&asserted);
        let tip =
            told.map(|addr| format!("tip: to connect to it, use 'chat-repl --connect {addr}'\n"));
        match tip {
            Some(tip) => assert!(said.contains(&tip), "{args:?}: {said}"),
            None => assert!(!said.contains("to connect") && said.contains("'show'"), "{said}"),
        }
    }
}

#[test]
fn its_two_commands_lead_two_people_together() {
    let told = Repl::new().run().get_output().stderr.clone();
    let told = String::from_utf8(told).unwrap();
    let command = |option: &str| {
        let line = told.lines().find(|line| line.trim_start().starts_with(option)).unwrap();
        line.split_whitespace().nth(2).unwrap().to_owned()
    };
    // The port that they have by themselves may be somebody's.
    let host = command("chat-repl --listen");
    let mut host = Repl::new().args(["--listen", &format!("{host}:0")]).spawn();
    let port = host.listening_addr().rsplit_once(':').unwrap().1.to_owned();
    let guest = format!("{}:{port}", command("chat-repl --connect"));
    Repl::new().args(["--connect", &guest]).stdin("hello\n").run().success();
    host.close_stdin();
    assert_eq!(host.wait().exited(0).stdout, b"hello\n");
}

/// Starts a listener, and waits for a notice that comes after those of where it is.
fn listener(args: &[&str]) -> Running {
    let mut args = args.to_vec();
    // It has something to warn of, which is told last.
    args.extend(["--tls-insecure"]);
    let host = Repl::new().args(args).spawn();
    host.wait_stderr_line(
        "-- no address begins with `tls:`: nothing is encrypted before a `/starttls`",
    );
    host
}

fn told(host: Running) -> String {
    host.signal(rustix::process::Signal::TERM);
    host.wait().stderr
}

#[test]
fn a_listener_on_every_interface_tells_where_others_reach_it() {
    let host = listener(&["--listen", "0.0.0.0:0"]);
    let port = host.listening_addr().rsplit_once(':').unwrap().1.to_owned();
    let told = told(host);
    let Some(at) = told.lines().find_map(|line| line.strip_prefix("-- reachable at ")) else {
        assert!(told.contains("-- reachable from this machine only: it has no address"), "{told}");
        assert!(!told.contains("-- anybody"), "{told}");
        return;
    };
    for addr in at.split(", ").map(|addr| addr.parse::<SocketAddr>().unwrap()) {
        assert_eq!(addr.port().to_string(), port);
        let IpAddr::V4(ip) = addr.ip() else { panic!("{addr} is not listened on") };
        assert!(!ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified(), "{addr}");
    }
    assert!(
        told.contains(
            "-- anybody who can reach that may join: with --private only who knows a code\n"
        ),
        "{told}"
    );
}

#[test]
fn what_it_tells_is_where_it_is_reached() {
    let mut host = listener(&["--listen", ":0"]);
    host.listening_addr();
    let stderr = host.stderr_so_far();
    let at = stderr.lines().find_map(|line| line.strip_prefix("-- reachable at "));
    if let Some(addr) = at.and_then(|all| all.split(", ").next()) {
        Repl::new().args(["--connect", addr]).stdin("here\n").run().success();
        host.close_stdin();
        assert_eq!(host.wait().exited(0).stdout, b"here\n");
    }
}

#[test]
fn who_keeps_others_out_is_not_told_to() {
    let nobody = "-- anybody";
    let allowed = listener(&["--listen", ":0", "--room", "--allow", "10.0.0.0/8"]);
    let told_allowed = told(allowed);
    assert!(told_allowed.contains("-- reachable ") && !told_allowed.contains(nobody));
    let one = told(listener(&["--listen", "127.0.0.1:0"]));
    assert!(!one.contains("-- reachable ") && !one.contains(nobody), "{one}");
    let private = Repl::new().args(["--listen", ":0", "--private"]).spawn();
    private.wait_stderr_containing("-- the code, to be said aloud: ");
    let private = told(private);
    assert!(!private.contains("-- reachable ") && !private.contains(nobody), "{private}");
    let quiet = told(listener(&["-q", "--listen", ":0"]));
    assert!(!quiet.contains("-- reachable ") && !quiet.contains(nobody), "{quiet}");
}

#[test]
fn a_tap_is_told_what_it_can_do() {
    let tap = told(listener(&["--listen", ":0", "--connect", "127.0.0.1:1"]));
    let only = tap.contains("-- reachable from this machine only");
    let way = "may join: with --listen 127.0.0.1:PORT only this machine\n";
    assert!(tap.contains(way) || only, "{tap}");
}

/// A transcript in which nothing was said.
const EMPTY: &str = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","role":"client","events":[]}"#;

/// Every one of these says what to do.
#[test]
fn errors_end_in_what_to_do() {
    let dir = folder(&[("empty.json", EMPTY), ("bad.json", "{")]);
    let cases: [(&[&str], i32, &str); 12] = [
        (&["show", "none.json"], 3, "name a file that can be read"),
        (&["show", "bad.json"], 3, "a transcript is what `--save` and `--record` write"),
        (&["show", "empty.json#2"], 3, "`show` without `--conn` shows all of them"),
        (&["diff", "none.json", "empty.json"], 3, "name a file that can be read"),
        (&["test", "none.chat", "--connect", "1"], 3, "name a file that can be read"),
        (&["man", "bad.json"], 3, "name a file that can be written"),
        (&["--connect", "127.0.0.1:1", "--replay", "empty.json"], 1, "`chat-repl show FILE` shows"),
        (&["--connect", "127.0.0.1:1", "--script", "none.chat"], 3, "name a file that can be read"),
        (&["--connect", "127.0.0.1:1", "--save", "no/folder.json"], 3, "name a file that can be"),
        (&["--listen", "tls:127.0.0.1:0", "--tls-cert", "none.pem"], 3, "name a file that can be"),
        (&["--listen", "nowhere.invalid:0"], 4, "`:PORT` is every interface"),
        (&["--connect", "nowhere.invalid:1"], 4, "is it spelt right?"),
    ];
    for (args, status, hint) in cases {
        let run = Repl::new().args(args).current_dir(dir.path()).stdin("").run();
        let run = run.append_context("arguments", args.join(" "));
        run.code(status).stderr(error("").and(contains(hint)));
    }
}

/// A test that cannot be played does as well, whichever side it is.
#[test]
fn a_test_that_cannot_be_played_says_what_to_do() {
    let dir = folder(&[("empty.json", EMPTY)]);
    for side in [["--connect", "127.0.0.1:1"], ["--client", "true ${port}"]] {
        let run = Repl::new().args(["test", "empty.json"]).args(side).current_dir(dir.path()).run();
        let hint = "   = `chat-repl show FILE` shows what it has instead\n";
        run.code(1).stdout(contains(hint));
    }
}
