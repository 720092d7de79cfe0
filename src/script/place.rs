//! Where in a script something is.

use std::fmt;

use bytes::Bytes;
use thiserror::Error;

use super::{Origin, Span};
use crate::command::{Fault, Wrong};

/// A part of a line of a script. Its `Display` is `mail.chat:4:9`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The script.
    pub source: Origin,
    /// The number of the line, from 1.
    pub line: u64,
    /// The line, without its line end.
    pub text: Bytes,
    /// The part of it; what lies beyond the line is its end.
    pub span: Span,
}

/// A line of a script that cannot be parsed, or not be run with the variables that there are.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}: {what}")]
pub struct ScriptFault {
    /// Where.
    pub place: Place,
    /// What is wrong there.
    pub what: Wrong,
}

impl Place {
    /// The column in which it begins, in characters from 1. A byte that is no UTF-8 counts as one.
    #[must_use]
    pub fn column(&self) -> usize {
        let before = &self.text[..self.span.start.min(self.text.len())];
        let chars =
            |chunk: std::str::Utf8Chunk<'_>| chunk.valid().chars().count() + chunk.invalid().len();
        before.utf8_chunks().map(chars).sum::<usize>() + 1
    }

    /// Another part of the same line.
    pub(super) fn part(&self, span: Span) -> Place {
        Place { span, ..self.clone() }
    }

    /// What `fault` says of this line.
    pub(super) fn fault(&self, fault: Fault) -> ScriptFault {
        ScriptFault { place: self.part(fault.span), what: fault.what }
    }

    /// What stands in the line before the place, in it and behind it.
    pub(super) fn cut(&self) -> [&[u8]; 3] {
        let end = self.span.end.min(self.text.len());
        let start = self.span.start.min(end);
        [&self.text[..start], &self.text[start..end], &self.text[end..]]
    }

    /// The place in its line as `change` makes that.
    pub(super) fn map_text(self, change: &dyn Fn(&[u8]) -> Vec<u8>) -> Place {
        let parts = self.cut().map(change);
        let span = parts[0].len()..parts[0].len() + parts[1].len();
        Place { text: parts.concat().into(), span, ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source, self.line, self.column())
    }
}

impl ScriptFault {
    /// What `fault` says of the line `text`, which is line `line` of `source`.
    #[must_use]
    pub fn new(source: Origin, line: u64, text: Bytes, fault: Fault) -> Self {
        ScriptFault { place: Place { source, line, text, span: fault.span }, what: fault.what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Step, What};

    fn step(what: What) -> Step {
        Step { source: "a.chat".into(), line: 3, what }
    }

    #[test]
    fn a_fault_of_a_step_has_its_line() {
        let text = Bytes::from_static(b"one\ntwo\n");
        let fault = Fault { span: 1..3, what: Wrong::Twice('n') };
        let fault = step(What::Text(text)).fault(fault);
        assert_eq!(
            (&*fault.place.text, fault.to_string()),
            (&b"one"[..], "a.chat:3:2: `-n` stands here twice".into())
        );
        let place = step(What::Comment(Bytes::from_static("/# é x".as_bytes()))).place(6..7);
        assert_eq!((place.column(), place.to_string()), (6, "a.chat:3:6".to_owned()));
    }

    #[test]
    fn a_column_lies_at_most_behind_the_line() {
        let text = Bytes::from_static(b"a\xff\xffb");
        let place = |span| Place { source: "a".into(), line: 1, text: text.clone(), span };
        assert_eq!(
            [0..1, 1..2, 3..4, 4..4, 90..91].map(|span| place(span).column()),
            [1, 2, 4, 5, 5]
        );
    }
}
