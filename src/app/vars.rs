//! The variables that a run starts with.

use crate::cli::Shared;
use crate::matching::Vars;
use crate::script::Settings;

/// What steps start with: the environment, and what the command line says.
pub(super) fn settings(shared: &Shared) -> Settings {
    let mut vars = Vars::default();
    for (name, value) in std::env::vars_os() {
        if let Some(name) = name.to_str() {
            vars.environment(name, value.into_encoded_bytes());
        }
    }
    for (name, value) in &shared.var {
        vars.set(name, value.clone());
    }
    Settings { vars, timeout: shared.timeout, eol: shared.eol }
}
