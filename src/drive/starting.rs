//! How a session is put together.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use mio::{Poll, Registry, Waker};

use super::assist::Names;
use super::cast::Cast;
use super::conns::Conns;
use super::door::Door;
use super::eager::Eager;
use super::engine::{CONNS, DOOR, Engine, INBOX, SIGNALS, STDIN, STDOUT};
use super::feeding::Feeding;
use super::guests::Guests;
use super::inbox::Inbox;
use super::opening::Opening;
use super::person::PROMPT;
use super::prescan::PORTION;
use super::raw::Raw;
use super::reaching::Reaching;
use super::recorder::{Recorder, Recording, Urgency};
use super::runners::Runners;
use super::screen::{Screen, Telling};
use super::securing::Securing;
use super::{Message, Outcome, Setup, Signals, Stdout, Way, colour};
use crate::net::Descriptors;
use crate::script::{Parser, Play, Runner, RunnerOptions};
use crate::term::Look;
use crate::transcript::{FileError, Header, Redactor};
use crate::wire::Eol;

impl Engine {
    /// Opens everything that the session needs.
    pub(super) fn start(mut setup: Setup) -> Result<Engine, Box<Outcome>> {
        let system = |err: io::Error| Box::new(Outcome::of(err));
        let poll = Poll::new().map_err(system)?;
        let registry = poll.registry();
        let inbox = Inbox::new(registry, INBOX).map_err(system)?;
        // While a name is looked up, or a pipe waits for its reader, Ctrl-C is to end the program.
        let listener = open_listener(&mut setup, registry, &inbox.waker())?;
        let record = open_record(&setup)?;
        let signals = start_signals(&setup, registry, &inbox.waker()).map_err(system)?;
        let recorder = start_recorder(&setup, record, &inbox)?;
        let raw = start_raw(&setup, registry).map_err(system)?;
        let fed = setup.feed.is_some();
        let feeding = start_feeding(&mut setup, registry).map_err(system)?;
        let screen = start_screen(&setup).map_err(system)?;
        let door = listener.map_or_else(|| open_door(&setup, registry, &inbox.waker()), Ok)?;
        Signals::take_interrupts_back();
        let (conns, names) = (start_conns(&setup), start_names(&setup));
        let redactor = Redactor::new(setup.runner.settings.secrets.clone());
        let types = setup.types();
        let runners = start_runners(setup.runner, &setup.way, fed, setup.play, setup.cast);
        Ok(Engine {
            now: setup.clock.now(),
            clock: setup.clock,
            inbox,
            signals,
            door,
            opening: Opening::none(setup.dialing.clone(), &setup.way),
            securing: Securing::default(),
            reaching: Reaching::none(&setup.way, setup.dialing),
            replaying: setup.replaying,
            conns,
            session: setup.session,
            runners,
            feeding,
            more_steps: false,
            raw,
            screen,
            stops: setup.stops,
            limit: setup.limit,
            names,
            role: setup.role,
            admits_all: setup.admits_all,
            redactor,
            recorder,
            inputs: VecDeque::new(),
            effects: Vec::new(),
            outcome: Outcome::default(),
            opened: setup.opened,
            left: false,
            forced: false,
            editing: setup.terminal.filter(|_| types).map(|terminal| (terminal, setup.history)),
            typed: Parser::typed(PROMPT.into()),
            poll,
            eager: Eager::new(!setup.room && !types),
        })
    }
}

/// The door of a session that others connect to.
fn open_listener(
    setup: &mut Setup,
    registry: &Registry,
    waker: &Arc<Waker>,
) -> Result<Option<Door>, Box<Outcome>> {
    if let Some(listener) = setup.listener.take() {
        let door = Door::listen(listener, (registry, DOOR));
        return door.map(Some).map_err(|err| Box::new(Outcome::of(err)));
    }
    let listens = !matches!(setup.way, Way::Connect { .. });
    listens.then(|| open_door(setup, registry, waker)).transpose()
}

fn open_door(setup: &Setup, registry: &Registry, waker: &Arc<Waker>) -> Result<Door, Box<Outcome>> {
    let descriptors = if setup.types() { Descriptors::High } else { Descriptors::Any };
    let tls = &setup.dialing.tls;
    let private = (setup.private.as_ref(), setup.clock.now());
    Door::open(&setup.way, descriptors, (registry, DOOR), (waker, tls), private)
        .map_err(|trouble| Box::new(Outcome::of(trouble)))
}

