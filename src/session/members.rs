//! What the session knows of its open conns.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::units::{At, Due};
use crate::wire::{Block, ConnId, LineCodec, PARTIAL_AFTER, Side, Telnet};

/// The open conns. What every input asks is kept ready, so that ten thousand idle ones cost nothing.
#[derive(Debug, Default)]
pub(super) struct Members {
    all: BTreeMap<ConnId, Member>,
    /// How many peers may still say something.
    talking: usize,
    /// How many are guests, of which so many may still say something.
    guests: usize,
    talking_guests: usize,
    /// Until when words are held back, and whose.
    due: Due<ConnId>,
}

impl Members {
    pub(super) fn insert(&mut self, conn: ConnId, member: Member) {
        let guest = member.is_guest();
        self.talking += usize::from(member.reading);
        self.guests += usize::from(guest);
        self.talking_guests += usize::from(guest && member.reading);
        self.all.insert(conn, member);
    }

    pub(super) fn find(&self, conn: ConnId) -> Option<&Member> {
        self.all.get(&conn)
    }

    pub(super) fn remove(&mut self, conn: ConnId) -> Option<Member> {
        let member = self.all.remove(&conn)?;
        self.talking -= usize::from(member.reading);
        self.guests -= usize::from(member.is_guest());
        self.talking_guests -= usize::from(member.is_guest() && member.reading);
        self.due.change(conn, member.due, None);
        Some(member)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ConnId, &Member)> {
        self.all.iter().map(|(conn, member)| (*conn, member))
    }

    /// How many guests there are.
    pub(super) fn guests(&self) -> usize {
        self.guests
    }

    /// Whether all of them are guests.
    pub(super) fn are_guests(&self) -> bool {
        self.guests == self.all.len()
    }

    /// How many peers may still say something.
    pub(super) fn talking(&self) -> usize {
        self.talking
    }

    /// How many guests may still say something.
    pub(super) fn talking_guests(&self) -> usize {
        self.talking_guests
    }

    /// Notes that the peer will say no more; whether that is news.
    pub(super) fn silence(&mut self, conn: ConnId) -> bool {
        let Some(member) = self.all.get_mut(&conn) else { return false };
        let news = std::mem::take(&mut member.reading);
        self.talking -= usize::from(news);
        self.talking_guests -= usize::from(news && member.is_guest());
        news
    }

    /// Notes that no peer will say more.
    pub(super) fn silence_all(&mut self) {
        self.all.values_mut().for_each(|member| member.reading = false);
        (self.talking, self.talking_guests) = (0, 0);
    }

    /// The name of a peer that has left, where nobody has been told yet that it may still read.
    pub(super) fn warn(&mut self, conn: ConnId) -> Option<String> {
        let member = self.all.get_mut(&conn)?;
        (!std::mem::replace(&mut member.warned, true)).then(|| member.name.clone())
    }

    /// Notes that we shall say no more; whether that is news.
    pub(super) fn stop_writing(&mut self, conn: ConnId) -> bool {
        self.all.get_mut(&conn).is_some_and(|member| std::mem::take(&mut member.writing))
    }

    /// What of a read is text; into `removed`, what was telnet negotiation.
    pub(super) fn filter(
        &mut self,
        now: At,
        conn: ConnId,
        bytes: Bytes,
        removed: &mut Vec<u8>,
    ) -> Bytes {
        let Some(member) = self.all.get_mut(&conn) else { return Bytes::new() };
        let text = member.filter(now, bytes, removed);
        self.note(conn);
        text
    }

    /// The blocks that these bytes of a peer complete.
    pub(super) fn feed(&mut self, now: At, conn: ConnId, bytes: Bytes) -> Vec<Block> {
        let mut blocks = Vec::new();
        if let Some(member) = self.all.get_mut(&conn) {
            member.codec.feed(now, bytes, &mut blocks);
        }
        self.note(conn);
        blocks
    }

    /// Bytes that were held back because they might have begun a negotiation.
    pub(super) fn release(&mut self, conn: ConnId) -> Bytes {
        let telnet = self.all.get_mut(&conn).and_then(|member| member.telnet.as_mut());
        let held = telnet.map(Telnet::release).unwrap_or_default();
        self.note(conn);
        held
    }

    /// Whether bytes of a peer have been held back for long enough.
    pub(super) fn is_release_due(&self, now: At, conn: ConnId) -> bool {
        let member = self.all.get(&conn);
        member.and_then(Member::release_at).is_some_and(|at| at <= now)
    }

