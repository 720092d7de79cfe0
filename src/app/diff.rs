//! `chat-repl diff A B`.

use std::io::{self, BufWriter, Write};

use super::{colour, is_styled, printed, vars};
use crate::cli::Diff;
use crate::error::Error;
use crate::replay::{Comparison, Terms, compare};

pub(super) fn run(args: &Diff) -> Result<(), Error> {
    let secrets = vars::secrets(&args.secret)?;
    let vars = vars::vars(&args.var, &secrets);
    let terms = Terms { masks: &args.mask, vars: &vars, secrets: &secrets };
    let compared =
        compare(&args.a, &args.b, terms).map_err(|err| Error::from(err).hiding(&secrets))?;
    if !args.quiet {
        printed(print(&compared, is_styled(colour(args.color))))?;
    }
    match compared.differences() {
        0 => Ok(()),
        some => Err(Error::differ(some)),
    }
}

fn print(compared: &Comparison, styled: bool) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    compared.write(&mut out, styled)?;
    out.flush()
}
