//! Waiting for several lines that come in any order: `/all … /end`.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::block::Item;
use super::failure::{Circumstances, STRICT, Unmet};
use super::lines_read::{Fate, LinesRead, Marked, Seen, Sought};
use super::shares::{Given, Shares};
use super::used::Used;
use super::wait::Looked;
use super::{Block, Failure, Place, Report, Runner, ScriptFault};
use crate::command::Mark;
use crate::matching::{Pattern, Vars};
use crate::session::Audience;
use crate::units::{At, Human};
use crate::wire::ConnId;

/// How many of the patterns that have no line are compared with those that came.
const LOOKED_AT: usize = 8;

/// A block that waits for its lines.
pub(super) struct Gathering {
    items: Vec<Wanted>,
    /// Which line each of them has.
    shares: Shares,
    /// Lines that are one that must come.
    taken: Vec<Taken>,
    from: Audience,
    since: At,
    limit: Duration,
    strict: bool,
    heard: LinesRead,
}

/// A pattern of the block.
struct Wanted {
    mark: Mark,
    pattern: Arc<Pattern>,
    /// As it was written, and where.
    written: String,
    place: Place,
    used: Used,
}

/// A line that a pattern has.
struct Taken {
    text: Bytes,
    conn: ConnId,
    /// Which of the ended lines of its conn it is, if it has ended.
    ordinal: Option<u64>,
}

impl Gathering {
    /// Begins to wait for the lines of `block`, which begins at `head`.
    pub(super) fn new(
        (now, limit, from): (At, Duration, Audience),
        block: &Block,
        head: &Place,
        vars: &Vars,
        strict: bool,
    ) -> Result<Self, ScriptFault> {
        let wanted = |item: &Item| {
            let place = item.place(head);
            let pattern = item.pattern.pattern(vars).map_err(|fault| place.fault(fault))?;
            Ok(Wanted {
                mark: item.mark,
                pattern: Arc::new(pattern),
                written: item.pattern.template().source().to_owned(),
                used: Used::of(item.pattern.template(), vars),
                place,
            })
        };
        let items = block.items.iter().map(wanted).collect::<Result<Vec<_>, ScriptFault>>()?;
        let (shares, taken, heard) = (Shares::new(items.len()), Vec::new(), LinesRead::default());
        Ok(Gathering { items, shares, taken, from, since: now, limit, strict, heard })
    }

    pub(super) fn deadline(&self) -> At {
        self.since + self.limit
    }

    /// The lines that it has read.
    pub(super) fn heard(&self) -> &LinesRead {
        &self.heard
    }

    /// When it began, how long it may last, and whom it reads from.
    pub(super) fn span(&self) -> (At, Duration, Audience) {
        (self.since, self.limit, self.from)
    }

    /// Reads lines until all that must come have.
    pub(super) fn look(&mut self, now: At, runner: &mut Runner) -> Looked {
        while self.missing().next().is_some() {
            let Some(line) = runner.unread.next(self.from).filter(|line| line.whole) else {
                return self.wait_on(now, runner);
            };
            let text = line.text();
            if let Some(item) = self.matching(Mark::MustNot, &text).next() {
                return Looked::Failed(self.forbidden(now, runner, item));
            }
            let (conn, len) = (line.conn, line.bytes.len());
            let fate = self.take(runner);
            runner.unread.consume(conn, len);
            if self.strict && fate == Fate::Skipped {
                return Looked::Failed(self.unmet(now, runner, &Unmet::OtherLine));
            }
        }
        self.all_came(runner);
        Looked::Over
    }

    /// No line is there to be read; whether another can come.
    fn wait_on(&mut self, now: At, runner: &Runner) -> Looked {
        if now >= self.deadline() {
            return Looked::Failed(self.unmet(now, runner, &Unmet::TimedOut));
        }
        match runner.roster.ended(self.from) {
            Some(how) => {
                let why = Unmet::Ended(how.clone());
                Looked::Failed(self.unmet(now, runner, &why))
            }
            None => Looked::NotYet,
        }
    }

    /// The patterns that must have a line.
    fn must(&self) -> impl Iterator<Item = (usize, &Wanted)> {
        self.items.iter().enumerate().filter(|(_, item)| item.mark == Mark::Must)
    }

    /// Those of them that have none.
    fn missing(&self) -> impl Iterator<Item = &Wanted> {
        self.must().filter(|(index, _)| self.shares.of(*index).is_none()).map(|(_, item)| item)
    }

    /// The patterns with this mark that a line matches.
    fn matching(&self, mark: Mark, text: &[u8]) -> impl Iterator<Item = usize> {
        let items = self.items.iter().enumerate().filter(move |(_, item)| item.mark == mark);
        items.filter(move |(_, item)| item.pattern.find(text).is_some()).map(|(index, _)| index)
    }

