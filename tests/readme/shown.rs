//! Examples that are shown and not run: each is one of a list here, with the reason, and parses.

use std::collections::BTreeSet;

use chat_repl::cli::Cli;
use clap::Parser;
use regex::Regex;

use super::blocks::{Block, Document};
use super::examples;
use super::terminals;

/// Why an example is not run.
enum Why {
    /// It listens or connects at a certain port, which may be another program's: another block of the
    /// same document does the same at a socket of its own.
    UsualPort,
    /// It names a machine or a program that is somebody's own.
    Elsewhere,
    /// It goes on for a minute: another block does the same for a moment.
    TakesLong,
    /// It is a file for another program to read.
    OtherProgram,
    /// It writes into a person's own folders; the tests of packages do that in others.
    Installs,
}

/// The examples that are not run: the document, the line, and why.
const SHOWN: &[(&str, &str, Why)] = &[
    ("README.md", "chat-repl --listen 127.0.0.1       # in one terminal", Why::UsualPort),
    (
        "README.md",
        "chat-repl --connect 127.0.0.1      # in another; `nc 127.0.0.1 51423` does too",
        Why::UsualPort,
    ),
    (
        "README.md",
        "chat-repl man ~/.cargo/share/man/man1           # then `man chat-repl`",
        Why::Installs,
    ),
    (
        "README.md",
        "chat-repl completions bash > ~/.local/share/bash-completion/completions/chat-repl",
        Why::Installs,
    ),
    (
        "README.md",
        "-- guests who know the code join by: chat-repl --connect 192.168.1.7:51423 --private",
        Why::Elsewhere,
    ),
    (
        "docs/zh-CN/README.md",
        "chat-repl --listen                    # 你：监听 51423 端口，并告诉你该把哪个地址发给朋友",
        Why::UsualPort,
    ),
    (
        "docs/zh-CN/README.md",
        "chat-repl --connect 192.168.1.7       # 朋友：连过来",
        Why::Elsewhere,
    ),
    ("docs/zh-CN/README.md", "chat-repl --listen --private          # 两个人", Why::UsualPort),
    ("docs/zh-CN/README.md", "chat-repl --listen --private --room   # 一屋子人", Why::UsualPort),
    (
        "docs/zh-CN/README.md",
        "-- guests who know the code join by: chat-repl --connect 192.168.1.7:51423 --private",
        Why::Elsewhere,
    ),
    ("docs/private.md", "chat-repl --listen --private --room", Why::UsualPort),
    (
        "docs/private.md",
        "-- guests who know the code join by: chat-repl --connect 192.168.1.7:51423 --private",
        Why::Elsewhere,
    ),
    ("docs/tests.md", "chat-repl test tests --server 'serve --port ${port}'", Why::Elsewhere),
    (
        "docs/tests.md",
        "chat-repl test tests --server 'serve --listen ${addr}' --connect '[::1]:${port}'",
        Why::Elsewhere,
    ),
    (
        "docs/tests.md",
        "chat-repl test tests --server 'serve --socket ${dir}/s' --connect 'unix:${dir}/s'",
        Why::Elsewhere,
    ),
    (
        "docs/tests.md",
        "chat-repl test tests --server './start.sh' --connect localhost:7000",
        Why::Elsewhere,
    ),
    ("docs/how-to/private-room.md", "chat-repl --listen --private --room", Why::UsualPort),
    (
        "docs/how-to/private-room.md",
        "-- guests who know the code join by: chat-repl --connect 192.168.1.7:51423 --private",
        Why::Elsewhere,
    ),
    (
        "docs/how-to/talk-over-tls.md",
        "chat-repl --connect tls:imap.example.org:993 --eol crlf",
        Why::Elsewhere,
    ),
    (
        "docs/how-to/talk-over-tls.md",
        "chat-repl --connect mail.example.org:587 --eol crlf --script submit.chat --tls-name mail.example.org",
        Why::Elsewhere,
    ),
    (
        "docs/how-to/talk-over-tls.md",
        "chat-repl --listen 127.0.0.1:1430 --connect tls:imap.example.org:993",
        Why::Elsewhere,
    ),
    (
        "docs/how-to/room-as-a-service.md",
        "ExecStart=chat-repl --quiet --listen :51423 --room --rate 20 --allow 192.168.0.0/16 --backlog 50",
        Why::OtherProgram,
    ),
    (
        "docs/how-to/test-in-ci.md",
        "- run: chat-repl test tests --server './serve --port ${port}' --junit report.xml --html report.html",
        Why::OtherProgram,
    ),
    (
        "docs/how-to/test-in-ci.md",
        "script: chat-repl test tests --connect server:7000 --retry 1m --junit report.xml",
        Why::OtherProgram,
    ),
    (
        "docs/how-to/load-a-server.md",
        "chat-repl load basket.chat --connect localhost:6379 --clients 50 --rate 2000 --duration 1m --html report.html",
        Why::TakesLong,
    ),
    (
        "docs/how-to/record-between.md",
        "chat-repl --listen 127.0.0.1:6380 --connect localhost:6379 --record talk.jsonl",
        Why::UsualPort,
    ),
    (
        "docs/tutorial.md",
        "- run: chat-repl test tests --server 'redis-server --port ${port} --dir ${dir}' --junit report.xml",
        Why::OtherProgram,
    ),
];

