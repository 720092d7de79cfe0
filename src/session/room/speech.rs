//! What one says, as the others are to see it.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};
use memchr::memchr_iter;

use crate::wire::{Eol, Line, Visible};

/// What stands between a speaker and its text.
pub(super) const SAYS: &str = ": ";

/// The same, where nobody else is told. No name has a blank, so nobody can be called so.
pub(super) const SAYS_TO_YOU: &str = " (to you): ";

/// Appends a line of its own: `prefix`, `text` made visible, `\n`. Whether it was short enough, `longest`
/// bytes without its prefix; if not, nothing is appended.
pub(super) fn push_line(out: &mut BytesMut, prefix: &str, text: &[u8], longest: usize) -> bool {
    let before = out.len();
    out.put_slice(prefix.as_bytes());
    if is_plain(text) {
        out.put_slice(text);
    } else {
        let _ = write!(out, "{}", Visible(text)); // memory takes whatever is written
    }
    if out.len() - before - prefix.len() > longest {
        out.truncate(before);
        return false;
    }
    out.put_u8(b'\n');
    true
}

/// Whether all of it is printable ASCII, which is as visible as can be. No early end: this way it takes
/// many bytes at a time.
fn is_plain(text: &[u8]) -> bool {
    text.iter().fold(true, |plain, byte| plain & (0x20..0x7f).contains(byte))
}

/// Whether that is so of all lines here, which end in a bare `\n`.
pub(super) fn are_plain(lines: &[u8]) -> bool {
    let odd = |byte: &u8| u8::from(!(0x20..0x7f).contains(byte)) & u8::from(*byte != b'\n');
    lines.iter().fold(0, |any, byte| any | odd(byte)) == 0
}

/// Appends lines, each with `prefix` before it, that [`are_plain`], up to one that has to be looked at by
/// itself because it begins with a slash, is longer than `longest` or has no end, and until `out` has
/// `enough` bytes. Says how many bytes of `lines` it has taken.
pub(super) fn push_plain(
    out: &mut BytesMut,
    prefix: &str,
    lines: &[u8],
    longest: usize,
    enough: usize,
) -> usize {
    let mut at = 0;
    for end in memchr_iter(b'\n', lines) {
        let line = &lines[at..=end];
        if line[0] == b'/' || end - at > longest || out.len() >= enough {
            break;
        }
        out.extend_from_slice(prefix.as_bytes());
        out.extend_from_slice(line);
        at = end + 1;
    }
    at
}

/// Where in a line a speaker is, as far as the room has passed it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Inside {
    /// At the beginning of one.
    #[default]
    None,
    /// In one whose beginning was passed on as a line of its own, because nothing more came.
    Continued,
    /// In one that is too long: what comes of it is dropped.
    Refused,
}

