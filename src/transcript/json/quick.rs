//! The fields of an object as this program writes it, found in one pass.
//!
//! It knows a part of JSON: members whose keys have no escapes and whose values are strings, numbers and
//! words. Of that part it accepts exactly what `serde_json` accepts; of the rest it says nothing, and
//! `serde_json` reads it, or tells what is wrong with it.

use super::fields::{Key, Raw};
use super::scan::is_blank;

/// The members of the object that `text` is; `None` where it has to be looked at more closely.
pub(super) fn members(text: &[u8]) -> Option<Vec<(Key<'_>, Raw<'_>)>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut cursor = Cursor { text, at: 0 };
    let mut members = Vec::with_capacity(6);
    cursor.token(b'{')?;
    loop {
        cursor.blanks();
        let key = cursor.string()?;
        if key.contains('\\') {
            return None;
        }
        cursor.token(b':')?;
        cursor.blanks();
        let value = cursor.value()?;
        members.push((Key::plain(&key[1..key.len() - 1]), Raw(value)));
        cursor.blanks();
        match cursor.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    cursor.blanks();
    (cursor.at == text.len()).then_some(members)
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let next = self.peek();
        self.at += 1;
        next
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
    }

    /// This byte, after blanks.
    fn token(&mut self, byte: u8) -> Option<()> {
        self.blanks();
        (self.next()? == byte).then_some(())
    }

    fn value(&mut self) -> Option<&'a str> {
        match self.peek()? {
            b'"' => self.string(),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str) -> Option<&'a str> {
        let rest = self.text.get(self.at..)?;
        rest.starts_with(word).then_some(())?;
        self.at += word.len();
        rest.get(..word.len())
    }

    /// A string with its quotes. What is escaped is valid, as far as it can be told digit by digit.
    fn string(&mut self) -> Option<&'a str> {
        let start = self.at;
        (self.next()? == b'"').then_some(())?;
        loop {
            match self.next()? {
                b'"' => return self.text.get(start..self.at),
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => {
                        let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
                        digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                        self.at += 4;
                    }
                    _ => return None,
                },
                0..0x20 => return None,
                _ => {}
            }
        }
    }

    fn number(&mut self) -> Option<&'a str> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits()?;
        if whole > 1 && self.text.as_bytes().get(self.at - whole) == Some(&b'0') {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        self.text.get(start..self.at)
    }

    /// How many digits stand here, if any.
    fn digits(&mut self) -> Option<usize> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(self.at - start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn what_this_program_writes_is_found_in_one_pass() {
        let text =
            br#" {"dt":0.25, "conn":1,"line":"a\"\\\u00e9 ,}","opt":true,"x":null,"n":-1.5E+3} "#;
        let members = members(text).unwrap();
        let found: Vec<_> =
            members.iter().map(|(key, value)| (key.as_str(), value.get())).collect();
        let wanted = [
            ("dt", "0.25"),
            ("conn", "1"),
            ("line", r#""a\"\\\u00e9 ,}""#),
            ("opt", "true"),
            ("x", "null"),
            ("n", "-1.5E+3"),
        ];
        assert_eq!(found, wanted);
        for other in
            ["", "{", "{}", "[]", r#"{"a":[]}"#, r#"{"a":1}x"#, r#"{"\u0061":1}"#, r#"{"a":1,}"#]
        {
            assert!(super::members(other.as_bytes()).is_none(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_accepted_that_is_no_json(
            parts in prop::collection::vec(prop::sample::select(
                &["{", "}", "\"a\"", "\"", ":", ",", "1", "0", "-", ".", "e", "+", "true", "nul", "null", " ", "\n", "\\", "\\u00e", "\\n", "é", "\0"][..]
            ), 0..12),
        ) {
            let text = format!("{{\"k\":{}}}", parts.concat());
            if members(text.as_bytes()).is_some() {
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "{}", text);
            }
        }
    }
}
