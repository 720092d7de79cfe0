//! A server whose client says what it said before, in order.

use std::sync::Arc;
use std::time::Duration;

use super::{LATER, Tape};
use crate::replay::course::Course;
use crate::replay::mismatch::{Told, Whereabouts};
use crate::replay::odd::{differs, missing, overdue};
use crate::replay::part::{Action, Part};
use crate::script::{Failure, Heard, Play, Played};
use crate::units::{At, Human};

/// The server of one conn, as far as it has come.
#[derive(Debug)]
pub(super) struct Ordered {
    tape: Arc<Tape>,
    /// Which conn of the tape.
    index: usize,
    name: String,
    part: Part,
    course: Course,
    /// How much of what our side does is done.
    done: usize,
    /// When something was said last that was to be said, by either side.
    last: Option<At>,
    /// Why it fails, once the difference was told.
    failure: Option<Box<Failure>>,
}

impl Ordered {
    pub(super) fn new(tape: Arc<Tape>, index: usize) -> Ordered {
        let part = tape.parts[index].clone();
        let course = Course::new(part.clone(), tape.masks.clone(), tape.vars.clone());
        let name = tape.name(index);
        Ordered { tape, index, name, part, course, done: 0, last: None, failure: None }
    }

    fn whereabouts(&self) -> Whereabouts<'_> {
        self.tape.whereabouts(self.index, self.course.vars())
    }

    /// What our side is yet to do.
    fn actions(&self) -> &[Action] {
        &self.part.actions[self.done..]
    }

    /// Lets come what was recorded before the next thing that our side does.
    fn expect(&mut self) {
        let event = self.actions().first().map_or(usize::MAX, |action| action.event);
        self.course.matcher.expect_until(self.course.items_before(event));
    }

    /// Nothing has come that must: wait, or say why not.
    fn silence(&mut self, now: At, since: At, heard: &Heard<'_>) -> Played {
        let Some(item) = self.course.matcher.awaited() else { return Played::Wait(now) };
        let limit = self.tape.patience(self.course.sources[item].delay);
        let why = match limit {
            _ if self.course.has_ended(heard) => "the peer has ended".to_owned(),
            Some(limit) if since + limit <= now => overdue(&self.course, heard, limit),
            limit => return self.wait(now, limit.map_or(now + LATER, |limit| since + limit)),
        };
        let at = self.whereabouts();
        let told = missing(&at, &self.course, item, heard, &why);
        self.tell(told)
    }

    /// The client is to end, which it did before what comes next, or it did not end at all.
    fn await_end(&mut self, now: At, since: At) -> Option<Played> {
        let Some(end) = &self.part.end else {
            // It ends when it likes: nothing was recorded of that.
            let until = self.tape.how.timeout.map_or(now + LATER, |_| since + self.tape.how.linger);
            return (now < until).then(|| self.wait(now, until));
        };
        let patience = self.tape.patience(end.delay);
        let Some(limit) = patience.filter(|limit| since + *limit <= now) else {
            return Some(self.wait(now, patience.map_or(now + LATER, |limit| since + limit)));
        };
        let at = self.whereabouts();
        let told = at.open(end.event, &format!("the peer has not ended within {}", Human(limit)));
        Some(self.tell(told))
    }

    /// Does the next things, unless it is too early.
    fn act(&mut self, now: At, (last, since): (At, At), heard: &Heard<'_>) -> Option<Played> {
        let action = self.actions().first()?;
        let event = action.event;
        let ended_before = |end: &crate::replay::part::End| end.event < event;
        if self.part.end.as_ref().is_some_and(ended_before) && !self.course.has_ended(heard) {
            return self.await_end(now, since);
        }
        let due = self.tape.due(action, last);
        if now < due {
            return Some(self.wait(now, due));
        }
        let many = self.together();
        let run = &self.part.actions[self.done..self.done + many];
        let played = self.tape.perform(run, heard.to, &self.course.vars());
        self.done += many;
        self.last = Some(now);
        // What is said may take long, and who is cut short meanwhile had this to say behind it.
        self.expect();
        Some(played)
    }

    /// How many of the next things are done at once: nothing of the client stands between them.
    fn together(&self) -> usize {
        let actions = self.actions();
        let before = |action: &Action| {
            let ended = self.part.end.as_ref().is_some_and(|end| end.event < action.event);
            (self.course.items_before(action.event), ended)
        };
        let first = actions.first().map(before);
        self.tape.together(actions, |action| Some(before(action)) == first)
    }

    /// The next line of the client that must come behind what our side is about to do.
    fn following(&self) -> Option<usize> {
        let items = &self.part.items;
        let from = self.course.items_before(self.actions().first()?.event);
        (from..items.len()).find(|item| !items[*item].is_opt())
    }

    fn wait(&self, now: At, until: At) -> Played {
        Played::Wait(self.course.ear.deadline(now).map_or(until, |at| at.min(until)))
    }

    fn tell(&mut self, (mismatch, failure): Told) -> Played {
        self.failure = Some(failure);
        Played::Differs(mismatch)
    }
}

impl Play for Ordered {
    fn advance(&mut self, now: At, heard: &mut Heard<'_>) -> Played {
        if let Some(failure) = self.failure.take() {
            return Played::Failed(failure);
        }
        self.course.ear.with = Some(heard.to);
        self.expect();
        if self.course.hear(now, heard) {
            self.last = Some(now);
        }
        let last = *self.last.get_or_insert(now);
        let since = last.max(heard.stirred);
        let (ready, over) = (self.course.matcher.is_ready(), self.actions().is_empty());
        if self.course.refused && (!ready || over) {
            return match differs(&self.whereabouts(), &self.course, heard) {
                Ok(told) => self.tell(told),
                Err(failure) => Played::Failed(failure),
            };
        }
        if !ready {
            return self.silence(now, since, heard);
        }
        if let Some(played) = self.act(now, (last, since), heard) {
            return played;
        }
        if !self.course.has_ended(heard)
            && let Some(played) = self.await_end(now, since)
        {
            return played;
        }
        Played::Done { lines: self.course.matcher.matched(), leave: true }
    }

    fn patience(&self) -> Option<Duration> {
        self.tape.how.timeout
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn cut_short(&self, heard: &Heard<'_>) -> Option<Box<Failure>> {
        self.tape.how.timeout?; // who stays is to be ended at any time
        let item = self.course.matcher.awaited().or_else(|| self.following())?;
        let at = self.whereabouts();
        Some(missing(&at, &self.course, item, heard, "the mock was ended").1)
    }
}
