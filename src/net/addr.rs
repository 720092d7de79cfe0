//! Where to listen and where to connect, as people write it.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

/// The port where an address names none: that of the socket tutorial whose ten-line Python chat
/// programs are to meet this one without a word about ports.
pub const DEFAULT_PORT: u16 = 51423;

/// Where to listen or to connect, and whether to speak TLS there.
///
/// Reads `HOST:PORT`, `:PORT`, `PORT`, `HOST`, `[V6]:PORT`, `[V6]`, `V6` and `unix:PATH`, each also
/// behind `tls:`, and prints the address back with its port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// What is said there is said over TLS.
    pub tls: bool,
    /// Where it is.
    pub endpoint: Endpoint,
}

/// A socket's place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// TCP.
    Tcp {
        /// A name or an IP address without brackets. `None` is every interface, IPv4 and IPv6, for
        /// who listens, and this machine for who connects.
        host: Option<String>,
        /// The port; 0 lets a listener pick a free one.
        port: u16,
    },
    /// A unix socket at this path.
    Unix(PathBuf),
}

/// Why a text is no [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Nothing was written, or nothing that counts.
    #[error("the address is empty: {FORMS}")]
    Empty,
    /// What stands where the port should.
    #[error("`{0}` is no port: write a number from 0 to 65535")]
    Port(String),
    /// What stands where the host should.
    #[error("`{0}` is no host: {FORMS}")]
    Host(String),
    /// What stands where an IPv6 address should.
    #[error("`{0}` is no IPv6 address: with a port, write `[::1]:{DEFAULT_PORT}`")]
    V6(String),
    /// A colon with nothing behind it.
    #[error("`{0}` ends before its port: write `{0}{DEFAULT_PORT}`, or leave out the colon")]
    NoPort(String),
    /// `unix:` with nothing behind it.
    #[error("`unix:` has no path: write `unix:/tmp/chat.sock`")]
    NoPath,
}

const FORMS: &str =
    "write `HOST:PORT`, `PORT`, `[V6]:PORT` or `unix:PATH`, and `tls:` before it for TLS";

/// What a host is called that an address does not name, by who connects: this machine.
pub(super) const THIS_MACHINE: &str = "localhost";

/// What stands before an address at which TLS is spoken.
pub(super) const TLS: &str = "tls:";

/// The longest name that DNS can carry, in octets (RFC 1035, section 2.3.4).
const LONGEST_NAME: usize = 255;

impl Default for Address {
    /// Every interface, or this machine, at the default port.
    fn default() -> Self {
        Endpoint::Tcp { host: None, port: DEFAULT_PORT }.into()
    }
}

impl From<Endpoint> for Address {
    /// Without TLS.
    fn from(endpoint: Endpoint) -> Self {
        Address { tls: false, endpoint }
    }
}

impl Address {
    /// The port, where there are ports.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match self.endpoint {
            Endpoint::Tcp { port, .. } => Some(port),
            Endpoint::Unix(_) => None,
        }
    }

    /// The same as who connects means it: with a host, which is this machine where none is named.
    #[must_use]
    pub(super) fn with_host(&self) -> Address {
        let mut address = self.clone();
        if let Endpoint::Tcp { host, .. } = &mut address.endpoint {
            host.get_or_insert_with(|| THIS_MACHINE.to_owned());
        }
        address
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (tls, rest) = text.strip_prefix(TLS).map_or((false, text), |rest| (true, rest));
        Ok(Address { tls, endpoint: rest.parse()? })
    }
}

impl FromStr for Endpoint {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() {
                Err(AddressError::NoPath)
            } else {
                Ok(Endpoint::Unix(path.into()))
            };
        }
        // A URL is no address, and one `tls:` is enough.
        if text.contains('/') || text.starts_with(TLS) {
            return Err(AddressError::Host(text.to_owned()));
        }
        let (host, port) = split(text)?;
        let host = (!host.is_empty()).then(|| host.to_owned());
        Ok(Endpoint::Tcp { host, port: port.map_or(Ok(DEFAULT_PORT), parse_port)? })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.tls { TLS } else { "" }, self.endpoint)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Tcp { host: None, port } => write!(f, ":{port}"),
            Endpoint::Tcp { host: Some(host), port } if host.contains(':') => {
                write!(f, "[{host}]:{port}")
            }
            Endpoint::Tcp { host: Some(host), port } => write!(f, "{host}:{port}"),
            Endpoint::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Host, empty for none, and port, where one is written.
fn split(text: &str) -> Result<(&str, Option<&str>), AddressError> {
    if text.is_empty() {
        return Err(AddressError::Empty);
    }
    if let Some(rest) = text.strip_prefix('[') {
        return split_bracketed(text, rest);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(("", Some(text)));
    }
    match text.split_once(':') {
        None => Ok((check_host(text)?, None)),
        Some((_, rest)) if rest.contains(':') => Ok((check_v6(text)?, None)),
        Some((_, "")) => Err(AddressError::NoPort(text.to_owned())),
        Some(("", port)) => Ok(("", Some(port))),
        Some((host, port)) => Ok((check_host(host)?, Some(port))),
    }
}

