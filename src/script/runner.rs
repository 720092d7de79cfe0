//! Runs the steps of a script, or of a person at the prompt: one at a time, and without a socket, a
//! file or a clock.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::guard::Guards;
use super::patterns::Patterns;
use super::playing::Playing;
use super::roster::Roster;
use super::settings::Settings;
use super::unanswered::Unanswered;
use super::wait::{Looked, Wait};
use super::{
    Action, Blame, Failure, Place, Play, Report, Step, Task, Unread, Want, What, failure, reading,
};
use crate::matching::Pattern;
use crate::session::{Audience, Drive, Effect, Input, Queue, Record, Recorded, Source};
use crate::units::{At, Human};
use crate::wire::{ConnId, Side};

/// What the command line says about running steps.
#[derive(Debug, Clone)]
pub struct RunnerOptions {
    /// The settings that steps start with.
    pub settings: Settings,
    /// The longest line that patterns see whole, in bytes.
    pub max_line: usize,
    /// Guests can come: there are `/accept` and `/kick`, and steps wait for the first of them.
    pub listener: bool,
    /// The listener is a room, which does what its host asks of it.
    pub room: bool,
    /// Some step may read what the peers say. Where none does, lines are counted and not kept.
    pub reads: bool,
    /// Steps come from a person.
    pub prompt: bool,
    /// When the script is done, a person takes over.
    pub then_prompt: bool,
    /// The listener goes on without guests: what none of them hears is told, and is no failure.
    pub stays: bool,
}

/// Runs steps. It observes what the session does, and says what the steps want done.
pub struct Runner {
    pub(super) options: RunnerOptions,
    pub(super) settings: Settings,
    pub(super) patterns: Patterns,
    pub(super) steps: VecDeque<Step>,
    pub(super) backlog: usize,
    /// Nothing follows `steps`.
    pub(super) complete: bool,
    /// Nothing follows `steps` for now.
    pub(super) starved: bool,
    pub(super) wait: Option<(Wait, Place)>,
    pub(super) unread: Unread,
    pub(super) roster: Roster,
    pub(super) unanswered: Unanswered,
    pub(super) guards: Guards,
    /// Where `/strict on` stands, if it holds.
    pub(super) strict: Option<Place>,
    pub(super) failure: failure::History,
    /// Whom text goes to, and whom `/expect` reads from.
    pub(super) to: Audience,
    pub(super) drive: Drive,
    /// The step that was begun last, and when that was.
    pub(super) at: Place,
    pub(super) began: At,
    pub(super) held: bool,
    /// Nothing is read for now of what peers say.
    pub(super) deaf: bool,
    spoken: bool,
    pub(super) unread_bound: usize,
    pub(super) unread_full: Vec<ConnId>,
    pub(super) outbox: VecDeque<Action>,
    /// Patterns with named groups that matched, and which line of its conn each matched.
    wants: Vec<Want>,
    /// All was played, and the peer broke the connection when that was recorded.
    pub(super) break_was_played: bool,
    /// How often what was waited for has come.
    met: u64,
}

impl Runner {
    /// A runner without steps; more will come.
    #[must_use]
    pub fn new(options: RunnerOptions) -> Self {
        Runner {
            settings: options.settings.clone(),
            patterns: Patterns::default(),
            steps: VecDeque::new(),
            backlog: 0,
            complete: false,
            starved: false,
            wait: None,
            unread: Unread::new(options.max_line, options.settings.encoding),
            roster: Roster::default(),
            unanswered: Unanswered::default(),
            guards: Guards::new(options.settings.encoding),
            strict: None,
            failure: failure::History::default(),
            to: if options.listener { Audience::Guests } else { Audience::All },
            drive: Drive::Running,
            at: Place { source: "".into(), line: 0, text: Bytes::new(), span: 0..0 },
            began: At::START,
            held: false,
            deaf: false,
            spoken: false,
            unread_bound: reading::bound(options.max_line),
            unread_full: Vec::new(),
            outbox: VecDeque::new(),
            wants: Vec::new(),
            break_was_played: false,
            met: 0,
            options,
        }
    }

