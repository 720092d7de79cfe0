//! What is due when, of many.

use std::collections::BTreeSet;

use super::At;

/// Until when something is held back of each of many, kept in order of time, so that ten thousand idle
/// ones cost nothing.
#[derive(Debug)]
pub struct Due<K> {
    all: BTreeSet<(At, K)>,
}

impl<K> Default for Due<K> {
    fn default() -> Self {
        Due { all: BTreeSet::new() }
    }
}

impl<K: Copy + Ord> Due<K> {
    /// Takes note that `whose` is due then, and no longer when it was.
    pub fn change(&mut self, whose: K, was: Option<At>, due: Option<At>) {
        if was != due {
            was.map(|at| self.all.remove(&(at, whose)));
            self.all.extend(due.map(|at| (at, whose)));
        }
    }

    /// Whose time has come, the earliest first.
    #[must_use]
    pub fn until(&self, now: At) -> Vec<K> {
        self.all.iter().take_while(|(at, _)| *at <= now).map(|(_, whose)| *whose).collect()
    }

    /// When the first of them is due.
    #[must_use]
    pub fn first(&self) -> Option<At> {
        self.all.first().map(|(at, _)| *at)
    }
}
