//! Bytes made visible: for people, who must not have them executed by their terminal, and for files,
//! which must give them back.

use std::fmt::{self, Write};

/// Bytes as a terminal may show them: valid UTF-8 stays readable; control characters, bidi controls
/// and bytes that are no UTF-8 appear as escapes (`\x1b`, `\u{202e}`), never as themselves.
///
/// A backslash stays single: this form is to be read, and cannot be read back. See [`esc`] for that.
#[derive(Debug, Clone, Copy)]
pub struct Visible<'a>(pub &'a [u8]);

impl fmt::Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            let mut clean = 0;
            let valid = chunk.valid();
            for (at, c) in valid.char_indices() {
                if is_hazard(c) {
                    f.write_str(&valid[clean..at])?;
                    write_hazard(f, c)?;
                    clean = at + c.len_utf8();
                }
            }
            f.write_str(&valid[clean..])?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

impl Visible<'_> {
    /// The same piece by piece, for who draws escapes unlike text that only looks like one: what to
    /// show, and whether it is an escape.
    pub fn each(self, mut show: impl FnMut(&str, bool)) {
        for chunk in self.0.utf8_chunks() {
            for piece in chunk.valid().split_inclusive(is_hazard) {
                let escape = piece.chars().next_back().filter(|last| is_hazard(*last));
                let text = &piece[..piece.len() - escape.map_or(0, char::len_utf8)];
                if !text.is_empty() {
                    show(text, false);
                }
                if let Some(c) = escape {
                    let bytes = c.len_utf8();
                    show(&Visible(&piece.as_bytes()[piece.len() - bytes..]).to_string(), true);
                }
            }
            if !chunk.invalid().is_empty() {
                show(&Visible(chunk.invalid()).to_string(), true);
            }
        }
    }
}

/// Whether a terminal might do something else with `c` than draw it: C0, DEL, C1, the line and
/// paragraph separators, and what changes the direction of text (Unicode's `Bidi_Control`).
fn is_hazard(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn write_hazard(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '\t' => f.write_str("\\t"),
        '\r' => f.write_str("\\r"),
        '\n' => f.write_str("\\n"),
        c if u32::from(c) < 0x100 => write!(f, "\\x{:02x}", u32::from(c)),
        c => write!(f, "\\u{{{:x}}}", u32::from(c)),
    }
}

/// Bytes as the `esc` field of a transcript has them: `\xNN` for what is no UTF-8, `\\` for a
/// backslash, the rest as it is. [`unesc`] gives them back.
#[must_use]
pub fn esc(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' {
                text.push('\\');
            }
            text.push(c);
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// The bytes that `text` stands for: `\xNN`, `\r`, `\n`, `\t`, `\0` and `\\` are escapes, all else
/// is itself.
///
/// # Errors
/// The byte offset in `text` of the first backslash that begins none of them.
pub fn unesc(text: &str) -> Result<Vec<u8>, usize> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let offset = text.len() - rest.len() + at;
        let escape = &rest.as_bytes()[at + 1..];
        let (byte, len) = match escape {
            [b'r', ..] => (b'\r', 1),
            [b'n', ..] => (b'\n', 1),
            [b't', ..] => (b'\t', 1),
            [b'0', ..] => (0, 1),
            [b'\\', ..] => (b'\\', 1),
            [b'x', high, low, ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 3),
                _ => return Err(offset),
            },
            _ => return Err(offset),
        };
        bytes.push(byte);
        rest = &rest[at + 1 + len..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_terminal_would_run_is_shown() {
        let hostile = "a\x1b[2Jb\u{202e}c\u{9b}d\x7f\t".as_bytes();
        assert_eq!(Visible(hostile).to_string(), "a\\x1b[2Jb\\u{202e}c\\x9bd\\x7f\\t");
        assert_eq!(Visible(b"caf\xe9").to_string(), "caf\\xe9");
        assert_eq!(Visible("你好 C:\\".as_bytes()).to_string(), "你好 C:\\");
    }

    #[test]
    fn an_unknown_escape_is_pointed_at() {
        assert_eq!(unesc("ok\\q"), Err(2));
        assert_eq!(unesc("\\x4"), Err(0));
        assert_eq!(unesc("é\\xzz"), Err(2));
        assert_eq!(unesc("end\\"), Err(3));
        assert_eq!(unesc("\\r\\n\\t\\0\\\\\\x41"), Ok(b"\r\n\t\0\\A".to_vec()));
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_whole(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut joined = String::new();
            Visible(&bytes).each(|piece, _| joined.push_str(piece));
            prop_assert_eq!(joined, Visible(&bytes).to_string());
        }

        #[test]
        fn every_byte_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(unesc(&esc(&bytes)), Ok(bytes));
        }

        #[test]
        fn nothing_shown_is_a_control(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(!Visible(&bytes).to_string().chars().any(is_hazard));
        }
    }
}
