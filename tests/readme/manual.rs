//! What the documents say there is, there is.

use std::collections::BTreeSet;

use chat_repl::command::help;
use chat_repl::error::ExitStatus;
use chat_repl::session::{ORDERS, Order};
use regex::Regex;

use super::blocks::Document;
use crate::support::proc::Repl;
use crate::support::project;

#[test]
fn the_readme_has_the_table_of_commands() {
    let readme = Document::open("README.md");
    let (before, table) = readme.text.split_once("\n| command |").expect("such a table");
    let rows = table.split("\n\n").next().expect("the table");
    let is = format!("| command |{rows}\n");
    if is != help::table() {
        readme.differs(before.lines().count() + 1, &is, &help::table());
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
        let steps = files.flat_map(|block| block.lines.iter().copied());
        for name in steps.chain(document.spans()).filter_map(command) {
            // Text with a slash in it, and the one that shows what a script with faults gets.
            let meant = ["x", "expcet"].contains(&name);
            let known = meant || help::explain(name).is_ok();
            assert!(known, "{}: there is no /{name}", document.name);
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} commands are mentioned");
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
fn command(step: &str) -> Option<&str> {
    let name = step.strip_prefix('/')?.split(' ').next()?;
    name.starts_with(|first: char| first.is_ascii_alphabetic()).then_some(name)
}

#[test]
fn the_readme_has_every_exit_status() {
    let readme = Document::open("README.md");
    let (before, table) = readme.text.split_once("\n| status |").expect("such a table");
    let rows = table.split("\n\n").next().expect("the table");
    let is = format!("| status |{rows}\n");
    let row = |(status, meaning): &(u8, &str)| format!("| {status} | {meaning} |\n");
    let all = ExitStatus::MEANINGS.iter().map(row).collect::<Vec<_>>().concat();
    let table = format!("| status | meaning |\n|---|---|\n{all}");
    if is != table {
        readme.differs(before.lines().count() + 1, &is, &table);
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    for document in Document::all() {
        let here = project().join(&document.name);
        for link in words(&document.text, r"\]\(([^)]+)\)") {
            let file = link.split('#').next().unwrap_or_default();
            let there = file.is_empty() || here.parent().unwrap().join(file).exists();
            assert!(there || link.contains("://"), "{}: {link} is not there", document.name);
        }
    }
}

fn help_of(args: &[&str]) -> String {
    let help = Repl::new().args(args).run().success();
    String::from_utf8(help.get_output().stdout.clone()).expect("help is text")
}

/// All that the pattern finds, or its group if it has one.
fn words(text: &str, pattern: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).unwrap();
    let found = pattern.captures_iter(text).map(|found| found.iter().flatten().last().unwrap());
    found.map(|word| word.as_str().to_owned()).collect()
}
