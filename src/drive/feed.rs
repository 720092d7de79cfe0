//! Where steps come from: a file, standard input, a person.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use mio::{Interest, Registry, Token};
use rustix::event::PollFlags;

use super::landing::Landing;
use super::pouring::Pouring;
use super::prescan::{self, Cut, Looked};
use super::{Checked, readiness};
use crate::script::{Origin, Parser, ScriptFault, Step, What};
use crate::wire::Encoding;

/// What one read of a script takes at most. A run of text lines travels as one block of this size.
const READ: usize = 64 << 10;

/// What people call standard input, in places of errors.
const STDIN: &str = "<stdin>";

/// A script or data that is read bit by bit.
#[derive(Debug)]
pub struct Feed {
    file: File,
    source: Origin,
    /// `None` where all is data.
    parser: Option<Parser>,
    scripted: bool,
    /// Reading it never blocks: a file, `/dev/null`.
    steady: bool,
    ended: bool,
    line: u64,
    landing: Landing,
    /// Where a script that is but text to be sent as it stands can be cut.
    cuts: Vec<Cut>,
    pouring: Option<Pouring>,
}

/// What a read of a feed found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fed {
    /// Steps, or a part of one.
    More,
    /// Nothing, for now.
    Blocked,
    /// There is no more.
    Ended,
}

