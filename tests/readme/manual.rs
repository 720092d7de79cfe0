//! What the documents say there is, there is.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use chat_repl::command::help;
use chat_repl::error::ExitStatus;
use chat_repl::session::{Ending, Invitation, Notice, ORDERS, Order};
use chat_repl::wire::ConnId;
use regex::Regex;

use super::blocks::Document;
use crate::support::proc::{Repl, stdout};
use crate::support::project;

#[test]
fn the_reference_has_the_table_of_commands() {
    let reference = Document::open("docs/reference/commands.md");
    let (before, table) = reference.text.split_once("\n| command |").expect("such a table");
    let rows = table.split("\n\n").next().expect("the table");
    let is = format!("| command |{rows}\n");
    if is != help::table() {
        reference.differs(before.lines().count() + 1, &is, &help::table());
    }
}

#[test]
fn the_rooms_document_has_the_table_of_what_guests_can_ask_for() {
    let row = |order: &Order| format!("| `{}` | {} |\n", order.usage(), order.summary);
    let table = "| a guest types | and |\n|---|---|\n".to_owned();
    let table = table + &ORDERS.iter().map(row).collect::<Vec<_>>().concat();
    let rooms = Document::open("docs/rooms.md");
    let (before, is) = rooms.text.split_once("| a guest types").expect("such a table");
    let is = format!("| a guest types{}\n", is.split("\n\n").next().expect("the table"));
    if is != table {
        rooms.differs(before.lines().count() + 1, &is, &table);
    }
}

#[test]
fn what_a_guest_can_ask_for_is_the_same_at_the_prompt() {
    for order in &ORDERS {
        let told = help::explain(order.name).expect("such a command");
        let usage = told.lines().next().expect("how it is written");
        // At the prompt these two are the program's own; `/help` explains more there.
        let same = if order.name == "help" { "/help [COMMAND]".to_owned() } else { order.usage() };
        assert_eq!(usage, same);
    }
}

#[test]
fn options_that_documents_mention_exist() {
    let mut known = words(&help_of(&["--help"]), r"--[a-z][a-z-]*");
    for command in ["show", "diff", "test", "load", "completions", "man"] {
        known.extend(words(&help_of(&[command, "--help"]), r"--[a-z][a-z-]*"));
    }
    assert!(known.contains("--listen") && known.contains("--color"), "{known:?}");
    for document in Document::all() {
        // Other programs have options as well.
        let others =
            ["cargo ", "systemctl ", "redis-server", "serve ", "curl", "ncat --", "just bench"];
        let lines = document.text.lines();
        let ours = lines.filter(|line| others.iter().all(|other| !line.contains(other)));
        let text = ours.collect::<Vec<_>>().join("\n");
        for option in words(&text, r"(?m)(?:^|[\s`(])(--[a-z][a-z-]*)") {
            assert!(known.contains(&option), "{}: there is no {option}", document.name);
        }
    }
}

