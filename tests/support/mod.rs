//! What the tests of the whole program share.
//!
//! Nothing here sleeps to synchronise: a test waits for what it needs to see, and every wait ends
//! after [`DEADLINE`] with what all the ends of the conversation had said until then.

pub(crate) mod browser;
pub(crate) mod certs;
pub(crate) mod ends;
pub(crate) mod peer;
pub(crate) mod printed;
pub(crate) mod proc;
pub(crate) mod pty;
pub(crate) mod running;
pub(crate) mod says;
pub(crate) mod servers;
pub(crate) mod tape;
pub(crate) mod tools;

use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

/// How long anything may take that a test waits for. No test is meant to come near: it is for a
/// machine that is busy with something else.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// Makes a pipe that has a name.
pub(crate) fn make_pipe(path: &Path) {
    nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap();
}

/// The top of the project.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
