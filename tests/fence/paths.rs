//! What the source names, and what that means: paths in items, expressions, types, patterns,
//! attributes and the tokens of macros, resolved through `use`, `self`, `super` and aliases.

use std::collections::{BTreeMap, BTreeSet};

use super::read;

/// The segments of a path; the first of an absolute one (`::mio::Poll`) is empty.
pub(super) type Segments = Vec<String>;

/// How often an alias of an alias is followed; real ones end after two or three.
const DEEPEST_ALIAS: usize = 16;

/// Lower-case words that begin a path and are no crate: primitive types, and tools in attributes.
const NO_CRATE: [&str; 22] = [
    "bool",
    "char",
    "str",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "clippy",
    "rustfmt",
    "rustdoc",
    "diagnostic",
    "miri",
];

/// One file of the source.
pub(super) struct Source {
    /// Its path from the root of the package: `src/wire/line.rs`.
    pub(super) path: String,
    /// What it holds.
    pub(super) text: String,
}

impl Source {
    /// The room that it belongs to: the first folder below `src`, or the file there.
    pub(super) fn room(&self) -> &str {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        inside.split('/').next().unwrap_or(inside)
    }

    /// The module that it is. `main.rs` counts as a module of the library, whose root it names
    /// `chat_repl`.
    pub(super) fn module(&self) -> Segments {
        let inside = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let inside = inside.strip_suffix("/mod").unwrap_or(inside);
        if inside == "lib" { vec![] } else { inside.split('/').map(String::from).collect() }
    }
}

/// One path, where it stands.
pub(super) struct Name {
    /// The file.
    pub(super) file: String,
    /// The line in it, from 1.
    pub(super) line: usize,
    /// The room of the file.
    pub(super) room: String,
    /// Whether it is compiled for tests only.
    pub(super) in_test: bool,
    /// The module around it.
    pub(super) module: Segments,
    /// What is written there.
    pub(super) segments: Segments,
}

impl Name {
    /// As it stands in the source.
    pub(super) fn written(&self) -> String {
        self.segments.join("::")
    }
}

/// What `use` and `mod` bring into one module, those in its functions included.
#[derive(Default)]
pub(super) struct Scope {
    /// Local name to what it stands for; two functions may give one name two meanings.
    pub(super) aliases: BTreeMap<String, Vec<Segments>>,
    /// Modules declared here.
    pub(super) children: BTreeSet<String>,
    /// What stands before `::*`.
    pub(super) globs: Vec<Segments>,
}

/// Every path of some sources, and the scopes to resolve them in.
pub(super) struct Tree {
    names: Vec<Name>,
    scopes: BTreeMap<Segments, Scope>,
}

impl Tree {
    /// Reads the sources.
    pub(super) fn parse(sources: &[Source]) -> Tree {
        let mut tree = Tree { names: vec![], scopes: BTreeMap::new() };
        let mut tests = BTreeSet::new();
        for source in sources {
            let found = read::read(source);
            tree.names.extend(found.names);
            tree.scopes.extend(found.scopes);
            tests.extend(found.test_modules);
        }
        for name in &mut tree.names {
            name.in_test = (0..=name.module.len()).any(|end| tests.contains(&name.module[..end]));
        }
        tree
    }

    /// Every path, file by file.
    pub(super) fn names(&self) -> &[Name] {
        &self.names
    }

    /// What a name may mean: paths that begin with `crate`, `std`, or the name of another crate.
    /// Empty where it means something of its own module.
    ///
    /// Re-exports are followed inside the name's own room. What another room passes on is that
    /// room's affair, and was checked where it stands.
    pub(super) fn meanings(&self, name: &Name) -> Vec<Segments> {
        self.resolve(&name.room, &name.module, &name.segments, DEEPEST_ALIAS)
    }

    fn resolve(
        &self,
        room: &str,
        module: &[String],
        path: &[String],
        depth: usize,
    ) -> Vec<Segments> {
        let Some((first, rest)) = path.split_first().filter(|_| depth > 0) else { return vec![] };
        match first.as_str() {
            "unsafe" => vec![path.to_vec()],
            "" => outside(rest),
            "crate" | "chat_repl" => self.walk(room, vec![], rest, depth),
            "self" => self.walk(room, module.to_vec(), rest, depth),
            "super" => {
                let parent = module[..module.len().saturating_sub(1)].to_vec();
                self.walk(room, parent, rest, depth)
            }
            _ => self.resolve_local(room, module, path, depth),
        }
    }

    /// A path whose first segment must be in scope, or else is a crate.
    fn resolve_local(
        &self,
        room: &str,
        module: &[String],
        path: &[String],
        depth: usize,
    ) -> Vec<Segments> {
        match self.home_of(room, module, &path[0], depth) {
            Some(home) => self.walk(room, home, path, depth),
            None => outside(path),
        }
    }

    /// The module whose scope has this name: the given one, or one whose names it takes by a glob.
    fn home_of(&self, room: &str, module: &[String], name: &str, depth: usize) -> Option<Segments> {
        let scope = self.scopes.get(module).filter(|_| depth > 0)?;
        if scope.children.contains(name) || scope.aliases.contains_key(name) {
            return Some(module.to_vec());
        }
        let globs = scope.globs.iter();
        let mut modules = globs.flat_map(|glob| self.resolve(room, module, glob, depth - 1));
        modules.find_map(|path| {
            let (first, module) = path.split_first()?;
            (first == "crate").then(|| self.home_of(room, module, name, depth - 1)).flatten()
        })
    }

    /// Goes down from a module, through the scopes of the room, until something is no module.
    fn walk(&self, room: &str, from: Segments, path: &[String], depth: usize) -> Vec<Segments> {
        let mut at = from;
        for (index, segment) in path.iter().enumerate() {
            let ours = at.first().map_or("lib", String::as_str) == room;
            let scope = self.scopes.get(&at).filter(|_| ours);
            let door = at.is_empty() && segment == room;
            if segment == "super" {
                at.pop();
            } else if door || scope.is_some_and(|scope| scope.children.contains(segment)) {
                at.push(segment.clone());
            } else if let Some(targets) = scope.and_then(|scope| scope.aliases.get(segment)) {
                let rest = &path[index + 1..];
                return self.follow(room, &at, (segment, targets), rest, depth);
            } else {
                return vec![rooted(&at, &path[index..])];
            }
        }
        vec![rooted(&at, &[])]
    }

    /// Puts what an alias stands for in its place.
    fn follow(
        &self,
        room: &str,
        module: &[String],
        (alias, targets): (&str, &[Segments]),
        rest: &[String],
        depth: usize,
    ) -> Vec<Segments> {
        let mut meanings = vec![];
        for target in targets {
            let path = [target, rest].concat();
            // `use mio::mio` and the like name a crate: looked up here, it would find itself.
            meanings.extend(match target.first() {
                Some(first) if first == alias => outside(&path),
                _ => self.resolve(room, module, &path, depth - 1),
            });
        }
        meanings
    }
}

/// A path of this crate.
fn rooted(module: &[String], rest: &[String]) -> Segments {
    [&["crate".to_owned()], module, rest].concat()
}

/// A path that begins with a crate's name; nothing where it begins with a type or a variable.
fn outside(path: &[String]) -> Vec<Segments> {
    let Some((first, rest)) = path.split_first() else { return vec![] };
    let named = first.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if !named || NO_CRATE.contains(&first.as_str()) {
        return vec![];
    }
    let krate = if matches!(first.as_str(), "core" | "alloc") { "std" } else { first };
    vec![[&[krate.to_owned()], rest].concat()]
}
