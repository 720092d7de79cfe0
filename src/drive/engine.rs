//! The loop itself.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use mio::{Events, Poll, Token};

use super::assist::Names;
use super::conns::Conns;
use super::door::{Came, Door};
use super::eager::Eager;
use super::feeding::Feeding;
use super::inbox::Inbox;
use super::opening::Opening;
use super::raw::{Level, Raw};
use super::reaching::Reaching;
use super::recorder::Recorder;
use super::runners::Runners;
use super::screen::Screen;
use super::securing::Securing;

use super::{Clock, Message, Outcome, Setup, Signals, Stop, Trouble};
use crate::net::KNOCKS;
use crate::replay;
use crate::script::{Action, Parser, Report};
use crate::session::{Drive, Effect, Input, Notice, Queue, Session};
use crate::term::Terminal;
use crate::transcript::{Redactor, SinkEvent};
use crate::units::At;
use crate::wire::Side;

pub(super) const INBOX: Token = Token(0);
pub(super) const SIGNALS: Token = Token(1);
pub(super) const STDIN: Token = Token(2);
pub(super) const STDOUT: Token = Token(3);
pub(super) const DOOR: Token = Token(4);
pub(super) const OPENING: Token = Token(5);
pub(super) const REACHING: Token = Token(6);
/// The token of conn 0, which there is none of.
pub(super) const CONNS: usize = 8;

/// How many guests are let in before those who are here get their turn again.
const LET_IN: usize = 64;

/// Steps that follow each other in one round. A script that never waits must not keep the session from
/// seeing that it is to end.
const STEPS: usize = 64;

/// A session that is being held.
pub(super) struct Engine {
    pub(super) now: At,
    pub(super) clock: Clock,
    pub(super) poll: Poll,
    pub(super) eager: Eager,
    pub(super) inbox: Inbox<Message>,
    pub(super) signals: Signals,
    pub(super) door: Door,
    pub(super) opening: Opening,
    pub(super) replaying: replay::Options,
    pub(super) reaching: Reaching,
    pub(super) securing: Securing,
    pub(super) conns: Conns,
    pub(super) session: Box<dyn Session>,
    pub(super) runners: Runners,
    pub(super) feeding: Feeding,
    pub(super) raw: Option<Raw>,
    pub(super) screen: Screen,
    pub(super) stops: Vec<Stop>,
    pub(super) limit: Option<Duration>,
    pub(super) names: Names,
    pub(super) role: Side,
    /// Whether nobody is kept out by address or certificate.
    pub(super) admits_all: bool,
    pub(super) redactor: Redactor,
    pub(super) recorder: Recorder,
    /// The script could go on, and is to in the next round.
    pub(super) more_steps: bool,
    /// What the session is to be told next.
    pub(super) inputs: VecDeque<Input>,
    pub(super) effects: Vec<Effect>,
    pub(super) outcome: Outcome,
    pub(super) opened: Arc<AtomicBool>,
    pub(super) left: bool,
    /// Nothing more is waited for.
    pub(super) forced: bool,
    /// What is needed to begin editing.
    pub(super) editing: Option<(Terminal, Option<PathBuf>)>,
    /// What a person types becomes steps here.
    pub(super) typed: Parser,
}

/// Holds a session to its end.
#[must_use]
pub fn run(setup: Setup) -> Outcome {
    match Engine::start(setup) {
        Ok(mut engine) => {
            engine.hold();
            engine.finish()
        }
        Err(outcome) => *outcome,
    }
}

impl Engine {
    /// Goes round until the session is over.
    fn hold(&mut self) {
        self.tell_where();
        if self.runners.own.is_prompt() {
            self.edit();
        }
        let mut events = Events::with_capacity(1024);
        while !self.is_over() {
            self.turn();
            self.see_the_end();
            if self.is_over() {
                break;
            }
            let wait = self.wait();
            if let Err(err) = self.eager.poll(&mut self.poll, &mut events, wait, self.clock)
                && err.kind() != io::ErrorKind::Interrupted
            {
                self.outcome.add(err);
                return;
            }
            self.now = self.clock.now();
            self.dispatch(&events);
        }
    }

    /// One round: takes in what happened, lets the script go on, sends what is to be sent.
    fn turn(&mut self) {
        self.let_in();
        self.see_last_guest();
        self.see_opening();
        self.see_reaching();
        self.read_messages();
        self.read_conns();
        self.see_securing();
        self.read_feed();
        if self.session.next_deadline().is_some_and(|at| at <= self.now) {
            self.input(Input::Tick);
        }
        self.step();
        self.flush();
        self.see_securing();
        self.step();
    }

    fn dispatch(&mut self, events: &Events) {
        for event in events {
            match event.token() {
                STDOUT if event.is_error() || event.is_write_closed() => {
                    self.stdout_failed(io::ErrorKind::BrokenPipe.into());
                }
                // What else these wait for is looked at in every round.
                STDOUT | OPENING => {}
                // A lookup that is done wakes the inbox.
                INBOX | REACHING => self.reaching.stir(),
                SIGNALS => self.signalled(),
                STDIN => self.feeding.stir(),
                DOOR => self.door.event(),
                token if token >= KNOCKS => self.door.knocked(token),
                _ => self.conns.event(event),
            }
        }
    }

