//! The latest records of a session, within a bound in bytes.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;

use super::pieces::pieces;
use super::{Ended, Event, Header, Stats, Transcript, cut};
use crate::session::{Ending, Record, Recorded};
use crate::units::At;
use crate::wire::{Block, ConnId, Roles, Side};

/// What an entry costs besides its bytes: its place in the queue, which has room for up to two while it
/// grows, and what allocator and shared count add to the bytes. Measured with lines of 10 bytes: under
/// 200 bytes each.
const OVERHEAD: usize = 2 * size_of::<Entry>() + 64;

/// The most bytes that one read of a socket brings, 64 KiB.
const READ: usize = 64 << 10;

/// A block that would take more than this share of the bound is kept in pieces: the oldest is dropped
/// whole, and what came last is to be kept however small the bound is.
const PIECES: usize = 16;

/// Keeps records, drops the oldest over its bound, and counts all.
#[derive(Debug)]
pub struct Store {
    header: Header,
    roles: Option<Roles>,
    keep: usize,
    entries: VecDeque<Entry>,
    cost: usize,
    missing: u64,
    last: At,
    stats: Stats,
    /// How many ended lines of the peer were dropped, for each conn that has not closed since.
    dropped: HashMap<ConnId, u64>,
    /// Patterns for kept lines that were stored without: conn, number of the peer's ended line.
    wants: BTreeMap<(ConnId, u64), String>,
}

#[derive(Debug)]
struct Entry {
    record: Record,
    events: u64,
}

impl Store {
    /// A store that takes at most `keep` bytes of memory, its own needs included.
    #[must_use]
    pub fn new(header: Header, keep: usize) -> Store {
        Store {
            roles: header.role.map(Roles::new),
            header,
            keep,
            entries: VecDeque::new(),
            cost: 0,
            missing: 0,
            last: At::START,
            stats: Stats::default(),
            dropped: HashMap::new(),
            wants: BTreeMap::new(),
        }
    }

    /// Keeps a record.
    pub fn push(&mut self, record: &Record) {
        self.stats.count(record, events_of(record));
        self.last = self.last.max(record.at);
        if let (Some(roles), Some(conn), Recorded::Open { own, .. }) =
            (&mut self.roles, record.conn, &record.what)
        {
            roles.opened(conn, *own);
        }
        match &record.what {
            Recorded::Said { block, .. } if block.len() > self.keep / PIECES => {
                for piece in pieces(record, self.keep / PIECES) {
                    self.keep(&piece);
                }
            }
            _ => self.keep(record),
        }
    }

    fn keep(&mut self, record: &Record) {
        let entry = Entry { record: compact(record), events: events_of(record) };
        self.cost += entry.cost();
        self.entries.push_back(entry);
        self.drop_oldest();
    }

    /// Gives the `line`-th ended line (from 1) that the peer said on `conn` the pattern that it
    /// matched, if it is still kept.
    pub fn want(&mut self, conn: ConnId, line: u64, pattern: &str) {
        if line <= self.dropped.get(&conn).copied().unwrap_or(0) {
            return;
        }
        self.cost += want_cost(pattern);
        if let Some(old) = self.wants.insert((conn, line), pattern.to_owned()) {
            self.cost -= want_cost(&old);
        }
        self.drop_oldest();
    }

    /// What a transcript of it begins with.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// How many events were dropped.
    #[must_use]
    pub const fn missing(&self) -> u64 {
        self.missing
    }

