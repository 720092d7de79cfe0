//! Changes of a transcript in its file.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::file::{FileError, create_beside, resolve};
use super::json::{EditError, Edited, edit};
use super::save::sync_directory;
use crate::matching::Secrets;
use crate::matching::hearing::Change;

/// Why a transcript was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// It cannot be read, or written.
    #[error(transparent)]
    File(FileError),
    /// It cannot be changed as wanted.
    #[error("cannot change `{}`: {why}", path.display())]
    Edit {
        /// The file.
        path: PathBuf,
        /// Why.
        why: EditError,
    },
}

/// Changes the events of a transcript, and nothing else in its file, which is the old one or the new one.
/// Secrets in what is said now are hidden.
///
/// # Errors
/// The file is as it was.
pub fn rewrite(path: &Path, changes: &[Change], secrets: &Secrets) -> Result<Edited, RewriteError> {
    let failed =
        |source: io::Error| RewriteError::File(FileError::Io { path: path.to_owned(), source });
    let text = fs::read(path).map_err(failed)?;
    let (changed, edited) = edit(&text, changes, secrets)
        .map_err(|why| RewriteError::Edit { path: path.to_owned(), why })?;
    let real = resolve(path);
    let write = || {
        let mut file = create_beside(&real, ".chat-repl-", ".bless")?;
        file.write_all(&changed)?;
        file.as_file().set_permissions(fs::metadata(&real)?.permissions())?;
        file.as_file().sync_all()?;
        file.persist(&real).map_err(io::Error::from)
    };
    write().map_err(failed)?;
    sync_directory(&real);
    Ok(edited)
}
