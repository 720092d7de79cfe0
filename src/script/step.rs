//! One line of a script, and where it stands.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use memchr::{memchr, memchr_iter, memrchr};

use super::{Block, Origin, Place, ScriptFault, Span};
use crate::command::{Command, Fault, SayCommand, SetCommand, WaitCommand, Wrong};
use crate::matching::Vars;
use crate::wire::{Encoding, Unencodable};

/// One line of a script; or a run of text lines, which travels as one.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The script.
    pub source: Origin,
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
    /// A part of the file that the script is, to send as it stands.
    File {
        /// Which bytes of it.
        range: Range<u64>,
        /// The first of them, as much as an error has to show.
        first: Bytes,
    },
    /// A command, and the line it was parsed from, without its line end. Lines that are the same share
    /// it.
    Command(Arc<Command>, Bytes),
    /// `/all`, and its lines up to `/end`.
    All(Box<Block>),
    /// A `/#` comment line, without its line end.
    Comment(Bytes),
}

impl Step {
    /// A part of its line; of a run of text, of its first line.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let text = match &self.what {
            What::Command(_, line) | What::Comment(line) => line.clone(),
            What::All(block) => block.head().clone(),
            What::Text(text) | What::Data(text) | What::File { first: text, .. } => {
                let first = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
                text.slice(..first)
            }
        };
        Place { source: self.source.clone(), line: self.line, text, span }
    }

    /// What of it cannot be said in an encoding, as far as no variable has a say in that: the first character
    /// of each line.
    #[must_use]
    pub fn unencodable(&self, encoding: Encoding) -> Vec<ScriptFault> {
        let What::Text(text) = &self.what else {
            return self.unencodable_command(encoding).into_iter().collect();
        };
        let (mut faults, mut from) = (Vec::new(), 0);
        while let Err(none) = encoding.bytes(&text.slice(from..)) {
            let none = Unencodable { at: from + none.at, ..none };
            let behind = memchr(b'\n', &text[none.at..]).map_or(text.len(), |end| none.at + end);
            faults.push(self.fault_of(none));
            from = behind;
        }
        faults
    }

    fn unencodable_command(&self, encoding: Encoding) -> Option<ScriptFault> {
        let What::Command(command, _) = &self.what else { return None };
        let Command::Say(SayCommand::Send(arg) | SayCommand::Raw(arg)) = &**command else {
            return None;
        };
        let plain = arg.template().is_plain();
        let said = plain.then(|| arg.encoded(&Vars::default(), encoding))?;
        said.err().map(|fault| self.fault(fault))
    }

    /// What is wrong with a character of its text, in the line of it that has that.
    pub(super) fn fault_of(&self, none: Unencodable) -> ScriptFault {
        let What::Text(text) = &self.what else {
            return ScriptFault { place: self.place(0..0), what: Wrong::Unencodable(none) };
        };
        let at = none.at;
        let start = memrchr(b'\n', &text[..at]).map_or(0, |end| end + 1);
        let end = memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end);
        let line = self.line + memchr_iter(b'\n', &text[..at]).count() as u64;
        let span = at - start..at - start + none.character.len_utf8();
        let place = Place { source: self.source.clone(), line, text: text.slice(start..end), span };
        ScriptFault { place, what: Wrong::Unencodable(none) }
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
            What::File { range, .. } => {
                usize::try_from(range.end - range.start).unwrap_or(usize::MAX)
            }
            What::Command(_, line) | What::Comment(line) => size_of::<Step>() + line.len(),
            What::All(block) => size_of::<Step>() + block.len(),
        }
    }

    /// Whether it concerns this side alone, and no conn has to be open for it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match &self.what {
            What::Command(command, _) => command.is_local(),
            What::Comment(_) => true,
            What::Text(_) | What::Data(_) | What::File { .. } | What::All(_) => false,
        }
    }

    /// Whether it is an `/expect`, or an `/all`.
    pub(super) fn is_expect(&self) -> bool {
        match &self.what {
            What::Command(command, _) => matches!(**command, Command::Wait(WaitCommand::Expect(_))),
            What::All(_) => true,
            What::Text(_) | What::Data(_) | What::File { .. } | What::Comment(_) => false,
        }
    }

    /// The file that it includes, where no variable has a say in which that is.
    #[must_use]
    pub fn included(&self) -> Option<(String, Place)> {
        let What::Command(command, _) = &self.what else { return None };
        let Command::Set(SetCommand::Include(file)) = &**command else { return None };
        Some((file.plain()?.clone(), self.place(file.span())))
    }

    /// Whether it asks for what was recorded so far, or what it includes may.
    #[must_use]
    pub fn asks(&self) -> bool {
        matches!(&self.what, What::Command(command, _) if command.asks())
    }

    /// Whether it looks at what the peers say.
    #[must_use]
    pub fn reads(&self) -> bool {
        match &self.what {
            What::Command(command, _) => command.reads(),
            What::All(_) => true,
            What::Text(_) | What::Data(_) | What::File { .. } | What::Comment(_) => false,
        }
    }

    /// Its lines as a script has them: parsed again, they give the same step.
    #[cfg(test)]
    pub(super) fn to_source(&self) -> Bytes {
        match &self.what {
            What::Text(text) => text
                .split_inclusive(|byte| *byte == b'\n')
                .flat_map(|line| [if line.starts_with(b"/") { &b"/"[..] } else { b"" }, line])
                .collect::<Vec<_>>()
                .concat()
                .into(),
            What::Data(data) | What::File { first: data, .. } => data.clone(),
            What::All(block) => block.to_source(),
            What::Command(_, line) | What::Comment(line) => ended(line).concat().into(),
        }
    }
}

/// A line with the line end that leaves it as it is when it is read again: a `\r` before a bare `\n`
/// would belong to the end.
#[cfg(test)]
pub(super) fn ended(line: &Bytes) -> [&[u8]; 2] {
    [line, if line.ends_with(b"\r") { b"\r\n" } else { b"\n" }]
}
