//! `chat-repl test PATH...`.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::UnknownArgumentValueParser;
use clap::error::ErrorKind;
use clap::{Args, ColorChoice};
use regex::Regex;

use super::{MockArgs, Replaying, Shared, one_of, refused_by};
use crate::net::Address;
use crate::suite::{Slots, names_port};
use crate::units::parse_duration;

pub(super) const USAGE: &str = "chat-repl test PATH... --connect ADDR [OPTIONS]
       chat-repl test PATH... --server 'COMMAND' [OPTIONS]
       chat-repl test PATH... --client 'COMMAND' [OPTIONS]
       chat-repl test PATH... --list";

pub(super) const EXAMPLES: &str =
    "A folder stands for the *.chat, *.json and *.jsonl below it. A script passes if all its steps
do, a transcript if the server says again what it said then. In scripts, ${addr} and ${port}
are where the server is.

In COMMAND, ${port} is a free port, ${dir} an empty folder that is removed in the end, and
${addr} is 127.0.0.1:${port}, or the ADDR of --connect, in which ${port} and ${dir} may stand.

With --client the tests are servers: each is played to a client that is started for it, as by
--listen ${addr} --replay PATH, and passes if both that and the client end well.

Examples:
  chat-repl test tests/ --connect localhost:6379 --eol crlf
  chat-repl test tests/ --server 'redis-server --port ${port} --dir ${dir}' --junit report.xml
  chat-repl test tests/ --server 'serve --socket ${dir}/s' --connect 'unix:${dir}/s'
  chat-repl test tests/ --connect localhost:6379 --html report.html
  chat-repl test tapes/ --client 'redis-cli -p ${port} SET greeting hello'

Exit status: 0 all passed, 1 some did not or there were none, 2 usage, 3 a bad file,
130 and 143 stopped by a signal.";

/// What there is for who looks for `--private` among them.
const PRIVATE: &str = "a private server is tested by one script or transcript at a time: \
                       chat-repl --connect ADDR --private --code-file FILE with --script PATH or --replay PATH";

/// The options of `chat-repl test`.
#[derive(Debug, Args)]
pub struct Test {
    /// Scripts, transcripts, and folders of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Where the server is; with --server, where that one listens
    #[arg(long, value_name = "ADDR", help_heading = "Server")]
    pub connect: Option<String>,
    /// Start the server by this command, and stop it in the end
    #[arg(long, value_name = "COMMAND", help_heading = "Server")]
    pub server: Option<String>,
    /// Start one for each test
    #[arg(long, requires = "server", help_heading = "Server")]
    pub server_per_test: bool,
    /// There is none: who gives it is told what to do instead.
    #[arg(
        long,
        hide = true,
        num_args = 0,
        default_missing_value = "",
        value_parser = UnknownArgumentValueParser::suggest(PRIVATE)
    )]
    pub private: Option<String>,
    /// Keep trying for this long until a first connection stands; with --server 10s if not given
    #[arg(long, value_name = "DUR", value_parser = parse_duration, help_heading = "Server")]
    pub retry: Option<Duration>,

    /// Test a client instead: start this one for each test, and be its server
    #[arg(
        long,
        value_name = "COMMAND",
        conflicts_with_all = ["connect", "server", "server_per_test", "retry"],
        help_heading = "Client"
    )]
    pub client: Option<String>,
    /// How its server takes what the client says.
    #[command(flatten, next_help_heading = "Client")]
    pub mock: MockArgs,

    /// Run only the tests whose path matches
    #[arg(long, value_name = "REGEX", help_heading = "Tests")]
    pub filter: Option<Regex>,
    /// Print the paths of the tests, and run none
    #[arg(long, help_heading = "Tests")]
    pub list: bool,
    /// How many run at once; without it as many as there are processors
    #[arg(long, short, value_name = "N", help_heading = "Tests")]
    pub jobs: Option<NonZeroUsize>,
    /// Stop at the first that fails
    #[arg(long, help_heading = "Tests")]
    pub fail_fast: bool,
    /// How long one may take
    #[arg(long, value_name = "DUR", value_parser = parse_duration, default_value = "60s", help_heading = "Tests")]
    pub test_timeout: Duration,

    /// What every conversation has.
    #[command(flatten)]
    pub shared: Shared,

    /// How transcripts are replayed.
    #[command(flatten)]
    pub replaying: Replaying,

    /// Keep what happened in each test that does not pass as a transcript in this folder
    #[arg(long, value_name = "DIR", help_heading = "Report")]
    pub actual: Option<PathBuf>,
    /// What is printed
    #[arg(long, value_name = "FORMAT", value_parser = one_of(Format::ALL, Format::as_str), default_value = "text", help_heading = "Report")]
    pub format: Format,
    /// Write a report as JUnit XML too
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub junit: Option<PathBuf>,
    /// Write a page too, which has what happened in each test that does not pass
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub html: Option<PathBuf>,
    /// Leave out tests that passed
    #[arg(short, long, help_heading = "Report")]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Report")]
    pub color: ColorChoice,
}

