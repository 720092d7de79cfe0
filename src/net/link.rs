//! A connection that stands.

use super::socket::Socket;
use super::stream::NetStream;
use super::tls::TlsStream;
use crate::session::Secured;

/// A connection that stands, as [`super::Listener`] and [`super::Dialer`] hand it out.
#[derive(Debug)]
pub struct Link {
    /// Its stream, which is not registered.
    pub stream: NetStream,
    /// The peer's address for people: `127.0.0.1:6379`, `unix:/path`; that of a server with what it
    /// takes to come there again, `tls:127.0.0.1:6380`.
    pub addr: String,
    /// How it came to be secure, if it is.
    pub secured: Option<Box<Secured>>,
}

impl Link {
    pub(super) fn plain(socket: Socket, addr: String) -> Link {
        Link { stream: NetStream::Plain(socket), addr, secured: None }
    }

    pub(super) fn secured(stream: TlsStream<Socket>, addr: String, verified: bool) -> Link {
        let secured = Some(Box::new(stream.secured(verified)));
        Link { stream: NetStream::Tls(Box::new(stream)), addr, secured }
    }
}
