//! Peers made of a socket and a thread: on port 0, with a deadline on everything.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socket2::SockRef;

use super::DEADLINE;
use super::ends::{Gathered, fail};

/// One end of a connection, in a test's own hands. Dropped, it closes.
pub(crate) struct Peer {
    stream: TcpStream,
    got: Arc<Gathered>,
    /// What of it the test has not taken yet.
    unread: BytesMut,
}

impl Peer {
    /// Connects to `HOST:PORT`.
    #[track_caller]
    pub(crate) fn connect(addr: &str) -> Peer {
        let stream = TcpStream::connect(addr);
        let stream = stream.unwrap_or_else(|error| fail(&format!("connect to {addr}: {error}")));
        Peer::new(stream, Gathered::new(format!("heard by the client of {addr}")))
    }

    /// The peer that connected to a listener of the test's own.
    pub(crate) fn from(stream: TcpStream) -> Peer {
        Peer::new(stream, Gathered::new("heard by a peer that was let in"))
    }

    /// The next client of a listener.
    #[track_caller]
    pub(crate) fn accept(listener: &TcpListener) -> Peer {
        let addr = listener.local_addr().expect("it is bound");
        Peer::new(accept_within(listener), Gathered::new(format!("heard by the server at {addr}")))
    }

    fn new(stream: TcpStream, got: Arc<Gathered>) -> Peer {
        stream.set_write_timeout(Some(DEADLINE)).expect("a timeout that is not zero");
        stream.set_nodelay(true).expect("a socket has the option");
        Peer { stream, got, unread: BytesMut::new() }
    }

    /// Says these bytes.
    #[track_caller]
    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) {
        if let Err(error) = self.stream.write_all(bytes.as_ref()) {
            fail(&format!("could not say `{}`: {error}", bytes.as_ref().escape_ascii()));
        }
    }

    /// Says these bytes, if there is still somebody to hear them; whether there was.
    pub(crate) fn try_say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// Expects exactly these bytes next.
    #[track_caller]
    pub(crate) fn expect_bytes(&mut self, bytes: impl AsRef<[u8]>) {
        let expected = bytes.as_ref();
        self.fill(|unread| unread.len() >= expected.len() || !expected.starts_with(unread));
        let next = self.take(expected.len());
        if next != expected {
            let (was, expected) = (next.escape_ascii(), expected.escape_ascii());
            fail(&format!("heard `{was}`, expected `{expected}`"));
        }
    }

    /// The next line, with its end; what is left where the other end is done without one.
    #[track_caller]
    pub(crate) fn read_line(&mut self) -> Vec<u8> {
        let end = |unread: &[u8]| memchr::memchr(b'\n', unread).map(|at| at + 1);
        self.fill(|unread| end(unread).is_some());
        self.take(end(&self.unread).unwrap_or(usize::MAX))
    }

    /// All that comes until the other end is done, which it must be by then.
    #[track_caller]
    pub(crate) fn read_to_end_within(&mut self, limit: Duration) -> Vec<u8> {
        let deadline = Instant::now() + limit;
        while self.more(deadline) {}
        self.take(usize::MAX)
    }

    /// Says that it will say no more.
    pub(crate) fn shutdown(&self) {
        // Fails only where the other end has gone, which the next read tells.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Breaks the connection: with no time to linger, closing sends a reset.
    pub(crate) fn reset(self) {
        let linger = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        linger.expect("a socket has the option");
    }

    /// Reads until there is enough, or no more.
    #[track_caller]
    fn fill(&mut self, enough: impl Fn(&[u8]) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !enough(&self.unread) && self.more(deadline) {}
    }

    fn take(&mut self, most: usize) -> Vec<u8> {
        self.unread.split_to(most.min(self.unread.len())).to_vec()
    }

    /// Reads once; whether there was anything before the end.
    #[track_caller]
    fn more(&mut self, deadline: Instant) -> bool {
        loop {
            match self.receive(deadline) {
                Ok(n) => return n > 0,
                // A process that the test started has ended, or it was stopped for a while.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => fail(&format!("reading from the peer: {error}")),
            }
        }
    }

    fn receive(&mut self, deadline: Instant) -> std::io::Result<usize> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let mut buffer = [0; 16 * 1024];
        let n = self.stream.read(&mut buffer)?;
        self.unread.extend_from_slice(&buffer[..n]);
        match n {
            0 => self.got.end(),
            _ => self.got.add(&buffer[..n]),
        }
        Ok(n)
    }
}

