//! How a guest may reach us.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::net::interfaces::outward;

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
