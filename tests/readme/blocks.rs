//! Documents, and the code blocks in them.

use std::env;
use std::fs;
use std::sync::{LazyLock, Mutex};

use regex::Regex;

use crate::support::project;

/// A document.
pub(super) struct Document {
    /// Its path, from the top of the project.
    pub(super) name: String,
    pub(super) text: String,
}

/// A fenced code block.
pub(super) struct Block<'a> {
    /// Where its fence stands, from 1.
    pub(super) line: usize,
    /// What stands behind its fence.
    pub(super) info: &'a str,
    pub(super) lines: Vec<&'a str>,
}

/// One test at a time writes to a document.
static WRITING: Mutex<()> = Mutex::new(());

impl Document {
    pub(super) fn open(name: &str) -> Document {
        let text = fs::read_to_string(project().join(name)).expect("a document of the project");
        Document { name: name.to_owned(), text }
    }

    /// Fails because this text is to be another; or makes it so, where that is asked for.
    #[track_caller]
    pub(super) fn differs(&self, line: usize, is: &str, expected: &str) {
        let rewrite = env::var_os("CHAT_REPL_REWRITE").is_some();
        let name = &self.name;
        assert!(rewrite, "{name}:{line}: this stands there:\n{is}\nand this should:\n{expected}");
        let _writing = WRITING.lock();
        let text = Document::open(name).text.replacen(is, expected, 1);
        fs::write(project().join(name), text).expect("a document can be written");
    }

    /// Everything that is written for people.
    pub(super) fn all() -> Vec<Document> {
        let mut names = vec!["README.md".to_owned(), "CHANGELOG.md".to_owned()];
        below("docs", &mut names);
        names.iter().map(|name| Document::open(name)).collect()
    }

    pub(super) fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut inside = false;
        for (index, line) in self.text.lines().enumerate() {
            match line.strip_prefix("```") {
                Some(_) if inside => inside = false,
                Some(info) => {
                    blocks.push(Block { line: index + 1, info, lines: Vec::new() });
                    inside = true;
                }
                None if inside => blocks.last_mut().unwrap().lines.push(line),
                None => {}
            }
        }
        assert!(!inside, "{}: the last block does not end", self.name);
        blocks
    }

    /// Which section this line is in, from 0.
    pub(super) fn section(&self, line: usize) -> usize {
        self.text.lines().take(line).filter(|line| line.starts_with("## ")).count()
    }

    /// All that stands outside of blocks.
    pub(super) fn prose(&self) -> String {
        let mut inside = false;
        let outside = self.text.lines().filter(|line| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            !inside && !fence
        });
        outside.flat_map(|line| [line, "\n"]).collect()
    }

    /// The text in backquotes, outside of blocks.
    pub(super) fn spans(&self) -> Vec<String> {
        let prose = self.prose();
        let spans = prose.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
        spans.map(str::to_owned).collect()
    }
}

/// Adds the documents in this folder, and in those below it.
fn below(folder: &str, names: &mut Vec<String>) {
    for entry in fs::read_dir(project().join(folder)).expect("a folder of documents") {
        let entry = entry.unwrap();
        let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            below(&name, names);
        } else if entry.path().extension().is_some_and(|extension| extension == "md") {
            names.push(name);
        }
    }
}

impl Block<'_> {
    /// The file that it is, if it is one.
    pub(super) fn file(&self) -> Option<&str> {
        self.info.strip_prefix("text ")
    }

    /// What it is to look like.
    pub(super) fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line, "\n"]).collect()
    }
}

/// What differs from run to run, and what stands for it instead.
const FORMS: &[(&str, &str)] = &[
    (r"\r\n", "\n"),
    (r"(?:\[::1?\]|\d+\.\d+\.\d+\.\d+):\d+", "ADDR"),
    (r#""started":"[^"]*""#, r#""started":"TIME""#),
    (r"(?m)^started [^\s,]+", "started TIME"),
    (r#""dt":[\d.]+"#, r#""dt":0"#),
    (r"(?m)  [+-][0-9.]+(us|ms|s)$", "  +0ms"),
    (r"\(waited \S+ of", "(waited 0ms of"),
    (r"\+\d+\.\d{3}s", "+0.000s"),
    (r"min \S+, mean \S+, max \S+", "min 0ms, mean 0ms, max 0ms"),
    (r"sha256//[A-Za-z0-9+/]{43}=", "PIN"),
    (r"chat-\d{8}-\d{6}\.json", "chat-DATE.json"),
    // A server may have more to say in another version.
    (r"\bevent \d+ of mail\.json", "event 0 of mail.json"),
    (r"(?m)^   = \d+ (client|server): ", "   = 0 $1: "),
    // What `chat-repl test` measures.
    (r"(?m)^((?:ok|FAILED|TIMEOUT|stopped) +\S+ +)[\d.]+(?:us|ms|s)$", "${1}0ms"),
    (r"(?m)^slowest: .*$", "slowest: ..."),
    (r"(?m), in [\d.]+(?:us|ms|s)$", ", in 0ms"),
    // What `chat-repl load` measures.
    (r"(?m)^(response|service|connect)( +[\d.]+(?:us|ms|s))* +(\d+)$", "$1 TIMES $3"),
    (r"(?m)^rate  .*$", "rate ..."),
    (r"(?m), in [\d.]+(?:us|ms|s) of", ", in 0ms of"),
    (r"duration_ms: [\d.]+", "duration_ms: 0"),
    (r#""ms":[\d.]+"#, r#""ms":0"#),
    (r#" time="[\d.]+""#, r#" time="0""#),
    (r#"timestamp="[^"]*""#, r#"timestamp="TIME""#),
];

/// The text with all that differs from run to run made the same.
pub(super) fn settled(text: &str) -> String {
    // Compiled once: each row of a terminal is settled whenever something comes.
    static COMPILED: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        FORMS.iter().map(|(form, same)| (Regex::new(form).unwrap(), *same)).collect()
    });
    COMPILED
        .iter()
        .fold(text.to_owned(), |text, (form, same)| form.replace_all(&text, *same).into_owned())
}
