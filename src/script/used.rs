//! The variables that a step used.

use bytes::Bytes;

use super::Report;
use crate::matching::{Template, Vars};

/// The variables that a step used, and the values that they had: none, mostly.
#[derive(Debug, Default)]
pub(super) struct Used {
    values: Vec<(String, Bytes)>,
}

impl Used {
    /// Those in `template`.
    pub(super) fn of(template: &Template, vars: &Vars) -> Used {
        let mut values: Vec<(String, Bytes)> = Vec::new();
        for name in template.names() {
            let known = values.iter().any(|(known, _)| known == name);
            if let Some(value) = vars.value(name).filter(|_| !known) {
                values.push((name.to_owned(), Bytes::copy_from_slice(value)));
            }
        }
        Used { values }
    }

    /// Tells of them.
    pub(super) fn add_to(&self, report: Report) -> Report {
        self.values.iter().fold(report, |report, (name, value)| {
            report.note([b"${", name.as_bytes(), b"} is ", value].concat())
        })
    }
}
