//! Lines that a wait has read, for the report of its failure.

use std::collections::VecDeque;
use std::ops::Range;

use super::Report;
use super::failure::BEFORE_TOLD;
use super::roster::Roster;
use super::unread::Next;
use crate::matching::{Pattern, nearest};
use crate::session::{Audience, Ending};
use crate::units::{At, Human, count};
use crate::wire::ConnId;

/// How many of the lines that came last are told.
const TOLD: usize = 8;

/// How many of them are kept: the nearest may be one that came long before.
const KEPT: usize = 64;

/// How much of a line is kept, in bytes: more than is looked at to find what differs, and shown of it.
const LONGEST: usize = 8 << 10;

/// Whoever is at the other end, where there is one.
const PEER: &str = "the peer";

/// A line that a peer said.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    conn: ConnId,
    text: Box<[u8]>,
    came: At,
}

/// What became of a line that a wait has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Skipped,
    /// A block took it as this one of its lines.
    Taken(usize),
    /// A block took it for this pattern, which may have many.
    May(usize),
}

/// Lines that a wait has read and that did not end it: the last of them, and how many in all.
#[derive(Debug, Default)]
pub(super) struct LinesRead {
    last: VecDeque<(Seen, Fate)>,
    count: u64,
    skipped: u64,
    /// The last line that was skipped, of those that are not kept.
    older: Option<Seen>,
}

/// What makes a line stand out in a report, and the parts of it that are meant, in bytes.
pub(super) enum Marked {
    Not,
    Nearest(Vec<Range<usize>>),
    Unwanted(Range<usize>),
}

/// From where lines are looked at in a report.
pub(super) struct View<'a> {
    /// When the wait began.
    pub(super) since: At,
    /// Whom it reads from.
    pub(super) from: Audience,
    pub(super) roster: &'a Roster,
}

/// What a wait wanted, and has not got.
pub(super) struct Sought<'a> {
    pub(super) pattern: &'a Pattern,
    /// In which line of the script the pattern stands that has a line.
    pub(super) holder: &'a dyn Fn(Fate) -> Option<u64>,
    /// The line of the peer that has not ended.
    pub(super) unfinished: Option<&'a Seen>,
}

impl Seen {
    /// The line that is next to be read, without its end.
    pub(super) fn of(next: &Next<'_>) -> Seen {
        Seen::new(next.conn, &next.text(), next.came)
    }

    /// A line without its end.
    pub(super) fn new(conn: ConnId, text: &[u8], came: At) -> Seen {
        Seen { conn, text: text[..text.len().min(LONGEST)].into(), came }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn came(&self) -> At {
        self.came
    }

    pub(super) fn conn(&self) -> ConnId {
        self.conn
    }

    /// The line as one that is told for another reason than that it was not wanted: `(before: 220 hi)`.
    pub(super) fn aside(&self, why: &str) -> Seen {
        let text = [b"(", why.as_bytes(), b": ", &*self.text, b")"].concat();
        Seen { text: text.into(), ..self.clone() }
    }

    /// The line as one that the pattern in that line of the script has, if there is one.
    fn held(&self, holder: Option<u64>) -> Seen {
        holder.map_or_else(|| self.clone(), |line| self.aside(&format!("for line {line}")))
    }
}

impl LinesRead {
    /// Takes note of the line that is next to be read, and what becomes of it.
    pub(super) fn note(&mut self, next: &Next<'_>, fate: Fate) {
        self.count += 1;
        self.skipped += u64::from(fate == Fate::Skipped);
        if self.last.len() == KEPT
            && let Some((seen, Fate::Skipped)) = self.last.pop_front()
        {
            self.older = Some(seen);
        }
        self.last.push_back((Seen::of(next), fate));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether each of them was taken.
    pub(super) fn none_skipped(&self) -> bool {
        self.skipped == 0
    }

    /// The one that came last.
    pub(super) fn last(&self) -> Option<&Seen> {
        self.last.back().map(|(seen, _)| seen)
    }

    /// Those of a conn that were skipped and are kept.
    pub(super) fn skipped_of(&self, conn: ConnId) -> impl Iterator<Item = &Seen> {
        let skipped = self.last.iter().filter(|(_, fate)| *fate == Fate::Skipped);
        skipped.map(|(seen, _)| seen).filter(move |seen| seen.conn == conn)
    }

    /// How many were skipped, and the last of those.
    pub(super) fn into_skipped(self) -> (u64, Option<Seen>) {
        let mut skipped = self.last.into_iter().filter(|(_, fate)| *fate == Fate::Skipped);
        (self.skipped, skipped.next_back().map(|(seen, _)| seen).or(self.older))
    }

    /// Whether one of them was probably meant.
    pub(super) fn has_near(&self, pattern: &Pattern, unfinished: Option<&Seen>) -> bool {
        nearest_of(&self.rows(unfinished), pattern).is_some()
    }

    /// Those that are kept, and the one that has not ended.
    fn rows<'a>(&'a self, unfinished: Option<&'a Seen>) -> Vec<(&'a Seen, Fate)> {
        let unfinished = unfinished.map(|tail| (tail, Fate::Skipped));
        self.last.iter().map(|(seen, fate)| (seen, *fate)).chain(unfinished).collect()
    }

