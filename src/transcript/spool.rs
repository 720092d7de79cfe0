//! A recording that becomes a saved file when the session ends.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::file::{self, FileError, Hint};
use super::json::{Encoder, Form, LateWants, ReadError, Reader};
use super::save::{CHUNK, Saved, find_target, replace, write_beside, write_over};
use super::{Ended, Header};
use crate::units::At;

/// A hidden file of JSON Lines beside the file that it is to become. It is on the disk from the start:
/// whatever happens to this process, what was recorded stays readable, there or in the target.
#[derive(Debug)]
pub struct Spool {
    target: PathBuf,
    path: PathBuf,
}

/// A spool that could not become what it should.
#[derive(Debug, thiserror::Error)]
#[error("{why}: what was recorded is in `{}`", spool.display())]
pub struct SpoolError {
    /// The spool, which is still there.
    pub spool: PathBuf,
    /// Why.
    pub why: SpoolFailure,
}

/// Why a spool could not become what it should.
#[derive(Debug, thiserror::Error)]
pub enum SpoolFailure {
    /// Its target cannot be written.
    #[error(transparent)]
    Write(#[from] FileError),
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What the end of a spool says about all of it.
struct Survey {
    wants: LateWants,
    missing: u64,
    ended: Ended,
    last: At,
}

impl Spool {
    /// Begins a spool for `target`, and opens it for a [`super::Sink`].
    ///
    /// # Errors
    /// Where the target may not be overwritten or its directory cannot be written to.
    pub fn create(target: &Path) -> Result<(Spool, File), FileError> {
        let real = find_target(target, Some(Hint::Rename))?;
        let prefix = match real.file_name() {
            Some(name) => format!(".{}.", name.to_string_lossy()),
            None => ".".to_owned(),
        };
        let (file, path) = file::create_beside(&real, &prefix, ".spool.jsonl", file::MODE)
            .and_then(|file| file.keep().map_err(io::Error::from))
            .map_err(FileError::io(target))?;
        Ok((Spool { target: target.to_owned(), path }, file))
    }

    /// The hidden file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Turns the spool, which nobody may write to any more, into its target.
    ///
    /// # Errors
    /// Where that fails. The spool is still there then.
    pub fn finish(self) -> Result<Saved, SpoolError> {
        match self.become_target() {
            Ok(saved) => {
                let _ = fs::remove_file(&self.path); // of no more use, and no harm if it stays
                Ok(saved)
            }
            Err(why) => Err(SpoolError { spool: self.path, why }),
        }
    }

    /// Forgets what was recorded.
    pub fn discard(self) {
        let _ = fs::remove_file(&self.path); // a hidden file that stays does no harm
    }

    fn become_target(&self) -> Result<Saved, SpoolFailure> {
        let real = find_target(&self.target, Some(Hint::Rename))?;
        let survey = self.survey()?;
        let missing = survey.missing;
        let mut copied = Ok(0);
        let written = write_beside(&real, |out| {
            copied = self.copy(survey, out)?;
            Ok(())
        });
        let events = copied?;
        written.and_then(|written| replace(&real, written)).map_err(FileError::io(&self.target))?;
        Ok(Saved { path: self.target.clone(), events, missing })
    }

    /// Reads it once, since its header is to say what only its end knows.
    fn survey(&self) -> Result<Survey, ReadError> {
        let mut lines = self.read()?;
        let mut wants = LateWants::new(lines.header().role);
        let mut last = At::START;
        while let Some(event) = lines.next().map_err(|stop| stop.at(&self.path))? {
            wants.note(&event);
            last = event.at;
        }
        let (_, missing, ended) = lines.into_parts();
        Ok(Survey { wants, missing, ended, last })
    }

    /// Copies it in the form of its target. The outer error is of writing, the inner of reading.
    fn copy(&self, survey: Survey, out: &mut File) -> io::Result<Result<u64, ReadError>> {
        let mut lines = match self.read() {
            Ok(lines) => lines,
            Err(error) => return Ok(Err(error)),
        };
        let Survey { mut wants, missing, ended, last } = survey;
        let (mut waiting, mut events) = (Vec::with_capacity(CHUNK), 0);
        let header: &Header = lines.header();
        let form = Form::of(&self.target);
        let mut encoder = Encoder::new(form, header, missing, &ended, &mut waiting);
        loop {
            match lines.next() {
                Ok(Some(mut event)) => {
                    if wants.fold(&mut event) {
                        encoder.event(&event, &mut waiting);
                        events += 1;
                    }
                }
                Ok(None) => break,
                Err(stop) => return Ok(Err(stop.at(&self.path))),
            }
            write_over(CHUNK, &mut waiting, out)?;
        }
        encoder.end(last, &mut waiting);
        write_over(0, &mut waiting, out)?;
        Ok(Ok(events))
    }

    fn read(&self) -> Result<Reader<BufReader<File>>, ReadError> {
        let file = File::open(&self.path)
            .map_err(|source| ReadError::Io { path: self.path.clone(), source })?;
        // Of its own making: no line is too long.
        Reader::bounded(BufReader::new(file), usize::MAX).map_err(|stop| stop.at(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Record, Recorded};
    use crate::transcript::testing::{header, said};
    use crate::transcript::{Journal, What, open};
    use crate::wire::{ConnId, Side};

    fn record(spool: File, end: bool) {
        let mut journal = Journal::new(spool, "spool", &header());
        let lines = said(Side::Server, "one\ntwo\nthree\n");
        journal.record(&Record { at: At::from_micros(7), ..lines });
        journal.want(At::from_micros(8), ConnId::FIRST, 2, "^t");
        let what = Recorded::Note { text: "done".to_owned() };
        journal.record(&Record { at: At::from_micros(9), conn: None, what });
        if end {
            journal.end(At::from_micros(10));
        }
        journal.flush().unwrap();
    }

    #[test]
    fn a_spool_becomes_its_target() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["talk.json", "talk.jsonl"] {
            let target = dir.path().join(name);
            let (spool, file) = Spool::create(&target).unwrap();
            record(file, true);
            let kept = open(spool.path()).expect("readable if the program ended here");
            let saved = spool.finish().unwrap();
            assert_eq!((saved.events, saved.missing), (4, 0));
            let read = open(&target).unwrap();
            assert_eq!(read, kept);
            assert_eq!(read.events[3].at, At::from_micros(9));
            let What::Line(two) = &read.events[1].what else { panic!("no line") };
            assert_eq!(two.marks.want.as_deref(), Some("^t"));
            let written = fs::read_to_string(&target).unwrap();
            assert!(!written.contains(r#""ev":"want""#), "{written}");
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no spool is left");
    }

    #[test]
    fn a_spool_that_is_not_wanted_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (spool, file) = Spool::create(&dir.path().join("talk.json")).unwrap();
        record(file, true);
        spool.discard();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_recording_that_broke_off_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("talk.json");
        let (spool, file) = Spool::create(&target).unwrap();
        record(file, false);
        spool.finish().unwrap();
        let read = open(&target).unwrap();
        assert!(matches!(read.ended, Ended::Interrupted(_)) && read.events.len() == 4);
    }

    #[test]
    fn a_target_that_cannot_be_written_leaves_the_spool() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("talk.json");
        let (spool, file) = Spool::create(&target).unwrap();
        record(file, true);
        fs::write(&target, "somebody else's").unwrap();
        let error = spool.finish().unwrap_err();
        assert!(error.to_string().contains("talk.json"), "{error}");
        assert_eq!(open(&error.spool).unwrap().events.len(), 4);
        assert!(Spool::create(&target).is_err());
        assert!(Spool::create(&dir.path().join("no/such/place")).is_err());
    }
}
