//! How much a guest may say.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::units::At;
use crate::wire::Block;

/// How many lines a guest that was silent for long may say at once: a source file that somebody pastes
/// passes whole, and a conversation never comes near it.
const BURST: i64 = 1000;

/// Bytes that count as a line, where a line has more of them: long ones are no way around the rate.
const PER_LINE: usize = 1024;

/// Counts are kept in millionths of a line, so that none are lost between two microseconds.
const MILLION: i64 = 1_000_000;

/// A token bucket: it fills at a rate, and may be overdrawn once; until it is full again to zero, its
/// owner is not to be read.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Lines a second.
    rate: i64,
    /// Millionths of a line that may still be said.
    left: i64,
    at: At,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(now: At, rate: NonZeroU32) -> Bucket {
        Bucket { rate: rate.get().into(), left: BURST * MILLION, at: now }
    }

    /// Takes what a block counts for. If that is too much: how long nothing more is to be said.
    pub(super) fn take(&mut self, now: At, block: &Block) -> Option<Duration> {
        let passed = i64::try_from(now.since(self.at).as_micros()).unwrap_or(i64::MAX);
        self.at = now;
        self.left = passed.saturating_mul(self.rate).saturating_add(self.left).min(BURST * MILLION);
        let lines = block.count().max((block.len() / PER_LINE) as u64);
        let taken = i64::try_from(lines).unwrap_or(i64::MAX).saturating_mul(MILLION);
        self.left = self.left.saturating_sub(taken);
        let owed = self.left.min(0).unsigned_abs();
        (owed > 0).then(|| Duration::from_micros(owed.div_ceil(self.rate.unsigned_abs())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(lines: usize) -> Block {
        Block::new(b"x\n".repeat(lines)).unwrap()
    }

    #[test]
    fn a_paste_passes_and_a_flood_waits() {
        let rate = NonZeroU32::new(10).unwrap();
        let mut bucket = Bucket::new(At::START, rate);
        assert_eq!(bucket.take(At::START, &block(1000)), None);
        assert_eq!(bucket.take(At::START, &block(50)), Some(Duration::from_secs(5)));
        let later = At::START + Duration::from_secs(5);
        assert_eq!(bucket.take(later, &block(1)), Some(Duration::from_millis(100)));
        let idle = later + Duration::from_secs(1_000_000);
        assert_eq!(bucket.take(idle, &block(1000)), None, "it holds no more than when it was new");
        assert_eq!(bucket.take(idle, &block(1)), Some(Duration::from_millis(100)));
    }

    #[test]
    fn long_lines_count_for_more() {
        let rate = NonZeroU32::new(1).unwrap();
        let mut bucket = Bucket::new(At::START, rate);
        let long = Block::new(vec![b'x'; 2000 * PER_LINE]).unwrap();
        assert_eq!(bucket.take(At::START, &long), Some(Duration::from_secs(1000)));
    }
}
