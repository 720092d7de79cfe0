//! What was counted.

use std::time::Duration;

use super::{Histogram, Outcome, Series};
use crate::units::At;

/// How many causes of failures are told apart, at most: each has an example, and a server may find ever
/// new words.
const MOST_CAUSES: usize = 100;

/// What was counted. Each worker has one, and they are added together: for the progress line, at the end,
/// and when runs are merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// From when a session asked for its conn until it had it; with TLS, until the end of the handshake.
    pub connect: Histogram,
    /// From when a turn was to begin until its reply was complete.
    pub response: Histogram,
    /// From when a turn began until its reply was complete.
    pub service: Histogram,
    /// How many turns ended well, and when.
    pub series: Series,
    /// When the turn that began last did; the start if there was none. A tally that was read has none.
    pub(super) last_begun: At,
    /// When the turn that ended last did.
    pub(super) last_ended: At,
    /// How many sessions began.
    pub began: u64,
    /// How the sessions that ended did, in the order of [`Outcome::ALL`].
    pub(super) ended: [u64; Outcome::ALL.len()],
    /// Why sessions failed, in the order in which that was first seen.
    pub causes: Vec<Cause>,
    /// Failures of causes that came when there were too many already to tell them apart.
    pub other_failures: u64,
    /// What was sent.
    pub sent: Traffic,
    /// What came.
    pub received: Traffic,
}

/// Why sessions failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The headline of the failures that it stands for.
    pub headline: String,
    /// How many they are.
    pub count: u64,
    /// The whole report of the first.
    pub example: String,
}

/// What went in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Lines that ended.
    pub lines: u64,
    /// Bytes, line ends included, encryption not.
    pub bytes: u64,
}

impl Default for Tally {
    fn default() -> Tally {
        Tally::new()
    }
}

impl Tally {
    /// Nothing was counted yet.
    #[must_use]
    pub fn new() -> Tally {
        Tally {
            connect: Histogram::fine(),
            response: Histogram::fine(),
            service: Histogram::fine(),
            series: Series::default(),
            last_begun: At::START,
            last_ended: At::START,
            began: 0,
            ended: [0; Outcome::ALL.len()],
            causes: Vec::new(),
            other_failures: 0,
            sent: Traffic::default(),
            received: Traffic::default(),
        }
    }

    /// A session begins: it will ask for its conn.
    pub fn began(&mut self) {
        self.began += 1;
    }

    /// A session has its conn, after so long; with TLS, after the handshake.
    pub fn connected(&mut self, took: Duration) {
        self.connect.record(took);
    }

    /// A turn ended at `at`, since the load began, with the reply that it should have. `response` counts
    /// from the moment when it was to begin, `service` from when it did; in a closed loop they are equal.
    pub fn turn(&mut self, at: At, response: Duration, service: Duration) {
        self.response.record(response);
        self.service.record(service);
        self.series.turn(at, response);
        let begun = At::START + (at - (At::START + service));
        self.last_begun = self.last_begun.max(begun);
        self.last_ended = self.last_ended.max(at);
    }

    /// A session that had begun has ended, at `at` since the load began.
    pub fn ended(&mut self, at: At, how: Outcome) {
        self.ended[how as usize] += 1;
        if how != Outcome::Ok {
            self.series.failed(at);
        }
    }

    /// A session fails for this cause, the headline of its report. The report is asked for if it is the
    /// first with that.
    pub fn failed(&mut self, cause: &str, report: impl FnOnce() -> String) {
        self.failures(cause, 1, report);
    }

    fn failures(&mut self, headline: &str, count: u64, example: impl FnOnce() -> String) {
        if let Some(known) = self.causes.iter_mut().find(|cause| cause.headline == headline) {
            known.count += count;
        } else if self.causes.len() < MOST_CAUSES {
            let (headline, example) = (headline.to_owned(), example());
            self.causes.push(Cause { headline, count, example });
        } else {
            self.other_failures += count;
        }
    }

    /// So much was sent.
    pub fn sent(&mut self, lines: u64, bytes: u64) {
        self.sent.add(Traffic { lines, bytes });
    }

    /// So much came.
    pub fn received(&mut self, lines: u64, bytes: u64) {
        self.received.add(Traffic { lines, bytes });
    }

    /// Counts all that another has counted at the same time.
    pub fn add(&mut self, other: &Tally) {
        self.add_later(other, 0);
    }

    /// Counts all that another has counted, which began so many seconds later.
    pub(super) fn add_later(&mut self, other: &Tally, seconds: u64) {
        self.connect.add(&other.connect);
        self.response.add(&other.response);
        self.service.add(&other.service);
        self.series.add_later(&other.series, seconds);
        self.last_begun = self.last_begun.max(other.last_begun);
        self.last_ended = self.last_ended.max(other.last_ended);
        self.began += other.began;
        for (count, more) in self.ended.iter_mut().zip(other.ended) {
            *count += more;
        }
        for Cause { headline, count, example } in &other.causes {
            self.failures(headline, *count, || example.clone());
        }
        self.other_failures += other.other_failures;
        self.sent.add(other.sent);
        self.received.add(other.received);
    }

