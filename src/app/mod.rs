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
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::{CommandFactory, Parser};

use crate::cli::{Cli, FIRST, Subcommands};
use crate::error::{Error, ExitStatus};

/// The status of a command line that is wrong, which clap chooses as well.
const USAGE: u8 = 2;

/// Runs the program with these arguments, the first of which is its name.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if args.len() < 2 {
        // Where nobody reads that there is nobody to tell.
        io::stderr().write_all(FIRST.as_bytes()).ok();
        return ExitCode::from(USAGE);
    }
    let parsed = Cli::try_parse_from(args);
    let cli = match parsed.and_then(|cli| check(&cli).map(|()| cli)) {
        Ok(cli) => cli,
        // Usage errors go to standard error with status 2, help and version to standard output with 0.
        Err(usage) => {
            usage.print().ok();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(USAGE));
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

/// Whether the options go together, beyond what clap sees.
fn check(cli: &Cli) -> Result<(), clap::Error> {
    match &cli.command {
        Some(Subcommands::Test(args)) => test::check(args),
        Some(Subcommands::Show(args)) => show::check(args),
        Some(Subcommands::Load(args)) => args.check(),
        Some(_) => Ok(()),
        None => {
            cli.talk.check()?;
            cli.talk.check_asking(io::stdin().is_terminal())
        }
    }
}

/// An error of the command line, told with the usage of a subcommand.
fn usage(of: &str, kind: clap::error::ErrorKind, said: &str) -> clap::Error {
    let mut command = Cli::command();
    command.build();
    let told = command.find_subcommand_mut(of).map(|command| command.error(kind, said));
    told.unwrap_or_else(|| Cli::command().error(kind, said))
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

/// Whether standard output has colours.
fn is_styled(choice: ColorChoice) -> bool {
    match choice {
        ColorChoice::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
        ColorChoice::Never => false,
        ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
    }
}
