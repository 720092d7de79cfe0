//! Numbers that a seed decides.

/// Xorshift, begun by splitmix: numbers that are good enough to break things with.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Random {
        let mixed = (seed ^ (seed >> 30))
            .wrapping_mul(0xbf58_476d_1ce4_e5b9)
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut random = Random((mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) | 1);
        for _ in 0..8 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = end as u64;
        usize::try_from((self.next() >> 11) % end).expect("below a usize")
    }

    /// Whether one of `n` equal chances came.
    pub(super) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of them.
    pub(super) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// A byte.
    pub(super) fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
}
