//! What a step waits for.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::playing::Playing;
use super::{Failure, Place, Runner, Span, Unread, failure};
use crate::matching::{Capture, Pattern};
use crate::session::{Audience, Ending};
use crate::units::At;
use crate::wire::{ConnId, Line};

/// What a step waits for.
pub(super) enum Wait {
    /// A line.
    Expect(Expecting),
    /// The end of the peer.
    Eof { from: Audience, since: At, limit: Duration },
    /// Nothing at all, until then.
    Quiet { from: Audience, since: At, limit: Duration },
    /// A time.
    Sleep { until: At },
    /// So many peers in all.
    Accept { count: u64, since: At, limit: Duration },
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
    pub(super) since: At,
    pub(super) limit: Duration,
    /// Lines that did not match: the last of them, and how many in all.
    pub(super) skipped: VecDeque<Box<[u8]>>,
    pub(super) skips: u64,
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
            Wait::Sleep { .. } => late.then_some(Ok(())),
            Wait::Accept { count, .. } => {
                let come = runner.roster.joined >= *count;
                come.then_some(Ok(()))
                    .or(late.then(|| Err(failure::accept(*count, runner.roster.joined))))
            }
            Wait::Eof { from, .. } => match runner.roster.ended(*from) {
                Some(Ending::Eof) => Some(Ok(())),
                Some(how) => Some(Err(failure::broken(how))),
                None => late.then(|| Err(failure::eof())),
            },
            Wait::Quiet { from, .. } => match runner.unread.next(*from) {
                Some(line) => Some(Err(failure::quiet(line.bytes))),
                None => late.then_some(Ok(())),
            },
            Wait::Play(playing) => return playing.look(now, runner),
        };
        match seen {
            None => Looked::NotYet,
            Some(Ok(())) => Looked::Over,
            Some(Err(fault)) => {
                let limit = self.limit();
                Looked::Failed(Box::new(runner.failure.wait(fault, place.clone(), limit)))
            }
        }
    }

    fn limit(&self) -> Duration {
        match self {
            Wait::Expect(expecting) => expecting.limit,
            Wait::Eof { limit, .. } | Wait::Quiet { limit, .. } | Wait::Accept { limit, .. } => {
                *limit
            }
            Wait::Sleep { .. } | Wait::Play(_) => Duration::ZERO,
        }
    }
}

impl Expecting {
    fn look(&mut self, now: At, runner: &mut Runner, place: &Place) -> Looked {
        let fault = match self.read(&mut runner.unread) {
            Read::Matched(captures, line) => {
                self.matched(runner, &captures, line);
                return Looked::Over;
            }
            Read::Missed => failure::Unmet::OtherLine,
            Read::NotYet if now >= self.since + self.limit => failure::Unmet::TimedOut,
            Read::NotYet => match runner.roster.ended(self.from) {
                Some(how) => failure::Unmet::Ended(how.clone()),
                None => return Looked::NotYet,
            },
        };
        let unfinished = runner.unread.next(self.from).filter(|line| !line.whole);
        let unfinished = unfinished.map(|line| Box::from(line.bytes));
        Looked::Failed(Box::new(runner.failure.expect(self, &fault, unfinished, place.clone())))
    }

    fn matched(&mut self, runner: &mut Runner, captures: &[Capture], line: Option<(ConnId, u64)>) {
        runner.failure.skipped(self.skips, self.skipped.pop_back());
        for capture in captures {
            runner.settings.vars.capture(capture);
        }
        if self.pattern.has_groups()
            && let (Some((conn, ordinal)), Some(regex)) = (line, self.pattern.regex())
        {
            runner.want(conn, ordinal, regex.to_owned());
        }
    }

    /// Reads lines until one matches or none is left.
    fn read(&mut self, unread: &mut Unread) -> Read {
        while let Some(line) = unread.next(self.from) {
            if !line.whole {
                return self.read_unfinished(unread);
            }
            let (conn, len) = (line.conn, line.bytes.len());
            let text = Line::cut(line.bytes).text;
            if let Some(captures) = self.pattern.find(text) {
                let line = line.bytes.ends_with(b"\n").then_some((conn, line.ordinal));
                unread.consume(conn, len);
                return Read::Matched(captures, line);
            }
            self.skip(text.into());
            unread.consume(conn, len);
            if self.next {
                return Read::Missed;
            }
        }
        Read::NotYet
    }

    /// Reads a line that has not ended, if that is wanted and it matches.
    fn read_unfinished(&self, unread: &mut Unread) -> Read {
        if !self.partial {
            return Read::NotYet;
        }
        let found = unread
            .unfinished(self.from)
            .find_map(|line| Some((self.pattern.find(line.bytes)?, line.conn, line.bytes.len())));
        let Some((captures, conn, len)) = found else { return Read::NotYet };
        unread.consume(conn, len);
        Read::Matched(captures, None)
    }

    fn skip(&mut self, text: Box<[u8]>) {
        self.skips += 1;
        if self.skipped.len() == failure::LINES_TOLD {
            self.skipped.pop_front();
        }
        self.skipped.push_back(text);
    }
}
