//! Several addresses of one peer, tried in order and overlapping, until one answers.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use mio::{Interest, Registry, Token};
use rustix::io::Errno;
use socket2::{Domain, SockAddr, Type};

use super::descriptor::Descriptors;
use super::socket::{Socket, shown};
use crate::units::At;

/// How long an address is waited for before the next one is tried beside it: the "Connection Attempt
/// Delay" that RFC 8305 (section 5) recommends.
const STAGGER: Duration = Duration::from_millis(250);

/// An address to try, and how people are shown it.
#[derive(Debug)]
pub(super) struct Target {
    addr: SockAddr,
    name: String,
}

/// Attempts at the addresses of one peer. The first that stands wins; the others are dropped.
#[derive(Debug)]
pub(super) struct Race {
    waiting: VecDeque<Target>,
    running: Vec<Attempt>,
    /// When the next one starts, if none fails before.
    next_start: At,
    /// The most telling failure so far.
    failure: Option<io::Error>,
    token: Token,
    descriptors: Descriptors,
}

/// How a race stands.
#[derive(Debug)]
pub(super) enum Standing {
    /// Attempts are under way.
    Open,
    /// A stream that is connected and no longer registered, and the peer's address for people.
    Won(Socket, String),
    /// No address is left.
    Lost(io::Error),
}

#[derive(Debug)]
struct Attempt {
    stream: Socket,
    name: String,
}

impl Target {
    pub(super) fn tcp(addr: SocketAddr) -> Target {
        Target { addr: addr.into(), name: shown(addr) }
    }

    /// # Errors
    /// Where the path is too long for a socket.
    pub(super) fn unix(path: &Path) -> io::Result<Target> {
        Ok(Target { addr: SockAddr::unix(path)?, name: format!("unix:{}", path.display()) })
    }
}

impl Race {
    /// A race that starts with its first [`Race::advance`]. All attempts are registered as `token`.
    pub(super) fn new(targets: Vec<Target>, token: Token, descriptors: Descriptors) -> Race {
        Race {
            waiting: targets.into(),
            running: Vec::new(),
            next_start: At::START,
            failure: None,
            token,
            descriptors,
        }
    }

    /// Looks at every attempt, and starts those that are due.
    pub(super) fn advance(&mut self, registry: &Registry, now: At) -> Standing {
        loop {
            if let Some(Attempt { mut stream, name }) = self.winner(now) {
                return match registry.deregister(&mut stream) {
                    Ok(()) => Standing::Won(stream, name),
                    Err(err) => Standing::Lost(err),
                };
            }
            let due = self.running.is_empty() || now >= self.next_start;
            let next = if due { self.waiting.pop_front() } else { None };
            let Some(target) = next else { break };
            self.next_start = now + STAGGER;
            match Attempt::start(target, registry, self.token, self.descriptors) {
                Ok(attempt) => self.running.push(attempt),
                Err(err) => self.failed(err, now),
            }
        }
        if self.running.is_empty() {
            // A lookup answers with one address at least.
            return Standing::Lost(self.failure.take().unwrap_or(ErrorKind::NotFound.into()));
        }
        Standing::Open
    }

    /// When the next attempt is due, whatever the others do.
    pub(super) fn deadline(&self) -> Option<At> {
        (!self.waiting.is_empty()).then_some(self.next_start)
    }

    /// Takes out what has failed, and the first that stands.
    fn winner(&mut self, now: At) -> Option<Attempt> {
        let mut at = 0;
        while at < self.running.len() {
            match self.running[at].stands() {
                Ok(true) => return Some(self.running.remove(at)),
                Ok(false) => at += 1,
                Err(err) => {
                    self.running.remove(at);
                    self.failed(err, now);
                }
            }
        }
        None
    }

    /// The next address is tried at once. A refusal tells most, as it comes from the machine itself.
    fn failed(&mut self, err: io::Error, now: At) {
        self.next_start = now;
        if self.failure.as_ref().is_none_or(|kept| kept.kind() != ErrorKind::ConnectionRefused) {
            self.failure = Some(err);
        }
    }
}

