//! Where what is read from a descriptor comes to lie.

use std::io;
use std::os::fd::AsFd;

use bytes::Bytes;
use rustix::buffer::spare_capacity;

/// Memory for one read. What nearly fills it keeps it, and is not copied; of what does not there is a
/// copy, or a few bytes would hold on to all of it.
#[derive(Debug)]
pub(super) struct Landing {
    memory: Vec<u8>,
    size: usize,
}

impl Landing {
    /// A place for reads of `size` bytes at most.
    pub(super) fn new(size: usize) -> Landing {
        Landing { memory: Vec::new(), size }
    }

    /// Has something read into the spare capacity of the memory, which is empty.
    pub(super) fn land<T>(&mut self, read: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.memory.clear();
        self.memory.reserve_exact(self.size);
        read(&mut self.memory)
    }

    /// What was read.
    pub(super) fn take(&mut self) -> Bytes {
        if self.memory.len() > self.size / 2 {
            std::mem::take(&mut self.memory).into()
        } else {
            Bytes::copy_from_slice(&self.memory)
        }
    }

    /// Reads once from a descriptor. No bytes are the end.
    ///
    /// # Errors
    /// As the system says; that it would block is one.
    pub(super) fn read(&mut self, from: impl AsFd) -> io::Result<Bytes> {
        self.land(|memory| rustix::io::read(from, spare_capacity(memory)))?;
        Ok(self.take())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_read_is_what_was_written_until_the_end() {
        let (reader, mut writer) = io::pipe().unwrap();
        let mut landing = Landing::new(8);
        writer.write_all(b"0123456789").unwrap();
        assert_eq!(landing.read(&reader).unwrap(), "01234567");
        assert_eq!(landing.read(&reader).unwrap(), "89");
        drop(writer);
        assert_eq!(landing.read(&reader).unwrap(), "");
    }
}
