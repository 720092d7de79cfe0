//! One test: a session of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::client::Clients;
use super::program::Position;
use super::run::{Plan, RunError};
use super::server::{Server, Servers};
use super::setup::{self, faulty, unreadable};
use super::{Ended, Kind, Test, Verdict};
use crate::drive::{self, Feed, Keeping, Outcome, Setup, Stop, Trouble, Way};
use crate::net::{Address, Tls};
use crate::replay;
use crate::script::{Blame, Failure, Play, Report, Settings};
use crate::wire::Side;

/// How lines are said and waited for in a test.
#[derive(Debug, Clone)]
pub struct Speaking {
    /// What steps start with.
    pub settings: Settings,
    /// `--connect-timeout`.
    pub connect_timeout: Duration,
    /// How TLS is spoken.
    pub tls: Tls,
    /// `--linger`.
    pub linger: Duration,
    /// Not `--no-half-close`.
    pub half_close: bool,
    /// `--max-line`, in bytes.
    pub max_line: usize,
    /// How transcripts are replayed.
    pub replaying: replay::Options,
}

/// What drives a test.
enum Driver {
    Feed(Box<Feed>, bool),
    Play(Box<dyn Play>),
}

/// What tests run against.
pub(super) enum Target<'a> {
    /// A server of ours, which they share.
    Shared(&'a Server),
    /// Each its own.
    Each(&'a Servers<'a>),
    /// Clients, each its own.
    Client(&'a Clients<'a>),
    /// A server that somebody else has started.
    Elsewhere {
        /// Where it is.
        address: Address,
        /// For how long connections are tried again.
        retry: Duration,
        /// Since when.
        since: Instant,
        /// One has stood.
        ready: Arc<AtomicBool>,
    },
}

/// How a test gets to the server.
struct Reach<'a> {
    address: &'a Address,
    /// For how long a connection is tried again.
    retry: Duration,
    /// Set when it stands.
    ready: &'a Arc<AtomicBool>,
}

impl Target<'_> {
    /// A server that somebody else has started, and that may not be there yet.
    pub(super) fn elsewhere(address: Address, retry: Duration) -> Self {
        Target::Elsewhere { address, retry, since: Instant::now(), ready: Arc::default() }
    }

    /// Why no test can be connected to the server of all any more, if none can.
    pub(super) fn is_gone(&self) -> Option<String> {
        match self {
            Target::Shared(server) => server.is_gone(),
            Target::Each(_) | Target::Client(_) | Target::Elsewhere { .. } => None,
        }
    }
}

/// Runs a test.
pub(super) fn run(
    index: usize,
    test: &Test,
    plan: &Plan,
    target: &Target<'_>,
    stop: &Stop,
) -> Verdict {
    let verdict = match target {
        Target::Shared(server) => against(index, test, plan, server, stop),
        Target::Each(servers) => match servers.start() {
            Ok(own) => against(index, test, plan, &own, stop),
            Err(err) => {
                let report = Report::new(RunError::Server(err).to_string());
                Verdict::failed(index, vec![report])
            }
        },
        Target::Client(clients) => clients.run(index, test, plan, stop),
        Target::Elsewhere { address, retry, since, ready } => {
            let left = retry.saturating_sub(since.elapsed());
            let retry = if ready.load(Ordering::SeqCst) { Duration::ZERO } else { left };
            let (began, way) = (Instant::now(), Reach { address, retry, ready });
            judge(index, hold(index, test, plan, &way, vec![stop.clone()]), began)
        }
    };
    verdict.hiding(&plan.speaking.settings.secrets)
}

/// Runs a test against a server of ours.
fn against(index: usize, test: &Test, plan: &Plan, server: &Server, stop: &Stop) -> Verdict {
    let began = Instant::now();
    let was_ready = server.was_ready();
    let (mut gone, mut seems_to_end) = (server.is_gone(), false);
    // What it said at its start is of those that wait for it, and of those that find it gone.
    let from_start = !was_ready || gone.is_some();
    let position = if from_start { Position::default() } else { server.position() };
    let mut verdict = if gone.is_some() {
        Verdict::failed(index, Vec::new())
    } else {
        let (address, retry, ready) = (&server.address, server.retry(), server.ready());
        let way = Reach { address, retry, ready };
        let mut held = hold(index, test, plan, &way, vec![stop.clone(), server.gone()]);
        if let Ok(outcome) = &mut held {
            seems_to_end = outcome.troubles.iter().any(is_of_the_connection);
            explain(outcome, server);
        }
        judge(index, held, began)
    };
    if verdict.ended == Ended::Stopped && !stop.is_asked() {
        verdict.ended = Ended::Failed;
        gone = server.is_gone();
    }
    if verdict.has_failed() {
        let mut said = server.since(position, seems_to_end, &plan.speaking.settings.secrets);
        if let Some(why) = gone {
            verdict.reports = vec![Report::new(why)];
            said.ended = None; // as the report says
        }
        verdict.said = Some(said);
    }
    verdict
}

