//! How long things took, many of them, in little memory.

use std::time::Duration;

/// A histogram of durations in microseconds, laid out as every `HdrHistogram` is.
///
/// Values up to a number of significant digits are told apart: each power of two has the same number of
/// buckets. Nothing is cut off: what took longer than anything before makes room for itself, and the most
/// that the longest duration can ask for is half a megabyte. Minimum and maximum are exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// One less than the binary digits that are kept of a value.
    half: u32,
    counts: Vec<u64>,
    total: u64,
    min: u64,
    max: u64,
}

impl Histogram {
    /// An empty one that keeps three significant digits.
    #[must_use]
    pub const fn fine() -> Histogram {
        Histogram::keeping(10)
    }

    /// An empty one that keeps one significant digit, for where there are many of them.
    #[must_use]
    pub(super) const fn coarse() -> Histogram {
        Histogram::keeping(4)
    }

    const fn keeping(half: u32) -> Histogram {
        Histogram { half, counts: Vec::new(), total: 0, min: u64::MAX, max: 0 }
    }

    /// The significant decimal digits that are kept.
    #[must_use]
    pub(super) const fn digits(&self) -> u32 {
        if self.half == 10 { 3 } else { 1 }
    }

    /// Counts one that took so long.
    pub fn record(&mut self, took: Duration) {
        self.record_micros(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), 1);
    }

    fn record_micros(&mut self, value: u64, times: u64) {
        let index = self.index(value);
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] = self.counts[index].saturating_add(times);
        self.total = self.total.saturating_add(times);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Counts all that another has counted, which keeps as many digits.
    pub fn add(&mut self, other: &Histogram) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.total = self.total.saturating_add(other.total);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The durations that are told apart, each by the middle of what is counted as it, and how many were.
    pub(super) fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        self.recorded().map(|(index, count)| {
            let (low, high) = self.bounds(index);
            (Duration::from_micros(u64::midpoint(low, high)), count)
        })
    }

    /// How many were counted.
    #[must_use]
    pub fn samples(&self) -> u64 {
        self.total
    }

    /// The shortest; `None` if nothing was counted.
    #[must_use]
    pub fn min(&self) -> Option<Duration> {
        (self.total > 0).then(|| Duration::from_micros(self.min))
    }

    /// The longest; `None` if nothing was counted.
    #[must_use]
    pub fn max(&self) -> Option<Duration> {
        (self.total > 0).then(|| Duration::from_micros(self.max))
    }

    /// The mean, as exact as the digits that are kept; `None` if nothing was counted.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // three digits are kept, fifteen are left
    pub fn mean(&self) -> Option<Duration> {
        let middle = |index: usize| {
            let (low, high) = self.bounds(index);
            f64::midpoint(low as f64, high as f64)
        };
        let sum: f64 = self.recorded().map(|(index, count)| middle(index) * count as f64).sum();
        let mean = (self.total > 0).then(|| Duration::from_secs_f64(sum / self.total as f64 / 1e6));
        mean.map(|mean| {
            mean.clamp(Duration::from_micros(self.min), Duration::from_micros(self.max))
        })
    }

    /// What `percent` of a hundred were at most as long as; `None` where too few were counted: at least
    /// one is to lie beyond, or the longest would go by another name.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<Duration> {
        (self.total >= samples_for(percent)).then(|| self.at_least(percent))
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    fn at_least(&self, percent: f64) -> Duration {
        let rank = (self.total as f64 * percent / 100.0).ceil().max(1.0) as u64;
        let mut seen = 0_u64;
        let reached = self.recorded().find(|(_, count)| {
            seen = seen.saturating_add(*count);
            seen >= rank
        });
        let most = reached.map_or(self.max, |(index, _)| self.bounds(index).1);
        Duration::from_micros(most.min(self.max))
    }

    /// The counts of all values up to the largest, those of none included.
    pub(super) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The largest value that there is a count for.
    pub(super) fn reach(&self) -> u64 {
        self.counts.len().checked_sub(1).map_or(0, |last| self.bounds(last).1)
    }

    /// Counts `times` more of the values at this index; `None` where no value has it.
    pub(super) fn count_at(&mut self, index: usize, times: u64) -> Option<()> {
        if index > self.index(u64::MAX) {
            return None;
        }
        let (low, high) = self.bounds(index);
        let (min, max) = (self.min.min(low), self.max.max(high));
        self.record_micros(low, times);
        (self.min, self.max) = (min, max);
        Some(())
    }

    /// Says what the shortest and the longest exactly were, of one that was made of its counts; `None`
    /// where the counts say that they were not.
    pub(super) fn exactly(mut self, min: u64, max: u64) -> Option<Histogram> {
        let first = self.recorded().next()?.0;
        let last = self.recorded().next_back()?.0;
        let fits = self.index(min) == first && self.index(max) == last && min <= max;
        (self.min, self.max) = (min, max);
        fits.then_some(self)
    }

    fn recorded(&self) -> impl DoubleEndedIterator<Item = (usize, u64)> {
        let all = self.counts.iter().copied().enumerate();
        all.filter(|(_, count)| *count > 0)
    }

    /// Where a value is counted: the first two powers of two have buckets of 1, the next of 2, and so on.
    fn index(&self, value: u64) -> usize {
        let kept = self.half + 1;
        let bits = u64::BITS - (value | ((1 << kept) - 1)).leading_zeros();
        let shift = bits - kept;
        ((shift as usize) << self.half) + usize::try_from(value >> shift).unwrap_or(usize::MAX)
    }

    /// The smallest and the largest value that are counted there.
    fn bounds(&self, index: usize) -> (u64, u64) {
        let shift = (index >> self.half).saturating_sub(1);
        let low = ((index - (shift << self.half)) as u64) << shift;
        (low, low + ((1 << shift) - 1))
    }
}

