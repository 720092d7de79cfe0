//! What a step waits for.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::all::Gathering;
use super::failure::{self, Circumstances, Unmet};
use super::lines_read::{Fate, LinesRead, Seen, View};
use super::playing::Playing;
use super::used::Used;
use super::{Failure, Place, Runner, Span};
use crate::matching::{Capture, Pattern};
use crate::session::{Audience, Ending};
use crate::units::At;
use crate::wire::{ConnId, Eol};

/// How many unread lines are told where `/expect-eof` fails.
const UNREAD_TOLD: usize = 3;

/// What a step waits for.
pub(super) enum Wait {
    /// A line.
    Expect(Expecting),
    /// Several lines, in any order.
    All(Box<Gathering>),
    /// The end of the peer.
    Eof { from: Audience, since: At, limit: Duration },
    /// Nothing at all, until then; whether something was unread when it began.
    Quiet { from: Audience, since: At, limit: Duration, unread: bool },
    /// A time.
    Sleep { until: At },
    /// So many peers in all.
    Accept { count: u64, since: At, limit: Duration },
    /// The conn of this name.
    Open { name: String },
    /// TLS on this conn; whether it is agreed upon.
    Secure { conn: ConnId, done: bool },
    /// The end of what plays our side.
    Play(Playing),
}

/// What looking came to.
pub(super) enum Looked {
    NotYet,
    Over,
    Failed(Box<Failure>),
}

/// An `/expect` that has not matched yet.
pub(super) struct Expecting {
    pub(super) pattern: Arc<Pattern>,
    /// The pattern as it was written, for the report.
    pub(super) written: String,
    /// Where it stands in its line.
    pub(super) span: Span,
    /// It is literal text.
    pub(super) exact: bool,
    pub(super) from: Audience,
    /// The very next line, or none.
    pub(super) next: bool,
    /// A line that has not ended may match.
    pub(super) partial: bool,
    /// No line may be skipped.
    pub(super) strict: bool,
    /// The variables in the pattern.
    pub(super) used: Used,
    pub(super) since: At,
    pub(super) limit: Duration,
    /// Lines that did not match.
    pub(super) heard: LinesRead,
}

/// What reading came to.
enum Read {
    NotYet,
    /// A line matched; which of the ended lines of its conn it was, if it has ended.
    Matched(Vec<Capture>, Option<(ConnId, u64)>),
    /// The very next line came, and was another.
    Missed,
}

impl Wait {
    /// When to look again even if nothing comes.
    pub(super) fn deadline(&self, runner: &Runner) -> Option<At> {
        match self {
            Wait::Play(playing) => playing.deadline(runner),
            Wait::Open { .. } | Wait::Secure { .. } => None,
            Wait::All(gathering) => Some(gathering.deadline()),
            Wait::Sleep { until } => Some(*until),
            Wait::Expect(Expecting { since, limit, .. })
            | Wait::Eof { since, limit, .. }
            | Wait::Quiet { since, limit, .. }
            | Wait::Accept { since, limit, .. } => Some(*since + *limit),
        }
    }

    /// Looks whether it has come.
    pub(super) fn look(&mut self, now: At, runner: &mut Runner, place: &Place) -> Looked {
        let late = self.deadline(runner).is_some_and(|at| at <= now);
        let seen = match self {
            Wait::Expect(expecting) => return expecting.look(now, runner, place),
            Wait::All(gathering) => return gathering.look(now, runner),
            Wait::Sleep { .. } => late.then_some(Ok(())),
            Wait::Secure { done, .. } => done.then_some(Ok(())),
            Wait::Open { name } => runner.roster.is_here(name).then_some(Ok(())),
            Wait::Accept { count, .. } => {
                let joined = runner.joined();
                let come = joined >= *count;
                come.then_some(Ok(())).or(late.then(|| Err(failure::accept(*count, joined))))
            }
            Wait::Eof { from, since, .. } => {
                let view = runner.view(*since, *from);
                match runner.roster.ended(*from) {
                    Some(Ending::Eof) => Some(Ok(())),
                    Some(how) => Some(Err(failure::broken(&view, how))),
                    None => late.then(|| Err(failure::eof(&view, runner.last_unread(*from)))),
                }
            }
            Wait::Quiet { from, since, unread, .. } => match runner.unread.next(*from) {
                Some(line) => {
                    let view = runner.view(*since, *from);
                    Some(Err(failure::quiet(&view, Seen::of(&line), *unread)))
                }
                None => late.then_some(Ok(())),
            },
            Wait::Play(playing) => return playing.look(now, runner),
        };
        match seen {
            None => Looked::NotYet,
            Some(Ok(())) => Looked::Over,
            Some(Err(lapse)) => {
                let (since, limit, from) = self.span(now, runner.to);
                let told = runner.circumstances(now, since, limit, from, place);
                Looked::Failed(Box::new(runner.failure.wait(lapse, &told)))
            }
        }
    }

    /// How much of what the peer was to say has come, where all of it has.
    pub(super) fn met(&self) -> u64 {
        match self {
            Wait::Expect(_) | Wait::All(_) => 1,
            _ => self.met_so_far(),
        }
    }