#[test]
fn every_example_is_run_or_is_listed_here() {
    let mut found = BTreeSet::new();
    let mut unlisted = Vec::new();
    for document in Document::all() {
        for (line, example) in shown(&document) {
            let is = |(name, shown, _): &(&str, &str, Why)| {
                (*name, *shown) == (&*document.name, example)
            };
            match SHOWN.iter().position(is) {
                Some(index) => drop(found.insert(index)),
                None => unlisted.push(format!("{}:{line}: {example}", document.name)),
            }
        }
    }
    assert!(
        unlisted.is_empty(),
        "nothing runs these, and they are not listed:\n{}",
        unlisted.join("\n")
    );
    for (index, (name, example, _)) in SHOWN.iter().enumerate() {
        assert!(found.contains(&index), "{name} has no such example any more: {example}");
    }
}

#[test]
fn what_is_only_shown_parses() {
    for (name, line, _) in SHOWN {
        for words in calls(line) {
            if let Err(error) = Cli::try_parse_from(&words) {
                panic!("{name}: {line}\n{error}");
            }
        }
    }
}

#[test]
fn a_document_with_examples_is_run() {
    let runs: BTreeSet<&str> = examples::RUN.iter().copied().collect();
    for document in Document::all() {
        let blocks = document.blocks();
        let has = |info: &str| blocks.iter().any(|block| block.info == info);
        assert_eq!(has("console"), runs.contains(&*document.name), "{}", document.name);
        let sit = terminals::SHOWN.contains(&&*document.name);
        assert_eq!((has("console host"), has("console guest")), (sit, sit), "{}", document.name);
    }
}

#[test]
fn options_in_prose_are_those_of_their_subcommand() {
    let option = Regex::new(r"(?:^|\s)(--[a-z][a-z-]*)").unwrap();
    let mut seen = 0;
    for document in Document::all() {
        for span in document.spans().iter().filter(|span| span.starts_with("chat-repl ")) {
            let subcommand = span.split_whitespace().nth(1).filter(|word| !word.starts_with('-'));
            let command = command(subcommand);
            for found in option.captures_iter(span) {
                let known =
                    command.get_arguments().any(|arg| arg.get_long() == Some(&found[1][2..]));
                let known = known || ["--help", "--version"].contains(&&found[1]);
                assert!(known, "{}: `{span}`: there is no {}", document.name, &found[1]);
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "{seen} options stand in prose");
}

/// The subcommand of this name; of none, or of what is none, the program.
fn command(name: Option<&str>) -> clap::Command {
    let program = <Cli as clap::CommandFactory>::command();
    let found = name.and_then(|name| program.find_subcommand(name).cloned());
    found.unwrap_or(program)
}

/// The lines of a document that call the program and are not run, and where they stand.
fn shown(document: &Document) -> Vec<(usize, &str)> {
    let calls = Regex::new(r"(?:^|[\s=;&|('])chat-repl (?:-|[a-z])").unwrap();
    let is_shown = |block: &&Block| !block.info.starts_with("console");
    let mut shown = Vec::new();
    for block in document.blocks().iter().filter(is_shown) {
        for (index, line) in block.lines.iter().enumerate() {
            // A file that an example has is run by that.
            let file = block.file().is_some();
            if !file && calls.is_match(line) {
                shown.push((block.line + index + 1, line.trim()));
            }
        }
    }
    shown
}

/// The calls of the program in a line for a shell, as its words.
fn calls(line: &str) -> Vec<Vec<String>> {
    let mut calls: Vec<Vec<String>> = Vec::new();
    let mut inside = false;
    for word in words(line) {
        // In a unit of systemd it stands behind `ExecStart=`.
        let own = word.rsplit('=').next() == Some("chat-repl");
        let ends = ["|", "&", "&&", "||", ";", ">", "<", "2>", "#"].contains(&&*word);
        inside = (inside || own) && !ends;
        if own {
            calls.push(vec!["chat-repl".to_owned()]);
        } else if inside {
            calls.last_mut().unwrap().push(word);
        }
    }
    calls
}

/// The words of a line, cut at blanks outside of quotes; quotes are taken off.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_with(String::new);
            }
            (None, ' ') => words.extend(word.take()),
            (None, ';') => words.extend(word.take().into_iter().chain([";".to_owned()])),
            _ => word.get_or_insert_with(String::new).push(character),
        }
    }
    words.extend(word);
    words
}

#[test]
fn a_line_for_a_shell_is_cut_as_a_shell_does() {
    let line = "chat-repl --connect a --fail-if 'p99 > 50ms' > x; chat-repl man \"\"";
    let cut = calls("chat-repl test t --server './s ${port}' && chat-repl man d # pages");
    assert_eq!(
        cut,
        [vec!["chat-repl", "test", "t", "--server", "./s ${port}"], vec!["chat-repl", "man", "d"]]
    );
    assert_eq!(calls(line)[0], ["chat-repl", "--connect", "a", "--fail-if", "p99 > 50ms"]);
}
