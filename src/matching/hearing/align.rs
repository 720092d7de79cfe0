//! Lines that have all come.

use std::collections::HashMap;
use std::ops::Range;

use super::expectations::blocks;
use super::gather::{Gathered, Terms};
use super::item::{Came, Item};
use crate::matching::{Masks, Vars};

/// What a line that is missing, or is one too many, costs.
const GAP: u32 = 2;
/// What a line that is another costs: more than one gap, and less than two.
const CHANGE: u32 = 3;
/// What a line costs that is another than one that may be missing, and much like it: less than a line
/// that was not expected at all.
const CHANGE_OPT: u32 = 1;
/// How much like it that is.
const ALIKE: f64 = 0.5;

/// How many places are looked at for the fewest differences, before the best of them is settled for:
/// more than a hundred differences next to each other.
const MOST_PLACES: usize = 1 << 16;
/// The same where there was no end of them: some twenty differences, so that thousands take no time.
const FEW_PLACES: usize = 1 << 10;
/// How many lines that are the same, next to each other, are the end of them.
const SETTLED: usize = 8;

/// How one line compares with what is expected, in the order of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// This line is as this item expects.
    Same {
        /// Which item.
        item: usize,
        /// Which line.
        line: usize,
    },
    /// This line came in place of this item.
    Changed {
        /// Which item.
        item: usize,
        /// Which line.
        line: usize,
    },
    /// This item did not come, and may be missing.
    Omitted {
        /// Which item.
        item: usize,
    },
    /// This item did not come.
    Missing {
        /// Which item.
        item: usize,
    },
    /// This line came, and was not expected.
    Extra {
        /// Which line.
        line: usize,
    },
}

impl Edit {
    /// Whether it is a difference.
    #[must_use]
    pub fn is_difference(self) -> bool {
        !matches!(self, Edit::Same { .. } | Edit::Omitted { .. })
    }
}

/// Compares lines, line ends included, with the items that are expected: the fewest differences, each
/// item and each line in exactly one edit. Within a group the edits are in the order of the items.
///
/// Patterns use `vars`, as they were before the first line; one that needs another variable matches
/// nothing. Where there are no differences, time and memory grow with the number of lines only; where
/// there are thousands next to each other, the fewest may not be found.
#[must_use]
pub fn align<L: AsRef<[u8]>>(items: &[Item], lines: &[L], masks: &Masks, vars: &Vars) -> Vec<Edit> {
    let mut aligner = Aligner::new(items, lines, masks);
    let (mut edits, mut at) = (Vec::new(), (0, 0));
    while at != aligner.end() {
        at = aligner.go_on(at, vars, &mut edits);
    }
    edits
}

/// Compares as [`align()`] does, part by part: each with the variables that there are by then.
#[derive(Debug)]
pub struct Aligner<'a, L> {
    items: &'a [Item],
    lines: &'a [L],
    masks: &'a Masks,
    /// For the first item of a group, its members.
    groups: HashMap<usize, Range<usize>>,
    most_places: usize,
}

/// A place: so many items and so many lines are behind it.
pub type Place = (usize, usize);

impl<'a, L: AsRef<[u8]>> Aligner<'a, L> {
    /// Compares these.
    #[must_use]
    pub fn new(items: &'a [Item], lines: &'a [L], masks: &'a Masks) -> Self {
        let groups = blocks(items).into_iter().filter(|block| block.is_group);
        let groups = groups.map(|block| (block.items.start, block.items)).collect();
        Aligner { items, lines, masks, groups, most_places: MOST_PLACES }
    }

    /// The place at which all is behind.
    #[must_use]
    pub fn end(&self) -> Place {
        (self.items.len(), self.lines.len())
    }

    /// Goes on from a place that is not the end; says how far that was. A run of lines that are the same
    /// ends before a pattern that uses variables.
    pub fn go_on(&mut self, from: Place, vars: &Vars, edits: &mut Vec<Edit>) -> Place {
        let terms = Terms { items: self.items, masks: self.masks, vars };
        let most_places = self.most_places;
        let mut grid = Grid {
            terms,
            lines: self.lines,
            groups: &self.groups,
            most_places,
            is_exhausted: false,
        };
        let at = grid.run(from, edits);
        if at.0 - from.0 >= SETTLED {
            self.most_places = MOST_PLACES;
        }
        if at != from {
            return at;
        }
        let at = grid.search(from, edits);
        if grid.is_exhausted {
            self.most_places = (self.most_places / 4).max(FEW_PLACES);
        }
        at
    }
}

