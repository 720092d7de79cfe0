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
use crate::transcript::{Named, ReadError, Reader};
use crate::units::At;
use crate::wire::Encoding;

/// How much is read at a time.
const CHUNK: usize = 64 << 10;

/// How many events of a file are looked at before the first is shown, to know whether there are several
/// conns. Of a pipe there is no knowing when more comes.
const AHEAD: usize = 1000;

pub(super) fn run(args: &Show) -> Result<(), Error> {
    let Named { path, conn } = Named::new(&args.file);
    let mut conns = args.conn.clone();
    conns.extend(conn);
    let (input, name) = open(&path)?;
    let since_start = |after| At::START + after;
    let showing = Showing {
        filter: Filter {
            conns,
            from: args.from,
            grep: args.grep.clone(),
            encoding: Encoding::UTF_8, // what the transcript says, or the command line
            after: args.after.map(since_start),
            before: args.before.map(since_start),
        },
        marks: args.marks,
        encoding: args.encoding,
        styled: is_styled(colour(args.color)),
        ahead: if fs::metadata(&path).is_ok_and(|file| file.is_file()) { AHEAD } else { 0 },
    };
    let mut out = Out(Rc::new(RefCell::new(Written::new())));
    let input = BufReader::with_capacity(CHUNK, ShownFirst { input, out: out.clone() });
    let shown = Reader::new(input)
        .map_err(ShowError::Read)
        .and_then(|reader| export::show(reader, &showing, &mut out));
    out.flush().ok(); // what it could not write is kept, and told before anything else
    match (out.failure(), shown) {
        (Some(error), _) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        (Some(error), _) | (None, Err(ShowError::Write(error))) => Err(Error::stdout(&error)),
        (None, Err(ShowError::Read(stop))) => Err(stop.at(&name).into()),
        (None, Err(ShowError::NoSuchConn { conn, conns })) => {
            Err(Error::no_conn(&name, conn, conns))
        }
        (None, Ok(())) => Ok(()),
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

/// Standard output, shared with who reads.
#[derive(Clone)]
struct Out(Rc<RefCell<Written>>);

struct Written {
    stdout: BufWriter<StdoutLock<'static>>,
    /// Why nothing can be written any more.
    failure: Option<io::Error>,
}

impl Written {
    fn new() -> Written {
        let stdout = BufWriter::with_capacity(CHUNK, io::stdout().lock());
        Written { stdout, failure: None }
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
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.0.borrow_mut();
        let done = written.stdout.write(bytes);
        written.kept(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut written = self.0.borrow_mut();
        let done = written.stdout.flush();
        written.kept(done)
    }
}
