//! Scripts: what drives a session without a person.
//!
//! A [`Parser`] makes [`Step`]s of bytes, a [`Runner`] runs them against what the session does, and a
//! [`Report`] says where and why one failed. No sockets, no files, no clock.

mod action;
mod all;
mod block;
mod exec;
mod failure;
mod feeding;
mod guard;
mod lines_read;
mod origin;
mod parse;
mod patterns;
mod place;
mod play;
mod playing;
mod reading;
mod report;
mod room;
mod roster;
mod runner;
mod settings;
mod shares;
mod starttls;
mod step;
mod strict;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod unanswered;
mod unread;
mod used;
mod wait;
mod words;

pub use action::{Action, Blame, Failure, Task, Want};
pub use block::Block;
pub use origin::Origin;
pub use parse::Parser;
pub use place::{Place, ScriptFault};
pub use play::{Heard, Mismatch, MismatchKind, Play, Played};
pub use report::Report;
pub use roster::MAIN;
pub use runner::{Runner, RunnerOptions};
pub use settings::Settings;
pub use step::{Step, What};
pub use unread::{Next, Unread};

pub use crate::command::Span;
