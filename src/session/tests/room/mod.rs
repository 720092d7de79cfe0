//! Rooms, in virtual time.

mod ends;
mod flow;
mod limits;
mod names;
mod order;
mod talk;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::session::testing::{Told, conn};
use crate::session::{
    Admits, Audience, Drive, Effect, Ending, Input, Leave, Name, Queue, Room, RoomOptions, Session,
    Source,
};
use crate::units::At;
use crate::wire::{ConnId, Side};

/// A room, what it was told to happen to it, and what each of its guests has been sent.
struct Hall {
    room: Room,
    now: At,
    told: Told,
    /// Of those whose conns are open.
    open: BTreeMap<ConnId, usize>,
    sent: BTreeMap<ConnId, Vec<u8>>,
    /// What the host was shown.
    shown: Vec<u8>,
}

fn options() -> RoomOptions {
    RoomOptions {
        name: Name::default(),
        attended: true,
        max_line: 1 << 20,
        telnet: true,
        outbox: 4 << 20,
        max_guests: 10_000,
        rate: None,
        idle_timeout: None,
        backlog: 0,
        admits: Admits::default(),
    }
}

impl Hall {
    fn new(options: RoomOptions) -> Hall {
        Hall {
            room: Room::new(options),
            now: At::START,
            told: Told::new(Side::Server),
            open: BTreeMap::new(),
            sent: BTreeMap::new(),
            shown: Vec::new(),
        }
    }

    /// A room in which there are so many guests, and what they were told until then is forgotten.
    fn with(guests: u32) -> Hall {
        Hall::new(options()).joined_by(guests)
    }

    fn joined_by(mut self, guests: u32) -> Hall {
        (1..=guests).for_each(|n| self.joins(n));
        self.forget();
        self
    }

    fn forget(&mut self) {
        self.sent.clear();
        self.shown.clear();
    }

    fn give(&mut self, input: Input) {
        let mut effects = Vec::new();
        self.room.handle(self.now, input, &mut effects);
        for effect in &effects {
            self.told.take(self.now, effect);
            self.perform(effect);
        }
    }

    /// As the driver does it.
    fn perform(&mut self, effect: &Effect) {
        match effect {
            Effect::Send { to: Audience::One(conn), bytes } => self.sends(*conn, bytes),
            Effect::Send { bytes, .. } => self.sends_all(None, bytes),
            Effect::Pass { from, bytes } => self.sends_all(Some(*from), bytes),
            Effect::Relayed { bytes, .. } => self.shown.extend_from_slice(bytes),
            Effect::Close(conn) => {
                self.open.remove(conn);
            }
            _ => {}
        }
    }

    fn sends_all(&mut self, but: Option<ConnId>, bytes: &Bytes) {
        let to: Vec<ConnId> = self.open.keys().copied().filter(|id| Some(*id) != but).collect();
        for conn in to {
            self.sends(conn, bytes);
        }
    }

    fn sends(&mut self, conn: ConnId, bytes: &Bytes) {
        if let Some(sent) = self.open.get_mut(&conn) {
            *sent += bytes.len();
            self.sent.entry(conn).or_default().extend_from_slice(bytes);
        }
    }

    /// Lets time pass until `millis` after the start, with a tick at each deadline.
    fn until(&mut self, millis: u64) {
        let then = At::START + Duration::from_millis(millis);
        while let Some(due) = self.room.next_deadline().filter(|due| *due <= then) {
            self.now = due.max(self.now);
            self.give(Input::Tick);
            let next = self.room.next_deadline();
            assert!(next.is_none_or(|next| next > self.now), "a tick leaves nothing that is due");
        }
        self.now = then;
    }

    fn joins(&mut self, n: u32) {
        self.joins_from(n, &format!("addr-{n}"));
    }

    fn joins_from(&mut self, n: u32, addr: &str) {
        self.open.insert(conn(n), 0);
        let (addr, own) = (addr.to_owned(), Side::Server);
        self.give(Input::Opened { conn: conn(n), addr, own, name: None, secured: None });
    }

    fn says(&mut self, n: u32, bytes: impl AsRef<[u8]>) {
        self.give(Input::Received { conn: conn(n), bytes: Bytes::copy_from_slice(bytes.as_ref()) });
    }

    fn host_says(&mut self, bytes: &[u8]) {
        self.host_says_to(Audience::Guests, bytes);
    }

    fn host_says_to(&mut self, to: Audience, bytes: &[u8]) {
        self.give(Input::Say { to, bytes: Bytes::copy_from_slice(bytes), send: None });
    }

    fn asks(&mut self, text: &str) {
        self.give(Input::Asked(Bytes::copy_from_slice(text.as_bytes())));
    }

    fn ends(&mut self, n: u32, how: Ending) {
        self.give(Input::Ended { conn: conn(n), how });
    }

    /// What a guest has been sent since the last look.
    fn heard(&mut self, n: u32) -> String {
        String::from_utf8(self.sent.remove(&conn(n)).unwrap_or_default()).unwrap()
    }

    /// What the host has been shown since the last look.
    fn seen(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.shown)).unwrap()
    }

    fn is_open(&self, n: u32) -> bool {
        self.open.contains_key(&conn(n))
    }

    fn paused(&self) -> Vec<Source> {
        self.told.paused()
    }

    fn last_notice(&self) -> String {
        self.told.notices().pop().unwrap_or_default()
    }

    /// What of the transcript is no opening.
    fn recorded(&self) -> Vec<String> {
        self.told.transcript().into_iter().filter(|event| !event.contains(" opened ")).collect()
    }
}
