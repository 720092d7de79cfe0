//! Waiting for several lines that come in any order: `/all … /end`.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::block::Item;
use super::failure::{Circumstances, Unmet, ended};
use super::skipped::Skipped;
use super::used::Used;
use super::wait::Looked;
use super::{Block, Failure, Place, Report, Runner, ScriptFault};
use crate::command::{Fault, Mark};
use crate::matching::{Pattern, Vars};
use crate::session::Audience;
use crate::units::{At, Human};
use crate::wire::{ConnId, Line, Visible};

/// A block that waits for its lines.
pub(super) struct Gathering {
    items: Vec<Wanted>,
    /// Lines that are one that must come.
    taken: Vec<Taken>,
    from: Audience,
    since: At,
    limit: Duration,
    strict: bool,
    skipped: Skipped,
}

/// A pattern of the block.
struct Wanted {
    mark: Mark,
    pattern: Arc<Pattern>,
    /// As it was written, and where.
    written: String,
    place: Place,
    used: Used,
    /// Which of the taken lines it has, where it must have one.
    has: Option<usize>,
}

/// A line, and the patterns that it could be for.
struct Taken {
    text: Bytes,
    conn: ConnId,
    /// Which of the ended lines of its conn it is, if it has ended.
    ordinal: Option<u64>,
    fits: Vec<usize>,
}

