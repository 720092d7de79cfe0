//! What tests of real sockets need: a loop to wait in, and peers that do not answer as one would like.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Poll, Registry, Token, Waker};
use socket2::{Domain, Socket, Type};

/// Far more than a machine under load needs; a test that waits this long has failed.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// An event loop, as a driver has one.
pub(super) struct EventLoop {
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
}

impl EventLoop {
    pub(super) fn new() -> EventLoop {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(usize::MAX)).unwrap());
        EventLoop { poll, events: Events::with_capacity(8), waker }
    }

    pub(super) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    pub(super) fn waker(&self) -> &Arc<Waker> {
        &self.waker
    }

    /// Returns when something has happened.
    pub(super) fn wait(&mut self) {
        self.wait_for(|_| ());
    }

    /// The same, and says to whom.
    pub(super) fn wait_for(&mut self, happened: impl FnMut(Token)) {
        self.poll.poll(&mut self.events, Some(PATIENCE)).unwrap();
        assert!(!self.events.is_empty(), "nothing happened within {PATIENCE:?}");
        self.events.iter().map(mio::event::Event::token).for_each(happened);
    }
}

/// An address that refuses for as long as the socket is held: bound, so nobody else can take it, and
/// not listening.
pub(super) fn refusing() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, addr)
}

/// An address that never answers, for as long as the sockets are held: its queue of guests is full,
/// so the system drops whoever knocks.
pub(super) fn silent() -> ((Socket, Vec<TcpStream>), SocketAddr) {
    let (socket, addr) = refusing();
    socket.listen(0).unwrap();
    let mut queue = Vec::new();
    while let Ok(guest) = TcpStream::connect_timeout(&addr, Duration::from_millis(200)) {
        queue.push(guest);
        assert!(queue.len() < 1000, "the queue never fills");
    }
    ((socket, queue), addr)
}
