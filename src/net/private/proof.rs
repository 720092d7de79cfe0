//! A proof over TLS.

use std::fmt;
use std::io::{ErrorKind, Read, Write};

use super::exchange::{EXPORTER, Guest, GuestHears, Host, HostHears};
use super::{Code, ProofFailure};
use crate::net::stream::{Stream, unless_interrupted};
use crate::net::tls::TlsStream;
use crate::units::reason;

/// A proof on its way. Advance it whenever its stream is ready.
pub(in crate::net) struct Proof<S> {
    stream: TlsStream<S>,
    side: Side,
    /// What is still to be said.
    unsaid: Vec<u8>,
    /// All is proved as soon as that is said.
    proved: bool,
}

enum Side {
    Guest(Guest),
    Host(Host),
}

/// How far a proof has come.
#[derive(Debug)]
pub(in crate::net) enum Proving<S> {
    /// It waits for its stream.
    Waits(Proof<S>),
    /// The guess of a guest is in, and waits for [`Proof::admit`] or [`Proof::refuse`]; whether it is
    /// right.
    Guess(Proof<S>, bool),
    /// Both ends know the code.
    Done(TlsStream<S>),
}

/// Whether there is more to do.
enum Proved {
    Yes,
    Guess(bool),
    Waits,
}

impl<S: Stream> Proof<S> {
    /// A guest's, who has this code.
    ///
    /// # Errors
    /// TLS gives nothing to bind the proof to.
    pub(in crate::net) fn of_guest(
        stream: TlsStream<S>,
        code: &Code,
    ) -> Result<Self, ProofFailure> {
        let (guest, unsaid) = Guest::new(code, bound(&stream)?);
        Ok(Proof { stream, side: Side::Guest(guest), unsaid, proved: false })
    }

    /// A host's, who has this code.
    ///
    /// # Errors
    /// TLS gives nothing to bind the proof to.
    pub(in crate::net) fn of_host(stream: TlsStream<S>, code: Code) -> Result<Self, ProofFailure> {
        let side = Side::Host(Host::new(code, bound(&stream)?));
        Ok(Proof { stream, side, unsaid: Vec::new(), proved: false })
    }

    /// Goes as far as it can now.
    ///
    /// # Errors
    /// Why it comes to nothing.
    pub(in crate::net) fn advance(mut self) -> Result<Proving<S>, ProofFailure> {
        match self.go_on() {
            Ok(Proved::Waits) => Ok(Proving::Waits(self)),
            Ok(Proved::Guess(right)) => Ok(Proving::Guess(self, right)),
            Ok(Proved::Yes) => {
                self.stream.begin();
                Ok(Proving::Done(self.stream))
            }
            Err(failure) => {
                self.stream.shutdown_write().ok();
                Err(failure)
            }
        }
    }

    /// The guest whose guess this is may come in. Advance it.
    pub(in crate::net) fn admit(&mut self) {
        if let Side::Host(host) = &mut self.side {
            self.unsaid = host.verdict(true);
            self.proved = true;
        }
    }

    /// It may not. Nobody waits for this to arrive.
    pub(in crate::net) fn refuse(mut self) {
        if let Side::Host(host) = &mut self.side {
            self.unsaid = host.verdict(false);
            self.say().ok();
        }
        self.stream.shutdown_write().ok();
    }

    fn go_on(&mut self) -> Result<Proved, ProofFailure> {
        loop {
            if !self.say()? {
                return Ok(Proved::Waits);
            }
            if self.proved {
                return Ok(Proved::Yes);
            }
            let mut buf = [0; 64];
            let wanted = self.side.wants().min(buf.len());
            if wanted == 0 {
                return Err(ProofFailure::Foreign);
            }
            // No more than that, since what comes after the proof is the conversation.
            let n = match unless_interrupted(|| self.stream.read(&mut buf[..wanted])) {
                Ok(0) => return Err(ProofFailure::Ended),
                Ok(n) => n,
                Err(err) if err.kind() == ErrorKind::WouldBlock => return Ok(Proved::Waits),
                Err(err) => return Err(failed(&err)),
            };
            if let Some(right) = self.hear(&buf[..n])? {
                return Ok(Proved::Guess(right));
            }
        }
    }

    /// Whether all is said.
    fn say(&mut self) -> Result<bool, ProofFailure> {
        while !self.unsaid.is_empty() {
            match unless_interrupted(|| self.stream.write(&self.unsaid)) {
                Ok(n) => drop(self.unsaid.drain(..n)),
                Err(err) if err.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(err) => return Err(failed(&err)),
            }
        }
        match unless_interrupted(|| self.stream.flush()) {
            Ok(()) => Ok(true),
            Err(err) if err.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(err) => Err(failed(&err)),
        }
    }

    /// Hears what came; whether a guess is right, if that was one.
    fn hear(&mut self, bytes: &[u8]) -> Result<Option<bool>, ProofFailure> {
        match &mut self.side {
            Side::Guest(guest) => match guest.hears(bytes).map_err(|_| ProofFailure::Foreign)? {
                GuestHears::More => {}
                GuestHears::Say(said) => self.unsaid = said,
                GuestHears::Proved => self.proved = true,
                GuestHears::Refused => return Err(ProofFailure::Refused),
                GuestHears::Impostor => return Err(ProofFailure::Impostor),
            },
            Side::Host(host) => match host.hears(bytes).map_err(|_| ProofFailure::Foreign)? {
                HostHears::More => {}
                HostHears::Say(said) => self.unsaid = said,
                HostHears::Guess(right) => return Ok(Some(right)),
            },
        }
        Ok(None)
    }
}

impl Side {
    fn wants(&self) -> usize {
        match self {
            Side::Guest(guest) => guest.wants(),
            Side::Host(host) => host.wants(),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Proof<S> {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("stream", &self.stream).finish_non_exhaustive()
    }
}

fn bound<S: Stream>(stream: &TlsStream<S>) -> Result<[u8; 32], ProofFailure> {
    stream.export(EXPORTER).map_err(ProofFailure::Failed)
}

fn failed(err: &std::io::Error) -> ProofFailure {
    match err.kind() {
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => ProofFailure::Ended,
        _ => ProofFailure::Failed(reason(err)),
    }
}