    /// How many events are kept.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.stats.events - self.missing
    }

    /// Whether none is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the latest of them happened.
    pub(super) const fn last_at(&self) -> At {
        self.last
    }

    /// Counts of all that was ever stored.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The records that are kept, in order, with the patterns that came later.
    pub fn records(&self) -> impl Iterator<Item = Cow<'_, Record>> {
        let mut heard = self.dropped.clone();
        self.entries.iter().map(move |Entry { record, .. }| match self.heard(record) {
            Some((conn, block)) if !self.wants.is_empty() => {
                let before = heard.entry(conn).or_default();
                let first = *before + 1;
                *before += block.ends();
                self.with_wants(record, conn, first, *before)
            }
            _ => Cow::Borrowed(record),
        })
    }

    /// All that is kept.
    #[must_use]
    pub fn transcript(&self) -> Transcript {
        let (header, missing) = (self.header().clone(), self.missing());
        let events = self.records().flat_map(|record| cut(&record).collect::<Vec<_>>()).collect();
        Transcript { header, events, missing, ended: Ended::Whole }
    }

    /// The last `n` events, in order, without the patterns that came later.
    #[must_use]
    pub fn last(&self, n: usize) -> Vec<Event> {
        let mut found = 0;
        let wanted = n as u64;
        let enough = |entry: &&Entry| {
            let more = found < wanted;
            found += entry.events;
            more
        };
        let records = self.entries.iter().rev().take_while(enough).count();
        let first = self.entries.len() - records;
        let mut events: Vec<Event> =
            self.entries.range(first..).flat_map(|entry| cut(&entry.record)).collect();
        events.drain(..events.len().saturating_sub(n));
        events
    }

    fn drop_oldest(&mut self) {
        while self.cost > self.keep {
            let Some(entry) = self.entries.pop_front() else { return };
            self.cost -= entry.cost();
            self.missing += entry.events;
            if let Some((conn, block)) = self.heard(&entry.record) {
                let dropped = self.dropped.entry(conn).or_default();
                *dropped += block.ends();
                let dropped = *dropped;
                self.forget_wants(conn, dropped);
            } else if let (Recorded::Close { from, how }, Some(conn)) =
                (&entry.record.what, entry.record.conn)
                && (*how != Ending::Eof || self.is_peer(conn, *from))
            {
                self.dropped.remove(&conn); // nothing of the peer can follow
                self.forget_wants(conn, u64::MAX);
            }
        }
    }

    /// Forgets the patterns for lines of `conn` up to the `line`-th.
    fn forget_wants(&mut self, conn: ConnId, line: u64) {
        while let Some((key, pattern)) = self.wants.range((conn, 0)..=(conn, line)).next() {
            let key = *key;
            self.cost -= want_cost(pattern);
            self.wants.remove(&key);
        }
    }

    /// Conn and block, if this is something that the peer said.
    fn heard<'a>(&self, record: &'a Record) -> Option<(ConnId, &'a Block)> {
        match &record.what {
            Recorded::Said { from, block, .. } => {
                record.conn.filter(|conn| self.is_peer(*conn, *from)).map(|conn| (conn, block))
            }
            _ => None,
        }
    }

    /// Whether this side of a conn is the recorder's peer.
    fn is_peer(&self, conn: ConnId, from: Side) -> bool {
        self.roles.as_ref().is_some_and(|roles| roles.own(Some(conn)) != from)
    }

    /// The record, which holds the ended lines `first` to `last` of its conn, with its late patterns.
    fn with_wants<'a>(
        &self,
        record: &'a Record,
        conn: ConnId,
        first: u64,
        last: u64,
    ) -> Cow<'a, Record> {
        let late: Vec<(usize, String)> = (first <= last)
            .then(|| self.wants.range((conn, first)..=(conn, last)))
            .into_iter()
            .flatten()
            .filter_map(|((_, line), want)| {
                Some((usize::try_from(line - first).ok()?, want.clone()))
            })
            .collect();
        let mut record = Cow::Borrowed(record);
        if !late.is_empty()
            && let Recorded::Said { wants, .. } = &mut record.to_mut().what
        {
            wants.extend(late);
        }
        record
    }
}

impl Entry {
    fn cost(&self) -> usize {
        let texts = match &self.record.what {
            Recorded::Said { block, send, wants, .. } => {
                let wants: usize = wants.iter().map(|(_, want)| want_cost(want)).sum();
                let bytes = if is_shared(block) { READ } else { block.len() };
                bytes + send.as_ref().map_or(0, String::len) + wants
            }
            Recorded::Open { addr, name, secured, .. } => {
                let secured = secured.as_ref().map_or(0, |_| SECURED);
                addr.len() + name.as_ref().map_or(0, String::len) + secured
            }
            Recorded::Close { how, .. } => how.to_string().len(),
            Recorded::Note { text } => text.len(),
        };
        OVERHEAD + texts
    }
}

/// How many events a record is.
fn events_of(record: &Record) -> u64 {
    match &record.what {
        Recorded::Said { block, .. } => block.count(),
        Recorded::Open { .. } | Recorded::Close { .. } | Recorded::Note { .. } => 1,
    }
}

/// What TLS has to say of a conn: the names in it are the peer's to choose, and a certificate is 64 KiB
/// at most; common are some hundred bytes.
const SECURED: usize = 512;

/// What a pattern costs: its bytes, and an entry of a tree or list with the allocation.
const fn want_cost(pattern: &str) -> usize {
    pattern.len() + 128
}

/// Whether the store shares the bytes of a block, and so keeps alive the read that it is a part of.
/// Half a read and more is shared, and counted as a whole one. The rest is copied: little, which would
/// keep much alive, and lines longer than a read, whose spare memory nobody knows.
fn is_shared(block: &Block) -> bool {
    (READ / 2..=READ).contains(&block.len())
}

