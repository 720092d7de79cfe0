//! What one side says in two transcripts, line by line.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use bytes::Bytes;

use super::part::{Part, Source};
use crate::matching::hearing::{Aligner, Edit, Item, align};
use crate::matching::{Capture, Masks, Vars};

/// Lines of the one that stand beside lines of the other, in the order of both: one each, or one alone,
/// or as many as are the same when partial lines are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pairing {
    pub(super) a: Range<usize>,
    pub(super) b: Range<usize>,
    pub(super) differs: bool,
}

/// What patterns found, by the number of the event that has the pattern.
pub(super) type Found = BTreeMap<usize, Vec<Capture>>;

/// What one side says in both, as it is compared.
struct Sides<'a> {
    items: &'a [Item],
    /// The number of the event that each item begins in.
    events: Vec<usize>,
    lines: Vec<&'a Bytes>,
    masks: &'a Masks,
}

/// Pairs the lines of two parts. Where a pattern uses variables, it uses what was found before it; what
/// is found here is added to that.
///
/// The other side may have spoken within a line in one of the two and not in the other, so partial lines
/// are joined for that; where what they make differs, they are paired as they are.
pub(super) fn pair(
    [a, b]: [Option<&Part>; 2],
    masks: &Masks,
    given: &Vars,
    found: &mut Found,
) -> Vec<Pairing> {
    let items = a.map_or(&[][..], |part| &part.items);
    let events = a.iter().flat_map(|part| part.sources.iter()).map(Source::first).collect();
    let lines = b.iter().flat_map(|part| part.items.iter()).map(Item::bytes).collect();
    let cut = Sides { items, events, lines, masks };
    let wholes = cut.wholes(given);
    if wholes[0].len() == items.len() && wholes[1].len() == cut.lines.len() {
        return cut.pair(given, found);
    }
    let joined_items: Vec<Item> = wholes[0].iter().map(|range| cut.joined(range)).collect();
    let line = |range: &Range<usize>| joined(cut.lines[range.clone()].iter().copied());
    let joined_lines: Vec<Bytes> = wholes[1].iter().map(line).collect();
    let whole = Sides {
        items: &joined_items,
        events: wholes[0].iter().map(|range| cut.events[range.start]).collect(),
        lines: joined_lines.iter().collect(),
        masks,
    };
    let pairings = whole.pair(given, found);
    cut.take_apart(&pairings, &wholes, given)
}

