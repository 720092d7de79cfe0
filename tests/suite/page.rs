//! Reports as pages.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;
use tempfile::TempDir;

use super::{BAD, GOOD, folder, suite};
use crate::support::browser;
use crate::support::peer::EchoServer;
use crate::support::proc::Repl;
use crate::support::says;
use crate::support::tape::{client, prompt, server, tape};

fn page(dir: &TempDir) -> String {
    fs::read_to_string(dir.path().join("report.html")).unwrap()
}

/// What stands in the part of the page that has this test.
fn part<'a>(page: &'a str, name: &str) -> &'a str {
    let mark = format!("<span class=\"name\">./{name}</span>");
    let part = page.split_once(&mark).unwrap_or_else(|| panic!("no {name}\n{page}")).1;
    part.split("<span class=\"name\">").next().unwrap()
}

#[test]
fn a_failure_stands_in_its_conversation_where_it_happened() {
    let hostile = "/send </pre><script>document.title='RAN'</script>\n/expect -n -x nothing\n";
    let dir = folder(&[
        ("bad.chat", BAD),
        ("good.chat", GOOD),
        ("hostile.chat", hostile),
        ("faulty.chat", "/expcet x\n"),
        ("talk.json", &tape(&[client("x"), prompt("y")])),
    ]);
    let echo = EchoServer::start();
    let run = suite(&dir).args(["--connect", &echo.addr(), "--html", "report.html"]).run().code(1);
    run.stdout(contains("-- saved").not()).stderr(says::error("4 of 5 tests failed"));
    let page = page(&dir);
    assert!(page.contains("<h1>4 of 5 tests failed</h1>"), "{page}");
    let bad = part(&page, "bad.chat");
    let places = [
        "-e2\"",
        ">hello</bdi>",
        "class=\"fail\"",
        "error: the next line did not contain `hallo`",
        "closed: eof",
    ];
    let at = places.map(|place| bad.find(place).unwrap_or_else(|| panic!("no {place}\n{bad}")));
    assert!(at.is_sorted(), "{at:?}\n{bad}");
    assert!(part(&page, "faulty.chat").contains("<pre class=\"account\">error: unknown command"));
    assert!(part(&page, "talk.json").contains("class=\"fail\""));
    let flat = "<div class=\"test flat\"><span class=\"mark passed\">passed</span><span class=\"name\">./good.chat";
    assert!(page.contains(flat), "{page}");
    let last = page.rfind("class=\"name\"").unwrap();
    assert!(page[last..].starts_with("class=\"name\">./good.chat"), "failures come first");
    let Some(seen) = browser::open(&dir.path().join("report.html")) else { return };
    assert!(seen.dom.contains("<title>4 of 5 tests failed</title>"), "nothing ran");
    assert_eq!((seen.dom.matches("<script").count(), seen.console), (1, vec![]));
}

#[test]
fn it_is_there_whole_whatever_becomes_of_the_tests() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", GOOD)]);
    let echo = EchoServer::start();
    let run = |args: &[&str]| {
        let repl =
            suite(&dir).args(["--connect", &echo.addr(), "--html", "report.html", "-j", "1"]);
        repl.args(args).run()
    };
    run(&[]).code(0);
    assert!(page(&dir).contains("<h1>2 tests passed</h1>"));
    fs::write(dir.path().join("a.chat"), BAD).unwrap();
    run(&["--fail-fast"]).code(1);
    let halted = page(&dir);
    assert!(halted.contains("not all were run: --fail-fast, and a test failed"), "{halted}");
    assert!(halted.contains("<span class=\"mark\">not run</span><span class=\"name\">./b.chat"));
    let nowhere = suite(&dir).args(["--connect", &echo.addr(), "--html", "no/where.html"]).run();
    nowhere.code(3).stdout("").stderr(says::error("cannot write `no/where.html`"));
}

#[test]
fn a_secret_is_not_on_it() {
    let dir = folder(&[("bad.chat", "/send ${PASS}\n/expect -n -x hallo\n")]);
    let echo = EchoServer::start();
    let repl =
        suite(&dir).args(["--connect", &echo.addr(), "--html", "report.html", "--secret", "PASS"]);
    repl.env("PASS", "open sesame").run().code(1);
    let page = page(&dir);
    assert!(page.contains("${PASS}</bdi>") && !page.contains("sesame"), "{page}");
}

#[test]
fn a_client_that_fails_is_shown_with_what_its_mock_heard() {
    let dir = folder(&[("talk.jsonl", &tape(&[client("PING"), server("+PONG")]))]);
    let said = "exec 3<>/dev/tcp/127.0.0.1/${port}; echo PONG >&3; cat <&3";
    let repl = Repl::new().args(["test", "talk.jsonl", "--html", "report.html", "--client"]);
    repl.args([format!("bash -c '{said}'")]).current_dir(&dir).run().code(1);
    let page = page(&dir);
    let talk = page.split_once("talk.jsonl</span>").unwrap().1;
    assert!(talk.contains(">PONG</bdi>") && talk.contains("class=\"fail\""), "{talk}");
}
