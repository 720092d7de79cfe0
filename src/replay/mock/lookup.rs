//! Where the lines of clients are found, each on its own.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Tape;
use crate::matching::{Capture, Masks, PatternError, Vars};
use crate::replay::mismatch::Wanted;
use crate::replay::part::{Part, Source};
use crate::wire::{Line, with_eol};

/// How many of the recorded lines that are one line are looked at for what was said before them.
const LOOKED_AT: usize = 256;

/// How many lines before one say which of those that are the same it is.
const BEFORE: usize = 16;

/// Every line that a client said, on any conn, and what the server did then.
#[derive(Debug)]
pub(super) struct Lookup {
    entries: Vec<Entry>,
    /// The first entry of each conn.
    starts: Vec<usize>,
    /// The entries without a pattern, by what masks leave of their line.
    exact: HashMap<Vec<u8>, Vec<usize>>,
    /// The entries with a pattern.
    wants: Vec<usize>,
    /// Which lines came, from whatever guest, by the first entry of each.
    asked: Box<[AtomicBool]>,
}

/// A line that a client said.
#[derive(Debug)]
struct Entry {
    part: usize,
    item: usize,
    /// The first entry that is the same line; itself, where it has a pattern.
    line: usize,
    /// What the server did before the client's next line: these of its actions.
    answer: Range<usize>,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    /// On which conn.
    pub(super) part: usize,
    /// What the server does then: these of its actions.
    pub(super) answer: Range<usize>,
    pub(super) captures: Vec<Capture>,
}

/// Where one guest is.
#[derive(Debug)]
pub(super) struct Cursor {
    /// The entry that follows the one that it asked for last.
    follows: Option<usize>,
    /// The lines that it has said since there was an answer, by their first entries, the last ones.
    said: VecDeque<usize>,
    /// Of each line that was recorded several times, by its first entry: the entry to find next.
    turns: HashMap<usize, usize>,
    /// How often it has asked for each entry that has a pattern.
    times: HashMap<usize, u64>,
}

impl Lookup {
    pub(super) fn of(parts: &[Part], masks: &Masks) -> Lookup {
        let (mut entries, mut starts) = (Vec::new(), Vec::new());
        for (part, is) in parts.iter().enumerate() {
            starts.push(entries.len());
            for item in 0..is.items.len() {
                let next = is.sources.get(item + 1).map(Source::first);
                let answer = before(is, is.sources[item].last())
                    ..next.map_or(is.actions.len(), |next| before(is, next));
                entries.push(Entry { part, item, line: 0, answer });
            }
        }
        let (mut exact, mut wants) = (HashMap::<Vec<u8>, Vec<usize>>::new(), Vec::new());
        for (index, entry) in entries.iter_mut().enumerate() {
            let item = &parts[entry.part].items[entry.item];
            entry.line = index;
            if item.want().is_some() {
                wants.push(index);
                continue;
            }
            let same = exact.entry(key(item.bytes(), masks).into_owned()).or_default();
            same.push(index);
            entry.line = same[0];
        }
        let asked = entries.iter().map(|_| AtomicBool::new(false)).collect();
        Lookup { entries, starts, exact, wants, asked }
    }

    /// A guest to whom this conn is played; and what the server did there before the client's first line.
    pub(super) fn begin(&self, part: usize, is: &Part) -> (Cursor, Range<usize>) {
        let first = self.starts[part];
        let last = self.starts.get(part + 1).copied().unwrap_or(self.entries.len());
        let greeting =
            is.sources.first().map_or(is.actions.len(), |first| before(is, first.first()));
        let cursor = Cursor {
            follows: (first < last).then_some(first),
            said: VecDeque::new(),
            turns: HashMap::new(),
            times: HashMap::new(),
        };
        (cursor, 0..greeting)
    }

    /// Looks up a line. Of several that it is, the one is found that follows the line before. Else it is
    /// one of those before which the most of the lines stand that this guest has said since there was
    /// an answer, and of these the one behind that which was found last, from the first again. Patterns
    /// come last, and of those that match the one that was found least often.
    ///
    /// # Errors
    /// It is none, and a pattern could not be used: which event has it.
    pub(super) fn find(
        &self,
        line: &[u8],
        cursor: &mut Cursor,
        tape: &Tape,
        vars: &Vars,
    ) -> Result<Option<Found>, (usize, PatternError)> {
        let fits = |entry: usize| {
            let wanted = self.wanted(entry, &tape.parts);
            let found = wanted.item.find(line, &tape.masks, vars);
            found.map_err(|fault| (wanted.source.first(), fault))
        };
        let same = self.exact.get(&*key(line, &tape.masks)).map_or(&[][..], Vec::as_slice);
        if let Some(entry) = cursor.follows
            && let Ok(Some(captures)) = fits(entry)
        {
            cursor.turn(same, entry);
            return Ok(Some(self.found(entry, captures, cursor)));
        }
        if let Some(entry) = self.choose(same, cursor) {
            cursor.turn(same, entry);
            return Ok(Some(self.found(entry, Vec::new(), cursor)));
        }
        let (mut matching, mut fault) = (Vec::new(), None);
        for entry in &self.wants {
            match fits(*entry) {
                Ok(Some(captures)) => matching.push((*entry, captures)),
                Ok(None) => {}
                Err(unusable) => fault = fault.or(Some(unusable)),
            }
        }
        let least = matching.into_iter().min_by_key(|(entry, _)| cursor.times(*entry));
        match (least, fault) {
            (Some((entry, captures)), _) => Ok(Some(self.found(entry, captures, cursor))),
            (None, Some(fault)) => Err(fault),
            (None, None) => Ok(None),
        }
    }

