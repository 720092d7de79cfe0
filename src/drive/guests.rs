//! The guests of a session whose conversations are apart: each has a runner of its own.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::ahead::Ahead;
use super::cast::{Cast, Part, Until};
use crate::script::{Action, Blame, Failure, Place, Report, Runner, RunnerOptions, Want};
use crate::session::{Audience, Drive, Effect, Input, Record, Recorded, Source};
use crate::units::{At, Due, Human};
use crate::wire::ConnId;

/// The guests, and what is played to them. What happens to one costs no more where there are ten
/// thousand: only those are asked that something happened to, or whose time has come.
pub(super) struct Guests {
    cast: Cast,
    /// How their steps are run.
    options: RunnerOptions,
    all: BTreeMap<ConnId, Guest>,
    /// Those that may go on, in turn.
    ready: VecDeque<ConnId>,
    /// When those are to be asked that wait.
    due: Due<ConnId>,
    /// How many have come.
    came: usize,
    /// The last of them is here.
    last_came: bool,
    /// The session was told that no more have to come.
    complete: bool,
    /// Nothing is read for now of what they say.
    deaf: bool,
    wants: Vec<Want>,
    failed: usize,
    blame: Option<Blame>,
}

struct Guest {
    name: String,
    runner: Runner,
    ahead: Ahead,
    ready: bool,
    due: Option<At>,
    failed: bool,
}

/// A guest whose conversation is over.
pub(super) struct Over {
    pub(super) name: String,
    /// It was told before that it failed.
    pub(super) failed: bool,
    /// What could not be told before.
    pub(super) failure: Option<Box<Failure>>,
    /// The step that was running.
    pub(super) running: Option<Place>,
    /// How many lines its script has not read.
    pub(super) unread: u64,
}

impl Guests {
    /// None yet. Steps are run as the `host` runs its own, but for nobody types them.
    pub(super) fn new(cast: Cast, host: &RunnerOptions) -> Guests {
        let reads = match &cast.part {
            Part::Server(_) => true,
            Part::Script { reads, .. } => *reads,
        };
        let options = RunnerOptions {
            listener: true,
            reads,
            prompt: false,
            then_prompt: false,
            stays: false,
            ..host.clone()
        };
        Guests {
            cast,
            options,
            all: BTreeMap::new(),
            ready: VecDeque::new(),
            due: Due::default(),
            came: 0,
            last_came: false,
            complete: false,
            deaf: false,
            wants: Vec::new(),
            failed: 0,
            blame: None,
        }
    }

    /// Takes note of something that the session wants done.
    pub(super) fn observe(&mut self, now: At, effect: &Effect) {
        let conn = match effect {
            Effect::Record(Record {
                conn: Some(conn), what: Recorded::Open { name, .. }, ..
            }) => {
                self.came(now, *conn, name.clone().unwrap_or_default());
                *conn
            }
            Effect::Pause(Source::Conns) | Effect::Resume(Source::Conns) => {
                return self.deafen(now, effect);
            }
            Effect::Heard { conn, .. }
            | Effect::Silent { conn, .. }
            | Effect::Shutdown(conn)
            | Effect::Moved(conn)
            | Effect::Unheard(Audience::One(conn)) => *conn,
            _ => return,
        };
        if let Some(guest) = self.all.get_mut(&conn) {
            guest.runner.observe(now, effect);
            self.wants.extend(guest.runner.take_wants());
            self.stir(conn);
        }
    }

    /// Nothing is read of what guests say, or it is again: what it tells all of them.
    fn deafen(&mut self, now: At, news: &Effect) {
        self.deaf = matches!(news, Effect::Pause(_));
        let all: Vec<ConnId> = self.all.keys().copied().collect();
        for conn in all {
            if let Some(guest) = self.all.get_mut(&conn) {
                guest.runner.observe(now, news);
            }
            self.stir(conn);
        }
    }

    fn came(&mut self, now: At, conn: ConnId, name: String) {
        let mut runner = Runner::new(self.options.clone());
        runner.speak_to(conn);
        if let Part::Server(mock) = &self.cast.part {
            runner.play(mock.play(self.came));
            runner.complete();
        }
        if self.deaf {
            runner.observe(now, &Effect::Pause(Source::Conns));
        }
        self.came += 1;
        let guest =
            Guest { name, runner, ahead: Ahead::default(), ready: false, due: None, failed: false };
        self.all.insert(conn, guest);
    }

    /// A guest may go on.
    fn stir(&mut self, conn: ConnId) {
        if let Some(guest) = self.all.get_mut(&conn)
            && !std::mem::replace(&mut guest.ready, true)
        {
            self.ready.push_back(conn);
        }
    }

