//! What the peers said and no step has read yet.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;

use super::words::{Came, Rank, Words};
use crate::session::Audience;
use crate::units::At;
use crate::wire::{ConnId, Encoding, Line};

/// How many peers that have left with something unread are remembered, so that guests who come and go for
/// weeks do not take up more and more memory: a few hundred bytes each, however little they said.
const GONE_KEPT: usize = 1000;

/// The unread words of every conn: whole lines however they were cut into reads, and the unfinished
/// line at the end. What every read asks is kept ready, so that ten thousand guests cost no more than
/// one.
#[derive(Debug)]
pub struct Unread {
    conns: BTreeMap<ConnId, Words>,
    /// The conns that have something to read, what is to be read first at the front.
    order: BTreeSet<(Rank, ConnId)>,
    /// The conns that are no guests.
    opened: BTreeSet<ConnId>,
    /// Those whose peers have left and that have something to read, in that order.
    gone: VecDeque<ConnId>,
    max_line: usize,
    /// How the peers write text.
    encoding: Encoding,
    /// Orders what several conns said.
    arrivals: u64,
    /// Unread bytes of all conns.
    bytes: usize,
    /// Unread lines of all conns, those of conns that have ended included.
    lines: u64,
}

/// The line that is next to be read, or as much of it as has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next<'a> {
    /// Who said it.
    pub conn: ConnId,
    /// Its bytes, line end included.
    pub bytes: &'a [u8],
    /// It is whole: it has its line end, or is as long as a line may be, or the peer has ended.
    pub whole: bool,
    /// When it began to come.
    pub came: At,
    /// Which of the ended lines of its conn it is (or will be), from 1.
    pub ordinal: u64,
    /// How its text is written.
    pub encoding: Encoding,
}

impl<'a> Next<'a> {
    /// Its text, without its line end: what patterns see, and people.
    #[must_use]
    pub fn text(&self) -> Cow<'a, [u8]> {
        self.encoding.text(Line::cut(self.bytes).text)
    }
}

impl Unread {
    /// Nothing unread; a line longer than `max_line` bytes is read in pieces.
    pub(super) fn new(max_line: usize, encoding: Encoding) -> Self {
        let (conns, order, opened) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        let gone = VecDeque::new();
        Unread { conns, order, opened, gone, max_line, encoding, arrivals: 0, bytes: 0, lines: 0 }
    }

    /// This conn is no guest of ours: [`Audience::Guests`] leaves it out.
    pub(super) fn no_guest(&mut self, conn: ConnId) {
        self.opened.insert(conn);
    }

    /// A peer said this.
    pub(super) fn push(&mut self, now: At, conn: ConnId, bytes: &Bytes) {
        self.arrivals += 1;
        let came = Came { arrival: self.arrivals, at: now };
        self.add(conn, |words| words.push(came, bytes));
    }

    /// A peer said this, which nothing will read: its lines are counted and not kept.
    pub(super) fn count(&mut self, conn: ConnId, bytes: &[u8]) {
        self.add(conn, |words| words.count(bytes));
    }

    /// A peer will say no more: its unfinished line is whole.
    pub(super) fn end(&mut self, conn: ConnId) {
        self.change(conn, Words::end);
        self.forget(conn);
        if self.conns.contains_key(&conn) {
            self.gone.push_back(conn);
        }
        while self.gone.len() > GONE_KEPT {
            self.gone.pop_front().into_iter().for_each(|conn| self.let_go(conn));
        }
    }

    /// Keeps nothing of a conn that was left long ago, but that its lines were never read.
    fn let_go(&mut self, conn: ConnId) {
        if let Some(words) = self.conns.remove(&conn) {
            words.rank().map(|rank| self.order.remove(&(rank, conn)));
            self.bytes -= words.bytes();
        }
    }

