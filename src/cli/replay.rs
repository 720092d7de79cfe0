//! Options of replays.

use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, ValueEnum};

use super::{one_of, refused};
use crate::matching::Mask;
use crate::replay::{Options, Order};
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

/// How a mock takes what clients say.
#[derive(Debug, Clone, Args)]
pub struct MockArgs {
    /// What clients say to a mock comes in the order recorded (ordered), or any
    #[arg(
        long = "match",
        value_parser = one_of([Order::Ordered, Order::Any], Order::as_str),
        value_name = "ORDER",
        hide_possible_values = true
    )]
    pub order: Option<Order>,
}

/// Whether a transcript is rewritten under `CI` as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Bless {
    /// It is not.
    Yes,
    /// It is.
    Force,
}

impl Playing {
    /// As replays have them.
    #[must_use]
    pub fn options(&self) -> Options {
        let (pace, max_idle, masks) = (self.pace, self.max_idle, self.mask.clone());
        Options { pace, max_idle, masks, bless: false }
    }
}

impl Replaying {
    /// As replays have them.
    #[must_use]
    pub fn options(&self) -> Options {
        Options { bless: self.bless.is_some(), ..self.playing.options() }
    }

    /// Whether a transcript may be rewritten here.
    ///
    /// # Errors
    /// It may not, as clap tells such things.
    pub(super) fn check(&self) -> Result<(), clap::Error> {
        let ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty() && ci != "false");
        if ci && self.bless == Some(Bless::Yes) {
            let said = "--bless rewrites transcripts, and `CI` is set: a test that rewrites what it checks \
                        checks nothing. Write --bless=force if that is meant";
            return Err(refused(ErrorKind::ArgumentConflict, said));
        }
        Ok(())
    }
}

pub(super) fn parse_mask(text: &str) -> Result<Mask, String> {
    Mask::parse(text).map_err(|error| error.to_string())
}
