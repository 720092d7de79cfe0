//! A JSON object whose values are not looked into yet.
//!
//! What a key means depends on other keys (`ev`, `version`), which may come later; so values stay raw
//! until all keys are known. Raw values are skipped without recursion, however deeply they nest.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::quick::members;
use crate::transcript::Extra;

/// The keys of an object that were not taken yet, in order.
#[derive(Debug)]
pub(super) struct Fields<'a>(Vec<(Key<'a>, Raw<'a>)>);

/// The JSON text of a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw<'a>(pub(super) &'a str);

impl<'a> Raw<'a> {
    /// The text.
    pub(super) const fn get(self) -> &'a str {
        self.0
    }
}

/// What `serde_json` says of `\ud800` without its other half.
const HALVES: [&str; 2] = ["lone leading surrogate in hex escape", "unexpected end of hex escape"];

/// What is wrong with some JSON text, and where: an offset in bytes from its start.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) offset: usize,
    pub(super) what: String,
    /// Whether it is no JSON at all.
    pub(super) is_syntax: bool,
}

impl Wrong {
    pub(super) fn new(offset: usize, what: impl Into<String>) -> Wrong {
        Wrong { offset, what: what.into(), is_syntax: false }
    }

    /// What `serde_json` found wrong with `text`.
    pub(super) fn json(text: &[u8], error: &serde_json::Error) -> Wrong {
        let starts = memchr::memchr_iter(b'\n', text).map(|end| end + 1);
        let start = match error.line() {
            0 | 1 => 0,
            line => starts.into_iter().nth(line - 2).unwrap_or(text.len()),
        };
        let said = error.to_string();
        let said = said.rfind(" at line ").map_or(&*said, |end| &said[..end]);
        let offset = (start + error.column().saturating_sub(1)).min(text.len());
        let wrong = Wrong { offset, what: said.to_owned(), is_syntax: !error.is_data() };
        if error.is_eof() {
            let within = said.strip_prefix("EOF while parsing ").unwrap_or("a value");
            let what = format!("the text ends within {within}: it was cut off");
            return Wrong { offset: text.len(), what, ..wrong };
        }
        if HALVES.contains(&said) {
            let what =
                "half of a surrogate pair, expected both: bytes that are no text go into `esc`";
            return Wrong { what: what.to_owned(), ..wrong };
        }
        if said.starts_with("control character") {
            // It names the byte before, or the one itself.
            let is_control = |byte: &u8| *byte < 0x20;
            let offset = offset + text[offset..].iter().position(is_control).unwrap_or(0);
            let byte = text.get(offset).copied().unwrap_or_default();
            let what = format!("`{}` in a string, expected `\\u{byte:04x}`", byte.escape_ascii());
            return Wrong { offset, what, ..wrong };
        }
        match (said.starts_with("expected "), text.get(offset)) {
            (true, Some(byte)) => {
                let what = format!("`{}`, {said}", Found(*byte, &text[offset..]));
                Wrong { what, ..wrong }
            }
            _ => wrong,
        }
    }

    /// The same, where the text begins only at `start`.
    pub(super) fn since(self, start: usize) -> Wrong {
        Wrong { offset: self.offset.saturating_sub(start), ..self }
    }
}

/// The character that a text begins with, control characters and what is no UTF-8 escaped.
struct Found<'a>(u8, &'a [u8]);

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let valid = self.1.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
        match valid.filter(|c| !c.is_control()) {
            Some(c) => write!(f, "{c}"),
            None => write!(f, "{}", self.0.escape_ascii()),
        }
    }
}

/// Where `inner`, a part of `outer`, begins in it.
pub(super) fn offset_in(outer: &[u8], inner: &str) -> usize {
    inner.as_ptr().addr().saturating_sub(outer.as_ptr().addr()).min(outer.len())
}

impl<'a> Fields<'a> {
    /// The fields of the object that `text` is.
    pub(super) fn of(text: &'a [u8]) -> Result<Fields<'a>, Wrong> {
        if let Some(members) = members(text) {
            return Ok(Fields(members));
        }
        serde_json::from_slice(text).map_err(|error| Wrong::json(text, &error))
    }

    /// Whether `key` is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(known, _)| known.0 == key)
    }

    /// Takes the value of `key`; a key that is `null` is not there.
    ///
    /// Errors have their place in `text`, which the fields are of.
    pub(super) fn take(&mut self, text: &[u8], key: &str) -> Result<Option<Raw<'a>>, Wrong> {
        let Some(index) = self.0.iter().position(|(known, _)| known.0 == key) else {
            return Ok(None);
        };
        let (_, value) = self.0.remove(index);
        match self.0.get(index..).unwrap_or_default().iter().find(|(known, _)| known.0 == key) {
            Some((_, again)) => {
                Err(Wrong::new(offset_in(text, again.get()), format!("`{key}` stands here twice")))
            }
            None => Ok((value.get() != "null").then_some(value)),
        }
    }

    /// Takes the value of `key`, which is to be a `T`.
    pub(super) fn take_as<T: Deserialize<'a>>(
        &mut self,
        text: &[u8],
        key: &str,
    ) -> Result<Option<T>, Wrong> {
        self.take(text, key)?.map(|value| decode(text, key, value)).transpose()
    }

    /// The keys that nobody took.
    pub(super) fn rest(self) -> Vec<Extra> {
        let extra = |(key, value): (Key<'_>, Raw<'_>)| Extra {
            key: key.0.into_owned(),
            json: compact(value.get()),
        };
        self.0.into_iter().map(extra).collect()
    }
}

/// The `T` that the value of `key` is.
pub(super) fn decode<'a, T: Deserialize<'a>>(
    text: &[u8],
    key: &str,
    value: Raw<'a>,
) -> Result<T, Wrong> {
    serde_json::from_str(value.get()).map_err(|error| {
        let wrong = Wrong::json(value.get().as_bytes(), &error);
        let within = if wrong.is_syntax { wrong.offset } else { 0 };
        Wrong::new(offset_in(text, value.get()) + within, format!("`{key}`: {}", wrong.what))
    })
}

/// JSON text without the white space between its tokens.
fn compact(json: &str) -> String {
    let mut inside = false;
    let mut escaped = false;
    let keep = |c: &char| {
        let blank = !inside && c.is_ascii_whitespace();
        inside ^= *c == '"' && !escaped;
        escaped = inside && *c == '\\' && !escaped;
        !blank
    };
    json.chars().filter(keep).collect()
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::with_capacity(6);
        while let Some((key, value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            fields.push((key, Raw(value.get())));
        }
        Ok(Fields(fields))
    }
}

/// A key, borrowed where it has no escapes.
#[derive(Debug)]
pub(super) struct Key<'a>(Cow<'a, str>);

impl<'a> Key<'a> {
    /// A key without escapes.
    pub(super) const fn plain(key: &'a str) -> Key<'a> {
        Key(Cow::Borrowed(key))
    }

    #[cfg(test)]
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}
