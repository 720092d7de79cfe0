//! What steps can set.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memchr;

use crate::matching::{Secrets, Vars};
use crate::wire::{Block, Encoding, Eol};

/// What steps can set, and the command line sets first.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The variables.
    pub vars: Vars,
    /// How long a wait lasts.
    pub timeout: Duration,
    /// The line end of what is sent.
    pub eol: Eol,
    /// How peers write text: what they say is read so, and text is said so.
    pub encoding: Encoding,
    /// The values that are not to be seen.
    pub secrets: Secrets,
}

impl Settings {
    /// Text lines as they are to be sent: each with the line end that is set, whatever its own is. One
    /// piece, or one a line where lines are to have no end, since each is said on its own.
    pub(super) fn eol_applied(&self, text: &Bytes) -> Vec<Bytes> {
        let as_is = self.eol == Eol::Lf && text.ends_with(b"\n") && memchr(b'\r', text).is_none();
        if as_is {
            return vec![text.clone()];
        }
        let Some(block) = Block::new(text.clone()) else { return vec![self.eol.as_str().into()] };
        if self.eol == Eol::None {
            return block.lines().map(|line| text.slice_ref(line.text)).collect();
        }
        let mut out = BytesMut::with_capacity(text.len() + text.len() / 8 + 2);
        for line in block.lines() {
            out.put_slice(line.text);
            out.put_slice(self.eol.as_str().as_bytes());
        }
        vec![out.freeze()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(eol: Eol, text: &'static [u8]) -> Vec<Bytes> {
        let timeout = Duration::from_secs(5);
        let (vars, secrets) = (Vars::default(), Secrets::default());
        let encoding = Encoding::UTF_8;
        Settings { vars, timeout, eol, encoding, secrets }.eol_applied(&Bytes::from_static(text))
    }

    #[test]
    fn line_ends_are_normalised_once() {
        assert_eq!(sent(Eol::CrLf, b"a\nb\r\nc"), [&b"a\r\nb\r\nc\r\n"[..]]);
        assert_eq!(sent(Eol::Lf, b"a\r\nb\n"), [&b"a\nb\n"[..]]);
        assert_eq!(sent(Eol::Lf, b"a\n\nb"), [&b"a\n\nb\n"[..]]);
        assert_eq!(sent(Eol::None, b"a\nb\n"), [&b"a"[..], b"b"]);
    }

    #[test]
    fn a_bare_cr_is_text() {
        assert_eq!(sent(Eol::Lf, b"a\rb\n"), [&b"a\rb\n"[..]]);
    }
}