/// Whether something went wrong because the connection was over.
fn is_of_the_connection(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Step(failure) => failure.blame == Blame::Connection,
        trouble => matches!(trouble, Trouble::Broken { .. } | Trouble::Unsent(_)),
    }
}

/// Has a failure to connect say what it means where the server is ours.
fn explain(outcome: &mut Outcome, server: &Server) {
    for trouble in &mut outcome.troubles {
        let Trouble::Dial(err) = trouble else { continue };
        let at = format!("`{}`: {}", err.address, err.failure);
        if err.retried.is_some() {
            server.give_up();
        }
        let report = match server.is_gone() {
            Some(why) => Report::new(why)
                .note(format!("tried was {at}"))
                .note("does `--server` listen there? `--retry 1m` waits longer"),
            // Others may have been connected meanwhile.
            None if server.was_ready() => Report::new(format!("cannot connect to {at}"))
                .note("other tests were connected: has the server stopped listening?"),
            None => Report::new(format!("cannot connect to {at}"))
                .note("`--retry` says how long the server has until it must listen"),
        };
        let blame = Blame::Unreachable;
        *trouble = Trouble::Step(Box::new(Failure { report, blame }));
    }
}

/// Holds the session of a test; fails with what is wrong with the test itself.
fn hold(
    index: usize,
    test: &Test,
    plan: &Plan,
    way: &Reach<'_>,
    stops: Vec<Stop>,
) -> Result<Outcome, Vec<Report>> {
    let driver = driver(test, &plan.speaking)?;
    let keeping = plan.keeping(index);
    Ok(drive::run(setup(plan, driver, way, stops, keeping)))
}

fn driver(test: &Test, speaking: &Speaking) -> Result<Driver, Vec<Report>> {
    let unreadable = |err| unreadable(test, &err);
    match test.kind {
        Kind::Script => {
            let mut feed = Feed::script(&test.path).map_err(unreadable)?;
            let mut reads = true;
            if let Some(checked) = feed.check(speaking.settings.encoding).map_err(unreadable)? {
                reads = checked.sound().map_err(faulty)?.reads;
            }
            Ok(Driver::Feed(Box::new(feed), reads))
        }
        Kind::Transcript => {
            let finish =
                replay::Finish::Close { half_close: speaking.half_close, linger: speaking.linger };
            let settings = &speaking.settings;
            let replaying = &speaking.replaying;
            let manner = replaying.verify(settings.timeout, finish);
            let given = replay::Given { settings, masks: &replaying.masks };
            let all = replay::Conns::All;
            let loaded = replay::load(&test.path, Side::Client, manner, given, all);
            let player = loaded.map_err(|err| vec![err.into()])?;
            Ok(Driver::Play(Box::new(player)))
        }
    }
}

fn setup(
    plan: &Plan,
    driver: Driver,
    way: &Reach<'_>,
    stops: Vec<Stop>,
    keeping: Keeping,
) -> Setup {
    let (feed, play, reads) = match driver {
        Driver::Feed(feed, reads) => (Some(*feed), None, reads),
        Driver::Play(play) => (None, Some(play), true),
    };
    let leads = Way::Connect {
        address: way.address.clone(),
        timeout: plan.speaking.connect_timeout,
        retry: way.retry,
    };
    let setup = setup::setup(plan, (Side::Client, reads), leads, stops, keeping);
    Setup { feed, play, opened: Arc::clone(way.ready), ..setup }
}

/// What a session came to that began then.
fn judge(index: usize, held: Result<Outcome, Vec<Report>>, began: Instant) -> Verdict {
    let took = began.elapsed();
    match held {
        Ok(outcome) => Verdict::of(index, outcome, took),
        Err(reports) => Verdict { took, ..Verdict::failed(index, reports) },
    }
}
