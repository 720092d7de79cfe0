//! What a session is made of, and how it is put together.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use mio::{Poll, Registry, Waker};

use super::assist::Names;
use super::cast::{Cast, Guests};
use super::conns::Conns;
use super::eager::Eager;
use super::engine::{CONNS, DOOR, Engine, INBOX, SIGNALS, STDIN, STDOUT};
use super::inbox::Inbox;
use super::opening::Opening;
use super::person::PROMPT;
use super::prescan::PORTION;
use super::raw::Raw;
use super::reaching::Reaching;
use super::recorder::{Keeping, Recorder, Target, Urgency};
use super::runners::Runners;
use super::screen::Screen;
use super::securing::Securing;
use super::way::{Door, Private};
use super::{Clock, Dialing, Feed, Message, Outcome, Signals, Stop, Way};
use crate::net::{Descriptors, Listener};
use crate::replay;
use crate::script::{Parser, Play, Runner, RunnerOptions};
use crate::session::Session;
use crate::term::{Look, Terminal};
use crate::transcript::{FileError, Header, Redactor};
use crate::wire::{Eol, Side};

/// Where standard output goes, and what goes there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdout {
    /// The peers' words, byte for byte.
    Raw,
    /// The transcript, as JSON Lines.
    Json,
    /// Nothing: it is a terminal, which is shown the conversation.
    Terminal,
    /// Nothing: no peer speaks to us.
    Unused,
    /// Nothing at all: the session is a part of something larger, which is told how it ended.
    None,
}

/// Everything that a session is made of.
pub struct Setup {
    /// The clock.
    pub clock: Clock,
    /// How conns come about.
    pub way: Way,
    /// What listens already at the address of [`Way::Listen`], if something does.
    pub listener: Option<Listener>,
    /// How conns that steps open come about.
    pub dialing: Dialing,
    /// The code, where only the invited take part.
    pub private: Option<Private>,
    /// Whether whoever reaches us may take part, as far as we do not look at addresses and certificates.
    pub admits_all: bool,
    /// What the conversation is.
    pub session: Box<dyn Session>,
    /// Which side we are; in a tap, the one that others connect to.
    pub role: Side,
    /// The session is a room, and we are its host.
    pub room: bool,
    /// What others call us, if we have said what: their lines that say it stand out.
    pub own_name: Option<String>,
    /// The line end of what we send, and that a transcript need not mention.
    pub eol: Eol,
    /// How steps are run.
    pub runner: RunnerOptions,
    /// Where steps come from, if not from a person.
    pub feed: Option<Feed>,
    /// What plays our side instead of steps, and what it is called.
    pub play: Option<Box<dyn Play>>,
    /// What is played to each guest, where the session is a conversation with each.
    pub cast: Option<Cast>,
    /// The person's terminal, if there is one.
    pub terminal: Option<Terminal>,
    /// Where the lines that are typed are kept.
    pub history: Option<PathBuf>,
    /// `--color`.
    pub colour: ColorChoice,
    /// `--time`.
    pub time: bool,
    /// `--quiet`.
    pub quiet: bool,
    /// What goes to standard output.
    pub stdout: Stdout,
    /// Where the session is kept.
    pub keeping: Keeping,
    /// How transcripts are replayed.
    pub replaying: replay::Options,
    /// `--outbox`, in bytes.
    pub outbox: usize,
    /// `--max-line`, in bytes.
    pub max_line: usize,
    /// Whether signals end the session.
    pub signals: bool,
    /// Set when the first conn stands.
    pub opened: Arc<AtomicBool>,
    /// What else ends it.
    pub stops: Vec<Stop>,
    /// How long it may last.
    pub limit: Option<Duration>,
}

impl Setup {
    /// Whether a person types, now or later.
    fn types(&self) -> bool {
        self.runner.prompt || self.runner.then_prompt
    }

    /// Which side we are, unless we stand between the two.
    fn side(&self) -> Option<Side> {
        Some(self.role).filter(|_| !self.way.is_tap())
    }

