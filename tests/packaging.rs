//! What packages bring along: manual pages and completions.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use predicates::str::contains;
use regex::Regex;
use tempfile::TempDir;

use crate::support::proc::{Repl, stderr, stdout};
use crate::support::pty::Pty;
use crate::support::says::error;
use crate::support::tools::require;
use crate::support::{folder, project};

/// A folder with all the pages.
fn manual() -> TempDir {
    let dir = TempDir::new().unwrap();
    let pages = dir.path().join("share/man/man1");
    Repl::new().args(["man".as_ref(), pages.as_os_str()]).run().success().stdout("").stderr("");
    dir
}

fn pages(dir: &TempDir) -> Vec<(String, String)> {
    let entries = fs::read_dir(dir.path().join("share/man/man1")).unwrap();
    let mut found: Vec<_> = entries
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    found.sort();
    found
}

fn help(args: &[&str]) -> String {
    let run = Repl::new().args(args).run().success();
    stdout(&run)
}

/// The names of the subcommands, as `--help` has them.
fn subcommands() -> BTreeSet<String> {
    let help = help(&["--help"]);
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let lines = list.lines().take_while(|line| !line.is_empty());
    lines.filter_map(|line| Some(line.split_whitespace().next()?.to_owned())).collect()
}

/// A program of this machine reads the page from its standard input: what it prints and what it warns of.
fn read_by(program: &Path, args: &[&str], page: &str) -> (String, String) {
    let run = assert_cmd::Command::new(program).args(args).write_stdin(page).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (text(run.stdout), text(run.stderr))
}

#[test]
fn there_is_a_page_for_the_program_and_each_subcommand() {
    let names: BTreeSet<String> = pages(&manual()).into_iter().map(|(name, _)| name).collect();
    let others = subcommands().into_iter().map(|name| format!("chat-repl-{name}.1"));
    let wanted: BTreeSet<String> = others.chain(["chat-repl.1".to_owned()]).collect();
    assert!(wanted.len() > 4, "{wanted:?}");
    assert_eq!(names, wanted);
}

#[test]
fn the_page_has_the_sections_that_people_look_for() {
    let all = pages(&manual());
    let (_, page) = all.iter().find(|(name, _)| name == "chat-repl.1").unwrap();
    assert_eq!(help(&["man"]), *page, "without a folder it is printed");
    let headings = Regex::new("(?m)^\\.SH \"(.*)\"$").unwrap();
    let headings: Vec<&str> =
        headings.captures_iter(page).map(|found| found.get(1).unwrap().as_str()).collect();
    let wanted = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "SUBCOMMANDS",
        "COMMANDS",
        "EXIT STATUS",
        "ENVIRONMENT",
        "FILES",
        "EXAMPLES",
        "SEE ALSO",
    ];
    assert_eq!(headings, wanted);
}

#[test]
fn every_option_stands_on_its_page() {
    let options = Regex::new(r"(?m)^ +(?:-\w, )?(--[a-z-]+)").unwrap();
    for (name, page) in pages(&manual()) {
        let command = name.trim_start_matches("chat-repl").trim_end_matches(".1");
        let command = command.strip_prefix('-');
        let help = help(&command.into_iter().chain(["--help"]).collect::<Vec<_>>());
        let mut seen = 0;
        for option in options.captures_iter(&help).map(|found| found.get(1).unwrap().as_str()) {
            let written = format!("\\fB\\%{}\\fR", option.replace('-', "\\-"));
            assert!(page.contains(&written), "{name} has no {option}");
            seen += 1;
        }
        assert!(seen > 0, "{help}");
    }
}

