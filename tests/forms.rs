//! `chat-repl show --to …`: pages, casts and drawings, and where they are written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assert_cmd::assert::Assert;
use predicates::prelude::*;
use predicates::str::{contains, ends_with, starts_with};
use serde_json::Value;

use crate::support::proc::{Repl, stdout};
use crate::support::tape::{client, server, tape};
use crate::support::{folder, project, says};

const FULL: &str = include_str!("cases/transcripts/full.jsonl");

#[track_caller]
fn show(dir: &Path, args: &[&str]) -> Assert {
    Repl::new().args(["show", "a.jsonl"]).args(args).current_dir(dir).run()
}

#[test]
fn the_form_is_asked_for_or_follows_from_the_name_of_the_file() {
    let dir = folder(&[("a.jsonl", FULL)]);
    let begins = [
        ("html", "<!doctype html>\n"),
        ("cast", "{\"version\":3,"),
        ("svg", "<svg xmlns="),
        ("text", "started 2026-10-07T09:15:02.120Z"),
    ];
    for (form, begin) in begins {
        let asked = show(dir.path(), &["--to", form]).success().stdout(starts_with(begin));
        let name = format!("b.{form}");
        show(dir.path(), &["-o", &name]).success().stdout("").stderr("");
        let file = fs::read(dir.path().join(&name)).unwrap();
        assert_eq!(file, asked.get_output().stdout, "{form}");
    }
    show(dir.path(), &["--to", "svg", "-o", "c.html"]).success();
    assert!(fs::read_to_string(dir.path().join("c.html")).unwrap().starts_with("<svg"));
    show(dir.path(), &["--color", "always", "-o", "d.txt"]).success();
    assert!(!fs::read_to_string(dir.path().join("d.txt")).unwrap().contains('\u{1b}'));
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let broken = FULL.replace("402,\"conn\":1", "402,\"conn\":0");
    let dir = folder(&[("a.jsonl", &broken), ("b.jsonl", FULL), ("page.html", "old")]);
    for form in ["text", "html", "cast", "svg"] {
        let told = show(dir.path(), &["--to", form, "-o", "page.html"]).code(3).stdout("");
        told.stderr(says::error("`a.jsonl` line 6"));
        assert_eq!(fs::read_to_string(dir.path().join("page.html")).unwrap(), "old");
    }
    show(dir.path(), &["--to", "html"]).code(3).stdout("").stderr(says::error("`a.jsonl` line 6"));
    let unknown =
        Repl::new().args(["show", "b.jsonl#7", "-o", "page.html"]).current_dir(&dir).run();
    unknown.code(3).stderr(says::error("`b.jsonl` has no conn 7: it has 2 conns"));
    assert_eq!(fs::read_to_string(dir.path().join("page.html")).unwrap(), "old");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing else is left");
    let good = Repl::new().args(["show", "b.jsonl", "-o", "page.html"]).current_dir(&dir).run();
    good.success();
    let page = dir.path().join("page.html");
    assert!(fs::read_to_string(&page).unwrap().ends_with("</html>\n"));
    assert_eq!(fs::metadata(&page).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_transcript_is_not_overwritten() {
    let dir = folder(&[("a.jsonl", FULL)]);
    let refused = show(dir.path(), &["--to", "html", "-o", "a.jsonl"]).code(3).stdout("");
    refused.stderr(says::error("cannot write `a.jsonl`: it is a transcript"));
    assert_eq!(fs::read_to_string(dir.path().join("a.jsonl")).unwrap(), FULL);
    let nowhere = show(dir.path(), &["-o", "no/where.html"]).code(3);
    nowhere.stderr(says::error("cannot write `no/where.html`: no such file or directory"));
}

#[test]
#[cfg(target_os = "linux")] // it has /dev/full
fn a_full_disk_is_told() {
    let dir = folder(&[("a.jsonl", FULL)]);
    show(dir.path(), &["-o", "/dev/full", "--to", "svg"])
        .code(3)
        .stderr(says::error("cannot write `/dev/full`: no space left on device"));
}

#[test]
fn an_option_for_another_form_is_refused() {
    let dir = folder(&[("a.jsonl", FULL)]);
    for (args, told) in [
        (
            &["--title", "x"][..],
            "--title says nothing about --to text: it is for --to html, --to cast, --to svg",
        ),
        (&["--to", "svg", "--marks"], "--marks says nothing about --to svg"),
        (&["-o", "a.html", "--max-idle", "1s"], "--max-idle says nothing about --to html"),
        (&["--to", "html", "--width", "80"], "--width says nothing about --to html"),
    ] {
        show(dir.path(), args).code(2).stdout("").stderr(says::error(told));
    }
    show(dir.path(), &["--to", "pdf"])
        .code(2)
        .stderr(contains("[possible values: text, html, cast, svg]"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn filters_and_marks_hold_for_every_form() {
    let dir = folder(&[("a.jsonl", FULL)]);
    for form in ["text", "html", "cast", "svg"] {
        let kept = show(dir.path(), &["--to", form, "--kind", "note", "--kind", "close"]).success();
        kept.stdout(contains("hung").and(contains("HELLO").not()).and(contains("closed")));
        let kept =
            show(dir.path(), &["--to", form, "--grep", "^HELLO", "--from", "server"]).success();
        kept.stdout(contains("HELLO").and(contains("LOGIN").not()));
    }
    let marks = show(dir.path(), &["--to", "html", "--marks"]).success();
    marks.stdout(
        contains("<i>want ^OK session=(?&lt;sid&gt;\\w+)$</i>").and(contains("<i>secret PASS</i>")),
    );
    show(dir.path(), &["--to", "html"]).success().stdout(contains("<i>want").not());
}

#[test]
fn what_is_missing_is_said_in_every_form() {
    let torn = FULL.rsplit_once("{\"ev\":\"end\"").unwrap().0.to_owned();
    let dir = folder(&[("a.jsonl", &torn)]);
    for form in ["text", "html", "cast", "svg"] {
        show(dir.path(), &["--to", form]).success().stdout(contains("interrupted: it has no end"));
    }
    let cast = show(dir.path(), &["--to", "cast"]).success();
    cast.stdout(contains("\"x\", ").not());
}

#[test]
fn a_page_is_the_conversation_also_without_a_script() {
    let talk = [
        server("220 ready"),
        client("HELO <me>"),
        server("250 ok").replace("\"dt\":1", "\"dt\":2500"),
    ];
    let dir = folder(&[("a.jsonl", &tape(&talk))]);
    let page = show(dir.path(), &["--to", "html", "--title", "Mail & more"]).success();
    for part in [
        "<h1>Mail &amp; more</h1>",
        "<strong>3 lines</strong> on 1 conn",
        "<bdi dir=\"auto\">HELO &lt;me&gt;</bdi>",
        "2.5s of silence",
        "class=\"s l1 h1\"",
        "class=\"c l1 h1\"",
        "form class=\"tools\" hidden",
    ] {
        let stdout = stdout(&page);
        assert!(stdout.contains(part), "{part}\n{stdout}");
    }
}

#[test]
fn a_cast_has_what_the_format_asks_for() {
    let talk = [server("220 ready"), client("HELO").replace("\"dt\":1", "\"dt\":60000")];
    let dir = folder(&[("a.jsonl", &tape(&talk))]);
    let cast = show(dir.path(), &["--to", "cast", "--max-idle", "2s", "--width", "100"]).success();
    let text = stdout(&cast);
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let head = lines.next().unwrap();
    assert_eq!((&head["version"], &head["term"]["cols"]), (&3.into(), &100.into()));
    assert!(
        head["term"]["rows"].is_u64() && head["timestamp"].is_u64() && head["title"] == "a.jsonl"
    );
    let mut took = 0.0;
    for event in lines {
        let event = event.as_array().expect("an event is a list").clone();
        assert_eq!(event.len(), 3, "{event:?}");
        took += event[0].as_f64().filter(|pause| *pause >= 0.0).expect("seconds");
        assert!(["o", "i", "m", "x"].contains(&event[1].as_str().unwrap()) && event[2].is_string());
    }
    assert!((took - 2.001).abs() < 1e-9, "the long pause takes two seconds: {took}");
}

#[test]
fn what_comes_through_a_pipe_is_played_as_it_comes() {
    let mut repl = Repl::new().args(["show", "--to", "cast", "-"]).spawn();
    repl.write(tape(&[server("one")]));
    repl.wait_stdout("one");
    repl.close_stdin();
    let ended = repl.wait().exited(0);
    assert!(ends_with("\\u001b[K\"]\n").eval(&String::from_utf8(ended.stdout).unwrap()));
}

/// `just picture` makes it again.
#[test]
fn the_picture_in_the_readme_is_what_the_program_draws() {
    let picture = fs::read_to_string(project().join("docs/session.svg")).unwrap();
    let justfile = fs::read_to_string(project().join("justfile")).unwrap();
    let recipe =
        justfile.lines().find(|line| line.contains("docs/session.svg")).expect("such a recipe");
    let args =
        recipe.split(" show ").nth(1).expect("it shows").replace("-o docs/session.svg", "--to svg");
    let args = args.split('\'').enumerate().flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
        _ => vec![part.to_owned()],
    });
    let drawn = Repl::new().args(["show"]).args(args).current_dir(project()).run().success();
    assert!(picture.as_bytes() == drawn.get_output().stdout, "`just picture` draws it anew");
}
