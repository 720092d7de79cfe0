//! Composition: from the command line to a run. One file per way to run; nothing but wiring.

mod diff;
mod load;
mod loaded;
mod mock;
mod packaging;
mod private;
mod show;
mod talk;
mod test;
mod vars;

use std::ffi::OsString;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};

use crate::cli::{Cli, FIRST, Subcommands};
use crate::drive::{self, Script};
use crate::error::{Error, ExitStatus};
use crate::wire::Encoding;

/// Runs the program with these arguments, the first of which is its name.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if args.len() < 2 {
        // Where nobody reads that there is nobody to tell.
        io::stderr().write_all(FIRST.as_bytes()).ok();
        return ExitCode::from(ExitStatus::USAGE);
    }
    let types = io::stdin().is_terminal();
    let parsed = Cli::read(&args);
    let cli = match parsed.and_then(|cli| cli.check(types).map(|()| cli)) {
        Ok(cli) => cli,
        // Usage errors go to standard error with status 2, help and version to standard output with 0.
        Err(usage) => {
            usage.print().ok();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(ExitStatus::USAGE));
        }
    };
    let auto = ColorChoice::Auto;
    let (colour, done) = match cli.command {
        Some(Subcommands::Show(show)) => (colour(show.color), show::run(&show)),
        Some(Subcommands::Diff(diff)) => (colour(diff.color), diff::run(&diff)),
        Some(Subcommands::Test(test)) => (colour(test.color), test::run(*test)),
        Some(Subcommands::Load(load)) => (colour(load.color), load::run(&load)),
        Some(Subcommands::Completions(args)) => (auto, packaging::completions(&args)),
        Some(Subcommands::Man(args)) => (auto, packaging::man(&args)),
        None => (colour(cli.talk.color), talk::run(cli.talk)),
    };
    end(colour, done)
}

/// The one place where an error is printed, and the status chosen.
fn end(colour: ColorChoice, done: Result<(), Error>) -> ExitCode {
    match done {
        Ok(()) => ExitStatus::Done.into(),
        Err(error) => {
            error.print(colour);
            error.status().into()
        }
    }
}

fn colour(choice: clap::ColorChoice) -> ColorChoice {
    match choice {
        clap::ColorChoice::Auto => ColorChoice::Auto,
        clap::ColorChoice::Always => ColorChoice::Always,
        clap::ColorChoice::Never => ColorChoice::Never,
    }
}

/// What printing to standard output came to. Who reads it may have had enough.
fn printed(done: io::Result<()>) -> Result<(), Error> {
    match done {
        Err(err) if err.kind() != ErrorKind::BrokenPipe => Err(Error::stdout(&err)),
        _ => Ok(()),
    }
}

/// All of a script that is not asked for in pieces: of a mock, or of a load.
fn script(path: &Path, encoding: Encoding) -> Result<Script, Error> {
    let parsed = drive::script(path, encoding).map_err(|err| Error::read(path.display(), &err))?;
    parsed.map_err(Error::script)
}

/// Whether standard output has colours.
fn is_styled(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
        ColorChoice::Never => false,
        ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
    }
}
