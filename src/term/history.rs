//! The lines typed before, in a file: only where one was asked for.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// How many lines can be gone back to.
pub(super) const KEPT: usize = 1000;

/// A file that every line is appended to as it is entered, so that nothing is lost however the session
/// ends, and several sessions can share it.
#[derive(Debug)]
pub(super) struct HistoryFile {
    path: PathBuf,
    file: File,
}

impl HistoryFile {
    /// Opens it, readable by its owner only where it is new, and reads its last [`KEPT`] lines. What
    /// is no UTF-8 in them is replaced: they cannot be edited otherwise.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<String>)> {
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(KEPT)..].iter().map(|line| (*line).to_owned());
        Ok((HistoryFile { path: path.to_owned(), file }, last.collect()))
    }

    /// Appends what was entered; of a paste each line is one.
    pub(super) fn append(&mut self, entered: &str) -> io::Result<()> {
        self.file.write_all(format!("{entered}\n").as_bytes())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_one_session_appends_the_next_one_reads() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history");
        let (mut file, lines) = HistoryFile::open(&path).unwrap();
        assert!(lines.is_empty());
        file.append("one").unwrap();
        file.append("two\nthree").unwrap();
        assert_eq!(HistoryFile::open(&path).unwrap().1, ["one", "two", "three"]);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
