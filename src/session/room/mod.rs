//! A room: what a guest says goes to all the others, line by line, with its name before it.
//!
//! Everything that is passed on stands in one order, which is the same for all who hear it: that in which
//! this state machine appended it to its effects.
//!
//! A read travels as a block: however many lines it has, the others get one buffer, which their outboxes
//! share. How much is passed on at one instant is bounded all the same, since a short read can make much
//! of a long name; what is over the bound waits for the next instant, and meanwhile nobody is read.

mod asked;
mod backlog;
mod bucket;
mod guest;
mod host;
mod names;
mod options;
mod orders;
mod speech;
mod talk;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::{Bytes, BytesMut};

pub use names::{Name, NameFault};
pub use options::{Admits, RoomOptions};
pub use orders::{ORDERS, Order};

use self::backlog::Backlog;
use self::bucket::Bucket;
use self::guest::Guest;
use self::host::Host;
use self::names::Names;
use self::talk::{Spent, Waiting};
use super::effect::record;
use super::flow::Flow;
use super::members::{Member, Members};
use super::{Audience, Drive, Effect, Ending, Input, Leave, Notice, Recorded, Secured, Session};
use crate::units::{At, Due, Human, count};
use crate::wire::{ConnId, Side};

/// How long an unfinished line waits for more before it is passed on: the tutorial's Python programs never
/// end one, and somebody who types into a raw socket is rarely slower.
const UNENDED: Duration = Duration::from_secs(1);

/// A line may fill so much of an outbox, and all that is passed on at one instant half of that: what a
/// guest that reads has waiting is then never over the bound, whatever the others say.
const SHARE: usize = 4;

/// The most that a newcomer is told of what was said before, in bytes.
const MOST_BACKLOG: usize = 1 << 20;

/// A room.
#[derive(Debug)]
pub struct Room {
    options: RoomOptions,
    /// The longest line that is passed on.
    longest: usize,
    members: Members,
    guests: BTreeMap<ConnId, Guest>,
    names: Names,
    host: Host,
    flow: Flow,
    /// What is still to be passed on.
    waiting: VecDeque<Waiting>,
    spent: Spent,
    backlog: Backlog,
    /// When guests are looked at for being idle.
    idle: Due<ConnId>,
    /// When guests that have said too much are read again.
    fast: Due<ConnId>,
    /// The host has been told that the room is full, and nobody has left since.
    told_full: bool,
    left: bool,
}

impl Room {
    /// A room with nobody in it but, perhaps, its host.
    #[must_use]
    pub fn new(options: RoomOptions) -> Self {
        let share = (options.outbox / SHARE).max(1);
        let longest = options.max_line.clamp(1, share);
        Room {
            longest,
            members: Members::default(),
            guests: BTreeMap::new(),
            names: Names::new(options.name.clone()),
            host: Host::new(options.attended, longest),
            flow: Flow::of_room(),
            waiting: VecDeque::new(),
            spent: Spent::new(share / 2),
            backlog: Backlog::new(options.backlog, share.min(MOST_BACKLOG)),
            idle: Due::default(),
            fast: Due::default(),
            told_full: false,
            left: false,
            options,
        }
    }

    fn opened(&mut self, now: At, conn: ConnId, came: Came, effects: &mut Vec<Effect>) {
        let Came { addr, secured } = came;
        if !self.options.admits.holds(&addr) {
            let why = "your address is not among those that are let in (--allow)";
            refuse(conn, why, effects);
            effects
                .push(Effect::Notice(Notice::Refused { addr, why: "not in --allow".to_owned() }));
        } else if self.guests.len() >= self.options.max_guests {
            let guests = count(self.options.max_guests as u64, "guest");
            refuse(conn, &format!("the room is full ({guests}): try again later"), effects);
            if !std::mem::replace(&mut self.told_full, true) {
                let why = format!("the room is full ({guests}, --max-guests)");
                effects.push(Effect::Notice(Notice::Refused { addr, why }));
            }
        } else {
            self.join(now, conn, Came { addr, secured }, effects);
        }
    }

