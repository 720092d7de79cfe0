//! `chat-repl show FILE`.

use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, ColorChoice, value_parser};
use regex::bytes::Regex;

use super::{one_of, refused_by};
use crate::transcript::export::{Form, Kind};
use crate::units::parse_duration;
use crate::wire::{ConnId, Encoding, Side};

pub(super) const EXAMPLES: &str = "Examples:
  chat-repl show chat.json
  chat-repl show --from server --grep '^5[0-9][0-9] ' mail.jsonl
  chat-repl show --after 1m --before 90s --conn 2 --conn 3 room.jsonl
  tail -f -n +1 room.jsonl | chat-repl show --color always -
  chat-repl show --to html -o mail.html mail.jsonl
  chat-repl show --to cast --max-idle 2s mail.jsonl > mail.cast
  chat-repl show --to svg --title 'Sending mail' -o mail.svg mail.jsonl#2";

/// The options of `chat-repl show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The transcript: a JSON document, or JSON Lines, finished or not; `-` is standard input
    #[arg(value_name = "FILE[#CONN]")]
    pub file: PathBuf,

    /// As text, as a page for a browser, as a cast for asciinema, or as a drawing; without it by the name
    /// of --output: .html, .cast, .svg
    #[arg(long, value_name = "FORM", value_parser = one_of(Form::ALL, Form::as_str), help_heading = "Form")]
    pub to: Option<Form>,
    /// Write to this file, whole or not at all, and not to standard output
    #[arg(long, short, value_name = "FILE", help_heading = "Form")]
    pub output: Option<PathBuf>,
    /// What stands above it, on a page, a cast or a drawing; without it the name of the file
    #[arg(long, value_name = "TEXT", help_heading = "Form")]
    pub title: Option<String>,
    /// How wide the terminal is that a cast or a drawing shows; 80 if not given
    #[arg(long, value_name = "COLUMNS", value_parser = value_parser!(u16).range(20..=500), help_heading = "Form")]
    pub width: Option<u16>,
    /// Play pauses in a cast no longer than this
    #[arg(long, value_name = "DUR", value_parser = parse_duration, help_heading = "Form")]
    pub max_idle: Option<Duration>,

    /// Show only what happened on this conn; may be given several times
    #[arg(long, value_name = "N", value_parser = parse_conn, help_heading = "Filter")]
    pub conn: Vec<ConnId>,
    /// Show only what this side did
    #[arg(long, value_name = "SIDE", value_parser = one_of([Side::Client, Side::Server], Side::as_str), help_heading = "Filter")]
    pub from: Option<Side>,
    /// Show only events of this kind; may be given several times
    #[arg(long, value_name = "KIND", value_parser = one_of(Kind::ALL, Kind::as_str), help_heading = "Filter")]
    pub kind: Vec<Kind>,
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

impl Show {
    /// The form that is asked for.
    #[must_use]
    pub fn form(&self) -> Form {
        self.to.unwrap_or_else(|| self.output.as_deref().map(Form::of).unwrap_or_default())
    }

    /// Whether the options go together, beyond what clap sees.
    ///
    /// # Errors
    /// One is for another form, as clap tells such things.
    pub(super) fn check(&self) -> Result<(), clap::Error> {
        use Form::{Cast, Html, Svg, Text};
        let form = self.form();
        for (option, given, forms) in [
            ("--marks", self.marks, &[Text, Html][..]),
            ("--title", self.title.is_some(), &[Html, Cast, Svg]),
            ("--width", self.width.is_some(), &[Cast, Svg]),
            ("--max-idle", self.max_idle.is_some(), &[Cast]),
        ] {
            if given && !forms.contains(&form) {
                let forms = forms.iter().map(|form| format!("--to {}", form.as_str()));
                let (form, forms) = (form.as_str(), forms.collect::<Vec<_>>().join(", "));
                let said = format!("{option} says nothing about --to {form}: it is for {forms}");
                return Err(refused_by("show", ErrorKind::ArgumentConflict, &said));
            }
        }
        Ok(())
    }
}

fn parse_conn(text: &str) -> Result<ConnId, String> {
    let conn = text.parse().ok().and_then(ConnId::new);
    conn.ok_or_else(|| format!("`{text}` is no conn: write a number from 1"))
}
