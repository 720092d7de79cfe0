//! Lines of a group, which come in any order.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::item::{Came, Item};
use crate::matching::{Capture, Masks, PatternError, Vars};

/// What the lines of a group that have come can be: each is given to a member that it fits, and to
/// another where a later line needs that one. So no line is refused as long as all can be had.
///
/// Members that must come are given away first. For any lines that is possible for the most of them
/// by finding, for each line in turn, an augmenting path to such a member before any other.
#[derive(Debug, Clone)]
pub(super) struct Gathered {
    pub(super) members: Range<usize>,
    lines: Vec<Arc<Heard>>,
    /// Which line each member was given.
    given: Vec<Option<usize>>,
    /// How many members that must come have no line.
    missing: usize,
    /// All members before it that must come have a line, and keep one.
    first: usize,
}

#[derive(Debug)]
struct Heard {
    bytes: Bytes,
    /// The members that it fits, once somebody asks for all of them.
    fits: OnceLock<Vec<usize>>,
}

/// What members are compared with.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) items: &'a [Item],
    pub(super) masks: &'a Masks,
    pub(super) vars: &'a Vars,
}

impl Gathered {
    pub(super) fn none(members: Range<usize>, items: &[Item]) -> Gathered {
        let missing = items[members.clone()].iter().filter(|item| !item.opt).count();
        let given = vec![None; members.len()];
        Gathered { members, lines: Vec::new(), given, missing, first: 0 }
    }

    /// Whether all that must come has come.
    pub(super) fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// How many members that must come have not.
    pub(super) fn missing(&self) -> usize {
        self.missing
    }

    /// Which members have no line.
    pub(super) fn free(&self) -> impl Iterator<Item = usize> {
        let free = self.given.iter().enumerate().filter(|(_, given)| given.is_none());
        free.map(|(member, _)| self.members.start + member)
    }

    /// Which item each of the lines was given to, in the order in which they came.
    pub(super) fn assigned(&self) -> Vec<usize> {
        let mut assigned = vec![self.members.start; self.lines.len()];
        for (member, given) in self.given.iter().enumerate() {
            if let Some(line) = given {
                assigned[*line] = self.members.start + member;
            }
        }
        assigned
    }

    /// Takes one line more; whether it fits a member that can be had. Nothing is changed where it does not.
    ///
    /// # Errors
    /// A pattern uses a variable that has no value.
    pub(super) fn add(&mut self, bytes: &[u8], terms: Terms<'_>) -> Result<bool, PatternError> {
        let heard = Heard { bytes: Bytes::copy_from_slice(bytes), fits: OnceLock::new() };
        self.lines.push(Arc::new(heard));
        let added = self.place(terms);
        if !matches!(added, Ok(true)) {
            self.lines.pop();
        }
        added
    }

    /// Gives the last line a member.
    fn place(&mut self, terms: Terms<'_>) -> Result<bool, PatternError> {
        let items = &terms.items[self.members.clone()];
        let line = self.lines.len() - 1;
        let heard = Arc::clone(&self.lines[line]);
        let came = Came::new(&heard.bytes, terms.masks);
        while self.first < items.len() && self.is_placed(self.first, items) {
            self.first += 1;
        }
        // Mostly lines come in the order of the members.
        for (member, item) in items.iter().enumerate().skip(self.first) {
            if !self.is_placed(member, items) && item.fits(&came, terms.vars)?.is_some() {
                self.given[member] = Some(line);
                self.missing -= 1;
                return Ok(true);
            }
        }
        for optional in [false, true] {
            if self.augment(line, optional, terms)? {
                self.missing -= usize::from(!optional);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a member has a line, or need not have one.
    fn is_placed(&self, member: usize, items: &[Item]) -> bool {
        self.given[member].is_some() || items[member].opt
    }

    /// What the patterns of the members captured.
    pub(super) fn captures(&self, terms: Terms<'_>) -> Vec<Capture> {
        let mut captures = Vec::new();
        for (member, given) in self.given.iter().enumerate() {
            let item = &terms.items[self.members.start + member];
            if let (Some(line), true) = (given, item.want().is_some()) {
                let came = Came::new(&self.lines[*line].bytes, terms.masks);
                captures.extend(item.fits(&came, terms.vars).ok().flatten().unwrap_or_default());
            }
        }
        captures
    }

    /// Gives `line` a member, moving other lines, so that a member is given away that had none.
    fn augment(
        &mut self,
        line: usize,
        optional: bool,
        terms: Terms<'_>,
    ) -> Result<bool, PatternError> {
        // For each member: the line that would be given it.
        let mut reached: Vec<Option<usize>> = vec![None; self.given.len()];
        let mut queue = std::collections::VecDeque::from([line]);
        while let Some(line) = queue.pop_front() {
            for &member in self.fits(line, terms)? {
                if reached[member].is_some() {
                    continue;
                }
                reached[member] = Some(line);
                match self.given[member] {
                    Some(other) => queue.push_back(other),
                    None if terms.items[self.members.start + member].opt == optional => {
                        self.give(member, &reached);
                        return Ok(true);
                    }
                    None => {}
                }
            }
        }
        Ok(false)
    }

    /// Gives a member the line that reached it, which gives up its own to the one that reached that.
    fn give(&mut self, mut member: usize, reached: &[Option<usize>]) {
        while let Some(line) = reached[member] {
            let before = self.given.iter().position(|given| *given == Some(line));
            self.given[member] = Some(line);
            match before {
                Some(before) => member = before,
                None => return,
            }
        }
    }

    /// The members that a line fits.
    fn fits(&self, line: usize, terms: Terms<'_>) -> Result<&[usize], PatternError> {
        let heard = &self.lines[line];
        if let Some(fits) = heard.fits.get() {
            return Ok(fits);
        }
        let came = Came::new(&heard.bytes, terms.masks);
        let mut fits = Vec::new();
        for (member, item) in terms.items[self.members.clone()].iter().enumerate() {
            if item.fits(&came, terms.vars)?.is_some() {
                fits.push(member);
            }
        }
        Ok(heard.fits.get_or_init(|| fits))
    }
}
