//! Listening: one address, as many sockets as it takes.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};
use socket2::{Domain, Type};
use thiserror::Error;

use super::addr::{Address, Endpoint, TLS};
use super::bind_error::BindError;
use super::descriptor::{Descriptors, Supply, ran_out};
use super::interfaces;
use super::knocking::{Barred, Knocking};
use super::link::Link;
use super::lookup;
use super::network::Network;
use super::private::{Code, CodeBook, reachable};
use super::socket::{Socket, shown};
use super::socket_file::SocketFile;
use super::tls::{Pin, Tls};
use crate::units::{At, reason};

/// When to accept again after an [`AcceptError`], where nothing else says so: the guests that wait
/// cause no further event.
pub const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// Guests that may wait to be accepted: a whole crowd that comes at once. What Linux allows by default
/// (`net.core.somaxconn`); the system lowers it where it allows less.
const BACKLOG: i32 = 4096;

/// How often port 0 of a name with several addresses is tried again, when a port that was free on
/// one of them is taken on another.
const SAME_PORT_TRIES: usize = 16;

/// Sockets that listen. As an event source it is one, whose readiness means that
/// [`Listener::accept`] is to be called until it has nothing more. Guests who come over TLS have events
/// of their own until they are in, with tokens from [`KNOCKS`](super::KNOCKS) on: see [`Listener::event`].
#[derive(Debug)]
pub struct Listener {
    sockets: Sockets,
    /// Where TLS is spoken.
    knocking: Option<Knocking>,
}

#[derive(Debug)]
struct Sockets {
    listening: Vec<Listening>,
    supply: Supply,
    /// The socket that was asked last, so that a crowd at one does not shut out the others.
    turn: usize,
}

/// What [`Listener::accept`] came to.
#[derive(Debug)]
pub enum Accepted {
    /// A guest is in. Its address is for people; a guest at a unix socket has none, and is shown with the
    /// listener's.
    Guest(Link),
    /// A guest was not let in: it is gone.
    Turned {
        /// Its address for people.
        addr: String,
        /// Why.
        why: Barred,
    },
    /// A guest who is not invited has guessed a wrong code: it is gone.
    Guessed {
        /// Its address for people.
        addr: String,
        /// So many more wrong ones make the code void; none: it is void now.
        left: u32,
    },
    /// A code that was void is replaced by this one; or there is none, and why.
    Renewed(Result<Code, String>),
    /// Somebody came a step further; there may be more.
    Stepped,
    /// Nobody waits: the next event tells.
    Nobody,
}

/// A file goes before its socket does: while that is open, no other file can have its inode.
#[derive(Debug)]
enum Listening {
    Tcp(TcpListener),
    Unix(SocketFile, UnixListener),
}

/// Why a guest that waits cannot be let in now. Those that are in are not concerned, so say it once
/// and go on; try again when a conn was closed, or after [`ACCEPT_AGAIN`].
#[derive(Debug, Error)]
pub enum AcceptError {
    /// Every descriptor is in use.
    #[error("no file descriptor is free for another guest; `ulimit -n` shows the limit")]
    OutOfDescriptors,
    /// Something else.
    #[error("cannot accept a guest: {}", reason(.0))]
    Failed(io::Error),
}

impl Listener {
    /// Listens on `addr`; where that is a name, on all of its addresses. Without a host it is every
    /// interface, IPv4 and IPv6. Conns that are accepted take the `descriptors` that are asked for.
    ///
    /// Blocks while a name is looked up.
    ///
    /// # Errors
    /// Why not, where none of the addresses can be had, or one of them is in use.
    pub fn bind(
        addr: &Address,
        descriptors: Descriptors,
        tls: &Tls,
    ) -> Result<Listener, BindError> {
        let failed = |why| BindError::Failed { addr: addr.clone(), why };
        let acceptor = addr.tls.then(|| tls.accept(&addr.endpoint)).transpose().map_err(failed)?;
        Listener::of(addr, descriptors, acceptor.map(Knocking::new))
    }

    /// The same, over TLS whatever the address says, for those who know a code; where networks are named,
    /// for those of them who come from one.
    ///
    /// # Errors
    /// As for [`Listener::bind`].
    pub fn private(
        addr: &Address,
        descriptors: Descriptors,
        codes: CodeBook,
        allow: Option<Vec<Network>>,
    ) -> Result<Listener, BindError> {
        let failed = |why| BindError::Failed { addr: addr.clone(), why };
        // Nobody looks for a name there, and strangers need not learn one.
        let nowhere = Endpoint::Tcp { host: None, port: 0 };
        let acceptor = Tls::private().accept(&nowhere).map_err(failed)?;
        Listener::of(addr, descriptors, Some(Knocking::private(acceptor, codes, allow)))
    }

