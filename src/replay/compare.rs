//! Two transcripts, compared line by line.

use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::by_conn::ByConn;
use super::load::{Conns, LoadError, choose, masks};
use super::near::Near;
use super::part::{Closes, Part, text};
use super::side::{Found, Pairing, pair};
use crate::matching::hearing::Item;
use crate::matching::{Mask, Masks, Secrets, Template, Vars};
use crate::transcript::{Named, Transcript, What, open, put_back_known};
use crate::wire::{ConnId, Side};

/// What two transcripts are compared by, besides what the first says.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// What is not compared, besides what its header says.
    pub masks: &'a [Mask],
    /// The variables that its patterns may use.
    pub vars: &'a Vars,
    /// The secrets that are put back into both.
    pub secrets: &'a Secrets,
}

/// Two transcripts, conn by conn.
#[derive(Debug)]
pub struct Comparison {
    /// What the files are called.
    pub(super) names: [String; 2],
    pub(super) pairs: Vec<Pair>,
    pub(super) secrets: Secrets,
    pub(super) masks: Masks,
}

/// A conn of each transcript.
#[derive(Debug)]
pub(super) struct Pair {
    /// Which conns these are; one is not there where the other transcript has more.
    pub(super) conns: [Option<Place>; 2],
    /// What was said, in order, where it differs.
    pub(super) near: Near,
}

/// The conn that lines are on; it has no number where a transcript tells of no conn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place(pub(super) Option<ConnId>);

/// A line of one transcript, or one of each.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) from: Side,
    pub(super) a: Option<Spoken>,
    pub(super) b: Option<Spoken>,
    pub(super) differs: bool,
    /// Only the line ends differ.
    pub(super) by_end: bool,
}

/// A line as it was recorded.
#[derive(Debug)]
pub(super) struct Spoken {
    /// The number of the event that it begins in.
    pub(super) event: usize,
    pub(super) bytes: Bytes,
    /// The pattern that it says.
    pub(super) want: Option<String>,
}

/// A transcript that was read.
struct Tape {
    path: PathBuf,
    transcript: Transcript,
    by_conn: ByConn,
    conns: Vec<Place>,
}

/// The variables while the first transcript goes on: what patterns found in the lines of the second.
struct Known<'a> {
    given: &'a Vars,
    found: Found,
}

/// Compares what both sides say in the transcripts, or the conns of them, that are named so.
///
/// # Errors
/// A file cannot be read, or does not say what to compare.
pub fn compare(a: &Path, b: &Path, terms: Terms<'_>) -> Result<Comparison, LoadError> {
    let mut a = Tape::read(a, terms.secrets)?;
    let b = Tape::read(b, terms.secrets)?;
    let masks = masks(&a.path, &a.transcript, terms.masks)?;
    let mut known = Known { given: terms.vars, found: Found::new() };
    let mut pairs = all_pairs(&mut a, &b, &masks, &mut known)?;
    // What was found on one conn may be used on an earlier one, which is known only now.
    while pairs.len() > 1 && differences(&pairs) > 0 {
        let again = all_pairs(&mut a, &b, &masks, &mut known)?;
        if differences(&again) >= differences(&pairs) {
            break;
        }
        pairs = again;
    }
    let names = [&a, &b].map(|tape| tape.path.display().to_string());
    Ok(Comparison { names, pairs, secrets: terms.secrets.clone(), masks })
}

/// Compares conn by conn.
fn all_pairs(
    a: &mut Tape,
    b: &Tape,
    masks: &Masks,
    known: &mut Known<'_>,
) -> Result<Vec<Pair>, LoadError> {
    let (mut pairs, quotes) = (Vec::new(), a.quotes());
    for index in 0..a.conns.len().max(b.conns.len()) {
        let conns = [a.conns.get(index).copied(), b.conns.get(index).copied()];
        let near = rows(a, b, quotes, conns, masks, known)?;
        pairs.push(Pair { conns, near });
    }
    Ok(pairs)
}

fn differences(pairs: &[Pair]) -> usize {
    pairs.iter().map(Pair::differences).sum()
}

impl Comparison {
    /// How many lines differ.
    #[must_use]
    pub fn differences(&self) -> usize {
        differences(&self.pairs)
    }
}

impl Pair {
    /// A conn that the other transcript does not have is a difference, even if nothing was said on it.
    pub(super) fn differences(&self) -> usize {
        let lines = self.near.rows.iter().filter(|(_, row)| row.differs).count();
        lines.max(usize::from(self.conns.contains(&None)))
    }
}

impl Tape {
    fn read(name: &Path, secrets: &Secrets) -> Result<Tape, LoadError> {
        let Named { path, conn } = Named::new(name);
        let mut transcript = open(&path)?;
        put_back_known(&mut transcript, secrets);
        let conns = choose(&path, &transcript, conn, Conns::All)?.into_iter().map(Place).collect();
        let by_conn = ByConn::of(&transcript);
        Ok(Tape { path, transcript, by_conn, conns })
    }

