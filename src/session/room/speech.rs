//! What one says, as the others are to see it.

use std::fmt::Write;

use bytes::{BufMut, BytesMut};
use memchr::{memchr, memchr_iter};

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

/// How many bytes are looked at together: few enough that most lines of a conversation end in another piece
/// than the one before, and enough to keep a processor busy that takes 16 at a time.
const PIECE: usize = 64;

/// A prefix up to this long is copied as if it were just as long, which takes a few instructions and no call;
/// most names are shorter.
const SHORT: usize = 32;

/// What is shorter is looked at line by line: what [`push_plain`] would spare is less than the memory that it
/// takes beyond the lines themselves.
const FEW: usize = 4 * PIECE;

/// How much of what is said tells how long its lines are.
const SAMPLE: usize = 4 << 10;

/// How many bytes lines come to, about and rather more, with `prefix` before each. To count all of them would be
/// to go through them once more.
pub(super) fn size(lines: &[u8], prefix: &str) -> usize {
    let sample = &lines[..lines.len().min(SAMPLE)];
    let some = memchr_iter(b'\n', sample).count();
    let all = (some + some / 8 + 1) * lines.len().div_ceil(SAMPLE);
    // What `push_together` appends for a moment.
    let spare = if are_few(lines) { 0 } else { PIECE + SHORT };
    lines.len().saturating_add(all.saturating_mul(prefix.len())).saturating_add(spare)
}

/// Whether lines are to be looked at one by one.
pub(super) fn are_few(lines: &[u8]) -> bool {
    lines.len() < FEW
}

/// Appends lines, each with `prefix` before it, up to one that has to be looked at by itself: it begins with a
/// slash, is longer than `longest`, is not all printable ASCII that ends in a bare `\n`, stands near one that
/// is not, or ends near the end of `lines`; and until `out` has `enough` bytes. Says how many bytes of `lines`
/// it has taken.
///
/// They are looked at once, in pieces of [`PIECE`] bytes wherever lines end, so that the look at a piece waits
/// for nothing that was found in the one before.
pub(super) fn push_plain(
    out: &mut BytesMut,
    prefix: &str,
    lines: &[u8],
    longest: usize,
    enough: usize,
) -> usize {
    let padded = padded(prefix);
    let mut at = 0;
    for (nth, piece) in lines.as_chunks::<PIECE>().0.iter().enumerate() {
        let look = Look::at(piece);
        if !look.plain {
            break;
        }
        let only = nth * PIECE + usize::from(look.place);
        for _ in 0..look.ends {
            let rest = &lines[at..];
            let len = if look.ends == 1 { Some(only - at) } else { memchr(b'\n', rest) };
            let fits = |len: &usize| *len <= longest && rest[0] != b'/' && out.len() < enough;
            let Some(len) = len.filter(fits) else { return at };
            push_together(out, prefix, padded.as_ref(), &rest[..=len], rest);
            at += len + 1;
        }
    }
    at
}

/// What there is in a piece of some lines.
struct Look {
    /// All of it is printable ASCII and `\n`.
    plain: bool,
    /// How many line ends.
    ends: u8,
    /// Where the line end is, if there is but one.
    place: u8,
}

impl Look {
    /// Sums, and no branch or early end: so each of them becomes instructions that take 16 bytes at a time.
    fn at(piece: &[u8; PIECE]) -> Look {
        let (mut ends, mut place, mut printable) = (0_u8, 0_u8, 0_u8);
        for (at, byte) in (0..).zip(piece) {
            let is_end = *byte == b'\n';
            ends += u8::from(is_end);
            place = place.wrapping_add(if is_end { at } else { 0 });
            // From 0x20 to 0x7e, in two instructions.
            printable += u8::from(byte.wrapping_add(1).cast_signed() > 0x20);
        }
        Look { plain: usize::from(ends + printable) == PIECE, ends, place }
    }
}

/// The prefix with something behind it, where it is short.
fn padded(prefix: &str) -> Option<[u8; SHORT]> {
    let mut padded = [0; SHORT];
    padded.get_mut(..prefix.len())?.copy_from_slice(prefix.as_bytes());
    Some(padded)
}

