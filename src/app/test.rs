//! `chat-repl test PATH...`.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::num::NonZeroUsize;
use std::os::unix::ffi::OsStrExt;
use std::thread;
use std::time::Duration;

use anstream::AutoStream;

use super::{colour, printed, vars};
use crate::cli::{Format, Test};
use crate::drive::Signal;
use crate::error::Error;
use crate::net::{Tls, raise_descriptor_limit};
use crate::suite::{
    self, Actual, Against, ClientPlan, Html, Json, Junit, Live, Plan, Reporters, ServerPlan,
    Speaking, Summary, Tap, Text,
};
use crate::units::reason;
use crate::wire::Visible;

/// How long a server that was just started has until it must take a connection, where nothing else is
/// said: a JVM on a busy machine needs some of that.
const START: Duration = Duration::from_secs(10);

/// What standard output is called in errors.
const STDOUT: &str = "standard output";

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
    printed(io::stdout().write_all(&names))
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
    let address = args.address();
    let replaying = args.replaying.options();
    let against = match (args.client, args.server) {
        (Some(command), _) => {
            Against::Client(ClientPlan { command, order: args.mock.order.unwrap_or_default() })
        }
        (None, Some(command)) => {
            let (address, per_test) = (args.connect, args.server_per_test);
            Against::Server(ServerPlan { command, address, per_test })
        }
        // The command line has one that can be read.
        (None, None) => Against::Address(address.unwrap_or_default()),
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
            replaying,
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
