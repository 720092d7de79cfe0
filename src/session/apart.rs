//! Conversations that are apart: every guest of a listener has one of its own, with an end of its own.
//!
//! Each is a [`Direct`] with one guest. What is asked of one names its conn ([`Input::of`]), and what one
//! wants done concerns its conn alone; what they share are the names of guests, standard output and the
//! recording.

use std::collections::{BTreeMap, BTreeSet};

use super::effect::record;
use super::{
    Audience, Direct, DirectOptions, Drive, Effect, Ending, Input, Leave, Notice, Queue, Recorded,
    Session, Source,
};
use crate::units::{At, Due};
use crate::wire::ConnId;

/// Conversations that are apart. A session of them is over when no more guests are to come
/// ([`Drive::Ended`]) and none is left, or when it is told to ([`Drive::Quit`]).
#[derive(Debug)]
pub struct Apart {
    options: DirectOptions,
    talks: BTreeMap<ConnId, Talk>,
    /// When something is due in which of them.
    due: Due<ConnId>,
    /// How many guests there have been.
    guests: u32,
    /// The conns whose guests have left, while our side goes on.
    gone: BTreeSet<ConnId>,
    stdout_full: bool,
    journal_full: bool,
    /// No more guests are to come.
    complete: bool,
    left: bool,
    /// What one of them wants done, for as long as that takes to be passed on.
    wanted: Vec<Effect>,
}

/// One of them.
#[derive(Debug)]
struct Talk {
    direct: Direct,
    due: Option<At>,
    guest: String,
    /// It was told that the guest will say no more.
    silent: bool,
}

impl Apart {
    /// Nobody yet; each conversation will be held like this. That a listener is to stay is not up to one.
    #[must_use]
    pub fn new(mut options: DirectOptions) -> Apart {
        options.stay = false;
        Apart {
            options,
            talks: BTreeMap::new(),
            due: Due::default(),
            guests: 0,
            gone: BTreeSet::new(),
            stdout_full: false,
            journal_full: false,
            complete: false,
            left: false,
            wanted: Vec::new(),
        }
    }

    fn opened(&mut self, now: At, conn: ConnId, opened: Input, effects: &mut Vec<Effect>) {
        self.guests += 1;
        let direct = Direct::with_guest(self.options.clone(), self.guests);
        let guest = format!("guest-{}", self.guests);
        self.talks.insert(conn, Talk { direct, due: None, guest, silent: false });
        self.pass(now, conn, opened, effects);
        for (queue, full) in
            [(Queue::Stdout, self.stdout_full), (Queue::Journal, self.journal_full)]
        {
            if full {
                self.pass(now, conn, Input::Filled(queue), effects);
            }
        }
    }

    /// Tells one of them something, and passes on what it wants done.
    fn pass(&mut self, now: At, conn: ConnId, input: Input, effects: &mut Vec<Effect>) {
        let Some(talk) = self.talks.get_mut(&conn) else { return };
        let mut wanted = std::mem::take(&mut self.wanted);
        talk.direct.handle(now, input, &mut wanted);
        let due = talk.direct.next_deadline();
        self.due.change(conn, std::mem::replace(&mut talk.due, due), due);
        for effect in wanted.drain(..) {
            self.want(conn, effect, effects);
        }
        self.wanted = wanted;
    }

    /// One of them wants something done.
    fn want(&mut self, conn: ConnId, effect: Effect, effects: &mut Vec<Effect>) {
        let to = Audience::One(conn);
        effects.push(match effect {
            Effect::Leave(why) => return self.over(conn, why, effects),
            // What they share stops all of them, which is seen to once.
            Effect::Pause(Source::Conns) | Effect::Resume(Source::Conns) => return,
            Effect::Pause(Source::Script) => Effect::Pause(Source::ScriptOf(conn)),
            Effect::Resume(Source::Script) => Effect::Resume(Source::ScriptOf(conn)),
            Effect::Send { bytes, .. } => Effect::Send { to, bytes },
            Effect::Unheard(_) => Effect::Unheard(to),
            Effect::Notice(notice @ Notice::Lingered(_)) => {
                let guest = self.talks.get(&conn).map(|talk| &*talk.guest).unwrap_or_default();
                Effect::Notice(Notice::Told(format!("{guest}: {notice}")))
            }
            Effect::Silent { .. } => {
                if let Some(talk) = self.talks.get_mut(&conn) {
                    talk.silent = true;
                    self.gone.insert(conn);
                }
                effect
            }
            other => other,
        });
    }

