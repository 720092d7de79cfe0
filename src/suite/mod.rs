//! `chat-repl test`: scripts and transcripts as tests.
//!
//! [`find()`] says what there is to run. [`run()`] runs it: each test is a session of its own, held on the
//! thread of a worker; the thread that calls owns the server of all, hears of signals, and tells the
//! [`Reporters`] what became of each test.

mod actual;
mod client;
mod find;
mod program;
mod report;
mod run;
mod server;
mod session;
mod setup;
mod verdict;

pub use actual::{Actual, ActualError};
pub use client::ClientPlan;
pub use find::{FindError, Found, Kind, Test, find};
pub use program::{Slots, names_port};
pub use report::{Html, Json, Junit, Live, Reporter, Reporters, Tap, Text};
pub use run::{Against, Plan, RunError, run};
pub use server::ServerPlan;
pub use session::Speaking;
pub use verdict::{Ended, Excerpt, Halt, Summary, Verdict};
