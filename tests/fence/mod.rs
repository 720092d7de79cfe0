//! Who must not know whom: every path in the source, held to the table of allowed edges.
//!
//! [`read`] finds the paths, [`paths`] says what they mean, [`table`] what each room may use, and
//! this file compares. [`ways`] shows the fence all the ways around it, so that it cannot pass for
//! want of looking.

mod paths;
mod read;
mod table;
mod ways;

use std::fs;
use std::path::{Path, PathBuf};

use paths::{Name, Source, Tree};
use table::{Crates, ROOMS, Room};

use crate::support::project;

/// What stands where it should not.
#[derive(Debug)]
struct Breach {
    file: String,
    line: usize,
    what: String,
    rule: String,
}

impl Breach {
    fn told(&self) -> String {
        format!("{}:{}: {}: {}", self.file, self.line, self.what, self.rule)
    }
}

/// Everything in these sources that the table does not allow.
fn breaches(sources: &[Source]) -> Vec<Breach> {
    let tree = Tree::parse(sources);
    let mut found = Vec::new();
    for source in sources {
        if room_named(source.room()).is_none() {
            let rule =
                format!("room `{}` is not in the table of tests/fence/table.rs", source.room());
            found.push(Breach {
                file: source.path.clone(),
                line: 1,
                what: "a new room".into(),
                rule,
            });
        }
    }
    for name in tree.names() {
        let Some(room) = room_named(&name.room) else { continue };
        let rule = tree.meanings(name).iter().find_map(|meaning| broken(room, name, meaning));
        found.extend(rule.map(|rule| Breach {
            file: name.file.clone(),
            line: name.line,
            what: format!("`{}`", name.written()),
            rule,
        }));
    }
    found
}

/// Which rule of its room a name breaks when it means this, if any.
fn broken(room: &Room, name: &Name, meaning: &[String]) -> Option<String> {
    match meaning.first()?.as_str() {
        "unsafe" => Some("unsafe code stands nowhere".into()),
        "crate" => broken_edge(room, &indoors(meaning)),
        "std" => broken_std(room, meaning),
        krate => broken_crate(room, name, krate),
    }
}

fn broken_edge(room: &Room, path: &[String]) -> Option<String> {
    let target = path[0].as_str();
    let edges =
        || room.rooms.iter().copied().filter(|edge| edge.split("::").next() == Some(target));
    let kept = target == room.name || edges().any(|edge| within(path, edge));
    let but_for: Vec<_> = edges().map(|edge| format!(", but for `{edge}`")).collect();
    let but_for = but_for.concat();
    let means = path.join("::");
    (!kept).then(|| format!("{} must not use {target}{but_for} (here `{means}`)", room.name))
}

fn broken_std(room: &Room, path: &[String]) -> Option<String> {
    let mut barred = room.barred.iter().copied().flatten();
    let barred = barred.find(|item| within(path, item) || globs(path, item))?;
    Some(format!("{} does without `{barred}` (here `{}`)", room.name, path.join("::")))
}

/// Tests may use what crates they like: the rule is about what ships.
fn broken_crate(room: &Room, name: &Name, krate: &str) -> Option<String> {
    match room.crates {
        Crates::Only(crates) if !name.in_test && !crates.contains(&krate) => {
            Some(format!("{} must not use the crate {krate}", room.name))
        }
        _ => None,
    }
}

/// A path of this crate from its room on; what stands in no room stands in `lib`.
fn indoors(path: &[String]) -> Vec<String> {
    let in_room = path.get(1).is_some_and(|name| room_named(name).is_some());
    let lib = (!in_room).then(|| "lib".to_owned());
    lib.into_iter().chain(path[1..].iter().cloned()).collect()
}

fn room_named(name: &str) -> Option<&'static Room> {
    ROOMS.iter().find(|room| room.name == name)
}

/// Whether a path is that item, or stands inside it.
fn within(path: &[String], item: &str) -> bool {
    let mut segments = path.iter();
    item.split("::").all(|segment| segments.next().is_some_and(|found| found == segment))
}

