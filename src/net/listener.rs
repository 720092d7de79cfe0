//! Listening: one address, as many sockets as it takes.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};
use socket2::{Domain, Socket, Type};
use thiserror::Error;

use super::addr::Address;
use super::bind_error::BindError;
use super::descriptor::{Descriptors, Supply, ran_out};
use super::lookup;
use super::socket_file::SocketFile;
use super::stream::{NetStream, shown};
use crate::units::reason;

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
/// [`Listener::accept`] is to be called until it has nothing more.
#[derive(Debug)]
pub struct Listener {
    sockets: Vec<Listening>,
    supply: Supply,
    /// The socket that was asked last, so that a crowd at one does not shut out the others.
    turn: usize,
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
    pub fn bind(addr: &Address, descriptors: Descriptors) -> Result<Listener, BindError> {
        let sockets = match addr {
            Address::Unix(path) => SocketFile::listen(path)
                .map(|(file, socket)| vec![Listening::Unix(file, socket)])
                .map_err(|err| BindError::of(addr, &err))?,
            Address::Tcp { host: None, port } => {
                vec![everywhere(*port).map_err(|err| BindError::of(addr, &err))?]
            }
            Address::Tcp { host: Some(host), port } => {
                let addrs = lookup::known(host, *port)
                    .map_or_else(|| lookup::look_up(host, *port), Ok)
                    .map_err(|err| BindError::NotFound { addr: addr.clone(), why: reason(&err) })?;
                on_each(&addrs).map_err(|err| BindError::of(addr, &err))?
            }
        };
        Ok(Listener { sockets, supply: Supply::new(descriptors), turn: 0 })
    }

    /// Where it listens, for people: `127.0.0.1:43211`, `[::]:51423`, `unix:/path`; one for each socket.
    pub fn local(&self) -> Vec<String> {
        self.sockets.iter().map(Listening::local).collect()
    }

    /// The next guest that waits, and its address for people; a guest at a unix socket has none, and is
    /// shown with the listener's. `None` when nobody waits: then the next event tells.
    ///
    /// # Errors
    /// Why no guest can be let in now.
    pub fn accept(&mut self) -> Result<Option<(NetStream, String)>, AcceptError> {
        for _ in 0..self.sockets.len() {
            self.turn = (self.turn + 1) % self.sockets.len();
            let socket = &self.sockets[self.turn];
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
        self.sockets.iter_mut().try_for_each(|one| one.source().register(to, token, interests))
    }

    fn reregister(&mut self, to: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.sockets.iter_mut().try_for_each(|one| one.source().reregister(to, token, interests))
    }

    fn deregister(&mut self, from: &Registry) -> io::Result<()> {
        self.sockets.iter_mut().try_for_each(|one| one.source().deregister(from))
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

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Listening::Tcp(socket) => socket,
            Listening::Unix(_, socket) => socket,
        }
    }

