//! The two forms of a transcript file.
//!
//! A *document* is one JSON object with all events, one a line, so that it greps and diffs well. *JSON
//! Lines* has the same header without `events`, then an event a line, written as it happens, then a
//! trailer `{"ev":"end",…}`; one without a trailer, or with a torn last line, was interrupted and is
//! good up to there. A reader tells them apart by what is in them.
//!
//! # The `want` event
//!
//! A script may match a line with named groups when a journal has written that line already. The
//! journal then writes `{"dt":…,"ev":"want","conn":1,"line":N,"want":"…"}`: the N-th ended line, from
//! 1, that the recorder's peer (the side that is not the `role` of the conn or the header) said on that
//! conn matched this pattern. Readers make it the `want` of that line, and keep it as it is where there
//! is none.

mod edit;
mod fields;
mod fold;
mod head;
mod open;
mod placed;
mod quick;
mod read;
mod recognise;
mod scan;
mod text;
mod v1;
mod write;

#[cfg(test)]
mod tests;

use std::path::Path;

pub use edit::{EditError, Edited, edit};
pub use open::{ReadError, open};
pub use read::{Fault, Reader, Stop, parse};
pub use write::write;

pub(super) use fold::LateWants;
pub use recognise::is_transcript;
pub(super) use write::{Encoder, timestamp};

/// A form of a transcript file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object.
    Document,
    /// A JSON object a line.
    Lines,
}

impl Form {
    /// The form that a file of this name is written in: JSON Lines if it ends in `.jsonl`.
    #[must_use]
    pub fn of(path: &Path) -> Form {
        match path.extension() {
            Some(extension) if extension == "jsonl" => Form::Lines,
            _ => Form::Document,
        }
    }
}
