//! A stream over TLS.

use std::io::{self, ErrorKind, IoSlice, Read, Write};

use rustls::{Connection, ProtocolVersion};

use super::ahead::Ahead;
use super::certificate::Certificate;
use super::failure::{self, TlsFailure};
use crate::net::portion::Pour;
use crate::net::stream::{RECORD, Stream};
use crate::session::Secured;

/// What a seal adds to a record at most: header, nonce and tag of TLS 1.2 (RFC 5288, section 3).
const SEAL: usize = 29;

/// A stream whose handshake is done, or goes on with what is read and written: what is written is sealed
/// before it goes to the stream below, and what is read from there is opened.
///
/// Our half-close is the alert `close_notify`, and then that of the stream below. Where a peer ends
/// without one, somebody in between could have cut off what it had yet to say (RFC 8446, section 6.1).
/// Many programs do end so (ncat, Python's `ssl`, OpenSSL's `s_server` with TLS 1.2), which is why it is
/// an error only within a line; else it is an end that [`Stream::is_cut`].
#[derive(Debug)]
pub struct TlsStream<S> {
    under: S,
    tls: Box<Connection>,
    ahead: Ahead,
    /// So many bytes at most are sealed, of what was written, and have not left.
    sealed: usize,
    /// We have said that we will say no more.
    ended: bool,
    /// What came last did not end a line.
    within_line: bool,
    /// The peer ended without saying that it would.
    cut: bool,
}

impl<S: Stream> TlsStream<S> {
    pub(in crate::net) fn new(under: S, tls: Box<Connection>) -> Self {
        TlsStream {
            under,
            tls,
            ahead: Ahead::default(),
            sealed: 0,
            ended: false,
            within_line: false,
            cut: false,
        }
    }

    /// Whether the handshake is still to be done.
    pub(in crate::net) fn is_shaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// What both ends of this session share, and nobody else knows (RFC 8446, section 7.5): with 1.2 that
    /// is not so for whoever stands in between without an extension (RFC 7627), so it is refused there.
    ///
    /// # Errors
    /// Why there is no such thing.
    pub(in crate::net) fn export(&self, label: &[u8]) -> Result<[u8; 32], String> {
        if self.tls.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
            return Err("TLS 1.3 is not spoken".to_owned());
        }
        let exported = self.tls.export_keying_material([0; 32], label, None);
        exported.map_err(|err| err.to_string())
    }

    /// What was said so far is no part of the conversation, which begins here.
    pub(in crate::net) fn begin(&mut self) {
        self.within_line = false;
    }

    /// The stream below.
    pub(in crate::net) fn under_mut(&mut self) -> &mut S {
        &mut self.under
    }

    /// How this stream came to be secure, for people. Whether the peer was verified is the caller's to
    /// say.
    pub(in crate::net) fn secured(&self, verified: bool) -> Secured {
        let shown = self.tls.peer_certificates().and_then(|chain| chain.first());
        let certificate = shown.and_then(Certificate::read);
        Secured {
            version: match self.tls.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => "1.2",
                _ => "1.3",
            },
            cipher: self
                .tls
                .negotiated_cipher_suite()
                .map_or_else(String::new, |suite| format!("{:?}", suite.suite())),
            pin: certificate.as_ref().map(|certificate| certificate.pin.to_string()),
            subject: certificate.map(|certificate| certificate.subject),
            verified,
        }
    }

    /// Takes in what there is below, and opens it.
    fn take_in(&mut self) -> io::Result<()> {
        self.ahead.fill(&mut self.under)?;
        self.tls.read_tls(&mut self.ahead)?;
        match self.tls.process_new_packets() {
            Ok(_) => {
                // An answer that TLS itself gives, such as to a change of keys. What fails here fails
                // again when something is said, and what the peer has said can still be read.
                self.pass_on().ok();
                Ok(())
            }
            Err(err) => {
                self.pass_on().ok(); // says why to the peer
                Err(failure::broken(&err))
            }
        }
    }

    /// The stream below ended, and the peer had not said so.
    fn cut_short(&mut self) -> io::Result<usize> {
        self.cut = true;
        if self.tls.is_handshaking() {
            let said = TlsFailure::Ended { silently: false }.to_string();
            return Err(io::Error::new(ErrorKind::UnexpectedEof, said));
        }
        if self.within_line {
            let said = "it ended within a line and without close_notify: something may be missing";
            return Err(io::Error::new(ErrorKind::UnexpectedEof, said));
        }
        Ok(0)
    }

    /// Hands what is sealed to the stream below; what blocks is an error here.
    fn pass_on(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.under) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(taken) => self.sealed = self.sealed.saturating_sub(taken),
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                Err(err) => return Err(err),
            }
        }
        if !self.tls.is_handshaking() {
            self.sealed = 0;
        }
        Ok(())
    }
}

impl<S: Stream> Read for TlsStream<S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls.reader().read(buf) {
                Err(err) if err.kind() == ErrorKind::WouldBlock => self.take_in()?,
                Err(err) if err.kind() == ErrorKind::UnexpectedEof => return self.cut_short(),
                Ok(n) if n > 0 => {
                    self.within_line = !buf[..n].ends_with(b"\n");
                    return Ok(n);
                }
                end => return end,
            }
        }
    }
}

impl<S: Stream> Write for TlsStream<S> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    /// What was sealed before goes first. So one write seals as much as rustls holds, 64 KiB, and that
    /// leaves in one write to the stream below.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.ended {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.pass_on()?;
        let taken = self.tls.writer().write_vectored(slices)?;
        if taken == 0 && slices.iter().any(|slice| !slice.is_empty()) {
            return Err(ErrorKind::WouldBlock.into()); // no more is kept until TLS is agreed upon
        }
        self.sealed += taken + taken.div_ceil(RECORD) * SEAL;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.under.flush()
    }
}

impl<S: Stream> Pour for TlsStream<S> {}

impl<S: Stream> Stream for TlsStream<S> {
    /// A read hands out one record or two, and there may be more.
    fn short_read_is_all(&self) -> bool {
        false
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        if !std::mem::replace(&mut self.ended, true) {
            self.tls.send_close_notify();
        }
        self.flush()?;
        self.under.shutdown_write()
    }

    fn reset_on_drop(&mut self) {
        self.under.reset_on_drop();
    }

    fn take_error(&mut self) -> Option<io::Error> {
        self.under.take_error()
    }

    fn is_cut(&self) -> bool {
        self.cut
    }

    fn held(&self) -> usize {
        if self.tls.wants_write() || self.tls.is_handshaking() { self.sealed } else { 0 }
    }
}