    fn join(&mut self, now: At, conn: ConnId, came: Came, effects: &mut Vec<Effect>) {
        let Came { addr, secured } = came;
        let name = self.names.joined(conn).to_string();
        let member = Member::new(Side::Server, name.clone(), addr.clone(), self.longest);
        let member = member.patient(UNENDED);
        let member = if self.options.telnet { member.without_telnet() } else { member };
        self.members.insert(conn, member);
        let bucket = self.options.rate.map(|rate| Bucket::of_lines(now, rate));
        self.guests.insert(conn, Guest::new(now, bucket));
        self.watch_idle(now, conn);
        let opened = Recorded::Open {
            addr: addr.clone(),
            name: Some(name.clone()),
            own: Side::Server,
            secured,
        };
        effects.push(record(now, Some(conn), opened));
        effects.push(Effect::Notice(Notice::Joined { name: name.clone(), addr }));
        self.flow.opened(conn, true, effects);
        let here = self.here();
        self.pass(now, conn, aside(&format!("{name} joined ({here} here)")), effects);
        let greeting = format!("you are {name} ({here} here): `/help` lists the commands");
        self.greet(now, conn, &greeting, effects);
    }

    /// Tells a newcomer who it is, and what was said before.
    fn greet(&mut self, now: At, conn: ConnId, greeting: &str, effects: &mut Vec<Effect>) {
        let mut bytes = BytesMut::from(&*aside(greeting));
        let earlier: Vec<&Bytes> = self.backlog.iter().collect();
        if !earlier.is_empty() {
            bytes.extend_from_slice(&aside("said before you came:"));
            for block in earlier {
                bytes.extend_from_slice(block);
            }
            bytes.extend_from_slice(&aside("you are here now"));
        }
        self.send(now, Audience::One(conn), bytes.freeze(), effects);
    }

    /// How many are here, the host among them if it is.
    fn here(&self) -> usize {
        self.guests.len() + usize::from(self.host.is_here)
    }

    /// Tells something that the room itself has to say: `-- `, and the text.
    fn tell(&mut self, now: At, to: Audience, text: &str, effects: &mut Vec<Effect>) {
        self.send(now, to, aside(text), effects);
    }

    fn send(&mut self, now: At, to: Audience, bytes: Bytes, effects: &mut Vec<Effect>) {
        self.spent.add(now, bytes.len());
        effects.push(Effect::Send { to, bytes });
    }

    /// Sends something to all but the one whom it comes from.
    fn pass(&mut self, now: At, from: ConnId, bytes: Bytes, effects: &mut Vec<Effect>) {
        self.spent.add(now, bytes.len());
        effects.push(Effect::Pass { from, bytes });
    }

    /// A guest will say no more: what it said is passed on first.
    fn ended(&mut self, now: At, conn: ConnId, how: Ending, effects: &mut Vec<Effect>) {
        if !self.members.silence(conn) {
            return;
        }
        self.hear_out(now, conn, effects);
        effects.push(record(
            now,
            Some(conn),
            Recorded::Close { from: Side::Client, how: how.clone() },
        ));
        self.waiting.push_back(Waiting::Gone { conn, how });
        self.pass_on(now, effects);
    }

    /// Has a guest leave for a reason of ours, which it is told.
    fn drop_guest(&mut self, now: At, conn: ConnId, how: &Ending, effects: &mut Vec<Effect>) {
        if self.members.find(conn).is_none() {
            return;
        }
        let why = match how {
            Ending::Kicked(why) if why.is_empty() => Some("you were kicked".to_owned()),
            Ending::Kicked(why) => Some(format!("you were kicked: {why}")),
            Ending::Slow => Some("you were dropped: you did not read fast enough".to_owned()),
            Ending::Idle => {
                let idle = Human(self.options.idle_timeout.unwrap_or_default());
                Some(format!("you were dropped: you said nothing for {idle} (--idle-timeout)"))
            }
            _ => None,
        };
        if let Some(why) = why {
            self.tell(now, Audience::One(conn), &why, effects);
        }
        self.hear_out(now, conn, effects);
        self.gone(now, conn, how, effects);
    }

