//! Numbers and strings of JSON, appended to bytes.

use std::time::Duration;

use crate::wire;

/// Which bytes need a look: what JSON must escape, DEL, and 0xC2, with which C1 controls begin.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        special[byte] = true;
        byte += 1;
    }
    special[b'"' as usize] = true;
    special[b'\\' as usize] = true;
    special[0x7f] = true;
    special[0xc2] = true;
    special
};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// `text` as a JSON string. Every control character is escaped, C1 too, so that a file may be looked
/// at with `cat`.
pub(super) fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| SPECIAL[usize::from(*byte)]) {
        let (clean, special) = rest.split_at(at);
        out.extend_from_slice(clean);
        rest = &special[push_escape(out, special)..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Escapes what stands at the start of `special`, and tells how many bytes it was.
fn push_escape(out: &mut Vec<u8>, special: &[u8]) -> usize {
    let short = match special {
        [b'"', ..] => b'"',
        [b'\\', ..] => b'\\',
        [b'\n', ..] => b'n',
        [b'\r', ..] => b'r',
        [b'\t', ..] => b't',
        [0x08, ..] => b'b',
        [0x0c, ..] => b'f',
        [0xc2, control @ 0x80..=0x9f, ..] => {
            push_unicode(out, *control);
            return 2;
        }
        [control @ (..0x20 | 0x7f), ..] => {
            push_unicode(out, *control);
            return 1;
        }
        other => {
            out.extend(other.first());
            return 1;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
    1
}

fn push_unicode(out: &mut Vec<u8>, control: u8) {
    out.extend_from_slice(b"\\u00");
    out.push(HEX[usize::from(control >> 4)]);
    out.push(HEX[usize::from(control & 15)]);
}

/// `"line":"…"`, or `"esc":"…"` where the bytes are no UTF-8.
pub(super) fn push_line(out: &mut Vec<u8>, bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        out.extend_from_slice(b"\"line\":");
        push_string(out, text);
    } else {
        out.extend_from_slice(b"\"esc\":");
        push_string(out, &wire::esc(bytes));
    }
}

/// `n` in decimal.
pub(super) fn push_number(out: &mut Vec<u8>, n: u64) {
    if n >= 10 {
        push_number(out, n / 10);
    }
    push_digit(out, n);
}

/// A duration in milliseconds with as many decimals as it needs, at most three.
pub(super) fn push_millis(out: &mut Vec<u8>, duration: Duration) {
    let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    push_number(out, micros / 1000);
    let fraction = micros % 1000;
    if fraction == 0 {
        return;
    }
    out.push(b'.');
    push_digit(out, fraction / 100);
    if fraction % 100 != 0 {
        push_digit(out, fraction / 10);
    }
    if fraction % 10 != 0 {
        push_digit(out, fraction);
    }
}

/// The last decimal digit of `n`.
fn push_digit(out: &mut Vec<u8>, n: u64) {
    out.push(HEX[usize::from((n % 10) as u8)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        push(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_character_comes_back_from_its_string() {
        let all: String = (0..=0x10_ffff).filter_map(char::from_u32).collect();
        let json = written(|out| push_string(out, &all));
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), all);
        assert!(!json.chars().any(char::is_control));
    }

    #[test]
    fn escapes_are_the_short_ones() {
        let json =
            written(|out| push_string(out, "\0\u{8}\t\n\u{c}\r\u{1b}\"\\/\u{7f}\u{9b}é\u{a0}"));
        assert_eq!(json, concat!(r#""\u0000\b\t\n\f\r\u001b\"\\/\u007f\u009bé"#, "\u{a0}\""));
    }

    #[test]
    fn milliseconds_have_no_zeros_to_spare() {
        for (micros, text) in [
            (0, "0"),
            (3102, "3.102"),
            (810_400, "810.4"),
            (1, "0.001"),
            (1010, "1.01"),
            (402_000, "402"),
            (u64::MAX, "18446744073709551.615"),
        ] {
            assert_eq!(written(|out| push_millis(out, Duration::from_micros(micros))), text);
        }
    }
}
