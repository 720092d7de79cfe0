//! The streams that a conn can be made of.

use std::io::{self, ErrorKind, IoSlice, Read, Write};

use mio::event::Source;
use mio::{Interest, Registry, Token};

use super::portion::{Portion, Pour};
use super::socket::Socket;
use super::tls::{TlsStart, TlsStream};
use crate::session::Secured;

/// What a stream that hands out records has at most in one: that of TLS 1.3 (RFC 8446, section 5.1), in
/// bytes.
pub(super) const RECORD: usize = 16 << 10;

/// A non-blocking stream of bytes in both directions.
///
/// A write is followed by others until one would block, and then by [`Write::flush`], which passes on
/// what the stream itself holds back and may block as well.
pub trait Stream: Read + Pour {
    /// Whether a read that fills less than it was offered has taken all there was: so it is with a
    /// socket, not with a stream that hands out one record at a time.
    fn short_read_is_all(&self) -> bool;

    /// Reads into the spare capacity of `into`, where there is some, and tells how much.
    ///
    /// # Errors
    /// As of any read.
    fn read_spare(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        let mut record = [0; RECORD];
        let room = RECORD.min(into.capacity() - into.len());
        let n = self.read(&mut record[..room])?;
        into.extend_from_slice(&record[..n]);
        Ok(n)
    }

    /// Tells the peer that it will hear no more. Where that would block, it is to be called again.
    fn shutdown_write(&mut self) -> io::Result<()>;

    /// Makes the coming drop a reset for the peer, where the stream knows resets.
    fn reset_on_drop(&mut self);

    /// What has happened to the stream that no read or write has told of yet.
    fn take_error(&mut self) -> Option<io::Error>;

    /// Whether the end that was read may have come from somebody else than the peer, who could have had
    /// more to say.
    fn is_cut(&self) -> bool {
        false
    }

    /// How many bytes that were written the stream holds back, more or less: none where it holds none.
    fn held(&self) -> usize {
        0
    }
}

/// Does it again where a signal came between.
pub(super) fn unless_interrupted<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match act() {
            Err(err) if err.kind() == ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// What [`super::Listener`] and [`super::Dialer`] hand out.
#[derive(Debug)]
pub enum NetStream {
    /// Bytes as they are.
    Plain(Socket),
    /// The same over TLS.
    Tls(Box<TlsStream<Socket>>),
}

impl NetStream {
    /// The same over TLS from here on. What was written before must have been passed on. Over TLS there is
    /// no TLS: such a stream stays as it is.
    #[must_use]
    pub fn over_tls(self, start: TlsStart) -> NetStream {
        match self {
            NetStream::Plain(socket) => NetStream::Tls(Box::new(TlsStream::new(socket, start.0))),
            NetStream::Tls(_) => self,
        }
    }

    /// Whether TLS is spoken here, agreed upon or not.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(self, NetStream::Tls(_))
    }

    /// How it came to be secure; nothing as long as it is not.
    #[must_use]
    pub fn secured(&self, verified: bool) -> Option<Secured> {
        match self {
            NetStream::Tls(stream) if !stream.is_shaking() => Some(stream.secured(verified)),
            _ => None,
        }
    }

    fn stream(&mut self) -> &mut dyn Stream {
        match self {
            NetStream::Plain(socket) => socket,
            NetStream::Tls(stream) => &mut **stream,
        }
    }

    fn socket(&mut self) -> &mut Socket {
        match self {
            NetStream::Plain(socket) => socket,
            NetStream::Tls(stream) => stream.under_mut(),
        }
    }
}

impl Read for NetStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.stream().read(buf)
    }
}

impl Write for NetStream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.stream().write(buf)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream().write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream().flush()
    }
}

impl Pour for NetStream {
    fn pour(&mut self, portion: &Portion) -> io::Result<Option<usize>> {
        self.stream().pour(portion)
    }
}

impl Stream for NetStream {
    fn read_spare(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        self.stream().read_spare(into)
    }

    fn short_read_is_all(&self) -> bool {
        match self {
            NetStream::Plain(socket) => socket.short_read_is_all(),
            NetStream::Tls(stream) => stream.short_read_is_all(),
        }
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.stream().shutdown_write()
    }

    fn reset_on_drop(&mut self) {
        self.stream().reset_on_drop();
    }

    fn take_error(&mut self) -> Option<io::Error> {
        self.stream().take_error()
    }

    fn is_cut(&self) -> bool {
        match self {
            NetStream::Plain(socket) => socket.is_cut(),
            NetStream::Tls(stream) => stream.is_cut(),
        }
    }

    fn held(&self) -> usize {
        match self {
            NetStream::Plain(socket) => socket.held(),
            NetStream::Tls(stream) => stream.held(),
        }
    }
}

impl Source for NetStream {
    fn register(&mut self, to: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.socket().register(to, token, interests)
    }

    fn reregister(&mut self, to: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.socket().reregister(to, token, interests)
    }

    fn deregister(&mut self, from: &Registry) -> io::Result<()> {
        self.socket().deregister(from)
    }
}
