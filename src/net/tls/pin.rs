//! Pins: a key by which somebody is known.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use thiserror::Error;

/// What stands before the digest, as in curl's `--pinnedpubkey`.
const PREFIX: &str = "sha256//";

/// The SHA-256 digest of the public key of a certificate, its `SubjectPublicKeyInfo` (RFC 7469,
/// section 2.4). It is written as curl does: `sha256//` and base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; SHA256_OUTPUT_LEN]);

/// A text is no [`Pin`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no pin: write `sha256//` and the 44 characters that a listener's notice shows")]
pub struct PinError(String);

impl Pin {
    /// Of the key whose `SubjectPublicKeyInfo` this is, in DER.
    pub(super) fn of_key(info: &[u8]) -> Pin {
        let mut pin = Pin([0; SHA256_OUTPUT_LEN]);
        pin.0.copy_from_slice(digest(&SHA256, info).as_ref());
        pin
    }
}

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        let digest = text.strip_prefix(PREFIX).and_then(|base64| STANDARD.decode(base64).ok());
        let digest = digest.and_then(|digest| digest.try_into().ok());
        digest.map(Pin).ok_or_else(|| PinError(text.to_owned()))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", STANDARD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest of nothing, as FIPS 180-4's examples and every `sha256sum` have it.
    const NOTHING: &str = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn a_pin_is_read_and_printed_back() {
        assert_eq!(Pin::of_key(b"").to_string(), NOTHING);
        assert_eq!(NOTHING.parse(), Ok(Pin::of_key(b"")));
    }

    #[test]
    fn what_is_no_pin_is_told_with_what_would_be() {
        for text in ["", "sha256//", "sha256//AAAA", &NOTHING[1..], &NOTHING[..51], "sha256//=="] {
            let told = text.parse::<Pin>().unwrap_err().to_string();
            assert!(told.starts_with(&format!("`{text}` is no pin: write `sha256//`")), "{told}");
        }
    }
}
