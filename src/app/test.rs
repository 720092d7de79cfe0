//! `chat-repl test PATH...`.

use std::io::{self, ErrorKind, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread;

use anstream::AutoStream;
use clap::CommandFactory;
use clap::error::ErrorKind as Usage;

use super::{colour, vars};
use crate::cli::{Cli, Format, Test};
use crate::drive::Signal;
use crate::error::Error;
use crate::net::raise_descriptor_limit;
use crate::suite::{
    self, Json, Junit, Live, Plan, Reporter, ServerPlan, Speaking, Summary, Tap, Text,
};
use crate::units::{count, reason};

/// Whether the options go together, beyond what clap sees.
///
/// # Errors
/// They do not, as clap tells such things.
pub(super) fn check(args: &Test) -> Result<(), clap::Error> {
    match &args.server {
        Some(command) if args.connect.is_none() && !suite::names_port(command) => {
            Err(Cli::command().error(
                Usage::MissingRequiredArgument,
                "--server does not say where the server is: write ${port} or ${addr} in its command \
                 for a free port of 127.0.0.1, or add --connect ADDR\n",
            ))
        }
        _ => Ok(()),
    }
}

pub(super) fn run(args: Test) -> Result<(), Error> {
    raise_descriptor_limit();
    let mut found = suite::find(&args.paths).map_err(|err| Error::unfound(&err))?;
    if let Some(filter) = &args.filter {
        found.tests.retain(|test| filter.is_match(&test.name()));
    }
    for path in found.passed_over.iter().filter(|_| !args.quiet) {
        tell(&format!("-- not a transcript: {}\n", path.display()));
    }
    if args.list {
        return list(&found.tests);
    }
    if found.tests.is_empty() {
        return Err(Error::nothing_ran());
    }
    let mut reporters = reporters(&args)?;
    let plan = plan(args)?;
    match suite::run(&found.tests, &plan, &mut reporters, &mut Live::on_stderr()) {
        Ok((summary, signal)) => outcome(&summary, signal),
        // Who reads what is printed has had enough.
        Err(err) if err.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(err) => Err(Error::suite(&err)),
    }
}

fn list(tests: &[suite::Test]) -> Result<(), Error> {
    let names: String = tests.iter().map(|test| test.name() + "\n").collect();
    match io::stdout().write_all(names.as_bytes()) {
        Err(err) if err.kind() != ErrorKind::BrokenPipe => Err(Error::stdout(&err)),
        _ if tests.is_empty() => Err(Error::nothing_ran()),
        _ => Ok(()),
    }
}

fn reporters(args: &Test) -> Result<Vec<Box<dyn Reporter>>, Error> {
    let mut reporters: Vec<Box<dyn Reporter>> = vec![match args.format {
        Format::Text => {
            let out = AutoStream::new(io::stdout(), colour(args.color));
            Box::new(Text::new(out, args.quiet))
        }
        Format::Tap => Box::new(Tap::new(io::stdout())),
        Format::Json => Box::new(Json::new(io::stdout())),
    }];
    if let Some(path) = &args.junit {
        let junit = Junit::create(path).map_err(|err| unwritable(path.clone(), &err))?;
        reporters.push(Box::new(junit));
    }
    Ok(reporters)
}

fn unwritable(path: PathBuf, err: &io::Error) -> Error {
    Error::write(&path, &reason(err))
}

fn plan(args: Test) -> Result<Plan, Error> {
    let settings = vars::settings(&args.shared)?;
    let server = args.server.map(|command| ServerPlan {
        command,
        address: args.connect.clone(),
        per_test: args.server_per_test,
        start: args.server_start,
    });
    let jobs = args.jobs.or_else(|| thread::available_parallelism().ok());
    Ok(Plan {
        address: args.connect.unwrap_or_default(),
        server,
        jobs: jobs.unwrap_or(NonZeroUsize::MIN),
        fail_fast: args.fail_fast,
        test_timeout: args.test_timeout,
        speaking: Speaking {
            settings,
            connect_timeout: args.shared.connect_timeout,
            linger: args.shared.linger,
            half_close: !args.shared.no_half_close,
            max_line: args.shared.max_line,
        },
    })
}

fn outcome(summary: &Summary, signal: Option<Signal>) -> Result<(), Error> {
    let not_run = match summary.not_run() {
        0 => String::new(),
        n => format!(", {n} not run"),
    };
    if summary.failed > 0 {
        let (failed, tests) = (summary.failed, count(summary.tests as u64, "test"));
        return Err(Error::tests_failed(&format!("{failed} of {tests} failed{not_run}")));
    }
    match signal {
        Some(signal) => Err(Error::signalled(signal)),
        None => Ok(()),
    }
}

/// Where nobody reads it there is nobody to tell.
fn tell(line: &str) {
    io::stderr().write_all(line.as_bytes()).ok();
}
