//! Plays our side of recorded conns: a line is said once all that the peer said before it has been
//! heard again, or later.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::bless::Blessing;
use super::course::{Course, Turn};
use super::manner::{Finish, Manner};
use super::mismatch;
use super::part::{Doing, Part};
use super::sheet::{Actions, Sheet};
use super::words::words;
use crate::matching::{Capture, Vars};
use crate::script::{Failure, Heard, Play, Played};
use crate::session::Audience;
use crate::transcript::{Transcript, What};
use crate::units::{At, Pace};

/// Plays our side, and compares what the peer says.
#[derive(Debug)]
pub struct Player {
    pub(super) file: Arc<str>,
    pub(super) transcript: Arc<Transcript>,
    pub(super) manner: Manner,
    pub(super) courses: Vec<Course>,
    /// What our side does, on which of the courses, in order.
    pub(super) actions: Actions,
    /// How many items there are.
    expected: usize,
    pub(super) since: Option<At>,
    /// When our side did something last, and when that was recorded.
    acted: Option<(At, At)>,
    /// There are several conns, and patterns that use variables.
    shares: bool,
    /// How many conns are open, or are being opened.
    asked: usize,
    /// Why it fails, once the difference was told.
    pub(super) failure: Option<Box<Failure>>,
    pub(super) blessing: Blessing,
}

/// What a look at the conns came to.
pub(super) enum Looked {
    /// All that must come for now has come.
    Ready,
    /// Look again.
    Again,
    Played(Played),
}

impl Player {
    /// Plays what is on the sheet from its beginning, with these variables.
    pub(super) fn new(sheet: &Sheet, vars: &Vars, manner: Manner) -> Self {
        let course = |part: &Part| Course::new(part.clone(), sheet.masks.clone(), vars.clone());
        let courses: Vec<Course> = sheet.parts.iter().map(course).collect();
        Player {
            file: Arc::clone(&sheet.file),
            shares: courses.len() > 1 && courses.iter().any(Course::uses_variables),
            expected: sheet.parts.iter().map(|part| part.sources.len()).sum(),
            actions: sheet.actions(),
            transcript: Arc::clone(&sheet.transcript),
            manner,
            courses,
            since: None,
            acted: None,
            asked: 1,
            failure: None,
            blessing: Blessing::default(),
        }
    }

    /// Goes on at this action and this item, with nothing done on either side since then.
    pub(super) fn resume(&mut self, since: At, action: usize, item: usize, half_closed: bool) {
        self.actions.go_on_at(action);
        let at = self.actions.peek().map_or(At::START, |(_, action)| action.at);
        (self.since, self.acted) = (Some(since), Some((since, at)));
        for course in &mut self.courses {
            let item = item.min(course.matcher.items().len());
            course.matcher.go_on_at(item);
            course.turn.begin = item;
            course.half_closed = half_closed;
        }
    }

    /// Leaves behind what was said before a replay that begins in the middle.
    fn skip(&mut self, heard: &mut Heard<'_>) {
        let first = self.actions.peek().map_or(0, |(_, action)| action.event);
        for course in &mut self.courses {
            course.ear.skip(heard);
            let begin = course.items_before(first);
            course.matcher.go_on_at(begin);
            course.turn.begin = begin;
        }
    }

    /// Lets come what was recorded before the next thing that our side does.
    fn expect(&mut self) {
        let event = self.actions.peek().map_or(usize::MAX, |(_, action)| action.event);
        for course in &mut self.courses {
            course.matcher.expect_until(course.items_before(event));
        }
    }

    /// Compares what has come on every conn.
    fn hear(&mut self, now: At, heard: &mut Heard<'_>) -> Looked {
        while self.hear_all(now, heard) && self.shares && self.lend() {}
        if self.manner.bless {
            return self.hear_anew(now, heard);
        }
        let last = self.is_last();
        let is_odd = |course: &Course| course.refused && (!course.matcher.is_ready() || last);
        let odd =
            self.courses.iter().position(|course| is_odd(course) && !self.may_be_lent(course));
        if let Some(odd) = odd {
            return Looked::Played(self.differs(odd, heard));
        }
        match self.waiting(heard) {
            Some(waiting) => Looked::Played(self.silence(now, waiting, heard)),
            None => Looked::Ready,
        }
    }

    /// The conn to wait for: one whose peer has ended, since nothing more comes of it and others may wait
    /// for that; else the one whose line was recorded first.
    fn waiting(&self, heard: &Heard<'_>) -> Option<usize> {
        let waits = |course: &Course| !course.matcher.is_ready() && !self.may_be_lent(course);
        let waiting = self.courses.iter().enumerate().filter(|(_, course)| waits(course));
        let first = waiting.min_by_key(|(_, course)| {
            (!course.has_ended(heard), course.awaited().map(|(event, _)| event))
        });
        first.map(|(index, _)| index)
    }

