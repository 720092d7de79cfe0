//! What in a line is not to be compared.

use std::borrow::Cow;
use std::sync::Arc;

use regex::bytes::Regex;
use thiserror::Error;

use super::pattern::{self, PatternError};
use super::survey;
use super::traced::Traced;
use crate::wire::Encoding;

/// A part of lines that is the same as any other, written `s/RE/TEXT/`: where the regex matches, the
/// text stands instead before two lines are compared.
///
/// Any character that is no letter, digit, space or backslash can stand for the `/`; a backslash before
/// it makes it a part of what is around it. In the text, `$1` and `${name}` are what a group found, and
/// `$$` is a dollar sign.
#[derive(Debug, Clone)]
pub struct Mask {
    source: String,
    regex: Regex,
    text: Vec<u8>,
}

/// Masks, each of which sees what those before it have made of a line. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Masks {
    masks: Arc<[Mask]>,
    encoding: Encoding,
}

/// Why a text is no [`Mask`], and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} at column {column} of the mask `{source_text}`: write `s/REGEX/TEXT/`")]
pub struct MaskError {
    /// The mask.
    pub source_text: String,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub what: String,
}

impl Mask {
    /// Reads a mask.
    ///
    /// # Errors
    /// The first fault.
    pub fn parse(source: &str) -> Result<Mask, MaskError> {
        let fault = |at: usize, what: &str| MaskError {
            source_text: source.to_owned(),
            column: source[..at].chars().count() + 1,
            what: what.to_owned(),
        };
        let rest = source.strip_prefix('s').ok_or_else(|| fault(0, "no `s`"))?;
        let no_delimiter = |c: &char| c.is_alphanumeric() || c.is_whitespace() || *c == '\\';
        let delimiter = rest.chars().next().filter(|c| !no_delimiter(c));
        let delimiter = delimiter.ok_or_else(|| fault(1, "no delimiter"))?;
        let start = 1 + delimiter.len_utf8();
        let unclosed = || fault(source.len(), &format!("no `{delimiter}`"));
        let middle = start + find_plain(&source[start..], delimiter).ok_or_else(unclosed)?;
        let text_start = middle + delimiter.len_utf8();
        let end = text_start + find_plain(&source[text_start..], delimiter).ok_or_else(unclosed)?;
        let behind = end + delimiter.len_utf8();
        if behind < source.len() {
            return Err(fault(behind, "something behind the end"));
        }
        if middle == start {
            return Err(fault(start, "no regex"));
        }
        let regex = compile(&source[start..middle])
            .map_err(|error| fault(start + error.at, &error.why.to_string()))?;
        let text = source[text_start..end]
            .replace(&format!("\\{delimiter}"), delimiter.encode_utf8(&mut [0; 4]));
        Ok(Mask { source: source.to_owned(), regex, text: braced(&text).into_bytes() })
    }

    /// The mask as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl Masks {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.masks.is_empty()
    }

    /// The same, for lines whose text is written so: masks see what it means, and so do patterns.
    #[must_use]
    pub fn reading(self, encoding: Encoding) -> Masks {
        Masks { encoding, ..self }
    }

    /// How the text of lines is written.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// What is compared instead of `line`, which has no line end.
    #[must_use]
    pub fn apply<'a>(&self, line: &'a [u8]) -> Cow<'a, [u8]> {
        if self.is_empty() {
            return Cow::Borrowed(line);
        }
        let mut masked = self.encoding.text(line);
        for mask in self.masks.iter() {
            if let Cow::Owned(changed) = mask.regex.replace_all(&masked, &*mask.text) {
                masked = Cow::Owned(changed);
            }
        }
        masked
    }

    /// The same of a line that is UTF-8 already, with the places that it comes from.
    #[must_use]
    pub fn trace(&self, line: &[u8]) -> Traced {
        let plain = Traced::plain(line);
        self.masks.iter().fold(plain, |traced, mask| traced.masked(&mask.regex, &mask.text))
    }
}

impl FromIterator<Mask> for Masks {
    fn from_iter<I: IntoIterator<Item = Mask>>(masks: I) -> Self {
        Masks { masks: masks.into_iter().collect(), encoding: Encoding::UTF_8 }
    }
}

fn compile(text: &str) -> Result<Regex, PatternError> {
    survey::check_plain(text)?;
    pattern::compile(text)
}

/// Where `delimiter` stands with no backslash before it.
fn find_plain(text: &str, delimiter: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let plain = c == delimiter && !escaped;
        escaped = c == '\\' && !escaped;
        plain.then_some(at)
    })
}

/// The text with `$1` written as `${1}`: the regex crate takes `$1st` for a group of that name.
fn braced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 {
            out.extend(["{", &rest[..digits], "}"]);
            rest = &rest[digits..];
        } else if let Some(behind) = rest.strip_prefix('$') {
            out.push('$');
            rest = behind;
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(masks: &[&str], line: &str) -> String {
        let masks: Masks = masks.iter().map(|mask| Mask::parse(mask).unwrap()).collect();
        String::from_utf8_lossy(&masks.apply(line.as_bytes())).into_owned()
    }

    #[test]
    fn what_matches_is_replaced_everywhere_and_one_mask_after_the_other() {
        assert_eq!(masked(&["s/\\d+/N/"], "12:34 x5"), "N:N xN");
        assert_eq!(masked(&["s/\\d+/N/", "s/N:N/T/"], "12:34 x5"), "T xN");
        assert_eq!(masked(&[], "as it is"), "as it is");
    }

    #[test]
    fn groups_and_dollars_stand_in_the_text() {
        assert_eq!(
            masked(&["s/(\\w+)@(?<host>\\w+)/$1st at ${host} for $$1/"], "a@b"),
            "ast at b for $1"
        );
    }

    #[test]
    fn any_delimiter_does_and_can_be_escaped() {
        assert_eq!(masked(&["s|/tmp/\\w+|/T\\||"], "in /tmp/x1"), "in /T|");
        assert_eq!(masked(&["s/a\\/b/c\\/d/"], "a/b"), "c/d");
        assert_eq!(masked(&["s§.§!§"], "ab"), "!!");
    }

    #[test]
    fn bytes_that_are_no_text_can_be_masked() {
        let masks: Masks = [Mask::parse("s/(?-u:\\xff)+/B/").unwrap()].into_iter().collect();
        assert_eq!(&*masks.apply(b"a\xff\xffb"), b"aBb");
    }

    #[test]
    fn a_fault_is_told_with_its_column() {
        for (mask, column, what) in [
            ("", 1, "no `s`"),
            ("y/a/b/", 1, "no `s`"),
            ("s", 2, "no delimiter"),
            ("sabac", 2, "no delimiter"),
            ("s/a", 4, "no `/`"),
            ("s/a/b", 6, "no `/`"),
            ("s/a\\/b/", 8, "no `/`"),
            ("s/a/b/g", 7, "something behind the end"),
            ("s//b/", 3, "no regex"),
            ("s/é(/b/", 4, "no pattern: unclosed group"),
            ("s/((a{100}){100}){100}/b/", 3, "the pattern is too large"),
        ] {
            let error = Mask::parse(mask).unwrap_err();
            assert_eq!(error.column, column, "{error}");
            assert!(error.what.starts_with(what), "{error}");
        }
    }
}
