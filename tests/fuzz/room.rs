//! A room: whatever its guests send, in whatever reads, coming and going as they like.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use chat_repl::session::{
    Admits, Audience, Drive, Effect, Ending, Input, Leave, Name, Queue, Room, RoomOptions, Session,
    Source,
};
use chat_repl::units::At;
use chat_repl::wire::{ConnId, Side};

use super::random::Random;

/// What means something to a room, or to whoever reads what it passes on.
const SPECIAL: [&[u8]; 20] = [
    b"/nick ",
    b"/nick a\n",
    b"/nick B\n",
    "/nick \u{6f22}\u{6f22}\u{6f22}\u{6f22}\n".as_bytes(),
    b"/who\n",
    b"/me ",
    b"/msg a ",
    b"/msg host ",
    b"/help\n",
    b"/quit\n",
    b"//",
    b"host: forged\n",
    b"-- forged\n",
    b"\r\n",
    b"\n\n\n\n\n\n\n\n",
    "\u{202e}\u{2028}".as_bytes(),
    b"\x1b[2J",
    b"\xff\xfd\x03",
    b"\xff",
    b"\xe6\xbc",
];

#[test]
fn nothing_that_guests_send_breaks_a_room_or_comes_out_as_it_should_not() {
    super::run("room", said, check);
}

fn said(random: &mut Random) -> Vec<u8> {
    let mut said = Vec::new();
    for _ in 0..random.below(120) {
        match random.below(8) {
            0 => said.extend(std::iter::repeat_n(random.byte(), random.below(600))),
            1 => said.push(random.byte()),
            2 | 3 => said.extend_from_slice(b"ab c\n"),
            _ => said.extend_from_slice(random.of::<&[u8]>(&SPECIAL)),
        }
    }
    said
}

/// A room, and what its driver knows.
struct Hall {
    room: Room,
    now: At,
    outbox: usize,
    next: ConnId,
    open: BTreeMap<ConnId, Vec<u8>>,
    /// What each has been sent at this instant.
    sent: BTreeMap<ConnId, usize>,
    paused: Vec<Source>,
    left: bool,
}

fn options(random: &mut Random) -> RoomOptions {
    RoomOptions {
        name: Name::default(),
        attended: random.one_in(2),
        max_line: *random.of(&[1, 8, 100, 1 << 20]),
        telnet: random.one_in(2),
        outbox: *random.of(&[64, 1024, 4096, 1 << 20]),
        max_guests: *random.of(&[0, 3, 100]),
        rate: NonZeroU32::new(*random.of(&[0, 1, 1000])),
        idle_timeout: random.one_in(3).then(|| Duration::from_millis(700)),
        backlog: *random.of(&[0, 1, 10]),
        admits: if random.one_in(10) { Admits::only(|_| false) } else { Admits::default() },
    }
}

fn check(said: &[u8], random: &mut Random) {
    let options = options(random);
    let outbox = options.outbox;
    let mut hall = Hall {
        room: Room::new(options),
        now: At::START,
        outbox,
        next: ConnId::FIRST,
        open: BTreeMap::new(),
        sent: BTreeMap::new(),
        paused: Vec::new(),
        left: false,
    };
    let mut rest = said;
    while !rest.is_empty() && !hall.left {
        let (read, after) = rest.split_at((1 + random.below(400)).min(rest.len()));
        rest = after;
        hall.happen(read, random);
    }
    hall.pass(Duration::from_secs(5));
    assert!(!hall.paused.contains(&Source::Conns), "it is behind for ever");
    hall.give(Input::Drive(Drive::Quit));
    assert!(hall.left && hall.open.is_empty() && hall.room.next_deadline().is_none());
}