    fn of(
        addr: &Address,
        descriptors: Descriptors,
        knocking: Option<Knocking>,
    ) -> Result<Listener, BindError> {
        let listening = match &addr.endpoint {
            Endpoint::Unix(path) => SocketFile::listen(path)
                .map(|(file, socket)| vec![Listening::Unix(file, socket)])
                .map_err(|err| BindError::of(addr, &err))?,
            Endpoint::Tcp { host: None, port } => {
                vec![everywhere(*port).map_err(|err| BindError::of(addr, &err))?]
            }
            Endpoint::Tcp { host: Some(host), port } => {
                let addrs = lookup::addresses(host, *port)
                    .map_err(|err| BindError::NotFound { addr: addr.clone(), why: reason(&err) })?;
                on_each(&addrs).map_err(|err| BindError::of(addr, &err))?
            }
        };
        let sockets = Sockets { listening, supply: Supply::new(descriptors), turn: 0 };
        Ok(Listener { sockets, knocking })
    }

    /// Where it listens, for people: `127.0.0.1:43211`, `[::]:51423`, `unix:/path`, each with `tls:` before
    /// it where that is spoken; one for each socket.
    #[must_use]
    pub fn local(&self) -> Vec<String> {
        let tls = if self.knocking.is_some() { TLS } else { "" };
        self.sockets.listening.iter().map(|one| format!("{tls}{}", one.local())).collect()
    }

    /// By what guests may know us, where TLS is spoken.
    #[must_use]
    pub fn pin(&self) -> Option<Pin> {
        self.knocking.as_ref().and_then(Knocking::pin)
    }

    /// Where guests may come who are invited, one for each socket; the first that is not this machine's
    /// alone is as good as any. Empty where everybody may come.
    #[must_use]
    pub fn invites_to(&self) -> Vec<String> {
        let is_private = self.knocking.as_ref().is_some_and(Knocking::is_private);
        let sockets = self.sockets.listening.iter().filter(|_| is_private);
        sockets.map(|one| reachable(&one.local())).collect()
    }

    /// Where others may come, where that is not plain from [`Listener::local`]: at a socket on every
    /// interface. None where the socket is on one, or guests are invited.
    #[must_use]
    pub fn open_at(&self) -> Option<Vec<String>> {
        let knocking = self.knocking.as_ref();
        if knocking.is_some_and(Knocking::is_private) {
            return None;
        }
        let tls = if knocking.is_some() { TLS } else { "" };
        let all = self.sockets.listening.iter().find_map(Listening::on_all)?;
        let known = interfaces::addresses().into_iter();
        let known = known.filter(|ip| all.is_ipv6() || ip.is_ipv4());
        Some(known.map(|ip| format!("{tls}{}", SocketAddr::new(ip, all.port()))).collect())
    }

    /// The code that they need, where a person is to be shown it.
    #[must_use]
    pub fn code(&self) -> Option<&Code> {
        self.knocking.as_ref().and_then(Knocking::code)
    }

    /// An event came for a token from [`KNOCKS`](super::KNOCKS) on.
    pub fn event(&mut self, token: Token) {
        if let Some(knocking) = &mut self.knocking {
            knocking.stir(token);
        }
    }

    /// Whether [`Listener::accept`] has something to do, whatever the sockets say.
    #[must_use]
    pub fn is_stirred(&self) -> bool {
        self.knocking.as_ref().is_some_and(Knocking::is_stirred)
    }

    /// When to accept, whatever happens.
    #[must_use]
    pub fn deadline(&self) -> Option<At> {
        self.knocking.as_ref().and_then(Knocking::deadline)
    }

    /// Lets the next guest in, or takes one who comes over TLS a step further: none of them makes the
    /// others wait.
    ///
    /// # Errors
    /// Why no guest can be let in now.
    pub fn accept(&mut self, registry: &Registry, now: At) -> Result<Accepted, AcceptError> {
        let Some(knocking) = &mut self.knocking else {
            let next = self.sockets.next()?;
            return Ok(next.map_or(Accepted::Nobody, |(socket, addr)| {
                Accepted::Guest(Link::plain(socket, addr))
            }));
        };
        if let Some(step) = knocking.step(registry, now) {
            return Ok(step);
        }
        match self.sockets.next() {
            Ok(Some((socket, addr))) => knocking.add(socket, addr, (registry, now)),
            Ok(None) => Ok(Accepted::Nobody),
            Err(AcceptError::OutOfDescriptors) => {
                knocking.make_room(now).ok_or(AcceptError::OutOfDescriptors)
            }
            Err(err) => Err(err),
        }
    }
}

impl Sockets {
    fn next(&mut self) -> Result<Option<(Socket, String)>, AcceptError> {
        for _ in 0..self.listening.len() {
            self.turn = (self.turn + 1) % self.listening.len();
            let socket = &self.listening[self.turn];
            if self.supply.is_out(socket) {
                return Err(AcceptError::OutOfDescriptors);
            }
            if let Some(guest) = socket.accept(&mut self.supply)? {
                return Ok(Some(guest));
            }
        }
        Ok(None)
    }
}

