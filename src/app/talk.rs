//! Hosting and joining a conversation: a person, a script, or a replay.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::{colour, mock, private, vars};
use crate::cli::Talk;
use crate::drive::{
    self, Asked, Cast, Clock, Dialing, Feed, Keeping, Part, Private, Setup, Stdout, Until, Way,
};
use crate::error::Error;
use crate::net::{Address, Network, Tls, raise_descriptor_limit};
use crate::replay;
use crate::script::{Play, RunnerOptions, Settings};
use crate::session::{Admits, Apart, Direct, DirectOptions, Name, Room, RoomOptions, Session, Tap};
use crate::term::Terminal;
use crate::wire::{Encoding, Eol, Side, with_eol};

/// What may wait to be sent to one end of a tap, in bytes; half of it stops the reading of the other. The
/// systems hold far more on either side, so this only has to bridge a turn of the loop.
const TAP_OUTBOX: usize = 1 << 20;

/// What stays in memory of a conversation, in bytes, where `--keep` says nothing.
const KEEP: usize = 64 << 20;

/// The same of a room: nothing is kept there, but what the host may have missed.
const ROOM_KEEP: usize = 1 << 20;

/// Who says what our side says.
enum Driver {
    /// A person.
    Prompt,
    /// A script, or data.
    Feed(Box<Feed>),
    /// A transcript.
    Play(Box<dyn Play>),
    /// A transcript, or a script, to each guest; where it is `watched`, a person looks on.
    Cast { cast: Cast, watched: bool },
    /// Nobody: others speak.
    Nobody,
}

/// What is asked of a session by who drives it.
struct Needs {
    /// Some step may look at what the peers say.
    reads: bool,
    /// Whether anybody asks for what was recorded.
    asked: Asked,
}

/// What a session is made of, besides what the command line says as it stands.
struct Parts {
    clock: Clock,
    terminal: Option<Terminal>,
    settings: Settings,
    tls: Tls,
    private: Option<Private>,
    driver: Driver,
    needs: Needs,
}

impl Driver {
    /// What of it a session is given.
    fn parts(self) -> (Option<Feed>, Option<Box<dyn Play>>, Option<Cast>) {
        match self {
            Driver::Prompt | Driver::Nobody => (None, None, None),
            Driver::Feed(feed) => (Some(*feed), None, None),
            Driver::Play(play) => (None, Some(play), None),
            Driver::Cast { cast, .. } => (None, None, Some(cast)),
        }
    }
}

pub(super) fn run(talk: Talk) -> Result<(), Error> {
    let clock = Clock::start();
    raise_descriptor_limit();
    let terminal = Terminal::find().map_err(|err| Error::terminal(&err))?;
    let types = terminal.as_ref().is_some_and(Terminal::has_keyboard);
    let settings = vars::settings(&talk.shared)?;
    let secrets = settings.secrets.clone();
    let tls = Tls::load(talk.shared.tls.options())?;
    let held = choose_driver(&talk, &settings, types).and_then(|mut driver| {
        let needs = check(&mut driver, settings.encoding)?;
        let private = private::code(&talk, terminal.as_ref())?;
        let stay = talk.stay || talk.is_tap() || talk.is_mock() || talk.rooming.room;
        let talk = Talk { interactive: talk.interactive && types, ..talk };
        let parts = Parts { clock, terminal, settings, tls, private, driver, needs };
        let outcome = drive::run(setup(talk, parts));
        Error::of_session(outcome, stay).map_or(Ok(()), Err)
    });
    held.map_err(|err| err.hiding(&secrets))
}

