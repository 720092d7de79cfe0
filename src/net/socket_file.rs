//! The file of a unix socket: ours to make, to replace where its owner died, and to remove.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use mio::net::UnixListener;

/// A socket file that is removed on drop, if it is still the one that was made.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    made: Option<(u64, u64)>,
}

impl SocketFile {
    /// Listens at `path`. A socket file there that nobody listens on is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::AddrInUse`] where somebody listens; [`ErrorKind::AlreadyExists`] where there is
    /// something that is no socket; else what the system says.
    pub(super) fn listen(path: &Path) -> io::Result<(SocketFile, UnixListener)> {
        let listener = match UnixListener::bind(path) {
            Err(err) if err.kind() == ErrorKind::AddrInUse => {
                remove_stale(path)?;
                UnixListener::bind(path)?
            }
            bound => bound?,
        };
        let made = fs::symlink_metadata(path).ok().map(|file| identity(&file));
        Ok((SocketFile { path: path.to_owned(), made }, listener))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let there = fs::symlink_metadata(&self.path).ok().map(|file| identity(&file));
        if self.made.is_some() && there == self.made {
            fs::remove_file(&self.path).ok();
        }
    }
}

fn remove_stale(path: &Path) -> io::Result<()> {
    let file = fs::symlink_metadata(path)?;
    if !file.file_type().is_socket() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    if is_alive(path)? {
        return Err(ErrorKind::AddrInUse.into());
    }
    // Somebody else may have replaced it meanwhile.
    if identity(&fs::symlink_metadata(path)?) == identity(&file) {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Whether a process holds the socket at `path`. Asked with a socket of another type, which a live one
/// refuses as such: a connection would look like a guest to whoever listens.
fn is_alive(path: &Path) -> io::Result<bool> {
    match UnixDatagram::unbound()?.connect(path) {
        Err(err) if err.kind() == ErrorKind::ConnectionRefused => Ok(false),
        Err(err) if err.kind() == ErrorKind::PermissionDenied => Err(err),
        _ => Ok(true),
    }
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    fn at_a_path(test: impl FnOnce(&Path)) {
        let dir = tempfile::tempdir().unwrap();
        test(&dir.path().join("chat.sock"));
    }

    #[test]
    fn the_file_lives_as_long_as_its_listener() {
        at_a_path(|path| {
            let (file, listener) = SocketFile::listen(path).unwrap();
            UnixStream::connect(path).unwrap();
            drop((file, listener));
            assert!(!path.exists());
        });
    }

    #[test]
    fn the_file_of_a_dead_process_is_replaced() {
        at_a_path(|path| {
            drop(std::os::unix::net::UnixListener::bind(path).unwrap());
            assert!(path.exists(), "std leaves it, as a process that was killed does");
            let _held = SocketFile::listen(path).unwrap();
            UnixStream::connect(path).unwrap();
        });
    }

    #[test]
    fn a_live_socket_is_left_alone_and_not_disturbed() {
        at_a_path(|path| {
            let live = std::os::unix::net::UnixListener::bind(path).unwrap();
            let err = SocketFile::listen(path).unwrap_err();
            assert_eq!(err.kind(), ErrorKind::AddrInUse);
            live.set_nonblocking(true).unwrap();
            assert_eq!(live.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "no guest came");
            UnixStream::connect(path).unwrap();
        });
    }

    #[test]
    fn what_is_no_socket_is_never_removed() {
        at_a_path(|path| {
            fs::write(path, "precious").unwrap();
            let err = SocketFile::listen(path).unwrap_err();
            assert_eq!(err.kind(), ErrorKind::AlreadyExists);
            assert_eq!(fs::read(path).unwrap(), b"precious");
        });
    }

    #[test]
    fn a_file_that_another_has_put_in_place_of_ours_stays() {
        at_a_path(|path| {
            let held = SocketFile::listen(path).unwrap();
            fs::remove_file(path).unwrap();
            let theirs = SocketFile::listen(path).unwrap();
            drop(held);
            UnixStream::connect(path).unwrap();
            drop(theirs);
        });
    }
}
