//! Scripts against a peer, in virtual time.

mod blocks;
mod both;
mod conns;
mod expect;
mod flow;
mod going;
mod guards;
mod playing;
mod waits;

use super::testing::{End, Options, Pair, Ways};
use super::{Blame, Task};
use crate::session::testing::conn;
use crate::session::{Drive, Effect, Ending, Input, Leave, Queue, Source};
use crate::wire::{ConnId, Side};

/// What waits to be sent on the first conn.
const OUTBOX: Queue = Queue::Outbox(ConnId::FIRST);

impl End {
    /// The script has come to its end without a failure.
    fn succeeded(&self) -> bool {
        self.failures.is_empty() && self.drives.contains(&Drive::Ended)
    }

    /// What `/echo` and `/who` told.
    fn told_tasks(&self) -> Vec<&str> {
        let told = self.tasks.iter().map(|task| match task {
            Task::Tell(text) => text.as_str(),
            other => panic!("{other:?}"),
        });
        told.collect()
    }
}
