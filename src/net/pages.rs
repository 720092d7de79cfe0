//! Bytes that go to many conns at once, in memory that their sockets share.
//!
//! What is written to a socket is copied into memory of the system's, once for each socket. What lies in a
//! file is not: the system keeps the pages of the file in the queue of every socket that is to send them.
//! So what a room says to a hundred guests is put into a file that exists in memory only.
//!
//! Pages that wait in a socket are the file's own, and what is written to the file would be sent. So what
//! was written stays as it is: a file is only appended to, and given up when it has grown long; its
//! memory is freed when the last socket has sent it. What waits in an outbox is in memory twice then, once
//! for all outboxes: a stream over TLS cannot use pages, and not every system can.

use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Weak};

use bytes::{Buf, Bytes};

/// Fewer bytes than these are copied by the system about as soon as their pages are counted.
const WORTH: usize = 16 << 10;

/// To fewer conns than these everything is written as it is: putting it into the file is a copy as well, and
/// takes new memory. Measured, ten conns lose by it and a hundred gain.
const MANY: usize = 16;

/// Where a file is given up, in bytes: what one guest has not taken keeps all of its file.
const LONG: u64 = 1 << 20;

/// Files that may be kept by guests who do not take what is in them. Descriptors are few.
const FILES: usize = 16;

/// Bytes to be sent, that may have a place in a file too.
#[derive(Debug, Clone)]
pub struct Shared {
    bytes: Bytes,
    place: Option<Place>,
}

/// A place in a file.
#[derive(Debug, Clone)]
struct Place {
    file: Arc<OwnedFd>,
    at: u64,
}

impl From<Bytes> for Shared {
    fn from(bytes: Bytes) -> Self {
        Shared { bytes, place: None }
    }
}

impl Shared {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// A part of the bytes, which has no place.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Shared {
        self.bytes.slice(range).into()
    }

    /// Drops the first `len` bytes.
    pub(super) fn advance(&mut self, len: usize) {
        self.bytes.advance(len);
        if let Some(place) = &mut self.place {
            place.at += len as u64;
        }
    }

    /// The file that the bytes have a place in, and where in it they begin.
    pub(super) fn place(&self) -> Option<(BorrowedFd<'_>, u64)> {
        self.place.as_ref().map(|place| (place.file.as_fd(), place.at))
    }

    /// Whether `next` comes right after it in the same file.
    pub(super) fn is_followed_by(&self, next: &Shared) -> bool {
        let (Some(this), Some(next)) = (&self.place, &next.place) else { return false };
        Arc::ptr_eq(&this.file, &next.file) && this.at + self.bytes.len() as u64 == next.at
    }
}

/// Hands out places in files.
#[derive(Debug)]
pub struct Pages {
    file: Option<Arc<OwnedFd>>,
    /// How long that file is.
    len: u64,
    /// All files that are still in use.
    files: Vec<Weak<OwnedFd>>,
    able: bool,
}

impl Default for Pages {
    fn default() -> Self {
        Pages { file: None, len: 0, files: Vec::new(), able: system::is_able() }
    }
}

impl Pages {
    /// The bytes, which so many conns are to be sent, with a place in a file where that is worth it. Where
    /// there is none to be had they are sent all the same.
    pub fn share(&mut self, bytes: &Bytes, conns: usize) -> Shared {
        let worth = self.able && bytes.len() >= WORTH && conns >= MANY;
        let place = if worth { self.put(bytes) } else { None };
        Shared { bytes: bytes.clone(), place }
    }

    fn put(&mut self, bytes: &[u8]) -> Option<Place> {
        let len = bytes.len() as u64;
        if self.file.is_none() || self.len + len > LONG {
            self.begin();
        }
        let file = Arc::clone(self.file.as_ref()?);
        let at = self.len;
        if !system::put(&file, at, bytes) {
            (self.file, self.able) = (None, false);
            return None;
        }
        self.len += len;
        Some(Place { file, at })
    }

    /// Begins another file, unless there are too many.
    fn begin(&mut self) {
        self.file = None;
        self.files.retain(|file| file.strong_count() > 0);
        if self.files.len() < FILES
            && let Some(file) = system::begin()
        {
            let file = Arc::new(file);
            self.files.push(Arc::downgrade(&file));
            (self.file, self.len) = (Some(file), 0);
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::os::fd::OwnedFd;

    use rustix::fs::{MemfdFlags, memfd_create};
    use rustix::process::{Resource, getrlimit};

    /// A bound on the size of files is one for these as well, and passing it ends the program.
    pub(super) fn is_able() -> bool {
        getrlimit(Resource::Fsize).current.is_none()
    }

    pub(super) fn begin() -> Option<OwnedFd> {
        memfd_create("chat-repl", MemfdFlags::CLOEXEC).ok()
    }

    /// Whether all of it was written.
    pub(super) fn put(file: &OwnedFd, at: u64, bytes: &[u8]) -> bool {
        rustix::io::pwrite(file, bytes, at).is_ok_and(|n| n == bytes.len())
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::os::fd::OwnedFd;

    pub(super) fn is_able() -> bool {
        false
    }

    pub(super) fn begin() -> Option<OwnedFd> {
        None
    }

    pub(super) fn put(_: &OwnedFd, _: u64, _: &[u8]) -> bool {
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn bytes(fill: u8) -> Bytes {
        Bytes::from(vec![fill; WORTH])
    }

    fn stored(shared: &Shared) -> Option<Vec<u8>> {
        let (file, at) = shared.place()?;
        let mut found = vec![0; shared.bytes().len()];
        rustix::io::pread(file, &mut found, at).unwrap();
        Some(found)
    }

    #[test]
    fn what_many_are_sent_lies_in_a_file_one_after_the_other() {
        let mut pages = Pages::default();
        let mut first = pages.share(&bytes(b'a'), MANY);
        let next = pages.share(&bytes(b'b'), MANY);
        assert!(first.is_followed_by(&next) && !next.is_followed_by(&first));
        first.advance(5);
        assert!(first.is_followed_by(&next));
        for shared in [first, next] {
            assert_eq!(stored(&shared).unwrap(), shared.bytes()[..]);
        }
    }

    #[test]
    fn little_and_what_few_are_sent_does_not() {
        let mut pages = Pages::default();
        assert!(pages.share(&bytes(b'a').slice(1..), MANY).place().is_none());
        assert!(pages.share(&bytes(b'a'), MANY - 1).place().is_none());
    }

    #[test]
    fn files_end_and_are_freed_and_are_never_too_many() {
        let mut pages = Pages::default();
        let block = Bytes::from(vec![b'x'; usize::try_from(LONG).unwrap()]);
        let mut kept: Vec<_> = (0..FILES).map(|_| pages.share(&block, MANY)).collect();
        assert!(kept.iter().all(|shared| shared.place().is_some()));
        assert!(!kept[0].is_followed_by(&kept[1]));
        let more = pages.share(&block, MANY);
        assert_eq!((more.place().is_none(), more.bytes()), (true, &block), "sent all the same");
        kept.pop();
        assert!(pages.share(&block, MANY).place().is_some());
    }
}
