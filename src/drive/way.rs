//! How conns come about.

use std::time::Duration;

use crate::matching::Vars;
use crate::net::private::Code;
use crate::net::{Address, Descriptors, DialOptions, Network, Tls};

/// What the command line says about how conns come about.
#[derive(Debug, Clone)]
pub enum Way {
    /// Others connect here.
    Listen(Address),
    /// We connect there.
    Connect {
        /// Where.
        address: Address,
        /// Give up after this.
        timeout: Duration,
        /// Keep trying for so long.
        retry: Duration,
    },
    /// Others connect here, and for each of them we connect there, as to what a step opens.
    Tap {
        /// Where others connect.
        listen: Address,
        /// Where the server is.
        server: Address,
    },
}

impl Way {
    /// Whether we stand between two others.
    pub(super) fn is_tap(&self) -> bool {
        matches!(self, Way::Tap { .. })
    }

    /// Sets `addr` and `port` to where we connect, so that a script can connect there once more; a
    /// value that somebody else gave them stands.
    pub(super) fn name_in(&self, vars: &mut Vars) {
        if let Way::Connect { address, .. } = self {
            address_in(address, vars);
        }
    }
}

/// Sets `addr` and `port` to this address; a value that somebody else gave them stands.
pub fn address_in(address: &Address, vars: &mut Vars) {
    let port = address.port().map(|port| port.to_string());
    for (name, value) in [("addr", Some(address.to_string())), ("port", port)] {
        if let Some(value) = value.filter(|_| vars.value(name).is_none()) {
            vars.set(name, value);
        }
    }
}

/// How conns that steps open come about.
#[derive(Debug, Clone)]
pub struct Dialing {
    /// Give up after this.
    pub timeout: Duration,
    /// Keep trying for so long.
    pub retry: Duration,
    /// How TLS is spoken.
    pub tls: Tls,
}

impl Dialing {
    pub(super) fn options(&self) -> DialOptions {
        DialOptions {
            connect_timeout: self.timeout,
            retry: self.retry,
            descriptors: Descriptors::Any,
            tls: self.tls.clone(),
            found: None,
            code: None,
        }
    }
}

/// The code of a private conversation: the host's, or what a guest was told.
#[derive(Debug, Clone)]
pub struct Private {
    /// The first one.
    pub code: Code,
    /// Whether the person has given it, so that it need not be shown.
    pub given: bool,
    /// Where guests may come from, if not from everywhere.
    pub allow: Option<Vec<Network>>,
}
