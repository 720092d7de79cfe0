//! Where the first conn comes about, or those of guests do.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::{Interest, Registry, Token, Waker};

use super::way::Private;
use super::{Trouble, Way};
use crate::net::private::CodeBook;
use crate::net::{
    ACCEPT_AGAIN, AcceptError, Accepted, Barred, Descriptors, DialError, DialOptions, Dialer, Link,
    Listener, Tls,
};
use crate::session::{Invitation, Notice};
use crate::units::At;

/// Between two lines about guests who were turned away.
const TURNED_QUIET: Duration = Duration::from_secs(1);

/// Where conns come about that no step opens.
pub(super) enum Door {
    Listening {
        listener: Box<Listener>,
        /// There may be somebody to let in.
        ready: bool,
        /// Try again then, because the last try failed.
        again: Option<At>,
        /// That nobody can be let in has been told.
        told: bool,
        turned: Turned,
    },
    Dialing(Box<Dialer>),
    Closed,
}

/// Guests over TLS who were not let in. A crowd of them is told of in one line a second.
#[derive(Default)]
pub(super) struct Turned {
    /// None is told of before.
    quiet_until: At,
    untold: u64,
}

impl Turned {
    /// What is to be told of one, if it is to be now. Who comes and goes without a word only looked
    /// whether somebody is here.
    fn away(&mut self, now: At, addr: String, why: &Barred) -> Option<Notice> {
        if why.only_looked() {
            return None;
        }
        if now < self.quiet_until {
            self.untold += 1;
            return None;
        }
        self.quiet_until = now + TURNED_QUIET;
        let others = std::mem::take(&mut self.untold);
        Some(Notice::TurnedAway { addr, why: why.to_string(), others })
    }
}