    /// Closes the conn of a guest, and tells that it has left. What it said and the others have not heard
    /// by now they never will.
    fn gone(&mut self, now: At, conn: ConnId, how: &Ending, effects: &mut Vec<Effect>) {
        let Some(name) = self.forget(now, conn, how, effects) else { return };
        effects.push(Effect::Silent { conn, how: how.clone() });
        effects.push(Effect::Notice(Notice::Left { name: name.clone(), how: how.clone() }));
        let how = match how {
            Ending::Eof => String::new(),
            Ending::Kicked(why) if !why.is_empty() => format!(": kicked: {why}"),
            how => format!(": {how}"),
        };
        let here = self.here();
        self.tell(now, Audience::All, &format!("{name} left{how} ({here} here)"), effects);
    }

    /// Closes the conn of a guest, and says what the guest was called.
    fn forget(
        &mut self,
        now: At,
        conn: ConnId,
        how: &Ending,
        effects: &mut Vec<Effect>,
    ) -> Option<String> {
        let member = self.members.remove(conn)?;
        let guest = self.guests.remove(&conn)?;
        self.idle.change(conn, guest.idle, None);
        self.fast.change(conn, guest.fast, None);
        self.waiting.retain(|waiting| waiting.conn() != conn);
        self.told_full = false;
        if member.reading || *how == Ending::Eof {
            let from = Side::Server;
            effects.push(record(now, Some(conn), Recorded::Close { from, how: how.clone() }));
        }
        effects.push(Effect::Close(conn));
        self.flow.closed(conn, effects);
        self.flow.set_behind(!self.waiting.is_empty(), effects);
        self.names.left(conn).map(|name| name.to_string())
    }

    fn kick(&mut self, now: At, conn: ConnId, why: &str, effects: &mut Vec<Effect>) {
        self.drop_guest(now, conn, &Ending::Kicked(why.to_owned()), effects);
    }

    fn close(&mut self, now: At, to: Audience, effects: &mut Vec<Effect>) {
        let guests: Vec<ConnId> = match to {
            Audience::One(conn) => vec![conn],
            _ => self.guests.keys().copied().collect(),
        };
        for conn in guests {
            self.drop_guest(now, conn, &Ending::Eof, effects);
        }
    }

    fn overflowed(&mut self, now: At, conn: ConnId, effects: &mut Vec<Effect>) {
        if self.guests.len() > 1 {
            self.drop_guest(now, conn, &Ending::Slow, effects);
        }
    }

    fn drive(&mut self, now: At, drive: Drive, effects: &mut Vec<Effect>) {
        match drive {
            Drive::Running | Drive::Idle => {}
            Drive::Ended => self.host_leaves(now, effects),
            Drive::Quit => self.leave(now, effects),
        }
    }

    /// Says goodbye, after what is still to be passed on.
    fn leave(&mut self, now: At, effects: &mut Vec<Effect>) {
        self.finish_saying(now, effects);
        self.spent.unbound();
        self.pass_on(now, effects);
        self.left = true;
        self.tell(now, Audience::All, "the room is closing: goodbye", effects);
        let guests: Vec<ConnId> = self.guests.keys().copied().collect();
        for conn in guests {
            self.hear_out(now, conn, effects);
            self.forget(now, conn, &Ending::Eof, effects);
        }
        effects.push(Effect::Leave(Leave::Done));
    }

    fn tick(&mut self, now: At, effects: &mut Vec<Effect>) {
        for conn in self.members.due(now) {
            self.finish_hearing(now, conn, effects);
        }
        if self.host.deadline().is_some_and(|at| at <= now) {
            self.finish_saying(now, effects);
        }
        for conn in self.flow.slow(now) {
            self.drop_guest(now, conn, &Ending::Slow, effects);
        }
        for conn in self.fast.until(now) {
            self.read_again(now, conn, effects);
        }
        for conn in self.idle.until(now) {
            self.watch_idle(now, conn);
            if self.guests.get(&conn).is_some_and(|guest| guest.idle.is_none()) {
                self.drop_guest(now, conn, &Ending::Idle, effects);
            }
        }
        self.pass_on(now, effects);
    }