/// Appends a prefix and a line, the first of `lines`. What is short is copied as a piece of a length that is
/// known beforehand, whose surplus is dropped.
#[inline]
fn push_together(
    out: &mut BytesMut,
    prefix: &str,
    padded: Option<&[u8; SHORT]>,
    line: &[u8],
    lines: &[u8],
) {
    let begin = out.len() + prefix.len();
    if let Some(padded) = padded {
        out.extend_from_slice(padded);
        out.truncate(begin);
    } else {
        out.extend_from_slice(prefix.as_bytes());
    }
    match lines.first_chunk::<PIECE>() {
        Some(piece) if line.len() <= PIECE => {
            out.extend_from_slice(piece);
            out.truncate(begin + line.len());
        }
        _ => out.extend_from_slice(line),
    }
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
            said in prop::collection::vec(some_line(), 0..12).prop_map(|lines| lines.concat()),
            prefix in prop::sample::select(&["a: ", "name-with-31-bytes-and-no-more: ", "name-with-more-than-31-bytes-here: "][..]),
            longest in prop::sample::select(&[1_usize, 63, 64, 150, 1000][..]),
            enough in prop::sample::select(&[0_usize, 1, 100, 500, 10_000][..]),
        ) {
            let said = said.as_bytes();
            let (mut out, mut wanted) = (BytesMut::new(), BytesMut::new());
            let taken = push_plain(&mut out, prefix, said, longest, enough);
            for line in said[..taken].split_inclusive(|byte| *byte == b'\n') {
                prop_assert!(wanted.len() < enough && line[0] != b'/', "{line:?}");
                let text = line.strip_suffix(b"\n").unwrap();
                prop_assert!(is_plain(text) && push_line(&mut wanted, prefix, text, longest));
            }
            prop_assert_eq!(&out, &wanted);
            let next = said[taken..].split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
            let pieces = said.chunks_exact(PIECE).take_while(|piece| is_plain_text(piece));
            let seen = next.ends_with(b"\n") && taken + next.len() <= pieces.count() * PIECE;
            let odd = next.len() > longest + 1 || next.starts_with(b"/");
            prop_assert!(!seen || odd || out.len() >= enough, "{next:?} could be taken");
        }
    }

    /// A line of some length, perhaps an odd one, that mostly has an end.
    fn some_line() -> impl Strategy<Value = String> {
        let begin = prop::sample::select(
            &["", "", "", "", "/", "//who", "a~ ", "\x1b", "\u{e9}", "\x7f", "\t", "b\r"][..],
        );
        let more = prop::sample::select(&[0_usize, 1, 5, 30, 62, 63, 64, 65, 127, 128, 200][..]);
        let end = prop::sample::select(&["\n", "\n", "\n", ""][..]);
        (begin, more, end).prop_map(|(begin, more, end)| [begin, &"x".repeat(more), end].concat())
    }

    fn is_plain_text(lines: &[u8]) -> bool {
        lines.split(|byte| *byte == b'\n').all(is_plain)
    }

    #[test]
    fn every_byte_is_plain_or_not_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for at in 0..PIECE {
                let mut piece = [b'x'; PIECE];
                piece[at] = byte;
                let look = Look::at(&piece);
                assert_eq!(look.plain, is_plain_text(&piece), "{byte} at {at}");
                assert_eq!(look.ends, u8::from(byte == b'\n'));
                assert!(look.ends == 0 || usize::from(look.place) == at);
            }
        }
        assert_eq!(Look::at(&[b'\n'; PIECE]).ends, 64);
    }

    #[test]
    fn memory_is_found_for_lines_and_their_prefixes_at_once() {
        for len in [1, 2, 20, 64, 1000, 70_000] {
            let said = ["x".repeat(len - 1), "\n".to_owned()].concat().repeat((128 << 10) / len);
            let mut out = BytesMut::with_capacity(size(said.as_bytes(), "guest-1: "));
            let memory = out.as_ptr();
            let taken = push_plain(&mut out, "guest-1: ", said.as_bytes(), usize::MAX, usize::MAX);
            assert!(said.len() - taken < PIECE + len, "{len}: {taken} taken");
            assert!(out.as_ptr() == memory, "{len}: moved");
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
