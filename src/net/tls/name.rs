//! Names in certificates, for people.

use crate::wire::Visible;

/// The attributes that people know by a name (RFC 4519, section 2; RFC 5280, section 4.1.2.4), by the
/// DER of their object identifiers.
const ATTRIBUTES: &[(&[u8], &str)] = &[
    (&[0x55, 4, 3], "CN"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "emailAddress"),
];

/// Tags of DER (X.690, section 8).
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
/// `BMPString`, which has two bytes a character.
const BMP: u8 = 0x1e;

/// The name whose DER this is, without its outermost tag: `CN=mail.example, O=Example`. What people do
/// not know by a name, or cannot be read, is left out.
pub(super) fn shown(mut name: &[u8]) -> String {
    let mut parts = Vec::new();
    while let Some((SET, mut set, rest)) = element(name) {
        name = rest;
        while let Some((SEQUENCE, pair, more)) = element(set) {
            set = more;
            parts.extend(attribute(pair));
        }
    }
    parts.join(", ")
}

fn attribute(pair: &[u8]) -> Option<String> {
    let (OID, oid, rest) = element(pair)? else { return None };
    let (tag, value, _) = element(rest)?;
    let (_, known) = ATTRIBUTES.iter().find(|(known, _)| *known == oid)?;
    if tag == BMP {
        let units = value.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
        let text: String =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        return Some(format!("{known}={}", Visible(text.as_bytes())));
    }
    Some(format!("{known}={}", Visible(value)))
}

/// The first element: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk()?;
    let (len, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // No name is longer than two bytes can say: a certificate of 64 KiB is refused before.
        0x81 => rest.split_first().map(|(len, rest)| (usize::from(*len), rest))?,
        0x82 => {
            let (len, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*len)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let len = u8::try_from(content.len()).unwrap();
        let head = if len < 0x80 { vec![tag, len] } else { vec![tag, 0x81, len] };
        [&head[..], content].concat()
    }

    fn one(oid: &[u8], tag: u8, value: &[u8]) -> Vec<u8> {
        der(SET, &der(SEQUENCE, &[der(OID, oid), der(tag, value)].concat()))
    }

    #[test]
    fn a_name_is_shown_with_what_people_know() {
        let name = [
            one(&[0x55, 4, 10], 0x13, b"Acme"),
            one(&[0x55, 4, 5], 0x13, b"4711"),
            one(&[0x55, 4, 3], 0x0c, "caf\u{e9}.example".as_bytes()),
            one(&[0x55, 4, 11], BMP, b"\0R\0&\0D"),
            one(&[0x55, 4, 8], 0x0c, &[b'x'; 130]),
        ];
        let long = "x".repeat(130);
        assert_eq!(
            shown(&name.concat()),
            format!("O=Acme, CN=caf\u{e9}.example, OU=R&D, ST={long}")
        );
        assert_eq!(shown(&[]), "");
    }

    #[test]
    fn what_a_terminal_would_run_is_escaped() {
        let name = one(&[0x55, 4, 3], 0x0c, b"\x1b[31mred\n\xff");
        assert_eq!(shown(&name), "CN=\\x1b[31mred\\n\\xff");
    }

    proptest! {
        #[test]
        fn any_bytes_are_shown_or_left_out(
            bytes in prop::collection::vec(prop_oneof![Just(SET), Just(SEQUENCE), Just(OID), 0u8..9, any::<u8>()], 0..40),
        ) {
            let text = shown(&bytes);
            prop_assert!(!text.contains(|c: char| c.is_control()));
        }
    }
}
