//! Where is kept what happened in tests that did not pass.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use super::Test;
use crate::transcript::{FileError, Named, check_target};
use crate::units::reason;

/// A transcript for each test, in one folder.
#[derive(Debug)]
pub struct Actual {
    files: Vec<PathBuf>,
}

/// Why what happens cannot be kept there.
#[derive(Debug, Error)]
pub enum ActualError {
    /// It is no folder that can be written to.
    #[error("cannot write to the folder `{}`: {}", path.display(), reason(.source))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of it may not be overwritten.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of it is a test.
    #[error("`{}` is one of the tests: name another folder for what happens", .0.display())]
    IsTest(PathBuf),
}

impl Actual {
    /// The files for these tests, in a folder that is made if it is not there. Each is called as its
    /// test is, and where several tests have one name, as its path is.
    ///
    /// # Errors
    /// The folder cannot be written to, or would lose something.
    pub fn within(folder: &Path, tests: &[Test]) -> Result<Actual, ActualError> {
        let failed = |source| ActualError::Folder { path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        tempfile::tempfile_in(folder).map_err(failed)?;
        let files: Vec<PathBuf> =
            names(tests).into_iter().map(|name| folder.join(name + ".json")).collect();
        let real = |path: &Path| path.canonicalize().ok();
        let taken: HashSet<PathBuf> =
            tests.iter().filter_map(|test| real(&Named::new(&test.path).path)).collect();
        for file in &files {
            if real(file).is_some_and(|real| taken.contains(&real)) {
                return Err(ActualError::IsTest(file.clone()));
            }
            check_target(file)?;
        }
        Ok(Actual { files })
    }

    /// The file for a test, of which there is one.
    pub(super) fn file(&self, test: usize) -> PathBuf {
        self.files[test].clone()
    }
}

/// What the files are called, without their ending: no two are called the same.
fn names(tests: &[Test]) -> Vec<String> {
    let mut count: HashMap<String, usize> = HashMap::new();
    for test in tests {
        *count.entry(short(test)).or_default() += 1;
    }
    let mut taken = HashSet::new();
    let names = tests.iter().map(|test| {
        let name = Some(short(test)).filter(|name| count[name] == 1).unwrap_or_else(|| long(test));
        let again = (2..).map(|number| format!("{name}-{number}"));
        let mut all = std::iter::once(name.clone()).chain(again);
        all.find(|name| taken.insert(name.clone())).unwrap_or(name)
    });
    names.collect()
}

/// The name of a file without its ending, and the conn of it.
fn short(test: &Test) -> String {
    let Named { path, conn } = Named::new(&test.path);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    conn.map_or_else(|| stem.to_string(), |conn| format!("{stem}-conn{conn}"))
}

/// The same with its folders before it.
fn long(test: &Test) -> String {
    let folder = test.path.parent().unwrap_or(Path::new(""));
    let named = folder.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    named.chain([short(test)]).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Kind;

    fn test(path: &str) -> Test {
        Test { path: path.into(), kind: Kind::Transcript }
    }

    #[test]
    fn names_are_as_short_as_they_can_be_and_never_the_same() {
        let paths = [
            ("./tapes/pop3.json", "pop3"),
            ("./tapes/a/login.json", "tapes-a-login"),
            ("./tapes/b/login.json", "tapes-b-login"),
            ("tapes/b/login.jsonl", "tapes-b-login-2"),
            ("two.json#1", "two-conn1"),
            ("two.json#2", "two-conn2"),
            ("../tapes/b/login.chat", "tapes-b-login-3"),
            ("tapes-b-login.json", "tapes-b-login-4"),
        ];
        let tests: Vec<Test> = paths.iter().map(|(path, _)| test(path)).collect();
        assert_eq!(names(&tests), paths.map(|(_, name)| name));
    }

    #[test]
    fn what_is_there_is_not_lost() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let tape = |name: &str| {
            let header =
                r#"{"chat-repl":"transcript","version":1,"started":"2026-01-01T00:00:00Z"}"#;
            fs::write(at(name), header).unwrap();
            Test { path: at(name), kind: Kind::Transcript }
        };
        let tests = [tape("a.json")];
        let error = Actual::within(dir.path(), &tests).unwrap_err();
        assert!(matches!(error, ActualError::IsTest(_)), "{error}");
        fs::create_dir(at("out")).unwrap();
        fs::write(at("out/a.json"), "dear diary").unwrap();
        let error = Actual::within(&at("out"), &tests).unwrap_err();
        assert!(matches!(error, ActualError::File(_)), "{error}");
        tape("out/a.json");
        let actual = Actual::within(&at("out"), &tests).unwrap();
        assert_eq!(actual.file(0), at("out/a.json"));
        Actual::within(&at("new/below"), &tests).unwrap();
        assert_eq!(
            fs::read_dir(at("new/below")).unwrap().count(),
            0,
            "nothing is left of the check"
        );
        let error = Actual::within(&at("a.json"), &tests).unwrap_err().to_string();
        assert!(error.starts_with("cannot write to the folder `"), "{error}");
    }
}
