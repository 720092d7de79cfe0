//! Sockets: addresses, listening, connecting, and what is to be sent on each conn.
//!
//! Nothing here blocks but the name lookups of [`Listener::bind`] and [`resolve`], and nothing waits: a driver polls,
//! and hands in the time. Readiness is edge-triggered, as mio has it, so whoever is told that a
//! stream is ready goes on until it is not.
//!
//! - [`Listener`] is one event source, however many sockets an address takes.
//! - [`Dialer`] connects; it is advanced whenever its token is ready, its waker woke, or its deadline
//!   has come.
//! - [`Conn`] is a stream and its outbox. It is generic over [`Stream`]: a [`Socket`], or a [`TlsStream`]
//!   over one.
//! - [`private`] has those prove a code to each other who are to be let in.
//! - [`Tls`] is what is asked for of TLS. Both a listener and a dialer hand out a [`Link`] only when its
//!   handshake is done.

mod addr;
mod bind_error;
mod conn;
mod descriptor;
mod dial;
mod dial_error;
mod interfaces;
mod knocking;
mod link;
mod listener;
mod lookup;
#[cfg(test)]
mod memory;
mod network;
mod outbox;
mod portion;
pub mod private;
mod race;
mod socket;
mod socket_file;
mod stream;
#[cfg(test)]
mod testing;
mod tls;

pub use addr::{Address, AddressError, DEFAULT_PORT, Endpoint};
pub use bind_error::BindError;
pub use conn::{Conn, Flushed, ReadOutcome, Settled};
pub use descriptor::{Descriptors, descriptors_for_conns, raise_descriptor_limit};
pub use dial::{DialOptions, Dialer};
pub use dial_error::{DialError, DialFailure};
pub use knocking::{Barred, KNOCKS};
pub use link::Link;
pub use listener::{ACCEPT_AGAIN, AcceptError, Accepted, Listener};
pub use lookup::resolve;
pub use network::{Network, NetworkError};
pub use portion::{Portion, Pour};
pub use socket::Socket;
pub use stream::{NetStream, Stream};
pub use tls::{
    Acceptor, Certificate, Distrust, Pin, PinError, Refusal, Tls, TlsFailure, TlsFileError,
    TlsName, TlsNameError, TlsOptions, TlsStart, TlsStream,
};

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use mio::{Events, Interest, Poll, Token};

    use super::*;
    use crate::units::At;

    const CLIENT: Token = Token(0);
    const SERVER: Token = Token(1);

    /// One end, driven as the driver does it: by edges alone.
    struct End {
        conn: Conn<NetStream>,
        heard: Vec<u8>,
        eof: bool,
        settled: Option<usize>,
    }

    impl End {
        fn new(stream: NetStream, token: Token, poll: &Poll) -> End {
            let mut conn = Conn::new(stream);
            let both = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(conn.stream_mut(), token, both).unwrap();
            End { conn, heard: Vec::new(), eof: false, settled: None }
        }

        /// Reads what there is, with a buffer that is always too short for it.
        fn ready(&mut self, event: &mio::event::Event) {
            let mut buf = [0; 1000];
            if event.is_read_closed() {
                self.conn.eof_is_due();
            }
            if self.conn.is_closing() {
                return self.settle();
            }
            self.conn.flush().unwrap();
            while !self.eof && (event.is_readable() || event.is_read_closed()) {
                match self.conn.read(&mut buf) {
                    ReadOutcome::Bytes { n, drained } => {
                        self.heard.extend_from_slice(&buf[..n]);
                        if drained {
                            break;
                        }
                    }
                    ReadOutcome::Eof => self.eof = true,
                    ReadOutcome::WouldBlock => break,
                    ReadOutcome::Failed(how) => panic!("{how}"),
                }
            }
        }

        fn settle(&mut self) {
            if let Settled::Done { unsent, .. } = self.conn.settle(At::START, &mut [0; 1000]) {
                self.settled = Some(unsent);
            }
        }
    }

    fn connected(address: &str, poll: &mut Poll) -> (End, End) {
        let tls = Tls::default();
        let mut listener =
            Listener::bind(&address.parse().unwrap(), Descriptors::default(), &tls).unwrap();
        let local = listener.local().remove(0).parse().unwrap();
        let waker = std::sync::Arc::new(mio::Waker::new(poll.registry(), Token(2)).unwrap());
        let pins = listener.pin().into_iter().collect();
        let tls = Tls::load(TlsOptions { pins, ..TlsOptions::default() }).unwrap();
        let options = DialOptions { tls, ..DialOptions::default() };
        let mut dialer = Dialer::start(local, options, CLIENT, &waker, At::START);
        let (mut events, mut client, mut server) = (Events::with_capacity(8), None, None);
        poll.registry().register(&mut listener, SERVER, Interest::READABLE).unwrap();
        while client.is_none() || server.is_none() {
            client =
                client.or_else(|| dialer.advance(poll.registry(), At::START).map(Result::unwrap));
            match listener.accept(poll.registry(), At::START).unwrap() {
                Accepted::Guest(link) => server = Some(link),
                Accepted::Turned { addr, why } => panic!("{addr}: {why}"),
                Accepted::Stepped => continue,
                Accepted::Nobody => {}
                told => panic!("{told:?}"),
            }
            if client.is_none() || server.is_none() {
                poll.poll(&mut events, Some(testing::PATIENCE)).unwrap();
                assert!(!events.is_empty(), "nobody came");
                events.iter().for_each(|event| listener.event(event.token()));
            }
        }
        let (client, server) = (client.unwrap().stream, server.unwrap().stream);
        (End::new(client, CLIENT, poll), End::new(server, SERVER, poll))
    }

    /// The client says a lot and half-closes, the server says it back and closes.
    fn everything_comes_back(address: &str) {
        let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(8));
        let (mut client, mut server) = connected(address, &mut poll);
        let said: Vec<u8> = (0u8..251).cycle().take(3 << 20).collect();
        client.conn.send(Bytes::from(said.clone()));
        client.conn.shutdown();
        client.conn.flush().unwrap();
        while client.settled.is_none() || server.settled.is_none() {
            poll.poll(&mut events, Some(testing::PATIENCE)).unwrap();
            assert!(!events.is_empty(), "an edge was missed after {} bytes", client.heard.len());
            for event in &events {
                let end = if event.token() == CLIENT { &mut client } else { &mut server };
                end.ready(event);
                if end.eof && !end.conn.is_closing() {
                    if event.token() == SERVER {
                        end.conn.send(Bytes::from(std::mem::take(&mut end.heard)));
                    }
                    end.conn.close(At::START);
                    end.settle();
                }
            }
        }
        assert!(client.heard == said, "{} of {} bytes came back", client.heard.len(), said.len());
        assert_eq!((client.settled, server.settled), (Some(0), Some(0)));
    }

    #[test]
    fn everything_comes_back_over_tcp() {
        everything_comes_back("127.0.0.1:0");
    }

    #[test]
    fn everything_comes_back_over_a_unix_socket() {
        let dir = tempfile::tempdir().unwrap();
        let address = format!("unix:{}", dir.path().join("chat.sock").display());
        everything_comes_back(&address);
        everything_comes_back(&format!("tls:{address}"));
    }

    #[test]
    fn everything_comes_back_over_tls() {
        everything_comes_back("tls:127.0.0.1:0");
    }
}
