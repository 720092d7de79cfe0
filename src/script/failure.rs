//! What people are told when a step fails.

use std::collections::VecDeque;
use std::time::Duration;

use super::lines_read::{LinesRead, Marked, Seen, Sought, View};
use super::wait::Expecting;
use super::{Blame, Failure, Next, Place, Report, Unread};
use crate::matching::most_similar;
use crate::session::{Audience, Ending};
use crate::units::{At, Human, count};
use crate::wire::{ConnId, Visible};

/// How many lines are told of what was said before.
pub(super) const BEFORE_TOLD: usize = 3;

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
pub(super) struct Lapse {
    headline: String,
    label: String,
    blame: Blame,
    waited: Waited,
    /// The lines that were unread, where they have to do with it.
    lines: Option<Vec<Seen>>,
}

/// How it is told how long a wait lasted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waited {
    /// To its end: `within 5s`.
    Within,
    /// It might have lasted longer: `(waited 2ms of 5s)`.
    Of,
    /// It was over before it began.
    Not,
}

/// What there is to tell about a wait besides what it wanted.
pub(super) struct Circumstances<'a> {
    pub(super) place: Place,
    pub(super) view: View<'a>,
    pub(super) now: At,
    pub(super) limit: Duration,
    /// The line of the peer that has not ended.
    pub(super) unfinished: Option<Seen>,
    /// Another conn that has lines which no step has read, and how many.
    pub(super) elsewhere: Option<(String, u64)>,
    /// Our lines end in LF, and the peer has answered nothing at all to them.
    pub(super) lf: bool,
}

impl History {
    /// Takes note of lines that a step that succeeded has skipped.
    pub(super) fn skipped(&mut self, heard: LinesRead) {
        let (count, last) = heard.into_skipped();
        self.skips += count;
        self.last_skipped = last.or(self.last_skipped.take());
    }

    /// Takes note of the line that is next to be read, which a step waited for.
    pub(super) fn read(&mut self, next: &Next<'_>) {
        if self.read.len() == BEFORE_TOLD {
            self.read.pop_front();
        }
        self.read.push_back(Seen::of(next));
    }

    /// A failed `/expect`.
    pub(super) fn expect(
        &self,
        wait: &Expecting,
        why: &Unmet,
        told: &Circumstances<'_>,
    ) -> Failure {
        let verb = if wait.exact { "contain" } else { "match" };
        let (before, behind) = match why {
            Unmet::TimedOut => {
                (format!("no line {verb}ed"), format!(" within {}", Human(told.limit)))
            }
            Unmet::OtherLine => (format!("the next line did not {verb}"), String::new()),
            Unmet::Ended(how) => {
                (format!("{} before a line {verb}ed", told.view.ended(how)), String::new())
            }
        };
        let unfinished = told.unfinished.as_ref();
        let sought = Sought { pattern: &wait.pattern, holder: &|_| None, unfinished };
        let report = Report::quoting(before, &wait.written, behind);
        let mut report = self.lines(report, &wait.heard, &sought, told);
        if unfinished.is_some() {
            let hint = if wait.partial { "" } else { ": `-p` looks at it too" };
            report = report.note(format!("(the last line has not ended{hint})"));
        }
        if told.lf && told.elsewhere.is_none() && matches!(why, Unmet::TimedOut) {
            report = report.note(LF);
        }
        if wait.strict && !wait.next && matches!(why, Unmet::OtherLine) {
            report = report.note(STRICT);
        }
        self.unmet(wait.used.add_to(report), why, told)
    }

    /// Begins a report with the lines that came instead.
    pub(super) fn lines(
        &self,
        report: Report,
        heard: &LinesRead,
        sought: &Sought<'_>,
        told: &Circumstances<'_>,
    ) -> Report {
        let silent = heard.is_empty() && sought.unfinished.is_none();
        let speaker = told.view.speaker();
        let label = if silent {
            told.view.nothing_came()
        } else if heard.none_skipped() && sought.unfinished.is_none() {
            "nothing else came".to_owned()
        } else {
            format!("{speaker} said instead:")
        };
        let report = report.at(told.place.clone()).label(label);
        let report = if silent {
            self.before(report, &told.view)
        } else {
            heard.add_to(report, &told.view, sought)
        };
        match &told.elsewhere {
            Some((name, lines)) if silent => {
                let (verb, them) = if *lines == 1 { ("is", "it") } else { ("are", "them") };
                let lines = count(*lines, "line");
                report.note(format!("({lines} of {name} {verb} unread: `/on {name}` reads {them})"))
            }
            _ => report,
        }
    }

