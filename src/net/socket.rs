//! A socket of either family.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, SocketAddrV4};
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
use rustix::buffer::spare_capacity;
use rustix::net::sockopt;

#[cfg(target_os = "linux")]
use super::portion::Portion;
use super::portion::Pour;
use super::stream::Stream;

/// Silence after which the system asks whether the peer is still there. RFC 5382 (REQ-5) wants address
/// translators to remember a silent connection for two hours; many a home router forgets it after
/// minutes, and then neither end would ever be told.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
/// Between two such questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// Questions without answer after which the connection is broken: with the two above, a machine that
/// has vanished is noticed after two minutes.
const KEEPALIVE_RETRIES: u32 = 4;

/// A socket that is connected: TCP with `TCP_NODELAY` and keepalive on, or a unix socket.
#[derive(Debug)]
pub enum Socket {
    /// TCP.
    Tcp(TcpStream),
    /// A unix socket.
    Unix(UnixStream),
}

impl Socket {
    /// Lines are to leave when they are said, and a peer that has vanished is to be noticed. A socket
    /// that refuses is broken already, which its first read or write tells better.
    pub(super) fn tuned(stream: TcpStream) -> Socket {
        sockopt::set_tcp_nodelay(&stream, true).ok();
        sockopt::set_socket_keepalive(&stream, true).ok();
        sockopt::set_tcp_keepidle(&stream, KEEPALIVE_IDLE).ok();
        sockopt::set_tcp_keepintvl(&stream, KEEPALIVE_INTERVAL).ok();
        sockopt::set_tcp_keepcnt(&stream, KEEPALIVE_RETRIES).ok();
        Socket::Tcp(stream)
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Socket::Tcp(stream) => stream,
            Socket::Unix(stream) => stream,
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.read(buf),
            Socket::Unix(stream) => stream.read(buf),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.write(buf),
            Socket::Unix(stream) => stream.write(buf),
        }
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.write_vectored(slices),
            Socket::Unix(stream) => stream.write_vectored(slices),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pour for Socket {
    #[cfg(target_os = "linux")]
    fn pour(&mut self, portion: &Portion) -> io::Result<Option<usize>> {
        use rustix::io::Errno;

        let mut start = portion.start();
        let (file, len) = (portion.file(), portion.len());
        let taken = match self {
            Socket::Tcp(stream) => rustix::fs::sendfile(stream, file, Some(&mut start), len),
            Socket::Unix(stream) => rustix::fs::sendfile(stream, file, Some(&mut start), len),
        };
        match taken {
            Ok(taken) => Ok(Some(taken)),
            // Not from every file system.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => Ok(None),
            Err(err) => Err(err.into()),
        }
    }
}

impl Stream for Socket {
    fn read_spare(&mut self, into: &mut Vec<u8>) -> io::Result<usize> {
        let into = spare_capacity(into);
        let n = match self {
            Socket::Tcp(stream) => rustix::io::read(stream, into),
            Socket::Unix(stream) => rustix::io::read(stream, into),
        }?;
        Ok(n)
    }

    fn short_read_is_all(&self) -> bool {
        true
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Socket::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }

    fn reset_on_drop(&mut self) {
        if let Socket::Tcp(stream) = self {
            sockopt::set_socket_linger(&*stream, Some(Duration::ZERO)).ok();
        }
    }

    fn take_error(&mut self) -> Option<io::Error> {
        let error = match self {
            Socket::Tcp(stream) => stream.take_error(),
            Socket::Unix(stream) => stream.take_error(),
        };
        error.unwrap_or_else(Some)
    }
}

impl Source for Socket {
    fn register(&mut self, to: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.source().register(to, token, interests)
    }

    fn reregister(&mut self, to: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.source().reregister(to, token, interests)
    }

    fn deregister(&mut self, from: &Registry) -> io::Result<()> {
        self.source().deregister(from)
    }
}

/// An address for people: an IPv4 peer of a dual-stack socket is shown as the IPv4 address it is.
pub(super) fn shown(addr: SocketAddr) -> String {
    match addr {
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => SocketAddrV4::new(v4, v6.port()).to_string(),
            None => v6.to_string(),
        },
        SocketAddr::V4(v4) => v4.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn a_mapped_address_is_shown_as_the_ipv4_address_it_is() {
        for (addr, said) in [
            ("[::ffff:127.0.0.1]:5", "127.0.0.1:5"),
            ("127.0.0.1:5", "127.0.0.1:5"),
            ("[::1]:5", "[::1]:5"),
            ("[fe80::1%3]:5", "[fe80::1%3]:5"),
        ] {
            assert_eq!(shown(addr.parse().unwrap()), said);
        }
    }

    #[test]
    fn a_stream_that_is_reset_on_drop_resets() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (ours, _) = listener.accept().unwrap();
        let mut ours = Socket::tuned(TcpStream::from_std(ours));
        ours.reset_on_drop();
        drop(ours);
        let heard = peer.read(&mut [0; 1]).unwrap_err();
        assert_eq!(heard.kind(), ErrorKind::ConnectionReset);
    }

    #[test]
    fn tcp_is_tuned() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let ours = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let Socket::Tcp(ours) = Socket::tuned(TcpStream::from_std(ours)) else {
            panic!("TCP stays TCP");
        };
        assert!(sockopt::tcp_nodelay(&ours).unwrap());
        assert!(sockopt::socket_keepalive(&ours).unwrap());
        assert_eq!(sockopt::tcp_keepidle(&ours).unwrap(), KEEPALIVE_IDLE);
        assert_eq!(sockopt::tcp_keepintvl(&ours).unwrap(), KEEPALIVE_INTERVAL);
        assert_eq!(sockopt::tcp_keepcnt(&ours).unwrap(), KEEPALIVE_RETRIES);
    }
}