/// Whether a path is a glob that brings that item in.
fn globs(path: &[String], item: &str) -> bool {
    path.split_last().is_some_and(|(last, parents)| {
        last == "*" && item.starts_with(&format!("{}::", parents.join("::")))
    })
}

/// Every Rust source below a folder of the package.
fn sources_below(folder: &str) -> Vec<Source> {
    let sources = texts_below(folder, "rs");
    assert!(!sources.is_empty(), "no Rust source below {folder}");
    sources
}

/// Every file below a folder of the package that ends so.
fn texts_below(folder: &str, ending: &str) -> Vec<Source> {
    let root = project();
    let mut paths = Vec::new();
    collect(&root.join(folder), ending, &mut paths);
    paths.sort();
    let source = |path: &PathBuf| Source {
        path: path.strip_prefix(root).unwrap().to_string_lossy().into_owned(),
        text: fs::read_to_string(path).unwrap(),
    };
    paths.iter().map(source).collect()
}

/// With no ending, every file.
fn collect(folder: &Path, ending: &str, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, ending, paths);
        } else if ending.is_empty() || path.extension().is_some_and(|found| found == ending) {
            paths.push(path);
        }
    }
}

fn told(breaches: &[Breach]) -> String {
    let told: Vec<_> = breaches.iter().map(|breach| format!("\n{}", breach.told())).collect();
    told.concat()
}

#[test]
fn rooms_know_only_whom_they_may() {
    let found = breaches(&sources_below("src"));
    assert!(found.is_empty(), "see tests/fence/table.rs:{}", told(&found));
}

#[test]
fn nobody_but_lib_knows_app() {
    let knows = |room: &&Room| room.rooms.iter().any(|edge| edge.starts_with("app"));
    let who: Vec<_> = ROOMS.iter().filter(knows).map(|room| room.name).collect();
    assert_eq!(who, ["lib"]);
}

#[test]
fn the_table_names_only_rooms() {
    for room in ROOMS {
        for edge in room.rooms {
            let target = edge.split("::").next().unwrap();
            assert!(room_named(target).is_some(), "{} may use {edge}, which is no room", room.name);
        }
    }
}

/// What nobody uses is not allowed either, or the table would say less with every year. Rooms that may use
/// any crate put others together, and may use what they come to need.
#[test]
fn the_table_allows_no_more_than_is_used() {
    let sources = sources_below("src");
    let tree = Tree::parse(&sources);
    for room in ROOMS {
        let Crates::Only(crates) = room.crates else { continue };
        let names = tree.names().iter().filter(|name| name.room == room.name);
        let used: Vec<_> = names
            .flat_map(|name| tree.meanings(name).into_iter().map(move |path| (name, path)))
            .collect();
        for edge in room.rooms {
            let walks = |path: &[String]| path[0] == "crate" && within(&indoors(path), edge);
            assert!(used.iter().any(|(_, path)| walks(path)), "{} does not use {edge}", room.name);
        }
        for krate in crates {
            let uses = used.iter().any(|(name, path)| !name.in_test && path[0] == *krate);
            assert!(uses, "{} does not use the crate {krate}", room.name);
        }
    }
}

/// What is no Rust, and goes into the program as it is: no path in it leads into another room.
#[test]
fn only_pages_have_other_sources() {
    let mut paths = Vec::new();
    collect(&project().join("src"), "", &mut paths);
    let others = paths.iter().filter(|path| path.extension().is_none_or(|ending| ending != "rs"));
    let mut others: Vec<_> = others.map(|path| path.strip_prefix(project()).unwrap()).collect();
    others.sort();
    assert_eq!(others, [Path::new("src/page/page.css"), Path::new("src/page/page.js")]);
}

/// A longer file is asking to be two.
#[test]
fn no_file_is_long() {
    for (folder, most) in [("src", 500), ("tests", 600)] {
        let all = ["rs", "css", "js"].iter().flat_map(|ending| texts_below(folder, ending));
        for source in all {
            let lines = source.text.lines().count();
            assert!(lines <= most, "{} has {lines} lines, more than {most}", source.path);
        }
    }
}
