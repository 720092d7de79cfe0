//! Files that transcripts are written to: what may be overwritten, and with what rights.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::json::is_transcript;
use crate::units::reason;

/// Only the owner reads what was said.
pub(super) const MODE: u32 = 0o600;

/// Why a transcript cannot be written to a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is something that the person may want to keep.
    #[error("`{}` is there and no transcript: {}", path.display(), hint.text())]
    NoTranscript {
        /// The file.
        path: PathBuf,
        /// What to do.
        hint: Hint,
    },
    /// It is a device, a pipe or a directory, which a file cannot take the place of.
    #[error("`{}` is {found}, expected a file: choose another name", path.display())]
    NoFile {
        /// What was named.
        path: PathBuf,
        /// What it is.
        found: &'static str,
    },
    /// The system refuses.
    #[error("cannot write `{}`: {}", path.display(), reason(.source))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What to do about a file that may not be overwritten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// The one who writes can be told to overwrite it.
    Force,
    /// It cannot.
    Rename,
}

impl Hint {
    const fn text(self) -> &'static str {
        match self {
            Hint::Force => "choose another name, or overwrite it with `/save -f`",
            Hint::Rename => "choose another name, or remove it first",
        }
    }
}

impl FileError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> FileError {
        let path = path.to_owned();
        move |source| FileError::Io { path, source }
    }
}

/// Opens a file to record to: a new one that only its owner can read, or an old one that is empty or a
/// transcript, which is emptied. A pipe or a device is written to as it is.
///
/// # Errors
/// Where it cannot be opened, or may not be overwritten.
pub fn create(path: &Path) -> Result<File, FileError> {
    let is_device = match fs::metadata(path) {
        Ok(metadata) => !metadata.is_file() && !metadata.is_dir(),
        Err(_) => false, // what is wrong with it will be said on opening
    };
    if !is_device {
        check_overwrite(path, Hint::Rename)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(!is_device).mode(MODE);
    options.open(path).map_err(FileError::io(path))
}

/// A new file beside `path` with these rights, removed again unless it is kept. Unlike tempfile's own, its
/// errors do not name it: people know only `path`.
pub(super) fn create_beside(
    path: &Path,
    prefix: &str,
    suffix: &str,
    mode: u32,
) -> io::Result<NamedTempFile> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true).mode(mode);
    let mut name = tempfile::Builder::new();
    name.prefix(prefix).suffix(suffix).make_in(directory(path), |path| options.open(path))
}

/// Whether a transcript may take the place of what is at `path`: nothing, an empty file, a transcript.
///
/// # Errors
/// What is there instead.
pub(super) fn check_overwrite(path: &Path, hint: Hint) -> Result<(), FileError> {
    if !is_there(path)? {
        return Ok(());
    }
    let file = File::open(path).map_err(FileError::io(path))?;
    let empty = file.metadata().map_err(FileError::io(path))?.len() == 0;
    if empty || is_transcript(file) {
        return Ok(());
    }
    Err(FileError::NoTranscript { path: path.to_owned(), hint })
}

/// Whether there is a file at `path`.
///
/// # Errors
/// Where there is something else.
pub(super) fn is_there(path: &Path) -> Result<bool, FileError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(FileError::io(path)(error)),
    };
    if metadata.is_file() {
        return Ok(true);
    }
    let found = if metadata.is_dir() { "a directory" } else { "a device or a pipe" };
    Err(FileError::NoFile { path: path.to_owned(), found })
}

/// The directory that a file of this path is in.
pub(super) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Where writing to `path` ends up: links are followed, so that it is their target that is replaced.
pub(super) fn resolve(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&path) else { break };
        path = directory(&path).join(target);
    }
    path
}

/// As many links as Linux follows; what is left then is a loop, and writing to it fails.
const MOST_LINKS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_file_is_its_owners_and_an_old_transcript_is_emptied() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("talk.jsonl");
        create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        fs::write(&path, "{\"chat-repl\":\"transcript\",\"version\":1}\n{}\n").unwrap();
        create(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn what_is_no_transcript_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("diary.txt");
        fs::write(&path, "dear diary").unwrap();
        let error = create(&path).unwrap_err().to_string();
        assert!(error.contains("diary.txt` is there and no transcript"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"dear diary");
        let error = create(dir.path()).unwrap_err();
        assert!(matches!(error, FileError::NoFile { found: "a directory", .. }), "{error}");
        assert!(create(Path::new("/dev/null")).is_ok());
    }
}
