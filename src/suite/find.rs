//! What there is to run.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::transcript::{self, Named};
use crate::units::reason;
use crate::wire::ConnId;

/// How much of a file tells whether it is a transcript, in bytes.
const TELLING: u64 = 64 << 10;

/// A test: a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// Where it is; its name, too.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
}

impl Test {
    /// What people call it.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }
}

/// What a test is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A script, which runs against the server.
    Script,
    /// A transcript, whose client is played to the server.
    Transcript,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The tests, in the order in which they are to begin.
    pub tests: Vec<Test>,
    /// Files of folders that look like transcripts by their names, and are none.
    pub passed_over: Vec<PathBuf>,
}

/// Why not all can be found that was asked for.
#[derive(Debug, Error)]
pub enum FindError {
    /// A path that is not there, or cannot be read.
    #[error("cannot read `{}`: {}", path.display(), reason(.source))]
    Io {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something that was named, and is neither a file nor a folder: what it has to say comes once, or
    /// never.
    #[error("`{}` is a pipe or a device, expected a file: write what it has to say to a file first", .0.display())]
    NoFile(PathBuf),
    /// A file that was named, is called like a transcript, and is none.
    #[error("`{}` is no transcript: name a file that `--save` wrote, or a script", .0.display())]
    NoTranscript(PathBuf),
}

/// The tests that these paths stand for: files whatever they are called, `FILE#CONN` for one conn of a
/// transcript, and the `*.chat`, `*.json` and `*.jsonl` below folders, hidden ones left out, and those
/// of the folder `without`. Each once.
///
/// # Errors
/// A path cannot be read, or is no test.
pub fn find(paths: &[PathBuf], without: Option<&Path>) -> Result<Found, FindError> {
    let without = without.and_then(|folder| folder.canonicalize().ok());
    let mut search = Search { without, ..Search::default() };
    for path in paths {
        let Named { path: file, conn } = Named::new(path);
        let metadata = fs::metadata(&file);
        let metadata = metadata.map_err(|source| FindError::Io { path: file.clone(), source })?;
        if metadata.is_dir() {
            search.folder(path)?;
        } else if metadata.is_file() {
            search.named(path, &file, conn)?;
        } else {
            return Err(FindError::NoFile(file));
        }
    }
    Ok(search.found)
}

#[derive(Default)]
struct Search {
    found: Found,
    /// The real paths of files and folders that were seen, and conns: a link may lead back.
    seen: HashSet<(PathBuf, Option<ConnId>)>,
    /// The real path of a folder that is left out, unless it is named.
    without: Option<PathBuf>,
}

impl Search {
    /// Whether a path is seen for the first time, or a conn of it.
    fn is_new(&mut self, path: &Path, conn: Option<ConnId>) -> Result<bool, FindError> {
        let real = path.canonicalize();
        let real = real.map_err(|source| FindError::Io { path: path.to_owned(), source })?;
        Ok(self.seen.insert((real, conn)))
    }

    /// A file that was named: what it is its content tells.
    fn named(&mut self, path: &Path, file: &Path, conn: Option<ConnId>) -> Result<(), FindError> {
        let is_transcript = is_transcript(file)
            .map_err(|source| FindError::Io { path: file.to_owned(), source })?;
        if !is_transcript && (conn.is_some() || has_ending(file, &["json", "jsonl"])) {
            return Err(FindError::NoTranscript(file.to_owned()));
        }
        if self.is_new(file, conn)? {
            let kind = if is_transcript { Kind::Transcript } else { Kind::Script };
            self.found.tests.push(Test { path: path.to_owned(), kind });
        }
        Ok(())
    }

    fn folder(&mut self, path: &Path) -> Result<(), FindError> {
        if !self.is_new(path, None)? {
            return Ok(());
        }
        let failed = |source| FindError::Io { path: path.to_owned(), source };
        let entries = fs::read_dir(path).map_err(failed)?;
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()
            .map_err(failed)?;
        paths.retain(|path| !is_hidden(path));
        paths.sort();
        for path in paths {
            // A link that leads nowhere is nothing to run, and neither is a pipe.
            let Ok(metadata) = fs::metadata(&path) else { continue };
            if metadata.is_dir() {
                if self.without.is_none() || self.without != path.canonicalize().ok() {
                    self.folder(&path)?;
                }
            } else if metadata.is_file() {
                self.file(path)?;
            }
        }
        Ok(())
    }

