//! Direct: the host's lines go to every guest, each guest's lines to the host. With one guest, and at
//! the connecting side, it is a plain duplex pipe.

mod saying;

use std::time::Duration;

use bytes::Bytes;

use self::saying::{Said, Saying};
use super::effect::{record, said};
use super::flow::Flow;
use super::leave::Leaving;
use super::members::{Member, Members};
use super::{
    Audience, Drive, Effect, Ending, Input, Leave, Notice, Recorded, Secured, Session, hex,
};
use crate::units::At;
use crate::wire::{ConnId, LineCodec, Side};

/// What the command line says about a direct conversation.
#[derive(Debug, Clone)]
pub struct DirectOptions {
    /// Which side we are.
    pub role: Side,
    /// A listener that goes on when its script has ended and its guests have left.
    pub stay: bool,
    /// Half-close when the script has ended.
    pub half_close: bool,
    /// How long to wait for more after that.
    pub linger: Duration,
    /// The longest line held back whole, in bytes.
    pub max_line: usize,
    /// Remove telnet negotiation from what guests say.
    pub telnet: bool,
    /// What is said first where we connected: it asks a room for a name.
    pub introduction: Option<Bytes>,
}

/// A direct conversation.
#[derive(Debug)]
pub struct Direct {
    options: DirectOptions,
    members: Members,
    guests: u32,
    /// The host has been told that guests hear only the host.
    told_guests: bool,
    said: Said,
    flow: Flow,
    leaving: Leaving,
    left: bool,
}

impl Direct {
    /// A conversation with nobody in it yet.
    #[must_use]
    pub fn new(options: DirectOptions) -> Self {
        let listener = options.role == Side::Server;
        Direct {
            members: Members::default(),
            guests: 0,
            told_guests: false,
            said: Said { codec: LineCodec::new(options.max_line), to: None },
            flow: Flow::default(),
            leaving: Leaving::new(listener, options.stay, options.linger),
            left: false,
            options,
        }
    }

    /// The same, in which the first guest has this number.
    pub(super) fn with_guest(options: DirectOptions, number: u32) -> Self {
        Direct { guests: number.saturating_sub(1), ..Direct::new(options) }
    }

    fn opened(&mut self, now: At, conn: ConnId, newcomer: Newcomer, effects: &mut Vec<Effect>) {
        self.finish_saying(now, effects); // the newcomer has not heard the first half
        let Newcomer { addr, own, name, secured } = newcomer;
        let member = self.member(own, addr.clone(), name.clone());
        let known = if member.is_guest() { Some(member.name.clone()) } else { name.clone() };
        let opened = Recorded::Open { addr: addr.clone(), name: known, own, secured };
        effects.push(record(now, Some(conn), opened));
        effects.push(Effect::Notice(if member.is_guest() {
            Notice::Joined { name: member.name.clone(), addr }
        } else {
            Notice::Connected { addr, name }
        }));
        self.flow.opened(conn, member.is_guest(), effects);
        self.members.insert(conn, member);
        self.leaving.opened(now);
        let several = self.members.talking_guests() > 1;
        if several && !std::mem::replace(&mut self.told_guests, true) {
            effects.push(Effect::Notice(Notice::HearOnlyHost));
        }
        if self.options.role == Side::Client
            && let Some(bytes) = self.options.introduction.take()
        {
            self.say(now, Audience::One(conn), Saying { bytes, send: None, whole: true }, effects);
        }
        if self.leaving.has_ended() {
            self.end_our_side(now, effects);
        }
    }

    /// Who has just been met: a guest, which gets the next name, or somebody that we connected to.
    fn member(&mut self, own: Side, addr: String, name: Option<String>) -> Member {
        let max_line = self.options.max_line;
        if let Some(name) = name {
            return Member::new(own, name, addr, max_line).opened_by_a_step();
        }
        if own == Side::Client {
            return Member::new(own, "main".to_owned(), addr, max_line);
        }
        self.guests += 1;
        let guest = Member::new(own, format!("guest-{}", self.guests), addr, max_line);
        if self.options.telnet { guest.without_telnet() } else { guest }
    }