    /// Compares what has come, once; whether some of it was as expected.
    fn hear_all(&mut self, now: At, heard: &mut Heard<'_>) -> bool {
        let mut progress = false;
        let hear = if self.manner.bless { Course::hear_and_keep } else { Course::hear };
        for course in &mut self.courses {
            if hear(course, now, heard) {
                self.since = Some(now);
                progress = true;
            }
        }
        progress
    }

    /// Lets patterns of each conn use what was captured on the others, the last that was; whether some
    /// of it is new there.
    fn lend(&mut self) -> bool {
        let is_new = |(_, course): &(usize, &Course)| !Arc::ptr_eq(&course.lent, &course.vars());
        let new = self.courses.iter().enumerate().filter(is_new);
        let new: Vec<(usize, Arc<Vars>)> =
            new.map(|(from, course)| (from, course.vars())).collect();
        let mut lent = false;
        for (from, vars) in &new {
            let others = self.courses.iter_mut().enumerate().filter(|(to, _)| to != from);
            lent = others.fold(lent, |lent, (_, course)| course.matcher.lend(vars) || lent);
        }
        if !new.is_empty() {
            self.courses.iter_mut().for_each(|course| course.lent = course.vars());
        }
        lent
    }

    /// Whether the pattern of what comes next uses what may still be captured on another conn.
    fn may_be_lent(&self, course: &Course) -> bool {
        let Some((event, true)) = course.awaited() else { return false };
        let awaits = |other: &Course| other.awaited().is_some_and(|(earlier, _)| earlier < event);
        self.courses.iter().any(|other| !other.matcher.is_ready() && awaits(other))
    }

    /// Whether our side has nothing more to do.
    pub(super) fn is_last(&mut self) -> bool {
        self.actions.peek().is_none() && self.manner.finish != Finish::Open
    }

    /// Does the next thing that our side did, unless it is too early.
    fn act(&mut self, now: At, heard: &Heard<'_>) -> Played {
        if let Some(played) = self.check_ends(now, heard) {
            return played;
        }
        if let Some(due) = self.due().filter(|due| now < *due) {
            return Played::Wait(self.look_by(now, due));
        }
        let Some((index, action)) = self.actions.next() else { return Played::Wait(now) };
        let at = self.transcript.events.get(action.event - 1).map_or(action.at, |event| event.at);
        self.acted = Some((now, at));
        self.since = None;
        for course in &mut self.courses {
            // What may be missing and has not come may come yet.
            let begin = course.matcher.reached();
            course.turn = Turn { begin, behind: action.event, ..Turn::default() };
        }
        let to = self.courses[index].ear.with.unwrap_or(heard.to);
        match action.what {
            Doing::Open => {
                self.asked += 1;
                Played::Open(conn_name(&self.file, index))
            }
            Doing::HalfClose if self.half_closes(index) => Played::Shutdown(to),
            Doing::HalfClose | Doing::Reset | Doing::Close => Played::Wait(now),
            what => match self.say(index, action.event, what) {
                Ok(bytes) => Played::Say { to, bytes },
                Err(failure) => Played::Failed(failure),
            },
        }
    }

    /// The bytes of a line, and of all lines that follow it at once.
    fn say(&mut self, index: usize, event: usize, what: Doing) -> Result<Bytes, Box<Failure>> {
        let first = self.words(index, event, what)?;
        if self.manner.pace != Pace::Wait {
            return Ok(first);
        }
        let mut all = BytesMut::from(&*first);
        while let Some((other, next)) = self.actions.peek()
            && *other == index
            && next.what.says()
            && self
                .courses
                .iter()
                .all(|course| course.items_before(event) == course.items_before(next.event))
            && let Some((_, next)) = self.actions.next()
        {
            all.extend_from_slice(&self.words(index, next.event, next.what)?);
        }
        Ok(all.freeze())
    }

    /// What our side says in an event.
    fn words(&self, index: usize, event: usize, what: Doing) -> Result<Bytes, Box<Failure>> {
        match what {
            Doing::Say(bytes) => Ok(bytes),
            Doing::Send(template, eol) => {
                let encoding = self.courses[index].matcher.masks().encoding();
                words((&self.file, event), (&template, eol), &self.vars(index), encoding)
            }
            Doing::HalfClose | Doing::Reset | Doing::Close | Doing::Open => Ok(Bytes::new()),
        }
    }

    /// The variables: what was captured on any conn, on this one before others.
    fn vars(&self, index: usize) -> Vars {
        let mut vars = Vars::clone(&self.courses[index].vars());
        for course in &self.courses {
            vars.add_captured(&course.vars());
        }
        vars
    }