/// Where steps come from. A file is sent without coming here where nobody sees or keeps what we say, and what
/// is queued of it at once is small beside an outbox: a guest whose outbox is over its bound is dropped.
fn start_feeding(setup: &mut Setup, registry: &Registry) -> io::Result<Feeding> {
    let seen = setup.terminal.is_some() || setup.keeping.is_somewhere();
    let as_is = setup.eol == Eol::Lf || !setup.is_scripted();
    let small = PORTION <= setup.outbox as u64 / 8;
    let mut feeding = Feeding::start(setup.feed.take(), (registry, STDIN))?;
    if !seen && !setup.room && as_is && small {
        feeding.pour()?;
    }
    Ok(feeding)
}

fn start_conns(setup: &Setup) -> Conns {
    let conns = Conns::new(CONNS, setup.outbox).watching(setup.way.is_tap());
    if setup.room { conns.of_room() } else { conns }
}

fn start_names(setup: &Setup) -> Names {
    let names = Names::new(setup.runner.settings.secrets.clone());
    let guest = setup.types() && matches!(setup.way, Way::Connect { .. });
    if guest { names.of_guest() } else { names }
}

fn open_record(setup: &Setup) -> Result<Option<Recording>, Box<Outcome>> {
    let opened: Result<_, FileError> = setup.keeping.open_record(urgency(setup));
    opened.map_err(|err| Box::new(Outcome::of(err)))
}

/// What is done where a recording cannot keep up: what passes through a tap waits for nothing.
fn urgency(setup: &Setup) -> Urgency {
    if setup.way.is_tap() { Urgency::Loses } else { Urgency::Waits }
}

/// Whatever else ends the session: signals, and whoever holds a [`Stop`](super::Stop).
fn start_signals(setup: &Setup, registry: &Registry, waker: &Arc<Waker>) -> io::Result<Signals> {
    setup.stops.iter().for_each(|stop| stop.wake(waker));
    setup.cast.iter().for_each(|cast| cast.wake(waker));
    let mut signals = if setup.signals { Signals::catch()? } else { Signals::none() };
    signals.register(registry, SIGNALS)?;
    Signals::leave_interrupts_to_others(); // none of the threads that start now is to get one
    Ok(signals)
}

fn start_recorder(
    setup: &Setup,
    record: Option<Recording>,
    inbox: &Inbox<Message>,
) -> Result<Recorder, Box<Outcome>> {
    let encoding = setup.runner.settings.encoding;
    let header = Header::new(setup.clock.started, setup.side(), setup.eol);
    let header = Header { encoding, ..header };
    Recorder::start(header, setup.role, (&setup.keeping, urgency(setup)), record, &inbox.sender())
        .map_err(|err| Box::new(Outcome::of(err)))
}

fn start_raw(setup: &Setup, registry: &Registry) -> io::Result<Option<Raw>> {
    if setup.stdout != Stdout::Raw {
        return Ok(None);
    }
    let raw = Raw::new(setup.max_line)?;
    let mut raw = if setup.room { raw.of_room() } else { raw };
    raw.register(registry, STDOUT)?;
    Ok(Some(raw))
}

fn start_screen(setup: &Setup) -> io::Result<Screen> {
    let secrets = setup.runner.settings.secrets.clone();
    if setup.stdout == Stdout::None {
        return Ok(Screen::keeping(secrets));
    }
    let telling = Telling { quiet: setup.quiet, colour: setup.colour, secrets };
    let Some(terminal) = &setup.terminal else {
        return Screen::none(telling);
    };
    let look = Look {
        own: setup.side(),
        encoding: setup.runner.settings.encoding,
        colour: colour::on_terminal(setup.colour),
        time: setup.time || setup.way.is_tap() || setup.cast.is_some(),
        started: setup.clock.started.to_zoned_datetime(jiff::tz::TimeZone::system()),
    };
    let conversation = setup.runner.prompt || setup.stdout == Stdout::Terminal;
    let mut screen = Screen::on(terminal, look, conversation, telling)?;
    screen.set_echo(!setup.runner.prompt || setup.cast.is_some());
    if setup.room {
        screen.is_room();
    }
    if let Some(name) = &setup.own_name {
        screen.set_own_name(name);
    }
    Ok(screen)
}

/// What runs the steps, of which some are to come if it is `fed`; or plays our side, or to guests.
fn start_runners(
    mut options: RunnerOptions,
    way: &Way,
    fed: bool,
    play: Option<Box<dyn Play>>,
    cast: Option<Cast>,
) -> Runners {
    way.name_in(&mut options.settings.vars);
    let complete = !fed && !options.prompt && cast.is_none();
    let guests = cast.map(|cast| Guests::new(cast, &options));
    let mut runner = Runner::new(options);
    if let Some(play) = play {
        runner.play(play);
    }
    if complete {
        runner.complete();
    }
    Runners::new(runner, guests)
}
