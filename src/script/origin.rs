//! Which script something stands in.

use std::fmt;
use std::iter;
use std::sync::Arc;

use super::Place;

/// A script: what people call it, and where it was included from, if it was. Its `Display` is the
/// name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    inner: Arc<Inner>,
}

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    name: Box<str>,
    from: Option<Place>,
}

impl Origin {
    /// The script `name`, which the step at `from` includes.
    #[must_use]
    pub fn included(name: &str, from: Place) -> Origin {
        Origin { inner: Arc::new(Inner { name: name.into(), from: Some(from) }) }
    }

    /// What people call it: the path as it was given, `<stdin>`, or `<prompt>`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The places from which it was included: that in the script which includes it, that in the script
    /// which includes that one, and so on.
    pub fn chain(&self) -> impl Iterator<Item = &Place> {
        iter::successors(self.inner.from.as_ref(), |place| place.source.inner.from.as_ref())
    }
}

impl From<&str> for Origin {
    /// A script that no other includes.
    fn from(name: &str) -> Origin {
        Origin { inner: Arc::new(Inner { name: name.into(), from: None }) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
