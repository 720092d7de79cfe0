//! The variables that a step used.

use bytes::Bytes;

use super::Report;
use crate::matching::{Template, Vars};

/// The variables that a step used, and the values that they had: none, mostly.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// A secret's value is not among them.
    values: Vec<(String, Option<Bytes>)>,
}

impl Used {
    /// Those in `template`.
    pub(super) fn of(template: &Template, vars: &Vars) -> Used {
        let mut values: Vec<(String, Option<Bytes>)> = Vec::new();
        for name in template.names() {
            let known = values.iter().any(|(known, _)| known == name);
            if let Some(value) = vars.value(name).filter(|_| !known) {
                let seen = (!vars.is_secret(name)).then(|| Bytes::copy_from_slice(value));
                values.push((name.to_owned(), seen));
            }
        }
        Used { values }
    }

    /// Tells of them.
    pub(super) fn add_to(&self, report: Report) -> Report {
        self.values.iter().fold(report, |report, (name, value)| {
            let value = value.as_deref().unwrap_or(b"a secret");
            report.note([b"${", name.as_bytes(), b"} is ", value].concat())
        })
    }
}
