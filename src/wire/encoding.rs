//! Text in other encodings than UTF-8.
//!
//! Bytes stay bytes, on the wire and in transcripts. Where people look at them, and where patterns do,
//! they become text; what people write becomes bytes again.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::str::FromStr;

use bytes::Bytes;
use encoding_rs::{DecoderResult, EncoderResult};
use thiserror::Error;

/// How a peer writes its text. UTF-8 where nothing else is said, and then nothing is converted.
///
/// The encodings are those of the [WHATWG](https://encoding.spec.whatwg.org/) that ASCII is a part of, so
/// that a line ends where it does in ASCII: in none of them is a `\n` a part of a longer character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Encoding(Option<&'static encoding_rs::Encoding>);

/// Why a name stands for no [`Encoding`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoEncoding {
    /// Nothing is called so.
    #[error(
        "`{0}` is no encoding: write gbk, gb18030, big5, shift_jis, euc-jp, euc-kr, koi8-r, windows-1252 or another name of the WHATWG's"
    )]
    Unknown(String),
    /// Lines do not end with a byte.
    #[error(
        "lines of {0} do not end with the byte `\\n`, and ASCII is no part of it: only encodings where that is so can be talked in"
    )]
    Wide(String),
    /// What a character is depends on what stands long before it.
    #[error(
        "{0} switches alphabets by escape sequences, so that a line is no text without all that came before it: it cannot be talked in"
    )]
    Shifting(String),
    /// It is for bytes that are no text.
    #[error("{0} is no encoding of text")]
    NoText(String),
}

/// A character that an encoding does not have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{encoding} has no `{character}` (U+{:04X})", u32::from(*.character))]
pub struct Unencodable {
    /// The character.
    pub character: char,
    /// Where in the text it stands, in bytes.
    pub at: usize,
    /// The encoding.
    pub encoding: Encoding,
}

/// Bytes, one after another.
enum Piece<'a> {
    /// Text, as UTF-8.
    Text(&'a [u8]),
    /// What is no text of the encoding.
    Bytes(&'a [u8]),
}

/// How much is converted at a time.
const CHUNK: usize = 1024;

impl Encoding {
    /// The usual one.
    pub const UTF_8: Encoding = Encoding(None);

    /// Whether it is the usual one.
    #[must_use]
    pub const fn is_utf8(self) -> bool {
        self.0.is_none()
    }

    /// What bytes say, as UTF-8; those that are no text of the encoding stand in it as they are.
    #[must_use]
    pub fn text(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        self.converted(bytes, |bytes, text| text.extend_from_slice(bytes))
    }

    /// What bytes say, for people to read: those that are no text of the encoding are written `\xNN`. Of
    /// UTF-8 that is left to [`Visible`](super::Visible), which this is for in any case.
    #[must_use]
    pub fn readable(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        self.converted(bytes, |bytes, text| {
            for byte in bytes {
                text.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
            }
        })
    }

    fn converted(self, bytes: &[u8], none: impl Fn(&[u8], &mut Vec<u8>)) -> Cow<'_, [u8]> {
        let Some(encoding) = self.0.filter(|_| !bytes.is_ascii()) else {
            return Cow::Borrowed(bytes);
        };
        let mut text = Vec::with_capacity(bytes.len() + bytes.len() / 2);
        decode(encoding, bytes, |piece| match piece {
            Piece::Text(piece) => text.extend_from_slice(piece),
            Piece::Bytes(piece) => none(piece, &mut text),
        });
        Cow::Owned(text)
    }

    /// How many bytes at the end begin a character whose rest is yet to come: up to three.
    #[must_use]
    pub fn begun(self, bytes: &[u8]) -> usize {
        match self.0 {
            None => begun_utf8(bytes),
            Some(_) if bytes.is_ascii() => 0,
            Some(encoding) => decode(encoding, bytes, |_| {}),
        }
    }

    /// The bytes for a text, in which what is no UTF-8 stands for itself.
    ///
    /// # Errors
    /// The first character that the encoding does not have, or writes as another one: nothing is said
    /// that was not written.
    pub fn bytes(self, text: &Bytes) -> Result<Bytes, Unencodable> {
        let Some(encoding) = self.0.filter(|_| !text.is_ascii()) else { return Ok(text.clone()) };
        let (mut bytes, mut at) = (Vec::with_capacity(text.len()), 0);
        for chunk in text.utf8_chunks() {
            let none =
                |(within, character)| Unencodable { character, at: at + within, encoding: self };
            encode(encoding, chunk.valid(), &mut bytes).map_err(none)?;
            bytes.extend_from_slice(chunk.invalid());
            at += chunk.valid().len() + chunk.invalid().len();
        }
        Ok(bytes.into())
    }
}

impl FromStr for Encoding {
    type Err = NoEncoding;