impl Feed {
    /// The script in this file.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn script(path: &Path) -> io::Result<Feed> {
        let file = File::open(path)?;
        let source = Origin::from(&*path.to_string_lossy());
        Ok(Feed::new(file, source, true))
    }

    /// Standard input, as a script or as data.
    ///
    /// # Errors
    /// It cannot be duplicated.
    pub fn stdin(plain: bool) -> io::Result<Feed> {
        let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Feed::new(file, STDIN.into(), !plain))
    }

    fn new(file: File, source: Origin, script: bool) -> Feed {
        let parser = script.then(|| Parser::new(source.clone()));
        let landing = Landing::new(READ);
        Feed {
            file,
            source,
            parser,
            scripted: script,
            steady: true,
            ended: false,
            line: 1,
            landing,
            cuts: Vec::new(),
            pouring: None,
        }
    }

    /// Parses all of it, from where it stands, and goes back there: where it is a script in a regular file, which
    /// is parsed whole before anything is sent. It keeps nothing but the faults, among them what cannot be said
    /// in `encoding`.
    ///
    /// # Errors
    /// It is a directory, or cannot be read.
    pub fn check(&mut self, encoding: Encoding) -> io::Result<Option<Checked>> {
        let metadata = self.file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !self.scripted || !metadata.is_file() {
            return Ok(None);
        }
        let start = self.file.stream_position()?;
        let mut checked = Checked::new(encoding);
        if encoding.is_utf8()
            && let Looked::Text { cuts, returns } = prescan::look(&self.file, start)?
        {
            self.cuts = if returns { Vec::new() } else { cuts };
            return Ok(Some(checked));
        }
        let mut parser = Some(Parser::new(self.source.clone()));
        let mut steps = Vec::new();
        let mut buf = vec![0; READ];
        while let Some(reader) = &mut parser {
            let n = self.file.read(&mut buf)?;
            if n == 0 {
                parser.take().into_iter().for_each(|parser| parser.finish(&mut steps));
            } else {
                reader.feed(Bytes::copy_from_slice(&buf[..n]), &mut steps);
            }
            steps.drain(..).for_each(|step| checked.step(step));
        }
        self.file.seek(SeekFrom::Start(start))?;
        Ok(Some(checked))
    }

    /// Has as much of a file as can be sent from there, without coming here: data, and a script that
    /// [`Feed::check`] found to be but text that is sent as it stands. [`What::File`] says which parts. Gives
    /// back the file, where there may be such parts.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) fn pour(&mut self) -> io::Result<Option<Arc<File>>> {
        let cuts = std::mem::take(&mut self.cuts);
        if self.scripted && cuts.is_empty() || !self.file.metadata()?.is_file() {
            return Ok(None);
        }
        let start = self.file.stream_position()?;
        let file = Arc::new(self.file.try_clone()?);
        let poured = Arc::clone(&file);
        self.pouring = Some(if self.scripted {
            Pouring::lines(poured, start, cuts)
        } else {
            Pouring::data(poured, start)
        });
        Ok(Some(file))
    }

    /// Asks to be told when there is more. What cannot tell never blocks.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.steady = !readiness::register(&self.file, Interest::READABLE, (registry, token))?;
        Ok(())
    }

    /// Whether a read would find something now, be it the end.
    pub(super) fn is_ready(&self) -> bool {
        if self.ended {
            return false;
        }
        self.steady || readiness::is_ready(&self.file, PollFlags::IN)
    }

    /// Reads once, if that does not block.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn read(&mut self, out: &mut Vec<Result<Step, ScriptFault>>) -> io::Result<Fed> {
        if self.ended {
            return Ok(Fed::Ended);
        }
        if !self.is_ready() {
            return Ok(Fed::Blocked);
        }
        if let Some(pouring) = &mut self.pouring {
            if let Some((line, what)) = pouring.next()? {
                out.push(Ok(Step { source: self.source.clone(), line, what }));
                return Ok(Fed::More);
            }
            self.line = pouring.ends() + 1;
            self.parser.iter_mut().for_each(|parser| parser.begin_at(pouring.ends() + 1));
            self.pouring = None;
        }
        let bytes = match self.landing.read(&self.file) {
            Ok(bytes) => bytes,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => return Ok(Fed::More),
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => return Ok(Fed::Blocked),
            Err(err) => return Err(err),
        };
        if bytes.is_empty() {
            self.ended = true;
            if let Some(parser) = self.parser.take() {
                parser.finish(out);
            }
            return Ok(Fed::Ended);
        }
        match &mut self.parser {
            Some(parser) => parser.feed(bytes, out),
            None => out.push(Ok(self.data(bytes))),
        }
        Ok(Fed::More)
    }

    /// Whether it has steps, and is not plain data.
    #[must_use]
    pub fn is_script(&self) -> bool {
        self.scripted
    }

    /// What it is called in errors.
    #[must_use]
    pub fn name(&self) -> &str {
        self.source.name()
    }

    fn data(&mut self, bytes: Bytes) -> Step {
        let line = self.line;
        self.line += prescan::ends_in(&bytes);
        Step { source: self.source.clone(), line, what: What::Data(bytes) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn fed(feed: &mut Feed) -> Vec<(u64, What)> {
        let (mut all, mut steps) = (Vec::new(), Vec::new());
        while feed.read(&mut steps).unwrap() == Fed::More {
            all.extend(steps.drain(..).map(Result::unwrap).map(|step| (step.line, step.what)));
        }
        all
    }

    fn written(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        file
    }

    #[test]
    fn what_grows_while_it_is_sent_is_sent_to_its_end_and_what_shrinks_as_far_as_it_goes() {
        let text = b"twelve bytes\n".repeat(100_000);
        for script in [true, false] {
            for grows in [true, false] {
                let mut file = written(&text);
                file.seek(SeekFrom::Start(13)).unwrap();
                let mut feed = Feed::new(file.try_clone().unwrap(), STDIN.into(), script);
                if script {
                    feed.check(Encoding::default()).unwrap();
                }
                assert!(feed.pour().unwrap().is_some());
                let mut steps = Vec::new();
                feed.read(&mut steps).unwrap();
                let Ok(Step { line: 1, what: What::File { range, .. }, .. }) = &steps[0] else {
                    panic!("{steps:?}")
                };
                assert_eq!((range.start, file.stream_position().unwrap()), (13, range.end));
                if grows {
                    file.seek(SeekFrom::End(0)).unwrap();
                    file.write_all(b"more\n").unwrap();
                    file.seek(SeekFrom::Start(range.end)).unwrap();
                } else {
                    file.set_len(range.end).unwrap();
                }
                let rest = fed(&mut feed);
                let Some((line, What::Text(last) | What::Data(last))) = rest.last() else {
                    assert!(
                        !grows && rest.iter().all(|(_, what)| matches!(what, What::File { .. }))
                    );
                    continue;
                };
                assert!(grows && last.ends_with(b"twelve bytes\nmore\n"));
                let ends = memchr::memchr_iter(b'\n', last).count() as u64;
                assert_eq!(line + ends, 100_001, "script: {script}");
            }
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_cannot_be_read_is_a_matter_of_reading_it() {
        // Nothing is mapped where it begins.
        let mut feed = Feed::new(File::open("/proc/self/mem").unwrap(), STDIN.into(), false);
        feed.pour().unwrap();
        feed.read(&mut Vec::new()).unwrap_err();
    }
}
