//! Values that are to be written nowhere: what stands for one is its name, as `${NAME}`.

mod text;
mod token;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use regex::bytes::{Regex, RegexBuilder};
use thiserror::Error;

use super::template::is_name;
use token::{LEADS, encoded_inside};

pub use text::MissingSecret;

/// The shortest value: a shorter one would turn up in words that have nothing to do with it.
const SHORTEST: usize = 4;

/// The longest value, in bytes: longer than tokens that are sent in a line, and quickly looked for.
const LONGEST: usize = 16 << 10;

/// The most memory that the search for all of them may take, in bytes: some hundred of the longest.
const LARGEST: usize = 256 << 20;

/// Named values that are not to be seen. They are found as they are, and inside base64 tokens.
///
/// A clone shares them. Its `Debug` has the names only.
#[derive(Clone, Default)]
pub struct Secrets {
    inner: Option<Arc<Inner>>,
}

struct Inner {
    /// The longest first: where one begins like another, the longer is meant.
    values: Vec<(String, Bytes)>,
    /// Finds the needles, those first that are no parts of base64 tokens.
    finder: Regex,
    needles: HashMap<Vec<u8>, Needle>,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
enum Needle {
    /// A value as it is.
    Plain { secret: usize },
    /// The characters of a base64 token that the value alone decides, where its first byte stands at
    /// `lead` modulo 3 in what the token decodes to.
    Encoded { secret: usize, lead: usize },
}

/// A part of a text in which a secret stands, and what is written instead.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hidden {
    range: Range<usize>,
    written: String,
    /// The names of the secrets in it, each once.
    names: Vec<String>,
}

/// Why a value cannot be a secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SecretError {
    /// It cannot be called so.
    #[error("`{0}` is no name: use letters, digits, `_` and `-`")]
    Name(String),
    /// It would hide much that is none.
    #[error(
        "the secret `{name}` has {len} bytes: it takes at least {SHORTEST} to be told from other text"
    )]
    Short {
        /// Its name.
        name: String,
        /// How many bytes it has.
        len: usize,
    },
    /// It is too long to be looked for.
    #[error("the secret `{0}` has more than 16 KiB: only what is sent in one line can be one")]
    Long(String),
    /// It would never be found, since lines are looked at one by one.
    #[error("the secret `{0}` has a line end in it: only what is sent in one line can be one")]
    Lines(String),
    /// There are too many of them.
    #[error("the secrets are too many or too long to be looked for")]
    TooMany,
}

impl Secrets {
    /// Hides these values. Of two with one name, the later counts.
    ///
    /// # Errors
    /// The first value that cannot be a secret.
    pub fn new(named: impl IntoIterator<Item = (String, Bytes)>) -> Result<Secrets, SecretError> {
        let mut values: Vec<(String, Bytes)> = Vec::new();
        for (name, value) in named {
            check(&name, &value)?;
            values.retain(|(known, _)| *known != name);
            values.push((name, value));
        }
        if values.is_empty() {
            return Ok(Secrets::default());
        }
        values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        let (finder, needles) = needles(&values)?;
        Ok(Secrets { inner: Some(Arc::new(Inner { values, finder, needles })) })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.is_none()
    }

    /// The names and the values.
    pub fn values(&self) -> impl Iterator<Item = (&str, &Bytes)> {
        let inner = self.inner.iter();
        inner.flat_map(|inner| inner.values.iter().map(|(name, value)| (&**name, value)))
    }

