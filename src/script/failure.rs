//! What people are told when a step fails.

use std::time::Duration;

use super::wait::Expecting;
use super::{Blame, Failure, Place, Report};
use crate::matching::{most_similar, nearest};
use crate::session::Ending;
use crate::units::{Human, count};
use crate::wire::{Line, Visible};

/// How many of the lines that came last are told.
pub(super) const LINES_TOLD: usize = 8;

/// What went before, and helps to understand a failure.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The step that spoke last.
    pub(super) saying: Option<Place>,
    /// Lines that came while the script could not read, and are gone.
    pub(super) passed_over: u64,
    skips: u64,
    last_skipped: Option<Box<[u8]>>,
}

/// Why an `/expect` is over without a match.
#[derive(Debug)]
pub(super) enum Unmet {
    TimedOut,
    /// The very next line was another.
    OtherLine,
    Ended(Ending),
}

/// Why another wait is over.
#[derive(Debug)]
pub(super) struct Fault {
    headline: String,
    label: String,
    blame: Blame,
    /// The headline goes on with how long was waited.
    timed: bool,
}

impl History {
    /// Takes note of lines that a step that succeeded has skipped.
    pub(super) fn skipped(&mut self, count: u64, last: Option<Box<[u8]>>) {
        self.skips += count;
        self.last_skipped = last.or(self.last_skipped.take());
    }

    /// A failed `/expect`.
    pub(super) fn expect(
        &self,
        wait: &Expecting,
        why: &Unmet,
        unfinished: Option<Box<[u8]>>,
        place: Place,
    ) -> Failure {
        let (verb, pattern) =
            (if wait.exact { "contained" } else { "matched" }, Visible(wait.written.as_bytes()));
        let limit = Human(wait.limit);
        let (headline, blame) = match why {
            Unmet::TimedOut => (format!("no line {verb} `{pattern}` within {limit}"), Blame::Check),
            Unmet::OtherLine => {
                let verb = if wait.exact { "contain" } else { "match" };
                (format!("the next line did not {verb} `{pattern}`"), Blame::Check)
            }
            Unmet::Ended(how) => {
                (format!("{} before a line {verb} `{pattern}`", ended(how)), Blame::Connection)
            }
        };
        let silent = wait.skips == 0 && unfinished.is_none();
        let label = if silent { "nothing came" } else { "the peer said instead:" };
        let mut report = Report::new(headline).at(place).label(label);
        let told = wait.skipped.len() as u64;
        if wait.skips > told {
            report = report.note(format!("({} before these)", count(wait.skips - told, "line")));
        }
        let told: Vec<&[u8]> = wait.skipped.iter().map(AsRef::as_ref).collect();
        let near = nearest(&wait.pattern, &told);
        for (index, line) in wait.skipped.iter().enumerate() {
            report = report.note(line.to_vec());
            if near == Some(index) {
                report = report.nearest();
            }
        }
        if let Some(tail) = unfinished {
            let hint = if wait.partial { "" } else { ": `-p` looks at it too" };
            report =
                report.note(tail.to_vec()).note(format!("(the last line has not ended{hint})"));
        }
        Failure { report: self.add_to(report), blame }
    }

    /// Any other wait that failed.
    pub(super) fn wait(&self, fault: Fault, place: Place, limit: Duration) -> Failure {
        let headline = if fault.timed {
            format!("{} within {}", fault.headline, Human(limit))
        } else {
            fault.headline
        };
        let report = Report::new(headline).at(place).label(fault.label);
        Failure { report: self.add_to(report), blame: fault.blame }
    }

    /// A step spoke, and nobody was there to hear it.
    /// `ended` says how they ended who should have, `shut` that our side has.
    pub(super) fn unheard(&self, ended: Option<&Ending>, shut: bool) -> Failure {
        let why = match ended {
            _ if shut => "our side was shut down".to_owned(),
            None => "nobody is here".to_owned(),
            Some(Ending::Eof) => "the connection is closed".to_owned(),
            Some(how) => self::ended(how),
        };
        let mut report = Report::new(format!("not sent: {why}"));
        if let Some(place) = self.saying.clone() {
            report = report.at(place).label("this found nobody to hear it");
        }
        Failure { report: self.add_to(report), blame: Blame::Connection }
    }

    /// Adds what went before to a report.
    pub(super) fn add_to(&self, mut report: Report) -> Report {
        if let Some(last) = &self.last_skipped {
            let skipped = count(self.skips, "line");
            let last = Visible(last);
            report = report.note(format!("({skipped} skipped by earlier steps, the last: {last})"));
        }
        if self.passed_over > 0 {
            let passed = count(self.passed_over, "line");
            report = report.note(format!("({passed} passed over: the script was not reading)"));
        }
        report
    }
}

/// `/expect-eof` and the peer goes on.
pub(super) fn eof() -> Fault {
    Fault {
        headline: "the peer did not end".to_owned(),
        label: "the connection is still open".to_owned(),
        blame: Blame::Check,
        timed: true,
    }
}

/// `/expect-eof`, and the connection broke instead.
pub(super) fn broken(how: &Ending) -> Fault {
    Fault {
        headline: ended(how),
        label: "the peer was to close it".to_owned(),
        blame: Blame::Connection,
        timed: false,
    }
}

/// `/quiet`, and something came.
pub(super) fn quiet(line: &[u8]) -> Fault {
    Fault {
        headline: "the peer was not quiet".to_owned(),
        label: format!("it said: {}", Visible(Line::cut(line).text)),
        blame: Blame::Check,
        timed: false,
    }
}

/// `/accept`, and too few came.
pub(super) fn accept(wanted: u64, joined: u64) -> Fault {
    Fault {
        headline: format!("{} joined, not {wanted}", count(joined, "guest")),
        label: "too few guests".to_owned(),
        blame: Blame::Check,
        timed: true,
    }
}

/// `/on` or `/kick`, and nobody has that name.
pub(super) fn no_such_conn(name: &str, known: &[&str], place: Place) -> Report {
    let label = match most_similar(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "nobody has joined".to_owned(),
        None => format!("there is {}", known.join(", ")),
    };
    Report::new(format!("no conn is called `{}`", Visible(name.as_bytes()))).at(place).label(label)
}

/// `/accept` or `/kick` at the side that connected.
pub(super) fn no_listener(place: Place) -> Report {
    Report::new("only a listener has guests").at(place).label("this side connected")
}

fn ended(how: &Ending) -> String {
    match how {
        Ending::Eof => "the peer closed the connection".to_owned(),
        Ending::Reset => "the peer reset the connection".to_owned(),
        Ending::Kicked(_) => "the guest was kicked".to_owned(),
        Ending::Slow => "the guest was too slow".to_owned(),
        Ending::Error(why) => format!("the connection broke ({why})"),
    }
}
