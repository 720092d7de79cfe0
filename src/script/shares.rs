//! Which line each pattern of a block has.

/// Gives lines to patterns that must have one each. Which pattern a line that fits several was given to
/// at first does not matter: it is taken away again where another line needs that pattern.
#[derive(Debug)]
pub(super) struct Shares {
    /// The line of each pattern.
    has: Vec<Option<usize>>,
    lines: Vec<Shared>,
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
        Shares { has: vec![None; patterns], lines: Vec::new() }
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
        if self.place(line, &mut vec![false; self.has.len()]) {
            return Given::Line(line, None);
        }
        if may.is_none()
            && let Some(moved) = self.displace(line, &mut vec![false; self.has.len()])
        {
            return Given::Line(line, Some(moved));
        }
        self.lines.pop();
        may.map_or(Given::Nowhere, Given::May)
    }

    /// Finds a pattern for a line, if need be by finding another for the line that has it; patterns that
    /// were tried are not tried again.
    fn place(&mut self, line: usize, tried: &mut [bool]) -> bool {
        for pattern in self.lines[line].must.clone() {
            if std::mem::replace(&mut tried[pattern], true) {
                continue;
            }
            if self.has[pattern].is_none_or(|other| self.place(other, tried)) {
                self.hold(pattern, line);
                return true;
            }
        }
        false
    }

    /// Finds a pattern for a line by sending one of those that were given to a pattern that may have it.
    fn displace(&mut self, line: usize, tried: &mut [bool]) -> Option<Moved> {
        for pattern in self.lines[line].must.clone() {
            let Some(other) = self.has[pattern].filter(|_| !tried[pattern]) else { continue };
            tried[pattern] = true;
            let moved = match self.lines[other].may {
                Some(to) => {
                    self.lines[other].holder = to;
                    Some(Moved { line: other, to })
                }
                None => self.displace(other, tried),
            };
            if moved.is_some() {
                self.hold(pattern, line);
                return moved;
            }
        }
        None
    }

    fn hold(&mut self, pattern: usize, line: usize) {
        self.has[pattern] = Some(line);
        self.lines[line].holder = pattern;
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
