//! `chat-repl load`: many clients that play a transcript or a script, and what that comes to.
//!
//! A *turn* is what a client says and the reply that it waits for. A [`Tally`] has what was counted, and
//! [`Results`] what there is to tell: what was to be done, and the tally. [`text`], [`json`] and [`html`] are made
//! of those, [`merge()`] makes one of several, a [`Condition`] says what they must not come to, and
//! [`Progress`] tells how a load goes on.

mod condition;
mod encoded;
mod histogram;
mod merge;
mod report;
mod results;
mod run;
mod series;
mod tally;

pub use crate::drive::crowd::Outcome;
pub use condition::{Breach, Condition, ConditionError};
pub use histogram::Histogram;
pub use merge::{MergeError, merge};
pub use report::{MOST_BYTES, Progress, ReadError, html, json, read, text};
pub use results::{Plan, Results, Run, Until};
pub use run::{Load, Loaded, RunError, run};
pub use series::{Interval, Series};
pub use tally::{Cause, Tally, Traffic};

use histogram::samples_for;
