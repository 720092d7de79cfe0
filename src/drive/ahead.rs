//! The steps of a script that many run.

use crate::script::{Runner, Step};

/// How many steps a runner is given at a time. The rest all share.
const AHEAD: usize = 64;

/// How far a runner has come in steps that many share: it is given the next few, so that what it holds does
/// not grow with the script.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// How many it was given.
    given: usize,
}

impl Ahead {
    /// Gives it the next steps where it has few at hand, and says when these were all.
    pub(super) fn supply(&mut self, runner: &mut Runner, steps: &[Step]) {
        if runner.pending() > AHEAD / 2 || self.given == steps.len() && self.given > 0 {
            return;
        }
        let more = &steps[self.given..steps.len().min(self.given + AHEAD)];
        for step in more {
            runner.push(step.clone());
        }
        self.given += more.len();
        if self.given == steps.len() {
            runner.complete();
        }
    }
}
