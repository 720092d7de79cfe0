//! What `telnet` clients send besides text.

use bytes::Bytes;
use memchr::memchr;

const IAC: u8 = 255;
const SB: u8 = 250;
const SE: u8 = 240;
const NOP: u8 = 241;
const GA: u8 = 249;
const WILL: u8 = 251;
const DONT: u8 = 254;

/// The longest subnegotiation that is taken for one; a longer one is data.
///
/// RFC 1091 terminal types end at 40 characters; an environment (RFC 1572) seldom passes this.
const LONGEST: usize = 512;

/// Removes well-formed telnet negotiation (RFC 854) from what a guest says.
///
/// Everything else passes, in order: `0xFF 0xFF`, a lone `0xFF`, a sequence that breaks off.
#[derive(Debug, Default)]
pub struct Telnet {
    held: Vec<u8>,
}

enum Found {
    Negotiation(usize),
    Data(usize),
    Unfinished,
}

impl Telnet {
    /// What of `bytes` is text, and into `removed`, what was negotiation. Bytes that may begin a
    /// negotiation are held back until the next read or [`Telnet::release`].
    pub fn filter(&mut self, bytes: Bytes, removed: &mut Vec<u8>) -> Bytes {
        if self.held.is_empty() && memchr(IAC, &bytes).is_none() {
            return bytes;
        }
        let mut input = std::mem::take(&mut self.held);
        input.extend_from_slice(&bytes);
        let (mut text, mut rest) = (Vec::with_capacity(input.len()), &*input);
        while let Some(at) = memchr(IAC, rest) {
            text.extend_from_slice(&rest[..at]);
            rest = &rest[at..];
            match measure(rest) {
                Found::Negotiation(len) => {
                    removed.extend_from_slice(&rest[..len]);
                    rest = &rest[len..];
                }
                Found::Data(len) => {
                    text.extend_from_slice(&rest[..len]);
                    rest = &rest[len..];
                }
                Found::Unfinished => {
                    self.held = rest.to_vec();
                    rest = &[];
                }
            }
        }
        text.extend_from_slice(rest);
        text.into()
    }

    /// Whether bytes are held back.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// What was held back, and was no negotiation after all.
    pub fn release(&mut self) -> Bytes {
        std::mem::take(&mut self.held).into()
    }
}

/// What stands at the start of `bytes`, which begin with IAC.
fn measure(bytes: &[u8]) -> Found {
    match bytes {
        [_] | [_, WILL..=DONT] => Found::Unfinished,
        [_, NOP..=GA, ..] => Found::Negotiation(2),
        [_, WILL..=DONT, ..] => Found::Negotiation(3),
        [_, SB, rest @ ..] => match end_of_subnegotiation(&rest[..rest.len().min(LONGEST)]) {
            Some(len) => Found::Negotiation(2 + len),
            None if rest.len() < LONGEST => Found::Unfinished,
            None => Found::Data(1),
        },
        [_, IAC, ..] => Found::Data(2),
        _ => Found::Data(1),
    }
}

fn end_of_subnegotiation(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(iac) = memchr(IAC, bytes.get(at..)?) {
        match bytes.get(at + iac + 1)? {
            &SE => return Some(at + iac + 2),
            _ => at += iac + 2,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filter(reads: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
        let (mut telnet, mut text, mut removed) = (Telnet::default(), Vec::new(), Vec::new());
        for read in reads {
            text.extend(telnet.filter(Bytes::copy_from_slice(read), &mut removed));
        }
        text.extend(telnet.release());
        (text, removed)
    }

    #[test]
    fn negotiation_goes_and_text_stays() {
        let (text, removed) =
            filter(&[b"\xff\xfd\x03\xff\xfb\x18hi\xff\xfa\x18\0VT\xff\xff\xff\xf0\r\n\xff\xf1"]);
        assert_eq!(text, b"hi\r\n");
        assert_eq!(removed, b"\xff\xfd\x03\xff\xfb\x18\xff\xfa\x18\0VT\xff\xff\xff\xf0\xff\xf1");
    }

    #[test]
    fn what_is_no_negotiation_stays() {
        for data in [&b"\xff\0a"[..], b"\xff\xff", b"a\xff", b"\xff\xfa never ended", b"\xff\xfb"] {
            assert_eq!(filter(&[data]), (data.to_vec(), Vec::new()));
        }
    }

    #[test]
    fn a_subnegotiation_that_is_too_long_is_data_also_in_one_read() {
        for (len, is_data) in [(LONGEST - 2, false), (LONGEST - 1, true), (LONGEST, true)] {
            let said = [b"\xff\xfa", &*b"x".repeat(len), b"\xff\xf0."].concat();
            let bytes: Vec<&[u8]> = said.chunks(1).collect();
            let text = filter(&[&said]).0;
            assert_eq!(text, if is_data { &*said } else { b"." }, "{len}");
            assert_eq!(filter(&bytes).0, text, "{len}");
        }
    }

    proptest! {
        #[test]
        fn cuts_between_reads_change_nothing(
            said in prop::collection::vec(prop::sample::select(&[255_u8, 250, 240, 241, 251, 253, 1, b'a', b'\n'][..]), 0..40),
        ) {
            let bytes: Vec<&[u8]> = said.chunks(1).collect();
            prop_assert_eq!(filter(&bytes), filter(&[&said]));
        }
    }
}