    /// The next thing that one of them wants done, and whose that is; `None` where all wait.
    pub(super) fn next(&mut self, now: At) -> Option<(Option<ConnId>, Action)> {
        if self.due.first().is_some_and(|at| at <= now) {
            for conn in self.due.until(now) {
                self.stir(conn);
            }
        }
        while let Some(conn) = self.ready.pop_front() {
            let Some(guest) = self.all.get_mut(&conn) else { continue };
            guest.prepare(&self.cast.part);
            let action = guest.runner.next(now);
            self.wants.extend(guest.runner.take_wants());
            guest.ready = action.is_some();
            if let Some(action) = action {
                self.ready.push_back(conn);
                return Some((Some(conn), action.of(conn)));
            }
            let due = guest.runner.deadline();
            self.due.change(conn, std::mem::replace(&mut guest.due, due), due);
        }
        let all_came = match &self.cast.until {
            Until::Played => self.came >= self.cast.part.conns(),
            Until::Ended => false,
            Until::LastGuest(_) => self.last_came,
        };
        let news = all_came && !std::mem::replace(&mut self.complete, true);
        news.then_some((None, Action::Session(Input::Drive(Drive::Ended))))
    }

    /// When [`Guests::next`] is to be asked again, even if nothing happens.
    pub(super) fn deadline(&self) -> Option<At> {
        self.due.first()
    }

    /// The runner of a guest.
    pub(super) fn runner(&mut self, conn: ConnId) -> Option<&mut Runner> {
        self.all.get_mut(&conn).map(|guest| &mut guest.runner)
    }

    pub(super) fn name(&self, conn: ConnId) -> Option<&str> {
        self.all.get(&conn).map(|guest| &*guest.name)
    }

    /// The patterns with named groups that have matched since this was last asked.
    pub(super) fn take_wants(&mut self) -> Vec<Want> {
        std::mem::take(&mut self.wants)
    }

    /// Holds back what would be sent to a guest, or goes on.
    pub(super) fn hold(&mut self, conn: ConnId, held: bool) {
        if let Some(guest) = self.all.get_mut(&conn) {
            guest.runner.hold(held);
            self.stir(conn);
        }
    }

    /// A guest failed, for which it is to blame or not. What counts most decides how the session ends.
    pub(super) fn failed(&mut self, conn: ConnId, blame: Blame) {
        if let Some(guest) = self.all.get_mut(&conn) {
            guest.failed = true;
        }
        self.failed += 1;
        if self.blame.is_none() || blame == Blame::Check {
            self.blame = Some(blame);
        }
    }

    /// The conversation with a guest is over.
    pub(super) fn over(&mut self, conn: ConnId) -> Option<Over> {
        let mut guest = self.all.remove(&conn)?;
        self.due.change(conn, guest.due, None);
        Some(Over {
            failure: guest.runner.take_failure(),
            running: guest.runner.running().cloned(),
            unread: guest.runner.unread_lines(),
            failed: guest.failed,
            name: guest.name,
        })
    }

    /// What those say who are still here, because the session is over.
    pub(super) fn cut_short(&mut self) -> Vec<(ConnId, Box<Failure>)> {
        let stay = self.stay();
        let here = self.all.iter_mut().filter(|(_, guest)| !guest.failed);
        let told = here.filter_map(|(conn, guest)| {
            let told = guest.runner.take_failure();
            let failure = told.or_else(|| guest.runner.cut_short().filter(|_| !stay))?;
            Some((*conn, failure))
        });
        told.collect()
    }

    /// What there is to tell of a session that has lasted longer than it may: where a script is for a
    /// guest, the first of those that are here.
    pub(super) fn overdue(&self, limit: Duration) -> Failure {
        let mut here = self.all.values().filter(|guest| !guest.failed);
        let running = match &self.cast.part {
            Part::Script { .. } => here.find(|guest| guest.runner.running().is_some()),
            Part::Server(_) => None,
        };
        if let Some(guest) = running {
            return guest.runner.overdue(limit);
        }
        let report = Report::new(format!("the test took longer than {}", Human(limit)));
        Failure { report, blame: Blame::Check }
    }

    /// How many failed, of how many, and who is to blame.
    pub(super) fn verdict(&self) -> Option<(usize, usize, Blame)> {
        Some((self.failed, self.came, self.blame?))
    }

    /// What was never played.
    pub(super) fn unplayed(&self) -> Option<Failure> {
        match &self.cast.part {
            Part::Server(mock) => mock.unplayed(self.came),
            Part::Script { .. } if self.came > 0 => None,
            Part::Script { .. } => {
                let report = Report::new("the script was never run: no guest came");
                Some(Failure { report, blame: Blame::Check })
            }
        }
    }

    /// Whether it goes on until it is told to end.
    pub(super) fn stay(&self) -> bool {
        matches!(self.cast.until, Until::Ended)
    }

    /// Somebody has said that no more come, and who came before is yet to be let in.
    pub(super) fn last_is_here(&self) -> bool {
        !self.last_came && matches!(&self.cast.until, Until::LastGuest(last) if last.has_come())
    }

    /// All who came are in. Tells what went wrong with who brought them.
    pub(super) fn last_came(&mut self) -> Option<Failure> {
        self.last_came = true;
        let Until::LastGuest(last) = &self.cast.until else { return None };
        last.take_failure()
    }
}

impl Guest {
    /// Gives it the next steps of the script, where it has none at hand.
    fn prepare(&mut self, part: &Part) {
        let Part::Script { steps, .. } = part else { return };
        self.ahead.supply(&mut self.runner, steps);
    }
}
