//! `chat-repl test PATH...`.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use anstream::AutoStream;
use clap::error::ErrorKind as Usage;

use super::{colour, mock, vars};
use crate::cli::{Format, Test};
use crate::drive::Signal;
use crate::error::Error;
use crate::net::{Address, Tls, raise_descriptor_limit};
use crate::suite::{
    self, Actual, Against, ClientPlan, Html, Json, Junit, Live, Plan, Reporters, ServerPlan, Slots,
    Speaking, Summary, Tap, Text,
};
use crate::units::reason;
use crate::wire::Visible;

/// How long a server that was just started has until it must take a connection, where nothing else is
/// said: a JVM on a busy machine needs some of that.
const START: Duration = Duration::from_secs(10);

/// What standard output is called in errors.
const STDOUT: &str = "standard output";

/// Whether the options go together, beyond what clap sees.
///
/// # Errors
/// They do not, as clap tells such things.
pub(super) fn check(args: &Test) -> Result<(), clap::Error> {
    args.replaying.check()?;
    if let Some(command) = &args.client {
        return check_client(args, command);
    }
    if args.order.is_some() {
        return Err(usage(
            Usage::ArgumentConflict,
            "--match says how a mock takes what clients say, and only --client has one",
        ));
    }
    let address = args.connect.as_deref();
    let is_in_slots = address.is_some_and(Slots::has_any);
    match &args.server {
        None if address.is_none() && !args.list => Err(usage(
            Usage::MissingRequiredArgument,
            "where is the server? add --connect ADDR, or --server COMMAND to start it; to test a client, \
             --client COMMAND",
        )),
        None if is_in_slots => Err(usage(
            Usage::MissingRequiredArgument,
            "${port} and ${dir} in --connect are those of a server that is started: add --server COMMAND",
        )),
        Some(command) if address.is_none() && !suite::names_port(command) => Err(usage(
            Usage::MissingRequiredArgument,
            "--server does not say where the server is: write ${port} or ${addr} in its command \
             for a free port of 127.0.0.1, or add --connect ADDR",
        )),
        Some(_) if args.server_per_test && one_at_a_time(args) => Err(usage(
            Usage::ArgumentConflict,
            "the servers of --server-per-test would all be at the same --connect at once: write \
             ${port} or ${dir} into it, or add --jobs 1",
        )),
        _ => match sample(address) {
            Ok(_) => Ok(()),
            Err(why) => Err(usage(Usage::ValueValidation, &format!("--connect: {why}"))),
        },
    }
}

/// Whether a client can be tested like this.
fn check_client(args: &Test, command: &str) -> Result<(), clap::Error> {
    if args.replaying.bless.is_some() {
        return Err(usage(
            Usage::ArgumentConflict,
            "--bless takes for right what a server says, and with --client there is none",
        ));
    }
    if !suite::names_port(command) {
        return Err(usage(
            Usage::MissingRequiredArgument,
            "--client does not say where the client finds its server: write ${addr} or ${port} into \
             its command, which are those of a mock at 127.0.0.1",
        ));
    }
    Ok(())
}

/// An error of the command line, told with the usage of `test`.
fn usage(kind: Usage, said: &str) -> clap::Error {
    super::usage("test", kind, said)
}

/// Whether only one server can run at a time, and more are asked for.
fn one_at_a_time(args: &Test) -> bool {
    let is_fixed = args.connect.as_ref().is_some_and(|address| !Slots::has_any(address));
    is_fixed && args.jobs != Some(NonZeroUsize::MIN)
}

/// The address, its slots filled with something.
fn sample(connect: Option<&str>) -> io::Result<Address> {
    Slots::new(1, Path::new("/"), connect).map(Slots::into_address)
}

pub(super) fn run(args: Test) -> Result<(), Error> {
    raise_descriptor_limit();
    let mut found =
        suite::find(&args.paths, args.actual.as_deref()).map_err(|err| Error::unfound(&err))?;
    let all = found.tests.len();
    if let Some(filter) = &args.filter {
        found.tests.retain(|test| filter.is_match(&test.name()));
    }
    for path in found.passed_over.iter().filter(|_| !args.quiet) {
        let name = Visible(path.as_os_str().as_bytes());
        tell(&format!("-- passed over, since it is no transcript: {name}\n"));
    }
    if found.tests.is_empty() {
        return Err(Error::nothing_ran(all));
    }
    if args.list {
        return list(&found.tests);
    }
    let mut reporters = reporters(&args)?;
    let folder = args.actual.clone();
    let actual = folder.map(|folder| Actual::within(&folder, &found.tests)).transpose();
    let actual = actual.map_err(|err| Error::actual(&err))?;
    let plan = Plan { actual, ..plan(args)? };
    let (summary, signal) = suite::run(&found.tests, &plan, &mut reporters, &mut Live::on_stderr())
        .map_err(|err| Error::suite(&err))?;
    outcome(&summary, signal, reporters.take_failed())
}