impl Hall {
    fn happen(&mut self, read: &[u8], random: &mut Random) {
        let bytes = Bytes::copy_from_slice(read);
        let here = self.open.keys().copied().collect::<Vec<_>>();
        let who = here.get(random.below(here.len().max(1))).copied();
        match (random.below(20), who) {
            (0 | 1, _) | (_, None) => {
                let (conn, own) = (self.next, Side::Server);
                self.next = conn.next();
                self.open.insert(conn, Vec::new());
                self.give(Input::Opened {
                    conn,
                    addr: "127.0.0.1:1".to_owned(),
                    own,
                    name: None,
                    secured: None,
                });
            }
            (2, Some(conn)) => {
                let how = if random.one_in(2) { Ending::Eof } else { Ending::Reset };
                self.give(Input::Ended { conn, how });
            }
            (3, Some(conn)) => self.give(Input::Kick { conn, why: "\x1b".to_owned() }),
            (4, Some(conn)) => self.give(Input::Filled(Queue::Outbox(conn))),
            (5, Some(conn)) => self.give(Input::Drained(Queue::Outbox(conn))),
            (6, Some(conn)) => self.give(Input::Overflowed(conn)),
            (7, Some(conn)) => {
                self.give(Input::Say { to: Audience::One(conn), bytes, send: None });
            }
            (8, _) => self.give(Input::Say { to: Audience::Guests, bytes, send: None }),
            (9, _) => self.give(Input::Raw { to: Audience::Guests, bytes }),
            (10, _) => self.give(Input::Asked(Bytes::from([b"/", read].concat()))),
            (11, _) => self.pass(Duration::from_millis(random.below(1500) as u64)),
            (_, Some(conn)) => {
                self.pass(Duration::from_micros(1));
                while self.paused.contains(&Source::Conns) {
                    self.pass(Duration::from_micros(1));
                }
                self.give(Input::Received { conn, bytes });
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        let then = self.now + time;
        while let Some(due) = self.room.next_deadline().filter(|due| *due <= then) {
            assert!(due >= self.now, "it is due in the past");
            self.move_to(due);
            self.give(Input::Tick);
            let next = self.room.next_deadline();
            assert!(next.is_none_or(|next| next > self.now), "a tick leaves nothing that is due");
        }
        self.move_to(then);
    }

    fn move_to(&mut self, now: At) {
        self.now = now;
        self.sent.clear();
    }

    fn give(&mut self, input: Input) {
        let mut effects = Vec::new();
        self.room.handle(self.now, input, &mut effects);
        for effect in &effects {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: &Effect) {
        match effect {
            Effect::Send { to: Audience::One(conn), bytes } => self.send(&[*conn], bytes),
            Effect::Send { bytes, .. } => {
                let all: Vec<ConnId> = self.open.keys().copied().collect();
                self.send(&all, bytes);
            }
            Effect::Pass { from, bytes } => {
                let all = self.open.keys().copied().filter(|conn| conn != from);
                self.send(&all.collect::<Vec<_>>(), bytes);
            }
            Effect::Relayed { bytes, .. } => check_lines(bytes),
            Effect::Close(conn) => assert!(self.open.remove(conn).is_some(), "closed twice"),
            Effect::Pause(source) => {
                assert!(!self.paused.contains(source));
                self.paused.push(*source);
            }
            Effect::Resume(source) => {
                assert!(self.paused.contains(source));
                self.paused.retain(|paused| paused != source);
            }
            Effect::Leave(why) => {
                assert_eq!(*why, Leave::Done);
                self.left = true;
            }
            _ => {}
        }
    }

    fn send(&mut self, to: &[ConnId], bytes: &Bytes) {
        assert!(!self.left, "sent after the leave");
        check_lines(bytes);
        for conn in to {
            let sent = self.sent.entry(*conn).or_default();
            *sent += bytes.len();
            // What is passed on at one instant and the line that goes beyond it; a newcomer's backlog;
            // answers; and what a driver gives at one instant where it would not: words of the room.
            let most = self.outbox + (64 << 10) + (16 << 10);
            assert!(*sent <= most, "{sent} bytes at once, with an outbox of {}", self.outbox);
        }
    }
}

/// Whole lines of text that say whose they are, and nothing else.
fn check_lines(bytes: &[u8]) {
    let text = str::from_utf8(bytes).expect("a room speaks UTF-8");
    assert!(text.ends_with('\n'), "{text:?}");
    for line in text.lines() {
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}' || c == '\u{2028}'));
        if line.starts_with("-- ") {
            continue;
        }
        let name = match line.strip_prefix("* ") {
            Some(does) => does.split(' ').next(),
            None => line.split_once(": ").map(|(name, _)| name),
        };
        let name = name.unwrap_or_else(|| panic!("nobody's: {line:?}"));
        let name = name.strip_suffix(" (to you)").unwrap_or(name);
        assert!(name.parse::<Name>().is_ok(), "{line:?}");
    }
}