    /// How long nothing has to be done unless something happens.
    fn wait(&self) -> Option<Duration> {
        let busy = self.conns.has_ready()
            || self.door.is_ready()
            || self.may_read_feed()
            || self.more_steps
            || !self.inputs.is_empty();
        if busy || self.conns.has_dirty() {
            return Some(Duration::ZERO);
        }
        let deadlines = [
            self.session.next_deadline(),
            self.runners.deadline(),
            self.conns.deadline(),
            self.door.deadline(),
            self.opening.deadline(),
            self.reaching.deadline(),
            self.securing.deadline(),
            self.limit.map(|limit| At::START + limit),
        ];
        deadlines.into_iter().flatten().min().map(|at| self.clock.until(at))
    }

    pub(super) fn let_in(&mut self) {
        for _ in 0..LET_IN {
            match self.door.look(self.poll.registry(), self.now) {
                Came::Nobody => return,
                Came::Stepped => {}
                Came::Turned(notice) => self.screen.notice(&notice),
                Came::Coded(notice) => self.screen.tell(&notice),
                Came::Codeless(why) => self.screen.report(&Report::new(why)),
                Came::Peer(link) => self.meet(link),
                Came::OutOfDescriptors(news) => return self.crowded(news),
                Came::Refused(err) => self.screen.report(&Report::new(err.to_string())),
                Came::Failed(err) => {
                    self.outcome.add(err);
                    self.forced = true;
                    return;
                }
            }
            if self.left {
                return;
            }
        }
    }

    /// Nobody more can be let in. Who has left makes room for who comes: the door tries again when a
    /// conn has been closed.
    fn crowded(&mut self, news: bool) {
        if news {
            self.screen.notice(&Notice::NoDescriptors);
        }
        self.input(Input::Crowded);
    }

    fn read_conns(&mut self) {
        for id in self.conns.turn() {
            let Some(input) = self.conns.read(id) else { continue };
            if let Input::Ended { conn, how } = &input {
                self.ended_unsecured(*conn, how);
                // Whether there is input waiting decides whether the session goes on.
                self.step();
                self.feeding.look();
                self.read_feed();
                self.step();
                self.tell_cut();
            }
            self.input(input);
            self.step();
        }
    }

    /// Lets the script go on, as far as it can in this round.
    pub(super) fn step(&mut self) {
        self.more_steps = false;
        for _ in 0..STEPS {
            while let Some(input) = self.inputs.pop_front() {
                self.input(input);
            }
            if self.left {
                return;
            }
            let action = self.runners.next(self.now);
            let wants = self.runners.take_wants();
            if !wants.is_empty() {
                self.recorder.want(self.now, wants);
            }
            let Some(action) = action else { return self.stop_at_fault() };
            self.act(action);
        }
        self.more_steps = true;
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Session(Input::Drive(Drive::Idle)) => self.idle(),
            Action::Session(input) => self.input(input),
            Action::Task(task) => self.task(task),
            Action::Fail(failure) if let Some((conn, name)) = self.runners.acting_guest() => {
                let name = name.to_owned();
                self.guest_failed(conn, &name, *failure);
            }
            Action::Fail(failure) if self.runners.own.is_prompt() => {
                self.screen.set_echo(self.runners.own.is_playing()); // it may have been what failed
                self.screen.report(&failure.report);
            }
            Action::Fail(failure) => {
                self.outcome.add(Trouble::Step(failure));
                self.input(Input::Drive(Drive::Quit));
            }
            Action::Prompt => self.edit(),
        }
    }

    /// Sends and writes what waits, as far as it is taken.
    fn flush(&mut self) {
        if self.conns.flush(&mut self.inputs) {
            self.eager.sent();
        }
        for closed in self.conns.settle(self.now) {
            // Who sends a signal does not wait for a peer that has stopped reading.
            if closed.unsent > 0 && self.outcome.signal.is_none() {
                self.outcome.add(Trouble::Unsent(closed.unsent));
            }
            self.door.event();
        }
        if let Some(full) = self.recorder.level() {
            let queue = Queue::Journal;
            self.inputs.push_back(if full { Input::Filled(queue) } else { Input::Drained(queue) });
        }
        self.write_stdout();
    }

    fn write_stdout(&mut self) {
        let Some(raw) = &mut self.raw else { return };
        match raw.write() {
            Ok(Level::Same) => {}
            Ok(Level::Filled) => self.inputs.push_back(Input::Filled(Queue::Stdout)),
            Ok(Level::Drained) => self.inputs.push_back(Input::Drained(Queue::Stdout)),
            Err(err) => self.stdout_failed(err),
        }
    }

    /// Nobody reads standard output any more, which ends the program quietly; or it fails.
    fn stdout_failed(&mut self, err: io::Error) {
        self.raw = None;
        if err.kind() == io::ErrorKind::BrokenPipe {
            self.forced = true;
        } else {
            self.outcome.add(Trouble::Stdout(err));
            self.inputs.push_back(Input::Drive(Drive::Quit));
        }
    }

    fn read_messages(&mut self) {
        for message in self.inbox.take() {
            match message {
                Message::Editor(event) => self.edited(event),
                Message::Sink(event) => self.recorded(event),
            }
        }
    }

    pub(super) fn recorded(&mut self, event: SinkEvent) {
        match event {
            SinkEvent::Drained => {}
            // What passes through a tap goes on passing.
            SinkEvent::Failed(err) if err.is_broken_pipe() && !self.reaching.is_tap() => {
                self.forced = true;
            }
            SinkEvent::Failed(err) => {
                self.screen.report(&Report::new(err.to_string()));
                self.outcome.add(Trouble::Journal(err.name));
            }
        }
    }
}
