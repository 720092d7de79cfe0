//! How a session ended.

use std::io;

use super::Signal;
use crate::net::{BindError, DialError};
use crate::script::{Failure, Place, Report, ScriptFault};
use crate::session::{Ending, Leave};
use crate::term::EditorError;
use crate::transcript::{FileError, SpoolError, Transcript};
use crate::units::{count, reason};

/// Everything that went wrong in a session, in order, and what ended it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What went wrong.
    pub troubles: Vec<Trouble>,
    /// The signal that ended it, if one did.
    pub signal: Option<Signal>,
    /// A [`Stop`](super::Stop) ended it.
    pub stopped: bool,
    /// It lasted longer than it may.
    pub overdue: bool,
    /// What was told, where it was shown nowhere.
    pub told: String,
    /// What happened, where something went wrong and [`Keeping::hands_over`](super::Keeping::hands_over).
    pub kept: Option<Transcript>,
}

/// Something that went wrong. Its [`Report`] is what people are told.
#[derive(Debug)]
pub enum Trouble {
    /// A step failed.
    Step(Box<Failure>),
    /// A step of a script that is read bit by bit cannot be parsed.
    Script(Box<ScriptFault>),
    /// The script cannot be read any further.
    Read {
        /// What it is called.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// The address cannot be listened on.
    Bind(BindError),
    /// Nobody could be connected to.
    Dial(DialError),
    /// A file to record to cannot be opened.
    Keep(FileError),
    /// The recording of this name stopped; why was told when it did.
    Journal(String),
    /// The recording was not saved.
    Spool(SpoolError),
    /// A connection broke.
    Broken {
        /// Whose.
        peer: String,
        /// How.
        how: Ending,
        /// The step that was running.
        at: Option<Place>,
    },
    /// So many bytes of ours were not taken.
    Unsent(usize),
    /// Standard output cannot be written to.
    Stdout(io::Error),
    /// The terminal failed.
    Editor(EditorError),
    /// The system refuses something that every session needs.
    System(io::Error),
}

impl Outcome {
    /// A session that could not begin.
    pub(super) fn of(trouble: impl Into<Trouble>) -> Outcome {
        Outcome { troubles: vec![trouble.into()], ..Outcome::default() }
    }

    /// Takes note of something that went wrong.
    pub(super) fn add(&mut self, trouble: impl Into<Trouble>) {
        match (trouble.into(), self.troubles.last_mut()) {
            // Thousands of guests that do not read are one line to tell.
            (Trouble::Unsent(more), Some(Trouble::Unsent(bytes))) => *bytes += more,
            (trouble, _) => self.troubles.push(trouble),
        }
    }

    /// Takes note of why the session left, and which step was running.
    pub(super) fn left(&mut self, why: Leave, at: Option<Place>) {
        let told = self.troubles.iter().any(|trouble| matches!(trouble, Trouble::Step(_)));
        if let Leave::Broken { peer, how } = why
            && !told
        {
            self.add(Trouble::Broken { peer, how, at });
        }
    }
}

impl From<Trouble> for Report {
    fn from(trouble: Trouble) -> Report {
        match trouble {
            Trouble::Step(failure) => failure.report,
            Trouble::Script(fault) => Report::from(*fault),
            Trouble::Read { name, source } => {
                Report::new(format!("cannot read `{name}`: {}", reason(&source)))
                    .note("what was read before was sent")
            }
            Trouble::Bind(err) => Report::new(err.to_string()),
            Trouble::Dial(err) => Report::new(err.to_string()),
            Trouble::Keep(err) => {
                let report = Report::new(err.to_string());
                let io = matches!(err, FileError::Io { .. });
                if io { report.note("name a file that can be written") } else { report }
            }
            Trouble::Journal(name) => {
                Report::new(format!("the recording `{name}` is not complete"))
                    .note("what it holds is good, as far as it goes")
            }
            Trouble::Spool(err) => Report::new(err.to_string()),
            Trouble::Broken { peer, how, at } => broken(&peer, &how, at),
            Trouble::Unsent(bytes) => {
                let bytes = count(bytes as u64, "byte");
                Report::new(format!("{bytes} not sent: the peer stopped reading"))
                    .note("what the peer has read may end in the middle of a line")
            }
            Trouble::Stdout(err) => {
                Report::new(format!("cannot write to standard output: {}", reason(&err)))
                    .note("`--save FILE` keeps what is said whatever happens to standard output")
            }
            Trouble::Editor(err) => {
                Report::new(err.to_string()).note("`TERM=dumb` reads lines without editing them")
            }
            Trouble::System(err) => Report::new(format!("the system refuses: {}", reason(&err)))
                .note("there may be too many open files or processes (see `ulimit -a`)"),
        }
    }
}

fn broken(peer: &str, how: &Ending, at: Option<Place>) -> Report {
    let why = match how {
        Ending::Reset => "it was reset by the peer",
        Ending::Error(why) => why.as_str(),
        Ending::Eof | Ending::Kicked(_) | Ending::Slow | Ending::Idle => "it ended",
    };
    let report = Report::new(format!("the connection to {peer} broke: {why}"));
    let report = match at {
        Some(place) => report.at(place).label("this step was running"),
        None => report,
    };
    report.note("what was sent last may not have arrived")
}

impl From<BindError> for Trouble {
    fn from(err: BindError) -> Self {
        Trouble::Bind(err)
    }
}

impl From<DialError> for Trouble {
    fn from(err: DialError) -> Self {
        Trouble::Dial(err)
    }
}

impl From<FileError> for Trouble {
    fn from(err: FileError) -> Self {
        Trouble::Keep(err)
    }
}

impl From<SpoolError> for Trouble {
    fn from(err: SpoolError) -> Self {
        Trouble::Spool(err)
    }
}

impl From<EditorError> for Trouble {
    fn from(err: EditorError) -> Self {
        Trouble::Editor(err)
    }
}

impl From<io::Error> for Trouble {
    fn from(err: io::Error) -> Self {
        Trouble::System(err)
    }
}