    /// Sees to it that a guest is looked at when it may have been idle for too long; at none, if it has.
    fn watch_idle(&mut self, now: At, conn: ConnId) {
        let Some(timeout) = self.options.idle_timeout else { return };
        let Some(guest) = self.guests.get_mut(&conn) else { return };
        // Somebody who is not read cannot be heard.
        let since = if guest.fast.is_some() { now } else { guest.heard };
        let due = Some(since + timeout).filter(|due| *due > now);
        let was = std::mem::replace(&mut guest.idle, due);
        self.idle.change(conn, was, due);
    }
}

impl Session for Room {
    fn handle(&mut self, now: At, input: Input, effects: &mut Vec<Effect>) {
        match input {
            // It came too late, or is no guest.
            Input::Opened { conn, own, .. } if self.left || own == Side::Client => {
                effects.push(Effect::Close(conn));
            }
            Input::Opened { conn, addr, secured, .. } => {
                self.opened(now, conn, Came { addr, secured }, effects);
            }
            Input::Received { conn, bytes } => self.received(now, conn, bytes, effects),
            Input::Ended { conn, how } => self.ended(now, conn, how, effects),
            Input::TlsBegins(conn) => {
                self.hear_out(now, conn, effects);
                self.pass_on(now, effects);
            }
            Input::Say { to, bytes, send } => self.say(now, to, bytes, send, effects),
            Input::Raw { to, bytes } => self.say_raw(now, to, bytes, effects),
            // What is said here has its speaker's name before each line.
            Input::Pour { to, .. } => effects.push(Effect::Unheard(to)),
            Input::Asked(line) => self.host_asks(now, &line, effects),
            Input::Close(to) | Input::Reset(to) => self.close(now, to, effects),
            Input::Kick { conn, why } => self.kick(now, conn, &why, effects),
            Input::Note(text) => effects.push(record(now, None, Recorded::Note { text })),
            Input::Filled(queue) => self.flow.filled(now, queue, effects),
            Input::Drained(queue) => self.flow.drained(queue, effects),
            Input::Overflowed(conn) => self.overflowed(now, conn, effects),
            Input::Drive(drive) if !self.left => self.drive(now, drive, effects),
            Input::Tick => self.tick(now, effects),
            // The others go on, so our side of a conn ends only with the conn; nobody who has left is
            // kept; and the rest is a tap's.
            Input::Shutdown(_)
            | Input::Drive(_)
            | Input::Driven { .. }
            | Input::Moved(_)
            | Input::Crowded
            | Input::Reached { .. }
            | Input::Unreached { .. } => {}
        }
    }

    fn next_deadline(&self) -> Option<At> {
        if self.left {
            return None;
        }
        let due = [
            self.members.deadline(),
            self.host.deadline(),
            self.flow.deadline(),
            self.fast.first(),
            self.idle.first(),
            (!self.waiting.is_empty()).then(|| self.spent.renewed()),
        ];
        due.into_iter().flatten().min()
    }
}

/// Somebody who wants in.
struct Came {
    addr: String,
    secured: Option<Box<Secured>>,
}

/// Turns somebody away with a word.
fn refuse(conn: ConnId, why: &str, effects: &mut Vec<Effect>) {
    effects.push(Effect::Send { to: Audience::One(conn), bytes: aside(why) });
    effects.push(Effect::Close(conn));
}

/// A line that the room itself has to say. No name has a blank or begins with a dash, so nobody can say
/// one.
fn aside(text: &str) -> Bytes {
    let mut bytes = BytesMut::new();
    speech::push_line(&mut bytes, "-- ", text.as_bytes(), usize::MAX);
    bytes.freeze()
}
