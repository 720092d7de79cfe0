//! `chat-repl test PATH...`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser, UnknownArgumentValueParser};
use clap::{Args, ColorChoice};
use regex::Regex;

use super::{Match, Replaying, Shared};
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
    /// What the client says comes in the order recorded (ordered), or any
    #[arg(
        long = "match",
        value_enum,
        value_name = "ORDER",
        hide_possible_values = true,
        help_heading = "Client"
    )]
    pub order: Option<Match>,

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
    #[arg(long, value_name = "FORMAT", value_parser = format_parser(), default_value = "text", help_heading = "Report")]
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

fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(["text", "tap", "json"]).map(|name| match &*name {
        "tap" => Format::Tap,
        "json" => Format::Json,
        _ => Format::Text,
    })
}