/// The record, with bytes of its own unless they are [shared](is_shared).
fn compact(record: &Record) -> Record {
    let mut record = record.clone();
    if let Recorded::Said { block, .. } = &mut record.what
        && !is_shared(block)
        && let Some(copy) = Block::new(Bytes::copy_from_slice(block.bytes()))
    {
        *block = copy;
    }
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::What;
    use crate::transcript::testing::{self, header};
    use proptest::prelude::*;

    fn store(keep: usize) -> Store {
        Store::new(header(), keep)
    }

    fn said(from: Side, text: &str) -> Record {
        testing::said(from, text.to_owned())
    }

    fn texts(events: impl IntoIterator<Item = Event>) -> Vec<String> {
        let text = |event: Event| match event.what {
            What::Line(said) => String::from_utf8(said.text.to_vec()).unwrap(),
            other => panic!("{other:?} is no line"),
        };
        events.into_iter().map(text).collect()
    }

    #[test]
    fn the_oldest_go_first_and_are_counted_as_events() {
        let mut store = store(2 * (OVERHEAD + 8));
        for text in ["a\nb\nc\n", "d\ne\n", "f\ng"] {
            store.push(&said(Side::Server, text));
        }
        assert_eq!((store.missing(), store.len(), store.stats().events), (3, 4, 7));
        assert_eq!(texts(store.last(usize::MAX)), ["d", "e", "f", "g"]);
        assert_eq!(texts(store.last(3)), ["e", "f", "g"]);
        assert!(store.last(0).is_empty());
        store.push(&said(Side::Server, &"x\n".repeat(OVERHEAD * 2)));
        let kept = texts(store.last(usize::MAX));
        assert!(!kept.is_empty(), "of a record over the bound the last lines are kept");
        assert!(kept.iter().all(|text| text == "x"), "{kept:?}");
        assert_eq!(store.missing() + store.len(), store.stats().events);
    }

    #[test]
    fn a_pattern_that_comes_late_finds_a_line_that_is_kept() {
        let mut store = store(4 * (OVERHEAD + 8) + 2 * want_cost("^x"));
        for text in ["1\n2\n", "3\nhalf", "\n5\n"] {
            store.push(&said(Side::Server, text));
            store.push(&said(Side::Client, "x\n"));
        }
        assert_eq!(store.missing(), 3, "1, 2 and the first x");
        store.want(ConnId::FIRST, 2, "^gone");
        store.want(ConnId::FIRST, 3, "^3");
        store.want(ConnId::FIRST, 5, "^5");
        let marked = |store: &Store| {
            let events: Vec<Event> =
                store.records().flat_map(|record| cut(&record).collect::<Vec<_>>()).collect();
            let wants = events.into_iter().filter_map(|event| match event.what {
                What::Line(said) => Some((said.marks.want?, said.text)),
                _ => None,
            });
            wants.map(|(want, text)| format!("{want} {}", text.escape_ascii())).collect::<Vec<_>>()
        };
        assert_eq!(marked(&store), ["^3 3", "^5 5"]);
        for _ in 0..2 {
            store.push(&said(Side::Client, "x\n"));
        }
        assert_eq!(marked(&store), ["^5 5"]);
        assert_eq!(store.wants.len(), 1, "the pattern of a dropped line is dropped too");
    }

    #[test]
    fn what_is_shared_is_counted_as_the_read_it_keeps() {
        let read = Bytes::from(vec![b'x'; READ]);
        let mut store = store(1 << 20);
        store.push(&testing::said(Side::Server, read.slice(..10)));
        assert!(read.is_unique());
        store.push(&testing::said(Side::Server, read.slice(1..)));
        assert!(!read.is_unique() && store.cost > READ, "most of it is shared, all is counted");
    }

    #[test]
    fn conns_that_are_gone_leave_nothing_behind() {
        let mut store = store(8 * (OVERHEAD + 8));
        for n in 1..1000 {
            let conn = ConnId::new(n);
            store.push(&Record { conn, ..said(Side::Server, "hi\n") });
            // Ours is the client's side: one that we broke off is as gone as one that has ended.
            let (from, how) = match n % 2 {
                0 => (Side::Server, Ending::Eof),
                _ => (Side::Client, Ending::Kicked(String::new())),
            };
            let what = Recorded::Close { from, how };
            store.push(&Record { at: At::START, conn, what });
        }
        assert!(store.dropped.len() <= 1 && store.entries.len() <= 9);
    }

    proptest! {
        #[test]
        fn what_is_kept_and_what_is_missing_are_all(
            texts in prop::collection::vec("[a\n]{1,9}", 0..40),
            keep in 0..10_usize,
        ) {
            let mut store = store(keep * (OVERHEAD + 5));
            for text in &texts {
                store.push(&said(Side::Server, text));
                prop_assert!(store.cost <= store.keep);
            }
            let all: Vec<_> = texts.iter().flat_map(|text| cut(&said(Side::Server, text)).collect::<Vec<_>>()).collect();
            let missing = usize::try_from(store.missing()).unwrap();
            prop_assert_eq!(store.last(usize::MAX), &all[missing..]);
            prop_assert_eq!(store.len(), (all.len() - missing) as u64);
        }
    }
}