    /// Which side we are on this conn; on those that are spoken to together, where none is named.
    fn own(&self, conn: Option<ConnId>) -> Side {
        let member = conn.and_then(|conn| self.members.find(conn));
        member.map_or(self.options.role, |member| member.own)
    }

    fn received(&mut self, now: At, conn: ConnId, bytes: Bytes, effects: &mut Vec<Effect>) {
        if self.members.find(conn).is_none() {
            return;
        }
        self.leaving.stirred(now);
        let mut removed = Vec::new();
        let bytes = self.members.filter(now, conn, bytes, &mut removed);
        if !removed.is_empty() {
            let text = format!("telnet negotiation removed: {}", hex(&removed));
            effects.push(record(now, Some(conn), Recorded::Note { text }));
        }
        self.heard(now, conn, bytes, effects);
    }

    /// Passes on what a peer said, after what we had not finished saying to it.
    fn heard(&mut self, now: At, conn: ConnId, bytes: Bytes, effects: &mut Vec<Effect>) {
        if bytes.is_empty() {
            return;
        }
        if self.said.to.is_none_or(|to| to == conn) {
            self.finish_saying(now, effects);
        }
        let from = self.own(Some(conn)).other();
        effects.push(Effect::Heard { conn, bytes: bytes.clone() });
        let blocks = self.members.feed(now, conn, bytes).into_iter();
        effects.extend(blocks.map(|block| said(now, Some(conn), from, block, None)));
    }

    /// Shows and records the unfinished line of a peer.
    fn finish_hearing(&mut self, now: At, conn: ConnId, effects: &mut Vec<Effect>) {
        let from = self.own(Some(conn)).other();
        let block = self.members.flush(conn);
        effects.extend(block.map(|block| said(now, Some(conn), from, block, None)));
    }

    /// Takes as said what a peer has said so far: it may say no more.
    fn hear_out(&mut self, now: At, conn: ConnId, effects: &mut Vec<Effect>) {
        let held = self.members.release(conn);
        self.heard(now, conn, held, effects);
        self.finish_hearing(now, conn, effects);
    }

    fn ended(&mut self, now: At, conn: ConnId, how: &Ending, effects: &mut Vec<Effect>) {
        let Some(member) = self.members.find(conn) else { return };
        let (own, guest) = (member.own, member.is_guest());
        let name = member.opened.then(|| member.name.clone());
        self.hear_out(now, conn, effects);
        if *how != Ending::Eof && self.said.to.is_none_or(|to| to == conn) {
            self.finish_saying(now, effects);
        }
        let from = own.other();
        effects.push(record(now, Some(conn), Recorded::Close { from, how: how.clone() }));
        if !guest && *how == Ending::Eof {
            effects.push(Effect::Notice(Notice::PeerClosed { name }));
        }
        self.silent(conn, how, effects);
        if *how != Ending::Eof {
            let peer = self.remove(conn, effects);
            self.leaving.broke(&peer, how);
        } else if self.leaving.has_ended() || self.members.find(conn).is_some_and(|m| !m.writing) {
            self.close(now, conn, how, effects);
        }
    }

    /// Tells that a peer will say no more; once.
    fn silent(&mut self, conn: ConnId, how: &Ending, effects: &mut Vec<Effect>) {
        if !self.members.silence(conn) {
            return;
        }
        if let Some(guest) = self.members.find(conn).filter(|member| member.is_guest()) {
            let name = guest.name.clone();
            effects.push(Effect::Notice(Notice::Left { name, how: how.clone() }));
        }
        effects.push(Effect::Silent { conn, how: how.clone() });
    }

