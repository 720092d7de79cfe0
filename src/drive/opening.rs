//! `/open`: another conn.

use super::engine::{Engine, OPENING};
use super::{Dialing, Trouble, Way};
use crate::net::{Address, Dialer, Link};
use crate::script::{Blame, Failure, Place, Report};
use crate::session::Input;
use crate::units::At;
use crate::wire::Side;

/// The conn that is being opened. There is one at most: the step waits for it.
pub(super) struct Opening {
    pub(super) dialing: Dialing,
    /// Where the first conn leads, if we connected.
    first: Option<Address>,
    /// What it is to be called.
    current: Option<(String, Dialer)>,
}

impl Opening {
    /// None yet.
    pub(super) fn none(dialing: Dialing, way: &Way) -> Opening {
        let first = match way {
            Way::Connect { address, .. } => Some(address.clone()),
            Way::Listen(_) | Way::Tap { .. } => None,
        };
        Opening { dialing, first, current: None }
    }

    /// Where the first conn leads, if we connected.
    pub(super) fn first(&self) -> Option<&Address> {
        self.first.as_ref()
    }

    /// Whether the first conn leads somewhere over TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.first.as_ref().is_some_and(|address| address.tls)
    }

    /// Nobody waits for it any more.
    pub(super) fn abandon(&mut self) {
        self.current = None;
    }

    pub(super) fn deadline(&self) -> Option<At> {
        self.current.as_ref().and_then(|(_, dialer)| dialer.deadline())
    }
}

impl Engine {
    /// Begins to connect to the address that a step has.
    pub(super) fn open(&mut self, name: String, addr: &str, place: Place) {
        if self.runners.are_apart() {
            let report = Report::new("no conn can be opened here").at(place);
            let report = report.label("this is played to each guest, who has one conn with us");
            return self.runners.acting().fail_task(Failure { report, blame: Blame::Script });
        }
        let address: Address = match addr.parse() {
            Ok(address) => address,
            Err(err) => {
                let report = Report::new(format!("{err}")).at(place);
                return self.runners.acting().fail_task(Failure { report, blame: Blame::Script });
            }
        };
        self.dial(name, address);
    }

    /// Begins to connect to where the first conn leads.
    pub(super) fn open_alike(&mut self, name: String) {
        if let Some(address) = self.opening.first.clone() {
            return self.dial(name, address);
        }
        let report = Report::new("a listener cannot open the conns of a transcript");
        self.runners.acting().fail_task(Failure { report, blame: Blame::Script });
    }

    fn dial(&mut self, name: String, address: Address) {
        let options = self.opening.dialing.options();
        let dialer = Dialer::start(address, options, OPENING, &self.inbox.waker(), self.now);
        self.opening.current = Some((name, dialer));
        self.see_opening();
    }

    /// Goes on connecting, if a step is waiting for that.
    pub(super) fn see_opening(&mut self) {
        let registry = self.poll.registry();
        let Some((name, dialer)) = &mut self.opening.current else { return };
        let Some(dialed) = dialer.advance(registry, self.now) else { return };
        let (name, leads) = (Some(std::mem::take(name)), dialer.endpoint().clone());
        self.opening.abandon();
        let added = match dialed {
            Ok(Link { stream, addr, secured }) => self
                .conns
                .add(stream, registry)
                .map(|conn| Input::Opened { conn, addr, own: Side::Client, name, secured })
                .map_err(|err| (Trouble::System(err).into(), Blame::Script)),
            Err(err) => Err((Report::new(err.to_string()), Blame::Unreachable)),
        };
        match added {
            Ok(opened) => {
                if let Input::Opened { conn, .. } = &opened {
                    self.securing.opened(*conn, leads);
                }
                self.opened(opened);
                self.show_prompt();
            }
            Err((report, blame)) => self.runners.own.fail_task(Failure { report, blame }),
        }
    }
}