    /// How many turns ended with the reply that they should have.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.service.samples()
    }

    /// How many sessions ended so.
    #[must_use]
    pub fn sessions(&self, how: Outcome) -> u64 {
        self.ended[how as usize]
    }

    /// How many sessions ended otherwise than well.
    #[must_use]
    pub fn failures_in_all(&self) -> u64 {
        self.finished() - self.sessions(Outcome::Ok)
    }

    /// How many sessions ended.
    #[must_use]
    pub fn finished(&self) -> u64 {
        self.ended.iter().sum()
    }

    /// How many sessions began and did not end.
    #[must_use]
    pub fn in_flight(&self) -> u64 {
        self.began.saturating_sub(self.finished())
    }
}

impl Traffic {
    fn add(&mut self, more: Traffic) {
        self.lines += more.lines;
        self.bytes += more.bytes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sessions_that_did_not_end_are_in_flight() {
        let mut tally = Tally::new();
        for how in Outcome::ALL {
            tally.began();
            tally.ended(At::START, how);
        }
        tally.began();
        assert_eq!((tally.began, tally.finished(), tally.in_flight()), (6, 5, 1));
        assert_eq!((tally.failures_in_all(), tally.sessions(Outcome::Closed)), (4, 1));
    }

    #[test]
    fn failures_are_grouped_and_the_first_of_each_is_told_whole() {
        let mut tally = Tally::new();
        tally.failed("no reply", || "error: no reply\n  on 1".to_owned());
        tally.failed("no reply", || unreachable!("the first is enough"));
        tally.failed("reset", || "error: reset".to_owned());
        let told: Vec<_> =
            tally.causes.iter().map(|cause| (&*cause.headline, cause.count)).collect();
        assert_eq!(told, [("no reply", 2), ("reset", 1)]);
        assert!(tally.causes[0].example.ends_with("on 1"));
    }

    #[test]
    fn ever_new_causes_are_counted_in_bounded_memory() {
        let mut tally = Tally::new();
        for n in 0..1000 {
            tally.failed(&n.to_string(), String::new);
        }
        assert_eq!((tally.causes.len(), tally.other_failures), (MOST_CAUSES, 900));
    }

    /// Something that a worker may count.
    #[derive(Debug, Clone)]
    enum Event {
        Connected(u32),
        Turn(u32, u32, u32),
        Began,
        Ended(u32, usize),
        Failed(u8),
        Sent(u16),
    }

    fn event() -> impl Strategy<Value = Event> {
        // Milliseconds; a few are so late that intervals become longer.
        let at = prop_oneof![50 => 0..20_000_u32, 1 => 0..10_000_000_u32];
        prop_oneof![
            any::<u32>().prop_map(Event::Connected),
            (at.clone(), any::<u32>(), any::<u32>()).prop_map(|(at, r, s)| Event::Turn(at, r, s)),
            Just(Event::Began),
            (at, 0..Outcome::ALL.len()).prop_map(|(at, how)| Event::Ended(at, how)),
            any::<u8>().prop_map(Event::Failed),
            any::<u16>().prop_map(Event::Sent),
        ]
    }

    fn count(tally: &mut Tally, event: &Event) {
        let micros = |n: &u32| Duration::from_micros((*n).into());
        let millis = |n: &u32| At::from_micros(u64::from(*n) * 1000);
        match event {
            Event::Connected(took) => tally.connected(micros(took)),
            Event::Turn(at, response, service) => {
                tally.turn(millis(at), micros(response), micros(service));
            }
            Event::Began => tally.began(),
            Event::Ended(at, how) => tally.ended(millis(at), Outcome::ALL[*how]),
            Event::Failed(why) => tally.failed(&why.to_string(), || format!("error: {why}")),
            Event::Sent(bytes) => {
                tally.sent(1, (*bytes).into());
                tally.received(2, (*bytes).into());
            }
        }
    }

    fn of<'a>(events: impl IntoIterator<Item = &'a Event>) -> Tally {
        let mut tally = Tally::new();
        for event in events {
            count(&mut tally, event);
        }
        tally
    }

    proptest! {
        #[test]
        fn adding_is_counting_together(
            one in prop::collection::vec(event(), 0..150),
            other in prop::collection::vec(event(), 0..150),
        ) {
            let mut added = of(&one);
            added.add(&of(&other));
            prop_assert_eq!(added, of(one.iter().chain(&other)));
        }
    }
}
