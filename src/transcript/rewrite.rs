//! Changes of a transcript in its file.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::file::{FileError, MODE, create_beside, resolve};
use super::json::{EditError, Edited, edit};
use super::save::replace;
use crate::matching::Secrets;
use crate::matching::hearing::Change;

/// Why a transcript was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// It cannot be read, or written.
    #[error(transparent)]
    File(FileError),
    /// It is not what it was when it was read, so its events may have other numbers.
    #[error("cannot change `{}`: it was changed meanwhile: replay what it is now", .0.display())]
    Changed(PathBuf),
    /// It cannot be changed as wanted.
    #[error("cannot change `{}`: {why}", path.display())]
    Edit {
        /// The file.
        path: PathBuf,
        /// Why.
        why: EditError,
    },
}

/// What tells a file from what it becomes when somebody changes it.
///
/// # Errors
/// It cannot be asked for.
pub fn version(path: &Path) -> io::Result<u64> {
    let metadata = fs::metadata(path)?;
    let mut hasher = DefaultHasher::new();
    (metadata.dev(), metadata.ino(), metadata.len()).hash(&mut hasher);
    (metadata.mtime(), metadata.mtime_nsec()).hash(&mut hasher);
    Ok(hasher.finish())
}

/// Changes the events of a transcript, and nothing else in its file, which is the old one or the new one,
/// and which was of this version when it was read. Secrets in what is said now are hidden.
///
/// # Errors
/// The file is as it was.
pub fn rewrite(
    path: &Path,
    changes: &[Change],
    read: u64,
    secrets: &Secrets,
) -> Result<Edited, RewriteError> {
    let failed =
        |source: io::Error| RewriteError::File(FileError::Io { path: path.to_owned(), source });
    let mut before = File::open(path).map_err(failed)?;
    // Of several that change it at once one comes first, and the others see that. Where a file system
    // knows no locks, they may not.
    flock(&before, FlockOperation::LockExclusive).ok();
    if version(path).map_err(failed)? != read {
        return Err(RewriteError::Changed(path.to_owned()));
    }
    let mut text = Vec::new();
    before.read_to_end(&mut text).map_err(failed)?;
    let (changed, edited) = edit(&text, changes, secrets)
        .map_err(|why| RewriteError::Edit { path: path.to_owned(), why })?;
    let real = resolve(path);
    let write = || {
        let mut file = create_beside(&real, ".chat-repl-", ".bless", MODE)?;
        file.write_all(&changed)?;
        file.as_file().set_permissions(fs::metadata(&real)?.permissions())?;
        file.as_file().sync_all()?;
        replace(&real, file)
    };
    write().map_err(failed)?;
    Ok(edited)
}
