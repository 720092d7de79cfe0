//! Regexes that are nothing but text, perhaps held to the start or the end of a line. Most that people
//! write are, and no machine need be built to find them.

use std::ops::Range;

use memchr::memmem::Finder;

use super::Vars;
use super::survey::verbatim;
use super::template::{Part, Template, Undefined, value_of};

/// The characters that mean something else than themselves wherever they stand in a regex.
const fn is_special(byte: u8) -> bool {
    matches!(
        byte,
        b'\\'
            | b'.'
            | b'+'
            | b'*'
            | b'?'
            | b'('
            | b')'
            | b'|'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'^'
            | b'$'
    )
}

/// Text, and where in a line it may stand.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    regex: Box<str>,
    finder: Finder<'static>,
    at_start: bool,
    at_end: bool,
}

/// A piece of such a regex, without the signs that hold it to an end of the line.
struct Bare<'a> {
    at: usize,
    part: &'a Part,
    text: &'a [u8],
}

/// The pieces, and whether they are held to the start and to the end; `None` where the regex is more
/// than text.
fn bare(template: &Template) -> Option<(Vec<Bare<'_>>, bool, bool)> {
    let pieces = template.pieces();
    let (mut at_start, mut at_end) = (false, false);
    let mut bare = Vec::with_capacity(pieces.len());
    for (index, piece) in pieces.iter().enumerate() {
        let mut text: &[u8] = b"";
        if let Part::Literal(literal) | Part::Escaped(literal) = &piece.part {
            text = literal;
            if let Some(rest) = text.strip_prefix(b"^").filter(|_| index == 0) {
                (text, at_start) = (rest, true);
            }
            if let Some(rest) = text.strip_suffix(b"$").filter(|_| index + 1 == pieces.len()) {
                (text, at_end) = (rest, true);
            }
            if text.iter().copied().any(is_special) {
                return None;
            }
        }
        bare.push(Bare { at: piece.at, part: &piece.part, text });
    }
    Some((bare, at_start, at_end))
}

/// Whether a regex is nothing but text, whatever its variables hold: then it has no fault.
pub(super) fn is_plain(template: &Template) -> bool {
    bare(template).is_some()
}

impl Plain {
    /// The text that a regex finds with its variables filled in; `None` where it is more than text.
    ///
    /// # Errors
    /// The first variable that has no value.
    pub(super) fn of(template: &Template, vars: &Vars) -> Result<Option<Plain>, Undefined> {
        let Some((pieces, at_start, at_end)) = bare(template) else { return Ok(None) };
        let mut needle = Vec::with_capacity(template.source().len());
        let mut regex = String::with_capacity(template.source().len());
        regex.extend(at_start.then_some('^'));
        for Bare { at, part, text } in pieces {
            let found = match part {
                Part::Literal(_) | Part::Escaped(_) => {
                    regex.push_str(&String::from_utf8_lossy(text));
                    text
                }
                Part::Brace => {
                    regex.push_str("\\$\\{");
                    b"${"
                }
                Part::Name(name) => {
                    let value = value_of(name, at, vars)?;
                    regex.push_str(&verbatim(value));
                    value
                }
            };
            needle.extend_from_slice(found);
        }
        regex.extend(at_end.then_some('$'));
        let finder = Finder::new(&needle).into_owned();
        Ok(Some(Plain { regex: regex.into(), finder, at_start, at_end }))
    }

    /// Where in `line` it is found first, in bytes.
    pub(super) fn place(&self, line: &[u8]) -> Option<Range<usize>> {
        let needle = self.finder.needle();
        let start = match (self.at_start, self.at_end) {
            (true, true) => (line == needle).then_some(0),
            (true, false) => line.starts_with(needle).then_some(0),
            (false, true) => line.ends_with(needle).then(|| line.len() - needle.len()),
            (false, false) => self.finder.find(line),
        }?;
        Some(start..start + needle.len())
    }

    /// The regex.
    pub(super) fn regex(&self) -> &str {
        &self.regex
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::Regex;

    use super::*;
    use crate::matching::survey;

    fn vars() -> Vars {
        let mut vars = Vars::default();
        vars.set("dots", "a.b");
        vars.set("bytes", &b"\xff["[..]);
        vars
    }

    fn plain(source: &str) -> Option<Plain> {
        Plain::of(&Template::parse(source).unwrap(), &vars()).unwrap()
    }

    #[test]
    fn what_is_more_than_text_is_left_to_a_machine() {
        for source in ["a.b", "a^", "$a", "^^a", "a$$", "(a)", "a{2}", "${dots}+", "[${dots}]"] {
            assert!(plain(source).is_none(), "{source}");
        }
        for source in ["", "^", "$", "^$", "250 ok", "^250-ok", "=x$", "^${dots}$", "é", "$${"] {
            assert!(plain(source).is_some(), "{source}");
        }
    }

    #[test]
    fn a_variable_without_a_value_is_told() {
        let undefined = Plain::of(&Template::parse("ab${nope}").unwrap(), &vars()).unwrap_err();
        assert_eq!((undefined.at, &*undefined.name), (2, "nope"));
    }

    proptest! {
        /// What it finds, and where, is what the regex crate does.
        #[test]
        fn it_finds_what_the_regex_finds(
            source in r"\^?([ab.#& é-]|\$\{dots\}|\$\{bytes\}|\$\$\{){0,4}\$?",
            line in r"([ab.#& é-]|a\.b|\$\{){0,8}",
            odd in any::<bool>(),
        ) {
            let template = Template::parse(&source).unwrap();
            let regex = Regex::new(&survey::fill(&template, &vars()).unwrap().text).unwrap();
            let mut line = line.into_bytes();
            if odd {
                line.extend_from_slice(b"\xff[");
            }
            if let Some(plain) = plain(&source) {
                let found = regex.find(&line).map(|found| found.range());
                prop_assert_eq!(plain.place(&line), found, "{}", regex.as_str());
                prop_assert_eq!(plain.regex(), regex.as_str());
            } else {
                prop_assert!(source.contains('.') || source.contains("{$"), "{}", source);
            }
        }
    }
}