    /// When the next thing is to be done, if that is given.
    fn due(&mut self) -> Option<At> {
        if self.manner.pace == Pace::Wait {
            return None;
        }
        let (_, action) = self.actions.peek()?;
        let (acted, recorded) = self.acted?;
        let gap = match self.manner.max_idle {
            None => action.at.since(recorded),
            Some(most) => {
                let between = self.transcript.events.iter().take(action.event);
                let times: Vec<At> = between
                    .rev()
                    .map(|event| event.at)
                    .take_while(|at| *at > recorded)
                    .chain([recorded])
                    .collect();
                times.windows(2).map(|pair| pair[0].since(pair[1]).min(most)).sum()
            }
        };
        Some(acted + self.manner.pace.silence(gap))
    }

    /// Whether our side is to end now on a conn: where it is wanted at all, and once.
    fn half_closes(&mut self, index: usize) -> bool {
        let course = &mut self.courses[index];
        self.manner.half_closes() && !std::mem::replace(&mut course.half_closed, true)
    }

    /// Whether the peer can end as it did: it may have waited for the end of our side.
    pub(super) fn may_end(&self, course: &Course) -> bool {
        self.manner.half_closes() || !course.ended_first
    }

    /// All was played.
    fn end(&mut self, now: At, heard: &Heard<'_>) -> Played {
        let lines = self.matched();
        let Finish::Close { linger, .. } = self.manner.finish else {
            return Played::Done { lines, leave: false };
        };
        if self.expected == 0 {
            return Played::Failed(Box::new(mismatch::nothing_checked(&self.file)));
        }
        let many = self.courses.len();
        if (0..many).filter(|index| self.half_closes(*index)).count() > 0 {
            self.since = Some(now);
            return Played::Shutdown(Audience::All);
        }
        let talking = |course: &Course| !course.has_ended(heard);
        if let Some((index, end)) = self.courses.iter().enumerate().find_map(|(index, course)| {
            let expected = talking(course) && self.may_end(course);
            Some((index, course.end.clone().filter(|_| expected)?))
        }) {
            return self.await_end(now, index, (end.event, end.delay), heard);
        }
        let until = self.waits_since(now, heard) + linger;
        if self.courses.iter().any(talking) && now < until {
            return Played::Wait(self.look_by(now, until));
        }
        if self.manner.bless
            && let Some(changes) = self.blessing.take_all()
        {
            return Played::Bless { changes, version: self.blessing.version };
        }
        Played::Done { lines, leave: true }
    }

    /// Finds out whom conns are with that were opened meanwhile.
    fn meet(&mut self, heard: &Heard<'_>) -> bool {
        for (index, course) in self.courses.iter_mut().enumerate() {
            if course.ear.with.is_none() {
                course.ear.with = match index {
                    0 => Some(heard.to),
                    _ => heard.named(&conn_name(&self.file, index)).map(Audience::One),
                };
            }
        }
        // Conns are opened one after the other, and nothing is done before they stand.
        let standing = self.courses.iter().filter(|course| course.ear.with.is_some()).count();
        standing >= self.asked
    }
}

impl Play for Player {
    fn advance(&mut self, now: At, heard: &mut Heard<'_>) -> Played {
        if let Some(failure) = self.failure.take() {
            return Played::Failed(failure);
        }
        if !self.meet(heard) {
            return Played::Wait(now + self.manner.timeout);
        }
        if std::mem::take(&mut self.manner.from_now) {
            self.skip(heard);
        }
        if self.acted.is_none() {
            let first = self.courses.first().map_or(1, |course| course.opened.max(1));
            let at = self.transcript.events.get(first - 1).map_or(At::START, |event| event.at);
            self.acted = Some((now, at));
        }
        loop {
            self.expect();
            match self.hear(now, heard) {
                Looked::Played(played) => return played,
                Looked::Again => continue,
                Looked::Ready => {}
            }
            if self.actions.peek().is_none() {
                return self.end(now, heard);
            }
            match self.act(now, heard) {
                // What was to be done is done already.
                Played::Wait(at) if at == now => {}
                played => return played,
            }
        }
    }

    fn captured(&self) -> Vec<Capture> {
        self.courses
            .iter()
            .flat_map(|course| course.vars().captures().collect::<Vec<_>>())
            .collect()
    }

    fn matched(&self) -> u64 {
        self.courses.iter().map(|course| course.matcher.matched()).sum()
    }

    fn breaks(&self) -> bool {
        let ends = self.courses.iter().filter_map(|course| course.end.as_ref());
        let mut events = ends.filter_map(|end| self.transcript.events.get(end.event - 1));
        events.any(|event| matches!(&event.what, What::Close { how, .. } if how != "eof"))
    }

    fn patience(&self) -> Option<Duration> {
        Some(self.manner.timeout)
    }

    fn name(&self) -> &str {
        &self.file
    }
}

/// What a conn is called that the replay opens.
fn conn_name(file: &str, index: usize) -> String {
    format!("{file}#{}", index + 1)
}