    /// One of them is over. Unless its guest left before, it leaves now.
    fn over(&mut self, conn: ConnId, why: Leave, effects: &mut Vec<Effect>) {
        let Some(talk) = self.talks.remove(&conn) else { return };
        self.due.change(conn, talk.due, None);
        self.gone.remove(&conn);
        if self.left {
            return; // all are
        }
        if !talk.silent {
            effects.push(Effect::Notice(Notice::Left { name: talk.guest, how: Ending::Eof }));
            effects.push(Effect::Silent { conn, how: Ending::Eof });
        }
        effects.push(Effect::Over { conn, why });
    }

    /// Standard output or the recording is full, or has room again.
    fn shared(&mut self, now: At, queue: Queue, full: bool, effects: &mut Vec<Effect>) {
        let was_deaf = self.stdout_full || self.journal_full;
        match queue {
            Queue::Stdout => self.stdout_full = full,
            Queue::Journal => self.journal_full = full,
            Queue::Outbox(_) | Queue::Unread(_) => return,
        }
        match (was_deaf, self.stdout_full || self.journal_full) {
            (false, true) => effects.push(Effect::Pause(Source::Conns)),
            (true, false) => effects.push(Effect::Resume(Source::Conns)),
            _ => {}
        }
        let all: Vec<ConnId> = self.talks.keys().copied().collect();
        for conn in all {
            let input = if full { Input::Filled(queue) } else { Input::Drained(queue) };
            self.pass(now, conn, input, effects);
        }
    }

    /// Ends all of them. Nobody is told that a guest left when it is we who leave.
    fn leave(&mut self, now: At, effects: &mut Vec<Effect>) {
        self.left = true;
        let all: Vec<ConnId> = self.talks.keys().copied().collect();
        for conn in all {
            self.pass(now, conn, Input::Drive(Drive::Quit), effects);
        }
        effects.push(Effect::Leave(Leave::Done));
    }

    /// Closes what was kept open for the guest that left first, in case it still reads.
    fn make_room(&mut self, now: At, effects: &mut Vec<Effect>) {
        if let Some(conn) = self.gone.first().copied() {
            self.gone.remove(&conn);
            self.pass(now, conn, Input::Crowded, effects);
        }
    }
}

impl Session for Apart {
    fn handle(&mut self, now: At, input: Input, effects: &mut Vec<Effect>) {
        match input {
            // It came too late to be a guest.
            Input::Opened { conn, .. } if self.left => effects.push(Effect::Close(conn)),
            Input::Opened { conn, .. } => self.opened(now, conn, input, effects),
            Input::Received { conn, .. }
            | Input::Ended { conn, .. }
            | Input::Kick { conn, .. }
            | Input::Moved(conn)
            | Input::TlsBegins(conn)
            | Input::Overflowed(conn)
            | Input::Filled(Queue::Outbox(conn) | Queue::Unread(conn))
            | Input::Drained(Queue::Outbox(conn) | Queue::Unread(conn))
            | Input::Shutdown(Audience::One(conn))
            | Input::Close(Audience::One(conn))
            | Input::Reset(Audience::One(conn)) => self.pass(now, conn, input, effects),
            Input::Say { to: Audience::One(conn), .. }
            | Input::Raw { to: Audience::One(conn), .. }
            | Input::Pour { to: Audience::One(conn), .. }
                if self.talks.contains_key(&conn) =>
            {
                self.pass(now, conn, input, effects);
            }
            // What is said to all of them is nothing that any of them goes on from.
            Input::Say { to, .. } | Input::Raw { to, .. } | Input::Pour { to, .. } => {
                effects.push(Effect::Unheard(to));
            }
            Input::Asked(_) => effects.push(Effect::Unheard(Audience::All)),
            Input::Driven { conn, drive } => self.pass(now, conn, Input::Drive(drive), effects),
            Input::Filled(queue) => self.shared(now, queue, true, effects),
            Input::Drained(queue) => self.shared(now, queue, false, effects),
            Input::Note(text) => effects.push(record(now, None, Recorded::Note { text })),
            Input::Crowded => self.make_room(now, effects),
            Input::Drive(Drive::Quit) if !self.left => self.leave(now, effects),
            Input::Drive(Drive::Ended) => self.complete = true,
            Input::Tick => {
                for conn in self.due.until(now) {
                    self.pass(now, conn, Input::Tick, effects);
                }
            }
            Input::Drive(_)
            | Input::Shutdown(_)
            | Input::Close(_)
            | Input::Reset(_)
            | Input::Reached { .. }
            | Input::Unreached { .. } => {}
        }
        if self.complete && self.talks.is_empty() && !self.left {
            self.leave(now, effects);
        }
    }

    fn next_deadline(&self) -> Option<At> {
        self.due.first().filter(|_| !self.left)
    }
}