/// What a line comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    /// This text.
    Text(&'a [u8]),
    /// This text, which begins with a slash and asks for something.
    Order(&'a [u8]),
    /// It is too long.
    TooLong,
    /// Nothing: the end of what was passed on before, or the rest of what is too long.
    Nothing,
}

impl Inside {
    /// Takes the next line. `timely`: nothing more came of it for a while, so that a partial one is
    /// all there is for now; if not so, a partial one is the beginning of one that is too long.
    pub(super) fn take<'a>(&mut self, line: Line<'a>, timely: bool) -> Heard<'a> {
        let ended = line.eol != Eol::None;
        let next = match (ended, timely) {
            (true, _) => Inside::None,
            (false, true) => Inside::Continued,
            (false, false) => Inside::Refused,
        };
        match std::mem::replace(self, next) {
            Inside::Refused => Heard::Nothing,
            _ if next == Inside::Refused => Heard::TooLong,
            Inside::Continued if line.text.is_empty() => Heard::Nothing,
            Inside::None | Inside::Continued => match line.text {
                [b'/', rest @ ..] if rest.first() == Some(&b'/') => Heard::Text(rest),
                [b'/', ..] => Heard::Order(line.text),
                text => Heard::Text(text),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pushed(prefix: &str, text: &[u8], longest: usize) -> (String, bool) {
        let mut out = BytesMut::from(&b"before\n"[..]);
        let fits = push_line(&mut out, prefix, text, longest);
        (String::from_utf8(out[7..].to_vec()).unwrap(), fits)
    }

    #[test]
    fn a_line_is_prefixed_and_made_visible() {
        let line = |text| pushed("alice: ", text, 64).0;
        assert_eq!(line(b"hi"), "alice: hi\n");
        assert_eq!(line(b""), "alice: \n");
        assert_eq!(line("caf\u{e9} \u{4f60}".as_bytes()), "alice: caf\u{e9} \u{4f60}\n");
        assert_eq!(line(b"\x1b[2J\rhost: x"), "alice: \\x1b[2J\\rhost: x\n");
        assert_eq!(
            line("a\u{202e}b\u{2028}c\u{85}".as_bytes()),
            "alice: a\\u{202e}b\\u{2028}c\\x85\n"
        );
        assert_eq!(line(b"caf\xe9\x00"), "alice: caf\\xe9\\x00\n");
    }

    #[test]
    fn the_bound_is_of_the_line_as_it_is_seen() {
        assert_eq!(pushed("a: ", b"four", 4), ("a: four\n".to_owned(), true));
        assert_eq!(pushed("a: ", b"fiver", 4), (String::new(), false));
        assert_eq!(pushed("a: ", b"\x1b\x1b", 4), (String::new(), false));
    }

    proptest! {
        #[test]
        fn plain_lines_are_passed_on_together_as_they_would_be_one_by_one(
            said in prop::collection::vec(prop::sample::select(&b"ab/ \n\n"[..]), 0..60),
            longest in 1_usize..6,
            enough in 0_usize..60,
        ) {
            prop_assert!(are_plain(&said));
            let (mut out, mut wanted) = (BytesMut::new(), BytesMut::new());
            let taken = push_plain(&mut out, "a: ", &said, longest, enough);
            for line in said[..taken].split_inclusive(|byte| *byte == b'\n') {
                prop_assert!(wanted.len() < enough);
                let Heard::Text(text) = Inside::None.take(Line::cut(line), false) else {
                    panic!("{line:?} is no plain line");
                };
                prop_assert_eq!(text, line.strip_suffix(b"\n").unwrap(), "no slash was dropped");
                prop_assert!(push_line(&mut wanted, "a: ", text, longest));
            }
            prop_assert_eq!(&out, &wanted);
            let left = said[taken..].split_inclusive(|byte| *byte == b'\n').next();
            let odd = |line: &[u8]| line[0] == b'/' || !line.ends_with(b"\n") || line.len() > longest + 1;
            prop_assert!(out.len() >= enough || left.is_none_or(odd), "{left:?}");
        }
    }

    #[test]
    fn what_is_not_plain_is_told_from_what_is() {
        assert!(are_plain(b"") && are_plain(b" a~\n\n/b"));
        for odd in [&b"a\r\n"[..], b"\x7f", b"\x1f", b"\t", "\u{e9}".as_bytes(), b"\xff"] {
            assert!(!are_plain(odd), "{odd:?}");
        }
    }

    #[test]
    fn half_lines_and_endless_ones_have_their_place() {
        let mut inside = Inside::default();
        let mut take = |bytes: &'static [u8], timely| inside.take(Line::cut(bytes), timely);
        assert_eq!(take(b"hel", true), Heard::Text(b"hel"));
        assert_eq!(take(b"\n", false), Heard::Nothing, "the end of what was passed on");
        assert_eq!(take(b"\n", false), Heard::Text(b""));
        assert_eq!(take(b"hel", true), Heard::Text(b"hel"));
        assert_eq!(take(b"/who\n", false), Heard::Order(b"/who"));
        assert_eq!(take(b"//who\r\n", false), Heard::Text(b"/who"));
        assert_eq!(take(b"///\n", false), Heard::Text(b"//"));
        assert_eq!(take(b"aaaa", false), Heard::TooLong);
        assert_eq!(take(b"aaaa", false), Heard::Nothing);
        assert_eq!(
            take(b"/quit\n", false),
            Heard::Nothing,
            "it is the end of a line that was refused"
        );
        assert_eq!(take(b"aaaa", false), Heard::TooLong);
        assert_eq!(take(b"a", true), Heard::Nothing);
        assert_eq!(
            take(b"b\n", false),
            Heard::Text(b"b"),
            "nothing came for long: that line is over"
        );
    }
}
