//! Connecting to an address, without blocking.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use mio::{Interest, Registry, Token, Waker};

use super::addr::{Address, Endpoint, TLS};
use super::descriptor::Descriptors;
use super::dial_error::{DialError, DialFailure};
use super::link::Link;
use super::lookup;
use super::private::{Code, Proof, ProofFailure, Proving};
use super::race::{Race, Standing, Target};
use super::socket::Socket;
use super::tls::{Handshake, Shaken, Tls, TlsFailure, TlsStream};
use crate::units::{At, reason};

/// The first pause between two rounds of a [`DialOptions::retry`]: many a server that is being started
/// beside us is there within one or two of them.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// The longest pause: seldom enough for a machine that is down, and soon enough for who waits for it.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How to connect.
#[derive(Debug, Clone)]
pub struct DialOptions {
    /// What one round may last: the lookup, an attempt at each address, and a TLS handshake.
    pub connect_timeout: Duration,
    /// For how long new rounds are begun after one that failed for a reason that may pass: nobody
    /// listens yet, the name or the unix socket is not there yet, no answer. Zero: one round.
    pub retry: Duration,
    /// The descriptors that the stream may take.
    pub descriptors: Descriptors,
    /// How TLS is spoken, where the address asks for it.
    pub tls: Tls,
    /// What the name of the host was found to be, where that was asked for before.
    pub found: Option<Arc<[SocketAddr]>>,
    /// The code to prove, where the other end lets in only those who know it. TLS is spoken then,
    /// whatever the address and `tls` say.
    pub code: Option<Code>,
}

impl Default for DialOptions {
    /// Ten seconds, no retry. A system alone would wait for two minutes, which nobody at a prompt does;
    /// ten seconds outlast a lost packet or three (RFC 6298: they are sent again after 1, 3 and 7 s).
    fn default() -> Self {
        DialOptions {
            connect_timeout: Duration::from_secs(10),
            retry: Duration::ZERO,
            descriptors: Descriptors::Any,
            tls: Tls::default(),
            found: None,
            code: None,
        }
    }
}

/// Connects to one [`Address`].
///
/// A name is looked up on a thread; its addresses are then tried in order, each 250 ms after the one
/// before or at once when that has failed, and the first connection that stands is the one (RFC 8305
/// in spirit).
///
/// Advance it once after [`Dialer::start`], and then whenever its token is ready, its waker woke the
/// loop, or its deadline has come. More often does no harm.
#[derive(Debug)]
pub struct Dialer {
    address: Address,
    options: DialOptions,
    token: Token,
    waker: Arc<Waker>,
    started: At,
    /// When the current round began.
    round: At,
    /// The pause after the current round.
    pause: Duration,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    LookingUp(Receiver<io::Result<Vec<SocketAddr>>>),
    Racing(Race),
    /// TLS is being agreed upon with the peer at this address.
    Shaking(Handshake<Socket>, String),
    /// The code is being proved, until then.
    Proving(Box<Proof<Socket>>, String, At),
    Pausing(At),
    Over,
}

/// What one look at the current stage came to.
enum Step {
    Wait,
    Enter(Stage),
    Connected(Link),
    Failed(DialFailure),
}

impl Dialer {
    /// Begins to connect. All its sockets are registered as `token`; `waker` is woken when a lookup
    /// has ended.
    #[must_use]
    pub fn start(
        address: Address,
        options: DialOptions,
        token: Token,
        waker: &Arc<Waker>,
        now: At,
    ) -> Dialer {
        Dialer {
            address,
            options,
            token,
            waker: Arc::clone(waker),
            started: now,
            round: now,
            pause: FIRST_PAUSE,
            stage: Stage::Pausing(now),
        }
    }

    /// Goes as far as it can now. The outcome comes once: a stream that is connected, TLS agreed upon
    /// where that is asked for, and not registered; or why there is none.
    pub fn advance(&mut self, registry: &Registry, now: At) -> Option<Result<Link, DialError>> {
        loop {
            match self.step(registry, now) {
                Step::Wait => return None,
                Step::Enter(stage) => self.stage = stage,
                Step::Connected(link) => {
                    self.stage = Stage::Over;
                    return Some(Ok(link));
                }
                Step::Failed(failure) => match self.next_round(&failure, now) {
                    Some(at) => self.stage = Stage::Pausing(at),
                    None => return Some(Err(self.give_up(failure, now))),
                },
            }
        }
    }

