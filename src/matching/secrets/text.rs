//! Lines without their secrets, which can be put back.
//!
//! In such a line `${NAME}` stands for a secret, and `${base64:…}` for a token that decodes to text
//! with one. A run of `$` before a `{` is doubled where it stands for itself, so that `$${` is a
//! literal `${`.

use std::fmt::Write;

use thiserror::Error;

use super::token::Form;
use super::{Secrets, add_name};
use crate::wire::unesc;

/// A secret that is wanted to put a line together, and was not given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the secret `{0}` is not known: give it by `--secret {0}`")]
pub struct MissingSecret(pub String);

impl Secrets {
    /// The line without its secrets, and their names; `None` where none stands in it. What lies before
    /// `fresh` was written already, and is left out.
    #[must_use]
    pub fn take_out(&self, line: &[u8], fresh: usize) -> Option<(Vec<u8>, Vec<String>)> {
        let hidden = self.find(line, fresh);
        if hidden.is_empty() {
            return None;
        }
        let (mut out, mut names, mut done) = (Vec::with_capacity(line.len()), Vec::new(), fresh);
        for part in hidden {
            push_literal(&mut out, &line[done..part.range.start], true);
            out.extend_from_slice(part.written.as_bytes());
            part.names.iter().for_each(|name| add_name(&mut names, name));
            done = part.range.end;
        }
        push_literal(&mut out, &line[done..], false);
        Some((out, names))
    }

    /// The line with the secrets of these names put back.
    ///
    /// # Errors
    /// The first of them that is not known.
    pub fn put_back(&self, line: &[u8], names: &[String]) -> Result<Vec<u8>, MissingSecret> {
        if names.is_empty() {
            return Ok(line.to_vec());
        }
        let known = names.iter().map(|name| {
            let found = self.values().find(|(known, _)| known == name);
            found.map(|(name, value)| (name, &**value)).ok_or_else(|| MissingSecret(name.clone()))
        });
        let known: Vec<(&str, &[u8])> = known.collect::<Result<_, _>>()?;
        let (mut out, mut rest) = (Vec::with_capacity(line.len()), line);
        while let Some(at) = memchr::memchr(b'$', rest) {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            let run = rest.iter().take_while(|byte| **byte == b'$').count();
            if rest.get(run) != Some(&b'{') {
                out.extend_from_slice(&rest[..run]);
                rest = &rest[run..];
                continue;
            }
            out.extend_from_slice(&rest[..run / 2]);
            rest = &rest[run - run % 2..];
            if run % 2 == 1 {
                let len = put_one(rest, &known, &mut out);
                // What is no placeholder stands for itself.
                out.extend_from_slice(if len == 0 { b"${" } else { b"" });
                rest = &rest[if len == 0 { 2 } else { len }..];
            }
        }
        out.extend_from_slice(rest);
        Ok(out)
    }
}

/// Puts back what the placeholder stands for that `rest` begins with; how long the placeholder is, or 0
/// where it is none.
fn put_one(rest: &[u8], known: &[(&str, &[u8])], out: &mut Vec<u8>) -> usize {
    match put_value(rest, known, out) {
        0 => put_token(rest, known, out),
        len => len,
    }
}

/// [`put_one`] for `${NAME}`.
fn put_value(rest: &[u8], known: &[(&str, &[u8])], out: &mut Vec<u8>) -> usize {
    let named = known.iter().find(|(name, _)| begins(rest, name, b"}"));
    let Some((name, value)) = named else { return 0 };
    out.extend_from_slice(value);
    name.len() + 3
}

/// [`put_one`] for `${base64:…}`, in which `${NAME}` may stand and no other token.
fn put_token(rest: &[u8], known: &[(&str, &[u8])], out: &mut Vec<u8>) -> usize {
    let named = Form::ALL.into_iter().find(|(name, _)| begins(rest, name, b":"));
    let Some((name, form)) = named else { return 0 };
    let (mut decoded, mut at) = (Vec::new(), name.len() + 3);
    loop {
        match &rest[at..] {
            [b'}', ..] => break,
            [b'$', b'{', ..] => match put_value(&rest[at..], known, &mut decoded) {
                0 => return 0,
                len => at += len,
            },
            [b'\\', ..] => {
                let escape = rest.get(at..at + 4).and_then(|code| std::str::from_utf8(code).ok());
                let Some(Ok(byte)) = escape.map(unesc) else { return 0 };
                decoded.extend_from_slice(&byte);
                at += 4;
            }
            [byte, ..] => {
                decoded.push(*byte);
                at += 1;
            }
            [] => return 0,
        }
    }
    out.extend_from_slice(form.encode(&decoded).as_bytes());
    at + 1
}

/// Whether the name of the placeholder that `rest` begins with is this, with that behind it.
fn begins(rest: &[u8], name: &str, behind: &[u8]) -> bool {
    let found = rest.get(2..).and_then(|rest| rest.strip_prefix(name.as_bytes()));
    found.is_some_and(|found| found.starts_with(behind))
}

/// A byte of what a token decodes to.
pub(super) fn push_escaped(content: &mut String, byte: u8) {
    let plain = matches!(byte, b' '..=b'~') && !b"\\${}".contains(&byte);
    if plain {
        content.push(char::from(byte));
    } else {
        let _ = write!(content, "\\x{byte:02x}"); // a String takes whatever is written
    }
}

/// A part of a line that stands for itself; `before` says that a placeholder follows.
fn push_literal(out: &mut Vec<u8>, text: &[u8], before: bool) {
    let mut run = 0;
    for (at, byte) in text.iter().enumerate() {
        out.push(*byte);
        run = if *byte == b'$' { run + 1 } else { 0 };
        let next = text.get(at + 1);
        if run > 0 && (next == Some(&b'{') || next.is_none() && before) {
            out.extend(std::iter::repeat_n(b'$', run));
        }
    }
}