/// How many samples there must be for a percentile: as many as leave at least one beyond it.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 1 and a few million
pub(super) fn samples_for(percent: f64) -> u64 {
    // 99.9 of a hundred is no number that a float can hold: 1000, and not 1001.
    (100.0 / (100.0 - percent) - 1e-6).ceil() as u64
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Of these, each counted once.
    pub(in crate::load) fn of(micros: &[u64]) -> Histogram {
        let mut all = Histogram::fine();
        for value in micros {
            all.record(Duration::from_micros(*value));
        }
        all
    }

    #[test]
    fn nothing_has_no_figures() {
        let none = Histogram::fine();
        assert_eq!(
            (none.min(), none.max(), none.mean(), none.percentile(50.0)),
            Default::default()
        );
    }

    #[test]
    fn percentiles_are_of_what_was_counted() {
        let all = of(&(1..=1000).collect::<Vec<_>>());
        for (percent, micros) in [(50.0, 500), (90.0, 900), (99.0, 990), (99.9, 999)] {
            assert_eq!(all.percentile(percent), Some(Duration::from_micros(micros)), "{percent}");
        }
        assert_eq!(all.percentile(99.99), None);
        assert_eq!(all.mean(), Some(Duration::from_nanos(500_500)));
        assert_eq!(all.max(), Some(Duration::from_millis(1)));
    }

    #[test]
    fn a_percentile_needs_one_beyond_it() {
        for (percent, samples) in
            [(50.0, 2), (90.0, 10), (99.0, 100), (99.9, 1000), (99.99, 10_000)]
        {
            assert_eq!(samples_for(percent), samples, "{percent}");
        }
        assert_eq!(of(&[1]).percentile(50.0), None);
        assert_eq!(of(&[1, 9]).percentile(50.0), Some(Duration::from_micros(1)));
    }

    #[test]
    fn the_longest_time_is_held() {
        let all = of(&[0, u64::MAX]);
        assert_eq!(all.max(), Some(Duration::from_micros(u64::MAX)));
        assert!(all.counts.len() < 1 << 16, "{}", all.counts.len());
    }

    proptest! {
        #[test]
        fn a_value_is_within_the_bounds_of_its_bucket(value: u64, digits in 0..64_u32) {
            for histogram in [Histogram::fine(), Histogram::coarse()] {
                let value = value >> digits;
                let (low, high) = histogram.bounds(histogram.index(value));
                prop_assert!(low <= value && value <= high);
                prop_assert!(high - low <= value >> histogram.half);
            }
        }

        #[test]
        fn adding_is_counting_together(one: Vec<u64>, other: Vec<u64>) {
            let mut added = of(&one);
            added.add(&of(&other));
            prop_assert_eq!(added, of(&[one, other].concat()));
        }
    }
}