fn choose_driver(talk: &Talk, settings: &Settings, types: bool) -> Result<Driver, Error> {
    if talk.is_mock()
        && let Some(path) = &talk.replay
    {
        let part = mock::part(path, talk, settings)?;
        let until = if talk.stay { Until::Ended } else { Until::Played };
        return Ok(Driver::Cast { cast: Cast { part, until }, watched: types });
    }
    if let Some(path) = &talk.replay {
        let finish = replay::Finish::Close {
            half_close: !talk.shared.no_half_close,
            linger: talk.shared.linger,
        };
        let options = talk.replaying.options();
        let manner = options.verify(settings.timeout, finish);
        let given = replay::Given { settings, masks: &options.masks };
        let player = replay::load(path, Side::Client, manner, given, replay::Conns::All)?;
        return Ok(Driver::Play(Box::new(player)));
    }
    if let Some(path) = &talk.script {
        return open(path).map(|feed| Driver::Feed(Box::new(feed)));
    }
    if types && !talk.plain {
        return Ok(Driver::Prompt);
    }
    if talk.is_tap() {
        return Ok(Driver::Nobody);
    }
    let feed = Feed::stdin(talk.plain).map_err(|err| Error::read("<stdin>", &err))?;
    Ok(Driver::Feed(Box::new(feed)))
}

fn open(path: &Path) -> Result<Feed, Error> {
    Feed::script(path).map_err(|err| Error::read(path.display(), &err))
}

/// Checks a script that can be read twice, and says what is asked of the session.
fn check(driver: &mut Driver, encoding: Encoding) -> Result<Needs, Error> {
    let needs = |reads, asked| Ok(Needs { reads, asked });
    let feed = match driver {
        Driver::Feed(feed) => feed,
        Driver::Cast { cast: Cast { part: Part::Server(_), .. }, watched: false }
        | Driver::Play(_)
        | Driver::Nobody => return needs(true, Asked::Never),
        Driver::Prompt | Driver::Cast { .. } => return needs(true, Asked::Yes),
    };
    match feed.check(encoding) {
        Ok(None) if feed.is_script() => needs(true, Asked::Perhaps),
        Ok(None) => needs(false, Asked::Never),
        Ok(Some(checked)) => {
            let drive::Needs { reads, asks } = checked.sound().map_err(Error::script)?;
            needs(reads, if asks { Asked::Yes } else { Asked::Never })
        }
        Err(err) => Err(Error::read(feed.name(), &err)),
    }
}

/// Where what happens is kept.
fn keeping(talk: &mut Talk, asked: Asked) -> Keeping {
    Keeping {
        record: talk.record.take(),
        save: talk.save.take().or(talk.actual.take()),
        json: talk.json,
        keep: talk.keep.unwrap_or(if talk.rooming.room { ROOM_KEEP } else { KEEP }),
        asked: if talk.interactive { Asked::Yes } else { asked },
        ..Keeping::default()
    }
}

fn setup(mut talk: Talk, parts: Parts) -> Setup {
    let Parts { clock, terminal, settings, tls, private, driver, needs } = parts;
    let (listener, is_tap) = (talk.listen.is_some(), talk.is_tap());
    let role = if listener { Side::Server } else { Side::Client };
    let prompt = matches!(driver, Driver::Prompt | Driver::Cast { watched: true, .. });
    let stdout = stdout(&talk);
    let way = way(&talk);
    let runner = RunnerOptions {
        settings,
        max_line: talk.shared.max_line,
        listener,
        room: talk.rooming.room,
        reads: needs.reads || talk.interactive,
        prompt,
        then_prompt: talk.interactive,
        stays: talk.stay || talk.rooming.room,
    };
    let keeping = keeping(&mut talk, needs.asked);
    let own_name = own_name(&talk);
    let (session, room) = (session(&talk, prompt), talk.rooming.room);
    let (feed, play, cast) = driver.parts();
    Setup {
        clock,
        private,
        admits_all: admits_all(&talk),
        listener: None,
        session,
        role,
        room,
        own_name,
        eol: talk.shared.eol,
        runner,
        feed,
        play,
        cast,
        terminal: terminal.filter(|_| prompt || talk.interactive || stdout == Stdout::Terminal),
        colour: colour(talk.color),
        time: talk.time,
        quiet: talk.quiet,
        stdout,
        keeping,
        replaying: talk.replaying.options(),
        history: talk.history,
        outbox: if is_tap { TAP_OUTBOX } else { talk.outbox },
        max_line: talk.shared.max_line,
        signals: true,
        opened: Arc::default(),
        stops: Vec::new(),
        limit: None,
        dialing: Dialing {
            timeout: talk.shared.connect_timeout,
            retry: talk.retry.unwrap_or_default(),
            tls,
        },
        way,
    }
}

