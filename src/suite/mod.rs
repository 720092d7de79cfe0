//! `chat-repl test`: scripts and transcripts as tests.
//!
//! [`find`] says what there is to run. [`run`] runs it: each test is a session of its own, held on the
//! thread of a worker; the thread that calls owns the server, hears of signals, and tells the
//! [`Reporter`]s what became of each test.

mod find;
mod output;
mod processes;
mod report;
mod run;
mod server;
mod session;
mod verdict;

pub use find::{FindError, Found, Kind, Test, find};
pub use report::{Json, Junit, Live, Reporter, Tap, Text};
pub use run::{Plan, run};
pub use server::{ServerPlan, names_port};
pub use session::Speaking;
pub use verdict::{Ended, Excerpt, Summary, Verdict};
