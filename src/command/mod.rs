//! The `/commands`: one registry from which parser, help and completion come.
//!
//! A command is data, grouped by who acts on it. What it does is done elsewhere.

mod arg;
mod args;
mod block;
mod complete;
mod expect;
mod fault;
pub mod help;
mod parse;
mod registry;
mod table;

use std::time::Duration;

use bytes::Bytes;

pub use arg::{Arg, FromArg};
pub use block::{BlockLine, Mark, parse_block_line};
pub use complete::{Completion, Offers, complete, hint};
pub use fault::{Fault, Span, Wrong};
pub use parse::{Parsed, parse};

use crate::units::Pace;
use crate::wire::Eol;

/// A command, parsed. The groups are the topics of `/help`, which has saying and waiting in one.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// About the prompt itself.
    Prompt(PromptCommand),
    /// About what is kept.
    Keep(KeepCommand),
    /// Says something.
    Say(SayCommand),
    /// Waits for something.
    Wait(WaitCommand),
    /// Changes a setting, or passes time.
    Set(SetCommand),
    /// About conns and guests.
    Conn(ConnCommand),
}

impl Command {
    /// Whether it concerns this side alone, and no conn has to be open for it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Command::Prompt(_) | Command::Set(_) => true,
            Command::Keep(command) => !matches!(command, KeepCommand::Replay { .. }),
            Command::Say(_) | Command::Wait(_) | Command::Conn(_) => false,
        }
    }

    /// Whether it asks for what was recorded so far, or what it includes may.
    #[must_use]
    pub fn asks(&self) -> bool {
        match self {
            Command::Keep(command) => !matches!(command, KeepCommand::Note(_)),
            Command::Set(SetCommand::Include(_)) => true,
            _ => false,
        }
    }

    /// Whether it looks at what the peers say.
    #[must_use]
    pub fn reads(&self) -> bool {
        match self {
            Command::Wait(_)
            | Command::Conn(ConnCommand::StartTls)
            | Command::Keep(KeepCommand::Replay { .. })
            | Command::Set(SetCommand::Strict(_)) => true,
            // Of the steps of a file that is known only later, some may.
            Command::Set(SetCommand::Include(file)) => !file.template().is_plain(),
            _ => false,
        }
    }
}

/// `/help`, `/quit`, `/clear`, `/time`.
#[derive(Debug, Clone, PartialEq)]
pub enum PromptCommand {
    /// `/help [COMMAND]`.
    Help(Option<String>),
    /// `/quit`.
    Quit,
    /// `/clear`.
    Clear,
    /// `/time on|off`.
    Time(Arg<bool>),
}

/// `/save`, `/replay`, `/show`, `/stats`, `/note`.
#[derive(Debug, Clone, PartialEq)]
pub enum KeepCommand {
    /// `/save [-f] [FILE]`.
    Save {
        /// Overwrite whatever stands there.
        force: bool,
        /// Where to; a dated name where none is given.
        file: Option<Arg<String>>,
    },
    /// `/replay [-p PACE] FILE[#CONN]`.
    Replay {
        /// When lines are said, if not as the command line has it.
        pace: Option<Arg<Pace>>,
        /// What to play.
        file: Arg<String>,
    },
    /// `/show [N]`.
    Show(Option<Arg<u64>>),
    /// `/stats`.
    Stats,
    /// `/note TEXT`.
    Note(Arg<String>),
}

/// `/send`, `/raw`.
#[derive(Debug, Clone, PartialEq)]
pub enum SayCommand {
    /// `/send TEXT`: a line, with variables expanded.
    Send(Arg<Bytes>),
    /// `/raw ESCAPED`: bytes with no eol. Variables are expanded after the escapes are read.
    Raw(Arg<Bytes>),
}

/// `/expect`, `/all`, `/end`, `/reject`, `/expect-eof`, `/quiet`.
#[derive(Debug, Clone, PartialEq)]
pub enum WaitCommand {
    /// `/expect [-n] [-x] [-p] [-t DUR] PATTERN`.
    Expect(Expect),
    /// `/all [-t DUR]`: the head of a block, whose lines are read by [`parse_block_line`].
    All(Option<Arg<Duration>>),
    /// `/end`.
    End,
    /// `/reject [PATTERN]`; without one it lifts those that stand.
    Reject(Option<Arg<String>>),
    /// `/expect-eof [-t DUR]`.
    Eof(Option<Arg<Duration>>),
    /// `/quiet DUR`.
    Quiet(Arg<Duration>),
}

/// What `/expect` waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Expect {
    /// `-n`: the very next line, no other.
    pub next: bool,
    /// `-x`: the pattern is literal text, to be found anywhere in the line.
    pub exact: bool,
    /// `-p`: also a line that has not ended yet.
    pub partial: bool,
    /// `-t DUR`: how long; else what `/timeout` and `--timeout` say.
    pub timeout: Option<Arg<Duration>>,
    /// The pattern, with where it stands in the line.
    pub pattern: Arg<String>,
}

/// `/set`, `/timeout`, `/sleep`, `/eol`, `/strict`, `/echo`, `/include`.
#[derive(Debug, Clone, PartialEq)]
pub enum SetCommand {
    /// `/set NAME VALUE`.
    Set {
        /// The variable.
        name: String,
        /// Its value.
        value: Arg<String>,
    },
    /// `/timeout DUR`.
    Timeout(Arg<Duration>),
    /// `/sleep DUR`.
    Sleep(Arg<Duration>),
    /// `/eol lf|crlf|none`.
    Eol(Arg<Eol>),
    /// `/strict on|off`.
    Strict(Arg<bool>),
    /// `/echo TEXT`.
    Echo(Arg<String>),
    /// `/include FILE`.
    Include(Arg<String>),
}

/// `/open`, `/on`, `/starttls`, `/shutdown`, `/close`, `/accept`, `/who`, `/kick`, `/nick`, `/me`, `/msg`.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnCommand {
    /// `/open NAME ADDR`.
    Open {
        /// What the new conn is to be called.
        name: Arg<String>,
        /// Where to connect.
        addr: Arg<String>,
    },
    /// `/on NAME`; `all` is everybody.
    On(Arg<String>),
    /// `/starttls`.
    StartTls,
    /// `/shutdown`.
    Shutdown,
    /// `/close`.
    Close,
    /// `/accept [N]`; 1 where no number is given.
    Accept(Arg<u64>),
    /// `/who`.
    Who,
    /// `/kick NAME [WHY]`.
    Kick {
        /// The guest.
        name: Arg<String>,
        /// What it is told.
        why: Option<Arg<String>>,
    },
    /// `/nick NAME`.
    Nick(Arg<Bytes>),
    /// `/me TEXT`.
    Me(Arg<Bytes>),
    /// `/msg NAME TEXT`.
    Msg {
        /// Whom it is for.
        name: Arg<Bytes>,
        /// What is said.
        text: Arg<Bytes>,
    },
}
