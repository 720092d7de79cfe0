//! One test: a session of its own.

use std::io;
use std::time::{Duration, Instant};

use anstream::ColorChoice;

use super::run::Plan;
use super::server::Server;
use super::{Ended, Kind, Test, Verdict};
use crate::drive::{self, Clock, Dialing, Feed, Keeping, Outcome, Setup, Stdout, Stop, Way};
use crate::net::Address;
use crate::replay;
use crate::script::{Play, Report, RunnerOptions, Settings};
use crate::session::{Direct, DirectOptions};
use crate::units::reason;
use crate::wire::Side;

/// What `/save` and `/show` can reach back to in a test, in bytes.
const KEEP: usize = 16 << 20;

/// What may wait to be sent before a script waits, in bytes: as much as `--outbox` is by default.
const OUTBOX: usize = 4 << 20;

/// How lines are said and waited for in a test.
#[derive(Debug, Clone)]
pub struct Speaking {
    /// What steps start with.
    pub settings: Settings,
    /// `--connect-timeout`.
    pub connect_timeout: Duration,
    /// `--linger`.
    pub linger: Duration,
    /// Not `--no-half-close`.
    pub half_close: bool,
    /// `--max-line`, in bytes.
    pub max_line: usize,
}

/// What drives a test.
enum Driver {
    Feed(Box<Feed>, bool),
    Play(Box<dyn Play>),
}

/// Runs a test against `server`, or one of its own, or one that somebody else has started.
pub(super) fn run(
    index: usize,
    test: &Test,
    plan: &Plan,
    server: Option<&Server>,
    stop: &Stop,
) -> Verdict {
    let began = Instant::now();
    let mut verdict = match (server, &plan.server) {
        (None, Some(server)) => match Server::start(server) {
            Ok(own) => against(index, test, plan, &own, stop),
            Err(err) => failed(index, vec![cannot_start(&err)]),
        },
        (Some(server), _) => against(index, test, plan, server, stop),
        (None, None) => {
            let way = (plan.address.clone(), Duration::ZERO);
            judge(index, hold(test, plan, way, vec![stop.clone()]))
        }
    };
    verdict.took = began.elapsed();
    verdict.hiding(&plan.speaking.settings.secrets)
}

/// The report of a server that the system does not start.
pub(super) fn cannot_start(err: &io::Error) -> Report {
    Report::new(format!("cannot start the server: {}", reason(err)))
}

/// Runs a test against a server of ours.
fn against(index: usize, test: &Test, plan: &Plan, server: &Server, stop: &Stop) -> Verdict {
    let position = server.position();
    if server.has_failed() {
        let mut verdict = failed(index, vec![has_ended(server)]);
        verdict.server = Some(server.since(0));
        return verdict;
    }
    let way = (server.address.clone(), server.retry());
    let held = hold(test, plan, way, vec![stop.clone(), server.gone.clone()]);
    if held.as_ref().is_ok_and(|outcome| outcome.connected) {
        server.is_ready();
    }
    let mut verdict = judge(index, held);
    if verdict.ended == Ended::Stopped && !stop.is_asked() {
        verdict.ended = Ended::Failed;
        verdict.reports = vec![has_ended(server)];
    }
    if matches!(verdict.ended, Ended::Failed | Ended::TimedOut) {
        verdict.server = Some(server.since(position));
    }
    verdict
}

fn has_ended(server: &Server) -> Report {
    let how = server.ended().unwrap_or_default();
    Report::new(format!("the server has ended ({how}), and takes no connection"))
        .note("what it said stands below; `--server` has its command")
}

/// Holds the session of a test; fails with what is wrong with the test itself.
fn hold(
    test: &Test,
    plan: &Plan,
    (address, retry): (Address, Duration),
    stops: Vec<Stop>,
) -> Result<Outcome, Vec<Report>> {
    let driver = driver(test, &plan.speaking)?;
    Ok(drive::run(setup(plan, driver, address, retry, stops)))
}

fn driver(test: &Test, speaking: &Speaking) -> Result<Driver, Vec<Report>> {
    let unreadable = |err: io::Error| {
        vec![Report::new(format!("cannot read `{}`: {}", test.path.display(), reason(&err)))]
    };
    match test.kind {
        Kind::Script => {
            let mut feed = Feed::script(&test.path).map_err(unreadable)?;
            let mut reads = true;
            if feed.is_file().map_err(unreadable)? {
                let checked = feed.check().map_err(unreadable)?.sound();
                reads = checked
                    .map_err(|faults| faults.into_iter().map(Report::from).collect::<Vec<_>>())?;
            }
            Ok(Driver::Feed(Box::new(feed), reads))
        }
        Kind::Transcript => {
            let finish =
                replay::Finish::Close { half_close: speaking.half_close, linger: speaking.linger };
            let settings = &speaking.settings;
            let loaded =
                replay::load(&test.path, Side::Client, settings.timeout, &settings.secrets);
            let player = loaded.map_err(|err| vec![Report::new(err.to_string())])?;
            Ok(Driver::Play(Box::new(player.finishing(finish))))
        }
    }
}

fn setup(
    plan: &Plan,
    driver: Driver,
    address: Address,
    retry: Duration,
    stops: Vec<Stop>,
) -> Setup {
    let Speaking { settings, connect_timeout, linger, half_close, max_line } =
        plan.speaking.clone();
    let (feed, play, reads) = match driver {
        Driver::Feed(feed, reads) => (Some(*feed), None, reads),
        Driver::Play(play) => (None, Some(play), true),
    };
    let session = DirectOptions {
        role: Side::Client,
        stay: false,
        half_close,
        linger,
        max_line,
        telnet: false,
    };
    let runner = RunnerOptions {
        settings,
        max_line,
        listener: false,
        reads,
        prompt: false,
        then_prompt: false,
        stays: false,
    };
    let eol = runner.settings.eol;
    Setup {
        clock: Clock::start(),
        way: Way::Connect { address, timeout: connect_timeout, retry },
        dialing: Dialing { timeout: connect_timeout, retry: Duration::ZERO },
        session: Box::new(Direct::new(session)),
        role: Side::Client,
        eol,
        runner,
        feed,
        play,
        terminal: None,
        history: None,
        colour: ColorChoice::Never,
        time: false,
        quiet: true,
        stdout: Stdout::None,
        keeping: Keeping { keep: KEEP, ..Keeping::default() },
        outbox: OUTBOX,
        max_line,
        signals: false,
        stops,
        limit: Some(plan.test_timeout),
    }
}

/// What a session came to.
fn judge(index: usize, held: Result<Outcome, Vec<Report>>) -> Verdict {
    let outcome = match held {
        Ok(outcome) => outcome,
        Err(reports) => return failed(index, reports),
    };
    let ended = if outcome.overdue {
        Ended::TimedOut
    } else if outcome.stopped {
        Ended::Stopped
    } else if outcome.troubles.is_empty() {
        Ended::Passed
    } else {
        Ended::Failed
    };
    let reports = outcome.troubles.into_iter().map(Report::from).collect();
    Verdict { ended, told: outcome.told, ..failed(index, reports) }
}

fn failed(test: usize, reports: Vec<Report>) -> Verdict {
    Verdict {
        test,
        ended: Ended::Failed,
        took: Duration::ZERO,
        reports,
        told: String::new(),
        server: None,
    }
}
