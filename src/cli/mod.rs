//! The command line, as clap reads it, and which options go together. What they mean is decided in `app`.

mod diff;
mod first;
mod load;
mod packaging;
mod private;
mod replay;
mod room;
mod secret;
mod shared;
mod show;
mod talk;
mod test;
mod tls;

use std::ffi::OsString;
use std::path::Path;

pub use diff::Diff;
pub use first::FIRST;
pub use load::Load;
pub use packaging::{Completions, Man, Shell};
pub use private::PrivateArgs;
pub use replay::{Bless, MockArgs, Playing, Replaying};
pub use room::Rooming;
pub use secret::Secret;
pub use shared::Shared;
pub use show::Show;
pub use talk::Talk;
pub use test::{Format, Test};
pub use tls::TlsArgs;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

use crate::net::Address;
use crate::units::parse_size;

/// Talk over a socket, keep the conversation, play it back.
#[derive(Debug, Parser)]
#[command(
    name = "chat-repl",
    version,
    max_term_width = 100,
    subcommand_negates_reqs = true,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    override_usage = "chat-repl --listen [ADDR] [--room] [--private] [OPTIONS]\n       chat-repl --connect ADDR [OPTIONS]\n       \
                      chat-repl --listen ADDR --connect ADDR [OPTIONS]\n       \
                      chat-repl --connect ADDR [OPTIONS] < SCRIPT\n       \
                      chat-repl --connect ADDR --replay FILE\n       chat-repl --listen ADDR --replay FILE\n       \
                      chat-repl test PATH... [OPTIONS]\n       \
                      chat-repl load FILE --connect ADDR [OPTIONS]\n       \
                      chat-repl show FILE\n       chat-repl diff A B\n       \
                      chat-repl completions SHELL\n       chat-repl man [DIR]",
    after_help = "ADDR is HOST:PORT, :PORT, PORT, HOST, [V6]:PORT or unix:PATH, and tls: before it for TLS; the port is \
                  51423 where none is given.\nDurations are written 200ms, 2s, 1m; sizes 64KiB, 4MiB. \
                  At the prompt, /help lists the commands.\n\
                  Exit status: 0 done, 1 a check failed, 2 usage, 3 a bad file, 4 no connection, 5 it broke."
)]
pub struct Cli {
    /// What to do other than hold a conversation.
    #[command(subcommand)]
    pub command: Option<Subcommands>,

    /// How to hold one.
    #[command(flatten)]
    pub talk: Talk,
}

impl Cli {
    /// Reads the arguments, the first of which is the name of the program.
    ///
    /// # Errors
    /// They are no command line of ours, as clap tells such things; or they ask for help or the version.
    pub fn read(args: &[OsString]) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(args).map_err(|usage| told_of_connect(usage, args))
    }

    /// Whether the options go together, beyond what clap sees. `types` says that standard input is a terminal.
    ///
    /// # Errors
    /// They do not, as clap tells such things.
    pub fn check(&self, types: bool) -> Result<(), clap::Error> {
        match &self.command {
            Some(Subcommands::Show(show)) => show.check(),
            Some(Subcommands::Test(test)) => test.check(),
            Some(Subcommands::Load(load)) => load.check(),
            Some(Subcommands::Diff(_) | Subcommands::Completions(_) | Subcommands::Man(_)) => {
                Ok(())
            }
            None => self.talk.check(types),
        }
    }
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Subcommands {
    /// Print a transcript readably
    #[command(after_help = show::EXAMPLES)]
    Show(Show),
    /// Compare two transcripts, line by line
    #[command(after_help = diff::EXAMPLES)]
    Diff(Diff),
    /// Run scripts and transcripts as tests
    #[command(override_usage = test::USAGE, after_help = test::EXAMPLES)]
    Test(Box<Test>),
    /// Let many clients play a script or a transcript, and measure
    #[command(override_usage = load::USAGE, after_help = load::EXAMPLES)]
    Load(Box<Load>),
    /// Print what a shell needs to complete
    #[command(after_help = packaging::COMPLETIONS)]
    Completions(Completions),
    /// Write the manual pages
    #[command(after_help = packaging::MAN)]
    Man(Man),
}

/// Whether a file is a script, which only its name tells.
#[must_use]
pub fn names_script(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "chat")
}

/// An error of the command line that clap does not see itself.
fn refused(kind: ErrorKind, said: &str) -> clap::Error {
    clap::Error::raw(kind, format!("{said}\n"))
}

/// The same, told with the usage of a subcommand.
fn refused_by(subcommand: &str, kind: ErrorKind, said: &str) -> clap::Error {
    let mut program = Cli::command();
    program.build();
    let told = program.find_subcommand_mut(subcommand).map(|command| command.error(kind, said));
    told.unwrap_or_else(|| refused(kind, said))
}

/// Where a word was no subcommand, it may be whom to talk to, as `nc HOST PORT` has it: adds how that is written.
fn told_of_connect(mut usage: clap::Error, args: &[OsString]) -> clap::Error {
    if usage.kind() != ErrorKind::InvalidSubcommand {
        return usage;
    }
    let told = |kind| usage.get(kind);
    let (Some(ContextValue::String(word)), None) =
        (told(ContextKind::InvalidSubcommand), told(ContextKind::SuggestedSubcommand))
    else {
        return usage;
    };
    let port = args.iter().skip_while(|arg| *arg != word.as_str()).nth(1);
    let port = port.and_then(|port| port.to_str()?.parse::<u16>().ok());
    let addr = port.map_or(word.clone(), |port| format!("{word}:{port}"));
    if addr.parse::<Address>().is_ok() {
        let tip = format!("to connect to it, use 'chat-repl --connect {addr}'").into();
        usage.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    usage
}

/// Reads one of these by its name.
fn one_of<T, const N: usize>(
    all: [T; N],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    // A name that is none of theirs does not get so far.
    let named =
        move |given: String| all.into_iter().find(|one| name(*one) == given).unwrap_or(all[0]);
    PossibleValuesParser::new(all.map(name)).map(named)
}

/// A bound in bytes: with none at all nothing could pass.
fn parse_bound(text: &str) -> Result<usize, String> {
    match parse_size(text)? {
        0 => Err("0 lets nothing pass: write at least 1".to_owned()),
        size => Ok(size),
    }
}

fn parse_var(text: &str) -> Result<(String, String), String> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| format!("`{text}` has no `=`: write NAME=VALUE"))?;
    if !crate::matching::is_name(name) {
        return Err(format!("`{name}` is no name: use letters, digits, `_` and `-`"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
