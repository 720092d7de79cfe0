//! The command line, as clap reads it. Definitions only: what they mean is decided in `app`.

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
mod test;
mod tls;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use diff::Diff;
pub use first::FIRST;
pub use load::Load;
pub use packaging::{Completions, Man, Shell};
pub use private::PrivateArgs;
pub use replay::{Bless, Match, Playing, Replaying};
pub use room::Rooming;
pub use secret::Secret;
pub use shared::Shared;
pub use show::Show;
pub use test::{Format, Test};
pub use tls::TlsArgs;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, ColorChoice, Parser, Subcommand};

use crate::net::Address;
use crate::transcript::Named;
use crate::units::{parse_duration, parse_size};
use crate::wire::Eol;

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

/// The options of a conversation.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("way").args(["listen", "connect"]).required(true).multiple(true))]
pub struct Talk {
    /// Host a conversation; without ADDR on every interface, port 51423
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = ":51423", help_heading = "Conversation")]
    pub listen: Option<Address>,
    /// Join a conversation; with --listen, stand between its clients and this server
    #[arg(long, value_name = "ADDR", help_heading = "Conversation")]
    pub connect: Option<Address>,
    /// Keep trying to connect for this long
    #[arg(long, value_name = "DUR", value_parser = parse_duration, requires = "connect", help_heading = "Conversation")]
    pub retry: Option<Duration>,
    /// Keep listening when the script has ended and the guests have left
    #[arg(long, requires = "listen", conflicts_with = "connect", help_heading = "Conversation")]
    pub stay: bool,

    /// Run this script, instead of what standard input holds
    #[arg(long, value_name = "FILE", help_heading = "Script")]
    pub script: Option<PathBuf>,
    /// Open the prompt when the script is done
    #[arg(long, requires = "script", conflicts_with = "plain", help_heading = "Script")]
    pub interactive: bool,
    /// Send standard input as it is: no commands, no change of line ends
    #[arg(long, conflicts_with_all = ["script", "replay"], help_heading = "Script")]
    pub plain: bool,

    /// Play the client of a transcript, and fail where the peer says something else; with --listen its
    /// server, or a script, to each guest
    #[arg(
        long,
        value_name = "FILE[#CONN]",
        conflicts_with = "script",
        help_heading = "Transcript"
    )]
    pub replay: Option<PathBuf>,
    /// Write what happened in the replay as a transcript, at the end
    #[arg(
        long,
        value_name = "FILE",
        requires = "replay",
        conflicts_with = "save",
        help_heading = "Replay"
    )]
    pub actual: Option<PathBuf>,
    /// What clients say to a mock comes in the order recorded (ordered), or any
    #[arg(
        long = "match",
        value_enum,
        value_name = "ORDER",
        hide_possible_values = true,
        help_heading = "Replay"
    )]
    pub order: Option<Match>,
    /// How a transcript is replayed.
    #[command(flatten)]
    pub replaying: Replaying,
    /// Write the transcript while it happens, as JSON Lines
    #[arg(long, value_name = "FILE", help_heading = "Transcript")]
    pub record: Option<PathBuf>,
    /// Write the transcript at the end, as JSON; as JSON Lines where FILE ends in .jsonl
    #[arg(long, value_name = "FILE", help_heading = "Transcript")]
    pub save: Option<PathBuf>,
    /// Write the transcript to standard output, as --record does to a file
    #[arg(long, help_heading = "Transcript")]
    pub json: bool,
    /// How much of the transcript stays in memory for /save and /show [default: 64MiB, of a room 1MiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = "Transcript")]
    pub keep: Option<usize>,

    /// Show when each line was received
    #[arg(long, help_heading = "Terminal")]
    pub time: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Terminal")]
    pub color: ColorChoice,
    /// Leave out notices; errors are always told
    #[arg(short, long, help_heading = "Terminal")]
    pub quiet: bool,
    /// Keep typed lines in this file; without it they are kept nowhere
    #[arg(long, value_name = "FILE", help_heading = "Terminal")]
    pub history: Option<PathBuf>,

    /// Who may take part.
    #[command(flatten)]
    pub private: PrivateArgs,
    /// What a room is like.
    #[command(flatten)]
    pub rooming: Rooming,
    /// What every conversation has.
    #[command(flatten)]
    pub shared: Shared,
    /// A guest among several that leaves more than this unread is dropped
    #[arg(long, value_name = "SIZE", value_parser = parse_bound, default_value = "4MiB", help_heading = "Limits")]
    pub outbox: usize,
}

impl Talk {
    /// Whether it stands between others.
    #[must_use]
    pub fn is_tap(&self) -> bool {
        self.listen.is_some() && self.connect.is_some()
    }

    /// Whether it plays to guests what was recorded, or a script.
    #[must_use]
    pub fn is_mock(&self) -> bool {
        self.listen.is_some() && self.replay.is_some()
    }