impl Attempt {
    fn start(
        target: Target,
        registry: &Registry,
        token: Token,
        descriptors: Descriptors,
    ) -> io::Result<Attempt> {
        let domain = target.addr.domain();
        let socket = descriptors.place(socket2::Socket::new(domain, Type::STREAM, None)?);
        socket.set_nonblocking(true)?;
        if let Err(err) = socket.connect(&target.addr)
            && Errno::from_io_error(&err) != Some(Errno::INPROGRESS)
        {
            return Err(err);
        }
        let fd = OwnedFd::from(socket);
        let mut stream =
            if domain == Domain::UNIX { Socket::Unix(fd.into()) } else { Socket::tuned(fd.into()) };
        registry.register(&mut stream, token, Interest::WRITABLE)?;
        Ok(Attempt { stream, name: target.name })
    }

    /// Whether the connection stands; not yet is no error.
    fn stands(&self) -> io::Result<bool> {
        // A unix socket connects at once or not at all.
        let Socket::Tcp(stream) = &self.stream else { return Ok(true) };
        if let Some(err) = stream.take_error()? {
            return Err(err);
        }
        match stream.peer_addr() {
            // A local port that nobody listens on may be the very one that the system picks for our
            // end, and then the socket connects to itself (RFC 9293, section 3.5: simultaneous open).
            Ok(peer) if stream.local_addr()? == peer => Err(ErrorKind::ConnectionRefused.into()),
            Ok(_) => Ok(true),
            Err(err) if err.kind() == ErrorKind::NotConnected => Ok(false),
            Err(err) => Err(err),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::testing::{EventLoop, refusing, silent};

    fn race(addrs: &[SocketAddr]) -> Race {
        let targets = addrs.iter().copied().map(Target::tcp).collect();
        Race::new(targets, Token(0), Descriptors::Any)
    }

    /// How the race ends, with the clock standing at `now`.
    fn end_of(race: &mut Race, now: At) -> Standing {
        let mut events = EventLoop::new();
        loop {
            match race.advance(events.registry(), now) {
                Standing::Open => events.wait(),
                over => return over,
            }
        }
    }

    #[test]
    fn the_next_address_is_tried_at_once_when_one_fails() {
        let (_held, refusing) = refusing();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let mut race = race(&[refusing, addr]);
        let Standing::Won(stream, name) = end_of(&mut race, At::START) else { panic!("lost") };
        let (_, guest) = listener.accept().unwrap();
        let Socket::Tcp(stream) = stream else { panic!("TCP it is") };
        assert_eq!(stream.local_addr().unwrap(), guest);
        assert_eq!(name, addr.to_string());
    }

    #[test]
    fn the_next_address_is_tried_beside_one_that_is_silent() {
        let (_held, silent) = silent();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let mut race = race(&[silent, addr]);
        let mut events = EventLoop::new();
        let due = At::START + STAGGER;
        assert!(matches!(race.advance(events.registry(), At::START), Standing::Open));
        assert_eq!(race.deadline(), Some(due));
        let before = At::from_micros(due.micros() - 1);
        assert!(matches!(race.advance(events.registry(), before), Standing::Open));
        assert_eq!((race.running.len(), race.waiting.len()), (1, 1));
        let standing = loop {
            match race.advance(events.registry(), due) {
                Standing::Open => events.wait(),
                over => break over,
            }
        };
        let Standing::Won(_, name) = standing else { panic!("{standing:?}") };
        assert_eq!(name, addr.to_string());
        assert_eq!(race.deadline(), None);
    }

    #[test]
    fn a_refusal_is_what_is_told_of_several_failures() {
        let (_held, refusing) = refusing();
        // Broadcast cannot be connected to.
        let broadcast = "255.255.255.255:5".parse().unwrap();
        for addrs in [[refusing, broadcast], [broadcast, refusing]] {
            let standing = end_of(&mut race(&addrs), At::START);
            let Standing::Lost(err) = standing else { panic!("{standing:?}") };
            assert_eq!(err.kind(), ErrorKind::ConnectionRefused, "{addrs:?}");
        }
    }

    #[test]
    fn a_socket_that_met_itself_was_refused() {
        let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        let itself = socket.local_addr().unwrap();
        socket.connect(&itself).unwrap();
        let stream = Socket::Tcp(OwnedFd::from(socket).into());
        let attempt = Attempt { stream, name: String::new() };
        assert_eq!(attempt.stands().unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
}
