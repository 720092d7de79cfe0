//! TLS 1.2 and 1.3, by rustls and ring.
//!
//! [`Tls`] is what the options say about it. A [`Handshake`] makes a stream of bytes a [`TlsStream`],
//! which a [`Conn`](super::Conn) is made of like any other stream; no conn is told of before its
//! handshake is done. Sessions are not resumed: a peer is verified each time.

mod ahead;
mod certificate;
mod failure;
mod files;
mod handshake;
mod identity;
mod name;
mod options;
mod pin;
mod refusal;
mod stream;
#[cfg(test)]
mod tests;
mod verify;

pub use certificate::Certificate;
pub use failure::TlsFailure;
pub use files::TlsFileError;
pub(super) use handshake::{Handshake, Shaken, deny};
pub use options::{Acceptor, Tls, TlsName, TlsNameError, TlsOptions, TlsStart};
pub use pin::{Pin, PinError};
pub use refusal::{Distrust, Refusal};
pub use stream::TlsStream;