    /// Forgets a conn, has it closed, and says what its peer was called.
    fn remove(&mut self, conn: ConnId, effects: &mut Vec<Effect>) -> String {
        effects.push(Effect::Close(conn));
        self.flow.closed(conn, effects);
        let name = |m: Member| if m.is_guest() { m.name } else { m.addr };
        self.members.remove(conn).map(name).unwrap_or_default()
    }

    /// Closes from our side: flushes, records our end of it, and tells that the peer is gone.
    fn close(&mut self, now: At, conn: ConnId, how: &Ending, effects: &mut Vec<Effect>) {
        let Some(member) = self.members.find(conn) else { return };
        let (writing, from) = (member.writing, member.own);
        self.finish_saying(now, effects);
        self.hear_out(now, conn, effects);
        if writing || *how != Ending::Eof {
            effects.push(record(now, Some(conn), Recorded::Close { from, how: how.clone() }));
        }
        self.silent(conn, how, effects);
        self.remove(conn, effects);
    }

    /// Breaks conns, which their peers see at once.
    fn reset(&mut self, now: At, to: Audience, effects: &mut Vec<Effect>) {
        self.finish_saying(now, effects);
        for conn in self.meant(to) {
            let from = self.own(Some(conn));
            self.hear_out(now, conn, effects);
            let how = Ending::Reset;
            effects.push(record(now, Some(conn), Recorded::Close { from, how: how.clone() }));
            self.silent(conn, &how, effects);
            effects.push(Effect::Reset(conn));
            self.remove(conn, effects);
        }
    }

    fn shutdown(&mut self, now: At, to: Audience, effects: &mut Vec<Effect>) {
        self.finish_saying(now, effects);
        for conn in self.hearing(to) {
            let from = self.own(Some(conn));
            self.finish_hearing(now, conn, effects);
            self.members.stop_writing(conn);
            let gone = self.members.find(conn).is_some_and(|member| !member.reading);
            effects.push(record(now, Some(conn), Recorded::Close { from, how: Ending::Eof }));
            if gone {
                self.remove(conn, effects);
            } else {
                effects.push(Effect::Shutdown(conn));
            }
        }
    }

    fn close_all(&mut self, now: At, to: Audience, effects: &mut Vec<Effect>) {
        for conn in self.meant(to) {
            self.close(now, conn, &Ending::Eof, effects);
        }
    }

    /// The conns among `to`.
    fn meant(&self, to: Audience) -> Vec<ConnId> {
        let meant = |(conn, member): &(ConnId, &Member)| to.means(*conn, || member.is_guest());
        let members = self.members.iter().filter(meant);
        members.map(|(conn, _)| conn).collect()
    }

    /// The script has ended: so does our side of every conn, unless the listener is to stay.
    fn end_our_side(&mut self, now: At, effects: &mut Vec<Effect>) {
        if self.options.role == Side::Server && self.options.stay {
            return;
        }
        if self.options.half_close {
            self.shutdown(now, Audience::All, effects);
        }
        let gone: Vec<ConnId> =
            self.members.iter().filter(|(_, m)| !m.reading).map(|(conn, _)| conn).collect();
        for conn in gone {
            self.close(now, conn, &Ending::Eof, effects);
        }
    }

    fn drive(&mut self, now: At, drive: Drive, effects: &mut Vec<Effect>) {
        self.leaving.drive(now, drive);
        if drive == Drive::Ended {
            self.end_our_side(now, effects);
        }
    }

    fn tick(&mut self, now: At, effects: &mut Vec<Effect>) {
        for conn in self.members.due(now) {
            if self.members.is_release_due(now, conn) {
                self.hear_out(now, conn, effects);
            } else {
                self.finish_hearing(now, conn, effects);
            }
        }
        if self.said.codec.deadline().is_some_and(|at| at <= now) {
            self.finish_saying(now, effects);
        }
        for conn in self.flow.slow(now) {
            self.close(now, conn, &Ending::Slow, effects);
        }
    }

