//! What a load came to: what was to be done, and what was counted.

use std::time::Duration;

use jiff::Timestamp;

use super::Tally;
use crate::units::At;

/// A rate is met if at least this part of it is: a turn that is still open when the load ends is no sign
/// that it was not.
const MET: f64 = 0.99;

/// What a load was to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The transcript or script, as it was named.
    pub file: String,
    /// Where the clients connect to, as it was named.
    pub address: String,
    /// How many clients there are.
    pub clients: u64,
    /// How long each goes on.
    pub until: Until,
    /// How many turns are to begin in a second, over all clients: an open loop. Without it the loop is
    /// closed: a client begins a turn when the one before has ended.
    pub rate: Option<f64>,
    /// The time over which the clients start. In an open loop the first turn is due at its end.
    pub ramp: Duration,
    /// How many threads play the clients.
    pub threads: u64,
    /// How many processors there are for them, where that is known.
    pub processors: Option<u64>,
}

/// How long each client goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// It has played all so many times.
    Times(u64),
    /// So much time has passed since the start.
    Elapsed(Duration),
}

/// A run, apart from what was counted in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// What was to be done.
    pub plan: Plan,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, from the start to the end of the last session.
    pub elapsed: Duration,
    /// Since the start, from when until when turns were made: what a rate is of.
    pub turning: (Duration, Duration),
    /// How long the processors worked for it, where that is known.
    pub cpu: Option<Duration>,
}

/// What a load came to. All reports are made of this.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// The run; several if they were merged, the earliest first.
    pub runs: Vec<Run>,
    /// All that was counted.
    pub tally: Tally,
}

impl Results {
    /// What a run came to that has just ended: when it began, how long it took, and how long the
    /// processors worked for it.
    #[must_use]
    pub fn of(
        plan: Plan,
        started: Timestamp,
        elapsed: Duration,
        cpu: Option<Duration>,
        tally: Tally,
    ) -> Results {
        let turning = turning(&plan, elapsed, &tally);
        Results { runs: vec![Run { plan, started, elapsed, turning, cpu }], tally }
    }

    /// Whether the loop was open: turns were due at times of their own.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.runs.iter().any(|run| run.plan.rate.is_some())
    }

    /// How long it took; of several runs, how long any of them went on.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        union(self.spans())
    }

    /// How long turns were made.
    #[must_use]
    pub(super) fn turning(&self) -> Duration {
        let micros = |run: &Run| {
            let start = run.started.as_microsecond();
            let (from, to) = run.turning;
            (later(start, from), later(start, to))
        };
        union(self.runs.iter().map(micros).collect())
    }

    /// How many turns a second there were; `None` if no turn ended well.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // a rate has no fifteen digits
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.turning().as_secs_f64();
        (self.tally.turns() > 0 && seconds > 0.0).then(|| self.tally.turns() as f64 / seconds)
    }

    /// How many turns a second were to begin, in an open loop: of runs at the same time, all together.
    #[must_use]
    pub fn asked(&self) -> Option<f64> {
        if let [Run { plan, .. }] = &*self.runs {
            return plan.rate;
        }
        let due = |run: &Run| {
            Some(run.plan.rate? * run.turning.1.saturating_sub(run.turning.0).as_secs_f64())
        };
        let seconds = self.turning().as_secs_f64();
        let due: Option<f64> = self.runs.iter().map(due).sum();
        due.filter(|_| seconds > 0.0).map(|due| due / seconds)
    }

    /// By which part of the rate that was asked for the rate fell short, where it did.
    #[must_use]
    pub(super) fn shortfall(&self) -> Option<f64> {
        let part = self.rate().unwrap_or_default() / self.asked()?;
        (part < MET).then_some(1.0 - part)
    }

    /// Which part of the time that its threads had they worked, where that is known; of more threads than
    /// processors only so many can work. Near 1 the figures are as much the program's own as the server's.
    #[must_use]
    pub fn busy(&self) -> Option<f64> {
        let had = |run: &Run| {
            let Plan { threads, processors, .. } = run.plan;
            let at_once = threads.min(processors.unwrap_or(threads));
            run.elapsed.as_secs_f64() * u32::try_from(at_once).map_or(f64::MAX, f64::from)
        };
        let had: f64 = self.runs.iter().map(had).sum();
        let worked: Option<Duration> = self.runs.iter().map(|run| run.cpu).sum();
        worked.filter(|_| had > 0.0).map(|worked| worked.as_secs_f64() / had)
    }

    /// Whether no session had a conn.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        self.tally.failures_in_all() > 0 && self.tally.connect.samples() == 0
    }

    /// How long after the first run began another did, without the time in which none went on.
    pub(super) fn offset(&self, started: Timestamp) -> Duration {
        let start = started.as_microsecond();
        let before = self.spans().into_iter().map(|(from, to)| (from, to.min(start)));
        union(before.filter(|(from, to)| from < to).collect())
    }

    fn spans(&self) -> Vec<(i64, i64)> {
        let micros = |run: &Run| {
            let start = run.started.as_microsecond();
            (start, later(start, run.elapsed))
        };
        self.runs.iter().map(micros).collect()
    }
}