    /// Gives the line that is next to be read to a pattern that wants it.
    fn take(&mut self, runner: &mut Runner) -> Fate {
        let Some(line) = runner.unread.next(self.from) else { return Fate::Skipped };
        let text = line.text();
        let must = self.matching(Mark::Must, &text).collect();
        let may = self.matching(Mark::May, &text).next();
        let ordinal = line.bytes.ends_with(b"\n").then_some(line.ordinal);
        let taken = Taken { text: Bytes::copy_from_slice(&text), conn: line.conn, ordinal };
        let given = self.shares.give(must, may);
        let fate = match &given {
            Given::Line(index, _) => Fate::Taken(*index),
            Given::May(item) => Fate::May(*item),
            Given::Nowhere => Fate::Skipped,
        };
        self.heard.note(&line, fate);
        if fate != Fate::Skipped {
            runner.failure.read(&line);
        }
        match given {
            Given::Line(_, moved) => {
                self.taken.push(taken);
                if let Some(moved) = moved {
                    self.items[moved.to].matched(runner, &self.taken[moved.line]);
                }
            }
            Given::May(item) => self.items[item].matched(runner, &taken),
            Given::Nowhere => {}
        }
        fate
    }

    /// Every line that must come has come: what their groups found becomes variables, in the order of
    /// the block.
    fn all_came(&mut self, runner: &mut Runner) {
        runner.failure.skipped(mem::take(&mut self.heard));
        for (index, item) in self.must() {
            if let Some(line) = self.shares.of(index) {
                item.matched(runner, &self.taken[line]);
            }
        }
    }

    /// The line of the script in which the pattern stands that has a line.
    fn holder(&self, fate: Fate) -> Option<u64> {
        let item = match fate {
            Fate::Skipped => return None,
            Fate::Taken(line) => self.shares.holder(line),
            Fate::May(item) => item,
        };
        Some(self.items[item].place.line)
    }

    fn told<'a>(&self, now: At, runner: &'a Runner, place: &Place) -> Circumstances<'a> {
        runner.circumstances(now, self.since, self.limit, self.from, place)
    }

    /// A line came that must not.
    fn forbidden(&self, now: At, runner: &Runner, item: usize) -> Box<Failure> {
        let item = &self.items[item];
        let told = self.told(now, runner, &item.place);
        let mut report = Report::quoting("a line matched", &item.written, ", which must not come")
            .at(item.place.clone())
            .label(format!("{} said:", told.view.speaker()));
        report = self.heard.last_of(report, &told.view, &|fate| self.holder(fate));
        if let Some(line) = runner.unread.next(self.from) {
            let seen = Seen::of(&line);
            let part = item.pattern.place(seen.text()).unwrap_or_default();
            report = told.view.line(report, &seen, Marked::Unwanted(part));
        }
        Box::new(runner.failure.unmet(item.used.add_to(report), &Unmet::OtherLine, &told))
    }

    /// Some line did not come, or one came that is none of them.
    fn unmet(&self, now: At, runner: &Runner, why: &Unmet) -> Box<Failure> {
        let mut told = self.told(now, runner, &self.items[0].place);
        let unfinished = told.unfinished.as_ref();
        let missing: Vec<&Wanted> = self.missing().collect();
        let near = |item: &&&Wanted| self.heard.has_near(&item.pattern, unfinished);
        // A block is over as soon as none is missing.
        let first = missing
            .iter()
            .take(LOOKED_AT)
            .find(near)
            .or(missing.first())
            .copied()
            .unwrap_or(&self.items[0]);
        let left = format!("{} of {} lines of `/all`", missing.len(), self.must().count());
        let headline = match why {
            Unmet::TimedOut => format!("{left} did not come within {}", Human(self.limit)),
            Unmet::OtherLine => "a line came that `/all` has no use for".to_owned(),
            Unmet::Ended(how) => format!("{} before {left}", told.view.ended(how)),
        };
        told.place = first.place.clone();
        let sought =
            Sought { pattern: &first.pattern, holder: &|fate| self.holder(fate), unfinished };
        let mut report = runner.failure.lines(Report::new(headline), &self.heard, &sought, &told);
        if unfinished.is_some() {
            report = report.note("(the last line has not ended)");
        }
        for item in missing.iter().filter(|item| item.place.line != first.place.line) {
            let line = item.place.line;
            report = report.note(format!("(line {line} is missing too: {})", item.written));
        }
        if matches!(why, Unmet::OtherLine) {
            report = self.one_too_many(report).note(STRICT);
        }
        Box::new(runner.failure.unmet(first.used.add_to(report), why, &told))
    }

    /// Tells whose line the last one would be, had it none already.
    fn one_too_many(&self, report: Report) -> Report {
        let last = self.heard.last().map(Seen::text).unwrap_or_default();
        let Some(item) = self.matching(Mark::Must, last).next().map(|index| &self.items[index])
        else {
            return report;
        };
        let line = item.place.line;
        report.note(format!("(line {line} has what it wants already: {})", item.written))
    }
}

impl Wanted {
    /// Takes over what the groups of the pattern found in a line.
    fn matched(&self, runner: &mut Runner, line: &Taken) {
        let captures = self.pattern.find(&line.text).unwrap_or_default();
        runner.settings.vars.capture_all(&captures);
        if let Some(ordinal) = line.ordinal {
            runner.want(line.conn, ordinal, &self.pattern);
        }
    }
}
