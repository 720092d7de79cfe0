//! Where a server is, and what a program is told of that: a port, an empty folder, an address made of them.

use std::collections::VecDeque;
use std::io;
use std::net::TcpListener;
use std::path::Path;

use crate::net::Address;

const PORT: &str = "${port}";
const ADDR: &str = "${addr}";
const DIR: &str = "${dir}";

/// How many ports are remembered that were given out, so that none is given out again at once: its
/// server may not be done with it.
const REMEMBERED: usize = 1000;

/// Whether a command says at which port the server is to listen.
#[must_use]
pub fn names_port(command: &str) -> bool {
    command.contains(PORT) || command.contains(ADDR)
}

/// What `${port}`, `${addr}` and `${dir}` stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    port: String,
    dir: String,
    address: Address,
}

impl Slots {
    /// For a server at this port, with this folder. `address` is where it listens, with slots as well;
    /// without it at 127.0.0.1 and the port.
    ///
    /// # Errors
    /// The address is none.
    pub fn new(port: u16, dir: &Path, address: Option<&str>) -> io::Result<Slots> {
        let (port, dir) = (port.to_string(), dir.display().to_string());
        let address = address.unwrap_or("127.0.0.1:${port}").replace(PORT, &port);
        let address = address.replace(DIR, &dir).parse().map_err(io::Error::other)?;
        Ok(Slots { port, dir, address })
    }

    /// Whether an address differs from server to server.
    #[must_use]
    pub fn has_any(address: &str) -> bool {
        address.contains(PORT) || address.contains(DIR)
    }

    /// The text with all slots filled.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        let text = text.replace(PORT, &self.port).replace(DIR, &self.dir);
        text.replace(ADDR, &self.address.to_string())
    }

    /// The address.
    #[must_use]
    pub fn into_address(self) -> Address {
        self.address
    }
}

/// Free ports.
#[derive(Debug, Default)]
pub(in crate::suite) struct Ports {
    given: VecDeque<u16>,
}

impl Ports {
    /// A port that nobody listens at, and that was not given out of late.
    pub(in crate::suite) fn free(&mut self) -> io::Result<u16> {
        let mut held = Vec::new();
        loop {
            // Held until another is found: the system could give out the same again.
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let port = listener.local_addr()?.port();
            if !self.given.contains(&port) {
                self.given.push_back(port);
                let excess = self.given.len().saturating_sub(REMEMBERED);
                self.given.drain(..excess);
                return Ok(port);
            }
            held.push(listener);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::net::Endpoint;

    #[test]
    fn no_port_is_given_out_again_at_once() {
        let mut ports = Ports::default();
        let given: HashSet<u16> = (0..200).map(|_| ports.free().unwrap()).collect();
        assert_eq!(given.len(), 200);
        ports.given.extend(1..=1000);
        ports.free().unwrap();
        assert_eq!(ports.given.len(), REMEMBERED);
    }

    #[test]
    fn a_command_names_its_port_or_its_address() {
        assert!(names_port("serve --port ${port}") && names_port("serve ${addr}"));
        assert!(!names_port("serve $port ${dir}"));
    }

    #[test]
    fn slots_are_filled_in_commands_and_addresses() {
        let slots = |address| Slots::new(5, Path::new("/tmp/d"), address).unwrap();
        let command = "serve ${port} $port ${addr} --dir ${dir}";
        assert_eq!(slots(None).fill(command), "serve 5 $port 127.0.0.1:5 --dir /tmp/d");
        let v6 = slots(Some("[::1]:${port}"));
        assert_eq!(v6.fill("${addr}"), "[::1]:5");
        let unix = slots(Some("unix:${dir}/s"));
        assert_eq!(unix.fill("${addr}"), "unix:/tmp/d/s");
        assert_eq!(unix.into_address(), Endpoint::Unix("/tmp/d/s".into()).into());
    }
}
