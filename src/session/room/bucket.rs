//! How much a guest may say.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::units::At;
use crate::wire::Block;

/// How many lines a guest that was silent for long may say at once: a source file that somebody pastes
/// passes whole, and a conversation never comes near it.
const LINES: i64 = 1000;

/// How many names a guest may take at once, and then one a second: each is told to everybody, in a line
/// that costs its guest a few bytes. Somebody who tries out names never comes near it.
const NAMES: i64 = 20;

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
    /// How many it holds at most.
    burst: i64,
    /// Millionths of a line that may still be said.
    left: i64,
    at: At,
}

impl Bucket {
    /// A full one, for what a guest says.
    pub(super) fn of_lines(now: At, rate: NonZeroU32) -> Bucket {
        Bucket::full(now, rate.get().into(), LINES)
    }

    /// A full one, for the names that a guest takes.
    pub(super) fn of_names(now: At) -> Bucket {
        Bucket::full(now, 1, NAMES)
    }

    fn full(now: At, rate: i64, burst: i64) -> Bucket {
        Bucket { rate, burst, left: burst * MILLION, at: now }
    }

    /// Takes what a block counts for. If that is too much: how long nothing more is to be said.
    pub(super) fn take(&mut self, now: At, block: &Block) -> Option<Duration> {
        self.fill(now);
        let lines = block.count().max((block.len() / PER_LINE) as u64);
        let taken = i64::try_from(lines).unwrap_or(i64::MAX).saturating_mul(MILLION);
        self.left = self.left.saturating_sub(taken);
        let owed = self.left.min(0).unsigned_abs();
        (owed > 0).then(|| Duration::from_micros(owed.div_ceil(self.rate.unsigned_abs())))
    }

    /// Whether there is one for now.
    pub(super) fn has_one(&mut self, now: At) -> bool {
        self.fill(now);
        self.left >= MILLION
    }

    /// Takes one.
    pub(super) fn take_one(&mut self, now: At) {
        self.fill(now);
        self.left = self.left.saturating_sub(MILLION);
    }

    fn fill(&mut self, now: At) {
        let passed = i64::try_from(now.since(self.at).as_micros()).unwrap_or(i64::MAX);
        self.at = now;
        let filled = passed.saturating_mul(self.rate).saturating_add(self.left);
        self.left = filled.min(self.burst * MILLION);
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
        let mut bucket = Bucket::of_lines(At::START, rate);
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
        let mut bucket = Bucket::of_lines(At::START, rate);
        let long = Block::new(vec![b'x'; 2000 * PER_LINE]).unwrap();
        assert_eq!(bucket.take(At::START, &long), Some(Duration::from_secs(1000)));
    }
}
