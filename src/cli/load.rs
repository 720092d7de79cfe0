//! `chat-repl load FILE`.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, ColorChoice};

use super::{Playing, Shared, refused};
use crate::load::Condition;
use crate::net::Address;
use crate::units::{Human, parse_duration};

pub(super) const USAGE: &str =
    "chat-repl load FILE --connect ADDR [--clients N] [--times M] [OPTIONS]
       chat-repl load FILE --connect ADDR --clients N --duration DUR [--rate R] [OPTIONS]
       chat-repl load --merge RESULTS... [OPTIONS]";

pub(super) const EXAMPLES: &str =
    "Each client opens a conn of its own, plays FILE on it and checks every reply, again and again. A
turn is what is said and the reply that is waited for. In scripts, ${client} and ${iter} differ:
which client it is, and for which time it plays, from 1.

Without --rate the loop is closed: a client speaks when it has its reply. With --rate it is open:
turns are due at times of their own, and the response time counts from when a turn was due.

COND is a figure, one of > >= < <=, and a bound: p99>50ms, service.p99.9>1s, connect.max>=2s,
failed>0.1%, mismatched>0, turns<1000, rate<5000, rate<99%.

Examples:
  chat-repl load ping.chat --connect localhost:6379 --clients 50 --duration 10s
  chat-repl load ping.chat --connect localhost:6379 --clients 50 --rate 5000 --duration 1m
  chat-repl load order.json --connect tls:shop.example:7000 --clients 10 --fail-if 'p99>50ms'
  chat-repl load ping.chat --connect localhost:6379 --clients 50 --duration 10s --html report.html
  chat-repl load --merge monday.json tuesday.json

Exit status: 0 all sessions were as they should be, 1 one was not, a --fail-if held, or nothing was
checked, 2 usage, 3 a bad file, 4 no client was connected, 130 and 143 stopped by a signal.";

/// The arguments that say how a load is run: where results are merged nothing is.
const OF_A_RUN: [&str; 28] = [
    "file",
    "connect",
    "retry",
    "clients",
    "times",
    "duration",
    "rate",
    "ramp",
    "threads",
    "quiet",
    "connect_timeout",
    "linger",
    "encoding",
    "no_half_close",
    "var",
    "secret",
    "timeout",
    "eol",
    "max_line",
    "tls_ca",
    "tls_cert",
    "tls_key",
    "tls_name",
    "tls_pin",
    "tls_insecure",
    "pace",
    "max_idle",
    "mask",
];

/// The options of `chat-repl load`.
#[derive(Debug, Args)]
pub struct Load {
    /// The transcript or script (*.chat) that each client plays
    #[arg(value_name = "FILE", required_unless_present = "merge")]
    pub file: Option<PathBuf>,
    /// Where the server is
    #[arg(long, value_name = "ADDR", required_unless_present = "merge", help_heading = "Load")]
    pub connect: Option<Address>,
    /// Keep trying for this long to get a conn
    #[arg(long, value_name = "DUR", value_parser = parse_duration, help_heading = "Load")]
    pub retry: Option<Duration>,
    /// How many clients there are
    #[arg(long, value_name = "N", default_value = "1", help_heading = "Load")]
    pub clients: NonZeroU32,
    /// How many times each plays FILE, on a conn of its own each time [default: 1]
    #[arg(long, value_name = "M", conflicts_with = "duration", help_heading = "Load")]
    pub times: Option<NonZeroU64>,
    /// Go on for this long, the ramp included
    #[arg(long, value_name = "DUR", value_parser = parse_positive, help_heading = "Load")]
    pub duration: Option<Duration>,
    /// How many turns a second are due, over all clients
    #[arg(
        long,
        value_name = "R",
        value_parser = parse_rate,
        conflicts_with_all = ["pace", "max_idle"],
        help_heading = "Load"
    )]
    pub rate: Option<f64>,
    /// Start the clients evenly over this time; with --rate the first turn is due at its end
    #[arg(
        long,
        value_name = "DUR",
        value_parser = parse_duration,
        default_value = "0s",
        help_heading = "Load"
    )]
    pub ramp: Duration,
    /// How many threads play the clients
    #[arg(long, value_name = "N", default_value = "1", help_heading = "Load")]
    pub threads: NonZeroUsize,

    /// Report these results of --json as one
    #[arg(
        long,
        value_name = "RESULTS",
        num_args = 1..,
        conflicts_with_all = OF_A_RUN,
        help_heading = "Report"
    )]
    pub merge: Vec<PathBuf>,
    /// Print the report as JSON, with histograms that other tools read
    #[arg(long, help_heading = "Report")]
    pub json: bool,
    /// Write the report as a page too, with plots of how long turns took, and when
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub html: Option<PathBuf>,
    /// End with status 1 if this holds; may be given several times
    #[arg(long, value_name = "COND", help_heading = "Report")]
    pub fail_if: Vec<Condition>,
    /// Leave out how it goes on
    #[arg(short, long, help_heading = "Report")]
    pub quiet: bool,
    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Report")]
    pub color: ColorChoice,

    /// What every conversation has.
    #[command(flatten)]
    pub shared: Shared,
    /// How a transcript is played.
    #[command(flatten)]
    pub playing: Playing,
}

