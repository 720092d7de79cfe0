//! The `console` blocks, run by bash.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use tempfile::TempDir;

use super::blocks::{Block, Document, project, settled};
use crate::support::running::Running;
use crate::support::tools::Redis;

/// Where documents have a Redis server.
const REDIS: &str = "localhost:6379";
/// Ends the output of each command.
const END: &str = "--- end of output ---";

#[test]
fn the_examples_of_the_readme_run_as_printed() {
    run("README.md");
}

#[test]
fn the_examples_of_the_scripts_document_run_as_printed() {
    run("docs/scripts.md");
}

#[test]
fn the_examples_of_the_transcripts_document_run_as_printed() {
    run("docs/transcripts.md");
}

fn run(name: &str) {
    let document = Document::open(name);
    let folder = TempDir::new().unwrap();
    copy_scripts(&folder.path().join("scripts"));
    let redis = document.text.contains(REDIS).then(Redis::start).flatten();
    let mut ran = 0;
    for block in document.blocks() {
        if let Some(file) = block.file() {
            fs::write(folder.path().join(file), block.text()).unwrap();
        } else if block.info == "console" {
            ran += usize::from(play(&document, &block, folder.path(), redis.as_ref()));
        }
    }
    assert!(ran > 0, "{name} has no example that can be run");
}

/// Runs the commands of a block, unless they need a server that is not there, and compares.
fn play(document: &Document, block: &Block, folder: &Path, redis: Option<&Redis>) -> bool {
    let mut script = "exec 2>&1\n".to_owned();
    for command in block.lines.iter().filter_map(|line| line.strip_prefix("$ ")) {
        script.extend([command, "\necho '", END, "'\n"]);
    }
    script += "wait\n";
    if script.contains(REDIS) {
        let Some(redis) = redis else { return false };
        script = script.replace(REDIS, redis.addr());
    }
    let shown = show(block, &bash(&script, folder));
    if settled(&shown) != settled(&block.text()) {
        document.differs(block.line, &block.text(), &shown);
    }
    true
}

/// The block as it would be with this output.
fn show(block: &Block, output: &str) -> String {
    let commands = block.lines.iter().filter(|line| line.starts_with("$ "));
    let end = format!("{END}\n");
    let mut outputs = output.split(&end);
    let mut shown = String::new();
    for command in commands {
        shown.extend([command, "\n", outputs.next().unwrap_or_default()]);
    }
    shown.extend(outputs);
    shown.replace("\r\n", "\n")
}

fn bash(script: &str, folder: &Path) -> String {
    let program = cargo_bin!("chat-repl").parent().expect("a folder with the program");
    let path = std::env::var("PATH").expect("a path with bash in it");
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).current_dir(folder).env_clear();
    bash.env("PATH", format!("{}:{path}", program.display()));
    bash.env("HOME", folder).env("TZ", "UTC");
    let left = Running::start(bash, Some(Stdio::null()), None).wait().exited(0);
    String::from_utf8(left.stdout).expect("examples print text")
}

fn copy_scripts(to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(project().join("scripts")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
