//! The steps that wait to be run: how they come in, and are taken.

use super::{Runner, Step};
use crate::session::Drive;

impl Runner {
    /// One more step.
    pub fn push(&mut self, step: Step) {
        self.starved = false;
        self.backlog += step.len();
        self.steps.push_back(step);
    }

    /// Nothing more will come.
    pub fn complete(&mut self) {
        self.complete = true;
    }

    /// Nothing follows for now, and whoever writes the steps may be waiting for what we pass on: conns
    /// that waited for a step to read go on.
    pub fn starve(&mut self) {
        self.starved = true;
        self.make_way();
    }

    /// The steps of a script that the step which was just run includes: they come before all others.
    pub fn include(&mut self, steps: Vec<Step>) {
        for step in steps.into_iter().rev() {
            self.backlog += step.len();
            self.steps.push_front(step);
        }
    }

    /// How many bytes of steps wait to be run.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.backlog
    }

    /// How many steps wait to be run; what is being waited for or played has begun, and is none of
    /// them.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.steps.len()
    }

    /// Takes note that the session was not told of [`Drive::Idle`], since there may be more to read: it
    /// is told again once [`Runner::next`] finds no step.
    pub fn not_idle(&mut self) {
        if self.drive == Drive::Idle {
            self.drive = Drive::Running;
        }
    }

    /// Whether nothing waits to be run.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.steps.is_empty() && self.wait.is_none()
    }

    pub(super) fn clear_steps(&mut self) {
        self.steps.clear();
        self.backlog = 0;
    }

    pub(super) fn take_step(&mut self) -> Option<Step> {
        let step = self.steps.pop_front()?;
        self.backlog -= step.len();
        Some(step)
    }
}
