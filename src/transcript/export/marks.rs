//! What there is to tell of a line besides its text.

use std::io;

use crate::transcript::{Marks, Said};
use crate::wire::Eol;

/// Tells name and value of each: the line end, where it is not `eol`; with `all`, also what a replay
/// compares or says.
///
/// # Errors
/// Those of `tell`.
pub(super) fn each_mark(
    said: &Said,
    eol: Eol,
    all: bool,
    mut tell: impl FnMut(&str, &str) -> io::Result<()>,
) -> io::Result<()> {
    match said.eol {
        own if own == eol => {}
        Eol::None => tell("no eol", "")?,
        own => tell(own.name(), "")?,
    }
    if !all {
        return Ok(());
    }
    let Marks { want, send, opt, group, secret } = &said.marks;
    for (name, value) in [("want", want), ("send", send), ("group", group)] {
        if let Some(value) = value {
            tell(name, value)?;
        }
    }
    if *opt {
        tell("opt", "")?;
    }
    if secret.is_empty() { Ok(()) } else { tell("secret", &secret.join(" ")) }
}
