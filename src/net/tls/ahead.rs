//! What was read from the stream below, ahead of what TLS takes at a time.

use std::io::{self, Read};

/// What one read from below takes at most: two whole records. rustls alone would take 4 KiB.
const SIZE: usize = 32 << 10;

/// Bytes that were read and not taken yet. Holds no memory while nothing comes.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    bytes: Vec<u8>,
    from: usize,
    upto: usize,
}

impl Ahead {
    pub(super) fn is_empty(&self) -> bool {
        self.from == self.upto
    }

    /// Reads more, where there is nothing left; `false` at the end of what comes.
    pub(super) fn fill(&mut self, from: &mut impl Read) -> io::Result<bool> {
        if !self.is_empty() {
            return Ok(true);
        }
        self.bytes.resize(SIZE, 0);
        let read = from.read(&mut self.bytes);
        (self.from, self.upto) = (0, *read.as_ref().unwrap_or(&0));
        if self.is_empty() {
            self.bytes = Vec::new();
        }
        read.map(|n| n > 0)
    }
}

impl Read for Ahead {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let taken = (&self.bytes[self.from..self.upto]).read(buf)?;
        self.from += taken;
        Ok(taken)
    }
}
