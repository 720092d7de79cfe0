//! How a guest may reach us.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The address to give to a guest, for one that we listen on: in place of "every interface" that by
/// which this machine reaches others.
pub(in crate::net) fn reachable(local: &str) -> String {
    match local.parse::<SocketAddr>() {
        Ok(addr) if addr.ip().is_unspecified() => {
            let ip = outward().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
            SocketAddr::new(ip, addr.port()).to_string()
        }
        _ => local.to_owned(),
    }
}

/// Our end of the way to anywhere. Nothing is sent: to connect a socket for datagrams only looks up the
/// way. The addresses are those that documentation has (RFC 5737, RFC 3849).
fn outward() -> Option<IpAddr> {
    let anywhere: [SocketAddr; 2] = [
        (Ipv4Addr::new(192, 0, 2, 1), 9).into(),
        (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into(),
    ];
    anywhere.into_iter().find_map(|to| {
        let from: IpAddr = match to {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((from, 0)).ok()?;
        socket.connect(to).ok()?;
        socket.local_addr().ok().map(|addr| addr.ip())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interface_is_the_one_that_leads_to_others() {
        for all in ["[::]:4433", "0.0.0.0:4433"] {
            let addr: SocketAddr = reachable(all).parse().unwrap();
            assert!(!addr.ip().is_unspecified() && addr.port() == 4433, "{addr}");
        }
        for one in ["127.0.0.1:5", "[::1]:5", "unix:/tmp/chat.sock"] {
            assert_eq!(reachable(one), one);
        }
    }
}
