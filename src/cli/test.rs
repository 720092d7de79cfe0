//! `chat-repl test PATH...`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ColorChoice, ValueEnum};
use regex::Regex;

use super::Shared;
use crate::net::Address;
use crate::units::parse_duration;

pub(super) const EXAMPLES: &str = "Examples:
  chat-repl test --connect localhost:6379 --eol crlf tests/
  chat-repl test --server 'redis-server --port ${port}' --eol crlf tests/ --junit report.xml
  chat-repl test --list tests/

A folder stands for the *.chat, *.json and *.jsonl below it. In scripts, ${addr} and ${port} are where
the server is.
Exit status: 0 all passed, 1 some did not or there were none, 2 usage, 3 a bad file.";

/// The options of `chat-repl test`.
#[derive(Debug, Args)]
pub struct Test {
    /// Scripts, transcripts, and folders of them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Where the server is; with --server, where that one listens
    #[arg(
        long,
        value_name = "ADDR",
        required_unless_present_any = ["server", "list"],
        help_heading = "Server"
    )]
    pub connect: Option<Address>,
    /// Start the server by this command; ${port} and ${addr} in it are a free port of 127.0.0.1
    #[arg(long, value_name = "COMMAND", help_heading = "Server")]
    pub server: Option<String>,
    /// Start it for each test anew
    #[arg(long, requires = "server", help_heading = "Server")]
    pub server_per_test: bool,
    /// How long the server has until it must take a connection
    #[arg(long, value_name = "DUR", value_parser = parse_duration, default_value = "10s", requires = "server", help_heading = "Server")]
    pub server_start: Duration,

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

    /// What is printed
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Report"
    )]
    pub format: Format,
    /// Write a report as JUnit XML too
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub junit: Option<PathBuf>,
    /// Leave out tests that passed
    #[arg(short, long, help_heading = "Report")]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Report")]
    pub color: ColorChoice,
}

/// What `chat-repl test` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// The Test Anything Protocol, version 14.
    Tap,
    /// A JSON object a line.
    Json,
}