/// What a line came to.
enum Fate {
    Wanted,
    /// By this pattern it must not have come.
    Forbidden(usize),
    Skipped,
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
            let fault = |fault: Fault| {
                let place = Place { span: fault.span, ..place.clone() };
                ScriptFault { place, what: fault.what }
            };
            Ok(Wanted {
                mark: item.mark,
                pattern: Arc::new(item.pattern.pattern(vars).map_err(fault)?),
                written: item.pattern.template().source().to_owned(),
                used: Used::of(item.pattern.template(), vars),
                place,
                has: None,
            })
        };
        let items = block.items.iter().map(wanted).collect::<Result<_, ScriptFault>>()?;
        let (taken, skipped) = (Vec::new(), Skipped::default());
        Ok(Gathering { items, taken, from, since: now, limit, strict, skipped })
    }

    pub(super) fn deadline(&self) -> At {
        self.since + self.limit
    }

    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Reads lines until all that must come have.
    pub(super) fn look(&mut self, now: At, runner: &mut Runner) -> Looked {
        while self.is_missing_some() {
            let Some(line) = runner.unread.next(self.from).filter(|line| line.whole) else {
                return self.wait_on(now, runner);
            };
            let (conn, len) = (line.conn, line.bytes.len());
            match self.take(runner, conn) {
                Fate::Forbidden(item) => return Looked::Failed(self.forbidden(now, runner, item)),
                Fate::Skipped if self.strict => {
                    runner.unread.consume(conn, len);
                    return Looked::Failed(self.unmet(now, runner, &Unmet::OtherLine));
                }
                Fate::Wanted | Fate::Skipped => {}
            }
            runner.unread.consume(conn, len);
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

    fn is_missing_some(&self) -> bool {
        self.missing().next().is_some()
    }

    /// The patterns that must have a line, and have none.
    fn missing(&self) -> impl Iterator<Item = &Wanted> {
        self.items.iter().filter(|item| item.mark == Mark::Must && item.has.is_none())
    }

    /// Looks at the line that is next to be read.
    fn take(&mut self, runner: &mut Runner, conn: ConnId) -> Fate {
        let Some(line) = runner.unread.next(Audience::One(conn)) else { return Fate::Skipped };
        let text = Line::cut(line.bytes).text;
        let matches = |mark: Mark| {
            let items = self.items.iter().enumerate().filter(move |(_, item)| item.mark == mark);
            items.filter(|(_, item)| item.pattern.find(text).is_some()).map(|(index, _)| index)
        };
        if let Some(item) = matches(Mark::MustNot).next() {
            return Fate::Forbidden(item);
        }
        let fits: Vec<usize> = matches(Mark::Must).collect();
        let may = matches(Mark::May).next();
        let ordinal = line.bytes.ends_with(b"\n").then_some(line.ordinal);
        let taken = Taken { text: Bytes::copy_from_slice(text), conn, ordinal, fits };
        if self.place(taken) {
            runner.failure.read(&line);
            return Fate::Wanted;
        }
        let Some(may) = may else {
            self.skipped.skip(&line);
            return Fate::Skipped;
        };
        let (text, pattern) = (Bytes::copy_from_slice(text), Arc::clone(&self.items[may].pattern));
        runner.failure.read(&line);
        matched(runner, &pattern, &text, conn, ordinal);
        Fate::Wanted
    }

    /// Gives a line to a pattern that must have one, if need be by giving others theirs in another way:
    /// so it does not matter which pattern a line that fits several was given to at first.
    fn place(&mut self, line: Taken) -> bool {
        self.taken.push(line);
        let placed = self.give(self.taken.len() - 1, &mut vec![false; self.items.len()]);
        if !placed {
            self.taken.pop();
        }
        placed
    }

    /// Finds a pattern for the line; those that were tried are not tried again.
    fn give(&mut self, line: usize, tried: &mut [bool]) -> bool {
        for item in self.taken[line].fits.clone() {
            if std::mem::replace(&mut tried[item], true) {
                continue;
            }
            if self.items[item].has.is_none_or(|other| self.give(other, tried)) {
                self.items[item].has = Some(line);
                return true;
            }
        }
        false
    }

    /// Every line that must come has come: what their groups found becomes variables, in the order of
    /// the block.
    fn all_came(&mut self, runner: &mut Runner) {
        runner.failure.skipped(std::mem::take(&mut self.skipped));
        for item in &self.items {
            if let Some(line) = item.has.map(|line| &self.taken[line]) {
                matched(runner, &item.pattern, &line.text, line.conn, line.ordinal);
            }
        }
    }

    fn told<'a>(&self, now: At, runner: &'a Runner, place: &Place) -> Circumstances<'a> {
        runner.circumstances(now, self.since, self.limit, self.from, place)
    }

    /// A line came that must not.
    fn forbidden(&self, now: At, runner: &Runner, item: usize) -> Box<Failure> {
        let item = &self.items[item];
        let told = self.told(now, runner, &item.place);
        let line = runner.unread.next(self.from);
        let line = line.map(|line| Visible(Line::cut(line.bytes).text).to_string());
        let pattern = Visible(item.written.as_bytes());
        let report = Report::new(format!("a line matched `{pattern}`, which must not come"))
            .at(item.place.clone())
            .label(format!("the peer said: {}", line.unwrap_or_default()));
        Box::new(runner.failure.unmet(item.used.add_to(report), &Unmet::OtherLine, &told))
    }

    /// Some line did not come.
    fn unmet(&self, now: At, runner: &Runner, why: &Unmet) -> Box<Failure> {
        let must = self.items.iter().filter(|item| item.mark == Mark::Must).count();
        let mut missing = self.missing();
        let left = self.missing().count();
        let headline = match why {
            Unmet::TimedOut => format!(
                "{left} of {must} lines of `/all` did not come within {}",
                Human(self.limit)
            ),
            Unmet::OtherLine => "a line came that is none of `/all`".to_owned(),
            Unmet::Ended(how) => {
                format!("{} before {left} of {must} lines of `/all`", ended(how))
            }
        };
        let Some(first) = missing.next() else {
            return Box::new(runner.failure.unmet(
                Report::new(headline),
                why,
                &self.told(now, runner, &self.items[0].place),
            ));
        };
        let told = self.told(now, runner, &first.place);
        let mut report = runner.failure.lines(headline, &self.skipped, &first.pattern, &told);
        for item in missing {
            let pattern = Visible(item.written.as_bytes());
            report = report.note(format!("(also missing: `{pattern}`, line {})", item.place.line));
        }
        Box::new(runner.failure.unmet(first.used.add_to(report), why, &told))
    }
}

/// Takes over what the groups of a pattern found in a line.
fn matched(
    runner: &mut Runner,
    pattern: &Pattern,
    text: &[u8],
    conn: ConnId,
    ordinal: Option<u64>,
) {
    for capture in pattern.find(text).unwrap_or_default() {
        runner.settings.vars.capture(&capture);
    }
    if let Some(ordinal) = ordinal {
        runner.want(conn, ordinal, pattern);
    }
}
