//! What people are told when a step fails.

use std::collections::VecDeque;
use std::time::Duration;

use super::skipped::{Seen, Skipped, View};
use super::wait::Expecting;
use super::{Blame, Failure, Next, Place, Report};
use crate::matching::{Pattern, most_similar};
use crate::session::{Audience, Ending};
use crate::units::{At, Human, count};
use crate::wire::{Line, Visible};

/// How many lines that were read before are told where nothing came.
const BEFORE_TOLD: usize = 3;

/// How much of a line that was read is remembered: more than is shown of it.
const REMEMBERED: usize = 256;

/// What went before, and helps to understand a failure.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The step that spoke last.
    pub(super) saying: Option<Place>,
    /// Lines that came while the script could not read, and are gone.
    pub(super) passed_over: u64,
    skips: u64,
    last_skipped: Option<Seen>,
    /// The last lines that steps waited for and read.
    read: VecDeque<Seen>,
}

/// Why a wait for a line is over without it.
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

/// What there is to tell about a wait besides what it wanted.
pub(super) struct Circumstances<'a> {
    pub(super) place: Place,
    pub(super) view: View<'a>,
    pub(super) now: At,
    pub(super) limit: Duration,
    /// The line of the peer that has not ended.
    pub(super) unfinished: Option<Seen>,
}

impl History {
    /// Takes note of lines that a step that succeeded has skipped.
    pub(super) fn skipped(&mut self, skipped: Skipped) {
        let (count, last) = skipped.into_last();
        self.skips += count;
        self.last_skipped = last.or(self.last_skipped.take());
    }

    /// Takes note of the line that is next to be read, which a step waited for.
    pub(super) fn read(&mut self, next: &Next<'_>) {
        if self.read.len() == BEFORE_TOLD {
            self.read.pop_front();
        }
        self.read.push_back(Seen::of(next, REMEMBERED));
    }

    /// A failed `/expect`.
    pub(super) fn expect(
        &self,
        wait: &Expecting,
        why: &Unmet,
        told: &Circumstances<'_>,
    ) -> Failure {
        let (verb, pattern) =
            (if wait.exact { "contained" } else { "matched" }, Visible(wait.written.as_bytes()));
        let headline = match why {
            Unmet::TimedOut => {
                format!("no line {verb} `{pattern}` within {}", Human(told.limit))
            }
            Unmet::OtherLine => {
                let verb = if wait.exact { "contain" } else { "match" };
                format!("the next line did not {verb} `{pattern}`")
            }
            Unmet::Ended(how) => format!("{} before a line {verb} `{pattern}`", ended(how)),
        };
        let mut report = self.lines(headline, &wait.skipped, &wait.pattern, told);
        if let Some(tail) = &told.unfinished {
            let hint = if wait.partial { "" } else { ": `-p` looks at it too" };
            report = told.view.line(report, tail, None);
            report = report.note(format!("(the last line has not ended{hint})"));
        }
        if wait.strict && matches!(why, Unmet::OtherLine) {
            report = report.note("(`/strict on` lets no line be skipped)");
        }
        self.unmet(wait.used.add_to(report), why, told)
    }

    /// A report that begins with the lines that came instead.
    pub(super) fn lines(
        &self,
        headline: String,
        skipped: &Skipped,
        pattern: &Pattern,
        told: &Circumstances<'_>,
    ) -> Report {
        let silent = skipped.count() == 0 && told.unfinished.is_none();
        let label = if silent { "nothing came" } else { "the peer said instead:" };
        let report = Report::new(headline).at(told.place.clone()).label(label);
        if silent {
            return self.before(report, &told.view);
        }
        skipped.add_to(report, pattern, &told.view)
    }

    /// Ends the report of a wait for lines.
    pub(super) fn unmet(
        &self,
        mut report: Report,
        why: &Unmet,
        told: &Circumstances<'_>,
    ) -> Failure {
        if !matches!(why, Unmet::TimedOut) {
            let (waited, limit) = (Human(told.now - told.view.since), Human(told.limit));
            report = report.note(format!("(waited {waited} of {limit})"));
        }
        let blame = match why {
            Unmet::Ended(_) => Blame::Connection,
            Unmet::TimedOut | Unmet::OtherLine => Blame::Check,
        };
        Failure { report: self.add_to(report), blame }
    }

    /// Adds where the conversation stood, for want of lines that came since.
    fn before(&self, report: Report, view: &View<'_>) -> Report {
        let meant = |seen: &&Seen| match view.from {
            Audience::One(conn) => seen.conn() == conn,
            Audience::All | Audience::Guests => true,
        };
        let read = self.read.iter().filter(meant);
        read.fold(report, |report, seen| view.line(report, &seen.before(), None))
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
            let last = Visible(last.text());
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

/// `/open` under a name that means something else.
pub(super) fn reserved(name: &str, place: Place) -> Report {
    let meaning = if name == "all" { "it means every conn" } else { "guests are called so" };
    Report::new(format!("no conn can be called `{}`", Visible(name.as_bytes())))
        .at(place)
        .label(meaning)
}

/// `/open` under the name of a conn that is open.
pub(super) fn taken(name: &str, place: Place) -> Report {
    Report::new(format!("a conn called `{}` is open", Visible(name.as_bytes())))
        .at(place)
        .label("choose another name, or `/close` it before")
}

/// `/kick` of a conn that we opened.
pub(super) fn no_guest(place: Place) -> Report {
    Report::new("only a guest can be kicked").at(place).label("`/close` closes this conn")
}

/// `/accept` or `/kick` at the side that connected.
pub(super) fn no_listener(place: Place) -> Report {
    Report::new("only a listener has guests").at(place).label("this side connected")
}

pub(super) fn ended(how: &Ending) -> String {
    match how {
        Ending::Eof => "the peer closed the connection".to_owned(),
        Ending::Reset => "the peer reset the connection".to_owned(),
        Ending::Kicked(_) => "the guest was kicked".to_owned(),
        Ending::Slow => "the guest was too slow".to_owned(),
        Ending::Error(why) => format!("the connection broke ({why})"),
    }
}