    /// Whether a secret may stand in the text.
    #[must_use]
    pub fn may_be_in(&self, text: &[u8]) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.finder.is_match(text))
    }

    /// The text for people: without any secret. It cannot be read back.
    #[must_use]
    pub fn hide<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let hidden = self.find(text, 0);
        if hidden.is_empty() {
            return Cow::Borrowed(text);
        }
        let (mut out, mut done) = (Vec::with_capacity(text.len()), 0);
        for part in hidden {
            out.extend_from_slice(&text[done..part.range.start]);
            out.extend_from_slice(part.written.as_bytes());
            done = part.range.end;
        }
        out.extend_from_slice(&text[done..]);
        Cow::Owned(out)
    }

    /// [`Secrets::hide`] for a line that may have been cut in the middle of a secret, as one that is
    /// longer than a line may be is: what of it stands at the begin or at the end is hidden too. Before
    /// the begin may stand who said it, behind the end a bracket.
    #[must_use]
    pub fn hide_piece(&self, text: &[u8]) -> Vec<u8> {
        let mut text = self.hide(text).into_owned();
        for (name, value) in self.values() {
            let name = format!("${{{name}}}");
            let end = text.len() - usize::from(text.ends_with(b")"));
            let mut begun = (SHORTEST..value.len()).rev();
            if let Some(len) = begun.find(|len| text[..end].ends_with(&value[..*len])) {
                text.splice(end - len..end, name.bytes());
            }
            let mut left = (SHORTEST..value.len()).rev().map(|len| &value[value.len() - len..]);
            let begins = |part: &[u8]| {
                let mut found = memchr::memmem::find_iter(&text, part);
                found.find(|at| *at == 0 || text[..*at].ends_with(b": "))
            };
            let cut = left.find_map(|part| Some((begins(part)?, part.len())));
            if let Some((at, len)) = cut {
                text.splice(at..at + len, name.bytes());
            }
        }
        text
    }

    /// [`Secrets::hide`] for text, which stays text.
    #[must_use]
    pub fn hide_str<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.hide(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(hidden) => Cow::Owned(String::from_utf8_lossy(&hidden).into_owned()),
        }
    }

    /// A regex into which values were filled as literal text, with the variables that stood there.
    #[must_use]
    pub fn hide_pattern(&self, regex: &str) -> String {
        self.values().fold(regex.to_owned(), |regex, (name, value)| {
            let placeholder = format!("${{{name}}}");
            super::survey::forms(value)
                .fold(regex, |regex, form| regex.replace(&form, &placeholder))
        })
    }

    /// How many bytes at the end of an unfinished line may be the beginning of a secret.
    #[must_use]
    pub fn tail(&self, text: &[u8]) -> usize {
        let Some(inner) = &self.inner else { return 0 };
        let begun = |(needle, kind): (&Vec<u8>, &Needle)| {
            // The last byte of a value may need one character more.
            let most = needle.len() - usize::from(matches!(kind, Needle::Plain { .. }));
            let mut lens = (1..=text.len().min(most)).rev();
            let len = lens.find(|len| text.ends_with(&needle[..*len]))?;
            // The characters before are decided by the value in part.
            Some(match kind {
                Needle::Plain { .. } => len,
                Needle::Encoded { lead, .. } => {
                    let before = text[..text.len() - len].iter().rev().take(LEADS[*lead]);
                    len + before.take_while(|byte| token::is_digit(**byte)).count()
                }
            })
        };
        let len = inner.needles.iter().filter_map(begun).max().unwrap_or(0);
        let cut = text.len() - len;
        // A secret that stands there whole is not cut.
        let hidden = self.find(text, 0).into_iter().map(|hidden| hidden.range);
        let whole = hidden.into_iter().find(|range| (range.start + 1..range.end).contains(&cut));
        text.len() - whole.map_or(cut, |range| range.start)
    }

    /// Where in the text the secrets stand. What lies before `fresh` was written already.
    fn find(&self, text: &[u8], fresh: usize) -> Vec<Hidden> {
        let mut all = Vec::new();
        let Some(inner) = &self.inner else { return all };
        let (mut at, mut floor) = (0, 0);
        while let Some(found) = inner.finder.find_at(text, at) {
            let hidden = match inner.needles.get(found.as_bytes()) {
                Some(Needle::Plain { secret }) => Some(inner.plain(*secret, found.range())),
                Some(Needle::Encoded { secret, lead }) => {
                    let place = token::Found { text, floor, range: found.range(), lead: *lead };
                    inner.encoded(&place, *secret)
                }
                None => None, // every match is a needle
            };
            let Some(mut hidden) = hidden else {
                at = found.start() + 1;
                continue;
            };
            (at, floor) = (hidden.range.end, hidden.range.end);
            if hidden.range.end > fresh {
                hidden.clip(fresh);
                all.push(hidden);
            }
        }
        all
    }
}

