//! The addresses of this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

/// What others may reach this machine by, the best to hand out first: by which it reaches others itself, then
/// IPv4, then IPv6. Those that mean something to one machine or one wire only (loopback, link-local) are none,
/// nor are those of interfaces that lead nowhere, as that of a bridge without containers. Empty also where
/// the system does not tell.
pub(super) fn addresses() -> Vec<IpAddr> {
    let up = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING;
    let found = getifaddrs().into_iter().flatten().filter(|found| found.flags.contains(up));
    let ips = found.filter_map(|found| {
        let addr = found.address?;
        let v4 = addr.as_sockaddr_in().map(|addr| IpAddr::V4(addr.ip()));
        v4.or_else(|| addr.as_sockaddr_in6().map(|addr| IpAddr::V6(addr.ip())))
    });
    ordered(ips.collect(), outward())
}

/// Those of `found` that are of use to others, `first` first, each once.
fn ordered(mut found: Vec<IpAddr>, first: Option<IpAddr>) -> Vec<IpAddr> {
    found.extend(first);
    found.retain(|ip| is_known_elsewhere(*ip));
    found.sort_by_key(|ip| (Some(*ip) != first, ip.is_ipv6(), *ip));
    found.dedup();
    found
}

fn is_known_elsewhere(ip: IpAddr) -> bool {
    let on_one_wire = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    !(on_one_wire || ip.is_loopback() || ip.is_unspecified())
}

/// Our end of the way to anywhere. Nothing is sent: to connect a socket for datagrams only looks up the
/// way. The addresses are those that documentation has (RFC 5737, RFC 3849).
pub(super) fn outward() -> Option<IpAddr> {
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

    fn ips(all: &[&str]) -> Vec<IpAddr> {
        all.iter().map(|ip| ip.parse().unwrap()).collect()
    }

    #[test]
    fn the_best_to_hand_out_comes_first_and_what_nobody_else_knows_never() {
        let found = ips(&[
            "127.0.0.1",
            "::1",
            "fe80::1",
            "169.254.3.4",
            "2001:db8::7",
            "10.0.0.5",
            "192.168.1.7",
            "10.0.0.5",
        ]);
        let first = Some("192.168.1.7".parse().unwrap());
        assert_eq!(ordered(found.clone(), first), ips(&["192.168.1.7", "10.0.0.5", "2001:db8::7"]));
        assert_eq!(ordered(found, None), ips(&["10.0.0.5", "192.168.1.7", "2001:db8::7"]));
        assert_eq!(ordered(ips(&["::1"]), Some("127.0.0.1".parse().unwrap())), ips(&[]));
    }

    #[test]
    fn this_machine_has_none_that_only_it_knows() {
        assert!(addresses().into_iter().all(is_known_elsewhere));
    }
}
