//! `chat-repl load FILE`.

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

use jiff::Timestamp;

use super::loaded::{self, Watching};
use super::vars;
use crate::cli::{self, names_script};
use crate::drive::crowd::{self, Crowd, Pacing, Piece};
use crate::drive::{self, Dialing};
use crate::error::Error;
use crate::load::{self, Load, Plan, Results, Tally, Until};
use crate::net::{self, Address, Tls, descriptors_for_conns, raise_descriptor_limit};
use crate::replay::{self, Finish};
use crate::script::{Report, RunnerOptions, Settings};
use crate::units::At;

/// Descriptors that a thread takes for itself: what it waits with, and what wakes it.
const OWN: usize = 4;

pub(super) fn run(args: &cli::Load) -> Result<(), Error> {
    // The command line has both, or results to merge.
    let (Some(file), Some(address)) = (&args.file, &args.connect) else {
        return loaded::merge(args);
    };
    raise_descriptor_limit();
    let clients = usize::try_from(args.clients.get()).unwrap_or(usize::MAX);
    let most = descriptors_for_conns().saturating_sub(threads(args).get().saturating_mul(OWN));
    if clients > most {
        return Err(Error::too_many_clients(clients, most));
    }
    let page = loaded::page(args)?;
    let settings = vars::settings(&args.shared)?;
    let secrets = settings.secrets.clone();
    let plan = plan(args, file, address);
    let results = prepare(args, file, address, settings).and_then(|crowd| {
        let load = Load { crowd, threads: threads(args) };
        let (mut watching, started) = (Watching::new(args.quiet), Timestamp::now());
        let watch = &mut |tally: &Tally, elapsed| watching.tell(tally, &plan, elapsed);
        let ran = load::run(&load, watch, &loaded::write);
        watching.end();
        let loaded = ran.map_err(|err| Error::load(&err))?;
        let results = Results::of(plan.clone(), started, loaded.took, loaded.cpu, loaded.tally);
        Ok((results, loaded.signal))
    });
    let (results, signal) = results.map_err(|err| err.hiding(&secrets))?;
    loaded::report(args, page, &results, signal)
}

/// On how many threads: one without a client has nothing to do.
fn threads(args: &cli::Load) -> NonZeroUsize {
    NonZeroUsize::try_from(args.clients).map_or(args.threads, |clients| clients.min(args.threads))
}

/// What is to be done, for reports.
fn plan(args: &cli::Load, file: &Path, address: &Address) -> Plan {
    Plan {
        file: file.display().to_string(),
        address: address.to_string(),
        clients: args.clients.get().into(),
        until: match args.duration {
            Some(time) => Until::Elapsed(time),
            None => Until::Times(args.times.map_or(1, u64::from)),
        },
        rate: args.rate,
        ramp: args.ramp,
        threads: threads(args).get() as u64,
        processors: thread::available_parallelism().ok().map(|count| count.get() as u64),
    }
}

/// What clients do.
fn prepare(
    args: &cli::Load,
    file: &Path,
    address: &Address,
    mut settings: Settings,
) -> Result<Crowd, Error> {
    drive::address_in(address, &mut settings.vars);
    let tls = Tls::load(args.shared.tls.options())?;
    let (piece, reads) = piece(args, file, &settings)?;
    let found = net::resolve(address).map_err(|err| Error::unreachable(&err))?;
    let runner = RunnerOptions {
        settings,
        max_line: args.shared.max_line,
        listener: false,
        room: false,
        reads,
        prompt: false,
        then_prompt: false,
        stays: false,
    };
    Ok(Crowd {
        address: address.clone(),
        found,
        dialing: Dialing {
            timeout: args.shared.connect_timeout,
            retry: args.retry.unwrap_or_default(),
            tls,
        },
        piece,
        runner,
        half_close: !args.shared.no_half_close,
        linger: args.shared.linger,
        times: times(args),
        until: args.duration.map(|duration| At::START + duration),
        pacing: Pacing { clients: args.clients.get(), rate: args.rate, ramp: args.ramp },
    })
}

/// How often each client plays: once, where nothing is said of when to end.
fn times(args: &cli::Load) -> Option<u64> {
    let times = args.times.map(u64::from);
    times.or(args.duration.is_none().then_some(1))
}

/// What each client plays, and whether some of it is compared.
fn piece(args: &cli::Load, path: &Path, settings: &Settings) -> Result<(Piece, bool), Error> {
    if names_script(path) {
        let script = super::script(path, settings.encoding)?;
        if let Some((place, why)) = crowd::undoable(&script.steps) {
            let report = Report::new("no client of a load can do this").at(place).label(why);
            return Err(Error::bad_file(report));
        }
        if !script.needs.reads {
            return Err(Error::checks_nothing(path));
        }
        return Ok((Piece::Script(script.steps.into()), script.needs.reads));
    }
    let finish =
        Finish::Close { half_close: !args.shared.no_half_close, linger: args.shared.linger };
    let options = args.playing.options();
    let manner = options.verify(settings.timeout, finish);
    let given = replay::Given { settings, masks: &options.masks };
    let score = replay::score(path, manner, args.shared.max_line, given)?;
    match score.checks_nothing() {
        Some(failure) => Err(Error::failed(failure)),
        None => Ok((Piece::Transcript(score), true)),
    }
}