impl Inner {
    fn plain(&self, secret: usize, range: Range<usize>) -> Hidden {
        let name = self.values[secret].0.clone();
        Hidden { range, written: format!("${{{name}}}"), names: vec![name] }
    }

    /// The base64 token in which the needle was found, if it decodes to text that holds the value.
    fn encoded(&self, found: &token::Found<'_>, secret: usize) -> Option<Hidden> {
        let token = found.token(&self.values[secret].1)?;
        let (content, names) = self.content(&token.decoded);
        let written = format!("${{{}:{content}}}", token.form.name());
        Some(Hidden { range: token.range, written, names })
    }

    /// What a token decodes to, as it is written: what is no plain ASCII, and what has a meaning here,
    /// is `\xNN`.
    fn content(&self, decoded: &[u8]) -> (String, Vec<String>) {
        let (mut content, mut names, mut at) = (String::new(), Vec::new(), 0);
        while at < decoded.len() {
            let rest = &decoded[at..];
            if let Some((name, value)) =
                self.values.iter().find(|(_, value)| rest.starts_with(value))
            {
                content.extend(["${", name, "}"]);
                add_name(&mut names, name);
                at += value.len();
            } else {
                text::push_escaped(&mut content, rest[0]);
                at += 1;
            }
        }
        (content, names)
    }
}

impl Hidden {
    /// Leaves out what was written already. What a token decodes to can then not be told any more.
    fn clip(&mut self, fresh: usize) {
        if self.range.start < fresh {
            self.range.start = fresh;
            let names: String = self.names.iter().flat_map(|name| ["${", name, "}"]).collect();
            self.written = format!("${{base64:{names}}}");
        }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values().map(|(name, _)| name)).finish()
    }
}

fn add_name(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

fn check(name: &str, value: &[u8]) -> Result<(), SecretError> {
    let name = name.to_owned();
    if !is_name(&name) {
        Err(SecretError::Name(name))
    } else if value.len() < SHORTEST {
        Err(SecretError::Short { name, len: value.len() })
    } else if value.len() > LONGEST {
        Err(SecretError::Long(name))
    } else if value.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        Err(SecretError::Lines(name))
    } else {
        Ok(())
    }
}

/// What is looked for, and the regex that looks for it.
fn needles(values: &[(String, Bytes)]) -> Result<(Regex, HashMap<Vec<u8>, Needle>), SecretError> {
    let (mut pattern, mut needles) = (String::new(), HashMap::new());
    let plain = values.iter().enumerate();
    let plain = plain.map(|(secret, (_, value))| (value.to_vec(), Needle::Plain { secret }));
    let encoded = values.iter().enumerate().flat_map(|(secret, (_, value))| {
        encoded_inside(value).map(move |(lead, needle)| (needle, Needle::Encoded { secret, lead }))
    });
    for (needle, kind) in plain.chain(encoded) {
        let bytes = needle.iter().map(|byte| format!("\\x{byte:02x}"));
        pattern.extend(std::iter::once("|".to_owned()).chain(bytes));
        needles.entry(needle).or_insert(kind);
    }
    let finder = RegexBuilder::new(&pattern[1..]).unicode(false).size_limit(LARGEST).build();
    Ok((finder.map_err(|_| SecretError::TooMany)?, needles))
}

#[cfg(test)]
mod tests;
