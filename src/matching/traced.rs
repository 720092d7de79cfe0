//! What masks leave of a line, and where it stands there.

use std::ops::Range;

use memchr::memchr;
use regex::bytes::{Captures, Regex};

/// A line as masks make it, and where each byte of it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// What is compared.
    pub text: Vec<u8>,
    /// The place in the line, in bytes, that each byte of the text comes from: of what a mask wrote
    /// itself, all that it stands for.
    origins: Vec<Range<usize>>,
    /// How long the line is.
    len: usize,
}

/// A piece of what stands in the place of a match.
enum Piece<'a> {
    Literal(&'a [u8]),
    /// What a group found, and where.
    Group(Range<usize>),
}

impl Traced {
    /// A line without masks.
    pub(super) fn plain(line: &[u8]) -> Traced {
        let origins = (0..line.len()).map(|at| at..at + 1).collect();
        Traced { text: line.to_vec(), origins, len: line.len() }
    }

    /// What is left with one more mask, which writes this where it matches.
    pub(super) fn masked(self, regex: &Regex, written: &[u8]) -> Traced {
        let mut masked = Traced { text: Vec::new(), origins: Vec::new(), len: self.len };
        let mut behind = 0;
        for captures in regex.captures_iter(&self.text) {
            let matched = captures.get_match().range();
            masked.keep(&self, behind..matched.start);
            masked.write(&self, &pieces(written, &captures), &matched);
            behind = matched.end;
        }
        masked.keep(&self, behind..self.text.len());
        masked
    }

    /// Adds what is as it was.
    fn keep(&mut self, from: &Traced, part: Range<usize>) {
        self.text.extend_from_slice(&from.text[part.clone()]);
        self.origins.extend_from_slice(&from.origins[part]);
    }

    /// Adds what stands instead of a match. A literal stands for what is between the groups beside it.
    fn write(&mut self, from: &Traced, pieces: &[Piece<'_>], matched: &Range<usize>) {
        for (at, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Group(found) => self.keep(from, found.clone()),
                Piece::Literal(bytes) => {
                    let before = pieces[..at].iter().rev().find_map(Piece::found);
                    let next = pieces[at..].iter().find_map(Piece::found);
                    let start = before.map_or(matched.start, |found| found.end);
                    let end = next.map_or(matched.end, |found| found.start);
                    let part = if start <= end { start..end } else { matched.clone() };
                    self.text.extend_from_slice(bytes);
                    self.origins.resize(self.text.len(), from.origin(part));
                }
            }
        }
    }

    /// The place in the line, in bytes, that a part of the text comes from.
    #[must_use]
    pub fn origin(&self, part: Range<usize>) -> Range<usize> {
        let start = self.origins.get(part.start).map_or(self.len, |origin| origin.start);
        let end = self.origins[part].last().map_or(start, |origin| origin.end);
        start..end.max(start)
    }
}

impl Piece<'_> {
    fn found(&self) -> Option<&Range<usize>> {
        match self {
            Piece::Group(found) => Some(found),
            Piece::Literal(_) => None,
        }
    }
}

/// The pieces of what a mask writes, as the regex crate understands it: `$name`, with a name as long as
/// can be, `${name}`, and `$$`.
fn pieces<'a>(written: &'a [u8], captures: &Captures<'_>) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut rest = written;
    while let Some(at) = memchr(b'$', rest) {
        let (name, len) = reference(&rest[at + 1..]);
        // Of what is no reference the dollar sign stands for itself, and so does one of two.
        let literal = if name.is_some() { at } else { at + 1 };
        pieces.push(Piece::Literal(&rest[..literal]));
        let group = name.and_then(|name| match name.parse() {
            Ok(number) => captures.get(number),
            Err(_) => captures.name(name),
        });
        pieces.extend(group.map(|found| Piece::Group(found.range())));
        rest = &rest[at + 1 + len..];
    }
    pieces.push(Piece::Literal(rest));
    pieces
}

/// The name that stands behind a dollar sign, if one does, and how long that is.
fn reference(behind: &[u8]) -> (Option<&str>, usize) {
    let (name, len) = match behind {
        [b'$', ..] => return (None, 1),
        [b'{', rest @ ..] => match memchr(b'}', rest) {
            Some(end) => (&rest[..end], end + 2),
            None => return (None, 0),
        },
        _ => {
            let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
            let len = behind.iter().take_while(is_name).count();
            (&behind[..len], len)
        }
    };
    match std::str::from_utf8(name) {
        Ok(name) if len > 0 => (Some(name), len),
        _ => (None, 0),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::matching::{Mask, Masks};

    fn masks(sources: &[&str]) -> Masks {
        sources.iter().map(|source| Mask::parse(source).unwrap()).collect()
    }

    #[test]
    fn what_is_left_of_a_line_knows_where_it_comes_from() {
        let traced = masks(&["s/\\d+/N/", "s/N:N/T/", "s/ /__/", "s/$/./"]).trace(b"at 12:345x");
        assert_eq!(traced.text, b"at__Tx.");
        assert_eq!(traced.origins, [0..1, 1..2, 2..3, 2..3, 3..9, 9..10, 10..10]);
        assert_eq!(Masks::default().trace(b"ab").origins, [0..1, 1..2]);
    }

    #[test]
    fn what_a_group_found_is_where_it_was_and_the_rest_stands_for_what_is_between() {
        let traced = masks(&["s/^(\\w+)=\\d+ (?<b>\\w+)/$1:N ${b}$$/"]).trace(b"id=12 ok.");
        assert_eq!(traced.text, b"id:N ok$.");
        let places = [0..1, 1..2, 2..6, 2..6, 2..6, 6..7, 7..8, 8..8, 8..9];
        assert_eq!(traced.origins, places);
        // Groups that are turned about have nothing between them.
        let turned = masks(&["s/(a)(b)/$2-$1/"]).trace(b"ab");
        assert_eq!((turned.text, &turned.origins[1]), (b"b-a".to_vec(), &(0..2)));
    }

    proptest! {
        #[test]
        fn the_text_is_what_is_compared(line in "[ab1é$]{0,12}", text in "[a$1{}bn_]{0,8}") {
            let Ok(mask) = Mask::parse(&format!("s/(?<n>a+)|(b?)1/{text}/")) else {
                return Err(TestCaseError::reject("no mask"));
            };
            let masks: Masks = [mask.clone(), mask].into_iter().collect();
            let traced = masks.trace(line.as_bytes());
            prop_assert_eq!(&traced.text, &*masks.apply(line.as_bytes()));
            prop_assert_eq!(traced.text.len(), traced.origins.len());
            prop_assert!(traced.origins.iter().all(|origin| origin.end <= line.len()));
        }
    }
}
