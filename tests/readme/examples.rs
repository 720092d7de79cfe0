//! The `console` blocks, run by bash.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::cargo::cargo_bin;
use regex::Regex;
use tempfile::TempDir;

use super::blocks::{Block, Document, settled};
use crate::support::project;
use crate::support::running::Running;
use crate::support::servers::{KINDS, Kind, Server};
use crate::support::tools::require;

/// Programs that examples may need besides: servers are those that a document starts itself.
const TOOLS: [&str; 6] = ["curl", "socat", "redis-server", "memcached", "openssl", "python3"];
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

#[test]
fn the_examples_of_the_tests_document_run_as_printed() {
    run("docs/tests.md");
}

#[test]
fn the_examples_of_the_tap_document_run_as_printed() {
    run("docs/tap.md");
}

#[test]
fn the_examples_of_the_mock_document_run_as_printed() {
    run("docs/mock.md");
}

#[test]
fn the_examples_of_the_tls_document_run_as_printed() {
    run("docs/tls.md");
}

#[test]
fn the_examples_of_the_private_document_run_as_printed() {
    run("docs/private.md");
}

#[test]
fn the_examples_of_the_rooms_document_run_as_printed() {
    run("docs/rooms.md");
}

#[test]
fn the_examples_of_the_load_document_run_as_printed() {
    run("docs/load.md");
}

#[test]
fn the_examples_of_the_encodings_document_run_as_printed() {
    run("docs/encodings.md");
}

#[test]
fn the_examples_of_the_chinese_readme_run_as_printed() {
    run("docs/zh-CN/README.md");
}

fn run(name: &str) {
    let document = Document::open(name);
    let stage = Stage::set(&document);
    copy_scripts(&stage.folder.path().join("scripts"));
    let (mut ran, mut left_out) = (0, None);
    for block in document.blocks() {
        let section = document.section(block.line);
        if let Some(file) = block.file() {
            let text = stage.with_addresses(&block.text()).unwrap_or_default();
            let path = stage.folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        } else if block.info == "console" && left_out != Some(section) {
            // What follows it in its section goes on from it.
            if play(&document, &block, &stage) {
                ran += 1;
            } else {
                left_out = Some(section);
            }
        }
    }
    assert!(ran > 0, "{name} has no example that can be run");
}

/// Where the examples of a document run: a folder, and the servers that the document names.
struct Stage {
    folder: TempDir,
    /// Those that are not there are none.
    servers: Vec<(&'static Kind, Option<Server>)>,
}

impl Stage {
    fn set(document: &Document) -> Stage {
        let named = KINDS.into_iter().filter(|kind| address(kind).is_match(&document.text));
        let servers = named.map(|kind| (kind, Server::start(kind))).collect();
        Stage { folder: TempDir::new().unwrap(), servers }
    }

    /// The text with the addresses of the servers that run; `None` where it names one that does not.
    fn with_addresses(&self, text: &str) -> Option<String> {
        self.servers.iter().try_fold(text.to_owned(), |text, (kind, server)| {
            let usual = address(kind);
            match server {
                Some(server) => Some(usual.replace_all(&text, server.addr()).into_owned()),
                None => (!usual.is_match(&text)).then_some(text),
            }
        })
    }

    /// The output as it would be with servers at their usual ports.
    fn with_usual_ports(&self, output: &str) -> String {
        self.servers.iter().fold(output.to_owned(), |output, (kind, server)| {
            let Some(server) = server else { return output };
            output.replace(server.addr(), &kind.usual.replace("localhost", "127.0.0.1"))
        })
    }
}

/// What of a text is the usual address of such a server.
fn address(kind: &Kind) -> Regex {
    Regex::new(&format!(r"{}\b", regex::escape(kind.usual))).unwrap()
}

/// Runs the commands of a block, unless they need what is not there, and compares.
fn play(document: &Document, block: &Block, stage: &Stage) -> bool {
    let mut script = "exec 2>&1\n".to_owned();
    for command in block.lines.iter().filter_map(|line| line.strip_prefix("$ ")) {
        script.extend([command, "\necho '", END, "'\n"]);
    }
    script += "wait\n";
    let Some(script) = stage.with_addresses(&script) else { return false };
    if TOOLS.iter().any(|tool| script.contains(tool) && require(tool).is_none()) {
        return false;
    }
    let output = stage.with_usual_ports(&bash(&script, stage.folder.path()));
    let shown = show(block, &output);
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
        // What makes packages is in a folder of its own.
        if entry.path().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}
