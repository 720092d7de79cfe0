//! What happened when.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Histogram;
use crate::units::At;

/// What happened in each interval of a run, all of which are as long: a second, or 2, 4, 8 ... seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    seconds: u64,
    /// Those in which something happened, by their number from the start.
    intervals: BTreeMap<u64, Interval>,
}

/// What happened in an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// The response times of the turns that ended in it.
    pub response: Histogram,
    /// How many sessions ended in it otherwise than well.
    pub failed: u64,
}

impl Default for Interval {
    fn default() -> Interval {
        Interval { response: Histogram::coarse(), failed: 0 }
    }
}

impl Interval {
    fn add(&mut self, other: &Interval) {
        self.response.add(&other.response);
        self.failed += other.failed;
    }

    fn is_empty(&self) -> bool {
        self.failed == 0 && self.response.samples() == 0
    }
}

impl Default for Series {
    fn default() -> Series {
        Series { seconds: 1, intervals: BTreeMap::new() }
    }
}

impl Series {
    /// How many intervals are told apart. When a run has lasted longer, each is made twice as long: an hour
    /// has its seconds, a day intervals of 32 s, and the memory that they take stays below ten megabytes.
    pub(super) const MOST: u64 = 3600;

    /// A series of these intervals, from the start on; `None` if they cannot be as long as that, or are
    /// more than [`MOST`](Series::MOST).
    pub(super) fn of(seconds: u64, intervals: Vec<Interval>) -> Option<Series> {
        let fits = seconds.is_power_of_two() && intervals.len() as u64 <= Series::MOST;
        let numbered = (0..).zip(intervals).filter(|(_, interval)| !interval.is_empty());
        fits.then(|| Series { seconds, intervals: numbered.collect() })
    }

    /// How long each interval is, in seconds: a power of two.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.seconds
    }

    /// The intervals, from the start to the last in which something happened; `None` where nothing did.
    pub fn intervals(&self) -> impl Iterator<Item = Option<&Interval>> {
        let end = self.intervals.last_key_value().map_or(0, |(last, _)| last + 1);
        (0..end).map(|index| self.intervals.get(&index))
    }

    /// The interval of this number, if something happened in it.
    #[must_use]
    pub fn interval(&self, index: u64) -> Option<&Interval> {
        self.intervals.get(&index)
    }

    pub(super) fn turn(&mut self, at: At, response: Duration) {
        self.of_second(at.micros() / 1_000_000).response.record(response);
    }

    pub(super) fn failed(&mut self, at: At) {
        self.of_second(at.micros() / 1_000_000).failed += 1;
    }

    /// Adds one that began so many seconds later.
    pub(super) fn add_later(&mut self, other: &Series, seconds: u64) {
        for (index, interval) in &other.intervals {
            let second = index.saturating_mul(other.seconds).saturating_add(seconds);
            self.of_second(second).add(interval);
        }
        while self.seconds < other.seconds {
            self.fold();
        }
    }

    /// The interval that this second is in.
    fn of_second(&mut self, second: u64) -> &mut Interval {
        while second / self.seconds >= Series::MOST {
            self.fold();
        }
        self.intervals.entry(second / self.seconds).or_default()
    }

    /// Makes one of each two.
    fn fold(&mut self) {
        self.seconds *= 2;
        for (index, interval) in std::mem::take(&mut self.intervals) {
            self.intervals.entry(index / 2).or_default().add(&interval);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn second(n: u64) -> At {
        At::from_micros(n * 1_000_000)
    }

    #[test]
    fn what_happens_is_counted_in_its_second() {
        let mut series = Series::default();
        series.turn(second(0) + MS, MS);
        series.turn(second(1), MS);
        series.turn(second(1) + MS, MS);
        series.failed(second(3));
        let turns = |series: &Series| -> Vec<(u64, u64)> {
            let empty = Interval::default();
            let all = series.intervals().map(|one| one.unwrap_or(&empty));
            all.map(|one| (one.response.samples(), one.failed)).collect()
        };
        assert_eq!(turns(&series), [(1, 0), (2, 0), (0, 0), (0, 1)]);
        let mut both = Series::default();
        both.add_later(&series, 1);
        both.add_later(&series, 0);
        assert_eq!(turns(&both), [(1, 0), (3, 0), (2, 0), (0, 1), (0, 1)]);
    }

    #[test]
    fn long_runs_have_longer_intervals_and_lose_nothing() {
        let mut series = Series::default();
        for n in 0..10_000 {
            series.turn(second(n), MS);
        }
        assert_eq!((series.seconds(), series.intervals().count()), (4, 2500));
        let turns = series.intervals().flatten().map(|one| one.response.samples());
        assert_eq!(turns.filter(|turns| *turns == 4).count(), 2500);
        let mut short = Series::default();
        short.turn(second(5), MS);
        short.add_later(&series, 0);
        assert_eq!(short.seconds(), 4);
        assert_eq!(short.interval(1).unwrap().response.samples(), 5);
    }
}
