//! A TLS handshake.

use std::io::{self, ErrorKind, Read};

use rustls::Connection;

use super::failure::TlsFailure;
use super::stream::TlsStream;
use crate::net::stream::{Stream, unless_interrupted};

/// The first byte of whatever speaks TLS: a record with a part of a handshake, or with an alert (RFC
/// 8446, section 5.1).
const FIRST_BYTES: [u8; 2] = [22, 21];

/// What a client that does not speak TLS is told, which many show to people.
const NO_TLS: &[u8] = b"-- this listener speaks TLS, and what came is no TLS\n";

/// The alert `access_denied` (RFC 8446, section 6.2), as it is said before anything is agreed upon.
const DENIED: [u8; 7] = [21, 3, 3, 0, 2, 2, 49];

/// Tells whoever speaks TLS there that it is not let in, once it has said something: what is unread when a
/// stream is dropped could take these words with it. Whether it was told.
///
/// # Errors
/// It is gone.
pub(in crate::net) fn deny(stream: &mut impl Stream) -> Result<bool, TlsFailure> {
    match unless_interrupted(|| stream.read(&mut [0; 4096])) {
        Ok(0) => Err(TlsFailure::Ended { silently: true }),
        Ok(_) => {
            // Nobody waits for these words to arrive.
            stream.write_all(&DENIED).ok();
            stream.shutdown_write().ok();
            Ok(true)
        }
        Err(err) if err.kind() == ErrorKind::WouldBlock => Ok(false),
        Err(err) => Err(TlsFailure::io(&err)),
    }
}

/// A handshake on its way. Advance it whenever its stream is ready.
#[derive(Debug)]
pub(in crate::net) struct Handshake<S> {
    under: Under<S>,
    tls: Box<Connection>,
}

/// How far a handshake has come.
#[derive(Debug)]
pub(in crate::net) enum Shaken<S> {
    /// It waits for its stream.
    Waits(Handshake<S>),
    /// It is done. What the peer has said since may have come already, and be in no event any more: read
    /// at once.
    Done(TlsStream<S>),
}

/// The stream below, and how what came from there began.
#[derive(Debug)]
struct Under<S> {
    stream: S,
    first: Option<u8>,
}

impl<S: Read> Read for Under<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.stream.read(buf)?;
        if n > 0 && self.first.is_none() {
            self.first = buf.first().copied();
        }
        Ok(n)
    }
}

impl<S: Stream> Handshake<S> {
    pub(in crate::net) fn new(under: S, tls: Connection) -> Self {
        Handshake { under: Under { stream: under, first: None }, tls: Box::new(tls) }
    }

    /// Goes as far as it can now.
    ///
    /// # Errors
    /// Why it comes to nothing; the peer has been told, as far as it listens.
    pub(in crate::net) fn advance(mut self) -> Result<Shaken<S>, TlsFailure> {
        match self.go_on() {
            Ok(()) => Ok(Shaken::Done(TlsStream::new(self.under.stream, self.tls))),
            Err(Stuck::Waits) => Ok(Shaken::Waits(self)),
            Err(Stuck::Failed(failure)) => {
                self.say_why(&failure);
                Err(failure)
            }
        }
    }

    fn go_on(&mut self) -> Result<(), Stuck> {
        loop {
            while self.tls.wants_write() {
                unless_interrupted(|| self.tls.write_tls(&mut self.under.stream))?;
            }
            if !self.tls.is_handshaking() {
                return Ok(());
            }
            if unless_interrupted(|| self.tls.read_tls(&mut self.under))? == 0 {
                let silently = self.under.first.is_none();
                return Err(Stuck::Failed(TlsFailure::Ended { silently }));
            }
            if self.under.first.is_some_and(|first| !FIRST_BYTES.contains(&first)) {
                return Err(Stuck::Failed(TlsFailure::NoTls));
            }
            self.tls.process_new_packets().map_err(|err| Stuck::Failed(TlsFailure::of(&err)))?;
        }
    }

    /// Nobody waits for these words to arrive.
    fn say_why(&mut self, failure: &TlsFailure) {
        let stream = &mut self.under.stream;
        if *failure == TlsFailure::NoTls {
            if matches!(*self.tls, Connection::Server(_)) {
                stream.write_all(NO_TLS).ok();
            }
        } else {
            while self.tls.wants_write() && self.tls.write_tls(stream).is_ok_and(|n| n > 0) {}
        }
        stream.shutdown_write().ok();
    }
}

/// Why a handshake does not go on.
enum Stuck {
    Waits,
    Failed(TlsFailure),
}

impl From<io::Error> for Stuck {
    fn from(err: io::Error) -> Stuck {
        match err.kind() {
            ErrorKind::WouldBlock => Stuck::Waits,
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
                Stuck::Failed(TlsFailure::Ended { silently: false })
            }
            _ => Stuck::Failed(TlsFailure::io(&err)),
        }
    }
}