    /// One of those that are the same line.
    fn choose(&self, same: &[usize], cursor: &Cursor) -> Option<usize> {
        let next = cursor.turns.get(same.first()?).copied().unwrap_or_default();
        let (passed, ahead) = same.split_at(same.partition_point(|entry| *entry < next));
        let candidates = ahead.iter().chain(passed).copied().take(LOOKED_AT);
        candidates.min_by_key(|entry| Reverse(self.lines_before(*entry, cursor)))
    }

    /// How many lines stand before an entry, with no answer between, as this guest has said them.
    fn lines_before(&self, entry: usize, cursor: &Cursor) -> usize {
        let part = self.entries[entry].part;
        let before = self.entries[..entry].iter().rev();
        let turn = before.take_while(|before| before.part == part && before.answer.is_empty());
        turn.zip(cursor.said.iter().rev())
            .take_while(|(before, said)| before.line == **said)
            .count()
    }

    fn found(&self, entry: usize, captures: Vec<Capture>, cursor: &mut Cursor) -> Found {
        let Entry { part, line, answer, .. } = &self.entries[entry];
        self.asked[*line].store(true, Ordering::Relaxed);
        if answer.is_empty() {
            cursor.said.push_back(*line);
            if cursor.said.len() > BEFORE {
                cursor.said.pop_front();
            }
        } else {
            cursor.said.clear();
        }
        let next = self.entries.get(entry + 1).is_some_and(|next| next.part == *part);
        cursor.follows = next.then_some(entry + 1);
        if self.wants.binary_search(&entry).is_ok() {
            *cursor.times.entry(entry).or_default() += 1;
        }
        Found { part: *part, answer: answer.clone(), captures }
    }

    /// The line that is most like another, and the conn that it is on.
    pub(super) fn nearest(&self, line: &[u8], tape: &Tape) -> Option<(usize, usize)> {
        let likeness =
            |entry: &Entry| tape.parts[entry.part].items[entry.item].is_like(line, &tape.masks);
        let mut best: Option<(f64, usize)> = None;
        for (index, entry) in self.entries.iter().enumerate() {
            let likeness = likeness(entry);
            if best.is_none_or(|(most, _)| most < likeness) {
                best = Some((likeness, index));
            }
        }
        best.map(|(_, index)| (index, self.entries[index].part))
    }

    /// The line of an entry.
    pub(super) fn wanted<'a>(&self, entry: usize, parts: &'a [Part]) -> Wanted<'a> {
        let Entry { part, item, .. } = &self.entries[entry];
        Wanted { item: &parts[*part].items[*item], source: &parts[*part].sources[*item] }
    }

    /// The lines that no guest has said, and that must come, by the first entry of each.
    pub(super) fn unasked<'a>(&'a self, parts: &'a [Part]) -> impl Iterator<Item = usize> + 'a {
        let first = |index: &usize| self.entries[*index].line == *index;
        let asked = |index: &usize| self.asked[*index].load(Ordering::Relaxed);
        let must = |index: &usize| !self.wanted(*index, parts).item.is_opt();
        (0..self.entries.len()).filter(move |index| first(index) && !asked(index) && must(index))
    }
}

impl Cursor {
    fn times(&self, entry: usize) -> u64 {
        self.times.get(&entry).copied().unwrap_or_default()
    }

    /// One of those that are the same line was found: the next is the one behind it.
    fn turn(&mut self, same: &[usize], entry: usize) {
        if let [first, _, ..] = same {
            let behind = same.partition_point(|other| *other <= entry);
            self.turns.insert(*first, same.get(behind).copied().unwrap_or(*first));
        }
    }
}

/// How many actions of the server stand before an event.
fn before(part: &Part, event: usize) -> usize {
    part.actions.partition_point(|action| action.event <= event)
}

/// What masks leave of a line.
fn key<'a>(line: &'a [u8], masks: &Masks) -> Cow<'a, [u8]> {
    if masks.is_empty() {
        return Cow::Borrowed(line);
    }
    let Line { text, eol } = Line::cut(line);
    Cow::Owned(with_eol(&masks.apply(text), eol).to_vec())
}