/// What `chat-repl test` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// A JSON object a line.
    Json,
}

impl Format {
    const ALL: [Format; 3] = [Format::Text, Format::Tap, Format::Json];

    fn as_str(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Tap => "tap",
            Format::Json => "json",
        }
    }
}

impl Test {
    /// Whether the options go together, beyond what clap sees.
    ///
    /// # Errors
    /// They do not, as clap tells such things.
    pub(super) fn check(&self) -> Result<(), clap::Error> {
        self.replaying.check()?;
        if let Some(command) = &self.client {
            return self.check_client(command);
        }
        if self.mock.order.is_some() {
            return Err(refused(
                ErrorKind::ArgumentConflict,
                "--match says how a mock takes what clients say, and only --client has one",
            ));
        }
        let address = self.connect.as_deref();
        let is_in_slots = address.is_some_and(Slots::has_any);
        match &self.server {
            None if address.is_none() && !self.list => Err(refused(
                ErrorKind::MissingRequiredArgument,
                "where is the server? add --connect ADDR, or --server COMMAND to start it; to test a client, \
                 --client COMMAND",
            )),
            None if is_in_slots => Err(refused(
                ErrorKind::MissingRequiredArgument,
                "${port} and ${dir} in --connect are those of a server that is started: add --server COMMAND",
            )),
            Some(command) if address.is_none() && !names_port(command) => Err(refused(
                ErrorKind::MissingRequiredArgument,
                "--server does not say where the server is: write ${port} or ${addr} in its command \
                 for a free port of 127.0.0.1, or add --connect ADDR",
            )),
            Some(_) if self.server_per_test && self.is_one_at_a_time() => Err(refused(
                ErrorKind::ArgumentConflict,
                "the servers of --server-per-test would all be at the same --connect at once: write \
                 ${port} or ${dir} into it, or add --jobs 1",
            )),
            _ => match self.address() {
                Ok(_) => Ok(()),
                Err(why) => Err(refused(ErrorKind::ValueValidation, &format!("--connect: {why}"))),
            },
        }
    }

    /// Whether a client can be tested like this.
    fn check_client(&self, command: &str) -> Result<(), clap::Error> {
        if self.replaying.bless.is_some() {
            return Err(refused(
                ErrorKind::ArgumentConflict,
                "--bless takes for right what a server says, and with --client there is none",
            ));
        }
        if !names_port(command) {
            return Err(refused(
                ErrorKind::MissingRequiredArgument,
                "--client does not say where the client finds its server: write ${addr} or ${port} into \
                 its command, which are those of a mock at 127.0.0.1",
            ));
        }
        Ok(())
    }

    /// Whether only one server can run at a time, and more are asked for.
    fn is_one_at_a_time(&self) -> bool {
        let is_fixed = self.connect.as_ref().is_some_and(|address| !Slots::has_any(address));
        is_fixed && self.jobs != Some(NonZeroUsize::MIN)
    }

    /// Where the server is, any slots filled with something.
    ///
    /// # Errors
    /// That is no address.
    pub fn address(&self) -> io::Result<Address> {
        Slots::new(1, Path::new("/"), self.connect.as_deref()).map(Slots::into_address)
    }
}

/// An error of the command line, told with the usage of `test`.
fn refused(kind: ErrorKind, said: &str) -> clap::Error {
    refused_by("test", kind, said)
}