#[test]
fn commands_that_documents_mention_exist() {
    let mut seen = 0;
    for document in Document::all() {
        let blocks = document.blocks();
        let files = blocks.iter().filter(|block| block.file().is_some());
        let steps = files.flat_map(|block| block.lines.iter().map(|line| (*line).to_owned()));
        for name in steps.chain(document.spans()).filter_map(|step| command(&step)) {
            // Text with a slash in it, and the one that shows what a script with faults gets.
            let meant = ["x", "expcet"].contains(&&*name);
            let known = meant || help::explain(&name).is_ok();
            assert!(known, "{}: there is no /{name}", document.name);
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} commands are mentioned");
}

#[test]
fn recipes_that_documents_mention_exist() {
    let justfile = fs::read_to_string(project().join("justfile")).unwrap();
    let recipes = words(&justfile, r"(?m)^([a-z][a-z-]*)(?: [A-Z*+][^:]*)?:(?: |$)");
    assert!(recipes.contains("ci") && recipes.contains("bench"), "{recipes:?}");
    let mut seen = 0;
    for document in Document::all() {
        for recipe in words(&document.text, r"(?m)(?:^|`|&& |sudo )just ([a-z][a-z-]*)") {
            assert!(recipes.contains(&recipe), "{}: there is no `just {recipe}`", document.name);
            seen += 1;
        }
    }
    assert!(seen > 5, "{seen} recipes are mentioned");
}

#[test]
fn every_command_of_the_language_stands_in_an_example() {
    let document = Document::open("docs/scripts.md");
    let blocks = document.blocks();
    let examples: Vec<&str> = blocks.iter().flat_map(|block| block.lines.iter().copied()).collect();
    let shown = words(&examples.join("\n"), r"(?m)(?:^|'|\\n)/([a-z][a-z-]*)");
    let all = words(&help::table(), r"(?m)^\| `/([a-z-]+)");
    // These two are a terminal's.
    let missing: Vec<_> =
        all.difference(&shown).filter(|name| !["clear", "time"].contains(&name.as_str())).collect();
    assert!(all.contains("expect") && missing.is_empty(), "no example has {missing:?}");
}

/// The name of the command that this step is.
fn command(step: &str) -> Option<String> {
    let name = step.strip_prefix('/')?.split(' ').next()?;
    name.starts_with(|first: char| first.is_ascii_alphabetic()).then(|| name.to_owned())
}

#[test]
fn the_readme_has_every_exit_status() {
    has_every_exit_status("README.md");
}

#[test]
fn the_reference_has_every_exit_status() {
    has_every_exit_status("docs/reference/exit-status.md");
}

fn has_every_exit_status(name: &str) {
    let document = Document::open(name);
    let (before, table) = document.text.split_once("\n| status |").expect("such a table");
    let rows = table.split("\n\n").next().expect("the table");
    let is = format!("| status |{rows}\n");
    let row = |(status, meaning): &(u8, &str)| format!("| {status} | {meaning} |\n");
    let all = ExitStatus::MEANINGS.iter().map(row).collect::<Vec<_>>().concat();
    let table = format!("| status | meaning |\n|---|---|\n{all}");
    if is != table {
        document.differs(before.lines().count() + 1, &is, &table);
    }
}

#[test]
fn the_reference_has_the_notices_as_they_are_told() {
    let reference = Document::open("docs/reference/notices.md");
    let rows = Regex::new(r"(?m)^\| (`-- .*?`) \|").unwrap();
    let forms = Regex::new(r"`-- ([^`]*)`").unwrap();
    let rows = rows.captures_iter(&reference.text).map(|row| row[1].to_owned());
    let rows: Vec<String> = rows
        .flat_map(|row| {
            forms.captures_iter(&row).map(|form| form[1].to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let told: Vec<String> = notices().iter().map(ToString::to_string).collect();
    let fits = |form: &str, told: &str| Regex::new(&pattern(form)).unwrap().is_match(told);
    for told in &told {
        assert!(rows.iter().any(|form| fits(form, told)), "{}: {told} has no row", reference.name);
    }
    for form in &rows {
        let known = told.iter().any(|told| fits(form, told));
        assert!(known, "{}: nothing is told as `-- {form}`", reference.name);
    }
}

/// What fits a notice as the reference writes it: words in capitals stand for what differs.
fn pattern(form: &str) -> String {
    let form = regex::escape(form).replace('…', ".*");
    let held = Regex::new(r"\b(ADDR|NAME|HOW|WHY|FILE|PIN|WORDS|COMMAND|DUR|VERSION|N)\b").unwrap();
    format!("^{}$", held.replace_all(&form, ".+"))
}

/// One of each, save what commands tell.
fn notices() -> Vec<Notice> {
    let addr = || "127.0.0.1:50312".to_owned();
    let name = || "guest-1".to_owned();
    let why = || "the room is full".to_owned();
    let conn = ConnId::new(1).unwrap();
    vec![
        Notice::Listening(addr()),
        Notice::OpenAt(vec![addr(), addr()]),
        Notice::OpenToAll { tap: false },
        Notice::Pin("sha256//abc=".to_owned()),
        Notice::Invitation(Invitation::To(addr())),
        Notice::Invitation(Invitation::Code("actor voice finger".to_owned())),
        Notice::Invitation(Invitation::Guessed { addr: addr(), left: 4 }),
        Notice::OpenKey("key.pem".into()),
        Notice::Secured { conn, version: "1.3" },
        Notice::NoTls,
        Notice::CutShort(conn),
        Notice::Unverified(addr()),
        Notice::TurnedAway { addr: addr(), why: why(), others: 0 },
        Notice::Connected { addr: addr(), name: None },
        Notice::Connected { addr: addr(), name: Some("worker".to_owned()) },
        Notice::Joined { name: name(), addr: addr() },
        Notice::Left { name: name(), how: Ending::Eof },
        Notice::Renamed { from: name(), to: "alice".to_owned() },
        Notice::Refused { addr: addr(), why: why() },
        Notice::PeerClosed { name: None },
        Notice::HearOnlyHost,
        Notice::NobodyHere,
        Notice::SentToLeaver(name()),
        Notice::Lingered(Duration::from_secs(5)),
        Notice::Unread(3),
        Notice::Saved { events: 4, missing: 0, file: "chat.json".into() },
        Notice::Replayed { lines: 4, file: "chat.json".to_owned(), guest: None },
        Notice::NoDescriptors,
    ]
}

#[test]
fn the_reference_has_every_subcommand_and_its_options() {
    let reference = Document::open("docs/reference/command-line.md");
    let blocks = reference.blocks();
    let shown: BTreeSet<&str> =
        blocks.iter().filter_map(|block| block.lines.first().copied()).collect();
    let help = help_of(&["--help"]);
    let list = help.split("\nCommands:\n").nth(1).expect("the subcommands");
    let names = list.lines().take_while(|line| !line.is_empty());
    for name in names.filter_map(|line| line.split_whitespace().next()) {
        // That of `test` is in the document about tests.
        let there = name == "test" || shown.contains(&*format!("$ chat-repl {name} --help"));
        assert!(there, "{}: there is no block with what `{name}` takes", reference.name);
    }
}

fn help_of(args: &[&str]) -> String {
    let help = Repl::new().args(args).run().success();
    stdout(&help)
}

/// All that the pattern finds, or its group if it has one.
fn words(text: &str, pattern: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).unwrap();
    let found = pattern.captures_iter(text).map(|found| found.iter().flatten().last().unwrap());
    found.map(|word| word.as_str().to_owned()).collect()
}
