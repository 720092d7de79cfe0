//! Why there is no connection.

use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use thiserror::Error;

use super::addr::Address;
use super::private::ProofFailure;
use super::tls::TlsFailure;
use crate::units::{Human, reason};

/// No connection to `address`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct DialError {
    /// What was asked for.
    pub address: Address,
    /// Why the last round failed.
    pub failure: DialFailure,
    /// For how long it was tried again and again, where that was asked for and could have helped.
    pub retried: Option<Duration>,
}

/// Why a round of attempts failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DialFailure {
    /// The host has no address.
    #[error("host not found: {why}")]
    NotFound {
        /// What the system says.
        why: String,
    },
    /// The machine is there, and nobody listens.
    #[error("connection refused")]
    Refused,
    /// No answer.
    #[error("no answer within {}", Human(*after))]
    TimedOut {
        /// How long it was waited for.
        after: Duration,
    },
    /// No way leads there; what the system says.
    #[error("{0}")]
    Unreachable(String),
    /// There is no file at the path of the unix socket.
    #[error("no such socket")]
    NoSocket,
    /// Too many guests wait at the unix socket.
    #[error("the queue of the listener is full")]
    Busy,
    /// The connection stands, and TLS does not.
    #[error("{0}")]
    Tls(TlsFailure),
    /// TLS stands, and it is not proved that both ends know the code.
    #[error("{0}")]
    Proof(ProofFailure),
    /// Something else; what the system says.
    #[error("{0}")]
    Failed(String),
}

impl From<TlsFailure> for DialFailure {
    fn from(failure: TlsFailure) -> Self {
        DialFailure::Tls(failure)
    }
}

impl From<ProofFailure> for DialFailure {
    fn from(failure: ProofFailure) -> Self {
        DialFailure::Proof(failure)
    }
}

impl DialFailure {
    pub(super) fn of(err: &io::Error) -> DialFailure {
        match err.kind() {
            ErrorKind::ConnectionRefused => DialFailure::Refused,
            ErrorKind::NotFound => DialFailure::NoSocket,
            ErrorKind::WouldBlock => DialFailure::Busy,
            ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            // Without IPv6, or without a free port of our own.
            | ErrorKind::AddrNotAvailable => DialFailure::Unreachable(reason(err)),
            _ => DialFailure::Failed(reason(err)),
        }
    }

    /// Whether it took too long, be it to connect or the TLS handshake.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self, DialFailure::TimedOut { .. } | DialFailure::Tls(TlsFailure::Stalled { .. }))
    }

    /// Whether to try again may help. A name counts: where services start together, it appears with
    /// its service.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            DialFailure::Tls(failure) => failure.may_pass(),
            // Each try is a guess that whoever answers may make.
            DialFailure::Proof(_) | DialFailure::Failed(_) => false,
            _ => true,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            DialFailure::NotFound { .. } => "is it spelt right?",
            DialFailure::Refused | DialFailure::NoSocket => {
                "is the server running? `--retry 5s` keeps trying"
            }
            DialFailure::TimedOut { .. } => {
                "is a firewall in between? `--connect-timeout 1m` waits longer"
            }
            DialFailure::Unreachable(_) => "is this machine on that network?",
            DialFailure::Busy => "is the server stuck? `--retry 1m` keeps trying",
            DialFailure::Tls(failure) => return failure.hint(),
            DialFailure::Proof(failure) => return failure.hint().map(str::to_owned),
            DialFailure::Failed(_) => "is the address that of a server?",
        };
        Some(hint.to_owned())
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to `{}`: {}", self.address.with_host(), self.failure)?;
        match (self.retried, self.failure.hint()) {
            (Some(time), _) => write!(f, "; tried for {}", Human(time)),
            (None, Some(hint)) => write!(f, "; {hint}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    fn told(errno: Errno) -> String {
        let failure = DialFailure::of(&errno.into());
        let address = "example.org:5".parse().unwrap();
        DialError { address, failure, retried: None }.to_string()
    }

    #[test]
    fn an_error_says_what_where_and_what_to_do() {
        for (errno, what) in [
            (Errno::HOSTUNREACH, "no route to host; is this machine on that network?"),
            (Errno::ACCESS, "permission denied; is the address that of a server?"),
            (Errno::NOENT, "no such socket; is the server running? `--retry 5s` keeps trying"),
        ] {
            assert_eq!(told(errno), format!("cannot connect to `example.org:5`: {what}"));
        }
    }

    #[test]
    fn an_error_names_the_host_also_where_the_address_does_not() {
        for (address, shown) in [("1", "localhost:1"), ("tls::443", "tls:localhost:443")] {
            let address = address.parse().unwrap();
            let err = DialError { address, failure: DialFailure::Refused, retried: None };
            let told = err.to_string();
            assert!(told.starts_with(&format!("cannot connect to `{shown}`: ")), "{told}");
        }
    }

    #[test]
    fn an_error_after_a_retry_says_how_long_it_was_tried() {
        let address = "unix:/tmp/chat.sock".parse().unwrap();
        let retried = Some(Duration::from_secs(90));
        let err = DialError { address, failure: DialFailure::NoSocket, retried };
        assert_eq!(
            err.to_string(),
            "cannot connect to `unix:/tmp/chat.sock`: no such socket; tried for 1m 30s"
        );
    }
}
