//! What the standard streams are ready for. They may be shared with other programs, so they stay in
//! blocking mode, and are asked before each read and write.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{FileType, fstat};
use rustix::io::Errno;

/// Asks to be told when `stream` is ready. False where it cannot tell: a file, `/dev/null`; it never
/// blocks. Linux refuses to watch either (EPERM); a kqueue would watch a file and fall silent at its end,
/// and refuses devices that have nothing to tell (EINVAL or ENODEV, by the system).
///
/// # Errors
/// The system refuses for another reason.
pub(super) fn register(
    stream: &(impl AsFd + AsRawFd),
    interest: Interest,
    (registry, token): (&Registry, Token),
) -> io::Result<bool> {
    if FileType::from_raw_mode(fstat(stream)?.st_mode) == FileType::RegularFile {
        return Ok(false);
    }
    match registry.register(&mut SourceFd(&stream.as_raw_fd()), token, interest) {
        Ok(()) => Ok(true),
        Err(err) => match Errno::from_io_error(&err) {
            Some(Errno::PERM | Errno::INVAL | Errno::NODEV) => Ok(false),
            _ => Err(err),
        },
    }
}

/// Whether `stream` is ready now.
pub(super) fn is_ready(stream: &impl AsFd, flags: PollFlags) -> bool {
    is_ready_within(stream, flags, Timespec::default())
}

/// Whether `stream` becomes ready within this time.
pub(super) fn is_ready_within(stream: &impl AsFd, flags: PollFlags, patience: Timespec) -> bool {
    let mut fds = [PollFd::new(stream, flags)];
    rustix::event::poll(&mut fds, Some(&patience)).is_ok_and(|n| n > 0)
}
