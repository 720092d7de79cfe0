//! The options of a conversation: what `chat-repl` does without a subcommand.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgGroup, Args, ColorChoice};

use super::{
    MockArgs, PrivateArgs, Replaying, Rooming, Shared, names_script, parse_bound, refused,
};
use crate::net::Address;
use crate::transcript::Named;
use crate::units::{parse_duration, parse_size};

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
    /// How a mock takes what clients say.
    #[command(flatten, next_help_heading = "Replay")]
    pub mock: MockArgs,
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

    /// Whether the options go together, the files that are named can all be what they are to be, and the code
    /// of a private conversation can be had: where nobody `types`, nobody can be asked.
    ///
    /// # Errors
    /// They cannot, as clap tells such things.
    pub(super) fn check(&self, types: bool) -> Result<(), clap::Error> {
        self.replaying.check()?;
        self.rooming.check(self.listen.as_ref())?;
        self.private.check(&self.shared.tls, self.is_tap())?;
        self.check_replay()?;
        self.check_encoding()?;
        if self.is_tap() && (self.script.is_some() || self.plain) {
            let said =
                "a tap says nothing itself: --listen with --connect has no --script and no --plain";
            return Err(refused(ErrorKind::ArgumentConflict, said));
        }
        self.check_tap()?;
        self.check_files()?;
        self.private.check_asking(types || self.listen.is_some())
    }

    /// Whether what a tap connects to is not plainly the tap.
    fn check_tap(&self) -> Result<(), clap::Error> {
        let (Some(listen), Some(server)) = (&self.listen, &self.connect) else { return Ok(()) };
        if listen.endpoint != server.endpoint || listen.port() == Some(0) {
            return Ok(());
        }
        let said = format!(
            "--listen and --connect both name {}, where a tap would connect to itself: listen somewhere else",
            server.endpoint
        );
        Err(refused(ErrorKind::ArgumentConflict, &said))
    }

    /// Whether text can be said in the peer's encoding.
    fn check_encoding(&self) -> Result<(), clap::Error> {
        let encoding = self.shared.encoding;
        if self.rooming.room && !encoding.is_utf8() {
            let said = "--encoding says how one kind of peer writes, and guests of a room hear each other: a room speaks \
                        UTF-8, and passes other bytes on as \\xNN";
            return Err(refused(ErrorKind::ArgumentConflict, said));
        }
        let name = self.rooming.name.as_ref().map(ToString::to_string).unwrap_or_default();
        match encoding.bytes(&name.into()) {
            Ok(_) => Ok(()),
            Err(none) => {
                let said = format!("--name cannot be asked for: {none}");
                Err(refused(ErrorKind::ValueValidation, &said))
            }
        }
    }

    /// Whether what is asked of a replay can be had of this one.
    fn check_replay(&self) -> Result<(), clap::Error> {
        let Some(path) = &self.replay else {
            let said = match (self.replaying.bless, self.mock.order) {
                (Some(_), _) => "--bless rewrites the transcript of --replay: name one",
                (None, Some(_)) => {
                    "--match says how a mock takes what clients say: --replay names it"
                }
                (None, None) => return Ok(()),
            };
            return Err(refused(ErrorKind::MissingRequiredArgument, said));
        };
        let script = names_script(path);
        let said = if self.is_tap() {
            "a tap says nothing itself: --listen with --connect has no --replay"
        } else if self.is_mock() && self.replaying.bless.is_some() {
            "--bless takes for right what a server says, and with --listen there is none"
        } else if !self.is_mock() && self.mock.order.is_some() {
            "--match says how a mock takes what clients say, and with --connect there is none"
        } else if !self.is_mock() && script {
            "with --connect a script is run by --script"
        } else if script && self.mock.order.is_some() {
            "--match is for transcripts: a script says itself in which order lines may come"
        } else {
            return Ok(());
        };
        Err(refused(ErrorKind::ArgumentConflict, said))
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
                let said = format!("{other} and {option} name the same file: give each its own");
                return Err(refused(ErrorKind::ArgumentConflict, &said));
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::Cli;

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
            cli.unwrap().talk.check(true)
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
        assert!(talk.is_tap() && talk.check(true).is_ok());
        for said in [&["--plain"][..], &["--script", "a.chat"]] {
            let talk = Cli::try_parse_from([&tap[..], said].concat()).unwrap().talk;
            assert!(talk.check(true).is_err(), "{said:?}");
        }
    }
}
