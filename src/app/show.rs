//! `chat-repl show FILE`.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, StdoutLock, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::{colour, is_styled};
use crate::cli::Show;
use crate::error::Error;
use crate::transcript::export::{self, Filter, ShowError, Showing};
use crate::transcript::{Named, ReadError, Reader, WholeFile, is_transcript};
use crate::units::{At, reason};
use crate::wire::{Encoding, Visible};

/// How much is read at a time.
const CHUNK: usize = 64 << 10;

/// How many events of a file are looked at before the first is shown, to know whether there are several
/// conns. Of a pipe there is no knowing when more comes.
const AHEAD: usize = 1000;

/// How wide a terminal is that is drawn or played.
const WIDTH: u16 = 80;

pub(super) fn run(args: &Show) -> Result<(), Error> {
    let Named { path, conn } = Named::new(&args.file);
    let mut showing = showing(args, &path);
    showing.filter.conns.extend(conn);
    let (input, name) = open(&path)?;
    let mut out = Out(Rc::new(RefCell::new(Written::to(args.output.as_deref())?)));
    let input = BufReader::with_capacity(CHUNK, ShownFirst { input, out: out.clone() });
    let shown = Reader::new(input)
        .map_err(ShowError::Read)
        .and_then(|reader| export::show(reader, &showing, &mut out));
    out.flush().ok(); // what it could not write is kept, and told before anything else
    let unwritten = |error: &io::Error| match &args.output {
        Some(path) => Error::write(path, &reason(error)),
        None => Error::stdout(error),
    };
    match (out.failure(), shown) {
        (Some(error), _) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        (Some(error), _) | (None, Err(ShowError::Write(error))) => Err(unwritten(&error)),
        (None, Err(ShowError::Read(stop))) => Err(stop.at(&name).into()),
        (None, Err(ShowError::NoSuchConn { conn, conns })) => {
            Err(Error::no_conn(&name, conn, conns))
        }
        (None, Ok(())) => out.finish().map_err(|error| unwritten(&error)),
    }
}

fn showing(args: &Show, path: &Path) -> Showing {
    let since_start = |after| At::START + after;
    let name = path.file_name().unwrap_or(path.as_os_str());
    Showing {
        form: args.form(),
        filter: Filter {
            conns: args.conn.clone(),
            from: args.from,
            kinds: args.kind.clone(),
            grep: args.grep.clone(),
            encoding: Encoding::UTF_8, // what the transcript says, or the command line
            after: args.after.map(since_start),
            before: args.before.map(since_start),
        },
        marks: args.marks,
        encoding: args.encoding,
        styled: args.output.is_none() && is_styled(colour(args.color)),
        ahead: if fs::metadata(path).is_ok_and(|file| file.is_file()) { AHEAD } else { 0 },
        title: args.title.clone().unwrap_or_else(|| match path.to_str() {
            Some("-") => "standard input".to_owned(),
            _ => Visible(name.as_encoded_bytes()).to_string(),
        }),
        width: args.width.unwrap_or(WIDTH).into(),
        max_idle: args.max_idle,
    }
}

/// What is read, and what errors call it.
fn open(path: &Path) -> Result<(Box<dyn Read>, PathBuf), Error> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), "standard input".into()));
    }
    match File::open(path) {
        Ok(file) => Ok((Box::new(file), path.to_owned())),
        Err(source) => Err(ReadError::Io { path: path.to_owned(), source }.into()),
    }
}

/// Reads what may have to be waited for: before that, what came is shown.
struct ShownFirst {
    input: Box<dyn Read>,
    out: Out,
}

impl Read for ShownFirst {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.out.flush()?;
        self.input.read(buffer)
    }
}

/// Where it is written to, shared with who reads.
#[derive(Clone)]
struct Out(Rc<RefCell<Written>>);

struct Written {
    to: BufWriter<Target>,
    /// Why nothing can be written any more.
    failure: Option<io::Error>,
}

enum Target {
    Stdout(StdoutLock<'static>),
    File(Option<WholeFile>),
}

impl Written {
    /// To this file, or to standard output. A file that is a transcript stays.
    fn to(path: Option<&Path>) -> Result<Written, Error> {
        let target = match path {
            None => Target::Stdout(io::stdout().lock()),
            Some(path) if File::open(path).is_ok_and(is_transcript) => {
                return Err(Error::write(path, "it is a transcript"));
            }
            Some(path) => {
                let file = WholeFile::create(path, WholeFile::PRIVATE);
                Target::File(Some(file.map_err(|err| Error::write(path, &reason(&err)))?))
            }
        };
        Ok(Written { to: BufWriter::with_capacity(CHUNK, target), failure: None })
    }

    /// Remembers why it failed: whoever hears of it first may be the one who reads.
    fn kept<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            self.failure.get_or_insert(error);
            kind.into()
        })
    }
}

impl Out {
    fn failure(&self) -> Option<io::Error> {
        self.0.borrow_mut().failure.take()
    }

    /// All is written.
    fn finish(&self) -> io::Result<()> {
        match self.0.borrow_mut().to.get_mut() {
            Target::Stdout(_) => Ok(()),
            Target::File(file) => file.take().map_or(Ok(()), WholeFile::finish),
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.borrow_mut();
        let done = written.to.write(bytes);
        written.kept(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut written = self.0.borrow_mut();
        let done = written.to.flush();
        written.kept(done)
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Stdout(stdout) => stdout.write(bytes),
            Target::File(Some(file)) => file.write(bytes),
            Target::File(None) => Ok(bytes.len()), // it is finished, and nothing comes any more
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Stdout(stdout) => stdout.flush(),
            Target::File(_) => Ok(()),
        }
    }
}
