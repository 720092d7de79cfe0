//! The variables and secrets that a run starts with.

use std::fs;

use bytes::Bytes;

use crate::cli::{Secret, Shared};
use crate::error::Error;
use crate::matching::{Secrets, Vars};
use crate::script::Settings;

/// What steps start with: the environment, and what the command line says.
pub(super) fn settings(shared: &Shared) -> Result<Settings, Error> {
    let secrets = secrets(&shared.secret)?;
    let encoding = shared.encoding;
    let is_changed = |value: &Bytes| !encoding.is_utf8() && !value.is_ascii();
    if let Some((name, _)) = secrets.values().find(|(_, value)| is_changed(value)) {
        return Err(Error::secret_in(name, encoding));
    }
    let vars = vars(&shared.var, &secrets);
    Ok(Settings { vars, timeout: shared.timeout, eol: shared.eol, encoding, secrets })
}

/// The variables of the environment, those that were given, and the secrets.
pub(super) fn vars(given: &[(String, String)], secrets: &Secrets) -> Vars {
    let mut vars = Vars::default();
    for (name, value) in std::env::vars_os() {
        if let Some(name) = name.to_str() {
            vars.environment(name, value.into_encoded_bytes());
        }
    }
    for (name, value) in given {
        vars.set(name, value.clone());
    }
    for (name, value) in secrets.values() {
        vars.set_secret(name, value.clone());
    }
    vars
}

/// The values of `--secret`.
pub(super) fn secrets(given: &[Secret]) -> Result<Secrets, Error> {
    let mut named: Vec<(String, Bytes)> = Vec::new();
    for secret in given {
        match secret {
            Secret::Known(known) => {
                named.extend(known.values().map(|(name, value)| (name.to_owned(), value.clone())));
            }
            Secret::File { name, path } => {
                let mut value = fs::read(path).map_err(|err| Error::read(path.display(), &err))?;
                // The line end that editors leave at the end of a file is none of it.
                value
                    .pop_if(|last| *last == b'\n')
                    .and_then(|_| value.pop_if(|last| *last == b'\r'));
                named.push((name.clone(), value.into()));
            }
        }
    }
    Secrets::new(named).map_err(|err| Error::secret(&err))
}
