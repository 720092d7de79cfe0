//! Transcripts from files.

use std::fs::OpenOptions;
use std::io::{self, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::read::{Fault, Reader, Stop};
use crate::transcript::Transcript;
use crate::units::{READABLE, reason};

/// How much of a file is read at a time: a few hundred events.
const CHUNK: usize = 64 << 10;

/// Why a transcript cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot.
    #[error("cannot read `{}`: {}", path.display(), reason(.source))]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It may never end, and who reads it would wait.
    #[error(
        "`{}` is a pipe or a device, expected a file: write what it has to say to a file first",
        path.display()
    )]
    NoFile {
        /// What was named.
        path: PathBuf,
    },
    /// It is no transcript that this program understands.
    #[error("`{}` {fault}", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Where, and why.
        fault: Fault,
    },
}

impl ReadError {
    /// What to do about it, where it does not say that itself.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ReadError::Io { .. } => Some(READABLE),
            ReadError::Malformed { .. } => {
                Some("a transcript is what `--save` and `--record` write")
            }
            ReadError::NoFile { .. } => None,
        }
    }
}

/// Reads a transcript from a regular file, which never makes the one who reads wait.
///
/// # Errors
/// Where it cannot be read or understood. One that was interrupted is no error; see
/// [`Ended`](crate::transcript::Ended).
pub fn open(path: &Path) -> Result<Transcript, ReadError> {
    let failed = |source| ReadError::Io { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    // A pipe would only open once somebody writes to it; a file does not mind.
    options.read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_file() || metadata.is_dir() {
        // Of a folder, reading says that it is one.
        let reader = Reader::new(BufReader::with_capacity(CHUNK, file));
        return reader.and_then(Reader::rest).map_err(|stop| stop.at(path));
    }
    Err(ReadError::NoFile { path: path.to_owned() })
}

impl Stop {
    /// As an error about this file.
    #[must_use]
    pub fn at(self, path: &Path) -> ReadError {
        let path = path.to_owned();
        match self {
            Stop::Io(source) => ReadError::Io { path, source },
            Stop::Fault(fault) => ReadError::Malformed { path, fault },
        }
    }
}
