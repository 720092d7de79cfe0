//! Plays the server of a transcript to guests, each with a cursor of its own.
//!
//! The file is read once. What a guest has for itself is where it is in it, and what was captured from
//! its lines: ten thousand guests share the rest.

mod any;
mod lookup;
mod ordered;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use self::any::Any;
use self::lookup::Lookup;
use self::ordered::Ordered;
use super::load::{Conns, Given, LoadError, Loaded, read};
use super::mismatch::{self, Whereabouts};
use super::odd;
use super::part::{Action, Closes, Doing, Part};
use super::words::all_words;
use crate::matching::{Masks, Vars};
use crate::script::{Blame, Failure, Play, Played, Report};
use crate::session::Audience;
use crate::transcript::Transcript;
use crate::units::{At, Pace, count};
use crate::wire::Side;

/// When a guest that may take as long as it likes is looked at again.
const LATER: Duration = Duration::from_secs(3600);

/// How many conns, or lines, are named that were not played.
const NAMED: usize = 5;

/// How a mock plays.
#[derive(Debug, Clone)]
pub struct Mocking {
    /// In which order the lines of a client come.
    pub order: Order,
    /// What a wait for a client lasts, at least; without it, as long as the client likes.
    pub timeout: Option<Duration>,
    /// How long a client may stay that has heard all.
    pub linger: Duration,
    /// When lines are said.
    pub pace: Pace,
    /// The longest recorded silence that is waited for.
    pub max_idle: Option<Duration>,
}

/// In which order the lines of a client come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As they were recorded.
    #[default]
    Ordered,
    /// Any: each is looked up on its own.
    Any,
}

impl Order {
    /// How it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Order::Ordered => "ordered",
            Order::Any => "any",
        }
    }
}

/// The server of a transcript.
#[derive(Debug, Clone)]
pub struct Mock {
    tape: Arc<Tape>,
    /// Where each line of a client is looked up on its own.
    lookup: Option<Arc<Lookup>>,
}

/// What all guests share.
#[derive(Debug)]
struct Tape {
    /// What the file is called.
    file: String,
    transcript: Transcript,
    /// One a conn.
    parts: Vec<Part>,
    masks: Masks,
    vars: Vars,
    how: Mocking,
    /// The longest that a client took for a line.
    slowest: Duration,
    /// How many bytes the longest line of a client has.
    longest: usize,
}

/// Loads `FILE`, or `FILE#CONN`, to play the server of it, with the secrets put back.
///
/// # Errors
/// The file cannot be read, or does not say what to play.
pub fn mock(name: &Path, how: Mocking, given: Given<'_>) -> Result<Mock, LoadError> {
    let loaded = read(name, given, Conns::All, Side::Server, Closes::Kept)?;
    Ok(Mock::of(loaded, given.settings.vars.clone(), how))
}

impl Mock {
    pub(super) fn of(loaded: Loaded, vars: Vars, how: Mocking) -> Mock {
        let Loaded { name: file, transcript, masks, parts, .. } = loaded;
        let lookup = (how.order == Order::Any).then(|| Arc::new(Lookup::of(&parts, &masks)));
        let sources = parts.iter().flat_map(|part| part.sources.iter());
        let slowest = sources.map(|source| source.delay).max().unwrap_or_default();
        let longest = parts.iter().map(|part| part.longest).max().unwrap_or(0);
        let tape = Tape { file, transcript, parts, masks, vars, how, slowest, longest };
        Mock { tape: Arc::new(tape), lookup }
    }

    /// How many conns it has: the next guest after so many gets the first again.
    #[must_use]
    pub fn conns(&self) -> usize {
        self.tape.parts.len()
    }

    /// What is played to a guest, of which so many came before.
    #[must_use]
    pub fn play(&self, before: usize) -> Box<dyn Play> {
        let (tape, index) = (Arc::clone(&self.tape), before % self.conns());
        match &self.lookup {
            None => Box::new(Ordered::new(tape, index)),
            Some(lookup) => Box::new(Any::new(tape, Arc::clone(lookup), index)),
        }
    }

