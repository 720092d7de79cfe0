//! What a script wants done, and how it fails.

use super::{Mismatch, Place, Report};
use crate::matching::hearing::Change;
use crate::session::Input;
use crate::units::Pace;
use crate::wire::ConnId;

/// Something that the runner cannot do itself.
#[derive(Debug)]
pub enum Action {
    /// Hand this to the session.
    Session(Input),
    /// Do this, and say if it failed.
    Task(Task),
    /// A step failed. A script stops here, a prompt goes on.
    Fail(Box<Failure>),
    /// The script came to its end, and the prompt is to take over.
    Prompt,
}

impl Action {
    /// The same from what speaks on one conn only, where others are apart from it.
    #[must_use]
    pub fn of(self, conn: ConnId) -> Action {
        match self {
            Action::Session(input) => Action::Session(input.of(conn)),
            other => other,
        }
    }
}

/// Commands that need more than the session: files, the terminal, the transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// `/help [COMMAND]`.
    Help(Option<String>),
    /// `/clear`.
    Clear,
    /// `/time on|off`.
    Time(bool),
    /// `/save [-f] [FILE]`.
    Save {
        /// Overwrite whatever stands there.
        force: bool,
        /// Where to.
        file: Option<String>,
    },
    /// `/replay [-p PACE] FILE[#CONN]`.
    Replay {
        /// When lines are said, if not as the command line has it.
        pace: Option<Pace>,
        /// What to play.
        file: String,
    },
    /// `/show [N]`.
    Show(Option<u64>),
    /// `/stats`.
    Stats,
    /// `/include FILE`: its steps are to be given to [`Runner::include`](super::Runner::include).
    Include {
        /// The file, as the step has it.
        file: String,
        /// Where in the step it stands.
        place: Place,
    },
    /// `/open NAME ADDR`: the session is to be told of the conn once it stands.
    Open {
        /// What the conn is to be called.
        name: String,
        /// The address, as the step has it.
        addr: String,
        /// Where in the step that stands.
        place: Place,
    },
    /// `/starttls`: [`Runner::secured`](super::Runner::secured) is to be told when it is done.
    StartTls {
        /// On which conn.
        conn: ConnId,
        /// Its peer is a guest of ours, so we are the server.
        guest: bool,
    },
    /// Something to tell: `/echo`, `/who`.
    Tell(String),
    /// Take note that we are called so: we have asked a room for it.
    Named(String),
    /// Tell that what was typed found nobody to hear it.
    Unheard,
    /// Tell, where programs read, how what came differs from what is replayed.
    Differs(Box<Mismatch>),
    /// Change the transcript that was replayed.
    Bless {
        /// Which.
        name: String,
        /// How.
        changes: Vec<Change>,
        /// What its file was then.
        version: u64,
    },
    /// Open another conn to where the first leads: the session is to be told of it once it stands.
    OpenAlike(String),
    /// Tell that a replay is done.
    Replayed {
        /// What was replayed.
        name: String,
        /// How many lines of the peer were as recorded.
        lines: u64,
    },
}

/// A pattern with named groups that matched a line: the transcript keeps it with the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Whose line.
    pub conn: ConnId,
    /// Which of the ended lines of that conn's peer, from 1.
    pub line: u64,
    /// The regex, its variables filled in, those apart that are secret.
    pub pattern: String,
}

/// A step that failed, and whose fault it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What to tell.
    pub report: Report,
    /// Whose fault it is.
    pub blame: Blame,
}

/// Whose fault a failure is; the exit status follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The peer did not do what was expected: a check failed.
    Check,
    /// The script, or a file that it names, is faulty.
    Script,
    /// The connection ended or broke.
    Connection,
    /// There was no connection.
    Unreachable,
}
