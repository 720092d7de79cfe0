//! Which line each pattern of a block has.

/// Gives lines to patterns that must have one each. Which pattern a line that fits several was given to
/// at first does not matter: it is taken away again where another line needs that pattern.
#[derive(Debug)]
pub(super) struct Shares {
    /// The line of each pattern.
    has: Vec<Option<usize>>,
    lines: Vec<Shared>,
    /// The patterns that are of no use for a line more, since that was tried in vain.
    full: Vec<bool>,
    /// Those of them that are of none although lines may go elsewhere.
    fixed: Vec<bool>,
}

/// A line that was given to a pattern.
#[derive(Debug)]
struct Shared {
    /// The patterns that must have a line, and that it fits.
    must: Vec<usize>,
    /// A pattern that it fits, and that may have any number of lines.
    may: Option<usize>,
    /// The pattern that it was given to.
    holder: usize,
}

/// What became of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// It is this line now; where another had to go to a pattern that may have it, which.
    Line(usize, Option<Moved>),
    /// It is for a pattern that may have it.
    May(usize),
    /// No pattern has a use for it.
    Nowhere,
}

/// A line that went to a pattern that may have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) line: usize,
    pub(super) to: usize,
}

impl Shares {
    /// Nothing given to any of so many patterns.
    pub(super) fn new(patterns: usize) -> Shares {
        let (full, fixed) = (vec![false; patterns], vec![false; patterns]);
        Shares { has: vec![None; patterns], lines: Vec::new(), full, fixed }
    }

    /// The line of a pattern that must have one.
    pub(super) fn of(&self, pattern: usize) -> Option<usize> {
        self.has[pattern]
    }

    /// The pattern that has a line.
    pub(super) fn holder(&self, line: usize) -> usize {
        self.lines[line].holder
    }

    /// Gives away a line that fits these patterns.
    pub(super) fn give(&mut self, must: Vec<usize>, may: Option<usize>) -> Given {
        let line = self.lines.len();
        self.lines.push(Shared { must, may, holder: 0 });
        match self.way(line, &self.full, |pattern| self.has[pattern].is_none()) {
            Ok(way) => {
                self.pass_on(line, &way);
                return Given::Line(line, None);
            }
            Err(full) => self.full = full,
        }
        if may.is_none() {
            match self.way(line, &self.fixed, |pattern| self.may_lose(pattern).is_some()) {
                Ok(way) => {
                    let moved = way.last().and_then(|last| self.may_lose(*last));
                    self.pass_on(line, &way);
                    if let Some(Moved { line, to }) = moved {
                        self.lines[line].holder = to;
                    }
                    return Given::Line(line, moved);
                }
                Err(fixed) => self.fixed = fixed,
            }
        }
        self.lines.pop();
        may.map_or(Given::Nowhere, Given::May)
    }

    /// The line that a pattern has, if it may go elsewhere.
    fn may_lose(&self, pattern: usize) -> Option<Moved> {
        let line = self.has[pattern]?;
        self.lines[line].may.map(|to| Moved { line, to })
    }

    /// The shortest way from a line to a pattern that `is_end`: the first pattern on it fits the line,
    /// and each other the line that the one before has. Patterns that are `closed` lead nowhere. Where
    /// there is no way, all that were looked at lead nowhere from now on: they can pass lines only to
    /// each other.
    fn way(
        &self,
        line: usize,
        closed: &[bool],
        is_end: impl Fn(usize) -> bool,
    ) -> Result<Vec<usize>, Vec<bool>> {
        let mut seen = closed.to_vec();
        // Patterns, and where in here the one stands that has the line that each fits.
        let mut reached: Vec<(usize, Option<usize>)> = Vec::new();
        let (mut wants, mut from, mut next) = (line, None, 0);
        loop {
            for pattern in &self.lines[wants].must {
                if std::mem::replace(&mut seen[*pattern], true) {
                    continue;
                }
                reached.push((*pattern, from));
                if is_end(*pattern) {
                    let last = Some(reached.len() - 1);
                    let back = std::iter::successors(last, |at| reached[*at].1);
                    let mut way: Vec<usize> = back.map(|at| reached[at].0).collect();
                    way.reverse();
                    return Ok(way);
                }
            }
            let has = |(pattern, _): &(usize, Option<usize>)| self.has[*pattern];
            let Some(line) = reached.get(next).and_then(has) else { return Err(seen) };
            (wants, from, next) = (line, Some(next), next + 1);
        }
    }

