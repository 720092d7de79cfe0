//! `--secret NAME` and `--secret NAME@FILE`.

use std::env;
use std::path::PathBuf;

use crate::matching::{Secrets, is_name};

/// A value that is not to be seen. The command line has its name only.
#[derive(Debug, Clone)]
pub enum Secret {
    /// It stands in the environment.
    Known(Secrets),
    /// It stands in a file.
    File {
        /// What it is called.
        name: String,
        /// The file.
        path: PathBuf,
    },
}

pub(super) fn parse_secret(text: &str) -> Result<Secret, String> {
    let (name, path) = match text.split_once('@') {
        Some((name, path)) => (name, Some(path)),
        None => (text, None),
    };
    if !is_name(name) {
        return Err(format!("`{name}` is no name: write NAME or NAME@FILE"));
    }
    let name = name.to_owned();
    if let Some(path) = path {
        return Ok(Secret::File { name, path: path.into() });
    }
    let Some(value) = env::var_os(&name) else {
        return Err(format!(
            "there is no `{name}` in the environment: set it, or write {name}@FILE"
        ));
    };
    let secret = Secrets::new([(name, value.into_encoded_bytes().into())]);
    secret.map(Secret::Known).map_err(|err| err.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_or_the_environment_has_it() {
        let Ok(Secret::File { name, path }) = parse_secret("PASS@a@b") else { panic!("no file") };
        assert_eq!((&*name, path), ("PASS", PathBuf::from("a@b")));
        assert!(matches!(parse_secret("CARGO_MANIFEST_DIR"), Ok(Secret::Known(_))));
        let told = parse_secret("NOBODY_SET_THIS").unwrap_err();
        assert!(told.starts_with("there is no `NOBODY_SET_THIS` in the environment"), "{told}");
        assert!(parse_secret("1x").is_err() && parse_secret("@file").is_err());
    }
}
