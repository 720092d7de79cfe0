//! File descriptors: how many there may be, and which numbers sockets take.

use std::io;
use std::iter;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The first descriptor that `select()` cannot watch: `FD_SETSIZE` on every system we know. The
/// line editor uses `select()`, and opens descriptors each time it reads a line.
const SELECT_END: RawFd = 1024;

/// As many descriptors as a process is given in one place at most; Linux' own `fs.nr_open`. A hard
/// limit may be far above it, and asking for all of that fails.
const MOST: u64 = 1 << 20;

/// Descriptors that guests leave to the program itself, so that a crowd cannot keep it from reading a
/// line (two), saving a transcript (two) or opening conns of its own.
const RESERVE: RawFd = 32;

/// Which descriptors the sockets of conns take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Descriptors {
    /// As they come.
    #[default]
    Any,
    /// From 1,024 where the limit allows, so that those below stay free for the line editor.
    High,
}

impl Descriptors {
    /// `socket`, or a duplicate of it with the descriptor that is wanted; the original where there
    /// is none. To be done before anything is registered for events: a registration belongs to the
    /// socket and outlives the original descriptor.
    pub(super) fn place<S: From<OwnedFd> + AsFd>(self, socket: S) -> S {
        match self {
            Descriptors::Any => socket,
            Descriptors::High => {
                fcntl_dupfd_cloexec(&socket, SELECT_END).map_or(socket, |high| S::from(high))
            }
        }
    }
}

/// What a listener hands out to its guests.
#[derive(Debug)]
pub(super) struct Supply {
    descriptors: Descriptors,
    /// The lowest descriptor that a guest takes.
    first: RawFd,
    /// The first descriptor of the reserve.
    end: RawFd,
    /// The last guest's was as high as that, so the next one's may be too.
    is_low: bool,
}

impl Supply {
    pub(super) fn new(descriptors: Descriptors) -> Supply {
        let limit = RawFd::try_from(soft_limit()).unwrap_or(RawFd::MAX);
        let end = (limit - RESERVE).max(limit / 2);
        let is_high = descriptors == Descriptors::High && end > SELECT_END;
        Supply { descriptors, first: if is_high { SELECT_END } else { 0 }, end, is_low: false }
    }

    /// Whether only the reserve is left. `any` descriptor will do to ask with: a duplicate takes the
    /// lowest that is free, as the next guest would.
    pub(super) fn is_out(&mut self, any: impl AsFd) -> bool {
        if self.is_low {
            let next = fcntl_dupfd_cloexec(any, self.first);
            self.is_low = !next.is_ok_and(|next| next.as_raw_fd() < self.end);
        }
        self.is_low
    }

    /// As [`Descriptors::place`].
    pub(super) fn place<S: From<OwnedFd> + AsFd>(&mut self, socket: S) -> S {
        let socket = self.descriptors.place(socket);
        self.is_low = socket.as_fd().as_raw_fd() >= self.end;
        socket
    }

    /// Puts the reserve elsewhere: for tests, which cannot use up a limit that others share.
    #[cfg(test)]
    pub(super) fn end_at(&mut self, end: RawFd) {
        self.end = end;
    }
}

/// Raises the soft limit of open descriptors as far as the hard limit allows. Where the system allows less
/// than it says, as macOS does whose hard limit is none at all, half of it is asked for, and so on.
///
/// A system that refuses leaves it as it was: too few descriptors are told when they run out.
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(MOST).min(MOST);
    let Some(current) = limit.current else { return };
    let halves = iter::successors(Some(wanted), |wanted| Some(wanted / 2));
    let mut more = halves.take_while(|wanted| *wanted > current);
    more.find(|wanted| {
        let raised = Rlimit { current: Some(*wanted), maximum: limit.maximum };
        setrlimit(Resource::Nofile, raised).is_ok()
    });
}

/// How many conns this process may have open at a time: what the limit of descriptors leaves to them.
#[must_use]
pub fn descriptors_for_conns() -> usize {
    let limit = usize::try_from(soft_limit()).unwrap_or(usize::MAX);
    limit.saturating_sub(RESERVE.unsigned_abs() as usize)
}

/// How many descriptors this process may have now.
fn soft_limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(MOST).min(MOST)
}

/// Whether an error means that this process, or the machine, has no descriptor left.
pub(super) fn ran_out(err: &io::Error) -> bool {
    matches!(Errno::from_io_error(err), Some(Errno::MFILE | Errno::NFILE))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_high_descriptor_is_the_same_socket() {
        raise_descriptor_limit();
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut ours = Descriptors::High.place(ours);
        assert!(ours.as_raw_fd() >= SELECT_END, "{}", ours.as_raw_fd());
        theirs.write_all(b"x").unwrap();
        let mut heard = [0; 1];
        ours.read_exact(&mut heard).unwrap();
        drop(ours);
        assert_eq!(theirs.read(&mut heard).unwrap(), 0, "no descriptor is left behind");
    }

    #[test]
    fn any_descriptor_is_left_where_it_is() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let before = ours.as_raw_fd();
        assert_eq!(Descriptors::Any.place(ours).as_raw_fd(), before);
    }

    #[test]
    fn the_limit_never_falls() {
        let before = getrlimit(Resource::Nofile).current;
        raise_descriptor_limit();
        assert!(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) >= before.unwrap_or(0));
    }
}
