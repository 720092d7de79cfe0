//! A transcript as people name it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use memchr::memrchr;

use crate::wire::ConnId;

/// A transcript, or one conn of it: `FILE` or `FILE#CONN`, wherever one is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    /// The file.
    pub path: PathBuf,
    /// The conn of it that is meant, if it is one.
    pub conn: Option<ConnId>,
}

impl Named {
    /// What a name means. `FILE#2` is conn 2 of `FILE`, unless there is a file of just that name; what
    /// is no number of a conn is a part of the name of the file.
    #[must_use]
    pub fn new(name: &Path) -> Named {
        let cut = cut(name).filter(|_| name.symlink_metadata().is_err());
        cut.unwrap_or_else(|| Named { path: name.to_owned(), conn: None })
    }
}

/// The parts of `FILE#CONN`.
fn cut(name: &Path) -> Option<Named> {
    let bytes = name.as_os_str().as_bytes();
    let (path, conn) = bytes.split_at(memrchr(b'#', bytes)?);
    let conn = std::str::from_utf8(&conn[1..]).ok()?.parse().ok()?;
    Some(Named { path: OsStr::from_bytes(path).into(), conn: Some(ConnId::new(conn)?) })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn named(name: &Path) -> (PathBuf, Option<u32>) {
        let Named { path, conn } = Named::new(name);
        (path, conn.map(ConnId::number))
    }

    #[test]
    fn a_number_behind_the_last_sign_is_a_conn() {
        for (name, path, conn) in [
            ("a.json", "a.json", None),
            ("a.json#2", "a.json", Some(2)),
            ("a#1#2", "a#1", Some(2)),
            ("a#b/c", "a#b/c", None),
            ("a#", "a#", None),
            ("a#0", "a#0", None),
            ("a#-1", "a#-1", None),
            ("a#4294967296", "a#4294967296", None),
            ("a#final", "a#final", None),
        ] {
            assert_eq!(named(Path::new(name)), (PathBuf::from(path), conn), "{name}");
        }
        let odd = OsStr::from_bytes(b"\xff#7");
        assert_eq!(named(Path::new(odd)), (OsStr::from_bytes(b"\xff").into(), Some(7)));
    }

    #[test]
    fn a_file_of_just_that_name_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        let [plain, odd] = ["a", "a#3"].map(|name| dir.path().join(name));
        fs::write(&plain, "").unwrap();
        assert_eq!(named(&odd), (plain, Some(3)));
        fs::write(&odd, "").unwrap();
        assert_eq!(named(&odd), (odd.clone(), None));
        assert_eq!(named(&dir.path().join("a#3#1")), (odd, Some(1)));
    }
}
