//! How conns come about.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::{Interest, Registry, Token, Waker};

use super::Trouble;
use crate::matching::Vars;
use crate::net::{
    ACCEPT_AGAIN, AcceptError, Address, Descriptors, DialError, DialOptions, Dialer, Listener,
    NetStream,
};
use crate::units::At;

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
    let port = match address {
        Address::Tcp { port, .. } => Some(port.to_string()),
        Address::Unix(_) => None,
    };
    for (name, value) in [("addr", Some(address.to_string())), ("port", port)] {
        if let Some(value) = value.filter(|_| vars.value(name).is_none()) {
            vars.set(name, value);
        }
    }
}

/// Conns coming about.
pub(super) enum Door {
    Listening {
        listener: Box<Listener>,
        /// There may be somebody to let in.
        ready: bool,
        /// Try again then, because the last try failed.
        again: Option<At>,
        /// That nobody can be let in has been told.
        told: bool,
    },
    Dialing(Box<Dialer>),
    Closed,
}

/// What a look at the door found.
pub(super) enum Came {
    Nobody,
    /// A peer, and where it is.
    Peer(NetStream, String),
    /// Descriptors have run out; whether that is news.
    OutOfDescriptors(bool),
    /// Nobody can be let in; told once.
    Refused(AcceptError),
    Failed(DialError),
}

impl Door {
    pub(super) fn open(
        way: &Way,
        descriptors: Descriptors,
        (registry, token): (&Registry, Token),
        waker: &Arc<Waker>,
        now: At,
    ) -> Result<Door, Trouble> {
        match way {
            Way::Listen(address) | Way::Tap { listen: address, .. } => {
                let listener = Listener::bind(address, descriptors)?;
                Ok(Door::listen(listener, (registry, token))?)
            }
            Way::Connect { address, timeout, retry } => {
                let options = DialOptions { connect_timeout: *timeout, retry: *retry, descriptors };
                let dialer = Dialer::start(address.clone(), options, token, waker, now);
                Ok(Door::Dialing(Box::new(dialer)))
            }
        }
    }

    /// Lets in who comes there.
    pub(super) fn listen(
        listener: Listener,
        (registry, token): (&Registry, Token),
    ) -> io::Result<Door> {
        let mut listener = Box::new(listener);
        registry.register(&mut *listener, token, Interest::READABLE)?;
        Ok(Door::Listening { listener, ready: true, again: None, told: false })
    }

    /// Where we listen, if we do.
    pub(super) fn local(&self) -> Vec<String> {
        match self {
            Door::Listening { listener, .. } => listener.local(),
            Door::Dialing(_) | Door::Closed => Vec::new(),
        }
    }

    pub(super) fn event(&mut self) {
        if let Door::Listening { ready, .. } = self {
            *ready = true;
        }
    }

    /// Whether there may be somebody to let in.
    pub(super) fn is_ready(&self) -> bool {
        matches!(self, Door::Listening { ready: true, .. })
    }

    /// Takes in the next peer, if there is one.
    pub(super) fn look(&mut self, registry: &Registry, now: At) -> Came {
        match self {
            Door::Closed => Came::Nobody,
            Door::Dialing(dialer) => match dialer.advance(registry, now) {
                None => Came::Nobody,
                Some(dialed) => {
                    *self = Door::Closed;
                    dialed.map_or_else(Came::Failed, |(stream, addr)| Came::Peer(stream, addr))
                }
            },
            Door::Listening { listener, ready, again, told } => {
                let due = again.is_some_and(|at| at <= now);
                if !*ready && !due {
                    return Came::Nobody;
                }
                *again = None;
                match listener.accept() {
                    Ok(Some((stream, addr))) => {
                        *told = false;
                        return Came::Peer(stream, addr);
                    }
                    Ok(None) => *ready = false,
                    Err(err) => {
                        *ready = false;
                        *again = Some(now + ACCEPT_AGAIN);
                        let news = !std::mem::replace(told, true);
                        match err {
                            AcceptError::OutOfDescriptors => return Came::OutOfDescriptors(news),
                            AcceptError::Failed(_) if news => return Came::Refused(err),
                            AcceptError::Failed(_) => {}
                        }
                    }
                }
                Came::Nobody
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<At> {
        match self {
            Door::Listening { again, .. } => *again,
            Door::Dialing(dialer) => dialer.deadline(),
            Door::Closed => None,
        }
    }
}