impl Load {
    /// Whether the options go together, beyond what clap sees.
    ///
    /// # Errors
    /// They do not, as clap tells such things.
    pub(super) fn check(&self) -> Result<(), clap::Error> {
        let Some(duration) = self.duration.filter(|duration| *duration <= self.ramp) else {
            return Ok(());
        };
        let (ramp, all) = (Human(self.ramp), Human(duration));
        let said = format!(
            "--ramp {ramp} would not be over before --duration {all}, which includes it, is: make one \
             shorter or the other longer"
        );
        Err(refused(ErrorKind::ArgumentConflict, &said))
    }
}

fn parse_positive(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err(format!("`{text}` is over before it begins: write `10s`")),
        duration => Ok(duration),
    }
}

/// Turns a second.
fn parse_rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate: &f64| (1e-3..=1e9).contains(rate));
    rate.ok_or_else(|| {
        format!("`{text}` is no rate: write turns a second, from 0.001 to 1000000000: `5000`")
    })
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use crate::cli::{Cli, Subcommands};

    fn load(args: &[&str]) -> Result<super::Load, clap::Error> {
        let cli = Cli::try_parse_from([&["chat-repl", "load"], args].concat())?;
        match cli.command {
            Some(Subcommands::Load(load)) => load.check().map(|()| *load),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_and_an_address_or_results_to_merge() {
        assert!(load(&["a.chat", "--connect", "1"]).is_ok());
        assert!(load(&["a.chat"]).is_err());
        assert!(load(&["--connect", "1"]).is_err());
        let merged = load(&["--merge", "a.json", "b.json", "--json"]).unwrap();
        assert_eq!(merged.merge.len(), 2);
        for beside in [&["a.chat"][..], &["--connect", "1"], &["--clients", "5"], &["--ramp", "1s"]]
        {
            assert!(load(&[beside, &["--merge", "a.json"]].concat()).is_err(), "{beside:?}");
        }
    }

    #[test]
    fn whatever_says_how_a_load_is_run_is_refused_where_none_is() {
        let mut program = Cli::command();
        program.build();
        let load = program.find_subcommand("load").unwrap();
        let names = load.get_arguments().map(|arg| arg.get_id().as_str());
        let (of_a_run, others): (Vec<&str>, Vec<&str>) =
            names.partition(|name| super::OF_A_RUN.contains(name));
        assert_eq!(others, ["merge", "json", "html", "fail_if", "color", "help"]);
        assert_eq!(of_a_run.len(), super::OF_A_RUN.len(), "each of them is there");
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for wrong in [
            &["--rate", "0"][..],
            &["--rate", "-5"],
            &["--rate", "NaN"],
            &["--clients", "0"],
            &["--times", "1", "--duration", "1s"],
            &["--duration", "0s"],
            &["--duration", "1s", "--ramp", "1s"],
            &["--fail-if", "p99"],
            &["--bless"],
            // Turns are due when they are, whatever was recorded.
            &["--rate", "5", "--pace", "recorded"],
        ] {
            let told = load(&[&["a.chat", "--connect", "1"], wrong].concat());
            assert!(told.is_err(), "{wrong:?}");
        }
        let both = ["a.chat", "--connect", "1", "--fail-if", "p99>1s", "--fail-if", "failed>0"];
        assert_eq!(load(&both).unwrap().fail_if.len(), 2);
    }
}
