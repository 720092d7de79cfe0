//! What our side says, in bytes.

use bytes::{Bytes, BytesMut};

use super::mismatch;
use super::part::{Action, Doing};
use crate::matching::{Template, Vars};
use crate::script::Failure;
use crate::wire::{Encoding, Eol, with_eol};

/// What our side says in all of these together, with these variables.
///
/// # Errors
/// A variable has no value, or the encoding lacks a character.
pub(super) fn all_words(
    file: &str,
    actions: &[Action],
    vars: &Vars,
    encoding: Encoding,
) -> Result<Bytes, Box<Failure>> {
    let mut all = BytesMut::new();
    for Action { event, what, .. } in actions {
        match what {
            // Nobody need copy what stands alone.
            Doing::Say(bytes) if actions.len() == 1 => return Ok(bytes.clone()),
            Doing::Say(bytes) => all.extend_from_slice(bytes),
            Doing::Send(template, eol) => {
                all.extend_from_slice(&words((file, *event), (template, *eol), vars, encoding)?);
            }
            Doing::HalfClose | Doing::Reset | Doing::Close | Doing::Open => {}
        }
    }
    Ok(all.freeze())
}

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
