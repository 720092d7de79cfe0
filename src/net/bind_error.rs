//! Why nothing listens.

use std::io::{self, ErrorKind};

use thiserror::Error;

use super::addr::{Address, Endpoint};
use crate::units::reason;

/// Why nothing listens on `addr`.
#[derive(Debug, Error)]
pub enum BindError {
    /// Somebody else does.
    #[error("cannot listen on `{addr}`: address in use; port 0 picks a free one")]
    InUse {
        /// What was asked for.
        addr: Address,
    },
    /// A process holds the unix socket.
    #[error("cannot listen on `{addr}`: another process listens there; choose another path")]
    Alive {
        /// What was asked for.
        addr: Address,
    },
    /// The path of a unix socket leads to something else, which is not touched.
    #[error(
        "cannot listen on `{addr}`: the file there is no socket; move it, or choose another path"
    )]
    NoSocket {
        /// What was asked for.
        addr: Address,
    },
    /// The system does not let this user.
    #[error("cannot listen on `{addr}`: permission denied; {hint}")]
    Denied {
        /// What was asked for.
        addr: Address,
        /// What is allowed.
        hint: &'static str,
    },
    /// The address is that of another machine.
    #[error(
        "cannot listen on `{addr}`: no interface of this machine has that address; `:PORT` is all of them"
    )]
    Elsewhere {
        /// What was asked for.
        addr: Address,
    },
    /// The host has no address.
    #[error("cannot listen on `{addr}`: host not found: {why}; `:PORT` is every interface")]
    NotFound {
        /// What was asked for.
        addr: Address,
        /// What the system says.
        why: String,
    },
    /// Something else.
    #[error("cannot listen on `{addr}`: {why}; choose another address")]
    Failed {
        /// What was asked for.
        addr: Address,
        /// What the system says.
        why: String,
    },
}

impl BindError {
    pub(super) fn of(addr: &Address, err: &io::Error) -> BindError {
        let is_unix = matches!(addr.endpoint, Endpoint::Unix(_));
        let addr = addr.clone();
        match err.kind() {
            ErrorKind::AddrInUse if is_unix => BindError::Alive { addr },
            ErrorKind::AddrInUse => BindError::InUse { addr },
            ErrorKind::AlreadyExists => BindError::NoSocket { addr },
            ErrorKind::PermissionDenied if is_unix => {
                BindError::Denied { addr, hint: "choose a folder that you may write to" }
            }
            ErrorKind::PermissionDenied => {
                BindError::Denied { addr, hint: "ports below 1024 are for root; choose another" }
            }
            ErrorKind::AddrNotAvailable => BindError::Elsewhere { addr },
            _ => BindError::Failed { addr, why: reason(err) },
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn an_error_says_what_where_and_what_to_do() {
        for (addr, errno, told) in [
            ("[::1]:5", Errno::ADDRINUSE, "`[::1]:5`: address in use; port 0 picks a free one"),
            (
                ":80",
                Errno::ACCESS,
                "`:80`: permission denied; ports below 1024 are for root; choose another",
            ),
            (
                "unix:/etc/chat",
                Errno::ACCESS,
                "`unix:/etc/chat`: permission denied; choose a folder that you may write to",
            ),
            (
                "unix:/etc/passwd",
                Errno::EXIST,
                "`unix:/etc/passwd`: the file there is no socket; move it, or choose another path",
            ),
            (
                "unix:/no/chat",
                Errno::NOENT,
                "`unix:/no/chat`: no such file or directory; choose another address",
            ),
        ] {
            let err = BindError::of(&addr.parse().unwrap(), &errno.into());
            assert_eq!(err.to_string(), format!("cannot listen on {told}"));
        }
    }
}