#[test]
fn formatters_have_nothing_to_say_against_the_pages() {
    if let Some(groff) = require("groff") {
        for (name, page) in pages(&manual()) {
            let (text, said) = read_by(&groff, &["-ww", "-man", "-Tutf8", "-P-cbou"], &page);
            assert_eq!(said, "", "{name}");
            assert!(text.contains("SYNOPSIS\n       chat-repl "), "{text}");
        }
    }
    if let Some(mandoc) = require("mandoc") {
        for (name, page) in pages(&manual()) {
            let (said, _) = read_by(&mandoc, &["-Tlint"], &page);
            // A page has the version instead: what was made twice is to be the same.
            let said: Vec<_> =
                said.lines().filter(|line| !line.contains("WARNING: missing date")).collect();
            assert!(said.is_empty(), "{name}: {said:#?}");
        }
    }
}

#[test]
fn what_can_be_pasted_comes_out_as_it_was_written() {
    let Some(groff) = require("groff") else { return };
    let page = help(&["man"]);
    let (text, _) = read_by(&groff, &["-man", "-Tutf8", "-P-cbou"], &page);
    for line in [
        "chat-repl --connect ADDR [OPTIONS] < SCRIPT",
        "--bless[=force]",
        "/expect [-n] [-x] [-p] [-t DUR] PATTERN",
        r"printf 'PING\n/expect PONG\n' | chat-repl -q --connect localhost:6379",
        "(?<name>…)",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_is_3() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    Repl::new()
        .args(["man".as_ref(), file.as_os_str()])
        .run()
        .code(3)
        .stderr(error("cannot write"));
    Repl::new().args(["completions", "tcsh"]).run().code(2).stderr(contains("bash, zsh, fish"));
}

/// A folder with the program, a file to name, and the completions where the shell looks for them.
fn desk(shell: &str, file: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join(file), help(&["completions", shell])).unwrap();
    fs::write(dir.path().join("greeting.chat"), "hello\n").unwrap();
    let program = dir.path().join("bin/chat-repl");
    fs::create_dir(dir.path().join("bin")).unwrap();
    std::os::unix::fs::symlink(cargo_bin!("chat-repl"), program).unwrap();
    dir
}

/// A shell at a terminal, which knows neither a person's settings nor their home.
fn shell(name: &str, args: &[&str], dir: &TempDir) -> Option<Pty> {
    let mut command = Command::new(require(name)?);
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", dir.path().join("bin").display());
    command.args(args).current_dir(dir.path()).env("HOME", dir.path()).env("PATH", path);
    command.env("PS1", "ready> ").env("LC_ALL", "C.UTF-8");
    Some(Pty::spawn(command, 24, 100))
}

/// Types these, each of which the shell is to complete so, one after another.
fn complete(pty: &Pty, all: &[(&str, &str)]) {
    for (typed, completed) in all {
        pty.type_keys(&format!("{typed}\t"));
        pty.wait_for_text(completed);
        pty.type_keys("\x15"); // Ctrl-U
    }
}

/// What every shell is to complete: options, their values, subcommands, and files.
const COMPLETED: [(&str, &str); 5] = [
    ("chat-repl --scr", "chat-repl --script"),
    ("chat-repl --connect 1 --script gree", "chat-repl --connect 1 --script greeting.chat"),
    ("chat-repl sho", "chat-repl show"),
    ("chat-repl show --mar", "chat-repl show --marks"),
    ("chat-repl test gree", "chat-repl test greeting.chat"),
];

#[test]
fn bash_completes() {
    let dir = desk("bash", "chat-repl.bash");
    let Some(pty) = shell("bash", &["--norc", "--noprofile"], &dir) else { return };
    pty.wait_for_text("ready> ");
    pty.type_keys("source chat-repl.bash && echo so\"urced\"\r");
    pty.wait_for_text("\nsourced");
    complete(&pty, &COMPLETED);
    complete(&pty, &[("chat-repl --eol cr", "chat-repl --eol crlf")]);
}

#[test]
fn zsh_completes() {
    let dir = desk("zsh", "_chat-repl");
    let Some(pty) = shell("zsh", &["-f"], &dir) else { return };
    pty.wait_for_text("ready> ");
    pty.type_keys(
        "fpath=($PWD $fpath); autoload -U compinit; compinit -D -u && echo so\"urced\"\r",
    );
    pty.wait_for_text("\nsourced");
    complete(&pty, &COMPLETED);
    complete(&pty, &[("chat-repl --eol cr", "chat-repl --eol crlf")]);
}