    /// Any name that the WHATWG has for it, in capitals or not.
    fn from_str(name: &str) -> Result<Encoding, NoEncoding> {
        let known = encoding_rs::Encoding::for_label(name.as_bytes());
        let known = known.ok_or_else(|| NoEncoding::Unknown(name.to_owned()))?;
        let is = |other: &encoding_rs::Encoding| known == other;
        let said = name.trim().to_ascii_lowercase();
        if is(encoding_rs::UTF_8) {
            Ok(Encoding::UTF_8)
        } else if is(encoding_rs::UTF_16LE) || is(encoding_rs::UTF_16BE) {
            Err(NoEncoding::Wide(said))
        } else if is(encoding_rs::X_USER_DEFINED) || said == "replacement" {
            Err(NoEncoding::NoText(said))
        } else if is(encoding_rs::ISO_2022_JP) || is(encoding_rs::REPLACEMENT) {
            Err(NoEncoding::Shifting(said))
        } else {
            Ok(Encoding(Some(known)))
        }
    }
}

impl fmt::Display for Encoding {
    /// The name that the WHATWG gives it, in small letters: `gbk`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.unwrap_or(encoding_rs::UTF_8).name();
        name.chars().try_for_each(|c| f.write_char(c.to_ascii_lowercase()))
    }
}

/// Cuts bytes into text and what is none, and says how many at the end begin a character.
fn decode(
    encoding: &'static encoding_rs::Encoding,
    bytes: &[u8],
    mut each: impl FnMut(Piece<'_>),
) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = [0; CHUNK];
    let (mut read, mut last, mut begun) = (0, false, 0);
    loop {
        let rest = &bytes[read..];
        let (result, taken, written) =
            decoder.decode_to_utf8_without_replacement(rest, &mut text, last);
        read += taken;
        if written > 0 {
            each(Piece::Text(&text[..written]));
        }
        match result {
            DecoderResult::InputEmpty if last => return begun,
            // What it has still not made anything of is told at the end only.
            DecoderResult::InputEmpty => last = true,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(len, behind) => {
                let end = read - usize::from(behind);
                let start = end - usize::from(len);
                each(Piece::Bytes(&bytes[start..end]));
                if last {
                    begun = begun.max(bytes.len() - start);
                }
            }
        }
    }
}

/// Appends the bytes for a text.
///
/// # Errors
/// The first character that there are none for, and where it stands.
fn encode(
    encoding: &'static encoding_rs::Encoding,
    text: &str,
    bytes: &mut Vec<u8>,
) -> Result<(), (usize, char)> {
    let start = bytes.len();
    convert(encoding, text, bytes)?;
    // Some characters are written as what others are: the yen sign of Shift_JIS is a backslash.
    if Encoding(Some(encoding)).text(&bytes[start..]) == text.as_bytes() {
        return Ok(());
    }
    for (at, character) in text.char_indices() {
        let (mut one, mut utf8) = (Vec::new(), [0; 4]);
        let alone = character.encode_utf8(&mut utf8);
        convert(encoding, alone, &mut one).map_err(|_| (at, character))?;
        if Encoding(Some(encoding)).text(&one) != alone.as_bytes() {
            return Err((at, character));
        }
    }
    Ok(())
}

fn convert(
    encoding: &'static encoding_rs::Encoding,
    text: &str,
    bytes: &mut Vec<u8>,
) -> Result<(), (usize, char)> {
    let mut encoder = encoding.new_encoder();
    let (mut buffer, mut read) = ([0; CHUNK], 0);
    loop {
        let (result, taken, written) =
            encoder.encode_from_utf8_without_replacement(&text[read..], &mut buffer, true);
        read += taken;
        bytes.extend_from_slice(&buffer[..written]);
        match result {
            EncoderResult::InputEmpty => return Ok(()),
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(character) => {
                return Err((read - character.len_utf8(), character));
            }
        }
    }
}

