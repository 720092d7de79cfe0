//! Where a peer does something else than was recorded, or nothing.

use std::time::Duration;

use super::course::Course;
use super::manner::Finish;
use super::mismatch::{self, Told, Wanted, Whereabouts};
use super::part::Source;
use super::player::Player;
use crate::script::{Failure, Heard, Played};
use crate::units::{At, Human};

/// What there is to tell where the next that came on a conn is not expected; or that a pattern could
/// not be used.
pub(super) fn differs(
    at: &Whereabouts<'_>,
    course: &Course,
    heard: &Heard<'_>,
) -> Result<Told, Box<Failure>> {
    let bytes = course.next(heard).unwrap_or_default();
    if let Some((item, fault)) = course.matcher.fault() {
        return Err(Box::new(mismatch::unusable(at.file, course.sources[*item].first(), fault)));
    }
    let Some(item) = course.matcher.nearest(&bytes) else {
        return Ok(at.extra(course.sources.last().map_or(0, Source::last), &bytes));
    };
    let wanted = Wanted { item: &course.matcher.items()[item], source: &course.sources[item] };
    if course.has_ended(heard) && wanted.item.bytes().starts_with(&bytes) {
        return Ok(at.missing(wanted, "the peer has ended", &bytes));
    }
    let by_end = course.matcher.differs_by_end(item, &bytes);
    Ok(at.differs(wanted, &bytes, by_end))
}

/// How long something is waited for that took `delay` when it was recorded: for `timeout`, and where that
/// was longer, for both.
pub(super) fn patience(timeout: Duration, delay: Duration) -> Duration {
    if delay > timeout { timeout + delay } else { timeout }
}

/// Why what was waited for on a conn so long is waited for no longer.
pub(super) fn overdue(course: &Course, heard: &Heard<'_>, limit: Duration) -> String {
    let what = course.next(heard).map_or("nothing", |_| "only a part of it");
    format!("{what} came within {}", Human(limit))
}

/// What there is to tell where an item did not come on a conn.
pub(super) fn missing(
    at: &Whereabouts<'_>,
    course: &Course,
    item: usize,
    heard: &Heard<'_>,
    why: &str,
) -> Told {
    let wanted = Wanted { item: &course.matcher.items()[item], source: &course.sources[item] };
    at.missing(wanted, why, &course.next(heard).unwrap_or_default())
}

impl Player {
    /// What came is not what is expected.
    pub(super) fn differs(&mut self, index: usize, heard: &Heard<'_>) -> Played {
        match differs(&self.whereabouts(index), &self.courses[index], heard) {
            Ok(told) => self.tell(told),
            Err(failure) => Played::Failed(failure),
        }
    }

    /// Nothing has come: wait, or say why not.
    pub(super) fn silence(&mut self, now: At, index: usize, heard: &Heard<'_>) -> Played {
        let course = &self.courses[index];
        let Some(item) = course.matcher.awaited() else { return Played::Wait(now) };
        let limit = self.patience(course.sources[item].delay);
        let until = self.waits_since(now, heard) + limit;
        let course = &self.courses[index];
        let why = if course.has_ended(heard) {
            "the peer has ended".to_owned()
        } else if until <= now {
            overdue(course, heard, limit)
        } else {
            return Played::Wait(self.look_by(now, until));
        };
        let told = missing(&self.whereabouts(index), course, item, heard, &why);
        self.tell(told)
    }

    /// Since when the peers have had to do something: since they did something last, or took something.
    pub(super) fn waits_since(&mut self, now: At, heard: &Heard<'_>) -> At {
        heard.stirred.max(*self.since.get_or_insert(now))
    }

    /// How long something is waited for that took so long when it was recorded.
    fn patience(&self, delay: Duration) -> Duration {
        patience(self.manner.timeout, delay)
    }

    /// Tells of a difference, and fails then. What is told of where all is taken for right is not.
    pub(super) fn tell(&mut self, (mismatch, failure): Told) -> Played {
        self.failure = Some(if self.manner.bless {
            Box::new(mismatch::refused(*failure, self.blessing.len()))
        } else {
            failure
        });
        Played::Differs(mismatch)
    }

    /// Whether every peer is there, or has ended, as it was before the next thing that our side does.
    pub(super) fn check_ends(&mut self, now: At, heard: &Heard<'_>) -> Option<Played> {
        if self.manner.finish == Finish::Open {
            return None;
        }
        let (acts, event) = self.actions.peek().map(|(acts, action)| (*acts, action.event))?;
        for (index, course) in self.courses.iter().enumerate() {
            let ended = course.has_ended(heard);
            let was = course.end.as_ref().filter(|end| end.event < event);
            let at = self.whereabouts(index);
            let played = match was {
                Some(end) if !ended && self.may_end(course) => {
                    self.await_end(now, index, (end.event, end.delay), heard)
                }
                None if ended && index == acts => {
                    let told = at.closed(event);
                    self.tell(told)
                }
                _ => continue,
            };
            return Some(played);
        }
        None
    }

    /// Waits until a peer ends, which it did when this was recorded.
    pub(super) fn await_end(
        &mut self,
        now: At,
        index: usize,
        (event, delay): (usize, Duration),
        heard: &Heard<'_>,
    ) -> Played {
        let limit = match self.manner.finish {
            Finish::Close { linger, .. } if self.actions.peek().is_none() => linger.max(delay),
            _ => self.patience(delay),
        };
        let until = self.waits_since(now, heard) + limit;
        if now < until {
            return Played::Wait(self.look_by(now, until));
        }
        let at = self.whereabouts(index);
        let told = at.open(event, &format!("the peer has not ended within {}", Human(limit)));
        self.tell(told)
    }

    /// Where the replay is on a conn.
    pub(super) fn whereabouts(&self, index: usize) -> Whereabouts<'_> {
        Whereabouts {
            file: &self.file,
            transcript: &self.transcript,
            conn: self.courses[index].conn,
            several: self.courses.len() > 1,
            whole: self.manner.finish != Finish::Open,
            blesses: true,
            masks: self.courses[index].matcher.masks(),
            vars: self.courses[index].vars(),
            half_closed: self.courses[index].half_closed,
        }
    }

    /// When unfinished lines are to be looked at again, or then.
    pub(super) fn look_by(&self, now: At, until: At) -> At {
        self.courses.iter().filter_map(|course| course.ear.deadline(now)).fold(until, At::min)
    }
}