#[test]
fn fish_completes() {
    let dir = desk("fish", "chat-repl.fish");
    let Some(fish) = require("fish") else { return };
    for (typed, completed) in COMPLETED {
        let word = completed.rsplit(' ').next().unwrap();
        let ask = format!("source chat-repl.fish; complete -C '{typed}'");
        let mut command = assert_cmd::Command::new(&fish);
        command.args(["--no-config", "-c", &ask]).current_dir(dir.path()).env("HOME", dir.path());
        command.assert().success().stdout(contains(word));
    }
}

/// A work tree that has version 1.2.3 to release, and a `just` that only says what it was asked for.
fn work_tree() -> TempDir {
    let dir = folder(&[
        ("Cargo.toml", "[package]\nversion = \"1.2.3\"\n"),
        (
            "CHANGELOG.md",
            "## [Unreleased]\n\n## [1.2.3] - 2026-12-01\n\n- It talks.\n\n## [1.0.0] - 2026-01-01\n\n- No.\n",
        ),
        ("bin/just", "#!/bin/sh\necho \"ran $*\"\n"),
    ]);
    let script = "scripts/packaging/release.sh";
    fs::create_dir_all(dir.path().join("scripts/packaging")).unwrap();
    fs::copy(project().join(script), dir.path().join(script)).unwrap();
    fs::set_permissions(dir.path().join("bin/just"), Permissions::from_mode(0o755)).unwrap();
    git(&dir, &["init", "-q"]);
    git(&dir, &["add", "-A"]);
    git(&dir, &["commit", "-qm", "one"]);
    dir
}

/// What git prints, which knows nothing of a person's settings.
fn git(dir: &TempDir, args: &[&str]) -> String {
    let mut git = assert_cmd::Command::new("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@b"]).args(args).current_dir(dir.path());
    let run = git.env("HOME", dir.path()).env("GIT_CONFIG_NOSYSTEM", "1").assert().success();
    stdout(&run)
}

fn release(dir: &TempDir, args: &[&str]) -> assert_cmd::assert::Assert {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut script = assert_cmd::Command::new(dir.path().join("scripts/packaging/release.sh"));
    script.args(args).env("PATH", format!("{}:{path}", dir.path().join("bin").display()));
    for who in ["AUTHOR", "COMMITTER"] {
        script.env(format!("GIT_{who}_NAME"), "a").env(format!("GIT_{who}_EMAIL"), "a@b");
    }
    script.env("HOME", dir.path()).env("GIT_CONFIG_NOSYSTEM", "1").assert()
}

#[test]
fn a_release_is_checked_told_and_then_tagged() {
    if require("git").is_none() {
        return;
    }
    let dir = work_tree();
    release(&dir, &["1.2.3"]).failure().stderr(contains("nothing was done"));
    assert_eq!(git(&dir, &["tag"]), "", "nobody said yes");
    let told = "It pushes and publishes nothing.\nran ci\nran package\nv1.2.3 is tagged.";
    release(&dir, &["1.2.3", "--yes"]).success().stdout(contains(told));
    let message = git(&dir, &["tag", "-l", "--format=%(contents)", "v1.2.3"]);
    assert_eq!(message.trim(), "- It talks.");
    release(&dir, &["1.2.3", "--yes"]).failure().stderr(contains("the tag v1.2.3 is there"));
}

#[test]
fn all_that_keeps_a_release_back_is_told_at_once() {
    if require("git").is_none() {
        return;
    }
    let dir = work_tree();
    fs::write(dir.path().join("new"), "").unwrap();
    let told = release(&dir, &["1.2.4", "--yes"]).failure();
    let told = stderr(&told);
    for part in ["the work tree has changes", "Cargo.toml has another", "CHANGELOG.md has no"] {
        assert!(told.contains(&format!("error: {part}")), "{told}");
    }
    release(&dir, &["1.2", "--yes"]).failure().stderr(error("`1.2` is no version"));
}