    /// Ends the report of a wait for lines.
    pub(super) fn unmet(
        &self,
        mut report: Report,
        why: &Unmet,
        told: &Circumstances<'_>,
    ) -> Failure {
        if !matches!(why, Unmet::TimedOut) {
            report = waited(report, told.now - told.view.since, told.limit);
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
        read.fold(report, |report, seen| view.line(report, &seen.aside("before"), Marked::Not))
    }

    /// The last lines of a conn: those that steps waited for, those that the step which is running has
    /// skipped, and those that are unread.
    pub(super) fn last_of(
        &self,
        conn: ConnId,
        skipped: Option<&LinesRead>,
        unread: &Unread,
    ) -> Vec<Seen> {
        let read = self.read.iter().filter(|seen| seen.conn() == conn);
        let mut last: VecDeque<Seen> = read.map(|seen| seen.aside("before")).collect();
        last.extend(skipped.into_iter().flat_map(|heard| heard.skipped_of(conn)).cloned());
        last.make_contiguous().sort_by_key(Seen::came);
        for next in unread.whole_lines(Audience::One(conn)) {
            last.push_back(Seen::of(&next));
            if last.len() > BEFORE_TOLD {
                last.pop_front();
            }
        }
        last.into()
    }

    /// Any other wait that failed.
    pub(super) fn wait(&self, lapse: Lapse, told: &Circumstances<'_>) -> Failure {
        let headline = match lapse.waited {
            Waited::Within => format!("{} within {}", lapse.headline, Human(told.limit)),
            Waited::Of | Waited::Not => lapse.headline,
        };
        let mut report = Report::new(headline).at(told.place.clone()).label(lapse.label);
        report = match lapse.lines {
            Some(lines) if lines.is_empty() => self.before(report, &told.view),
            lines => lines
                .iter()
                .flatten()
                .fold(report, |report, seen| told.view.line(report, seen, Marked::Not)),
        };
        if lapse.waited == Waited::Of {
            report = waited(report, told.now - told.view.since, told.limit);
        }
        Failure { report: self.add_to(report), blame: lapse.blame }
    }

    /// A step spoke, and nobody was there to hear it.
    /// `ended` says how they ended who should have, `shut` that our side has.
    pub(super) fn unheard(&self, view: &View<'_>, ended: Option<&Ending>, shut: bool) -> Failure {
        let why = match ended {
            _ if shut => "our side was shut down".to_owned(),
            None => "nobody is here".to_owned(),
            Some(Ending::Eof) => "the connection is closed".to_owned(),
            Some(how) => view.ended(how),
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
            let told = format!("({skipped} skipped by earlier steps, the last: ");
            report = report.note([told.as_bytes(), last.text(), b")"].concat());
        }
        if self.passed_over > 0 {
            let passed = count(self.passed_over, "line");
            report = report.note(format!("({passed} passed over: the script was not reading)"));
        }
        report
    }
}

/// What a server may miss that says nothing.
const LF: &str = "(our lines ended in LF: some servers wait for CRLF, `--eol crlf`)";

/// Why a line that was skipped is a failure.
pub(super) const STRICT: &str = "(`/strict on` lets no line be skipped)";

/// Adds how long a wait lasted that might have lasted longer.
fn waited(report: Report, waited: Duration, limit: Duration) -> Report {
    report.note(format!("(waited {} of {})", Human(waited), Human(limit)))
}

/// `/expect-eof` and the peer goes on.
pub(super) fn eof(view: &View<'_>, unread: Vec<Seen>) -> Lapse {
    let label = if unread.is_empty() {
        "the connection is still open"
    } else {
        "the connection is still open; what is unread:"
    };
    Lapse {
        headline: format!("{} did not end", view.speaker()),
        label: label.to_owned(),
        blame: Blame::Check,
        waited: Waited::Within,
        lines: Some(unread),
    }
}

/// `/expect-eof`, and the connection broke instead.
pub(super) fn broken(view: &View<'_>, how: &Ending) -> Lapse {
    Lapse {
        headline: view.ended(how),
        label: "it was to be closed".to_owned(),
        blame: Blame::Connection,
        waited: Waited::Of,
        lines: Some(Vec::new()),
    }
}

/// `/quiet`, and something came, or had come before.
pub(super) fn quiet(view: &View<'_>, line: Seen, unread: bool) -> Lapse {
    let (label, waited) =
        if unread { ("this was unread before:", Waited::Not) } else { ("this came:", Waited::Of) };
    Lapse {
        headline: format!("{} was not quiet", view.speaker()),
        label: label.to_owned(),
        blame: Blame::Check,
        waited,
        lines: Some(vec![line]),
    }
}

/// `/accept`, and too few came.
pub(super) fn accept(wanted: u64, joined: u64) -> Lapse {
    Lapse {
        headline: format!("{} joined, not {wanted}", count(joined, "guest")),
        label: "too few guests".to_owned(),
        blame: Blame::Check,
        waited: Waited::Within,
        lines: None,
    }
}

/// `/on` or `/kick`, and nobody has that name.
pub(super) fn no_such_conn(name: &str, known: &[&str], place: Place) -> Report {
    let label = match most_similar(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "nobody has joined".to_owned(),
        None if known.len() == 1 => format!("there is {}", known[0]),
        None => format!("there are {}", known.join(", ")),
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

/// A step that is for one conn, where several are meant or none is here.
pub(super) fn which_conn(place: Place) -> Report {
    Report::new("this is for one conn").at(place).label("say for which before, by `/on NAME`")
}

/// `/kick` of a conn that we opened.
pub(super) fn no_guest(place: Place) -> Report {
    Report::new("only a guest can be kicked").at(place).label("`/close` closes this conn")
}

/// `/nick`, `/me` or `/msg` at a listener that is no room.
pub(super) fn no_room(place: Place) -> Report {
    Report::new("only a room has names").at(place).label("listen with `--room`")
}

/// `/open` or `/shutdown` at a room's host.
pub(super) fn in_a_room(place: Place) -> Report {
    let hint = "a room has guests only, and its own side of a conn ends with the conn";
    Report::new("a room has no use for this").at(place).label(hint)
}

/// `/accept` or `/kick` at the side that connected.
pub(super) fn no_listener(place: Place) -> Report {
    Report::new("only a listener has guests").at(place).label("this side connected")
}
