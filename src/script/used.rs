//! The variables that a step used.

use bytes::Bytes;

use super::{Report, ScriptFault};
use crate::command::Wrong;
use crate::matching::{Template, Vars};

/// How many variables are told of.
const TOLD: usize = 12;

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
            let value: &[u8] = match value {
                None => b"a secret",
                Some(value) if value.is_empty() => b"empty",
                Some(value) => value,
            };
            report.note([b"${", name.as_bytes(), b"} is ", value].concat())
        })
    }
}

/// What is told of a fault of a step, and of the variables that there are if it lacks one.
pub(super) fn fault(fault: ScriptFault, vars: &Vars) -> Report {
    let lacks = matches!(fault.what, Wrong::Undefined(_));
    let report = Report::from(fault);
    let names: Vec<String> = vars.own().take(TOLD).map(|name| format!("`{name}`")).collect();
    let more = vars.own().count() - names.len();
    let names = names.join(", ");
    match (lacks && !names.is_empty(), more) {
        (false, _) => report,
        (true, 0) => report.note(format!("(set are: {names})")),
        (true, more) => report.note(format!("(set are: {names} and {more} more)")),
    }
}