    /// What a side says on a conn.
    fn part(
        &self,
        conn: Option<Place>,
        from: Side,
        masks: &Masks,
    ) -> Result<Option<Part>, LoadError> {
        let (transcript, by_conn, own) = (&self.transcript, &self.by_conn, from.other());
        let part = |Place(conn)| Part::of(transcript, by_conn, conn, own, Closes::LeftOut, masks);
        conn.map(part).transpose().map_err(|fault| fault.of_file(&self.path))
    }

    /// The side that says again what was found in lines of the other.
    fn quotes(&self) -> Side {
        let mut lines = self.transcript.events.iter().filter_map(|event| match &event.what {
            What::Line(said) => Some(said),
            _ => None,
        });
        let says = lines.find(|said| said.marks.send.is_some()).map(|said| said.from);
        says.or(self.transcript.header.role).unwrap_or(Side::Client)
    }

    /// On a conn, a `send` says what is known by now, if all of that is.
    fn fill_in(&mut self, Place(conn): Place, from: Side, known: &Known<'_>) {
        let mut vars = known.given.clone();
        let mut found = known.found.iter().peekable();
        let encoding = self.transcript.header.encoding;
        let (transcript, by_conn) = (&mut self.transcript, &self.by_conn);
        let own: Vec<usize> = by_conn.indices(transcript, conn).collect();
        for index in own {
            if let What::Line(said) = &mut transcript.events[index].what
                && said.from == from
                && let Some(send) = &said.marks.send
            {
                while let Some((_, captures)) = found.next_if(|(event, _)| **event <= index) {
                    vars.capture_all(captures);
                }
                if let Ok(said_now) = Template::parse(send).map(|send| send.expand(&vars)) {
                    let said_now = said_now.ok().and_then(|text| encoding.bytes(&text).ok());
                    said.text = said_now.unwrap_or_else(|| said.text.clone());
                }
            }
        }
    }
}

/// What was said on two conns. The order of the lines of each side counts; how those of one stand
/// among those of the other is left to time, as in a replay.
fn rows(
    a: &mut Tape,
    b: &Tape,
    quotes: Side,
    conns: [Option<Place>; 2],
    masks: &Masks,
    known: &mut Known<'_>,
) -> Result<Near, LoadError> {
    let mut sides = Vec::new();
    for from in [quotes.other(), quotes] {
        if let Some(conn) = conns[0].filter(|_| from == quotes) {
            a.fill_in(conn, from, known);
        }
        let heard = a.part(conns[0], from, masks)?;
        let other = b.part(conns[1], from, &Masks::default())?;
        sides.push(side(from, [heard.as_ref(), other.as_ref()], masks, known));
    }
    let [one, other] = [sides.pop(), sides.pop()].map(Option::unwrap_or_default);
    Ok(merge(one, other))
}

/// What one side says, in order.
fn side(from: Side, [a, b]: [Option<&Part>; 2], masks: &Masks, known: &mut Known<'_>) -> Vec<Row> {
    let pairings = pair([a, b], masks, known.given, &mut known.found);
    let row = |pairing: Pairing| {
        let [a, b] = [spoken(a, pairing.a), spoken(b, pairing.b)];
        let b = b.map(|spoken| Spoken { want: None, ..spoken });
        Row::of(from, a, b, pairing.differs, masks)
    };
    pairings.into_iter().map(row).collect()
}

/// Some lines of a part as one, if there are any.
fn spoken(part: Option<&Part>, lines: Range<usize>) -> Option<Spoken> {
    let part = part.filter(|_| !lines.is_empty())?;
    let event = part.sources[lines.start].first();
    let want = part.items[lines.start].want().map(ToOwned::to_owned);
    let bytes = match &part.items[lines] {
        [item] => item.bytes().clone(),
        items => items.iter().flat_map(Item::bytes).copied().collect(),
    };
    Some(Spoken { event, bytes, want })
}

/// Brings what two sides say into the order in which it was recorded.
fn merge(one: Vec<Row>, other: Vec<Row>) -> Near {
    let mut near = Near::default();
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    loop {
        let next = match (one.peek(), other.peek()) {
            (Some(row), Some(rival)) if row.is_before(rival) => one.next(),
            (_, Some(_)) => other.next(),
            (_, None) => one.next(),
        };
        match next {
            Some(row) => near.push(row),
            None => return near,
        }
    }
}

impl Row {
    fn of(from: Side, a: Option<Spoken>, b: Option<Spoken>, differs: bool, masks: &Masks) -> Row {
        let by_end = match (&a, &b) {
            (Some(a), Some(b)) if differs && a.want.is_none() => {
                masks.apply(text(&a.bytes)) == masks.apply(text(&b.bytes))
            }
            _ => false,
        };
        Row { from, a, b, differs, by_end }
    }

    /// Whether it stands before one of the other side.
    fn is_before(&self, other: &Row) -> bool {
        let before = |own: &Option<Spoken>, other: &Option<Spoken>| {
            own.as_ref().zip(other.as_ref()).map(|(own, other)| own.event < other.event)
        };
        let known = before(&self.a, &other.a).or_else(|| before(&self.b, &other.b));
        // What is missing stands before what is new.
        known.unwrap_or(self.a.is_some())
    }
}
