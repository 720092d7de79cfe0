//! Eight races against peers, side by side: `just bench`.
//!
//! Every race runs all its contestants once, one after the other, then all again, so that what else the
//! machine does falls on all of them. The tables, in Markdown, go to standard output, what is going on to
//! standard error. A ratio is the median of the ratios of the runs, ours to the peer of the same round.
//!
//! What stands on the other side of the peers, guests, servers, a bare relay, is this program too, started
//! anew (`bare`) where it takes the place of a peer. Processes are looked at in `/proc`: Linux only.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints what it has measured"
)]
#![allow(clippy::cast_precision_loss, reason = "figures have three digits")]

mod bare;
mod crowd;
mod fan_out;
mod figures;
mod idle;
mod load;
mod lock_step;
mod paced;
mod pipe;
mod process;
mod room;
mod slow;
mod start_up;
mod table;
mod tape;

use std::sync::OnceLock;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::process::installed;

/// What can go wrong in a bench: anything, and it is told.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// What a part of a bench comes to.
type Outcome<T> = Result<T, Fault>;

/// The program that all this is about, where it is not what was built with this bench.
static PROGRAM: OnceLock<String> = OnceLock::new();

/// The program that all this is about.
fn ours() -> &'static str {
    PROGRAM.get().map_or(env!("CARGO_BIN_EXE_chat-repl"), String::as_str)
}

/// Races chat-repl against peers.
#[derive(Parser)]
#[command(name = "races")]
struct Options {
    /// The races to run; all where none is given
    races: Vec<Race>,
    /// How often each contestant runs
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// How long each run of a race for speed is measured, in milliseconds
    #[arg(long, default_value_t = 600, value_name = "MS")]
    time: u64,
    /// MiB of the file that goes through the pipe
    #[arg(long, default_value_t = 1024, value_name = "MIB")]
    size: u64,
    /// Bytes of a line, its end included; at least 18
    #[arg(long, default_value_t = 64, value_name = "BYTES")]
    line: usize,
    /// Bytes that senders may have said and the slowest guest has not heard yet
    #[arg(long, default_value_t = 256 << 10, value_name = "BYTES")]
    window: usize,
    /// Guests of a room, instead of the race's own numbers
    #[arg(long, value_delimiter = ',')]
    guests: Vec<usize>,
    /// Senders among them
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10])]
    senders: Vec<usize>,
    /// Contestants whose names hold one of these, instead of all
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Another chat-repl to race than the one that was built
    #[arg(long, value_name = "PATH")]
    program: Option<String>,
    /// See that everything runs: once, and briefly
    #[arg(long)]
    quick: bool,
    /// What `cargo bench` passes to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// How long a run is measured.
    fn time(&self) -> Duration {
        Duration::from_millis(self.time)
    }

    /// Whether a contestant of this name takes part.
    fn admits(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| name.contains(part.as_str()))
    }

    /// Numbers of guests: those that were asked for, or the race's own.
    fn guests(&self, own: &[usize]) -> Vec<usize> {
        if self.guests.is_empty() { own.to_vec() } else { self.guests.clone() }
    }

    fn quickened(mut self) -> Options {
        if self.quick {
            (self.runs, self.time, self.size) = (1, 200, self.size.min(32));
        }
        self
    }
}

/// A race.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Race {
    /// Lines a second from guests to guests
    FanOut,
    /// How late lines come at a given rate
    Paced,
    /// A file of lines through a connection
    Pipe,
    /// Turns a second on one connection
    LockStep,
    /// Turns a second on many connections
    Load,
    /// From start to end with one line
    StartUp,
    /// Memory of a guest that is only there
    Idle,
    /// What others hear while one guest does not read
    Slow,
}

impl Race {
    fn run(self, options: &Options) -> Outcome<()> {
        match self {
            Race::FanOut => fan_out::race(options)?,
            Race::Paced => paced::race(options),
            Race::Pipe => pipe::race(options)?,
            Race::LockStep => lock_step::race(options)?,
            Race::Load => load::race(options)?,
            Race::StartUp => start_up::race(options)?,
            Race::Idle => idle::race(options),
            Race::Slow => slow::race(options),
        }
        Ok(())
    }
}

fn main() -> Outcome<()> {
    process::raise_descriptor_limit();
    let mut args = std::env::args().skip(1);
    if args.next().as_deref() == Some("bare") {
        return bare::run(&args.collect::<Vec<_>>());
    }
    let mut options = Options::parse().quickened();
    if let Some(program) = options.program.take() {
        let program = std::fs::canonicalize(&program).map_err(|e| format!("{program}: {e}"))?;
        PROGRAM.get_or_init(|| program.display().to_string());
    }
    if options.line < 18 || options.runs == 0 {
        return Err("a line has 18 bytes at least, and there is one run at least".into());
    }
    introduce();
    let all = Race::value_variants();
    for &race in if options.races.is_empty() { all } else { &options.races } {
        race.run(&options)?;
    }
    Ok(())
}

/// Says where the figures come from.
fn introduce() {
    let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!("{cpus} processors; load average before: {}\n", process::load_average());
    let peers: [(&str, &[&str]); 8] = [
        ("chat-repl", &[ours(), "--version"]),
        ("ncat", &["ncat", "--version"]),
        ("socat", &["socat", "-V"]),
        ("ngircd", &["ngircd", "--version"]),
        ("nats-server", &["nats-server", "--version"]),
        ("redis-server", &["redis-server", "--version"]),
        ("expect", &["expect", "-v"]),
        ("pexpect", &["python3", "-c", "import pexpect; print('pexpect', pexpect.__version__)"]),
    ];
    for (name, command) in peers {
        match process::version(command) {
            Some(version) => println!("- {version}"),
            None => println!("- {name} is not installed and left out"),
        }
    }
    if !installed("nc.openbsd") {
        println!("- nc.openbsd is not installed and left out");
    }
    println!();
}