/// Prints the paths: as they are where a program reads them.
fn list(tests: &[suite::Test]) -> Result<(), Error> {
    let terminal = io::stdout().is_terminal();
    let mut names = Vec::new();
    for test in tests {
        let name = test.path.as_os_str().as_bytes();
        if terminal {
            names.extend(Visible(name).to_string().bytes());
        } else {
            names.extend(name);
        }
        names.push(b'\n');
    }
    match io::stdout().write_all(&names) {
        Err(err) if err.kind() != ErrorKind::BrokenPipe => Err(Error::stdout(&err)),
        _ => Ok(()),
    }
}

fn reporters(args: &Test) -> Result<Reporters, Error> {
    let mut reporters = Reporters::default();
    match args.format {
        Format::Text => {
            let out = AutoStream::new(io::stdout(), colour(args.color));
            reporters.add(STDOUT, Text::new(out, args.quiet));
        }
        Format::Tap => reporters.add(STDOUT, Tap::new(io::stdout())),
        Format::Json => reporters.add(STDOUT, Json::new(io::stdout())),
    }
    if let Some(path) = &args.junit {
        let junit = Junit::create(path).map_err(|err| Error::write(path, &reason(&err)))?;
        reporters.add(format!("`{}`", path.display()), junit);
    }
    if let Some(path) = &args.html {
        let html = Html::create(path).map_err(|err| Error::write(path, &reason(&err)))?;
        reporters.add(format!("`{}`", path.display()), html);
    }
    Ok(reporters)
}

fn plan(args: Test) -> Result<Plan, Error> {
    let settings = vars::settings(&args.shared)?;
    let tls = Tls::load(args.shared.tls.options())?;
    let starts = args.server.is_some();
    let against = match (args.client, args.server) {
        (Some(command), _) => {
            Against::Client(ClientPlan { command, order: mock::order(args.order) })
        }
        (None, Some(command)) => {
            let (address, per_test) = (args.connect, args.server_per_test);
            Against::Server(ServerPlan { command, address, per_test })
        }
        (None, None) => Against::Address(sample(args.connect.as_deref()).unwrap_or_default()),
    };
    let jobs = args.jobs.or_else(|| thread::available_parallelism().ok());
    Ok(Plan {
        against,
        retry: args.retry.unwrap_or(if starts { START } else { Duration::ZERO }),
        jobs: jobs.unwrap_or(NonZeroUsize::MIN),
        fail_fast: args.fail_fast,
        test_timeout: args.test_timeout,
        actual: None,
        hands_over: args.html.is_some(),
        speaking: Speaking {
            settings,
            connect_timeout: args.shared.connect_timeout,
            tls,
            linger: args.shared.linger,
            half_close: !args.shared.no_half_close,
            max_line: args.shared.max_line,
            replaying: vars::replaying(&args.replaying),
        },
    })
}

fn outcome(
    summary: &Summary,
    signal: Option<Signal>,
    untold: Vec<(String, io::Error)>,
) -> Result<(), Error> {
    let mut errors: Vec<Error> = Vec::new();
    if summary.failed > 0 {
        errors.push(Error::tests_failed(summary.failed, summary.tests));
    }
    if let Some(signal) = signal {
        errors.push(Error::signalled(signal));
    }
    for (name, err) in untold {
        // Who reads what is printed may have had enough, once all is well.
        if err.kind() != ErrorKind::BrokenPipe {
            errors.push(Error::unwritten(&name, &reason(&err)));
        }
    }
    if summary.not_run() > 0 {
        errors.push(Error::tests_not_run(summary.not_run(), summary.tests, summary.halt.as_ref()));
    }
    Error::all(errors).map_or(Ok(()), Err)
}

/// Where nobody reads it there is nobody to tell.
fn tell(line: &str) {
    io::stderr().write_all(line.as_bytes()).ok();
}
