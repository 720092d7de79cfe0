//! A run of lines that travels as one.

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use memchr::{memchr, memchr_iter};

use super::Line;

/// Consecutive lines of one side, as they stood on the wire; the last may be partial.
///
/// A clone shares the bytes. Cutting is lazy: a block that nobody looks into costs nothing per line, and
/// one whose lines several ask for is counted once.
#[derive(Debug, Clone)]
pub struct Block {
    bytes: Bytes,
    ends: Ends,
}

impl PartialEq for Block {
    fn eq(&self, other: &Block) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Block {}

/// How many line ends a block has, once they were counted.
#[derive(Debug)]
struct Ends(AtomicU32);

impl Ends {
    /// They were not counted yet.
    const UNKNOWN: u32 = u32::MAX;

    fn get_or_count(&self, count: impl FnOnce() -> usize) -> u64 {
        match self.0.load(Ordering::Relaxed) {
            Ends::UNKNOWN => {
                let ends = count();
                self.0.store(u32::try_from(ends).unwrap_or(Ends::UNKNOWN), Ordering::Relaxed);
                ends as u64
            }
            known => known.into(),
        }
    }
}

impl Default for Ends {
    fn default() -> Ends {
        Ends(AtomicU32::new(Ends::UNKNOWN))
    }
}

impl Clone for Ends {
    fn clone(&self) -> Ends {
        Ends(AtomicU32::new(self.0.load(Ordering::Relaxed)))
    }
}

impl Block {
    /// The block of these bytes; `None` where there are none.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>) -> Option<Block> {
        let bytes = bytes.into();
        (!bytes.is_empty()).then(|| Block { bytes, ends: Ends::default() })
    }

    /// Its bytes, line ends included. Never empty.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// How many bytes it has, line ends included.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a block is never empty")]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether its last line is partial.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        !self.bytes.ends_with(b"\n")
    }

    /// Its lines, in order.
    #[must_use]
    pub fn lines(&self) -> Lines<'_> {
        Lines { rest: &self.bytes }
    }

    /// How many lines it has, a partial one included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.ends() + u64::from(self.is_partial())
    }

    /// How many line ends it has.
    #[must_use]
    pub fn ends(&self) -> u64 {
        self.ends.get_or_count(|| memchr_iter(b'\n', &self.bytes).count())
    }
}

/// The lines of a [`Block`].
#[derive(Debug, Clone)]
pub struct Lines<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', self.rest).map_or(self.rest.len(), |at| at + 1);
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(Line::cut(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Eol;

    #[test]
    fn a_block_is_cut_where_somebody_looks() {
        let block = Block::new(&b"a\nb\r\n\nc\rd"[..]).unwrap();
        let lines: Vec<_> = block.lines().map(|line| (line.text, line.eol)).collect();
        assert_eq!(
            lines,
            [
                (&b"a"[..], Eol::Lf),
                (&b"b"[..], Eol::CrLf),
                (&b""[..], Eol::Lf),
                (&b"c\rd"[..], Eol::None)
            ]
        );
        for _again in 0..2 {
            assert_eq!((block.count(), block.ends(), block.is_partial()), (4, 3, true));
        }
        assert_eq!(block, Block::new(block.bytes().clone()).unwrap(), "counted or not");
        assert_eq!(block.clone().ends(), 3);
    }

    #[test]
    fn no_bytes_make_no_block() {
        assert_eq!(Block::new(Bytes::new()), None);
    }
}