    /// What was never played, to so many guests; `None` where all was.
    #[must_use]
    pub fn unplayed(&self, guests: usize) -> Option<Failure> {
        let report = match &self.lookup {
            Some(lookup) => self.tape.unasked(lookup),
            None => self.tape.unused(guests),
        };
        report.map(|report| Failure { report, blame: Blame::Check })
    }
}

impl Tape {
    /// The conns that no guest was given.
    fn unused(&self, guests: usize) -> Option<Report> {
        let unused = self.parts.get(guests..).filter(|unused| !unused.is_empty())?;
        let headline = match unused.len() {
            1 => format!("a conn of {} was never played", self.file),
            n => format!("{} of {} were never played", count(n as u64, "conn"), self.file),
        };
        let names = unused.iter().take(NAMED).enumerate();
        let names: Vec<_> = names.map(|(at, _)| self.name(guests + at)).collect();
        let more = if unused.len() > NAMED { ", …" } else { "" };
        let waited = format!("no guest came for {}{more}", names.join(", "));
        let report = Report::new(headline).note(waited);
        let several = self.parts.len() > 1;
        let alone = "one of them alone is played as `FILE#CONN`";
        Some(if several { report.note(alone) } else { report })
    }

    /// The lines that no guest said.
    fn unasked(&self, lookup: &Lookup) -> Option<Report> {
        let unasked: Vec<usize> = lookup.unasked(&self.parts).collect();
        let lines = count(unasked.len() as u64, "line");
        let report = Report::new(format!("{lines} of {} never came", self.file));
        let named = unasked.iter().take(NAMED).fold(report, |report, entry| {
            let wanted = lookup.wanted(*entry, &self.parts);
            report.note(mismatch::client_line(
                wanted.source.first(),
                wanted.item.bytes(),
                self.masks.encoding(),
            ))
        });
        let named = if unasked.len() > NAMED { named.note("…") } else { named };
        let report = named.note("if one may be missing: `\"opt\":true` in the event");
        (!unasked.is_empty()).then_some(report)
    }

    /// What a conn is called.
    fn name(&self, index: usize) -> String {
        match self.parts.get(index).and_then(|part| part.conn).filter(|_| self.parts.len() > 1) {
            Some(conn) => format!("{}#{conn}", self.file),
            None => self.file.clone(),
        }
    }

    fn whereabouts(&self, index: usize, vars: Arc<Vars>) -> Whereabouts<'_> {
        Whereabouts {
            file: &self.file,
            transcript: &self.transcript,
            conn: self.parts[index].conn,
            several: self.parts.len() > 1,
            whole: true,
            blesses: false,
            masks: &self.masks,
            vars,
            half_closed: false,
        }
    }

    /// How long something is waited for that took so long when it was recorded, if not for ever.
    fn patience(&self, delay: Duration) -> Option<Duration> {
        self.how.timeout.map(|timeout| odd::patience(timeout, delay))
    }

    /// When something is to be done, after what happened last.
    fn due(&self, action: &Action, last: At) -> At {
        let recorded = self.how.max_idle.map_or(action.delay, |most| action.delay.min(most));
        last + self.how.pace.silence(recorded)
    }

    /// How many of these are done at once, as far as they follow each other.
    fn together(&self, actions: &[Action], follows: impl Fn(&Action) -> bool) -> usize {
        let said = actions.iter().take_while(|action| action.what.says() && follows(action));
        match self.how.pace {
            Pace::Wait => said.count().max(1),
            Pace::Recorded(_) => 1,
        }
    }

    /// Does these, which are done at once.
    fn perform(&self, actions: &[Action], to: Audience, vars: &Vars) -> Played {
        match actions.first().map(|action| &action.what) {
            Some(Doing::HalfClose) => Played::Shutdown(to),
            Some(Doing::Reset) => Played::Reset(to),
            Some(Doing::Close) => Played::Close(to),
            _ => match all_words(&self.file, actions, vars, self.masks.encoding()) {
                Ok(bytes) => Played::Say { to, bytes },
                Err(failure) => Played::Failed(failure),
            },
        }
    }
}