    /// Where it leads.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.address.endpoint
    }

    /// When to advance, whatever the sockets do; `None` when it is over.
    #[must_use]
    pub fn deadline(&self) -> Option<At> {
        let give_up = self.round + self.options.connect_timeout;
        match &self.stage {
            Stage::LookingUp(_) | Stage::Shaking(..) => Some(give_up),
            Stage::Racing(race) => Some(race.deadline().map_or(give_up, |next| next.min(give_up))),
            Stage::Pausing(until) | Stage::Proving(_, _, until) => Some(*until),
            Stage::Over => None,
        }
    }

    fn step(&mut self, registry: &Registry, now: At) -> Step {
        let timed_out = now.since(self.round) >= self.options.connect_timeout;
        match &mut self.stage {
            Stage::LookingUp(answer) => match answer.try_recv() {
                Ok(Ok(addrs)) => Step::Enter(self.race(&addrs)),
                Ok(Err(err)) => Step::Failed(DialFailure::NotFound { why: reason(&err) }),
                Err(TryRecvError::Empty) if !timed_out => Step::Wait,
                Err(TryRecvError::Empty) => self.timed_out(now),
                Err(TryRecvError::Disconnected) => {
                    Step::Failed(DialFailure::NotFound { why: "the lookup broke off".into() })
                }
            },
            Stage::Racing(race) => match race.advance(registry, now) {
                Standing::Won(socket, peer) => self.connected(socket, peer, registry),
                Standing::Lost(err) if err.kind() == ErrorKind::TimedOut => self.timed_out(now),
                Standing::Lost(err) => Step::Failed(DialFailure::of(&err)),
                Standing::Open if !timed_out => Step::Wait,
                Standing::Open => self.timed_out(now),
            },
            Stage::Shaking(..) => self.shake(registry, timed_out, now),
            Stage::Proving(..) => self.prove(registry, now),
            Stage::Pausing(until) if now < *until => Step::Wait,
            Stage::Pausing(_) => self.begin_round(now),
            Stage::Over => Step::Wait,
        }
    }

    /// The connection stands, and TLS may be still to be agreed upon.
    fn connected(&self, mut socket: Socket, peer: String, registry: &Registry) -> Step {
        if !self.address.tls && self.options.code.is_none() {
            return Step::Connected(Link::plain(socket, peer));
        }
        let private = self.options.code.as_ref().map(|_| Tls::private());
        let tls = private.as_ref().unwrap_or(&self.options.tls);
        let tls = match tls.connect(&self.address.endpoint) {
            Ok(tls) => tls,
            Err(failure) => return Step::Failed(failure.into()),
        };
        let both = Interest::READABLE | Interest::WRITABLE;
        match registry.register(&mut socket, self.token, both) {
            Ok(()) => Step::Enter(Stage::Shaking(Handshake::new(socket, tls), peer)),
            Err(err) => Step::Failed(DialFailure::of(&err)),
        }
    }

    fn shake(&mut self, registry: &Registry, timed_out: bool, now: At) -> Step {
        let Stage::Shaking(handshake, peer) = std::mem::replace(&mut self.stage, Stage::Over)
        else {
            return Step::Wait;
        };
        let stream = match handshake.advance() {
            Ok(Shaken::Done(stream)) => stream,
            Ok(Shaken::Waits(handshake)) if !timed_out => {
                self.stage = Stage::Shaking(handshake, peer);
                return Step::Wait;
            }
            Ok(Shaken::Waits(_)) => {
                let after = self.spent(now);
                return Step::Failed(TlsFailure::Stalled { after }.into());
            }
            Err(failure) => return Step::Failed(failure.into()),
        };
        let Some(code) = &self.options.code else {
            let verified = !self.options.tls.is_insecure();
            return stands(stream, &peer, verified, registry);
        };
        match Proof::of_guest(stream, code) {
            // A host may look at guesses only after some time: see the book of its codes.
            Ok(proof) => Step::Enter(Stage::Proving(
                Box::new(proof),
                peer,
                now + self.options.connect_timeout,
            )),
            Err(failure) => Step::Failed(failure.into()),
        }
    }

    fn prove(&mut self, registry: &Registry, now: At) -> Step {
        let Stage::Proving(proof, peer, until) = std::mem::replace(&mut self.stage, Stage::Over)
        else {
            return Step::Wait;
        };
        match proof.advance() {
            // It is proved who answers.
            Ok(Proving::Done(stream)) => stands(stream, &peer, true, registry),
            Ok(Proving::Waits(proof)) if now < until => {
                self.stage = Stage::Proving(Box::new(proof), peer, until);
                Step::Wait
            }
            Ok(Proving::Waits(_)) => {
                let after = self.options.connect_timeout;
                Step::Failed(ProofFailure::Stalled { after }.into())
            }
            // Guesses are the host's to judge.
            Ok(Proving::Guess(..)) => Step::Failed(ProofFailure::Foreign.into()),
            Err(failure) => Step::Failed(failure.into()),
        }
    }

    fn begin_round(&mut self, now: At) -> Step {
        self.round = now;
        let stage = match &self.address.endpoint {
            Endpoint::Unix(path) => match self.unix_race(path) {
                Ok(stage) => stage,
                Err(err) => return Step::Failed(DialFailure::of(&err)),
            },
            Endpoint::Tcp { host: None, port } => self.race(&lookup::this_machine(*port)),
            Endpoint::Tcp { host: Some(host), port } => match &self.options.found {
                Some(found) => self.race(found),
                None => match lookup::known(host, *port) {
                    Some(addrs) => self.race(&addrs),
                    None => self.look_up(host.clone(), *port),
                },
            },
        };
        Step::Enter(stage)
    }

    fn race(&self, addrs: &[SocketAddr]) -> Stage {
        let targets = addrs.iter().copied().map(Target::tcp).collect();
        Stage::Racing(Race::new(targets, self.token, self.options.descriptors))
    }

    fn unix_race(&self, path: &Path) -> io::Result<Stage> {
        let targets = vec![Target::unix(path)?];
        Ok(Stage::Racing(Race::new(targets, self.token, self.options.descriptors)))
    }

    /// A thread each time, since a lookup cannot be broken off; names are few.
    fn look_up(&self, host: String, port: u16) -> Stage {
        let (answer, answered) = channel();
        let (unstarted, waker) = (answer.clone(), Arc::clone(&self.waker));
        let lookup = move || {
            // Nobody listens any more, or the loop is gone: then nobody needs the answer.
            answer.send(lookup::look_up(&host, port)).ok();
            waker.wake().ok();
        };
        if let Err(err) = thread::Builder::new().name("lookup".into()).spawn(lookup) {
            unstarted.send(Err(err)).ok();
        }
        Stage::LookingUp(answered)
    }

    fn timed_out(&self, now: At) -> Step {
        Step::Failed(DialFailure::TimedOut { after: self.spent(now) })
    }

    /// What the current round has lasted.
    fn spent(&self, now: At) -> Duration {
        now.since(self.round).min(self.options.connect_timeout)
    }

    /// When to try again, where that may help. The last round begins just when the time is over.
    fn next_round(&mut self, failure: &DialFailure, now: At) -> Option<At> {
        let patience = match failure {
            // Part of connecting, and no matter of `--retry`: TCP would have us wait in the queue.
            DialFailure::Busy => self.options.retry.max(self.options.connect_timeout),
            passing if passing.may_pass() => self.options.retry,
            _ => Duration::ZERO,
        };
        let last = self.started + patience;
        let next = (now + self.pause).min(last);
        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        (now < last).then_some(next)
    }

    fn give_up(&mut self, failure: DialFailure, now: At) -> DialError {
        self.stage = Stage::Over;
        let retried =
            (!self.options.retry.is_zero() && failure.may_pass()).then(|| now.since(self.started));
        DialError { address: self.address.clone(), failure, retried }
    }
}

/// All that is to be said before the conversation is said.
fn stands(mut stream: TlsStream<Socket>, peer: &str, verified: bool, registry: &Registry) -> Step {
    match registry.deregister(stream.under_mut()) {
        Ok(()) => Step::Connected(Link::secured(stream, format!("{TLS}{peer}"), verified)),
        Err(err) => Step::Failed(DialFailure::of(&err)),
    }
}

#[cfg(test)]
mod tests;