    /// Closes what was kept open for the guest that left first, in case it still reads: somebody else
    /// wants to come.
    fn make_room(&mut self, now: At, effects: &mut Vec<Effect>) {
        let gone = |member: &Member| member.is_guest() && !member.reading;
        let left = self.members.iter().find(|(_, member)| gone(member)).map(|(conn, _)| conn);
        if let Some(conn) = left {
            self.close(now, conn, &Ending::Eof, effects);
        }
    }

    fn overflowed(&mut self, now: At, conn: ConnId, effects: &mut Vec<Effect>) {
        let guest = self.members.find(conn).is_some_and(Member::is_guest);
        if guest && self.members.guests() > 1 {
            self.close(now, conn, &Ending::Slow, effects);
        }
    }

    fn leave(&mut self, now: At, why: Leave, effects: &mut Vec<Effect>) {
        self.left = true;
        if let Leave::Lingered(linger) = &why {
            effects.push(Effect::Notice(Notice::Lingered(*linger)));
        }
        self.finish_saying(now, effects);
        // Nobody is told that a guest left when it is we who leave.
        self.members.silence_all();
        self.close_all(now, Audience::All, effects);
        effects.push(Effect::Leave(why));
    }
}

impl Session for Direct {
    fn handle(&mut self, now: At, input: Input, effects: &mut Vec<Effect>) {
        match input {
            // It came too late to be a guest.
            Input::Opened { conn, .. } if self.left => effects.push(Effect::Close(conn)),
            Input::Opened { conn, addr, own, name, secured } => {
                self.opened(now, conn, Newcomer { addr, own, name, secured }, effects);
            }
            Input::Received { conn, bytes } => self.received(now, conn, bytes, effects),
            Input::TlsBegins(conn) => self.hear_out(now, conn, effects),
            Input::Ended { conn, how } => self.ended(now, conn, &how, effects),
            Input::Say { to, bytes, send } => {
                self.say(now, to, Saying { bytes, send, whole: true }, effects);
            }
            Input::Raw { to, bytes } => {
                self.say(now, to, Saying { bytes, send: None, whole: false }, effects);
            }
            Input::Pour { to, range } => self.pour(now, to, &range, effects),
            Input::Shutdown(to) => self.shutdown(now, to, effects),
            Input::Close(to) => self.close_all(now, to, effects),
            Input::Reset(to) => self.reset(now, to, effects),
            Input::Kick { conn, why } => self.close(now, conn, &Ending::Kicked(why), effects),
            Input::Note(text) => effects.push(record(now, None, Recorded::Note { text })),
            Input::Filled(queue) => self.flow.filled(now, queue, effects),
            Input::Drained(queue) => {
                self.leaving.stirred(now);
                self.flow.drained(queue, effects);
            }
            Input::Moved(conn) => {
                self.leaving.stirred(now);
                effects.push(Effect::Moved(conn));
            }
            Input::Crowded => self.make_room(now, effects),
            Input::Overflowed(conn) => self.overflowed(now, conn, effects),
            Input::Drive(drive) => self.drive(now, drive, effects),
            Input::Tick => self.tick(now, effects),
            // Only a tap asks for this, and only conversations that are apart are driven so.
            Input::Reached { .. } | Input::Unreached { .. } | Input::Driven { .. } => {}
            // Only a room understands this.
            Input::Asked(_) => effects.push(Effect::Unheard(Audience::All)),
        }
        if !self.left
            && let Some(why) = self.leaving.decide(now, self.members.talking(), self.flow.is_deaf())
        {
            self.leave(now, why, effects);
        }
    }

    fn next_deadline(&self) -> Option<At> {
        if self.left {
            return None;
        }
        let due = [
            self.members.deadline(),
            self.said.codec.deadline(),
            self.flow.deadline(),
            self.leaving.deadline(self.flow.is_deaf()),
        ];
        due.into_iter().flatten().min()
    }
}

/// Who is at the other end of a new conn.
struct Newcomer {
    addr: String,
    own: Side,
    name: Option<String>,
    secured: Option<Box<Secured>>,
}
