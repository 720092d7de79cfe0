//! The variables of a session.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::Capture;
use super::template::ENV;

/// Variables by name, and where their values come from. A value may be any bytes. Clones share what they
/// have until one of them is changed.
#[derive(Debug, Clone, Default)]
pub struct Vars {
    values: Arc<BTreeMap<String, Value>>,
}

#[derive(Debug, Clone)]
struct Value {
    bytes: Bytes,
    from: From,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    /// The command line, `/set` or the environment.
    Given,
    /// What a peer said.
    Captured,
    /// What another peer said: it holds until this one says something for the same name.
    Lent,
    /// `--secret`.
    Secret,
}

impl Vars {
    /// Gives a variable the value that `--var` or `/set` says.
    pub fn set(&mut self, name: &str, value: impl Into<Bytes>) {
        self.values_mut().insert(name.to_owned(), Value { bytes: value.into(), from: From::Given });
    }

    /// Gives a variable a value that is not to be seen.
    pub fn set_secret(&mut self, name: &str, value: impl Into<Bytes>) {
        self.values_mut()
            .insert(name.to_owned(), Value { bytes: value.into(), from: From::Secret });
    }

    /// Takes a variable of the environment in, as `env:NAME`. It can be used, and not set.
    pub fn environment(&mut self, name: &str, value: impl Into<Bytes>) {
        self.set(&format!("{ENV}{name}"), value);
    }

    /// Gives a variable the value that a pattern found in what a peer said.
    pub fn capture(&mut self, found: &Capture) {
        let value = Value { bytes: found.value.clone(), from: From::Captured };
        self.values_mut().insert(found.name.to_string(), value);
    }

    /// The same for all that a pattern found.
    pub fn capture_all(&mut self, found: &[Capture]) {
        for capture in found {
            self.capture(capture);
        }
    }

    /// Takes in the captured values of others for variables that have none here.
    pub fn add_captured(&mut self, others: &Vars) {
        for (name, value) in others.captured() {
            self.values_mut().entry(name.clone()).or_insert_with(|| value.clone());
        }
    }

    /// Whether [`Vars::borrow`] would change anything.
    #[must_use]
    pub fn lacks(&self, others: &Vars) -> bool {
        others.captured().any(|(name, value)| {
            self.values.get(name).is_none_or(|own| own.is_lent() && own.bytes != value.bytes)
        })
    }

    /// Takes in the captured values of others, for variables that have none here or were taken in before.
    pub fn borrow(&mut self, others: &Vars) {
        for (name, value) in others.captured() {
            if self.values.get(name).is_none_or(Value::is_lent) {
                let lent = Value { bytes: value.bytes.clone(), from: From::Lent };
                self.values_mut().insert(name.clone(), lent);
            }
        }
    }

    fn captured(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.values.iter().filter(|(_, value)| value.from == From::Captured)
    }

    fn values_mut(&mut self) -> &mut BTreeMap<String, Value> {
        Arc::make_mut(&mut self.values)
    }

    /// The value of a variable, if it has one.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.values.get(name).map(|value| &*value.bytes)
    }

    /// Whether the value of a variable was found in what a peer said.
    #[must_use]
    pub(super) fn is_captured(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| value.from == From::Captured || value.is_lent())
    }

    /// Whether the value of a variable is not to be seen.
    #[must_use]
    pub fn is_secret(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| value.from == From::Secret)
    }

    /// The values that were captured.
    pub fn captures(&self) -> impl Iterator<Item = Capture> {
        self.captured()
            .map(|(name, value)| Capture { name: name.as_str().into(), value: value.bytes.clone() })
    }

    /// The variables that were set or captured, in alphabetical order.
    pub fn own(&self) -> impl Iterator<Item = &str> {
        self.names().filter(|name| !name.starts_with(ENV))
    }

    /// The variables that have a value, those of the environment included, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

impl Value {
    fn is_lent(&self) -> bool {
        self.from == From::Lent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_borrowed_follows_its_owner_until_it_is_captured_here() {
        let captured = |value: &'static str| {
            let mut vars = Vars::default();
            vars.capture(&Capture { name: "id".into(), value: value.into() });
            vars
        };
        let mut vars = Vars::default();
        for value in ["1", "2"] {
            assert!(vars.lacks(&captured(value)));
            vars.borrow(&captured(value));
            assert!(!vars.lacks(&captured(value)) && vars.is_captured("id"));
            assert_eq!(vars.value("id"), Some(value.as_bytes()));
        }
        // It is not lent on.
        assert!(!Vars::default().lacks(&vars));
        vars.capture(&Capture { name: "id".into(), value: "own".into() });
        assert!(!vars.lacks(&captured("3")));
        vars.borrow(&captured("3"));
        assert_eq!(vars.value("id"), Some(&b"own"[..]));
    }

    #[test]
    fn the_environment_is_apart_from_what_is_set() {
        let mut vars = Vars::default();
        vars.environment("HOME", "/root");
        assert_eq!((vars.value("HOME"), vars.value("env:HOME")), (None, Some(&b"/root"[..])));
        vars.set("home", "/");
        assert_eq!(vars.own().collect::<Vec<_>>(), ["home"]);
    }

    #[test]
    fn the_last_value_counts_and_so_does_where_it_came_from() {
        let mut vars = Vars::default();
        let found = Capture { name: "id".into(), value: Bytes::from_static(b"\xfe") };
        assert_eq!((vars.value("id"), vars.is_captured("id")), (None, false));
        vars.set("id", "7");
        vars.capture(&found);
        assert_eq!((vars.value("id"), vars.is_captured("id")), (Some(&b"\xfe"[..]), true));
        vars.set("id", "8");
        assert_eq!((vars.value("id"), vars.is_captured("id")), (Some(&b"8"[..]), false));
    }
}