    /// The unfinished line of a peer, as a partial one.
    pub(super) fn flush(&mut self, conn: ConnId) -> Option<Block> {
        let block = self.all.get_mut(&conn)?.codec.flush();
        self.note(conn);
        block
    }

    /// Whose words have been held back for long enough, the longest first.
    pub(super) fn due(&self, now: At) -> Vec<ConnId> {
        self.due.until(now)
    }

    /// When [`Members::due`] next names somebody.
    pub(super) fn deadline(&self) -> Option<At> {
        self.due.first()
    }

    /// Takes note of when the words of a conn are due now.
    fn note(&mut self, conn: ConnId) {
        let Some(member) = self.all.get_mut(&conn) else { return };
        let due = member.deadline();
        let before = std::mem::replace(&mut member.due, due);
        self.due.change(conn, before, due);
    }
}

/// One open conn.
#[derive(Debug)]
pub(super) struct Member {
    /// `guest-2`, what a step called it, or `main`.
    pub(super) name: String,
    /// A step opened it, and gave it its name.
    pub(super) opened: bool,
    /// Which side we are on it.
    pub(super) own: Side,
    /// Where the peer is.
    pub(super) addr: String,
    /// The peer may still say something.
    pub(super) reading: bool,
    /// We may still say something.
    pub(super) writing: bool,
    warned: bool,
    codec: LineCodec,
    telnet: Option<Telnet>,
    heard: At,
    /// When it was last noted to be due.
    due: Option<At>,
}

impl Member {
    /// A member that `own` has just met.
    pub(super) fn new(own: Side, name: String, addr: String, max_line: usize) -> Self {
        Member {
            name,
            opened: false,
            own,
            addr,
            reading: true,
            writing: true,
            warned: false,
            codec: LineCodec::new(max_line),
            telnet: None,
            heard: At::START,
            due: None,
        }
    }

    /// The member, whose telnet negotiation is removed.
    pub(super) fn without_telnet(self) -> Self {
        Member { telnet: Some(Telnet::default()), ..self }
    }

    /// The member, which a step opened.
    pub(super) fn opened_by_a_step(self) -> Self {
        Member { opened: true, ..self }
    }

    /// Whether it came to a listener.
    pub(super) fn is_guest(&self) -> bool {
        self.own == Side::Server
    }

    /// The member, whose unfinished lines wait so long for more.
    pub(super) fn patient(self, patience: Duration) -> Self {
        Member { codec: self.codec.patient(patience), ..self }
    }

    fn filter(&mut self, now: At, bytes: Bytes, removed: &mut Vec<u8>) -> Bytes {
        self.heard = now;
        match &mut self.telnet {
            Some(telnet) => telnet.filter(bytes, removed),
            None => bytes,
        }
    }

    /// When an unfinished line is to be shown, or held bytes are to be released.
    fn deadline(&self) -> Option<At> {
        self.release_at().into_iter().chain(self.codec.deadline()).min()
    }

    /// When held bytes are to be released: they are no negotiation.
    fn release_at(&self) -> Option<At> {
        let held = self.telnet.as_ref().is_some_and(Telnet::is_holding);
        held.then(|| self.heard + PARTIAL_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_words_are_due_is_known_however_they_came_and_went() {
        let (first, second) = (ConnId::FIRST, ConnId::FIRST.next());
        let mut members = Members::default();
        for conn in [first, second] {
            let member = Member::new(Side::Server, String::new(), String::new(), 1024);
            members.insert(conn, member.without_telnet());
        }
        let at = |micros| At::START + PARTIAL_AFTER + Duration::from_micros(micros);
        members.feed(At::from_micros(1), second, Bytes::from_static(b"half"));
        members.filter(At::from_micros(2), first, Bytes::from_static(b"\xff"), &mut Vec::new());
        members.feed(At::from_micros(3), second, Bytes::from_static(b" of it"));
        assert_eq!((members.deadline(), members.due(at(1))), (Some(at(2)), vec![]));
        assert_eq!(members.due(at(3)), [first, second]);
        assert_eq!(members.release(first), b"\xff"[..]);
        assert_eq!((members.deadline(), members.due(at(3))), (Some(at(3)), vec![second]));
        members.feed(At::from_micros(4), second, Bytes::from_static(b"\n"));
        assert_eq!(members.deadline(), None);
        members.feed(At::from_micros(5), second, Bytes::from_static(b"gone"));
        members.remove(second);
        assert_eq!((members.deadline(), members.due(at(9))), (None, vec![]));
    }
}
