//! `chat-repl diff A B`.

use std::path::PathBuf;

use clap::{Args, ColorChoice};

use super::parse_var;
use super::replay::parse_mask;
use super::secret::{Secret, parse_secret};
use crate::matching::Mask;

pub(super) const EXAMPLES: &str = "Examples:
  chat-repl diff before.json after.json
  chat-repl diff --mask 's/\\d\\d:\\d\\d:\\d\\d/TIME/' before.json after.json
  chat-repl diff room.jsonl#1 room.jsonl#2
Exit status: 0 nothing differs, 1 something does, 2 usage, 3 a bad file.";

/// The options of `chat-repl diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The transcript that says what is right, and what may differ
    #[arg(value_name = "A[#CONN]")]
    pub a: PathBuf,
    /// The transcript that is compared with it
    #[arg(value_name = "B[#CONN]")]
    pub b: PathBuf,

    /// Compare lines without what this hides; may be given several times
    #[arg(long, value_name = "s/REGEX/TEXT/", value_parser = parse_mask)]
    pub mask: Vec<Mask>,
    /// Set a variable that patterns of A use; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_var)]
    pub var: Vec<(String, String)>,
    /// Put this secret back before lines are compared; what is shown has its name only
    #[arg(long, value_name = "NAME[@FILE]", value_parser = parse_secret)]
    pub secret: Vec<Secret>,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// Leave out what differs: the status, and how many differences there are, tell enough
    #[arg(short, long)]
    pub quiet: bool,
}
