//! The rows of a comparison that are worth keeping: of two long transcripts nearly all are the same.

use std::collections::VecDeque;

use super::compare::Row;

/// How many rows are kept before and after one that differs.
const CONTEXT: usize = 2;

/// The rows that differ, and those around them.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// Each with its place among all rows.
    pub(super) rows: Vec<(usize, Row)>,
    /// The highest number of an event in any row, kept or not.
    pub(super) most: usize,
    recent: VecDeque<(usize, Row)>,
    behind: usize,
    /// How many of the next are kept whatever they are.
    wanted: usize,
}

impl Near {
    /// Takes the next row.
    pub(super) fn push(&mut self, row: Row) {
        let events = [&row.a, &row.b].into_iter().flatten().map(|spoken| spoken.event);
        self.most = events.fold(self.most, usize::max);
        let placed = (self.behind, row);
        self.behind += 1;
        if placed.1.differs {
            self.rows.extend(self.recent.drain(..));
            self.rows.push(placed);
            self.wanted = CONTEXT;
        } else if self.wanted > 0 {
            self.rows.push(placed);
            self.wanted -= 1;
        } else {
            self.recent.push_back(placed);
            if self.recent.len() > CONTEXT {
                self.recent.pop_front();
            }
        }
    }
}