    /// Gives a line to the first pattern of a way, what that had to the second, and so on.
    fn pass_on(&mut self, mut line: usize, way: &[usize]) {
        for pattern in way {
            self.lines[line].holder = *pattern;
            match self.has[*pattern].replace(line) {
                Some(before) => line = before,
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_goes_where_no_other_is_needed() {
        let mut shares = Shares::new(2);
        assert_eq!(shares.give(vec![0, 1], None), Given::Line(0, None));
        assert_eq!(shares.give(vec![0], None), Given::Line(1, None));
        assert_eq!((shares.of(0), shares.of(1), shares.holder(0)), (Some(1), Some(0), 1));
        assert_eq!(shares.give(vec![0, 1], None), Given::Nowhere);
        assert_eq!(shares.give(vec![1], Some(7)), Given::May(7));
        assert_eq!(shares.give(vec![], None), Given::Nowhere);
    }

    #[test]
    fn a_line_that_may_go_elsewhere_makes_way() {
        let mut shares = Shares::new(2);
        shares.give(vec![0], Some(5));
        shares.give(vec![0, 1], None);
        assert_eq!(shares.give(vec![1], None), Given::Line(2, Some(Moved { line: 0, to: 5 })));
        assert_eq!((shares.of(0), shares.of(1), shares.holder(0)), (Some(1), Some(2), 5));
        assert_eq!(shares.give(vec![0, 1], None), Given::Nowhere);
    }

    #[test]
    fn a_line_may_need_that_all_others_go_elsewhere() {
        let patterns = 20_000;
        let mut shares = Shares::new(patterns);
        for pattern in 1..patterns {
            shares.give(vec![pattern - 1, pattern], None);
        }
        assert_eq!(shares.give(vec![0], None), Given::Line(patterns - 1, None));
        assert_eq!((shares.of(0), shares.of(1)), (Some(patterns - 1), Some(0)));
        for _ in 0..patterns {
            assert_eq!(shares.give(vec![0], None), Given::Nowhere);
        }
    }

    /// How many patterns can have a line each at most.
    fn most(lines: &[Vec<usize>], taken: usize) -> usize {
        let Some((first, rest)) = lines.split_first() else { return 0 };
        let free = first.iter().filter(|pattern| taken & 1 << **pattern == 0);
        let with = free.map(|pattern| 1 + most(rest, taken | 1 << pattern)).max();
        with.unwrap_or(0).max(most(rest, taken))
    }

    proptest! {
        #[test]
        fn as_many_patterns_as_can_have_a_line(
            lines in prop::collection::vec(prop::collection::vec(0_usize..5, 0..4), 0..7),
            may in prop::collection::vec(any::<bool>(), 7),
        ) {
            let mut shares = Shares::new(5);
            for (line, may) in lines.iter().zip(may) {
                shares.give(line.clone(), may.then_some(9));
            }
            let has: Vec<usize> = (0..5).filter_map(|pattern| shares.of(pattern)).collect();
            prop_assert_eq!(has.len(), most(&lines, 0));
            for pattern in 0..5 {
                if let Some(line) = shares.of(pattern) {
                    prop_assert!(shares.lines[line].must.contains(&pattern));
                    prop_assert_eq!(shares.holder(line), pattern);
                }
            }
        }
    }
}