    /// A file of a folder: what it is its name tells, and its content has to agree.
    fn file(&mut self, path: PathBuf) -> Result<(), FindError> {
        if has_ending(&path, &["chat"]) {
            return self.push(path, Kind::Script);
        }
        if !has_ending(&path, &["json", "jsonl"]) {
            return Ok(());
        }
        match is_transcript(&path) {
            Ok(false) => {
                self.found.passed_over.push(path);
                Ok(())
            }
            // One that cannot be read fails when it is run, and the others are run.
            Ok(true) | Err(_) => self.push(path, Kind::Transcript),
        }
    }

    fn push(&mut self, path: PathBuf, kind: Kind) -> Result<(), FindError> {
        if self.is_new(&path, None)? {
            self.found.tests.push(Test { path, kind });
        }
        Ok(())
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    path.extension().is_some_and(|found| endings.iter().any(|ending| found == *ending))
}

fn is_transcript(path: &Path) -> io::Result<bool> {
    Ok(transcript::is_transcript(fs::File::open(path)?.take(TELLING)))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const HEADER: &str =
        r#"{"chat-repl":"transcript","version":1,"started":"2026-01-01T00:00:00Z","eol":"\n"}"#;

    /// A folder with these files, of which some have something in them.
    fn folder(files: &[(&str, &str)]) -> TempDir {
        let dir = TempDir::new().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn names(dir: &TempDir, found: &Found) -> Vec<String> {
        let name = |test: &Test| test.path.strip_prefix(dir.path()).unwrap().display().to_string();
        found.tests.iter().map(name).collect()
    }

    #[test]
    fn folders_are_searched_in_order_and_hidden_files_left_out() {
        let dir = folder(&[
            ("b.chat", ""),
            ("a/z.chat", ""),
            ("a/y.jsonl", HEADER),
            ("a/x.json", "{}"),
            ("a/notes.txt", ""),
            (".hidden.chat", ""),
            (".git/c.chat", ""),
        ]);
        std::os::unix::fs::symlink(dir.path(), dir.path().join("a/loop")).unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("a/gone.chat")).unwrap();
        let found = find(&[dir.path().to_owned()], None).unwrap();
        assert_eq!(names(&dir, &found), ["a/y.jsonl", "a/z.chat", "b.chat"]);
        assert_eq!(found.passed_over, [dir.path().join("a/x.json")]);
        assert_eq!(found.tests[0].kind, Kind::Transcript);
    }

    #[test]
    fn a_file_that_is_named_may_be_called_anything() {
        let dir = folder(&[("odd", HEADER), ("even", "hello\n"), ("no.json", "{}")]);
        let paths = ["odd", "even", "./odd"].map(|name| dir.path().join(name));
        let found = find(&paths, None).unwrap();
        assert_eq!(names(&dir, &found), ["odd", "even"]);
        assert_eq!(found.tests[0].kind, Kind::Transcript);
        assert_eq!(found.tests[1].kind, Kind::Script);
        for (name, told) in [
            ("no.json", "no.json` is no transcript: name a file that `--save` wrote, or a script"),
            ("even#1", "even` is no transcript: name a file that `--save` wrote, or a script"),
            ("gone", "gone`: no such file or directory"),
            ("gone#1", "gone`: no such file or directory"),
        ] {
            let is = find(&[dir.path().join(name)], None).unwrap_err().to_string();
            assert!(is.ends_with(told), "{name}: {is}");
        }
    }

    #[test]
    fn a_folder_that_is_left_out_is_searched_only_if_it_is_named() {
        let dir = folder(&[("a.chat", ""), ("out/b.chat", ""), ("out/more/c.chat", "")]);
        let (all, out) = (dir.path().to_owned(), dir.path().join("out"));
        let found = find(std::slice::from_ref(&all), Some(&out)).unwrap();
        assert_eq!(names(&dir, &found), ["a.chat"]);
        let found = find(&[all, out.clone()], Some(&out)).unwrap();
        assert_eq!(names(&dir, &found), ["a.chat", "out/b.chat", "out/more/c.chat"]);
    }

    #[test]
    fn conns_of_a_transcript_are_tests_of_their_own() {
        let dir = folder(&[("a.json", HEADER)]);
        let paths = ["a.json#1", "a.json#2", "a.json#1"].map(|name| dir.path().join(name));
        assert_eq!(names(&dir, &find(&paths, None).unwrap()), ["a.json#1", "a.json#2"]);
    }

    #[test]
    fn what_is_no_file_is_never_opened() {
        let dir = folder(&[("a.chat", "")]);
        let pipe = dir.path().join("b.chat");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(names(&dir, &find(&[dir.path().to_owned()], None).unwrap()), ["a.chat"]);
        let told = find(&[pipe], None).unwrap_err().to_string();
        assert!(told.contains("is a pipe or a device, expected a file"), "{told}");
    }
}