    /// Whether a person, and not a script, says what comes next.
    #[must_use]
    pub fn is_prompt(&self) -> bool {
        self.options.prompt
    }

    /// Holds back what would be sent, or goes on.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
        if held && self.drive == Drive::Idle && !self.options.prompt {
            // Whoever holds us back does not read steps either: some may be waiting.
            self.drive = Drive::Running;
            self.send(Input::Drive(Drive::Running));
        }
    }

    /// Takes note of something that the session wants done.
    pub fn observe(&mut self, now: At, effect: &Effect) {
        self.roster.observe(effect);
        self.unanswered.observe(effect);
        match effect {
            Effect::Record(Record {
                conn: Some(conn),
                what: Recorded::Open { own: Side::Client, .. },
                ..
            }) => self.connected(*conn),
            Effect::Heard { conn, bytes } => self.heard(now, *conn, bytes),
            Effect::Silent { conn, .. } => {
                self.guard_end(now, *conn);
                self.unread.end(*conn);
                self.look(now);
            }
            Effect::Unheard(_) => self.unheard(),
            Effect::Moved(_) => self.stirred(now),
            Effect::Pause(Source::Conns) => self.deafen(now, true),
            Effect::Resume(Source::Conns) => self.deafen(now, false),
            _ => {}
        }
    }

    /// The patterns with named groups that have matched since this was last asked.
    pub fn take_wants(&mut self) -> Vec<Want> {
        std::mem::take(&mut self.wants)
    }

    /// The next thing that the steps want done; `None` where they wait for something.
    pub fn next(&mut self, now: At) -> Option<Action> {
        loop {
            if let Some(action) = self.outbox.pop_front() {
                return Some(action);
            }
            if self.waits_for_peer() {
                return None;
            }
            if self.wait.is_some() {
                self.look(now);
                if self.wait.is_some() && self.outbox.is_empty() {
                    return None;
                }
                continue;
            }
            if !self.may_step() {
                return None;
            }
            let Some(step) = self.take_step() else { return self.rest() };
            if self.drive != Drive::Running {
                self.drive = Drive::Running;
                self.outbox.push_back(Action::Session(Input::Drive(Drive::Running)));
            }
            self.step(now, &step);
        }
    }

    /// When [`Runner::next`] is to be asked again, even if nothing happens.
    #[must_use]
    pub fn deadline(&self) -> Option<At> {
        let wait = self.wait.as_ref().filter(|_| !self.waits_for_peer());
        wait.and_then(|(wait, _)| wait.deadline(self))
    }

    /// How much of what was waited for has come: an `/expect`, a block, a line of what is played. That it
    /// has grown tells that the peer has replied.
    #[must_use]
    pub fn met(&self) -> u64 {
        self.met + self.wait.as_ref().map_or(0, |(wait, _)| wait.met_so_far())
    }

    /// Lines that no step has read; none where there was no step.
    #[must_use]
    pub fn unread_lines(&self) -> u64 {
        let lines = self.unread.lines() + self.failure.passed_over;
        if self.at.line == 0 { 0 } else { lines }
    }

    /// Lets something else play our side until it is done.
    pub fn play(&mut self, play: Box<dyn Play>) {
        self.wait = Some((Wait::Play(Playing::new(play)), self.at.clone()));
    }

    /// Speaks to one conn from now on, and reads from it.
    pub fn speak_to(&mut self, conn: ConnId) {
        self.to = Audience::One(conn);
    }

    /// Whether our side has said something.
    #[must_use]
    pub fn has_spoken(&self) -> bool {
        self.spoken
    }

    /// What stands before a line that is typed: whom it will go to.
    #[must_use]
    pub fn prompt(&self) -> String {
        let several = self.options.listener || self.roster.are_several();
        match self.to {
            Audience::One(conn) if several => {
                format!("{}> ", self.roster.name(conn).unwrap_or_default())
            }
            Audience::All if several => "all> ".to_owned(),
            _ => "> ".to_owned(),
        }
    }

    /// What steps have set.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether something else plays our side.
    #[must_use]
    pub fn is_playing(&self) -> bool {
        matches!(self.wait, Some((Wait::Play(_), _)))
    }

    /// Ends what is being waited for or played, and forgets the steps behind it; says how many those
    /// were. `None` where nothing was waited for.
    pub fn interrupt(&mut self) -> Option<usize> {
        self.wait.take()?;
        let forgotten = self.steps.len();
        self.clear_steps();
        Some(forgotten)
    }

    /// The step of a script that is running, or was the last to begin where more are to come.
    #[must_use]
    pub fn running(&self) -> Option<&Place> {
        let goes_on = self.wait.is_some() || !self.steps.is_empty();
        Some(&self.at).filter(|at| goes_on && at.line > 0 && !self.options.prompt)
    }

    /// The failure of a session that has lasted longer than `limit`.
    #[must_use]
    pub fn overdue(&self, limit: Duration) -> Failure {
        let report = Report::new(format!("the test took longer than {}", Human(limit)));
        let report = match &self.wait {
            _ if self.at.line > 0 => {
                report.at(self.at.clone()).label("this was the last step that began")
            }
            Some((Wait::Play(_), _)) => report.note("the transcript was not played to its end"),
            _ => report.note("no step had begun"),
        };
        self.blame(Blame::Check, report)
    }

    /// What the step that was just run asked for could not be done.
    pub fn fail_task(&mut self, failure: Failure) {
        let report = failure.report.or_at(self.at.clone());
        self.fail(Failure { report, ..failure });
    }

    /// The failure of a step that could not be told yet, where the session is over before. A person at
    /// the prompt sees the end.
    pub fn take_failure(&mut self) -> Option<Box<Failure>> {
        let failure = self.outbox.drain(..).find_map(|action| match action {
            Action::Fail(failure) => Some(failure),
            _ => None,
        });
        failure.filter(|_| !self.options.prompt)
    }

    /// What there is to tell of what plays our side, where the session is over before its end.
    pub fn cut_short(&mut self) -> Option<Box<Failure>> {
        let (mut wait, place) = self.wait.take()?;
        let failure = match &mut wait {
            Wait::Play(playing) => playing.cut_short(self),
            _ => None,
        };
        self.wait = Some((wait, place));
        failure
    }

    /// Whether a connection that is broken is as what plays our side has it, which is at its end.
    #[must_use]
    pub const fn break_was_played(&self) -> bool {
        self.break_was_played
    }

    /// A step failed: the script stops, a prompt goes on.
    pub(super) fn fail(&mut self, failure: Failure) {
        self.wait = None;
        if !self.options.prompt {
            self.clear_steps();
            self.complete = true;
            self.drive = Drive::Quit;
        }
        self.outbox.push_back(Action::Fail(Box::new(failure)));
    }

    /// Hands an input to the session.
    pub(super) fn send(&mut self, input: Input) {
        self.spoken |= matches!(input, Input::Say { .. } | Input::Raw { .. } | Input::Pour { .. });
        self.outbox.push_back(Action::Session(input));
    }

    /// Asks for something that the session cannot do.
    pub(super) fn ask(&mut self, task: Task) {
        self.outbox.push_back(Action::Task(task));
    }

    pub(super) fn may_step(&self) -> bool {
        if self.drive == Drive::Quit {
            return false;
        }
        let starts = self.options.prompt && self.options.listener || self.joined() > 0;
        let local = self.steps.front().is_some_and(Step::is_local);
        let reads = self.steps.front().is_some_and(Step::reads);
        (starts || local && self.options.prompt) && (!self.held || local || reads)
    }

    /// What plays our side may begin before somebody is there to hear it.
    fn waits_for_peer(&self) -> bool {
        self.joined() == 0 && self.is_playing()
    }

    /// How many peers have come, those that a listener connected to itself left out.
    pub(super) fn joined(&self) -> u64 {
        self.roster.joined(self.options.listener)
    }

    /// We connected to somebody; who was the first is spoken to.
    fn connected(&mut self, conn: ConnId) {
        self.unread.no_guest(conn);
        if !self.options.listener && !self.roster.are_several() {
            self.to = Audience::One(conn);
        }
    }

    /// There is no step: nothing for the moment, or the end.
    fn rest(&mut self) -> Option<Action> {
        let drive = if self.complete && self.options.then_prompt && !self.options.prompt {
            self.options.prompt = true;
            self.complete = false;
            return Some(Action::Prompt);
        } else if self.complete {
            if self.fail_unread() {
                return self.outbox.pop_front();
            }
            Drive::Ended
        } else {
            Drive::Idle
        };
        if self.drive == drive {
            return None;
        }
        self.drive = drive;
        if drive == Drive::Ended {
            self.stop_reading();
        }
        Some(Action::Session(Input::Drive(drive)))
    }

    /// No step will read any more: conns that waited for one go on.
    fn stop_reading(&mut self) {
        // A strict script fails over what comes from now on, and tells what that was.
        self.options.reads = self.strict.is_some();
        for conn in std::mem::take(&mut self.unread_full) {
            self.send(Input::Drained(Queue::Unread(conn)));
        }
    }

    pub(super) fn step(&mut self, now: At, step: &Step) {
        let place = step.place(0..0);
        let place = Place { span: 0..place.text.len(), ..place };
        (self.at, self.began) = (place.clone(), now);
        match &step.what {
            What::Text(text) => {
                self.failure.saying = Some(place);
                self.text(step, text);
            }
            What::Data(bytes) => {
                self.failure.saying = Some(place);
                self.send(Input::Raw { to: self.to, bytes: bytes.clone() });
            }
            What::File { range, .. } => {
                self.failure.saying = Some(place);
                self.send(Input::Pour { to: self.to, range: range.clone() });
            }
            What::Comment(_) => {}
            What::Command(command, _) => self.command(now, command, &place),
            What::All(block) => self.all(now, block, &place),
        }
    }

    /// Nobody was there to hear a step.
    fn unheard(&mut self) {
        if self.options.prompt
            && let Some((Wait::Play(playing), _)) = &mut self.wait
        {
            playing.unheard();
        }
        if self.options.prompt || self.options.stays && self.to == Audience::Guests {
            self.outbox.push_back(Action::Task(Task::Unheard));
        } else if self.drive == Drive::Running {
            let view = self.view(self.began, self.to);
            let (ended, shut) = (self.roster.ended(self.to), self.roster.is_shut(self.to));
            let failure = self.failure.unheard(&view, ended, shut);
            self.outbox.clear();
            self.fail(failure);
        }
    }

    /// Looks whether what is waited for has come.
    pub(super) fn look(&mut self, now: At) {
        let Some((mut wait, place)) = self.wait.take() else { return };
        let played = matches!(wait, Wait::Play(_)) && place.line > 0;
        let looked = wait.look(now, self, &place);
        match looked {
            Looked::NotYet => self.wait = Some((wait, place)),
            Looked::Over => self.met += wait.met(),
            Looked::Failed(failure) if played => {
                let report = failure.report.at(place);
                self.fail(Failure { report, ..*failure });
            }
            Looked::Failed(failure) => self.fail(*failure),
        }
        self.relieve();
    }

    /// Leaves the pattern that a line matched for the transcript, if the pattern has named groups.
    pub(super) fn want(&mut self, conn: ConnId, line: u64, pattern: &Pattern) {
        if pattern.has_groups()
            && let Some(regex) = pattern.regex()
        {
            let pattern = self.settings.secrets.hide_pattern(regex);
            self.wants.push(Want { conn, line, pattern });
        }
    }

    /// A failure of the step at `place`.
    pub(super) fn blame(&self, blame: Blame, report: Report) -> Failure {
        Failure { report: self.failure.add_to(report), blame }
    }
}