/// A way from one place to a later one.
struct Step {
    to: Place,
    cost: u32,
}

struct Grid<'a, L> {
    terms: Terms<'a>,
    lines: &'a [L],
    groups: &'a HashMap<usize, Range<usize>>,
    most_places: usize,
    /// More places were to be looked at than may be.
    is_exhausted: bool,
}

impl<L: AsRef<[u8]>> Grid<'_, L> {
    /// Goes on as long as there is no choice: a line that must come, and came, is never better left out.
    fn run(&self, (mut item, mut line): Place, edits: &mut Vec<Edit>) -> Place {
        let begin = item;
        let goes_on = |item: usize| item == begin || self.terms.items[item].uses().next().is_none();
        while self.is_plain(item) && goes_on(item) && self.fits(item, line) {
            edits.push(Edit::Same { item, line });
            (item, line) = (item + 1, line + 1);
        }
        (item, line)
    }

    /// Finds the cheapest way to the end, or as far as it gets with a bounded effort.
    fn search(&mut self, from: Place, edits: &mut Vec<Edit>) -> Place {
        let end = (self.terms.items.len(), self.lines.len());
        // By cost: places that are to be looked at. A step costs little.
        let mut queue: Vec<Vec<(Place, Place)>> = vec![vec![(from, from)]];
        let mut came_from: HashMap<Place, Place> = HashMap::new();
        let (mut cost, mut best) = (0, from);
        // What is as good as changes all the way: a place is better the more is behind it, and the less
        // that cost.
        let worth = |place: Place, cost: usize| {
            (3 * (place.0 + place.1)).wrapping_sub(2 * cost).cast_signed()
        };
        let mut most = (worth(from, 0), from.0 + from.1);
        'search: while cost < queue.len() {
            while let Some((place, before)) = queue[cost].pop() {
                if came_from.contains_key(&place) {
                    continue;
                }
                came_from.insert(place, before);
                let value = (worth(place, cost), place.0 + place.1);
                if value > most {
                    (best, most) = (place, value);
                }
                self.is_exhausted = came_from.len() >= self.most_places && best != from;
                if place == end || self.is_exhausted {
                    break 'search;
                }
                for step in self.steps(place) {
                    let cost = cost + step.cost as usize;
                    if queue.len() <= cost {
                        queue.resize_with(cost + 1, Vec::new);
                    }
                    if !came_from.contains_key(&step.to) {
                        queue[cost].push((step.to, place));
                    }
                }
            }
            cost += 1;
        }
        let goal = if came_from.contains_key(&end) { end } else { best };
        let mut way = vec![goal];
        let mut at = goal;
        while at != from {
            at = came_from[&at];
            way.push(at);
        }
        way.reverse();
        way.windows(2).for_each(|step| self.edit(step[0], step[1], edits));
        goal
    }

    /// The ways on from a place.
    fn steps(&self, (item, line): Place) -> Vec<Step> {
        let mut steps = Vec::new();
        let to = |to: Place, cost: u32| Step { to, cost };
        let has_line = line < self.lines.len();
        if self.is_plain(item) && self.fits(item, line) {
            return vec![to((item + 1, line + 1), 0)];
        }
        if has_line {
            steps.push(to((item, line + 1), GAP));
        }
        if let Some(members) = self.groups.get(&item) {
            steps.extend(self.group_steps(members, line));
        } else if let Some(expected) = self.terms.items.get(item) {
            steps.push(to((item + 1, line), if expected.opt { 0 } else { GAP }));
            if has_line {
                steps.push(to((item + 1, line + 1), self.cost(item, line)));
            }
        }
        steps
    }

    /// The ways through a group: with each number of lines with which nothing of it is missing; and
    /// with as many as there are items, whatever they are.
    fn group_steps(&self, members: &Range<usize>, line: usize) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut gathered = Gathered::none(members.clone(), self.terms.items);
        let mut unfit: usize = 0;
        let cost = |missing: usize, unfit: usize| {
            let changed = missing.min(unfit);
            let gaps = missing + unfit - 2 * changed;
            u32::try_from(changed).unwrap_or(u32::MAX / 8) * CHANGE
                + u32::try_from(gaps).unwrap_or(u32::MAX / 8) * GAP
        };
        let mut push = |line: usize, missing: usize, unfit: usize| {
            steps.push(Step { to: (members.end, line), cost: cost(missing, unfit) });
        };
        push(line, gathered.missing(), 0);
        let most = (line + members.len()).min(self.lines.len());
        for next in line..most {
            let fits = gathered.add(self.lines[next].as_ref(), self.terms).unwrap_or(false);
            if !fits && gathered.is_complete() {
                break;
            }
            if !fits {
                if unfit == 0 {
                    push(next, gathered.missing(), 0);
                }
                unfit += 1;
            }
            if gathered.is_complete() || next + 1 == most {
                push(next + 1, gathered.missing(), unfit);
            }
        }
        steps
    }

    /// Tells the edits of one step.
    fn edit(&self, from: Place, to: Place, edits: &mut Vec<Edit>) {
        let (item, line) = from;
        if to.0 > item && self.groups.contains_key(&item) {
            return self.edit_group(item..to.0, line..to.1, edits);
        }
        edits.push(match (to.0 > item, to.1 > line) {
            (true, true) if self.fits(item, line) => Edit::Same { item, line },
            (true, true) => Edit::Changed { item, line },
            (true, false) if self.terms.items[item].opt => Edit::Omitted { item },
            (true, false) => Edit::Missing { item },
            (false, _) => Edit::Extra { line },
        });
    }

    fn edit_group(&self, members: Range<usize>, lines: Range<usize>, edits: &mut Vec<Edit>) {
        let mut gathered = Gathered::none(members.clone(), self.terms.items);
        let (mut fit, mut unfit) = (Vec::new(), Vec::new());
        for line in lines {
            if gathered.add(self.lines[line].as_ref(), self.terms).unwrap_or(false) {
                fit.push(line);
            } else {
                unfit.push(line);
            }
        }
        let given: HashMap<usize, usize> = gathered.assigned().into_iter().zip(fit).collect();
        for item in members {
            edits.push(match given.get(&item) {
                Some(line) => Edit::Same { item, line: *line },
                None if self.terms.items[item].opt => Edit::Omitted { item },
                None if unfit.is_empty() => Edit::Missing { item },
                None => Edit::Changed { item, line: self.take_nearest(item, &mut unfit) },
            });
        }
        edits.extend(unfit.into_iter().map(|line| Edit::Extra { line }));
    }

    /// Takes out of some lines, of which there is one, the one that is most like an item.
    fn take_nearest(&self, item: usize, lines: &mut Vec<usize>) -> usize {
        let likeness = |line: usize| self.likeness(item, line);
        let first = (0, likeness(lines[0]));
        let (nearest, _) = (1..lines.len())
            .map(|index| (index, likeness(lines[index])))
            .fold(first, |best, other| if other.1 > best.1 { other } else { best });
        lines.remove(nearest)
    }

    /// Whether an item stands for itself and must come.
    fn is_plain(&self, item: usize) -> bool {
        let plain = |expected: &Item| !expected.opt;
        self.terms.items.get(item).is_some_and(plain) && !self.groups.contains_key(&item)
    }

    /// What it costs to take a line for an item.
    fn cost(&self, item: usize, line: usize) -> u32 {
        let expected = &self.terms.items[item];
        if self.fits(item, line) {
            0
        } else if expected.opt && self.likeness(item, line) >= ALIKE {
            CHANGE_OPT
        } else {
            CHANGE
        }
    }

    fn likeness(&self, item: usize, line: usize) -> f64 {
        let came = Came::new(self.lines[line].as_ref(), self.terms.masks);
        self.terms.items[item].likeness(&came)
    }

    fn fits(&self, item: usize, line: usize) -> bool {
        let (Some(item), Some(line)) = (self.terms.items.get(item), self.lines.get(line)) else {
            return false;
        };
        let came = Came::new(line.as_ref(), self.terms.masks);
        item.fits(&came, self.terms.vars).is_ok_and(|fits| fits.is_some())
    }
}