    /// The same where more is to come.
    pub(super) fn met_so_far(&self) -> u64 {
        if let Wait::Play(playing) = self { playing.matched() } else { 0 }
    }

    /// The lines that it has read.
    pub(super) fn heard(&self) -> Option<&LinesRead> {
        match self {
            Wait::Expect(expecting) => Some(&expecting.heard),
            Wait::All(gathering) => Some(gathering.heard()),
            _ => None,
        }
    }

    /// When it began, how long it may last, and whom it reads from.
    fn span(&self, now: At, to: Audience) -> (At, Duration, Audience) {
        match self {
            Wait::Expect(Expecting { from, since, limit, .. })
            | Wait::Eof { from, since, limit }
            | Wait::Quiet { from, since, limit, .. } => (*since, *limit, *from),
            Wait::All(gathering) => gathering.span(),
            Wait::Accept { since, limit, .. } => (*since, *limit, to),
            Wait::Sleep { .. } | Wait::Open { .. } | Wait::Secure { .. } | Wait::Play(_) => {
                (now, Duration::ZERO, to)
            }
        }
    }
}

impl Expecting {
    fn look(&mut self, now: At, runner: &mut Runner, place: &Place) -> Looked {
        let why = match self.read(runner) {
            Read::Matched(captures, line) => {
                self.matched(runner, &captures, line);
                return Looked::Over;
            }
            Read::Missed => Unmet::OtherLine,
            Read::NotYet if now >= self.since + self.limit => Unmet::TimedOut,
            Read::NotYet => match runner.roster.ended(self.from) {
                Some(how) => Unmet::Ended(how.clone()),
                None => return Looked::NotYet,
            },
        };
        let told = runner.circumstances(now, self.since, self.limit, self.from, place);
        Looked::Failed(Box::new(runner.failure.expect(self, &why, &told)))
    }

    fn matched(&mut self, runner: &mut Runner, captures: &[Capture], line: Option<(ConnId, u64)>) {
        runner.failure.skipped(mem::take(&mut self.heard));
        runner.settings.vars.capture_all(captures);
        if let Some((conn, ordinal)) = line {
            runner.want(conn, ordinal, &self.pattern);
        }
    }

    /// Reads lines until one matches or none is left.
    fn read(&mut self, runner: &mut Runner) -> Read {
        while let Some(line) = runner.unread.next(self.from) {
            if !line.whole {
                return self.read_unfinished(runner);
            }
            let (conn, len) = (line.conn, line.bytes.len());
            if let Some(captures) = self.pattern.find(&line.text()) {
                let ended = line.bytes.ends_with(b"\n").then_some((conn, line.ordinal));
                runner.failure.read(&line);
                runner.unread.consume(conn, len);
                return Read::Matched(captures, ended);
            }
            self.heard.note(&line, Fate::Skipped);
            runner.unread.consume(conn, len);
            if self.next || self.strict {
                return Read::Missed;
            }
        }
        Read::NotYet
    }

    /// Reads a line that has not ended, if that is wanted and it matches.
    fn read_unfinished(&self, runner: &mut Runner) -> Read {
        if !self.partial {
            return Read::NotYet;
        }
        let found = runner
            .unread
            .unfinished(self.from)
            .find_map(|line| Some((self.pattern.find(&line.encoding.text(line.bytes))?, line)));
        let Some((captures, line)) = found else { return Read::NotYet };
        let conn = line.conn;
        runner.failure.read(&line);
        runner.unread.read_unfinished(conn);
        Read::Matched(captures, None)
    }
}

impl Runner {
    /// What there is to tell about a wait that began at `since` and is over.
    pub(super) fn circumstances(
        &self,
        now: At,
        since: At,
        limit: Duration,
        from: Audience,
        place: &Place,
    ) -> Circumstances<'_> {
        let unfinished = self.unread.next(from).filter(|line| !line.whole);
        let unfinished = unfinished.map(|line| Seen::of(&line));
        let view = self.view(since, from);
        let elsewhere = self.unread_elsewhere(from);
        let lf = self.settings.eol == Eol::Lf && self.unanswered.wants_another_end(from);
        Circumstances { place: place.clone(), view, now, limit, unfinished, elsewhere, lf }
    }

    /// How lines look from a wait that began at `since`.
    pub(super) fn view(&self, since: At, from: Audience) -> View<'_> {
        View { since, from, roster: &self.roster }
    }

    /// The lines of `from` that came last and are unread.
    fn last_unread(&self, from: Audience) -> Vec<Seen> {
        let mut last = VecDeque::new();
        for next in self.unread.all_lines(from) {
            last.push_back(Seen::of(&next));
            if last.len() > UNREAD_TOLD {
                last.pop_front();
            }
        }
        last.into()
    }

    /// A conn that is not meant and has unread lines, and how many: perhaps they were waited for.
    fn unread_elsewhere(&self, from: Audience) -> Option<(String, u64)> {
        let Audience::One(meant) = from else { return None };
        let (conn, lines) =
            self.unread.conns().find(|(conn, lines)| *conn != meant && *lines > 0)?;
        Some((self.roster.name(conn)?.to_owned(), lines))
    }
}
