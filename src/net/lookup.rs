//! From names to IP addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use super::addr::{Address, Endpoint};
use super::dial_error::{DialError, DialFailure};
use crate::units::reason;

/// The IP addresses of the host that an address names, so that many can connect there with one lookup;
/// `None` where it names none. Blocks for seconds where a name server does not answer.
///
/// # Errors
/// The name is not known.
pub fn resolve(address: &Address) -> Result<Option<Arc<[SocketAddr]>>, DialError> {
    let Endpoint::Tcp { host: Some(host), port } = &address.endpoint else { return Ok(None) };
    addresses(host, *port).map(|found| Some(found.into())).map_err(|err| DialError {
        address: address.clone(),
        failure: DialFailure::NotFound { why: reason(&err) },
        retried: None,
    })
}

/// The addresses of `host`, in the order in which they are to be tried. Blocks where they have to be
/// looked up, as [`look_up`] does.
///
/// # Errors
/// What the system says about a name that it does not know.
pub(super) fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    known(host, port).map_or_else(|| look_up(host, port), Ok)
}

/// The addresses of `host`, where no lookup is needed to know them.
///
/// `localhost` is this machine on every resolver that follows RFC 6761 (section 6.3).
pub(super) fn known(host: &str, port: u16) -> Option<Vec<SocketAddr>> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(this_machine(port));
    }
    host.parse::<IpAddr>().ok().map(|ip| vec![(ip, port).into()])
}

/// This machine, as who connects reaches it.
pub(super) fn this_machine(port: u16) -> Vec<SocketAddr> {
    vec![(Ipv6Addr::LOCALHOST, port).into(), (Ipv4Addr::LOCALHOST, port).into()]
}

/// Asks the system for the addresses of `host`, in the order in which they are to be tried. Blocks,
/// for seconds where a name server does not answer.
///
/// # Errors
/// What the system says about a name that it does not know.
pub(super) fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    if found.is_empty() {
        return Err(io::Error::other("it has no address"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_this_machine_need_no_lookup() {
        for (host, addrs) in [
            ("127.0.0.1", vec!["127.0.0.1:5"]),
            ("::1", vec!["[::1]:5"]),
            ("LocalHost", vec!["[::1]:5", "127.0.0.1:5"]),
        ] {
            let addrs: Vec<SocketAddr> = addrs.iter().map(|addr| addr.parse().unwrap()).collect();
            assert_eq!(known(host, 5), Some(addrs));
        }
        assert_eq!(known("example.org", 5), None);
        assert_eq!(known("fe80::1%eth0", 5), None, "only the system knows its interfaces");
    }

    #[test]
    fn a_name_that_cannot_be_is_an_error() {
        // A label over 63 octets (RFC 1035) is refused without asking a name server.
        assert!(look_up(&format!("{}.invalid", "a".repeat(64)), 5).is_err());
    }
}