    /// What is next to be read from `from`: of several conns, what came first. An unfinished line is
    /// next only where no whole one waits.
    #[must_use]
    pub fn next(&self, from: Audience) -> Option<Next<'_>> {
        let conn = match from {
            Audience::One(conn) => conn,
            Audience::All => self.order.first()?.1,
            Audience::Guests => self.order.iter().find(|(_, conn)| self.is_guest(*conn))?.1,
        };
        self.next_of(conn)
    }

    /// The unfinished lines of `from` that are next of their conns, in the order in which they began.
    pub(super) fn unfinished(&self, from: Audience) -> impl Iterator<Item = Next<'_>> {
        let (one, all) = match from {
            Audience::One(conn) => (Some(conn), None),
            Audience::All | Audience::Guests => {
                (None, Some(self.order.range((Rank::FIRST_UNFINISHED, ConnId::FIRST)..)))
            }
        };
        let meant = move |conn: &ConnId| from != Audience::Guests || self.is_guest(*conn);
        let all = all.into_iter().flatten().map(|(_, conn)| *conn).filter(meant);
        let conns = one.into_iter().chain(all);
        conns.filter_map(|conn| self.next_of(conn)).filter(|next| !next.whole)
    }

    /// What has come of the line that each conn has not ended, be there whole lines before it or not.
    pub(super) fn begun(&self) -> impl Iterator<Item = (ConnId, &[u8])> {
        self.conns.iter().filter_map(|(conn, words)| Some((*conn, words.begun()?)))
    }

    /// The lines of `from` that are whole, those of one conn after those of another.
    pub(super) fn whole_lines(&self, from: Audience) -> impl Iterator<Item = Next<'_>> {
        self.all_lines(from).filter(|line| line.whole)
    }

    /// The lines of `from`, unfinished ones included, those of one conn after those of another.
    pub(super) fn all_lines(&self, from: Audience) -> impl Iterator<Item = Next<'_>> {
        let meant = move |conn: ConnId| from.means(conn, || self.is_guest(conn));
        let conns = self.conns.iter().filter(move |(conn, _)| meant(**conn));
        conns.flat_map(|(conn, words)| words.all(*conn))
    }

    /// The first `len` bytes of the next line of `conn` have been read.
    pub fn consume(&mut self, conn: ConnId, len: usize) {
        self.change(conn, |words| words.consume(len));
        self.forget(conn);
    }

    /// The unfinished line of `conn`, which is next, has been read as far as it has come.
    pub(super) fn read_unfinished(&mut self, conn: ConnId) {
        self.change(conn, Words::read_unfinished);
        self.forget(conn);
    }

    /// How many bytes are unread.
    pub(super) fn bytes(&self, from: Audience) -> usize {
        match from {
            Audience::One(conn) => self.conns.get(&conn).map_or(0, Words::bytes),
            Audience::All => self.bytes,
            Audience::Guests => {
                let others = self.opened.iter().filter_map(|conn| self.conns.get(conn));
                self.bytes - others.map(Words::bytes).sum::<usize>()
            }
        }
    }

    /// The conns that have something to read or may yet, and how many lines of each are unread.
    pub(super) fn conns(&self) -> impl Iterator<Item = (ConnId, u64)> {
        self.conns.iter().map(|(conn, words)| (*conn, words.lines()))
    }

    /// How many lines of all conns are unread, unfinished ones included.
    pub(super) fn lines(&self) -> u64 {
        self.lines
    }

    /// Passes over the oldest lines until at most `bound` bytes are unread; says how many lines that
    /// were.
    pub(super) fn pass_over(&mut self, from: Audience, bound: usize) -> u64 {
        let before = self.lines;
        while let excess @ 1.. = self.bytes(from).saturating_sub(bound) {
            let Some(conn) = self.next(from).map(|next| next.conn) else { break };
            self.drop_oldest(conn, excess);
        }
        before - self.lines
    }

    /// Passes over the oldest lines of everybody else until at most `bound` bytes of all conns are
    /// unread; says how many lines that were. Where all are meant, nobody is spared.
    pub(super) fn pass_over_others(&mut self, spared: Audience, bound: usize) -> u64 {
        let before = self.lines;
        while let excess @ 1.. = self.bytes.saturating_sub(bound) {
            let mut others = self.order.iter().map(|(_, conn)| *conn);
            let spared = |conn: &ConnId| match spared {
                Audience::One(one) => one == *conn,
                Audience::Guests | Audience::All => false,
            };
            let Some(conn) = others.find(|conn| !spared(conn)) else { break };
            self.drop_oldest(conn, excess);
        }
        before - self.lines
    }

    fn drop_oldest(&mut self, conn: ConnId, excess: usize) {
        self.change(conn, |words| words.drop_oldest(excess));
        self.forget(conn);
    }

    fn is_guest(&self, conn: ConnId) -> bool {
        !self.opened.contains(&conn)
    }

    fn next_of(&self, conn: ConnId) -> Option<Next<'_>> {
        self.conns.get(&conn)?.next(conn)
    }

    /// Adds to the words of a conn, which may be its first.
    fn add(&mut self, conn: ConnId, add: impl FnOnce(&mut Words)) {
        self.conns.entry(conn).or_insert_with(|| Words::new(self.max_line, self.encoding));
        self.change(conn, add);
    }

    /// Changes the words of a conn, and what is kept ready with them.
    fn change(&mut self, conn: ConnId, change: impl FnOnce(&mut Words)) {
        let Some(words) = self.conns.get_mut(&conn) else { return };
        let (rank, bytes, lines) = (words.rank(), words.bytes(), words.lines());
        change(words);
        self.bytes = self.bytes - bytes + words.bytes();
        self.lines = self.lines - lines + words.lines();
        let now = words.rank();
        if rank != now {
            rank.map(|rank| self.order.remove(&(rank, conn)));
            self.order.extend(now.map(|rank| (rank, conn)));
        }
    }

    /// Keeps nothing of a conn but its lines, which are counted, once nothing more can be read from it.
    fn forget(&mut self, conn: ConnId) {
        if self.conns.get(&conn).is_some_and(Words::is_over) {
            self.conns.remove(&conn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Audience = Audience::One(ConnId::FIRST);

    fn unread(reads: &[&[u8]]) -> Unread {
        let mut unread = Unread::new(8, Encoding::UTF_8);
        for read in reads {
            unread.push(At::START, ConnId::FIRST, &Bytes::copy_from_slice(read));
        }
        unread
    }

    fn take(unread: &mut Unread, from: Audience) -> Option<(String, bool)> {
        let next = unread.next(from)?;
        let (conn, len, whole) = (next.conn, next.bytes.len(), next.whole);
        let text = String::from_utf8_lossy(next.bytes).into_owned();
        unread.consume(conn, len);
        Some((text, whole))
    }

    #[test]
    fn lines_are_whole_however_they_came() {
        let mut unread = unread(&[b"on", b"e\ntwo\nth", b"ree"]);
        assert_eq!(unread.lines(), 3);
        assert_eq!(take(&mut unread, FIRST), Some(("one\n".into(), true)));
        assert_eq!(unread.next(FIRST).map(|next| next.ordinal), Some(2));
        assert_eq!(take(&mut unread, FIRST), Some(("two\n".into(), true)));
        assert_eq!(take(&mut unread, FIRST), Some(("three".into(), false)));
        assert_eq!((take(&mut unread, FIRST), unread.bytes(FIRST)), (None, 0));
    }

    #[test]
    fn every_line_has_its_number() {
        let mut unread = unread(&[b"one\ntwo\n", b"three\nfour"]);
        take(&mut unread, FIRST);
        let numbers = |unread: &Unread| -> Vec<(String, u64)> {
            let lines = unread.all_lines(FIRST);
            lines.map(|line| (String::from_utf8_lossy(&line.text()).into(), line.ordinal)).collect()
        };
        let wanted = [("two", 2), ("three", 3), ("four", 4)];
        assert_eq!(numbers(&unread), wanted.map(|(text, ordinal)| (text.to_owned(), ordinal)));
    }

    #[test]
    fn the_end_of_the_peer_makes_a_line_whole() {
        let mut unread = unread(&[b"bye"]);
        unread.end(ConnId::FIRST);
        assert_eq!(take(&mut unread, FIRST), Some(("bye".into(), true)));
    }

    #[test]
    fn who_left_long_ago_is_forgotten_and_its_lines_are_counted() {
        let mut unread = Unread::new(8, Encoding::UTF_8);
        let conns = (1..).filter_map(ConnId::new).take(GONE_KEPT + 10);
        for conn in conns {
            unread.push(At::START, conn, &Bytes::from_static(b"one\ntwo"));
            unread.end(conn);
        }
        let (kept, all) = (GONE_KEPT * 7, (GONE_KEPT as u64 + 10) * 2);
        assert_eq!((unread.bytes(Audience::All), unread.lines()), (kept, all));
        assert_eq!(unread.next(Audience::All).map(|next| next.conn), ConnId::new(11));
        assert_eq!(unread.conns().count(), GONE_KEPT);
    }

    #[test]
    fn a_line_that_is_too_long_is_read_in_pieces() {
        let mut unread = unread(&[b"0123456789abcdef0", b"1\nx\n"]);
        let pieces: Vec<_> =
            std::iter::from_fn(|| take(&mut unread, FIRST)).map(|(text, _)| text).collect();
        assert_eq!(pieces, ["01234567", "89abcdef", "01\n", "x\n"]);
    }

    #[test]
    fn of_several_conns_the_first_to_come_is_the_first_to_be_read() {
        let second = ConnId::FIRST.next();
        let mut unread = unread(&[b"unfinished"]);
        unread.push(At::START, second, &Bytes::from_static(b"b\n"));
        unread.push(At::START, ConnId::FIRST, &Bytes::from_static(b"\na\n"));
        let order: Vec<_> =
            std::iter::from_fn(|| take(&mut unread, Audience::All)).map(|(text, _)| text).collect();
        assert_eq!(order, ["unfinish", "ed\n", "b\n", "a\n"]);
    }

    #[test]
    fn a_line_that_has_not_ended_stands_in_nobodys_way() {
        let second = ConnId::FIRST.next();
        let mut unread = unread(&[b"well"]);
        unread.push(At::START, second, &Bytes::from_static(b"b\n"));
        assert_eq!(take(&mut unread, Audience::All), Some(("b\n".into(), true)));
        unread.push(At::START, second, &Bytes::from_static(b"er"));
        let begun: Vec<_> = unread.unfinished(Audience::All).map(|line| line.bytes).collect();
        assert_eq!(begun, [&b"well"[..], b"er"]);
        assert_eq!(take(&mut unread, Audience::All), Some(("well".into(), false)));
    }

    #[test]
    fn lines_passed_over_are_counted() {
        let mut unread = unread(&[b"a\nb\nc\nd\n"]);
        assert_eq!(unread.pass_over(FIRST, 4), 2);
        assert_eq!(
            unread.next(FIRST).map(|next| (next.bytes, next.ordinal)),
            Some((&b"c\n"[..], 3))
        );
    }

    #[test]
    fn only_whole_lines_are_passed_over_however_they_came() {
        let second = ConnId::FIRST.next();
        for bound in 0..=16 {
            let mut unread = unread(&[b"a\nb", b"b\ncc", b"\nd"]);
            unread.push(At::START, second, &Bytes::from_static(b"x\ny\nz"));
            let (all, bytes) = (unread.lines(), unread.bytes(Audience::All));
            let gone = unread.pass_over(Audience::All, bound);
            assert!(unread.bytes(Audience::All) <= bound);
            let mut left = Vec::new();
            left.extend(std::iter::from_fn(|| take(&mut unread, Audience::All)));
            let whole = ["a\n", "bb\n", "cc\n", "x\n", "y\n", "d", "z"];
            assert_eq!((all, bytes, gone + left.len() as u64), (7, 14, 7));
            assert!(left.iter().map(|(text, _)| text).eq(&whole[whole.len() - left.len()..]));
        }
    }

    #[test]
    fn whoever_is_spared_keeps_every_line() {
        let second = ConnId::FIRST.next();
        let mut unread = unread(&[b"a\nb\n"]);
        unread.push(At::START, second, &Bytes::from_static(b"c\nd\n"));
        assert_eq!(unread.pass_over_others(FIRST, 6), 1);
        assert_eq!(unread.pass_over_others(FIRST, 0), 1);
        assert_eq!((unread.bytes(FIRST), unread.bytes(Audience::All), unread.lines()), (4, 4, 2));
        assert_eq!(unread.pass_over_others(Audience::All, 0), 2);
    }

    #[test]
    fn lines_are_counted_when_their_conn_has_gone() {
        let mut unread = unread(&[b"a\nb"]);
        unread.count(ConnId::FIRST, b"c\nd");
        assert_eq!(unread.lines(), 3, "`bc` was begun to be kept, and counts once");
        take(&mut unread, FIRST);
        unread.end(ConnId::FIRST);
        assert_eq!((unread.lines(), unread.next(Audience::All)), (2, None));
    }
}