fn begun_utf8(text: &[u8]) -> usize {
    (1..=text.len().min(3))
        .find(|back| text[text.len() - back] & 0xc0 != 0x80)
        .filter(|back| {
            let last = str::from_utf8(&text[text.len() - back..]);
            last.is_err_and(|error| error.error_len().is_none())
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Of every kind: of one byte, of two, of up to four, with ASCII among the second bytes.
    const SOME: [&str; 8] =
        ["gbk", "gb18030", "big5", "shift_jis", "euc-jp", "euc-kr", "koi8-r", "windows-1252"];

    fn named(name: &str) -> Encoding {
        name.parse().unwrap()
    }

    fn bytes(name: &str, text: &str) -> Result<Vec<u8>, Unencodable> {
        named(name).bytes(&Bytes::copy_from_slice(text.as_bytes())).map(Vec::from)
    }

    #[test]
    fn text_becomes_bytes_and_bytes_text() {
        for (name, text, said) in [
            ("gbk", "你好", &b"\xc4\xe3\xba\xc3"[..]),
            ("gb18030", "你好😀", b"\xc4\xe3\xba\xc3\x94\x39\xfc\x36"),
            ("big5", "功", b"\xa5\x5c"), // its second byte is a backslash
            ("shift_jis", "表", b"\x95\x5c"),
            ("euc-kr", "안녕", b"\xbe\xc8\xb3\xe7"),
            ("windows-1252", "café", b"caf\xe9"),
            ("utf-8", "你", "你".as_bytes()),
        ] {
            assert_eq!(bytes(name, text).unwrap(), said, "{name}");
            assert_eq!(&*named(name).text(said), text.as_bytes(), "{name}");
        }
    }

    #[test]
    fn what_is_no_text_stays_what_it_is() {
        let gbk = named("gbk");
        for (bytes, readable) in [
            (&b"\xffab"[..], "\\xffab"),
            (b"\xc4\xe3\xc4\n", "你\\xc4\n"), // the line end is none of the character
            (b"\xc4\x1b[2J", "\\xc4\x1b[2J"),
            (b"ok\xc4", "ok\\xc4"),
        ] {
            assert_eq!(String::from_utf8_lossy(&gbk.readable(bytes)), readable);
            let text = Bytes::copy_from_slice(&gbk.text(bytes));
            assert_eq!(&*gbk.bytes(&text).unwrap(), bytes);
        }
        assert_eq!(&*Encoding::UTF_8.readable(b"\xff"), b"\xff");
    }

    #[test]
    fn a_character_that_it_does_not_have_is_told() {
        let none = bytes("gbk", "好a😀").unwrap_err();
        assert_eq!((none.character, none.at), ('😀', 4));
        assert_eq!(none.to_string(), "gbk has no `😀` (U+1F600)");
        // Its encoder would write a backslash.
        assert_eq!(bytes("shift_jis", "表¥").unwrap_err().character, '¥');
        assert_eq!(
            bytes("iso-8859-1", "é好").unwrap_err().to_string(),
            "windows-1252 has no `好` (U+597D)"
        );
    }

    #[test]
    fn a_character_that_has_begun_is_known() {
        let four = b"\x94\x39\xfc\x36";
        for len in 1..4 {
            assert_eq!(named("gb18030").begun(&[b"ok\xc4\xe3", &four[..len]].concat()), len);
        }
        assert_eq!(named("gb18030").begun(four), 0);
        assert_eq!(named("big5").begun(b"\xa5\x5c"), 0);
        assert_eq!(named("big5").begun(b"\\\xa5"), 1);
        assert_eq!(named("windows-1252").begun(b"\xe4"), 0);
        assert_eq!(Encoding::UTF_8.begun("好".as_bytes()), 0);
        assert_eq!(Encoding::UTF_8.begun(b"\xe5\xa5"), 2);
    }

    #[test]
    fn a_name_is_the_whatwgs_and_lines_must_end() {
        assert_eq!(named("GB2312"), named("gbk"));
        assert_eq!(named("latin1").to_string(), "windows-1252");
        assert!(named("UTF8").is_utf8());
        for (name, why) in [
            ("utf-16", "do not end with the byte"),
            ("iso-2022-jp", "escape sequences"),
            ("iso-2022-kr", "escape sequences"),
            ("hz-gb-2312", "escape sequences"),
            ("x-user-defined", "no encoding of text"),
            ("gkb", "`gkb` is no encoding"),
        ] {
            let told = name.parse::<Encoding>().unwrap_err().to_string();
            assert!(told.contains(why), "{told}");
        }
    }

    fn count(bytes: &[u8]) -> usize {
        memchr::memchr_iter(b'\n', bytes).count()
    }

    proptest! {
        #[test]
        fn no_line_end_is_a_part_of_a_character(
            lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 1..4),
            name in prop::sample::select(&SOME[..]),
        ) {
            let encoding = named(name);
            let lines: Vec<Vec<u8>> = lines.into_iter().map(|line| [&line[..], b"\n"].concat()).collect();
            let apart: Vec<Vec<u8>> =
                lines.iter().map(|line| encoding.readable(line).into_owned()).collect();
            prop_assert!(apart.iter().zip(&lines).all(|(text, line)| count(text) == count(line)));
            prop_assert_eq!(apart.concat(), encoding.readable(&lines.concat()).into_owned());
        }

        #[test]
        fn what_is_not_told_to_be_missing_comes_back(
            text in "\\PC{0,12}",
            name in prop::sample::select(&SOME[..]),
        ) {
            if let Ok(bytes) = bytes(name, &text) {
                let back = named(name).text(&bytes).into_owned();
                prop_assert_eq!(String::from_utf8(back).unwrap(), text);
            }
        }

        #[test]
        fn cuts_between_reads_change_nothing(
            said in prop::collection::vec(prop::sample::select(&[0x94_u8, 0x39, 0xfc, 0x36, 0xc4, 0xe3, b'a', 0xff][..]), 0..24),
            cut in 0_usize..24,
            name in prop::sample::select(&SOME[..]),
        ) {
            let encoding = named(name);
            let cut = cut.min(said.len());
            let whole = cut - encoding.begun(&said[..cut]);
            let parts = [encoding.readable(&said[..whole]), encoding.readable(&said[whole..])];
            prop_assert_eq!(parts.concat(), encoding.readable(&said).into_owned());
        }
    }
}
