//! Patterns that lines are expected to match.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::matching::{Capture, Pattern, PatternError, Template, TemplateError, Undefined, Vars};

/// How many compiled patterns are kept: some tens of kilobytes each, once they have matched.
const MOST_COMPILED: usize = 256;

/// Why a `want` is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemFault {
    /// Its variables are written wrongly.
    #[error("column {}: {}", .0.at + 1, .0.why)]
    Template(TemplateError),
    /// It is no pattern.
    #[error("column {}: {}", .0.at + 1, .0.why)]
    Pattern(PatternError),
}

/// The patterns of a transcript. Thousands of lines may have the same one, or each its own: what takes
/// memory is shared, and bounded.
#[derive(Debug, Default)]
pub struct Wants {
    known: HashMap<String, Arc<Want>>,
    compiled: Arc<Mutex<Compiled>>,
}

/// A pattern, as it was written.
#[derive(Debug)]
pub(super) struct Want {
    template: Template,
    compiled: Arc<Mutex<Compiled>>,
}

/// Compiled patterns, by how they were written and the values of their variables.
#[derive(Debug, Default)]
struct Compiled(HashMap<(String, Vec<Bytes>), Pattern>);

impl Wants {
    /// The pattern that is written so.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn want(&mut self, source: &str) -> Result<Arc<Want>, ItemFault> {
        if let Some(known) = self.known.get(source) {
            return Ok(Arc::clone(known));
        }
        let template = Template::parse(source).map_err(ItemFault::Template)?;
        Pattern::check(&template).map_err(ItemFault::Pattern)?;
        let want = Arc::new(Want { template, compiled: Arc::clone(&self.compiled) });
        self.known.insert(source.to_owned(), Arc::clone(&want));
        Ok(want)
    }
}

impl Want {
    pub(super) fn source(&self) -> &str {
        self.template.source()
    }

    /// The variables that it uses.
    pub(super) fn uses(&self) -> impl Iterator<Item = &str> {
        self.template.names()
    }

    /// What it captures from a line that it matches.
    pub(super) fn find(
        &self,
        text: &[u8],
        vars: &Vars,
    ) -> Result<Option<Vec<Capture>>, PatternError> {
        let key = (self.source().to_owned(), self.values(vars)?);
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pattern) = compiled.0.get(&key) {
            return Ok(pattern.find(text));
        }
        let pattern = self.compile(vars)?;
        let found = pattern.find(text);
        compiled.keep(key, pattern);
        Ok(found)
    }

    /// The pattern with these values in it.
    pub(super) fn compile(&self, vars: &Vars) -> Result<Pattern, PatternError> {
        Pattern::compile(&self.template, vars)
    }

    fn values(&self, vars: &Vars) -> Result<Vec<Bytes>, PatternError> {
        let value = |name: &str| {
            let undefined = || Undefined { name: name.into(), at: 0, nearest: None };
            vars.value(name).map(Bytes::copy_from_slice).ok_or_else(undefined)
        };
        Ok(self.template.names().map(value).collect::<Result<_, _>>()?)
    }
}

impl Compiled {
    /// Keeps a pattern, and forgets all others where there are too many: those that are used often are
    /// soon back.
    fn keep(&mut self, key: (String, Vec<Bytes>), pattern: Pattern) {
        if self.0.len() >= MOST_COMPILED {
            self.0.clear();
        }
        self.0.insert(key, pattern);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_shared_and_bounded() {
        let mut wants = Wants::default();
        let one = wants.want("^id ${id}$").unwrap();
        assert!(Arc::ptr_eq(&one, &wants.want("^id ${id}$").unwrap()));
        let mut vars = Vars::default();
        for id in 0..3 * MOST_COMPILED {
            vars.set("id", id.to_string());
            let line = format!("id {id}");
            assert!(one.find(line.as_bytes(), &vars).unwrap().is_some(), "{line}");
            assert!(one.find(b"id x", &vars).unwrap().is_none());
            let other = wants.want(&format!("{id}")).unwrap();
            assert!(other.find(line.as_bytes(), &vars).unwrap().is_some());
            assert!(wants.compiled.lock().unwrap().0.len() <= MOST_COMPILED);
        }
        assert!(matches!(wants.want("("), Err(ItemFault::Pattern(_))));
    }
}
