//! A replay that takes what comes for right.

use super::bless;
use super::mismatch::{Told, Wanted};
use super::player::{Looked, Player};
use crate::script::{Heard, Played};
use crate::units::At;

impl Player {
    /// The same where what comes is taken for right: the turn is over once as much has come as before,
    /// or nothing comes any more.
    pub(super) fn hear_anew(&mut self, now: At, heard: &Heard<'_>) -> Looked {
        let event = self.actions.peek().map_or(usize::MAX, |(_, action)| action.event);
        for index in 0..self.courses.len() {
            let last = self.actions.peek().is_none();
            let course = &mut self.courses[index];
            let (ready, more) = (course.matcher.is_ready(), course.matcher.expects_more());
            if course.refused && (!ready || more || last) {
                course.turn.off = true;
                return Looked::Again;
            }
            let limit = course.items_before(event);
            if !course.turn.off {
                if ready {
                    // A line that may be missing may be another, and is not to be passed over.
                    let pause = more && !last;
                    match self.goes_on(now, index, limit, heard).filter(|_| pause) {
                        Some(until) => return Looked::Played(Played::Wait(until)),
                        None => continue,
                    }
                }
                match self.silence(now, index, heard) {
                    Played::Differs(_) if !self.courses[index].has_ended(heard) => {
                        self.failure = None;
                        self.courses[index].turn.off = true;
                    }
                    played => return Looked::Played(played),
                }
            }
            if let Some(until) = self.goes_on(now, index, limit, heard) {
                return Looked::Played(Played::Wait(until));
            }
            if let Err(told) = self.take_turn(index, limit) {
                return Looked::Played(self.tell(told));
            }
        }
        Looked::Ready
    }

    /// Until when more may come of a turn that is another than was recorded.
    fn goes_on(&mut self, now: At, index: usize, limit: usize, heard: &Heard<'_>) -> Option<At> {
        let begun = self.waits_since(now, heard);
        let (course, turn) = (&self.courses[index], &self.courses[index].turn);
        let items = &course.matcher.items()[turn.begin.min(limit)..limit];
        let enough = turn.lines.len() >= items.iter().filter(|item| !item.is_opt()).count();
        let pause = if enough { bless::PAUSE } else { self.manner.timeout };
        let since = turn.last.map_or(begun, |last| last.max(begun));
        Some(since + pause).filter(|until| now < *until).map(|until| self.look_by(now, until))
    }

    /// Takes what came in a turn for what is right.
    fn take_turn(&mut self, index: usize, limit: usize) -> Result<(), Told> {
        let course = &mut self.courses[index];
        let why = if course.turn.lines.is_empty() { "nothing came" } else { "other lines came" };
        let changed = self.blessing.take(course, limit);
        let Err((item, line)) = changed else { return Ok(()) };
        let at = self.whereabouts(index);
        let course = &self.courses[index];
        let wanted = Wanted { item: &course.matcher.items()[item], source: &course.sources[item] };
        Err(match line {
            Some(line) => at.differs(wanted, &line, course.matcher.differs_by_end(item, &line)),
            None => at.missing(wanted, why, b""),
        })
    }
}
