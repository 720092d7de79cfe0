//! How much was said, and how fast it was answered.

use std::collections::HashMap;
use std::time::Duration;

use crate::session::{Ending, Record, Recorded};
use crate::units::At;
use crate::wire::{ConnId, Side};

/// Counts of all that was recorded, kept or not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stats {
    /// Events.
    pub events: u64,
    /// Conns that have opened.
    pub conns: u64,
    /// What clients said.
    pub client: SideStats,
    /// What servers said.
    pub server: SideStats,
    /// How fast servers answered.
    pub latency: Latency,
    /// Conns that are not closed on both sides.
    open: HashMap<ConnId, Turn>,
}

/// What one side said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SideStats {
    /// Lines, a partial line being one.
    pub lines: u64,
    /// Bytes, line ends included.
    pub bytes: u64,
}

/// Times from a client's line to the next line of the server on the same conn. A client that says
/// several lines before it is answered waits from the first of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Latency {
    /// How many answers.
    pub count: u64,
    /// The fastest; zero where there was none.
    pub min: Duration,
    /// The slowest.
    pub max: Duration,
    sum: Duration,
}

/// Where a conn stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Turn {
    /// When the client said what is not answered yet.
    asked: Option<At>,
    /// The side that has ended.
    ended: Option<Side>,
}

impl Stats {
    /// Counts a record of so many events.
    pub(super) fn count(&mut self, record: &Record, events: u64) {
        self.events += events;
        match &record.what {
            Recorded::Said { from, block, .. } => {
                let side = match from {
                    Side::Client => &mut self.client,
                    Side::Server => &mut self.server,
                };
                side.lines += events;
                side.bytes += block.len() as u64;
                self.take_turn(record.at, record.conn, *from);
            }
            Recorded::Open { .. } => {
                self.conns += 1;
                self.open.extend(record.conn.map(|conn| (conn, Turn::default())));
            }
            Recorded::Close { from, how } => self.close(record.conn, *from, how),
            Recorded::Note { .. } => {}
        }
    }

    fn take_turn(&mut self, at: At, conn: Option<ConnId>, from: Side) {
        let (open, latency) = (&mut self.open, &mut self.latency);
        let mut take = |turn: &mut Turn| {
            if let Some(reply) = turn.take(at, from) {
                latency.count(reply);
            }
        };
        match conn {
            Some(conn) => open.get_mut(&conn).into_iter().for_each(&mut take),
            None => open.values_mut().for_each(&mut take),
        }
    }

    /// Forgets a conn that nobody will speak on.
    fn close(&mut self, conn: Option<ConnId>, from: Side, how: &Ending) {
        let Some(conn) = conn else { return };
        let Some(turn) = self.open.get_mut(&conn) else { return };
        if *how != Ending::Eof || turn.ended == Some(from.other()) {
            self.open.remove(&conn);
        } else {
            turn.ended = Some(from);
        }
    }
}

impl Turn {
    /// A side says a line; how long the client has waited, if this answers it. See [`Latency`].
    pub(super) fn take(&mut self, at: At, from: Side) -> Option<Duration> {
        match from {
            Side::Client => {
                self.asked.get_or_insert(at);
                None
            }
            Side::Server => self.asked.take().map(|asked| at - asked),
        }
    }
}

impl Latency {
    /// The mean; zero where there was no answer.
    #[must_use]
    pub fn mean(&self) -> Duration {
        let nanos = self.sum.as_nanos().checked_div(self.count.into()).unwrap_or(0);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn count(&mut self, answer: Duration) {
        self.min = if self.count == 0 { answer } else { self.min.min(answer) };
        self.max = self.max.max(answer);
        self.sum = self.sum.saturating_add(answer);
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::testing;

    #[test]
    fn an_answer_is_timed_from_the_first_line_it_answers() {
        let mut stats = Stats::default();
        let mut record = |micros, conn, what| {
            let record = Record { at: At::from_micros(micros), conn, what };
            stats.count(&record, 1);
        };
        let said = |from| testing::said(from, "hi\n").what;
        let one = Some(ConnId::FIRST);
        record(
            0,
            one,
            Recorded::Open { addr: String::new(), name: None, own: Side::Client, secured: None },
        );
        record(1000, one, said(Side::Server)); // a greeting answers nothing
        record(2000, one, said(Side::Client));
        record(3000, None, said(Side::Client));
        record(5000, one, said(Side::Server));
        record(5500, one, said(Side::Server));
        record(6000, one, said(Side::Client));
        record(6500, one, Recorded::Close { from: Side::Client, how: Ending::Eof });
        record(7000, one, said(Side::Server));
        record(7000, one, Recorded::Close { from: Side::Server, how: Ending::Eof });
        let millis = Duration::from_millis;
        let latency = stats.latency;
        assert_eq!((latency.count, latency.min, latency.max), (2, millis(1), millis(3)));
        assert_eq!(latency.mean(), millis(2));
        assert_eq!((stats.events, stats.conns, stats.client.lines), (10, 1, 3));
        assert_eq!(stats.server, SideStats { lines: 4, bytes: 12 });
        assert!(stats.open.is_empty());
    }
}
