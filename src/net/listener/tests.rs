//! Listening on real sockets.

use std::io::Write;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;

use mio::{Events, Poll};

use super::*;
use crate::net::testing::PATIENCE;

fn bind(addr: &str) -> Result<Listener, BindError> {
    Listener::bind(&addr.parse().unwrap(), Descriptors::Any, &Tls::default())
}

fn told(addr: &str) -> String {
    bind(addr).unwrap_err().to_string()
}

/// The next guest, as a driver waits for it.
fn next_guest(listener: &mut Listener) -> (Socket, String) {
    let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(8));
    listener.register(poll.registry(), Token(0), Interest::READABLE).unwrap();
    poll.poll(&mut events, Some(PATIENCE)).unwrap();
    let guest = listener.sockets.next().unwrap().expect("a guest has come");
    listener.deregister(poll.registry()).unwrap();
    guest
}

fn port(local: &str) -> u16 {
    local.parse::<SocketAddr>().unwrap().port()
}

#[test]
fn a_guest_is_let_in_and_shown_with_its_address() {
    let mut listener = bind("127.0.0.1:0").unwrap();
    assert!(listener.sockets.next().unwrap().is_none());
    let [local] = &*listener.local() else { panic!("one address, one socket") };
    let guest = TcpStream::connect(local).unwrap();
    let (_held, shown) = next_guest(&mut listener);
    assert_eq!(shown, guest.local_addr().unwrap().to_string());
    assert!(local.starts_with("127.0.0.1:"), "{local}");
    assert!(listener.sockets.next().unwrap().is_none());
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
        told(&nobody).starts_with(&format!("cannot listen on `{nobody}:51423`: host not found: "))
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
    let mut listener = Listener::bind(&addr, Descriptors::High, &Tls::default()).unwrap();
    let _guest = TcpStream::connect(&listener.local()[0]).unwrap();
    let (Socket::Tcp(held), _) = next_guest(&mut listener) else { panic!("TCP it is") };
    assert!(held.as_raw_fd() >= 1024);
}

#[test]
fn guests_wait_while_only_the_reserve_is_left() {
    let mut listener = bind("127.0.0.1:0").unwrap();
    let local = listener.local().remove(0);
    let _guests = [TcpStream::connect(&local).unwrap(), TcpStream::connect(&local).unwrap()];
    listener.sockets.supply.end_at(0);
    let (_held, _) = next_guest(&mut listener);
    assert!(matches!(listener.sockets.next(), Err(AcceptError::OutOfDescriptors)));
    listener.sockets.supply.end_at(i32::MAX);
    assert!(listener.sockets.next().unwrap().is_some(), "the second one is still there");
}

#[test]
fn running_out_of_descriptors_is_told_apart() {
    for errno in [rustix::io::Errno::MFILE, rustix::io::Errno::NFILE] {
        assert!(ran_out(&errno.into()));
    }
    assert!(!ran_out(&rustix::io::Errno::CONNABORTED.into()));
    assert!(has_passed(&rustix::io::Errno::CONNABORTED.into()));
}
