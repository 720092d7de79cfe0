//! What comes is taken for right: what is to be changed in the transcript, turn by turn.

use std::time::Duration;

use bytes::Bytes;

use super::course::{Course, Turn};
use super::part::Source;
use crate::matching::hearing::{Change, Edit, Item, align};

/// How long nothing comes before a turn is over that has as many lines as before.
pub(super) const PAUSE: Duration = Duration::from_millis(300);

/// What is to be changed.
#[derive(Debug, Default)]
pub(super) struct Blessing {
    changes: Vec<Change>,
    /// What the file was when it was read.
    pub(super) version: u64,
}

/// An item that only a person can change, and what came instead.
pub(super) type Unblessed = (usize, Option<Vec<u8>>);

impl Blessing {
    /// How many changes there are.
    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }

    /// Takes all changes.
    pub(super) fn take_all(&mut self) -> Option<Vec<Change>> {
        Some(std::mem::take(&mut self.changes)).filter(|changes| !changes.is_empty())
    }

    /// Takes what came in a turn that ends before item `limit`, and lets the next begin.
    pub(super) fn take(&mut self, course: &mut Course, limit: usize) -> Result<(), Unblessed> {
        let turn = std::mem::take(&mut course.turn);
        let begin = turn.begin.min(limit);
        let vars = course.vars();
        let items = &course.matcher.items()[begin..limit];
        let edits = align(items, &turn.lines, course.matcher.masks(), &vars);
        let mut behind = turn.behind;
        let mut captures = Vec::new();
        for edit in &edits {
            match *edit {
                Edit::Same { item, line } => {
                    let line = &turn.lines[line];
                    captures.extend(items[item].captures(line, course.matcher.masks(), &vars));
                }
                Edit::Omitted { .. } => {}
                Edit::Extra { line } => {
                    let bytes = Bytes::copy_from_slice(&turn.lines[line]);
                    self.changes.push(Change::Add { behind, conn: course.conn, bytes });
                }
                Edit::Changed { item, line } => {
                    let line = &turn.lines[line];
                    if items[item].want().is_some() || shares_event(&course.sources, begin + item) {
                        return Err((begin + item, Some(line.clone())));
                    }
                    self.say(&course.sources[begin + item], items[item].bytes(), line);
                }
                Edit::Missing { item } => {
                    if items[item].want().is_some() || shares_event(&course.sources, begin + item) {
                        return Err((begin + item, None));
                    }
                    let events = course.sources[begin + item].events.iter();
                    self.changes.extend(events.map(|(_, event)| Change::Remove { event: *event }));
                }
            }
            if let Edit::Same { item, .. }
            | Edit::Changed { item, .. }
            | Edit::Omitted { item }
            | Edit::Missing { item } = *edit
            {
                behind = behind.max(course.sources[begin + item].last());
            }
        }
        let may_come = first_omitted(items, &edits) + begin;
        course.matcher.go_on_at(may_come);
        course.matcher.capture(&captures);
        course.turn = Turn { begin: may_come, behind, ..Turn::default() };
        Ok(())
    }

    /// The pieces of a line that are as before stay; the first that is not gets the rest.
    fn say(&mut self, source: &Source, before: &[u8], now: &[u8]) {
        let mut changed = false;
        for (index, (start, event)) in source.events.iter().enumerate() {
            let end = source.events.get(index + 1).map_or(before.len(), |(next, _)| *next);
            let last = index + 1 == source.events.len();
            let same = now.get(..end) == Some(&before[..end]) && !(last && now.len() > end);
            if same && !changed {
                continue;
            }
            let rest = now.get(*start..).filter(|rest| !changed && !rest.is_empty());
            self.changes.push(match rest {
                Some(rest) => Change::Say { event: *event, bytes: Bytes::copy_from_slice(rest) },
                None => Change::Remove { event: *event },
            });
            changed = true;
        }
    }
}

/// The first of those items at the end that did not come, and may come in the next turn: nothing waits
/// for a line that may be missing.
fn first_omitted(items: &[Item], edits: &[Edit]) -> usize {
    let mut omitted = vec![false; items.len()];
    for edit in edits {
        if let Edit::Omitted { item } = edit {
            omitted[*item] = items[*item].group().is_none();
        }
    }
    let came = omitted.iter().rposition(|omitted| !omitted);
    came.map_or(0, |last| last + 1)
}

/// Whether a line shares its event with another: somebody wrote several into one.
fn shares_event(sources: &[Source], item: usize) -> bool {
    let (first, last) = (sources[item].first(), sources[item].last());
    let before = item.checked_sub(1).and_then(|before| sources.get(before));
    before.is_some_and(|before| before.last() == first)
        || sources.get(item + 1).is_some_and(|next| next.first() == last)
}
