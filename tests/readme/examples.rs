//! The `console` blocks, run by bash.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use regex::Regex;
use tempfile::TempDir;

use super::blocks::{Block, Document, settled};
use crate::support::proc::search_path;
use crate::support::project;
use crate::support::running::Running;
use crate::support::servers::{KINDS, Kind, Server};
use crate::support::tools::require;

/// Programs that examples may need besides: servers are those that a document starts itself.
const TOOLS: [&str; 6] = ["curl", "socat", "python3", "redis-server", "memcached", "openssl"];
/// Ends the output of each command.
const END: &str = "--- end of output ---";

/// A test for each document that has examples.
macro_rules! documents {
    ($($test:ident: $name:literal,)*) => {
        /// Their names.
        pub(super) const RUN: &[&str] = &[$($name),*];

        $(
            #[test]
            fn $test() {
                run($name);
            }
        )*
    };
}

documents! {
    the_readme: "README.md",
    the_tutorial: "docs/tutorial.md",
    the_scripts_document: "docs/scripts.md",
    the_transcripts_document: "docs/transcripts.md",
    the_tests_document: "docs/tests.md",
    the_tap_document: "docs/tap.md",
    the_mock_document: "docs/mock.md",
    the_tls_document: "docs/tls.md",
    the_private_document: "docs/private.md",
    the_rooms_document: "docs/rooms.md",
    the_load_document: "docs/load.md",
    the_encodings_document: "docs/encodings.md",
    the_chinese_readme: "docs/zh-CN/README.md",
    how_to_test_in_ci: "docs/how-to/test-in-ci.md",
    how_to_regression_test: "docs/how-to/regression-test.md",
    how_to_mock_a_server: "docs/how-to/mock-a-server.md",
    how_to_record_between: "docs/how-to/record-between.md",
    how_to_room_as_a_service: "docs/how-to/room-as-a-service.md",
    how_to_private_room: "docs/how-to/private-room.md",
    how_to_talk_over_tls: "docs/how-to/talk-over-tls.md",
    how_to_load_a_server: "docs/how-to/load-a-server.md",
    how_to_keep_secrets_out: "docs/how-to/keep-secrets-out.md",
    the_reference_of_command_line: "docs/reference/command-line.md",
    the_reference_of_exit_status: "docs/reference/exit-status.md",
    the_reference_of_notices: "docs/reference/notices.md",
    explained_how_lines_flow: "docs/explanation/how-lines-flow.md",
    explained_why_transcripts: "docs/explanation/why-transcripts.md",
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
            // The head of what `load` reports has the address as it was given, all else the one that it led to.
            let addr = regex::escape(server.addr());
            let head = Regex::new(&format!(r"(?m)^(load +\S+ to ){addr}$")).unwrap();
            let output = head.replace_all(&output, format!("${{1}}{}", kind.usual));
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
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).current_dir(folder).env_clear();
    bash.env("PATH", search_path()).env("HOME", folder).env("TZ", "UTC");
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