/// From when until when turns were made. An open loop begins when its clients have started, and its rate is
/// that of beginning: what the last turn took does not count, nor what sessions did after their last.
fn turning(plan: &Plan, elapsed: Duration, tally: &Tally) -> (Duration, Duration) {
    let since = |at: At| at.since(At::START);
    let (from, last) = match plan.rate {
        Some(rate) => {
            let every = Duration::try_from_secs_f64(1.0 / rate).unwrap_or_default();
            (plan.ramp, since(tally.last_begun) + every)
        }
        None => (Duration::ZERO, since(tally.last_ended)),
    };
    let to = match plan.until {
        Until::Times(_) => last,
        Until::Elapsed(time) => last.max(time.min(elapsed)),
    };
    (from, to.max(from))
}

fn later(micros: i64, time: Duration) -> i64 {
    micros.saturating_add(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))
}

/// How long it is that these spans cover, in microseconds.
fn union(mut spans: Vec<(i64, i64)>) -> Duration {
    spans.sort_unstable();
    let (mut covered, mut end) = (0_u64, i64::MIN);
    for (from, to) in spans {
        if to > end {
            covered = covered.saturating_add(to.abs_diff(from.max(end)));
            end = to;
        }
    }
    Duration::from_micros(covered)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::load) const MS: Duration = Duration::from_millis(1);

    /// A plan of ten clients that each play once.
    pub(in crate::load) fn plan(rate: Option<f64>) -> Plan {
        Plan {
            file: "talk.chat".to_owned(),
            address: "localhost:7000".to_owned(),
            clients: 10,
            until: Until::Times(1),
            rate,
            ramp: Duration::ZERO,
            threads: 1,
            processors: Some(2),
        }
    }

    /// A run of so many turns, one every millisecond, each of which took so long.
    pub(in crate::load) fn turns(n: u32, took: Duration) -> Tally {
        let mut tally = Tally::new();
        for turn in 0..n {
            tally.turn(At::START + turn * MS + took, took, took);
        }
        tally
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn results(second: i64, rate: Option<f64>) -> Results {
        let tally = turns(1000, 5 * MS);
        Results::of(plan(rate), at(second), 3000 * MS, Some(300 * MS), tally)
    }

    #[test]
    fn a_rate_is_that_of_the_time_in_which_turns_were_made() {
        let open = results(0, Some(1000.0));
        assert_eq!(
            (open.rate(), open.asked(), open.shortfall()),
            (Some(1000.0), Some(1000.0), None)
        );
        let more = results(0, Some(2000.0));
        assert!((more.shortfall().unwrap() - 0.5).abs() < 0.001, "{:?}", more.shortfall());
        let closed = results(0, None);
        assert_eq!((closed.asked(), closed.shortfall()), (None, None));
        assert!((closed.rate().unwrap() - 996.0).abs() < 0.1, "{:?}", closed.rate());
        assert!((closed.busy().unwrap() - 0.1).abs() < 0.001);
    }

    #[test]
    fn threads_beyond_the_processors_have_no_time() {
        for (threads, processors, busy) in
            [(1, Some(2), 0.8), (2, Some(2), 0.4), (8, Some(2), 0.4), (8, None, 0.1)]
        {
            let plan = Plan { threads, processors, ..plan(None) };
            let results = Results::of(plan, at(0), 1000 * MS, Some(800 * MS), turns(10, MS));
            assert!((results.busy().unwrap() - busy).abs() < 0.001, "{:?}", results.busy());
        }
    }

    #[test]
    fn a_ramp_is_no_part_of_the_time_in_which_an_open_loop_turns() {
        let ramp = 1000 * MS;
        let plan = Plan { ramp, until: Until::Elapsed(2000 * MS), ..plan(Some(10.0)) };
        let mut tally = Tally::new();
        for n in 0..10 {
            tally.turn(At::START + ramp + n * 100 * MS, MS, MS);
        }
        let results = Results::of(plan, at(0), 2000 * MS, None, tally);
        assert_eq!(results.runs[0].turning, (ramp, 2000 * MS));
        assert_eq!((results.rate(), results.busy()), (Some(10.0), None));
    }

    #[test]
    fn a_server_that_stalls_to_the_end_lowers_the_rate() {
        let plan = Plan { until: Until::Elapsed(10_000 * MS), ..plan(None) };
        let results = Results::of(plan, at(0), 10_000 * MS, None, turns(1000, MS));
        assert_eq!(results.rate(), Some(100.0));
    }

    #[test]
    fn time_in_which_nothing_went_on_does_not_count() {
        assert_eq!(union(vec![(5, 9), (0, 2), (1, 3), (6, 7)]), Duration::from_micros(7));
        assert_eq!(union(Vec::new()), Duration::ZERO);
        let mut all = results(0, None);
        all.runs.extend(results(10, None).runs);
        assert_eq!(all.elapsed(), 6000 * MS);
        assert_eq!(all.offset(at(10)), 3000 * MS);
        assert_eq!(all.offset(at(2)), 2000 * MS);
        assert_eq!(all.offset(at(0)), Duration::ZERO);
    }
}