    /// Whether the options go together, and the files that are named can all be what they are to be.
    ///
    /// # Errors
    /// They cannot, as clap tells such things.
    pub fn check(&self) -> Result<(), clap::Error> {
        self.replaying.check()?;
        let on_unix = self.listen.as_ref().is_some_and(|addr| addr.port().is_none());
        self.rooming.check(self.listen.is_some(), on_unix)?;
        self.private.check(&self.shared.tls, self.is_tap())?;
        self.check_replay()?;
        self.check_encoding()?;
        if self.is_tap() && (self.script.is_some() || self.plain) {
            let said = "a tap says nothing itself: --listen with --connect has no --script and no --plain\n";
            return Err(clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, said));
        }
        self.check_files()
    }

    /// Whether the code of a private conversation can be had, where somebody types or nobody does.
    ///
    /// # Errors
    /// It cannot, as clap tells such things.
    pub fn check_asking(&self, types: bool) -> Result<(), clap::Error> {
        self.private.check_asking(types || self.listen.is_some())
    }

    /// Whether text can be said in the peer's encoding.
    fn check_encoding(&self) -> Result<(), clap::Error> {
        let encoding = self.shared.encoding;
        if self.rooming.room && !encoding.is_utf8() {
            let said = "--encoding says how one kind of peer writes, and guests of a room hear each other: a room speaks \
                        UTF-8, and passes other bytes on as \\xNN\n";
            return Err(clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, said));
        }
        let name = self.rooming.name.as_ref().map(ToString::to_string).unwrap_or_default();
        match encoding.bytes(&name.into()) {
            Ok(_) => Ok(()),
            Err(none) => {
                let said = format!("--name cannot be asked for: {none}\n");
                Err(clap::Error::raw(clap::error::ErrorKind::ValueValidation, said))
            }
        }
    }

    /// Whether what is asked of a replay can be had of this one.
    fn check_replay(&self) -> Result<(), clap::Error> {
        let Some(path) = &self.replay else {
            let said = match (self.replaying.bless, self.order) {
                (Some(_), _) => "--bless rewrites the transcript of --replay: name one\n",
                (None, Some(_)) => {
                    "--match says how a mock takes what clients say: --replay names it\n"
                }
                (None, None) => return Ok(()),
            };
            return Err(clap::Error::raw(clap::error::ErrorKind::MissingRequiredArgument, said));
        };
        let script = path.extension().is_some_and(|ending| ending == "chat");
        let said = if self.is_tap() {
            "a tap says nothing itself: --listen with --connect has no --replay\n"
        } else if self.is_mock() && self.replaying.bless.is_some() {
            "--bless takes for right what a server says, and with --listen there is none\n"
        } else if !self.is_mock() && self.order.is_some() {
            "--match says how a mock takes what clients say, and with --connect there is none\n"
        } else if !self.is_mock() && script {
            "with --connect a script is run by --script\n"
        } else if script && self.order.is_some() {
            "--match is for transcripts: a script says itself in which order lines may come\n"
        } else {
            return Ok(());
        };
        Err(clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, said))
    }

    /// Whether no file is two things.
    fn check_files(&self) -> Result<(), clap::Error> {
        let named = [
            ("--replay", &self.replay),
            ("--record", &self.record),
            ("--save", &self.save),
            ("--actual", &self.actual),
        ];
        let files: Vec<(&str, PathBuf)> = named
            .into_iter()
            .filter_map(|(option, path)| Some((option, path.as_ref()?)))
            .map(|(option, path)| (option, file(path)))
            .collect();
        for (index, (option, path)) in files.iter().enumerate() {
            if let Some((other, _)) = files[..index].iter().find(|(_, earlier)| earlier == path) {
                let said = format!("{other} and {option} name the same file: give each its own\n");
                return Err(clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, said));
            }
        }
        Ok(())
    }
}

/// The file that a name leads to: `--replay` may name one conn of it.
fn file(name: &Path) -> PathBuf {
    let path = Named::new(name).path;
    path.canonicalize().unwrap_or(path)
}

fn eol_parser() -> impl TypedValueParser<Value = Eol> {
    let all = [Eol::Lf, Eol::CrLf, Eol::None].map(Eol::name);
    // A name that is none of these does not get so far.
    PossibleValuesParser::new(all).map(|name| Eol::from_name(&name).unwrap_or_default())
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
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn listening_needs_no_address() {
        let cli = Cli::try_parse_from(["chat-repl", "--listen"]).unwrap();
        assert_eq!(cli.talk.listen.map(|addr| addr.to_string()), Some(":51423".into()));
    }

    #[test]
    fn a_bound_lets_something_pass() {
        for bound in ["--max-line", "--outbox"] {
            assert!(Cli::try_parse_from(["chat-repl", "--listen", bound, "0"]).is_err());
            assert!(Cli::try_parse_from(["chat-repl", "--listen", bound, "1"]).is_ok());
        }
    }

    #[test]
    fn no_file_is_two_things() {
        let check = |args: &[&str]| {
            let cli = Cli::try_parse_from([&["chat-repl", "--connect", "1"], args].concat());
            cli.unwrap().talk.check()
        };
        assert!(check(&["--replay", "a.json", "--save", "a.json"]).is_err());
        assert!(check(&["--record", "a", "--save", "a"]).is_err());
        assert!(check(&["--replay", "a.json", "--save", "b.json"]).is_ok());
    }

    #[test]
    fn a_way_is_wanted_and_both_are_a_tap() {
        assert!(Cli::try_parse_from(["chat-repl", "-q"]).is_err());
        let tap = ["chat-repl", "--listen", "1", "--connect", "2", "--retry", "1s"];
        let talk = Cli::try_parse_from(tap).unwrap().talk;
        assert!(talk.is_tap() && talk.check().is_ok());
        for said in [&["--plain"][..], &["--script", "a.chat"]] {
            let talk = Cli::try_parse_from([&tap[..], said].concat()).unwrap().talk;
            assert!(talk.check().is_err(), "{said:?}");
        }
    }
}