fn split_bracketed<'a>(
    text: &str,
    rest: &'a str,
) -> Result<(&'a str, Option<&'a str>), AddressError> {
    let (host, after) = rest.split_once(']').ok_or_else(|| AddressError::V6(text.to_owned()))?;
    let host = check_v6(host)?;
    match after.strip_prefix(':') {
        Some("") => Err(AddressError::NoPort(text.to_owned())),
        Some(port) => Ok((host, Some(port))),
        None if after.is_empty() => Ok((host, None)),
        None => Err(AddressError::V6(text.to_owned())),
    }
}

/// `fe80::1%eth0` names an interface too (RFC 4007, section 11), which only a lookup understands.
fn check_v6(text: &str) -> Result<&str, AddressError> {
    let (addr, zone) = text.split_once('%').unwrap_or((text, "none"));
    let is_zone =
        !zone.is_empty() && zone.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
    match addr.parse::<Ipv6Addr>() {
        Ok(_) if is_zone => Ok(text),
        _ => Err(AddressError::V6(text.to_owned())),
    }
}

/// Whether a name exists is for the lookup to say; what cannot be one is told before.
fn check_host(text: &str) -> Result<&str, AddressError> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "[]@?#,;\"'`\\".contains(c);
    if text.contains(odd) || text.len() > LONGEST_NAME {
        return Err(AddressError::Host(text.to_owned()));
    }
    Ok(text)
}

fn parse_port(text: &str) -> Result<u16, AddressError> {
    // `parse` alone would let `+5` pass.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| AddressError::Port(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tcp(host: Option<&str>, port: u16) -> Address {
        Endpoint::Tcp { host: host.map(str::to_owned), port }.into()
    }

    fn unix(path: &str) -> Address {
        Endpoint::Unix(path.into()).into()
    }

    #[test]
    fn every_form_is_read_and_printed_back() {
        for (text, address, printed) in [
            ("example.org:25", tcp(Some("example.org"), 25), "example.org:25"),
            (":25", tcp(None, 25), ":25"),
            ("25", tcp(None, 25), ":25"),
            ("0", tcp(None, 0), ":0"),
            ("65535", tcp(None, 65535), ":65535"),
            ("localhost", tcp(Some("localhost"), 51423), "localhost:51423"),
            ("127.0.0.1", tcp(Some("127.0.0.1"), 51423), "127.0.0.1:51423"),
            ("[::1]:25", tcp(Some("::1"), 25), "[::1]:25"),
            ("[::1]", tcp(Some("::1"), 51423), "[::1]:51423"),
            ("::1", tcp(Some("::1"), 51423), "[::1]:51423"),
            ("::", tcp(Some("::"), 51423), "[::]:51423"),
            ("[fe80::1%eth0]:25", tcp(Some("fe80::1%eth0"), 25), "[fe80::1%eth0]:25"),
            ("unix:/tmp/a:b", unix("/tmp/a:b"), "unix:/tmp/a:b"),
        ] {
            assert_eq!(text.parse(), Ok(address.clone()), "{text}");
            assert_eq!(address.to_string(), printed);
            assert_eq!(printed.parse(), Ok(address.clone()), "{printed}");
            let secure = Address { tls: true, ..address };
            assert_eq!(format!("tls:{text}").parse(), Ok(secure.clone()), "tls:{text}");
            assert_eq!(secure.to_string(), format!("tls:{printed}"));
        }
    }

    #[test]
    fn what_is_no_address_is_told_with_what_would_be() {
        for (text, told) in [
            (
                "",
                "the address is empty: write `HOST:PORT`, `PORT`, `[V6]:PORT` or `unix:PATH`, \
                 and `tls:` before it for TLS",
            ),
            ("65536", "`65536` is no port: write a number from 0 to 65535"),
            ("host:smtp", "`smtp` is no port: write a number from 0 to 65535"),
            ("host:+5", "`+5` is no port: write a number from 0 to 65535"),
            ("host:", "`host:` ends before its port: write `host:51423`, or leave out the colon"),
            (
                "[::1]:",
                "`[::1]:` ends before its port: write `[::1]:51423`, or leave out the colon",
            ),
            ("::1:51423", "`::1:51423` is no IPv6 address: with a port, write `[::1]:51423`"),
            ("[host]:5", "`host` is no IPv6 address: with a port, write `[::1]:51423`"),
            ("[::1]5", "`[::1]5` is no IPv6 address: with a port, write `[::1]:51423`"),
            ("[::1", "`[::1` is no IPv6 address: with a port, write `[::1]:51423`"),
            ("[fe80::1%]", "`fe80::1%` is no IPv6 address: with a port, write `[::1]:51423`"),
            ("::%]", "`::%]` is no IPv6 address: with a port, write `[::1]:51423`"),
            ("unix:", "`unix:` has no path: write `unix:/tmp/chat.sock`"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap_err().to_string(), told, "{text}");
        }
        for text in ["a b:5", "http://host", "host/path:5", "tls:tls:5", "tls://host"] {
            let told = text.parse::<Address>().unwrap_err();
            assert!(matches!(told, AddressError::Host(_)), "{text}: {told:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_that_prints_back_or_an_error(text in "\\PC{0,12}|[0-9a-f:\\[\\]%]{0,12}|tls:[0-9a-f:]{0,8}") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert_eq!(address.to_string().parse(), Ok(address));
            }
        }
    }
}
