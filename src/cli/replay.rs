//! Options of replays that verify.

use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::matching::Mask;
use crate::units::{Pace, parse_duration};

/// How a transcript is played, and what is not compared.
#[derive(Debug, Clone, Args)]
pub struct Playing {
    /// When lines are said: wait (for what was said before), recorded, or x2 for twice as fast
    #[arg(long, value_name = "PACE", default_value = "wait", help_heading = "Replay")]
    pub pace: Pace,
    /// Shorten recorded silences to this
    #[arg(long, value_name = "DUR", value_parser = parse_duration, help_heading = "Replay")]
    pub max_idle: Option<Duration>,
    /// Compare lines without what this hides; may be given several times
    #[arg(long, value_name = "s/REGEX/TEXT/", value_parser = parse_mask, help_heading = "Replay")]
    pub mask: Vec<Mask>,
}

/// How a transcript is played, and whether it may be rewritten.
#[derive(Debug, Clone, Args)]
pub struct Replaying {
    /// How it is played.
    #[command(flatten)]
    pub playing: Playing,
    /// Rewrite the lines of the transcript that differ from what comes; under CI only with =force
    #[arg(
        long,
        value_enum,
        value_name = "force",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "yes",
        hide_possible_values = true,
        help_heading = "Replay"
    )]
    pub bless: Option<Bless>,
}

/// In which order the lines of a client may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Match {
    /// As they were recorded.
    Ordered,
    /// Any.
    Any,
}

/// Whether a transcript is rewritten under `CI` as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Bless {
    /// It is not.
    Yes,
    /// It is.
    Force,
}

impl Replaying {
    /// Whether a transcript may be rewritten here.
    ///
    /// # Errors
    /// It may not, as clap tells such things.
    pub fn check(&self) -> Result<(), clap::Error> {
        let ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false");
        if ci && self.bless == Some(Bless::Yes) {
            let said = "--bless rewrites transcripts, and `CI` is set: a test that rewrites what it checks \
                        checks nothing. Write --bless=force if that is meant\n";
            return Err(clap::Error::raw(clap::error::ErrorKind::ArgumentConflict, said));
        }
        Ok(())
    }
}

pub(super) fn parse_mask(text: &str) -> Result<Mask, String> {
    Mask::parse(text).map_err(|error| error.to_string())
}