/// A server for one client, with a part that it plays.
pub(crate) struct ScriptedServer {
    addr: SocketAddr,
    got: Arc<Gathered>,
    part: JoinHandle<()>,
    done: mpsc::Receiver<()>,
}

impl ScriptedServer {
    /// Waits for a client on a thread of its own, and plays its part to it.
    pub(crate) fn start(part: impl FnOnce(Peer) + Send + 'static) -> ScriptedServer {
        let (listener, addr) = listen();
        let got = Gathered::new(format!("heard by the server at {addr}"));
        let heard = Arc::clone(&got);
        let (doing, done) = mpsc::channel::<()>();
        let part = thread::spawn(move || {
            let _doing = doing;
            part(Peer::new(accept_within(&listener), heard));
        });
        ScriptedServer { addr, got, part, done }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> String {
        self.addr.to_string()
    }

    /// Waits until its part is played; all that it heard.
    #[track_caller]
    pub(crate) fn finish(self) -> Vec<u8> {
        if self.done.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
            fail("the server was not done in time");
        }
        if self.part.join().is_err() {
            fail("the server's part failed; its own message stands above");
        }
        self.got.bytes()
    }
}

/// A listener that serves any number of clients, each on a thread of its own. Dropped, it lets in no more.
pub(crate) struct Serving {
    addr: SocketAddr,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Serving {
    /// Does this with each client who comes.
    pub(crate) fn start(
        (listener, addr): (TcpListener, SocketAddr),
        serve: impl Fn(&TcpStream) + Send + Sync + 'static,
    ) -> Serving {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, serve) = (Arc::clone(&stop), Arc::new(serve));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(&stream));
            }
        });
        Serving { addr, stop, accepting: Some(accepting) }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> String {
        self.addr.to_string()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes it from its `accept`.
        let woken = TcpStream::connect(self.addr).is_ok();
        if let Some(accepting) = self.accepting.take().filter(|_| woken) {
            // It never panics.
            let _ = accepting.join();
        }
    }
}

/// A server that says to each client what that client says, until it is done.
pub(crate) struct EchoServer {
    got: Arc<Gathered>,
    serving: Serving,
}

impl EchoServer {
    /// Listens, and serves on threads of its own.
    pub(crate) fn start() -> EchoServer {
        let (listener, addr) = listen();
        let got = Gathered::new(format!("heard by the echo server at {addr}"));
        let heard = Arc::clone(&got);
        let serving = Serving::start((listener, addr), move |stream| echo(stream, &heard));
        EchoServer { got, serving }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> String {
        self.serving.addr()
    }

    /// Waits until some client has said these bytes.
    #[track_caller]
    pub(crate) fn wait_for(&self, bytes: impl AsRef<[u8]>) {
        self.got.wait_for(bytes.as_ref());
    }
}

fn echo(stream: &TcpStream, heard: &Gathered) {
    // A client that is silent for so long belongs to a test that has failed.
    stream.set_read_timeout(Some(DEADLINE)).expect("a timeout that is not zero");
    stream.set_write_timeout(Some(DEADLINE)).expect("a timeout that is not zero");
    let (mut from, mut to) = (stream, stream);
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        heard.add(&buffer[..n]);
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
}

/// A listener on a free port of the loopback.
pub(crate) fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = listener.local_addr().expect("it is bound");
    (listener, addr)
}

/// The next client.
#[track_caller]
pub(crate) fn accept_within(listener: &TcpListener) -> TcpStream {
    let limit = Timespec::try_from(DEADLINE).expect("it is a short time");
    match poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&limit)) {
        Ok(1..) => listener.accept().expect("somebody waits").0,
        _ => fail("nobody connected in time"),
    }
}
