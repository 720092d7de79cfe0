//! One line of a script, and where it stands.

use std::sync::Arc;

use bytes::Bytes;

use super::{Place, ScriptFault, Span};
use crate::command::{Command, Fault, WaitCommand};

/// One line of a script; or a run of text lines, which travels as one.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What people call the script: the path as it was given, or `<stdin>`, or `<prompt>`.
    pub source: Arc<str>,
    /// The number of the (first) line, from 1.
    pub line: u64,
    /// What it says.
    pub what: What,
}

/// The kinds of [`Step`].
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// Text lines to send, as they stand in the script, line ends included. Only the last line of a
    /// script may lack its line end. Of a line that began with `//` the first slash is gone.
    Text(Bytes),
    /// Bytes to send as they are (`--plain`).
    Data(Bytes),
    /// A command, and the line it was parsed from, without its line end.
    Command(Command, Bytes),
    /// A `/#` comment line, without its line end.
    Comment(Bytes),
}

impl Step {
    /// A part of its line; of a run of text, of its first line.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let text = match &self.what {
            What::Command(_, line) | What::Comment(line) => line.clone(),
            What::Text(text) | What::Data(text) => {
                let first = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
                text.slice(..first)
            }
        };
        Place { source: Arc::clone(&self.source), line: self.line, text, span }
    }

    /// What `fault` says of its line.
    #[must_use]
    pub fn fault(&self, fault: Fault) -> ScriptFault {
        ScriptFault { place: self.place(fault.span), what: fault.what }
    }

    /// How many bytes it takes up, about.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a step is never empty")]
    pub fn len(&self) -> usize {
        match &self.what {
            What::Text(text) | What::Data(text) => text.len(),
            What::Command(_, line) | What::Comment(line) => size_of::<Step>() + line.len(),
        }
    }

    /// Whether it concerns this side alone, and no conn has to be open for it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match &self.what {
            What::Command(command, _) => command.is_local(),
            What::Comment(_) => true,
            What::Text(_) | What::Data(_) => false,
        }
    }

    /// Whether it is an `/expect`.
    pub(super) fn is_expect(&self) -> bool {
        matches!(&self.what, What::Command(Command::Wait(WaitCommand::Expect(_)), _))
    }

    /// Whether it looks at what the peers say.
    #[must_use]
    pub fn reads(&self) -> bool {
        matches!(&self.what, What::Command(command, _) if command.reads())
    }

    /// Its lines as a script has them: parsed again, they give the same step.
    #[must_use]
    pub fn to_source(&self) -> Bytes {
        match &self.what {
            What::Text(text) => text
                .split_inclusive(|byte| *byte == b'\n')
                .flat_map(|line| [if line.starts_with(b"/") { &b"/"[..] } else { b"" }, line])
                .collect::<Vec<_>>()
                .concat()
                .into(),
            What::Data(data) => data.clone(),
            What::Command(_, line) | What::Comment(line) => [line, &b"\n"[..]].concat().into(),
        }
    }
}
