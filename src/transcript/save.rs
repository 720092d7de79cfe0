//! A transcript saved whole, or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tempfile::NamedTempFile;

use super::file::{self, FileError, Hint};
use super::json::{Encoder, Form};
use super::{Ended, Store};

/// Where to save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To this file, in the form that its name asks for.
    Named {
        /// Which.
        path: PathBuf,
        /// Whether it may be something that is no transcript.
        force: bool,
    },
    /// To a new document in the current directory, with a name made of this time.
    Dated(Timestamp),
}

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// To which file.
    pub path: PathBuf,
    /// How many events.
    pub events: u64,
    /// How many came before them and were not kept any more.
    pub missing: u64,
}

/// Saves what a store holds. The file is the old one or the new one, never a part of one; only its
/// owner can read it.
///
/// # Errors
/// Where it cannot be written, or something would be lost.
pub fn save(store: &Store, target: &Target) -> Result<Saved, FileError> {
    let path = match target {
        Target::Named { path, force } => save_as(store, path, *force)?,
        Target::Dated(now) => save_dated(store, *now)?,
    };
    Ok(Saved { path, events: store.len(), missing: store.missing() })
}

fn save_as(store: &Store, path: &Path, force: bool) -> Result<PathBuf, FileError> {
    let real = find_target(path, (!force).then_some(Hint::Force))?;
    write_beside(&real, |out| write(store, Form::of(path), out))
        .and_then(|written| replace(&real, written))
        .map_err(FileError::io(path))?;
    Ok(path.to_owned())
}

fn save_dated(store: &Store, now: Timestamp) -> Result<PathBuf, FileError> {
    let stem = now.to_zoned_datetime(TimeZone::system()).strftime("chat-%Y%m%d-%H%M%S").to_string();
    let path = PathBuf::from(format!("{stem}.json"));
    let mut written = write_beside(&path, |out| write(store, Form::Document, out))
        .map_err(FileError::io(&path))?;
    let again = (2_u32..).map(|n| PathBuf::from(format!("{stem}-{n}.json")));
    for path in std::iter::once(path).chain(again) {
        match written.persist_noclobber(&path) {
            Ok(_) => {
                sync_directory(&path);
                return Ok(path);
            }
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => {
                written = taken.file;
            }
            Err(other) => return Err(FileError::io(&path)(other.error)),
        }
    }
    Err(FileError::io(Path::new(&stem))(io::ErrorKind::AlreadyExists.into()))
}

/// Whether a transcript may be saved to `path`.
///
/// # Errors
/// What is there instead.
pub fn check_target(path: &Path) -> Result<(), FileError> {
    find_target(path, Some(Hint::Rename)).map(|_| ())
}

/// The file that writing to `path` replaces, if it may; with no hint for who may not, anybody may.
pub(super) fn find_target(path: &Path, hint: Option<Hint>) -> Result<PathBuf, FileError> {
    match hint {
        Some(hint) => file::check_overwrite(path, hint)?,
        None => {
            file::is_there(path)?;
        }
    }
    Ok(file::resolve(path))
}

/// A file in the directory of `path` that `write` has written and the disk has.
pub(super) fn write_beside(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<NamedTempFile> {
    let mut written = file::create_beside(path, ".chat-repl-", ".tmp", file::MODE)?;
    write(written.as_file_mut())?;
    written.as_file().sync_all()?;
    Ok(written)
}

/// Puts a file that is written in the place of `real`.
pub(super) fn replace(real: &Path, written: NamedTempFile) -> io::Result<()> {
    written.persist(real)?;
    sync_directory(real);
    Ok(())
}

/// Makes the new name as lasting as the file. Some file systems cannot, and the file is good anyway.
fn sync_directory(path: &Path) {
    if let Ok(directory) = File::open(file::directory(path)) {
        let _ = directory.sync_all();
    }
}

fn write(store: &Store, form: Form, out: &mut File) -> io::Result<()> {
    let mut waiting = Vec::with_capacity(CHUNK);
    let (header, missing) = (store.header(), store.missing());
    let mut encoder = Encoder::new(form, header, missing, &Ended::Whole, &mut waiting);
    for record in store.records() {
        encoder.record(&record, &mut waiting);
        write_over(CHUNK, &mut waiting, out)?;
    }
    encoder.end(store.last_at(), &mut waiting);
    write_over(0, &mut waiting, out)
}

/// How much JSON is written at once.
pub(super) const CHUNK: usize = 256 << 10;

/// Writes what waits if it is more than `most`.
pub(super) fn write_over(most: usize, waiting: &mut Vec<u8>, out: &mut File) -> io::Result<()> {
    if waiting.len() > most {
        out.write_all(waiting)?;
        waiting.clear();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Record;
    use crate::transcript::open;
    use crate::transcript::testing::{header, said};
    use crate::units::At;
    use crate::wire::Side;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn store() -> Store {
        let mut store = Store::new(header(), 1 << 20);
        let at = At::from_micros(7);
        store.push(&Record { at, conn: None, ..said(Side::Client, "one\ntwo\n") });
        store
    }

    fn named(path: &Path, force: bool) -> Target {
        Target::Named { path: path.to_owned(), force }
    }

    #[test]
    fn a_saved_file_reads_as_what_was_stored() {
        let dir = tempfile::tempdir().unwrap();
        let mut read = Vec::new();
        for name in ["talk.json", "talk.jsonl"] {
            let path = dir.path().join(name);
            let saved = save(&store(), &named(&path, false)).unwrap();
            assert_eq!(saved, Saved { path: path.clone(), events: 2, missing: 0 });
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, file::MODE);
            save(&store(), &named(&path, false)).expect("a transcript is replaced");
            read.push(open(&path).unwrap());
        }
        assert_eq!(read[0], read[1]);
        assert_eq!(read[0].events, store().last(9));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing else is left");
    }

    #[test]
    fn what_is_no_transcript_is_replaced_only_by_force() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("diary");
        fs::write(&path, "dear diary").unwrap();
        let error = save(&store(), &named(&path, false)).unwrap_err().to_string();
        assert!(error.contains("diary") && error.contains("-f"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"dear diary");
        save(&store(), &named(&path, true)).unwrap();
        assert_eq!(open(&path).unwrap().events.len(), 2);
        let error = save(&store(), &named(dir.path(), true)).unwrap_err();
        assert!(matches!(error, FileError::NoFile { .. }), "{error}");
    }

    #[test]
    fn a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (link, target) = (dir.path().join("link.json"), dir.path().join("target.json"));
        symlink("target.json", &link).unwrap();
        for _ in 0..2 {
            save(&store(), &named(&link, false)).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(open(&target).unwrap().events.len(), 2);
        }
    }

    #[test]
    fn an_error_names_the_file() {
        let path = Path::new("/no/such/place/talk.json");
        let error = save(&store(), &named(path, false)).unwrap_err().to_string();
        assert!(error.starts_with("cannot write `/no/such/place/talk.json`: "), "{error}");
    }
}
