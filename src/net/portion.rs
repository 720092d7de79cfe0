//! A part of a file that waits to be sent.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;

/// How much is read at once where a stream cannot take it from the file, in bytes.
const READ: usize = 64 << 10;

/// A part of a file: it is read when it is sent, if at all.
#[derive(Debug, Clone)]
pub struct Portion {
    file: Arc<File>,
    range: Range<u64>,
}

impl Portion {
    /// These bytes of the file.
    #[must_use]
    pub fn new(file: Arc<File>, range: Range<u64>) -> Portion {
        Portion { file, range }
    }

    /// How many bytes are left of it.
    pub(super) fn len(&self) -> usize {
        let len = self.range.end.saturating_sub(self.range.start);
        usize::try_from(len).unwrap_or(usize::MAX)
    }

    /// Leaves out the first bytes.
    pub(super) fn advance(&mut self, taken: usize) {
        self.range.start += taken as u64;
    }

    /// The file.
    #[cfg(target_os = "linux")]
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Where it begins, in bytes.
    #[cfg(target_os = "linux")]
    pub(super) fn start(&self) -> u64 {
        self.range.start
    }

    /// Reads the beginning of it. Nothing is the end of the file, which was cut short.
    pub(super) fn read(&self) -> io::Result<Bytes> {
        let mut memory = vec![0; self.len().min(READ)];
        let n = self.file.read_at(&mut memory, self.range.start)?;
        memory.truncate(n);
        Ok(memory.into())
    }
}

/// What can be written to, perhaps from a file.
pub trait Pour: Write {
    /// Takes the beginning of a part of a file without its being read before, and tells how much.
    ///
    /// `None` where this cannot be: it is to be read and written.
    ///
    /// # Errors
    /// As of a write. Nothing taken is the end of the file.
    fn pour(&mut self, _portion: &Portion) -> io::Result<Option<usize>> {
        Ok(None)
    }
}