    /// Adds the last lines to a report, and the one that was probably meant, which is marked.
    pub(super) fn add_to(
        &self,
        mut report: Report,
        view: &View<'_>,
        sought: &Sought<'_>,
    ) -> Report {
        let rows = self.rows(sought.unfinished);
        let (near, differs) = nearest_of(&rows, sought.pattern).unzip();
        let first = rows.len().saturating_sub(TOLD + sought.unfinished.iter().len());
        let mut shown: Vec<usize> = near.filter(|near| *near < first).into_iter().collect();
        shown.extend(first..rows.len());
        let mut told = 0;
        let gone = self.count - self.last.len() as u64;
        for index in shown {
            let behind = gone + index as u64;
            report = left_out(report, behind - told, told == 0);
            told = behind + 1;
            let (seen, fate) = rows[index];
            report = match &differs {
                Some(differs) if near == Some(index) => {
                    view.line(report, seen, Marked::Nearest(differs.clone()))
                }
                _ => view.line(report, &seen.held((sought.holder)(fate)), Marked::Not),
            };
        }
        report
    }

    /// Adds the last few lines to the report of one that follows.
    pub(super) fn last_of(
        &self,
        report: Report,
        view: &View<'_>,
        holder: &dyn Fn(Fate) -> Option<u64>,
    ) -> Report {
        let last = self.last.iter().skip(self.last.len().saturating_sub(BEFORE_TOLD));
        last.fold(report, |report, (seen, fate)| {
            view.line(report, &seen.held(holder(*fate)), Marked::Not)
        })
    }
}

/// Which of the lines that no pattern has was probably meant, and what differs in it.
fn nearest_of(rows: &[(&Seen, Fate)], pattern: &Pattern) -> Option<(usize, Vec<Range<usize>>)> {
    let skipped = rows.iter().enumerate().filter(|(_, (_, fate))| *fate == Fate::Skipped);
    let (places, texts): (Vec<usize>, Vec<&[u8]>) =
        skipped.map(|(index, (seen, _))| (index, seen.text())).unzip();
    let near = nearest(pattern, &texts)?;
    Some((places[near.index], near.differs))
}

/// Tells how many lines are left out of a report, before all that are told or between them.
fn left_out(report: Report, lines: u64, before: bool) -> Report {
    match (lines, before) {
        (0, _) => report,
        (lines, true) => report.note(format!("({} before)", count(lines, "line"))),
        (lines, false) => report.note(format!("({} in between)", count(lines, "line"))),
    }
}

impl View<'_> {
    /// Adds a line, with when it came and, where the wait reads from several, who said it.
    pub(super) fn line(&self, report: Report, seen: &Seen, marked: Marked) -> Report {
        let several = !matches!(self.from, Audience::One(_)) && self.roster.are_several();
        let who = self.roster.name(seen.conn).filter(|_| several);
        let who = who.map(|name| format!("{name}: ")).unwrap_or_default();
        let report = report.line([who.as_bytes(), &seen.text].concat(), self.time(seen.came));
        let shift = |part: Range<usize>| part.start + who.len()..part.end + who.len();
        match marked {
            Marked::Not => report,
            Marked::Nearest(parts) => report.nearest(parts.into_iter().map(shift).collect()),
            Marked::Unwanted(part) => report.unwanted(shift(part)),
        }
    }

    /// What there is to say where nothing was said.
    pub(super) fn nothing_came(&self) -> String {
        match self.from {
            Audience::One(_) if self.roster.are_several() => {
                format!("nothing came from {}", self.speaker())
            }
            _ => "nothing came".to_owned(),
        }
    }

    /// Whom the wait reads from, as the subject of a sentence.
    pub(super) fn speaker(&self) -> String {
        match self.from {
            _ if !self.roster.are_several() => PEER.to_owned(),
            Audience::One(conn) => {
                self.roster.name(conn).map_or(PEER.to_owned(), |name| format!("`{name}`"))
            }
            Audience::Guests => "the guests".to_owned(),
            Audience::All => "the peers".to_owned(),
        }
    }

    /// How whom the wait reads from ended, as a sentence; of several, as badly as one of them did.
    pub(super) fn ended(&self, how: &Ending) -> String {
        let one = match self.from {
            Audience::Guests if self.roster.are_several() => "a guest".to_owned(),
            Audience::All if self.roster.are_several() => "a peer".to_owned(),
            _ => self.speaker(),
        };
        match how {
            Ending::Eof => format!("{} closed the connection", self.speaker()),
            Ending::Reset => format!("{one} reset the connection"),
            Ending::Kicked(_) => "the guest was kicked".to_owned(),
            Ending::Slow => "the guest was too slow".to_owned(),
            Ending::Idle => "the guest said nothing for too long".to_owned(),
            Ending::Error(why) => format!("the connection broke ({why})"),
        }
    }

    /// When something came: `+2ms` after the wait began, `-2ms` before.
    fn time(&self, came: At) -> String {
        if came < self.since {
            format!("-{}", Human(self.since - came))
        } else {
            format!("+{}", Human(came - self.since))
        }
    }
}
