//! `chat-repl show FILE`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ColorChoice};
use regex::bytes::Regex;

use crate::units::parse_duration;
use crate::wire::{ConnId, Encoding, Side};

pub(super) const EXAMPLES: &str = "Examples:
  chat-repl show chat.json
  chat-repl show --from server --grep '^5[0-9][0-9] ' mail.jsonl
  chat-repl show --after 1m --before 90s --conn 2 --conn 3 room.jsonl
  tail -f -n +1 room.jsonl | chat-repl show --color always -";

/// The options of `chat-repl show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The transcript: a JSON document, or JSON Lines, finished or not; `-` is standard input
    #[arg(value_name = "FILE[#CONN]")]
    pub file: PathBuf,

    /// Show only what happened on this conn; may be given several times
    #[arg(long, value_name = "N", value_parser = parse_conn, help_heading = "Filter")]
    pub conn: Vec<ConnId>,
    /// Show only what this side did
    #[arg(long, value_name = "SIDE", value_parser = side_parser(), help_heading = "Filter")]
    pub from: Option<Side>,
    /// Show only lines and notes that match
    #[arg(long, value_name = "REGEX", help_heading = "Filter")]
    pub grep: Option<Regex>,
    /// Show only what happened when this long had passed since the start
    #[arg(long, value_name = "DUR", value_parser = parse_duration, help_heading = "Filter")]
    pub after: Option<Duration>,
    /// Show only what happened before this long had passed since the start
    #[arg(long, value_name = "DUR", value_parser = parse_duration, help_heading = "Filter")]
    pub before: Option<Duration>,

    /// Tell all that the file holds: what a replay compares and says, and keys of other programs
    #[arg(long)]
    pub marks: bool,
    /// How the peers wrote text, if not as the transcript says
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<Encoding>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
}

fn parse_conn(text: &str) -> Result<ConnId, String> {
    let conn = text.parse().ok().and_then(ConnId::new);
    conn.ok_or_else(|| format!("`{text}` is no conn: write a number from 1"))
}

fn side_parser() -> impl TypedValueParser<Value = Side> {
    let all = [Side::Client, Side::Server];
    // A name that is neither does not get so far.
    PossibleValuesParser::new(all.map(Side::as_str))
        .map(|name| if name == Side::Server.as_str() { Side::Server } else { Side::Client })
}