    /// Whether steps come from a script.
    fn is_scripted(&self) -> bool {
        self.feed.as_ref().is_some_and(Feed::is_script)
    }
}

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
        let poured = start_feed(&mut setup, registry).map_err(system)?;
        let screen = start_screen(&setup).map_err(system)?;
        let door = listener.map_or_else(|| open_door(&setup, registry, &inbox.waker()), Ok)?;
        Signals::take_interrupts_back();
        let (conns, names) = (start_conns(&setup), start_names(&setup));
        let redactor = Redactor::new(setup.runner.settings.secrets.clone());
        let (types, scripted) = (setup.types(), setup.is_scripted());
        let what = (setup.feed.is_some(), setup.play, setup.cast);
        let runners = start_runners(setup.runner, &setup.way, what);
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
            feed: setup.feed,
            poured,
            feed_ready: true,
            more_steps: false,
            feed_held: false,
            idle_untold: false,
            fault: None,
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
            scripted,
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

/// The file that is sent without coming here, if it is one of text, and nobody sees or keeps what we say. A
/// guest whose outbox is over its bound is dropped: what is queued at once has to be small beside that.
fn start_feed(setup: &mut Setup, registry: &Registry) -> io::Result<Option<Arc<File>>> {
    if let Some(feed) = &mut setup.feed {
        feed.register(registry, STDIN)?;
    }
    let seen = setup.terminal.is_some() || setup.keeping.is_somewhere();
    let as_is = setup.eol == Eol::Lf || !setup.is_scripted();
    let small = PORTION <= setup.outbox as u64 / 8;
    match &mut setup.feed {
        Some(feed) if !seen && !setup.room && as_is && small => feed.pour(),
        _ => Ok(None),
    }
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

fn open_record(setup: &Setup) -> Result<Option<Target>, Box<Outcome>> {
    let opened: Result<_, FileError> = setup.keeping.open_record(setup.way.is_tap());
    opened.map_err(|err| Box::new(Outcome::of(err)))
}

/// Whatever else ends the session: signals, and whoever holds a [`Stop`].
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
    record: Option<Target>,
    inbox: &Inbox<Message>,
) -> Result<Recorder, Box<Outcome>> {
    let encoding = setup.runner.settings.encoding;
    let header = Header::new(setup.clock.started, setup.side(), setup.eol);
    let header = Header { encoding, ..header };
    let urgency = if setup.way.is_tap() { Urgency::Loses } else { Urgency::Waits };
    Recorder::start(header, setup.role, (&setup.keeping, urgency), record, &inbox.sender())
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
    let Some(terminal) = &setup.terminal else {
        return Screen::none(setup.quiet, setup.colour, secrets);
    };
    let look = Look {
        own: setup.side(),
        encoding: setup.runner.settings.encoding,
        colour: wants_colour(setup.colour),
        time: setup.time || setup.way.is_tap() || setup.cast.is_some(),
        started: setup.clock.started.to_zoned_datetime(jiff::tz::TimeZone::system()),
    };
    let conversation = setup.runner.prompt || setup.stdout == Stdout::Terminal;
    let mut screen =
        Screen::on(terminal, look, conversation, (setup.quiet, setup.colour), secrets)?;
    screen.set_echo(!setup.runner.prompt || setup.cast.is_some());
    if setup.room {
        screen.is_room();
    }
    if let Some(name) = &setup.own_name {
        screen.set_own_name(name);
    }
    Ok(screen)
}

/// Whether the terminal, which is there, is to be shown colour. `NO_COLOR` and the like have a say, and
/// `TERM=dumb`; one of the two streams is the terminal, or colour does no good.
pub(super) fn wants_colour(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Auto => {
            let streams = [AutoStream::choice(&io::stdout()), AutoStream::choice(&io::stderr())];
            streams.iter().any(|choice| *choice != ColorChoice::Never)
        }
        choice => choice != ColorChoice::Never,
    }
}

/// What runs the steps: whether there are some to come, what plays our side, and what is played to guests.
fn start_runners(
    mut options: RunnerOptions,
    way: &Way,
    (fed, play, cast): (bool, Option<Box<dyn Play>>, Option<Cast>),
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