/// What a look at the door found.
pub(super) enum Came {
    Nobody,
    /// Nobody yet, and there may be more to look at.
    Stepped,
    /// Nobody, and this is to be told.
    Turned(Notice),
    /// Nobody, and the codes of a private conversation have changed: this is told always.
    Coded(Notice),
    /// Nobody, and there is no new code.
    Codeless(String),
    /// A peer.
    Peer(Link),
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
        (waker, tls): (&Arc<Waker>, &Tls),
        (private, now): (Option<&Private>, At),
    ) -> Result<Door, Trouble> {
        let tls = tls.clone();
        match way {
            Way::Listen(address) | Way::Tap { listen: address, .. } => {
                // Whom a tap believes is the server.
                let tls = if way.is_tap() { tls.asking_nobody() } else { tls };
                let listener = match private {
                    Some(Private { code, given, allow }) => {
                        let codes = CodeBook::new(code.clone(), *given, now);
                        Listener::private(address, descriptors, codes, allow.clone())
                    }
                    None => Listener::bind(address, descriptors, &tls),
                };
                Ok(Door::listen(listener?, (registry, token))?)
            }
            Way::Connect { address, timeout, retry } => {
                let code = private.map(|private| private.code.clone());
                let options = DialOptions {
                    connect_timeout: *timeout,
                    retry: *retry,
                    descriptors,
                    tls,
                    found: None,
                    code,
                };
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
        let turned = Turned::default();
        Ok(Door::Listening { listener, ready: true, again: None, told: false, turned })
    }

    /// Where we listen, if we do.
    pub(super) fn local(&self) -> Vec<String> {
        match self {
            Door::Listening { listener, .. } => listener.local(),
            Door::Dialing(_) | Door::Closed => Vec::new(),
        }
    }

    /// What guests may know us by, where they come over TLS.
    pub(super) fn pin(&self) -> Option<String> {
        match self {
            Door::Listening { listener, .. } => listener.pin().map(|pin| pin.to_string()),
            Door::Dialing(_) | Door::Closed => None,
        }
    }

    /// Where others may come, if we listen on every interface and to everybody.
    pub(super) fn open_at(&self) -> Option<Vec<String>> {
        match self {
            Door::Listening { listener, .. } => listener.open_at(),
            Door::Dialing(_) | Door::Closed => None,
        }
    }

    /// Where guests may come who are invited, and the code to tell them, where that is to be shown.
    pub(super) fn invitation(&self) -> Option<(String, Option<String>)> {
        let Door::Listening { listener, .. } = self else { return None };
        let addr = listener.invites_to().into_iter().next()?;
        Some((addr, listener.code().map(|code| code.words().to_owned())))
    }

    /// Something happened to a guest who is not in yet.
    pub(super) fn knocked(&mut self, token: Token) {
        if let Door::Listening { listener, .. } = self {
            listener.event(token);
        }
    }

    pub(super) fn event(&mut self) {
        if let Door::Listening { ready, .. } = self {
            *ready = true;
        }
    }

    /// Whether there may be somebody to let in.
    pub(super) fn is_ready(&self) -> bool {
        match self {
            Door::Listening { listener, ready, .. } => *ready || listener.is_stirred(),
            Door::Dialing(_) | Door::Closed => false,
        }
    }

    /// Takes in the next peer, if there is one.
    pub(super) fn look(&mut self, registry: &Registry, now: At) -> Came {
        match self {
            Door::Closed => Came::Nobody,
            Door::Dialing(dialer) => match dialer.advance(registry, now) {
                None => Came::Nobody,
                Some(dialed) => {
                    *self = Door::Closed;
                    dialed.map_or_else(Came::Failed, Came::Peer)
                }
            },
            Door::Listening { listener, ready, again, told, turned } => {
                let due = again.iter().copied().chain(listener.deadline()).any(|at| at <= now);
                if !*ready && !due && !listener.is_stirred() {
                    return Came::Nobody;
                }
                *again = None;
                match listener.accept(registry, now) {
                    Ok(Accepted::Guest(link)) => {
                        *told = false;
                        return Came::Peer(link);
                    }
                    Ok(Accepted::Turned { addr, why }) => {
                        return turned.away(now, addr, &why).map_or(Came::Stepped, Came::Turned);
                    }
                    Ok(Accepted::Guessed { addr, left }) => {
                        return Came::Turned(Notice::Invitation(Invitation::Guessed {
                            addr,
                            left,
                        }));
                    }
                    Ok(Accepted::Renewed(Ok(code))) => {
                        return Came::Coded(Notice::Invitation(Invitation::Code(
                            code.words().to_owned(),
                        )));
                    }
                    Ok(Accepted::Renewed(Err(why))) => return Came::Codeless(why),
                    Ok(Accepted::Stepped) => return Came::Stepped,
                    Ok(Accepted::Nobody) => *ready = false,
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
            Door::Listening { listener, again, .. } => {
                again.iter().copied().chain(listener.deadline()).min()
            }
            Door::Dialing(dialer) => dialer.deadline(),
            Door::Closed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::TlsFailure;

    #[test]
    fn a_crowd_that_is_turned_away_is_one_line_a_second() {
        let mut turned = Turned::default();
        let mut told = |millis, why: &TlsFailure| {
            let why = &Barred::from(why.clone());
            let now = At::START + Duration::from_millis(millis);
            turned.away(now, "1.2.3.4:5".to_owned(), why).map(|notice| notice.to_string())
        };
        let begin = "1.2.3.4:5 was turned away: what it says is no TLS";
        assert_eq!(told(1, &TlsFailure::Ended { silently: true }), None, "it only looked");
        assert_eq!(told(1, &TlsFailure::NoTls).as_deref(), Some(begin));
        for millis in [2, 1000] {
            assert_eq!(told(millis, &TlsFailure::NoTls), None);
        }
        let others = format!("{begin} (and 2 others before it)");
        assert_eq!(told(1001, &TlsFailure::NoTls), Some(others));
        assert_eq!(told(3000, &TlsFailure::NoTls).as_deref(), Some(begin));
    }
}