/// Whether nobody is kept out by address or certificate. Those that a tap asks for are its server's.
fn admits_all(talk: &Talk) -> bool {
    let is_tls = talk.listen.as_ref().is_some_and(|addr| addr.tls) && !talk.is_tap();
    let tls = &talk.shared.tls;
    let asks = is_tls && (tls.tls_ca.is_some() || !tls.tls_pin.is_empty());
    talk.rooming.allow.is_none() && !asks
}

fn session(talk: &Talk, prompt: bool) -> Box<dyn Session> {
    if talk.is_tap() {
        return Box::new(Tap::new(talk.shared.max_line));
    }
    if talk.rooming.room {
        return Box::new(Room::new(room(talk, prompt)));
    }
    let (listener, mock) = (talk.listen.is_some(), talk.is_mock());
    let options = DirectOptions {
        role: if listener { Side::Server } else { Side::Client },
        stay: talk.stay || prompt || talk.interactive,
        half_close: !talk.shared.no_half_close,
        linger: talk.shared.linger,
        max_line: talk.shared.max_line,
        telnet: listener && !talk.plain && !mock,
        introduction: talk
            .rooming
            .name
            .as_ref()
            .map(|name| ask_for(name, talk.shared.eol, talk.shared.encoding)),
    };
    if mock { Box::new(Apart::new(options)) } else { Box::new(Direct::new(options)) }
}

/// `/nick NAME`, as a guest's person would type it. Without line ends a room would take more for the name.
fn ask_for(name: &Name, eol: Eol, encoding: Encoding) -> Bytes {
    let eol = if eol == Eol::None { Eol::Lf } else { eol };
    let line = with_eol(format!("/nick {name}").as_bytes(), eol);
    // One that cannot be asked for does not get so far.
    encoding.bytes(&line).unwrap_or(line)
}

fn room(talk: &Talk, prompt: bool) -> RoomOptions {
    let rooming = &talk.rooming;
    let admits = rooming
        .allow
        .clone()
        .map(|networks| Admits::only(move |addr: &str| Network::any_contains(&networks, addr)));
    RoomOptions {
        name: rooming.name.clone().unwrap_or_default(),
        attended: prompt,
        max_line: talk.shared.max_line,
        telnet: !talk.plain,
        outbox: talk.outbox,
        max_guests: rooming.max_guests,
        rate: rooming.rate,
        idle_timeout: rooming.idle_timeout,
        backlog: rooming.backlog,
        admits: admits.unwrap_or_default(),
    }
}

/// What others call us, as far as we know.
fn own_name(talk: &Talk) -> Option<String> {
    let host = talk.rooming.room.then(Name::default);
    talk.rooming.name.clone().or(host).map(|name| name.to_string())
}

fn stdout(talk: &Talk) -> Stdout {
    match (talk.json, io::stdout().is_terminal()) {
        (true, _) => Stdout::Json,
        (false, true) => Stdout::Terminal,
        (false, false) if talk.is_tap() => Stdout::Unused,
        (false, false) => Stdout::Raw,
    }
}

fn way(talk: &Talk) -> Way {
    let timeout = talk.shared.connect_timeout;
    // So it is told, and recorded, how the conversation is held.
    let over = |addr: Address| Address { tls: addr.tls || talk.private.private, ..addr };
    match (talk.listen.clone().map(over), talk.connect.clone().map(over)) {
        (Some(listen), Some(server)) => Way::Tap { listen, server },
        (None, Some(address)) => {
            Way::Connect { address, timeout, retry: talk.retry.unwrap_or_default() }
        }
        // clap makes sure that there is one of the two.
        (listen, None) => Way::Listen(listen.unwrap_or_default()),
    }
}
