//! Tests of a client: each is the server of a client that is started for it.

use std::io;
use std::process::ExitStatus;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::program::{self, Position, Program, Programs, Slots};
use super::run::{Plan, RunError};
use super::session::Speaking;
use super::setup::{self, faulty, unreadable};
use super::{Ended, Excerpt, Kind, Test, Verdict};
use crate::drive::{self, Cast, Keeping, LastGuest, Outcome, Part, Setup, Stop, Until, Way};
use crate::net::{Address, Descriptors, Endpoint, Listener, Tls};
use crate::replay::{self, Order};
use crate::script::{Blame, Failure, Report};
use crate::wire::Side;

/// The variable of the environment in which a client finds the path of its test.
const TEST: &str = "CHAT_REPL_TEST";

/// Where clients find their servers: a port that the system chooses.
const HOST: &str = "127.0.0.1";

/// How to start clients.
#[derive(Debug, Clone)]
pub struct ClientPlan {
    /// A command for the shell, with [`Slots`] to fill.
    pub command: String,
    /// In which order the lines of a client may come.
    pub order: Order,
}

/// Starts the clients of a run, one for each test.
#[derive(Debug)]
pub(super) struct Clients<'a> {
    plan: &'a ClientPlan,
    programs: &'a Programs,
}

/// The end of a client: whether its status is known yet.
type Status = Arc<OnceLock<ExitStatus>>;

impl Clients<'_> {
    /// None yet.
    pub(super) fn new<'a>(plan: &'a ClientPlan, programs: &'a Programs) -> Clients<'a> {
        Clients { plan, programs }
    }

    /// Runs a test: plays it to a client that is started for it.
    pub(super) fn run(&self, index: usize, test: &Test, plan: &Plan, stop: &Stop) -> Verdict {
        let began = Instant::now();
        let played = self.play(index, test, plan, stop, began);
        played.unwrap_or_else(|reports| Verdict {
            took: began.elapsed(),
            ..Verdict::failed(index, reports)
        })
    }

    fn play(
        &self,
        index: usize,
        test: &Test,
        plan: &Plan,
        stop: &Stop,
        began: Instant,
    ) -> Result<Verdict, Vec<Report>> {
        let part = self.part(test, &plan.speaking)?;
        let refused = |err| vec![Report::new(RunError::Client(err).to_string())];
        let (listener, port) = listen(&plan.speaking.tls).map_err(|why| vec![Report::new(why)])?;
        let dir = program::folder().map_err(refused)?;
        let slots = Slots::new(port, dir.path(), None).map_err(refused)?;
        let command = slots.fill(&self.plan.command);
        let client = self.programs.start(&command, &[(TEST, test.path.as_os_str())]);
        let client = client.map_err(refused)?;
        let (last, status) = (LastGuest::default(), Status::default());
        watch(&client, &last, &status).map_err(refused)?;
        let cast = Cast { part, until: Until::LastGuest(last) };
        let keeping = plan.keeping(index);
        let way = (listener, slots.into_address());
        let outcome = drive::run(setup(plan, cast, way, stop, keeping));
        let (took, ended) = (began.elapsed(), status.get().copied());
        client.stop(&mut || false);
        Ok(judge(index, outcome, (&client, ended), took, plan))
    }

    /// What is played.
    fn part(&self, test: &Test, speaking: &Speaking) -> Result<Part, Vec<Report>> {
        let Speaking { settings, replaying, linger, .. } = speaking;
        match test.kind {
            Kind::Script => {
                let parsed = drive::script(&test.path, settings.encoding);
                let script = parsed.map_err(|err| unreadable(test, &err))?.map_err(faulty)?;
                Ok(Part::Script { steps: script.steps.into(), reads: script.needs.reads })
            }
            Kind::Transcript => {
                let how = replaying.mock(self.plan.order, Some(settings.timeout), *linger);
                let given = replay::Given { settings, masks: &replaying.masks };
                let mock = replay::mock(&test.path, how, given);
                mock.map(Part::Server).map_err(|err| vec![err.into()])
            }
        }
    }
}

/// A place for a client to connect to: nobody else gets it, and nobody is refused before the session
/// looks at it.
fn listen(tls: &Tls) -> Result<(Listener, u16), String> {
    let address = Address::from(Endpoint::Tcp { host: Some(HOST.to_owned()), port: 0 });
    let listener =
        Listener::bind(&address, Descriptors::Any, tls).map_err(|err| err.to_string())?;
    let local = listener.local();
    let port = local.first().and_then(|addr| addr.rsplit_once(':')?.1.parse().ok());
    Ok((listener, port.ok_or_else(|| format!("no port of {HOST}: {}", local.join(", ")))?))
}

/// Has the session hear of the end of the client: nobody is to be waited for then.
fn watch(client: &Program, last: &LastGuest, status: &Status) -> io::Result<()> {
    let (last, known) = (last.clone(), Arc::clone(status));
    client.when_ended(move |status, _| {
        known.set(status).ok(); // it ends once
        last.came((!status.success()).then(|| {
            let report = Report::new(format!("the client failed: {status}"));
            Failure { report, blame: Blame::Check }
        }));
    })
}

fn setup(
    plan: &Plan,
    cast: Cast,
    (listener, address): (Listener, Address),
    stop: &Stop,
    keeping: Keeping,
) -> Setup {
    let way = Way::Listen(address.clone());
    let mut setup = setup::setup(plan, (Side::Server, true), way, vec![stop.clone()], keeping);
    // Unless somebody else gave `addr` and `port` a value.
    drive::address_in(&address, &mut setup.runner.settings.vars);
    Setup { listener: Some(listener), cast: Some(cast), ..setup }
}

/// What the client did, and what it came to for the session.
fn judge(
    index: usize,
    outcome: Outcome,
    (client, ended): (&Program, Option<ExitStatus>),
    took: Duration,
    plan: &Plan,
) -> Verdict {
    let mut verdict = Verdict::of(index, outcome, took);
    if verdict.ended == Ended::Passed {
        return verdict;
    }
    let secrets = &plan.speaking.settings.secrets;
    let (lines, before) = client.since(Position::default(), secrets);
    if verdict.ended == Ended::TimedOut && ended.is_none() {
        let running = |report: Report| report.note("the client had not ended");
        verdict.reports.splice(..1, verdict.reports.first().cloned().map(running));
    }
    // That it failed is told already.
    let ended = ended.filter(ExitStatus::success).map(|status| status.to_string());
    verdict.said = Some(Excerpt { of: Side::Client, lines, before, ended });
    verdict
}
