//! Patterns, compiled once.

use std::collections::HashMap;
use std::sync::Arc;

use crate::matching::Pattern;

/// Patterns that were compiled already. Shared, since a clone of a regex begins with a cold cache.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    exact: HashMap<String, Arc<Pattern>>,
    regexes: HashMap<String, Arc<Pattern>>,
}

impl Patterns {
    /// How many are kept: a script repeats few, and compiling one takes microseconds.
    const KEPT: usize = 256;

    pub(super) fn find(&self, source: &str, exact: bool) -> Option<Arc<Pattern>> {
        self.of(exact).get(source).cloned()
    }

    pub(super) fn keep(&mut self, source: &str, exact: bool, pattern: &Arc<Pattern>) {
        let compiled = if exact { &mut self.exact } else { &mut self.regexes };
        if compiled.len() == Patterns::KEPT {
            compiled.clear();
        }
        compiled.insert(source.to_owned(), Arc::clone(pattern));
    }

    fn of(&self, exact: bool) -> &HashMap<String, Arc<Pattern>> {
        if exact { &self.exact } else { &self.regexes }
    }
}
