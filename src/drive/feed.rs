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

    /// Whether it is a script in a regular file, which is parsed whole before anything is sent.
    ///
    /// # Errors
    /// It is a directory, or the system does not tell.
    pub fn is_file(&self) -> io::Result<bool> {
        let metadata = self.file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(self.scripted && metadata.is_file())
    }

    /// Parses all of it, from where it stands, and goes back there. It keeps nothing but the faults, among
    /// them what cannot be said in `encoding`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn check(&mut self, encoding: Encoding) -> io::Result<Checked> {
        let start = self.file.stream_position()?;
        let mut checked = Checked::new(encoding);
        if encoding.is_utf8()
            && let Looked::Text { cuts, returns } = prescan::look(&self.file, start)?
        {
            self.cuts = if returns { Vec::new() } else { cuts };
            return Ok(checked);
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
        Ok(checked)
    }

    /// Has what is text in a file sent from there, without coming here, as far as it was or is looked at:
    /// [`What::File`] says which parts. Gives back the file, where there are such parts.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn pour(&mut self) -> io::Result<Option<Arc<File>>> {
        if !self.file.metadata()?.is_file() {
            return Ok(None);
        }
        let start = self.file.stream_position()?;
        if !self.scripted {
            self.cuts = prescan::cuts(&self.file, start)?;
        }
        if self.cuts.is_empty() {
            return Ok(None);
        }
        let file = Arc::new(self.file.try_clone()?);
        self.pouring = Some(Pouring::new(Arc::clone(&file), start, std::mem::take(&mut self.cuts)));
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
        self.line += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Step { source: self.source.clone(), line, what: What::Data(bytes) }
    }
}
