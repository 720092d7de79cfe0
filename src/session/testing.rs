//! What a session wants done, gathered, and held to what holds always.

use std::collections::{BTreeMap, BTreeSet};

use super::{Effect, Leave, Record, Recorded, Source};
use crate::units::At;
use crate::wire::{ConnId, Roles, Side, Visible};

/// The conn numbered `n`.
pub(crate) fn conn(n: u32) -> ConnId {
    ConnId::new(n).unwrap()
}

/// Everything that one session has wanted done so far.
///
/// Whatever a test is about, it fails where time runs backwards, where something is recorded before
/// it was heard, where a source is paused twice, or where anything is sent after the leave.
#[derive(Debug)]
pub(crate) struct Told {
    /// None in a tap, which hears nothing itself.
    roles: Option<Roles>,
    effects: Vec<Effect>,
    paused: BTreeSet<Source>,
    heard: BTreeMap<ConnId, Vec<u8>>,
    recorded: BTreeMap<ConnId, usize>,
    last: At,
    left: Option<(At, Leave)>,
}

impl Told {
    /// Nothing, of a session in which we are `own`.
    pub(crate) fn new(own: Side) -> Self {
        Told { roles: Some(Roles::new(own)), ..Told::between() }
    }

    /// Nothing, of a session that stands between two others.
    pub(crate) fn between() -> Self {
        Told {
            roles: None,
            effects: Vec::new(),
            paused: BTreeSet::new(),
            heard: BTreeMap::new(),
            recorded: BTreeMap::new(),
            last: At::START,
            left: None,
        }
    }

    /// One thing more.
    pub(crate) fn take(&mut self, now: At, effect: &Effect) {
        let over = self.left.is_some();
        match effect {
            Effect::Record(record) => self.record(now, record),
            Effect::Heard { conn, bytes } => {
                assert!(!bytes.is_empty(), "nothing was heard on conn {conn}");
                self.heard.entry(*conn).or_default().extend_from_slice(bytes);
            }
            Effect::Pause(source) => assert!(self.paused.insert(*source), "paused: {source:?}"),
            Effect::Resume(source) => assert!(self.paused.remove(source), "not paused: {source:?}"),
            Effect::Send { .. } | Effect::Pass { .. } | Effect::Pour { .. } => {
                assert!(!over, "sent after the leave");
            }
            Effect::Leave(why) => {
                assert!(!over, "left twice");
                self.left = Some((now, why.clone()));
            }
            _ => {}
        }
        self.effects.push(effect.clone());
    }

    fn record(&mut self, now: At, record: &Record) {
        assert!(self.last <= record.at && record.at <= now, "{record:?} after {:?}", self.last);
        self.last = record.at;
        let Some(roles) = &mut self.roles else { return };
        if let (Recorded::Open { own, .. }, Some(conn)) = (&record.what, record.conn) {
            roles.opened(conn, *own);
        }
        if let (Recorded::Said { from, block, .. }, Some(conn)) = (&record.what, record.conn)
            && *from != roles.own(Some(conn))
        {
            let recorded = self.recorded.entry(conn).or_default();
            let heard = self.heard.get(&conn).map_or(&[][..], |heard| heard);
            let said = heard.get(*recorded..*recorded + block.len());
            assert_eq!(said, Some(&block.bytes()[..]), "recorded is what was heard before");
            *recorded += block.len();
        }
    }

    /// All of it, in order.
    pub(crate) fn effects(&self) -> impl Iterator<Item = &Effect> {
        self.effects.iter()
    }

    /// What was heard on a conn.
    pub(crate) fn heard(&self, conn: ConnId) -> &[u8] {
        self.heard.get(&conn).map_or(&[], |heard| heard)
    }

    /// What one side said on a conn, or `None` for all conns, as it was recorded.
    pub(crate) fn recorded(&self, conn: Option<ConnId>, from: Side) -> Vec<u8> {
        let said = self.records().filter_map(|record| match &record.what {
            Recorded::Said { from: who, block, .. } if *who == from && record.conn == conn => {
                Some(block.bytes().to_vec())
            }
            _ => None,
        });
        said.collect::<Vec<_>>().concat()
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.effects().filter_map(|effect| match effect {
            Effect::Record(record) => Some(record),
            _ => None,
        })
    }

    /// The transcript, a string for each line: `100ms 1 server login: ` or `100ms 1 server user\n`.
    pub(crate) fn transcript(&self) -> Vec<String> {
        self.records().flat_map(told).collect()
    }

    /// The notices, in order.
    pub(crate) fn notices(&self) -> Vec<String> {
        let notices = self.effects().filter_map(|effect| match effect {
            Effect::Notice(notice) => Some(notice.to_string()),
            _ => None,
        });
        notices.collect()
    }

    /// Why it is over, and when it was.
    pub(crate) fn left(&self) -> Option<(At, &Leave)> {
        self.left.as_ref().map(|(at, why)| (*at, why))
    }

    /// What is not read for now.
    pub(crate) fn paused(&self) -> Vec<Source> {
        self.paused.iter().copied().collect()
    }
}

fn told(record: &Record) -> Vec<String> {
    let at = format!("{}ms", record.at.micros() / 1000);
    let conn = record.conn.map_or_else(|| "*".to_owned(), |conn| conn.to_string());
    let what = match &record.what {
        Recorded::Said { from, block, .. } => {
            let line = |line: crate::wire::Line<'_>| {
                let eol = line.eol.as_str().escape_debug();
                format!("{at} {conn} {from} {}{eol}", Visible(line.text))
            };
            return block.lines().map(line).collect();
        }
        Recorded::Open { addr, .. } => format!("opened {addr}"),
        Recorded::Close { from, how } => format!("{from} ended: {how}"),
        Recorded::Note { text } => format!("note {text}"),
    };
    vec![format!("{at} {conn} {what}")]
}
