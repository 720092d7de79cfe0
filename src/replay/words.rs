//! What our side says where a `send` has it.

use bytes::Bytes;

use super::mismatch;
use crate::matching::{Template, Vars};
use crate::script::Failure;
use crate::wire::{Encoding, Eol, with_eol};

/// The line that a `send` makes with these variables, as the peer writes its own.
///
/// # Errors
/// A variable has no value, or the encoding lacks a character.
pub(super) fn words(
    (file, event): (&str, usize),
    (template, eol): (&Template, Eol),
    vars: &Vars,
    encoding: Encoding,
) -> Result<Bytes, Box<Failure>> {
    let text = template
        .expand(vars)
        .map_err(|undefined| Box::new(mismatch::undefined(file, event, "send", &undefined.name)))?;
    let bytes = encoding.bytes(&text);
    let bytes = bytes.map_err(|none| Box::new(mismatch::unencodable(file, event, &none)))?;
    Ok(with_eol(&bytes, eol))
}
