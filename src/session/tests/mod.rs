//! Direct conversations, those that are apart, rooms and taps, in virtual time.

mod apart;
mod ends;
mod partial;
mod queues;
mod room;
mod several;
mod tap;

use std::time::Duration;

use bytes::Bytes;

use super::testing::{Told, conn};
use super::{Audience, Direct, DirectOptions, Drive, Effect, Ending, Input, Session};
use crate::units::At;
use crate::wire::Side;

const LINGER: Duration = Duration::from_secs(5);

/// One end of direct conversations, and what it was told to happen to it.
struct Host {
    session: Box<dyn Session>,
    own: Side,
    now: At,
    told: Told,
}

impl Host {
    /// The side that connects, not yet connected.
    fn client() -> Host {
        Host::new(options(Side::Client))
    }

    /// The side that connected.
    fn connected() -> Host {
        let mut host = Host::client();
        host.joins(1);
        host
    }

    /// A listener at which so many guests have joined.
    fn listener(guests: u32) -> Host {
        Host::new(options(Side::Server)).with_guests(guests)
    }

    fn new(options: DirectOptions) -> Host {
        let own = options.role;
        Host::of(Direct::new(options), own)
    }

    fn of(session: impl Session + 'static, own: Side) -> Host {
        Host { session: Box::new(session), own, now: At::START, told: Told::new(own) }
    }

    fn with_guests(mut self, guests: u32) -> Host {
        (1..=guests).for_each(|n| self.joins(n));
        self
    }

    fn give(&mut self, input: Input) {
        let mut effects = Vec::new();
        self.session.handle(self.now, input, &mut effects);
        for effect in &effects {
            self.told.take(self.now, effect);
        }
    }

    /// Lets time pass until `millis` after the start, with a tick at each deadline.
    fn until(&mut self, millis: u64) {
        let then = At::START + Duration::from_millis(millis);
        while let Some(due) = self.session.next_deadline().filter(|due| *due <= then) {
            self.now = due.max(self.now);
            self.give(Input::Tick);
            let next = self.session.next_deadline();
            assert!(next.is_none_or(|next| next > self.now), "a tick leaves nothing that is due");
        }
        self.now = then;
    }

    fn joins(&mut self, n: u32) {
        let (addr, own) = (format!("addr-{n}"), self.own);
        self.give(Input::Opened { conn: conn(n), addr, own, name: None, secured: None });
    }

    /// A step opens another conn.
    fn opens(&mut self, n: u32, name: &str) {
        let (addr, name) = (format!("addr-{n}"), Some(name.to_owned()));
        self.give(Input::Opened { conn: conn(n), addr, own: Side::Client, name, secured: None });
    }

    fn hears(&mut self, n: u32, bytes: &[u8]) {
        self.give(Input::Received { conn: conn(n), bytes: Bytes::copy_from_slice(bytes) });
    }

    fn ends(&mut self, n: u32, how: Ending) {
        self.give(Input::Ended { conn: conn(n), how });
    }

    fn says(&mut self, bytes: &[u8]) {
        self.says_to(Audience::All, bytes);
    }

    fn says_to(&mut self, to: Audience, bytes: &[u8]) {
        self.give(Input::Say { to, bytes: Bytes::copy_from_slice(bytes), send: None });
    }

    fn says_raw(&mut self, bytes: &[u8]) {
        self.give(Input::Raw { to: Audience::All, bytes: Bytes::copy_from_slice(bytes) });
    }

    fn drives(&mut self, drive: Drive) {
        self.give(Input::Drive(drive));
    }

    /// What of the transcript is not an opening.
    fn said(&self) -> Vec<String> {
        self.told.transcript().into_iter().filter(|event| !event.contains(" opened ")).collect()
    }

    fn wants(&self, effect: &Effect) -> bool {
        self.told.effects().any(|told| told == effect)
    }

    fn left(&self) -> Option<super::Leave> {
        self.told.left().map(|(_, why)| why.clone())
    }

    fn left_at_ms(&self) -> Option<u64> {
        self.told.left().map(|(at, _)| at.micros() / 1000)
    }
}

fn options(role: Side) -> DirectOptions {
    DirectOptions {
        role,
        stay: false,
        half_close: true,
        linger: LINGER,
        max_line: 1 << 20,
        telnet: role == Side::Server,
        introduction: None,
    }
}

fn to(n: u32) -> Audience {
    Audience::One(conn(n))
}
