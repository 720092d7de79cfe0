//! Two transcripts, compared line by line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::load::{LoadError, PartFault, choose, masks};
use super::part::{Part, text};
use crate::matching::hearing::{Edit, Item, align};
use crate::matching::{Capture, Mask, Masks, Secrets, Template, Vars};
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
    /// What was said, in order.
    pub(super) rows: Vec<Row>,
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
    conns: Vec<Place>,
}

/// The variables while the first transcript goes on: what patterns found in the lines of the second.
struct Known<'a> {
    given: &'a Vars,
    /// By the number of the event that has the pattern.
    found: BTreeMap<usize, Vec<Capture>>,
}

/// Compares what both sides say in the transcripts, or the conns of them, that are named so.
///
/// # Errors
/// A file cannot be read, or does not say what to compare.
pub fn compare(a: &Path, b: &Path, terms: Terms<'_>) -> Result<Comparison, LoadError> {
    let mut a = Tape::read(a, terms.secrets)?;
    let b = Tape::read(b, terms.secrets)?;
    let masks = masks(&a.path, &a.transcript, terms.masks)?;
    let mut known = Known { given: terms.vars, found: BTreeMap::new() };
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
    let mut pairs = Vec::new();
    for index in 0..a.conns.len().max(b.conns.len()) {
        let conns = [a.conns.get(index).copied(), b.conns.get(index).copied()];
        pairs.push(Pair { conns, rows: rows(a, b, conns, masks, known)? });
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
        let lines = self.rows.iter().filter(|row| row.differs).count();
        lines.max(usize::from(self.conns.contains(&None)))
    }
}

impl Tape {
    fn read(name: &Path, secrets: &Secrets) -> Result<Tape, LoadError> {
        let Named { path, conn } = Named::new(name);
        let mut transcript = open(&path)?;
        put_back_known(&mut transcript, secrets);
        let conns = choose(&path, &transcript, conn, true)?.into_iter().map(Place).collect();
        Ok(Tape { path, transcript, conns })
    }

    /// What a side says on a conn.
    fn part(
        &self,
        conn: Option<Place>,
        from: Side,
        masks: &Masks,
    ) -> Result<Option<Part>, LoadError> {
        let part = conn.map(|Place(conn)| Part::of(&self.transcript, conn, from.other(), masks));
        part.transpose().map_err(|PartFault { event, what }| LoadError::Event {
            path: self.path.clone(),
            event,
            what,
        })
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

    /// A `send` says what is known by now, if all of that is.
    fn fill_in(&mut self, from: Side, known: &Known<'_>) {
        let mut vars = known.given.clone();
        for (index, event) in self.transcript.events.iter_mut().enumerate() {
            if let What::Line(said) = &mut event.what
                && said.from == from
                && let Some(send) = &said.marks.send
                && let Ok(said_now) = Template::parse(send).map(|send| send.expand(&vars))
            {
                said.text = said_now.unwrap_or_else(|_| said.text.clone());
            }
            if let Some(found) = known.found.get(&(index + 1)) {
                vars.capture_all(found);
            }
        }
    }
}

impl Known<'_> {
    /// The variables before an event.
    fn before(&self, event: usize) -> Vars {
        let mut vars = self.given.clone();
        self.found.range(..event).for_each(|(_, found)| vars.capture_all(found));
        vars
    }
}

/// What was said on two conns. The order of the lines of each side counts; how those of one stand
/// among those of the other is left to time, as in a replay.
fn rows(
    a: &mut Tape,
    b: &Tape,
    conns: [Option<Place>; 2],
    masks: &Masks,
    known: &mut Known<'_>,
) -> Result<Vec<Row>, LoadError> {
    let quotes = a.quotes();
    let mut sides = Vec::new();
    for from in [quotes.other(), quotes] {
        if from == quotes {
            a.fill_in(from, known);
        }
        let heard = a.part(conns[0], from, masks)?;
        let other = b.part(conns[1], from, &Masks::default())?;
        sides.push(side(from, [heard.as_ref(), other.as_ref()], masks, known));
    }
    let [one, other] = [sides.pop(), sides.pop()].map(Option::unwrap_or_default);
    Ok(merge(one, other))
}

/// What one side says, in order. Where a pattern uses what another has found, the lines from there
/// on are compared anew.
fn side(from: Side, [a, b]: [Option<&Part>; 2], masks: &Masks, known: &mut Known<'_>) -> Vec<Row> {
    let items = a.map_or(&[][..], |part| &part.items);
    let lines: Vec<&Bytes> = b.iter().flat_map(|part| &part.items).map(Item::bytes).collect();
    let event = |part: Option<&Part>, at: usize| {
        part.and_then(|part| part.sources.get(at)).map_or(0, super::part::Source::first)
    };
    let (mut item, mut line) = (0, 0);
    let mut rows = Vec::new();
    while (item, line) != (items.len(), lines.len()) {
        let (begin, vars) = ((item, line), known.before(event(a, item)));
        for edit in align(&items[item..], &lines[line..], masks, &vars) {
            let (in_a, in_b) = places(edit, begin);
            if let Some(next) = in_a.filter(|next| *next > begin.0 && !continues(items, *next)) {
                let mut uses = items[next].uses().peekable();
                let now = uses.peek().is_some().then(|| known.before(event(a, next)));
                if now.is_some_and(|now| uses.any(|name| now.value(name) != vars.value(name))) {
                    break;
                }
            }
            if let (Edit::Same { .. }, Some(at), Some(came)) = (edit, in_a, in_b) {
                let found = items[at].captures(lines[came], masks, &vars);
                known.found.entry(event(a, at)).or_default().extend(found);
            }
            let spoken = in_a.map(|at| Spoken {
                event: event(a, at),
                bytes: items[at].bytes().clone(),
                want: items[at].want().map(ToOwned::to_owned),
            });
            let other =
                in_b.map(|at| Spoken { event: event(b, at), bytes: lines[at].clone(), want: None });
            rows.push(Row::of(from, spoken, other, edit.is_difference(), masks));
            item = in_a.map_or(item, |at| item.max(at + 1));
            line = in_b.map_or(line, |at| line.max(at + 1));
        }
    }
    rows
}

/// Which item and which line an edit is about, where the first of each is this one.
fn places(edit: Edit, (first_item, first_line): (usize, usize)) -> (Option<usize>, Option<usize>) {
    let (item, line) = match edit {
        Edit::Same { item, line } | Edit::Changed { item, line } => (Some(item), Some(line)),
        Edit::Omitted { item } | Edit::Missing { item } => (Some(item), None),
        Edit::Extra { line } => (None, Some(line)),
    };
    (item.map(|item| first_item + item), line.map(|line| first_line + line))
}

/// Whether an item is of the same group as the one before it.
fn continues(items: &[Item], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| items[before].group());
    before.is_some() && before == items[at].group()
}

/// Brings what two sides say into the order in which it was recorded.
fn merge(one: Vec<Row>, other: Vec<Row>) -> Vec<Row> {
    let mut rows = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    loop {
        let next = match (one.peek(), other.peek()) {
            (Some(row), Some(rival)) if row.is_before(rival) => one.next(),
            (_, Some(_)) => other.next(),
            (_, None) => one.next(),
        };
        match next {
            Some(row) => rows.push(row),
            None => return rows,
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
