//! Guests whose TLS handshake, or whose proof of a code, is on its way: nobody hears of them before it is
//! done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mio::{Interest, Registry, Token};
use thiserror::Error;

use super::link::Link;
use super::listener::{AcceptError, Accepted};
use super::network::Network;
use super::private::{Code, CodeBook, Gate, Guess, Judged, Proof, ProofFailure, Proving};
use super::socket::Socket;
use super::tls::{Acceptor, Handshake, Pin, Shaken, TlsFailure, TlsStream, deny};
use crate::units::At;

/// The first token of those that stand for guests who knock; those below are the driver's.
pub const KNOCKS: Token = Token(usize::MAX / 2);

/// How long a handshake, and a proof with it, may take: as long as a client waits for a connection. Both
/// together take four round trips.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many knock at once; who has knocked longest makes room for more. Whoever is honest is done after
/// a few round trips, and is the one who goes only if so many have come after it within these.
const MOST: usize = 1024;

/// Why a guest was not let in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Barred {
    /// There is no TLS with it.
    #[error("{0}")]
    Tls(#[from] TlsFailure),
    /// It proved no code.
    #[error("{0}")]
    Proof(#[from] ProofFailure),
    /// Nobody is let in who comes from there.
    #[error("its address is not in --allow")]
    NotAllowed,
}

impl Barred {
    /// Whether it came and went without a word.
    #[must_use]
    pub fn only_looked(&self) -> bool {
        *self == Barred::Tls(TlsFailure::Ended { silently: true })
    }
}

/// Guests who knock.
#[derive(Debug)]
pub(super) struct Knocking {
    acceptor: Acceptor,
    /// Where only the invited are let in.
    gate: Option<Gate<Socket>>,
    /// The networks from which anybody may come at all, where there are such.
    allow: Option<Vec<Network>>,
    /// In the order in which they came, so that the first has the least time left.
    guests: BTreeMap<usize, Knock>,
    next: usize,
    /// Those to whom something happened.
    stirred: BTreeSet<usize>,
}

#[derive(Debug)]
struct Knock {
    stage: Stage,
    addr: String,
    came: At,
}

#[derive(Debug)]
enum Stage {
    /// It comes from where nobody is let in, and is yet to be told so.
    Denied(Socket),
    Shaking(Handshake<Socket>),
    /// A proof, and the number of the code that it is about.
    Proving(Box<Proof<Socket>>, u64),
}

/// What a stage led to.
enum Staged {
    Waits(Stage),
    Guess(Box<Proof<Socket>>, u64, bool),
    In(Box<TlsStream<Socket>>),
}

impl Knock {
    fn until(&self) -> At {
        self.came + PATIENCE
    }

    fn stalled(self, now: At) -> Accepted {
        let after = now.since(self.came);
        let why = match self.stage {
            Stage::Denied(_) => Barred::NotAllowed,
            Stage::Shaking(_) => TlsFailure::Stalled { after }.into(),
            Stage::Proving(..) => ProofFailure::Stalled { after }.into(),
        };
        Accepted::Turned { addr: self.addr, why }
    }
}

impl Stage {
    fn advance(self, gate: Option<&Gate<Socket>>) -> Result<Staged, Barred> {
        let (proof, number) = match (self, gate) {
            (Stage::Denied(mut socket), _) => {
                let told = deny(&mut socket)?;
                let waits = Staged::Waits(Stage::Denied(socket));
                return if told { Err(Barred::NotAllowed) } else { Ok(waits) };
            }
            (Stage::Shaking(handshake), gate) => match (handshake.advance()?, gate) {
                (Shaken::Waits(handshake), _) => {
                    return Ok(Staged::Waits(Stage::Shaking(handshake)));
                }
                (Shaken::Done(stream), None) => return Ok(Staged::In(Box::new(stream))),
                // What the guest has said since may have come already.
                (Shaken::Done(stream), Some(gate)) => gate.meet(stream)?,
            },
            (Stage::Proving(proof, number), _) => (*proof, number),
        };
        Ok(match proof.advance()? {
            Proving::Waits(proof) => Staged::Waits(Stage::Proving(Box::new(proof), number)),
            Proving::Guess(proof, right) => Staged::Guess(Box::new(proof), number, right),
            Proving::Done(stream) => Staged::In(Box::new(stream)),
        })
    }
}

impl Knocking {
    pub(super) fn new(acceptor: Acceptor) -> Knocking {
        Knocking {
            acceptor,
            gate: None,
            allow: None,
            guests: BTreeMap::new(),
            next: 0,
            stirred: BTreeSet::new(),
        }
    }

    /// The same, for guests who know a code, and come from one of these networks where there are any: from
    /// elsewhere nobody can make a guess, and so none that makes the code void.
    pub(super) fn private(
        acceptor: Acceptor,
        book: CodeBook,
        allow: Option<Vec<Network>>,
    ) -> Knocking {
        Knocking { gate: Some(Gate::new(book)), allow, ..Knocking::new(acceptor) }
    }

    /// What guests may know us by. Those who are invited need not.
    pub(super) fn pin(&self) -> Option<Pin> {
        self.acceptor.pin().filter(|_| self.gate.is_none())
    }

    /// Whether only the invited are let in.
    pub(super) fn is_private(&self) -> bool {
        self.gate.is_some()
    }

    /// The code that guests need, where a person is to be shown it.
    pub(super) fn code(&self) -> Option<&Code> {
        self.gate.as_ref().and_then(Gate::shown)
    }

    /// Something happened to the guest of this token.
    pub(super) fn stir(&mut self, token: Token) {
        let id = token.0.saturating_sub(KNOCKS.0);
        if self.guests.contains_key(&id) {
            self.stirred.insert(id);
        }
    }

    /// Whether somebody may have come further.
    pub(super) fn is_stirred(&self) -> bool {
        !self.stirred.is_empty()
    }

    /// When somebody has had enough time, or a guess has its turn.
    pub(super) fn deadline(&self) -> Option<At> {
        let first = self.guests.first_key_value().map(|(_, knock)| knock.until());
        first.into_iter().chain(self.gate.as_ref().and_then(Gate::deadline)).min()
    }

    /// Somebody new has come. Who makes room for it is turned away.
    pub(super) fn add(
        &mut self,
        mut socket: Socket,
        addr: String,
        (registry, now): (&Registry, At),
    ) -> Result<Accepted, AcceptError> {
        let id = self.next;
        self.next += 1;
        let both = Interest::READABLE | Interest::WRITABLE;
        let token = Token(KNOCKS.0 + id);
        registry.register(&mut socket, token, both).map_err(AcceptError::Failed)?;
        let allow = self.allow.as_deref();
        let stage = if allow.is_some_and(|allow| !Network::any_contains(allow, &addr)) {
            Stage::Denied(socket)
        } else {
            match self.acceptor.connection() {
                Ok(tls) => Stage::Shaking(Handshake::new(socket, tls)),
                Err(why) => return Ok(Accepted::Turned { addr, why: why.into() }),
            }
        };
        self.guests.insert(id, Knock { stage, addr, came: now });
        self.stirred.insert(id);
        let waiting = self.gate.as_ref().map_or(0, Gate::waiting);
        let is_full = self.guests.len() + waiting > MOST;
        Ok(if is_full { self.make_room(now) } else { None }.unwrap_or(Accepted::Stepped))
    }

    /// Turns away who has knocked longest; one whose guess is in only where there is nobody else.
    pub(super) fn make_room(&mut self, now: At) -> Option<Accepted> {
        if let Some((id, oldest)) = self.guests.pop_first() {
            self.stirred.remove(&id);
            return Some(oldest.stalled(now));
        }
        let Guess { addr, came, .. } = self.gate.as_mut().and_then(Gate::make_room)?;
        let why = ProofFailure::Stalled { after: now.since(came) }.into();
        Some(Accepted::Turned { addr, why })
    }

    /// Takes one of them further, if there is one to whom something happened, or who has had its time.
    pub(super) fn step(&mut self, registry: &Registry, now: At) -> Option<Accepted> {
        if let Some(judged) = self.gate.as_mut().and_then(|gate| gate.step(now)) {
            return Some(self.judged(judged, registry));
        }
        if self.guests.first_key_value().is_some_and(|(_, knock)| knock.until() <= now) {
            return self.make_room(now);
        }
        let id = self.stirred.pop_first()?;
        let knock = self.guests.remove(&id)?;
        Some(self.advance(id, knock, registry))
    }

    fn advance(&mut self, id: usize, knock: Knock, registry: &Registry) -> Accepted {
        let Knock { stage, addr, came } = knock;
        match stage.advance(self.gate.as_ref()) {
            Ok(Staged::Waits(stage)) => {
                self.guests.insert(id, Knock { stage, addr, came });
                Accepted::Stepped
            }
            Ok(Staged::Guess(proof, number, right)) => {
                if let Some(gate) = &mut self.gate {
                    gate.takes(Guess { proof: *proof, addr, id, came, number, right });
                }
                Accepted::Stepped
            }
            Ok(Staged::In(mut stream)) => match registry.deregister(stream.under_mut()) {
                Ok(()) => Accepted::Guest(Link::secured(*stream, addr, true)),
                Err(err) => Accepted::Turned { addr, why: TlsFailure::io(&err).into() },
            },
            Err(why) => Accepted::Turned { addr, why },
        }
    }

    fn judged(&mut self, judged: Judged<Socket>, registry: &Registry) -> Accepted {
        match judged {
            Judged::Right(guess) => {
                let Guess { proof, addr, id, came, number, .. } = *guess;
                let stage = Stage::Proving(Box::new(proof), number);
                self.advance(id, Knock { stage, addr, came }, registry)
            }
            Judged::Wrong { addr, left } => Accepted::Guessed { addr, left },
            Judged::Void { addr } => Accepted::Turned { addr, why: ProofFailure::Void.into() },
            Judged::Renewed(code) => Accepted::Renewed(code),
        }
    }
}

#[cfg(test)]
mod tests;
