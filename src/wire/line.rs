//! A line and its end.

use bytes::{BufMut, Bytes, BytesMut};

/// The line end that a line had, or that a line sent is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Eol {
    /// `\n`.
    #[default]
    Lf,
    /// `\r\n`.
    CrLf,
    /// None: a partial line.
    None,
}

impl Eol {
    /// The bytes of it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Eol::Lf => "\n",
            Eol::CrLf => "\r\n",
            Eol::None => "",
        }
    }

    /// The line end that consists of just these bytes.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Eol> {
        [Eol::Lf, Eol::CrLf, Eol::None].into_iter().find(|eol| eol.as_str() == text)
    }

    /// The line end that `--eol` and `/eol` call by this name: `lf`, `crlf`, `none`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Eol> {
        [Eol::Lf, Eol::CrLf, Eol::None].into_iter().find(|eol| eol.name() == name)
    }

    /// What `--eol` and `/eol` call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Eol::Lf => "lf",
            Eol::CrLf => "crlf",
            Eol::None => "none",
        }
    }
}

/// Bytes up to and without their line end, and that line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Line<'a> {
    /// The bytes before the line end.
    pub text: &'a [u8],
    /// The line end; [`Eol::None`] for a partial line.
    pub eol: Eol,
}

impl<'a> Line<'a> {
    /// The line that these bytes are: at most one `\n`, at their end. A `\r` before it belongs to the eol.
    #[must_use]
    pub fn cut(bytes: &'a [u8]) -> Line<'a> {
        match bytes {
            [text @ .., b'\r', b'\n'] => Line { text, eol: Eol::CrLf },
            [text @ .., b'\n'] => Line { text, eol: Eol::Lf },
            text => Line { text, eol: Eol::None },
        }
    }
}

/// `text` followed by `eol`.
#[must_use]
pub fn with_eol(text: &[u8], eol: Eol) -> Bytes {
    let mut bytes = BytesMut::with_capacity(text.len() + eol.as_str().len());
    bytes.put_slice(text);
    bytes.put_slice(eol.as_str().as_bytes());
    bytes.freeze()
}
