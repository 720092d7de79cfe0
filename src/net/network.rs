//! Networks, as `--allow` names them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use thiserror::Error;

/// A network: `192.168.0.0/16`, `fd00::/8`, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many of its first bits all addresses of the network share.
    bits: u8,
}

/// Why a text is no [`Network`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// What stands where the address should.
    #[error("`{0}` is no IP address: write `192.168.0.0/16`, `fd00::/8` or `127.0.0.1`")]
    Address(String),
    /// What stands behind the slash.
    #[error("`/{0}` is no length of a network: write a number from 0 to {1}")]
    Bits(String, u8),
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr =
            address.parse().map_err(|_| NetworkError::Address(address.to_owned()))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => {
                let parsed = bits.parse().ok().filter(|bits: &u8| *bits <= most);
                parsed.ok_or_else(|| NetworkError::Bits(bits.to_owned(), most))?
            }
        };
        Ok(Network { address, bits }.canonical())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Network {
    /// The same as a network of IPv4 addresses, where all of it is those in IPv6 notation.
    fn canonical(self) -> Network {
        match (self.address.to_canonical(), self.bits.checked_sub(96)) {
            (address @ IpAddr::V4(_), Some(bits)) if self.address.is_ipv6() => {
                Network { address, bits }
            }
            _ => self,
        }
    }

    /// Whether an address is in it. An IPv4 address is the same when it comes as an IPv6 one
    /// (`::ffff:10.0.0.1`).
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same_bits(u128::from(u32::from(own) ^ u32::from(other)) << 96, self.bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                same_bits(u128::from(own) ^ u128::from(other), self.bits)
            }
            _ => false,
        }
    }

    /// Whether a peer is in one of them, that is shown as `127.0.0.1:50312`. A peer on a unix socket is in
    /// no network.
    #[must_use]
    pub fn any_contains(networks: &[Network], peer: &str) -> bool {
        let Ok(peer) = peer.parse::<SocketAddr>() else { return false };
        networks.iter().any(|network| network.contains(peer.ip()))
    }
}

/// Whether none of the first bits is set.
fn same_bits(difference: u128, bits: u8) -> bool {
    difference.leading_zeros() >= u32::from(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_in_their_networks_and_in_no_others() {
        for (network, inside, outside) in [
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("10.1.2.3/8", "10.255.0.1", "11.0.0.1"),
            ("192.168.0.0/23", "192.168.1.255", "192.168.2.0"),
            ("10.0.0.0/8", "::ffff:10.0.0.1", "::10.0.0.1"),
            ("::ffff:10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("::ffff:10.0.0.0/104", "::ffff:10.1.0.1", "11.0.0.1"),
            ("fd00::/8", "fd12::1", "fe00::1"),
            ("::1", "::1", "::2"),
            ("0.0.0.0/0", "8.8.8.8", "::1"),
            ("::/0", "::1", "8.8.8.8"),
        ] {
            let parsed: Network = network.parse().unwrap();
            assert!(parsed.contains(inside.parse().unwrap()), "{inside} in {parsed}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{outside} in {parsed}");
        }
    }

    #[test]
    fn a_peer_is_known_by_how_it_is_shown() {
        let networks = ["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        for (peer, inside) in [
            ("127.0.0.1:50312", true),
            ("[::1]:50312", true),
            ("10.0.0.1:50312", false),
            ("a unix socket", false),
        ] {
            assert_eq!(Network::any_contains(&networks, peer), inside, "{peer}");
        }
        assert!(!Network::any_contains(&[], "127.0.0.1:1"), "an empty list admits nobody");
    }

    #[test]
    fn what_is_no_network_is_told() {
        for (text, told) in [
            ("", "`` is no IP address"),
            ("localhost", "`localhost` is no IP address"),
            ("10.0.0.0/33", "`/33` is no length of a network: write a number from 0 to 32"),
            ("::/129", "`/129` is no length of a network: write a number from 0 to 128"),
            ("10.0.0.0/", "`/` is no length"),
        ] {
            let error = text.parse::<Network>().unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }
}