    fn accept(&self, supply: &mut Supply) -> Result<Option<(NetStream, String)>, AcceptError> {
        loop {
            let accepted = match self {
                Listening::Tcp(socket) => socket
                    .accept()
                    .map(|(guest, addr)| (NetStream::tuned(supply.place(guest)), shown(addr))),
                Listening::Unix(_, socket) => socket
                    .accept()
                    .map(|(guest, _)| (NetStream::Unix(supply.place(guest)), self.local())),
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
        Err(err) if !matches!(err.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) => {
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
            Err(err)
                if matches!(err.kind(), ErrorKind::AddrInUse | ErrorKind::PermissionDenied) =>
            {
                return Err(err);
            }
            Err(err) => absent = Some(err),
        }
    }
    match absent {
        Some(err) if sockets.is_empty() => Err(err),
        _ => Ok(sockets),
    }
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
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
mod tests {
    use std::io::Write;
    use std::net::TcpStream;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use mio::{Events, Poll};

    use super::*;
    use crate::net::testing::PATIENCE;

    fn bind(addr: &str) -> Result<Listener, BindError> {
        Listener::bind(&addr.parse().unwrap(), Descriptors::Any)
    }

    fn told(addr: &str) -> String {
        bind(addr).unwrap_err().to_string()
    }

    /// The next guest, as a driver waits for it.
    fn next_guest(listener: &mut Listener) -> (NetStream, String) {
        let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(8));
        listener.register(poll.registry(), Token(0), Interest::READABLE).unwrap();
        poll.poll(&mut events, Some(PATIENCE)).unwrap();
        let guest = listener.accept().unwrap().expect("a guest has come");
        listener.deregister(poll.registry()).unwrap();
        guest
    }

    fn port(local: &str) -> u16 {
        local.parse::<SocketAddr>().unwrap().port()
    }

    #[test]
    fn a_guest_is_let_in_and_shown_with_its_address() {
        let mut listener = bind("127.0.0.1:0").unwrap();
        assert!(listener.accept().unwrap().is_none());
        let [local] = &*listener.local() else { panic!("one address, one socket") };
        let guest = TcpStream::connect(local).unwrap();
        let (_held, shown) = next_guest(&mut listener);
        assert_eq!(shown, guest.local_addr().unwrap().to_string());
        assert!(local.starts_with("127.0.0.1:"), "{local}");
        assert!(listener.accept().unwrap().is_none());
    }

    #[test]
    fn no_host_is_every_interface_of_both_families() {
        let mut listener = bind("0").unwrap();
        let [local] = &*listener.local() else { panic!("one socket for both") };
        let (local, port) = (local.clone(), port(local));
        let guest = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (_held, shown) = next_guest(&mut listener);
        assert_eq!(shown, guest.local_addr().unwrap().to_string(), "IPv4 is shown as IPv4");
        // A machine without IPv6 may still have its sockets.
        if std::net::TcpListener::bind("[::1]:0").is_ok() {
            assert_eq!(local, format!("[::]:{port}"));
            let _guest = TcpStream::connect(("::1", port)).unwrap();
            assert!(next_guest(&mut listener).1.starts_with("[::1]:"));
        }
    }

    #[test]
    fn a_name_with_two_addresses_is_one_port_on_both() {
        let mut listener = bind("localhost:0").unwrap();
        let locals = listener.local();
        for local in &locals {
            assert_eq!(port(local), port(&locals[0]));
            let guest = TcpStream::connect(local).unwrap();
            let (_held, shown) = next_guest(&mut listener);
            assert_eq!(shown, guest.local_addr().unwrap().to_string());
        }
        assert!(locals.contains(&format!("127.0.0.1:{}", port(&locals[0]))));
    }

    #[test]
    fn an_address_in_use_is_told() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = taken.local_addr().unwrap();
        assert_eq!(
            told(&addr.to_string()),
            format!("cannot listen on `{addr}`: address in use; port 0 picks a free one")
        );
        assert!(matches!(bind(&format!(":{}", addr.port())), Err(BindError::InUse { .. })));
    }

    #[test]
    fn a_port_is_free_again_at_once() {
        let mut listener = bind("127.0.0.1:0").unwrap();
        let local = listener.local().remove(0);
        let guest = TcpStream::connect(&local).unwrap();
        // Who closes first keeps the TIME_WAIT.
        drop(next_guest(&mut listener));
        drop(guest);
        drop(listener);
        assert_eq!(bind(&local).unwrap().local(), [local]);
    }

    #[test]
    fn an_address_of_nobody_and_of_somebody_else_is_told() {
        let nobody = format!("{}.invalid", "a".repeat(64));
        assert!(
            told(&nobody)
                .starts_with(&format!("cannot listen on `{nobody}:51423`: host not found: "))
        );
        // TEST-NET-1 (RFC 5737): no machine has it.
        assert!(matches!(bind("192.0.2.1:0"), Err(BindError::Elsewhere { .. })));
    }

    #[test]
    fn a_unix_socket_is_shown_by_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let addr = format!("unix:{}", dir.path().join("chat.sock").display());
        let mut listener = bind(&addr).unwrap();
        assert_eq!(listener.local(), std::slice::from_ref(&addr));
        let mut guest = UnixStream::connect(&addr["unix:".len()..]).unwrap();
        let (held, shown) = next_guest(&mut listener);
        assert_eq!(shown, addr);
        assert!(told(&addr).ends_with("another process listens there; choose another path"));
        drop(held);
        assert_eq!(guest.write(b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    }

    #[test]
    fn guests_take_high_descriptors_when_asked() {
        crate::net::raise_descriptor_limit();
        let addr = "127.0.0.1:0".parse().unwrap();
        let mut listener = Listener::bind(&addr, Descriptors::High).unwrap();
        let _guest = TcpStream::connect(&listener.local()[0]).unwrap();
        let (NetStream::Tcp(held), _) = next_guest(&mut listener) else { panic!("TCP it is") };
        assert!(held.as_raw_fd() >= 1024);
    }

    #[test]
    fn guests_wait_while_only_the_reserve_is_left() {
        let mut listener = bind("127.0.0.1:0").unwrap();
        let local = listener.local().remove(0);
        let _guests = [TcpStream::connect(&local).unwrap(), TcpStream::connect(&local).unwrap()];
        listener.supply.end_at(0);
        let (_held, _) = next_guest(&mut listener);
        assert!(matches!(listener.accept(), Err(AcceptError::OutOfDescriptors)));
        listener.supply.end_at(i32::MAX);
        assert!(listener.accept().unwrap().is_some(), "the second one is still there");
    }

    #[test]
    fn running_out_of_descriptors_is_told_apart() {
        for errno in [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE] {
            assert!(ran_out(&errno.into()));
        }
        assert!(!ran_out(&rustix::io::Errno::CONNABORTED.into()));
        assert!(has_passed(&rustix::io::Errno::CONNABORTED.into()));
    }
}
