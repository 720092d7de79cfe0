//! `chat-repl show FILE`.

use std::io::{self, BufWriter, ErrorKind, Write};

use anstream::AutoStream;

use super::colour;
use crate::cli::Show;
use crate::error::Error;
use crate::transcript::export;

pub(super) fn run(args: &Show) -> Result<(), Error> {
    let transcript = crate::transcript::open(&args.file)?;
    let stdout = io::stdout();
    let out = AutoStream::new(stdout.lock(), colour(args.color));
    let mut out = BufWriter::new(out);
    let shown = export::show(&transcript, true, &mut out).and_then(|()| out.flush());
    match shown {
        Err(err) if err.kind() != ErrorKind::BrokenPipe => Err(Error::stdout(&err)),
        _ => Ok(()),
    }
}
