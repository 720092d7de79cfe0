//! Links lead somewhere, and files that are named are there.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Component, Path, PathBuf};

use regex::Regex;

use super::blocks::Document;
use crate::support::project;

/// Files that only stand in examples.
const MEANT: [&str; 1] = ["scripts/mail.chat"];

#[test]
fn links_of_documents_lead_somewhere() {
    let (mut seen, mut anchored) = (0, 0);
    for document in Document::all() {
        let folder = Path::new(&document.name).parent().unwrap().to_owned();
        for link in document.links() {
            seen += 1;
            anchored += usize::from(link.contains('#'));
            if let Err(why) = leads(&document.name, &folder, &link) {
                panic!("{}: {link}: {why}", document.name);
            }
        }
    }
    assert!(seen > 100 && anchored > 20, "{seen} links, {anchored} to a heading");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let from = |link| leads("docs/README.md", Path::new("docs"), link);
    assert_eq!(from("../README.md#install"), Ok(()));
    assert_eq!(from("https://www.rust-lang.org/"), Ok(()));
    for wrong in [
        "tutorials.md",
        "../README.md#no-such-heading",
        "#no-such-heading",
        "session.svg#drawing",
        "../../elsewhere.md",
        "/etc/passwd",
        "http://plain.example/",
    ] {
        assert!(from(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn headings_have_the_anchors_that_hosts_of_repositories_make() {
    let text = "# What it says, and when\n## --json\n### `/all` of *it*: a [link](x.md)\n## --json\n```sh\n# no\n```\n";
    let document = Document { name: "x.md".to_owned(), text: text.to_owned() };
    let anchors = ["--json", "--json-1", "all-of-it-a-link", "what-it-says-and-when"];
    assert_eq!(document.anchors(), anchors.map(str::to_owned).into());
}

#[test]
fn documents_that_any_file_names_are_there() {
    let named =
        Regex::new(r"\b(docs/[\w./-]+\.(?:md|svg)|scripts/[\w/-]+\.[a-z]+)(?:#([\w-]+))?").unwrap();
    let mut seen = 0;
    for file in sources() {
        let text = fs::read_to_string(project().join(&file)).expect("a text");
        for found in named.captures_iter(&text) {
            let (path, anchor) = (&found[1], found.get(2).map_or("", |anchor| anchor.as_str()));
            if MEANT.contains(&path) {
                continue;
            }
            seen += 1;
            let there = project().join(path).is_file();
            assert!(there, "{}: {path} is not there", file.display());
            let known = anchor.is_empty() || Document::open(path).anchors().contains(anchor);
            assert!(known, "{}: {path} has no heading #{anchor}", file.display());
        }
    }
    assert!(seen > 10, "{seen} documents are named");
}

#[test]
fn the_index_has_every_document() {
    let index = Document::open("docs/README.md");
    let linked: BTreeSet<PathBuf> =
        index.links().iter().map(|link| file_of("docs".as_ref(), link)).collect();
    for document in Document::all() {
        let own = document.name.starts_with("docs/") && document.name != index.name;
        let there = !own || linked.contains(Path::new(&document.name));
        assert!(there, "docs/README.md does not lead to {}", document.name);
    }
}

#[test]
fn the_debian_package_brings_every_document() {
    let manifest = fs::read_to_string(project().join("Cargo.toml")).unwrap();
    for document in Document::all() {
        let path = Path::new(&document.name);
        let folder = path.parent().unwrap();
        let to = Path::new("usr/share/doc/chat-repl/").join(folder);
        let to = format!("\"{}/\"", to.display()).replace("//", "/");
        let all = folder.join("*.md");
        let brought = [path, &all].iter().any(|from| {
            let asset = format!("[\"{}\", {to}", from.display());
            manifest.contains(&asset)
        });
        let changes = document.name == "CHANGELOG.md" && manifest.contains("[\"CHANGELOG.md\",");
        assert!(brought || changes, "no asset in Cargo.toml has {}", document.name);
    }
}

/// Whether a link in this document, which stands in this folder, leads somewhere; else why not.
fn leads(name: &str, folder: &Path, link: &str) -> Result<(), String> {
    if link.contains("://") {
        let secure = link.starts_with("https://");
        return if secure {
            Ok(())
        } else {
            Err("a link to elsewhere begins with https://".to_owned())
        };
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = if file.is_empty() { PathBuf::from(name) } else { file_of(folder, file) };
    if path.is_absolute() || path.starts_with("..") {
        return Err("it leads out of the project".to_owned());
    }
    if !project().join(&path).exists() {
        return Err(format!("{} is not there", path.display()));
    }
    if !link.contains('#') {
        return Ok(());
    }
    if path.extension().is_none_or(|extension| extension != "md") {
        return Err(format!("{} has no headings", path.display()));
    }
    let known = Document::open(path.to_str().unwrap()).anchors().contains(anchor);
    known.then_some(()).ok_or_else(|| format!("{} has no heading #{anchor}", path.display()))
}

/// The file that a link in this folder leads to, from the top of the project.
fn file_of(folder: &Path, link: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in folder.join(link.split('#').next().unwrap()).components() {
        match part {
            Component::ParentDir if path.file_name().is_some() => {
                path.pop();
            }
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    path
}

/// The files that may name documents.
fn sources() -> Vec<PathBuf> {
    let top = ["Cargo.toml", "justfile", "README.md", "CHANGELOG.md"];
    let mut files: Vec<PathBuf> = top.map(PathBuf::from).into();
    for folder in ["docs", "src", "scripts", "benches", "tests/support"] {
        below(Path::new(folder), &mut files);
    }
    files
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(project().join(folder)).expect("a folder of the project") {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        if entry.path().is_dir() {
            below(&path, files);
        } else {
            files.push(path);
        }
    }
}

impl Document {
    /// Where its links lead, as they stand there: those of Markdown, and those of HTML.
    fn links(&self) -> BTreeSet<String> {
        let prose = Regex::new("`[^`]*`").unwrap().replace_all(&self.prose(), "").into_owned();
        assert!(!prose.contains("]["), "{}: a link is written [text](where)", self.name);
        let link = Regex::new(r#"\]\(([^)\s]+)\)|(?:href|src)="([^"]+)""#).unwrap();
        let links = link.captures_iter(&prose);
        links.map(|found| found.iter().flatten().last().unwrap().as_str().to_owned()).collect()
    }

    /// The anchors of its headings: small letters, blanks as `-`, no other punctuation, and of several
    /// that are the same the second with `-1`.
    fn anchors(&self) -> BTreeSet<String> {
        let link = Regex::new(r"\[([^\]]*)\]\([^)]*\)").unwrap();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let mut anchors = BTreeSet::new();
        for line in self.prose().lines() {
            let heading = line.trim_start_matches('#');
            let Some(heading) = heading.strip_prefix(' ').filter(|_| line.starts_with('#')) else {
                continue;
            };
            let slug: String =
                link.replace_all(heading.trim(), "$1").chars().filter_map(kept).collect();
            let before = seen.entry(slug.clone()).or_default();
            anchors.insert(if *before == 0 { slug } else { format!("{slug}-{before}") });
            *before += 1;
        }
        anchors
    }
}

/// What becomes of a character of a heading in its anchor.
fn kept(character: char) -> Option<char> {
    match character {
        ' ' => Some('-'),
        '-' | '_' => Some(character),
        letter if letter.is_alphanumeric() => letter.to_lowercase().next(),
        _ => None,
    }
}
