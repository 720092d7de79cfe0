//! The events of a session, in order: kept in memory, written to files, read back, shown.
//!
//! The session hands out [`Record`](crate::session::Record)s, whole blocks of lines. [`Store`] keeps
//! the latest of them as they are, [`Journal`] writes them as they come; both cut them into
//! [`Event`]s, one a line, only when they write or somebody looks. [`json`] knows the two forms of a
//! file and nothing else does: the model has no version and no `serde`.

mod cut;
pub mod export;
mod file;
mod journal;
pub mod json;
mod model;
mod named;
mod pieces;
mod pipe;
mod redact;
mod rewrite;
mod save;
mod secured;
mod sink;
mod spool;
mod stats;
mod store;
#[cfg(test)]
mod testing;
mod whole;

pub use cut::cut;
pub use file::{FileError, Hint, create};
pub use journal::{Journal, JournalError};
pub use json::{EditError, Edited, ReadError, Reader, is_transcript, open};
pub use model::{Ended, Event, Extra, Header, Marks, Said, Transcript, What};
pub use named::Named;
pub use pipe::LatePipe;
pub use redact::{Redactor, put_back, put_back_known};
pub use rewrite::{RewriteError, rewrite, version};
pub use save::{Saved, Target, check_target, save};
pub use sink::{Sink, SinkEvent};
pub use spool::{Spool, SpoolError, SpoolFailure};
pub use stats::{Latency, SideStats, Stats};
pub use store::Store;
pub use whole::WholeFile;