impl Sides<'_> {
    fn pair(&self, given: &Vars, found: &mut Found) -> Vec<Pairing> {
        // Only patterns that use variables need to know what was found on all the conns.
        let uses_variables = self.items.iter().any(|item| item.uses().next().is_some());
        let ahead = if uses_variables { found.clone() } else { Found::new() };
        let mut passing = Passing { vars: given.clone(), ahead };
        let mut aligner = Aligner::new(self.items, &self.lines, self.masks);
        let (mut pairings, mut edits, mut at) = (Vec::new(), Vec::new(), (0, 0));
        while at != aligner.end() {
            let vars = passing.before(self.events.get(at.0).copied().unwrap_or(0));
            edits.clear();
            aligner.go_on(at, vars, &mut edits);
            let (begin, mut news) = (at.0, Found::new());
            for edit in &edits {
                let (item, line) = places(*edit);
                if item.is_some_and(|next| next > begin && self.is_to_wait(next)) {
                    break;
                }
                if let Edit::Same { item, line } = *edit
                    && self.items[item].want().is_some()
                {
                    let captures = self.items[item].captures(self.lines[line], self.masks, vars);
                    news.entry(self.events[item]).or_default().extend(captures);
                }
                pairings.push(pairing(*edit, at));
                at = (at.0.max(item.map_or(0, |at| at + 1)), at.1.max(line.map_or(0, |at| at + 1)));
            }
            for (event, captures) in news {
                found.entry(event).or_default().extend_from_slice(&captures);
                passing.ahead.entry(event).or_default().extend(captures);
            }
        }
        pairings
    }

    /// Whether an item cannot be compared before it is known what was found in those before it. The
    /// members of a group use the same variables.
    fn is_to_wait(&self, item: usize) -> bool {
        let before = self.items[item - 1].group();
        let goes_on = before.is_some() && before == self.items[item].group();
        !goes_on && self.items[item].uses().next().is_some()
    }

    /// Which items, and which lines, make one when partial ones are joined. One with a mark stands for
    /// itself, and so does a line that it fits.
    fn wholes(&self, given: &Vars) -> [Vec<Range<usize>>; 2] {
        let is_marked = |item: &Item| item.want().is_some() || item.is_opt();
        let items = self.items.iter();
        let items = wholes(items.map(|item| (is_partial(item.bytes()), is_marked(item))));
        let prompts = self.items.iter().filter(|item| is_partial(item.bytes()) && is_marked(item));
        let prompts: HashMap<_, &Item> = prompts
            .map(|item| (item.want().map_or(&**item.bytes(), str::as_bytes), item))
            .collect();
        let mut known: HashMap<&[u8], bool> = HashMap::new();
        let mut is_prompt = |line| {
            let fits =
                |item: &&Item| item.uses().next().is_some() || item.is(line, self.masks, given);
            *known.entry(line).or_insert_with(|| prompts.values().any(fits))
        };
        let lines = self.lines.iter().copied();
        let lines =
            wholes(lines.map(|line| (is_partial(line), is_partial(line) && is_prompt(line))));
        [items, lines]
    }

    /// Some items as one.
    fn joined(&self, range: &Range<usize>) -> Item {
        match &self.items[range.clone()] {
            [item] => item.clone(),
            items => Item::plain(joined(items.iter().map(Item::bytes)), self.masks),
        }
    }

    /// Takes lines apart that were paired as wholes, and pairs anew what differs.
    fn take_apart(
        &self,
        whole: &[Pairing],
        wholes: &[Vec<Range<usize>>; 2],
        given: &Vars,
    ) -> Vec<Pairing> {
        let mut all = Vec::new();
        for run in whole.chunk_by(|one, other| one.differs && other.differs) {
            let cut = |whole: &Pairing| Pairing {
                a: pieces(&wholes[0], &whole.a),
                b: pieces(&wholes[1], &whole.b),
                differs: whole.differs,
            };
            let cut: Vec<Pairing> = run.iter().map(cut).collect();
            let is_one = |pairing: &Pairing| pairing.a.len() < 2 && pairing.b.len() < 2;
            match &*cut {
                cut if cut.iter().all(is_one) => all.extend_from_slice(cut),
                [same] if !same.differs => self.take_apart_same(same, &mut all),
                cut => self.pair_anew(cut, given, &mut all),
            }
        }
        all
    }

    /// Lines that are the same stand beside each other one by one, where they were cut in the same way.
    fn take_apart_same(&self, same: &Pairing, all: &mut Vec<Pairing>) {
        let items = self.items[same.a.clone()].iter().map(Item::bytes);
        if items.eq(self.lines[same.b.clone()].iter().copied()) {
            let one = |(a, b)| Pairing { a: a..a + 1, b: b..b + 1, differs: false };
            all.extend(same.a.clone().zip(same.b.clone()).map(one));
        } else {
            all.push(same.clone());
        }
    }

    /// Pairs what differs; members of a group are where they are.
    fn pair_anew(&self, differing: &[Pairing], given: &Vars, all: &mut Vec<Pairing>) {
        let items = |pairing: &Pairing| &self.items[pairing.a.clone()];
        let is_grouped =
            |pairing: &Pairing| items(pairing).iter().any(|item| item.group().is_some());
        let (Some(first), Some(last)) = (differing.first(), differing.last()) else { return };
        if differing.iter().any(is_grouped) {
            return all.extend_from_slice(differing);
        }
        let (a, b) = (first.a.start..last.a.end, first.b.start..last.b.end);
        let mut at = (0, 0);
        for edit in align(&self.items[a.clone()], &self.lines[b.clone()], self.masks, given) {
            let Pairing { a: item, b: line, differs } = pairing(edit, at);
            at = (at.0.max(item.end), at.1.max(line.end));
            let moved = |range: Range<usize>, by: usize| range.start + by..range.end + by;
            all.push(Pairing { a: moved(item, a.start), b: moved(line, b.start), differs });
        }
    }
}

/// The variables while the first transcript goes on.
struct Passing {
    vars: Vars,
    /// What is found in events that are to come.
    ahead: Found,
}

impl Passing {
    /// The variables before an event, which is not before the one that was asked for last.
    fn before(&mut self, event: usize) -> &Vars {
        while let Some(next) = self.ahead.first_entry().filter(|next| *next.key() < event) {
            self.vars.capture_all(&next.remove());
        }
        &self.vars
    }
}

/// Which item and which line an edit is about.
fn places(edit: Edit) -> (Option<usize>, Option<usize>) {
    match edit {
        Edit::Same { item, line } | Edit::Changed { item, line } => (Some(item), Some(line)),
        Edit::Omitted { item } | Edit::Missing { item } => (Some(item), None),
        Edit::Extra { line } => (None, Some(line)),
    }
}

/// The lines of an edit that comes when so many are behind.
fn pairing(edit: Edit, (behind_a, behind_b): (usize, usize)) -> Pairing {
    let (item, line) = places(edit);
    Pairing {
        a: item.map_or(behind_a..behind_a, |item| item..item + 1),
        b: line.map_or(behind_b..behind_b, |line| line..line + 1),
        differs: edit.is_difference(),
    }
}

/// Which pieces make one: each partial one and what follows it, unless it stands for itself. Of each is
/// known whether it is partial, and whether it stands for itself.
fn wholes(pieces: impl Iterator<Item = (bool, bool)>) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    for (at, (partial, apart)) in pieces.enumerate() {
        match all.last_mut().filter(|_| open && !apart) {
            Some(range) => range.end = at + 1,
            None => all.push(at..at + 1),
        }
        open = partial && !apart;
    }
    all
}

/// The pieces of some wholes.
fn pieces(wholes: &[Range<usize>], of: &Range<usize>) -> Range<usize> {
    let behind = wholes.last().map_or(0, |last| last.end);
    let start = wholes.get(of.start).map_or(behind, |first| first.start);
    let last = wholes[of.clone()].last();
    start..last.map_or(start, |last| last.end)
}

fn joined<'a>(pieces: impl Iterator<Item = &'a Bytes>) -> Bytes {
    pieces.flat_map(|piece| piece.iter()).copied().collect()
}

fn is_partial(line: &Bytes) -> bool {
    !line.ends_with(b"\n")
}