impl Source for Listener {
    fn register(&mut self, to: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.sockets
            .listening
            .iter_mut()
            .try_for_each(|one| one.source().register(to, token, interests))
    }

    fn reregister(&mut self, to: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.sockets
            .listening
            .iter_mut()
            .try_for_each(|one| one.source().reregister(to, token, interests))
    }

    fn deregister(&mut self, from: &Registry) -> io::Result<()> {
        self.sockets.listening.iter_mut().try_for_each(|one| one.source().deregister(from))
    }
}

impl Listening {
    fn local(&self) -> String {
        match self {
            // Asking the socket cannot fail while it is open.
            Listening::Tcp(socket) => socket.local_addr().map_or_else(|_| String::new(), shown),
            Listening::Unix(file, _) => format!("unix:{}", file.path().display()),
        }
    }

    /// Its address, where it is on every interface.
    fn on_all(&self) -> Option<SocketAddr> {
        let Listening::Tcp(socket) = self else { return None };
        socket.local_addr().ok().filter(|addr| addr.ip().is_unspecified())
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Listening::Tcp(socket) => socket,
            Listening::Unix(_, socket) => socket,
        }
    }

    fn accept(&self, supply: &mut Supply) -> Result<Option<(Socket, String)>, AcceptError> {
        loop {
            let accepted = match self {
                Listening::Tcp(socket) => socket
                    .accept()
                    .map(|(guest, addr)| (Socket::tuned(supply.place(guest)), shown(addr))),
                Listening::Unix(_, socket) => socket
                    .accept()
                    .map(|(guest, _)| (Socket::Unix(supply.place(guest)), self.local())),
            };
            match accepted {
                Ok(guest) => return Ok(Some(guest)),
                Err(err) if err.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(err) if has_passed(&err) => {}
                Err(err) if ran_out(&err) => return Err(AcceptError::OutOfDescriptors),
                Err(err) => return Err(AcceptError::Failed(err)),
            }
        }
    }
}

impl AsFd for Listening {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Listening::Tcp(socket) => socket.as_fd(),
            Listening::Unix(_, socket) => socket.as_fd(),
        }
    }
}

/// A signal, or a guest that was gone before it was let in: the next one may be fine. Linux reports
/// what happened to the guest's network here (accept(2)).
fn has_passed(err: &io::Error) -> bool {
    use ErrorKind::{
        ConnectionAborted, ConnectionReset, HostUnreachable, Interrupted, NetworkDown,
        NetworkUnreachable,
    };
    matches!(
        err.kind(),
        Interrupted
            | ConnectionAborted
            | ConnectionReset
            | HostUnreachable
            | NetworkDown
            | NetworkUnreachable
    )
}

fn everywhere(port: u16) -> io::Result<Listening> {
    match listen((Ipv6Addr::UNSPECIFIED, port).into()) {
        Err(err) if is_absent(&err) => {
            // A machine, or a container, without IPv6.
            listen((Ipv4Addr::UNSPECIFIED, port).into())
        }
        both => both,
    }
    .map(Listening::Tcp)
}

/// All of `addrs`, on one port also where that is 0. An address that this machine does not have at all,
/// such as `::1` in a container without IPv6, is passed over where it has another.
fn on_each(addrs: &[SocketAddr]) -> io::Result<Vec<Listening>> {
    let mut bound = try_each(addrs);
    for _ in 1..SAME_PORT_TRIES {
        match &bound {
            Err(err) if err.kind() == ErrorKind::AddrInUse && any_port(addrs) => {
                bound = try_each(addrs);
            }
            _ => break,
        }
    }
    bound
}

fn any_port(addrs: &[SocketAddr]) -> bool {
    addrs.iter().any(|addr| addr.port() == 0)
}

fn try_each(addrs: &[SocketAddr]) -> io::Result<Vec<Listening>> {
    let (mut sockets, mut port, mut absent) = (Vec::new(), 0, None);
    for addr in addrs {
        let mut addr = *addr;
        if addr.port() == 0 {
            addr.set_port(port);
        }
        match listen(addr) {
            Ok(socket) => {
                port = socket.local_addr()?.port();
                sockets.push(Listening::Tcp(socket));
            }
            Err(err) if is_absent(&err) => absent = Some(err),
            Err(err) => return Err(err),
        }
    }
    match absent {
        Some(err) if sockets.is_empty() => Err(err),
        _ => Ok(sockets),
    }
}

/// Whether an address cannot be had because this machine does not have it, and not because somebody else
/// has it or this user may not.
fn is_absent(err: &io::Error) -> bool {
    !matches!(err.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied)
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    // A port whose last conns are in TIME_WAIT is free for the next run.
    socket.set_reuse_address(true)?;
    if addr.is_ipv6() {
        // `[::]` is every interface of both families; any other address is itself alone.
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(TcpListener::from_std(socket.into()))
}

#[cfg(test)]
mod tests;
