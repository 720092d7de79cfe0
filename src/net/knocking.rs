//! Guests whose TLS handshake is on its way: nobody hears of them before it is done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mio::{Interest, Registry, Token};

use super::link::Link;
use super::listener::{AcceptError, Accepted};
use super::socket::Socket;
use super::tls::{Acceptor, Handshake, Pin, Shaken, TlsFailure};
use crate::units::At;

/// The first token of those that stand for guests who knock; those below are the driver's.
pub const KNOCKS: Token = Token(usize::MAX / 2);

/// How long a handshake may take: as long as a client waits for a connection. One takes two round trips.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many knock at once; who has knocked longest makes room for more. Whoever is honest is done after
/// two round trips, and is the one who goes only if so many have come after it within these.
const MOST: usize = 1024;

/// Guests who knock.
#[derive(Debug)]
pub(super) struct Knocking {
    acceptor: Acceptor,
    /// In the order in which they came, so that the first has the least time left.
    guests: BTreeMap<usize, Knock>,
    next: usize,
    /// Those to whom something happened.
    stirred: BTreeSet<usize>,
}

#[derive(Debug)]
struct Knock {
    handshake: Handshake<Socket>,
    addr: String,
    came: At,
}

impl Knock {
    fn until(&self) -> At {
        self.came + PATIENCE
    }

    fn stalled(self, now: At) -> Accepted {
        let why = TlsFailure::Stalled { after: now.since(self.came) };
        Accepted::Turned { addr: self.addr, why }
    }
}

impl Knocking {
    pub(super) fn new(acceptor: Acceptor) -> Knocking {
        Knocking { acceptor, guests: BTreeMap::new(), next: 0, stirred: BTreeSet::new() }
    }

    /// What guests may know us by.
    pub(super) fn pin(&self) -> Option<Pin> {
        self.acceptor.pin()
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

    /// When somebody has had enough time.
    pub(super) fn deadline(&self) -> Option<At> {
        self.guests.first_key_value().map(|(_, knock)| knock.until())
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
        let tls = match self.acceptor.connection() {
            Ok(tls) => tls,
            Err(why) => return Ok(Accepted::Turned { addr, why }),
        };
        let handshake = Handshake::new(socket, tls);
        self.guests.insert(id, Knock { handshake, addr, came: now });
        self.stirred.insert(id);
        let is_full = self.guests.len() > MOST;
        Ok(if is_full { self.make_room(now) } else { None }.unwrap_or(Accepted::Stepped))
    }

    /// Turns away who has knocked longest.
    pub(super) fn make_room(&mut self, now: At) -> Option<Accepted> {
        let (id, oldest) = self.guests.pop_first()?;
        self.stirred.remove(&id);
        Some(oldest.stalled(now))
    }

    /// Takes one of them further, if there is one to whom something happened, or who has had its time.
    pub(super) fn step(&mut self, registry: &Registry, now: At) -> Option<Accepted> {
        if self.deadline().is_some_and(|at| at <= now) {
            return self.make_room(now);
        }
        let id = self.stirred.pop_first()?;
        let Knock { handshake, addr, came } = self.guests.remove(&id)?;
        Some(match handshake.advance() {
            Ok(Shaken::Waits(handshake)) => {
                self.guests.insert(id, Knock { handshake, addr, came });
                Accepted::Stepped
            }
            Ok(Shaken::Done(mut stream)) => match registry.deregister(stream.under_mut()) {
                Ok(()) => Accepted::Guest(Link::secured(stream, addr, true)),
                Err(err) => Accepted::Turned { addr, why: TlsFailure::io(&err) },
            },
            Err(why) => Accepted::Turned { addr, why },
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;
    use crate::net::testing::EventLoop;
    use crate::net::{Descriptors, DialOptions, Dialer, Listener, Tls, TlsOptions};

    fn at(millis: u64) -> At {
        At::START + Duration::from_millis(millis)
    }

    fn listener() -> (Listener, String) {
        let address = "tls:127.0.0.1:0".parse().unwrap();
        let listener = Listener::bind(&address, Descriptors::Any, &Tls::default()).unwrap();
        let local = listener.local().remove(0);
        (listener, local)
    }

    fn knock(local: &str) -> TcpStream {
        TcpStream::connect(local.trim_start_matches("tls:")).unwrap()
    }

    /// Accepts until there is something to tell, or nothing more to do.
    fn accept(listener: &mut Listener, events: &EventLoop, now: At) -> Accepted {
        loop {
            match listener.accept(events.registry(), now).unwrap() {
                Accepted::Stepped => {}
                told => return told,
            }
        }
    }

    #[test]
    fn who_says_nothing_has_ten_seconds() {
        let ((mut listener, local), events) = (listener(), EventLoop::new());
        let _silent = knock(&local);
        assert!(matches!(accept(&mut listener, &events, at(5)), Accepted::Nobody));
        let mut half = knock(&local);
        half.write_all(&[22, 3, 1]).unwrap();
        assert!(matches!(accept(&mut listener, &events, at(7)), Accepted::Nobody));
        for (millis, until) in [(10_004, Some(at(10_005))), (10_005, Some(at(10_007)))] {
            let told = accept(&mut listener, &events, at(millis));
            let turned = matches!(
                told,
                Accepted::Turned { why: TlsFailure::Stalled { after: PATIENCE }, .. }
            );
            assert_eq!((turned, listener.deadline()), (millis == 10_005, until), "{told:?}");
        }
        let told = accept(&mut listener, &events, at(10_007));
        assert!(matches!(told, Accepted::Turned { .. }), "{told:?}");
        assert_eq!(listener.deadline(), None);
        assert_eq!(half.read(&mut [0; 1]).unwrap(), 0, "it is gone");
    }

    #[test]
    fn who_came_first_makes_room_where_too_many_knock() {
        crate::net::raise_descriptor_limit();
        let ((mut listener, local), mut events) = (listener(), EventLoop::new());
        let mut crowd = Vec::new();
        for n in 0..=MOST {
            crowd.push(knock(&local));
            let told = accept(&mut listener, &events, at(1));
            let turned = matches!(&told, Accepted::Turned { addr, .. }
                if *addr == crowd[0].local_addr().unwrap().to_string());
            assert_eq!(turned, n == MOST, "{n}: {told:?}");
        }
        let pins = listener.pin().into_iter().collect();
        let tls = Tls::load(TlsOptions { pins, ..TlsOptions::default() }).unwrap();
        let options = DialOptions { tls, ..DialOptions::default() };
        let address = local.parse().unwrap();
        let mut dialer = Dialer::start(address, options, Token(0), events.waker(), at(1));
        let (mut guest, mut server) = (None, None);
        while guest.is_none() || server.is_none() {
            guest = guest.or_else(|| dialer.advance(events.registry(), at(1)).map(Result::unwrap));
            match accept(&mut listener, &events, at(1)) {
                Accepted::Guest(link) => server = Some(link),
                Accepted::Nobody => events.wait_for(|token| listener.event(token)),
                _ => {}
            }
        }
    }
}
