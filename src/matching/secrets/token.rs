//! Base64 tokens that hold a secret.

use std::iter;
use std::ops::Range;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How many characters, from the one that the group of four begins with, are decided by other bytes
/// than the value's, in whole or in part, by where in a group of three bytes the value begins.
pub(super) const LEADS: [usize; 3] = [0, 2, 3];

/// How a token is written: RFC 4648, sections 4 and 5, with its `=` at the end or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    alphabet: Alphabet,
    padded: bool,
}

/// Which characters stand for 62 and 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    /// `+` and `/`: RFC 4648, section 4.
    Standard,
    /// `-` and `_`: section 5.
    UrlSafe,
}

/// A token.
pub(super) struct Token {
    pub(super) range: Range<usize>,
    pub(super) form: Form,
    pub(super) decoded: Vec<u8>,
}

/// Where characters were found that may stand in a token with a secret.
pub(super) struct Found<'a> {
    pub(super) text: &'a [u8],
    /// What stands before is no part of it.
    pub(super) floor: usize,
    pub(super) range: Range<usize>,
    /// Where in a group of three bytes the value would begin.
    pub(super) lead: usize,
}

impl Form {
    /// Every form, by its name.
    pub(super) const ALL: [(&'static str, Form); 4] = [
        ("base64", Form { alphabet: Alphabet::Standard, padded: true }),
        ("base64url", Form { alphabet: Alphabet::UrlSafe, padded: true }),
        ("base64-nopad", Form { alphabet: Alphabet::Standard, padded: false }),
        ("base64url-nopad", Form { alphabet: Alphabet::UrlSafe, padded: false }),
    ];

    /// What stands before the `:`.
    pub(super) fn name(self) -> &'static str {
        Form::ALL.iter().find(|(_, form)| *form == self).map_or("base64", |(name, _)| name)
    }

    pub(super) fn encode(self, bytes: &[u8]) -> String {
        self.engine().encode(bytes)
    }

    /// What the characters decode to, if they are of its alphabet and so many as can be.
    pub(super) fn decode(self, digits: &[u8]) -> Option<Vec<u8>> {
        self.engine().decode(digits).ok()
    }

    fn engine(self) -> GeneralPurpose {
        let config = GeneralPurposeConfig::new()
            .with_encode_padding(self.padded)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        GeneralPurpose::new(self.alphabet.digits(), config)
    }
}

impl Alphabet {
    const BOTH: [Alphabet; 2] = [Alphabet::Standard, Alphabet::UrlSafe];

    /// Whether this is one of its characters.
    fn has(self, byte: u8) -> bool {
        let last_two = match self {
            Alphabet::Standard => b"+/",
            Alphabet::UrlSafe => b"-_",
        };
        byte.is_ascii_alphanumeric() || last_two.contains(&byte)
    }

    /// The characters, as the base64 crate has them.
    fn digits(self) -> &'static alphabet::Alphabet {
        match self {
            Alphabet::Standard => &alphabet::STANDARD,
            Alphabet::UrlSafe => &alphabet::URL_SAFE,
        }
    }
}

impl Found<'_> {
    /// The token, if it decodes to text that holds `value` where it should. Where possible it is one
    /// that encodes to the same characters again.
    pub(super) fn token(&self, value: &[u8]) -> Option<Token> {
        let mut longest = None;
        // A peer may write a line full of such characters, all in one token: that is looked at as a whole
        // only where it will turn out to be one.
        let held = Alphabet::BOTH.into_iter().filter(|alphabet| self.holds(*alphabet, value));
        for token in held.flat_map(|alphabet| self.tokens(alphabet, value)) {
            if token.form.encode(&token.decoded).as_bytes() == &self.text[token.range.clone()] {
                return Some(token);
            }
            longest.get_or_insert(token);
        }
        longest
    }

    /// Whether the characters here, read in one alphabet, hold `value`.
    fn holds(&self, alphabet: Alphabet, value: &[u8]) -> bool {
        let first = self.range.start.checked_sub(LEADS[self.lead]);
        let len = ((self.lead + value.len()) * 8).div_ceil(6);
        let digits = first.filter(|first| *first >= self.floor);
        let digits = digits.and_then(|first| self.text.get(first..first + len));
        let decoded = digits.and_then(|digits| Form { alphabet, padded: false }.decode(digits));
        decoded.is_some_and(|decoded| decoded[self.lead..].starts_with(value))
    }

    /// The tokens of one alphabet that hold `value`: up to three characters at the end may be
    /// another's.
    fn tokens(&self, alphabet: Alphabet, value: &[u8]) -> impl Iterator<Item = Token> {
        let Range { start, end } = self.range;
        let digits = |bytes: &mut dyn Iterator<Item = &u8>| {
            bytes.take_while(|byte| alphabet.has(**byte)).count()
        };
        let before = digits(&mut self.text[self.floor..start].iter().rev());
        let lead = LEADS[self.lead];
        let first = before.checked_sub(lead).map(|group| start - before + group % 4);
        let behind = end + digits(&mut self.text[end..].iter());
        let padding = self.text[behind..].iter().take(2).take_while(|byte| **byte == b'=').count();
        let fewer = (0..4).map(move |fewer| behind - fewer).take_while(move |last| *last >= end);
        let ends = first.into_iter().flat_map(move |first| {
            iter::once(behind + padding).chain(fewer.clone()).map(move |last| first..last)
        });
        ends.filter_map(move |range| {
            let at = (start - lead - range.start) / 4 * 3 + self.lead;
            let form = Form { alphabet, padded: range.len().is_multiple_of(4) };
            let decoded = form.decode(&self.text[range.clone()])?;
            let holds = decoded.get(at..)?.starts_with(value);
            holds.then_some(Token { range, form, decoded })
        })
    }
}

/// The characters that a value alone decides in a token, in either alphabet, for each of the places
/// where it may begin in a group of three bytes.
pub(super) fn encoded_inside(value: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    let forms = Alphabet::BOTH.map(|alphabet| Form { alphabet, padded: false });
    let value = value.to_vec();
    LEADS.into_iter().enumerate().flat_map(move |(lead, skipped)| {
        let bytes = [&[0; 2][..lead], &value].concat();
        let whole = bytes.len() * 8 / 6;
        forms.map(|form| (lead, form.encode(&bytes).as_bytes()[skipped..whole].to_vec()))
    })
}

/// Whether this stands in tokens, of either alphabet.
pub(super) fn is_digit(byte: u8) -> bool {
    Alphabet::BOTH.into_iter().any(|alphabet| alphabet.has(byte))
}
