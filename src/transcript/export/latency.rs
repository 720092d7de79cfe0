//! How a conversation went over time: where it paused, and how soon clients were answered.

use std::collections::HashMap;
use std::time::Duration;

use super::text::Since;
use crate::page::{Axis, Mark, Plot};
use crate::transcript::stats::Turn;
use crate::transcript::{Event, What};
use crate::units::{At, Human, count};
use crate::wire::ConnId;

/// A pause from here on is a silence.
pub(super) const SILENCE: Duration = Duration::from_secs(1);

/// Fewer replies need no drawing.
const FEWEST: usize = 5;

/// More replies than this are drawn as ranges, in so many steps of the axis.
const DOTS: usize = 1500;
const STEPS: usize = 400;

/// About so many ticks stand below the axis of time.
const TICKS: u32 = 6;

/// Collects replies, and where they lie on an axis of time that has its silences shortened.
#[derive(Debug)]
pub(super) struct Latencies {
    turns: HashMap<ConnId, Turn>,
    replies: Vec<Reply>,
    last: At,
    /// Where the last event lies, in seconds of the axis.
    place: f64,
    places: Vec<(f64, At)>,
    silences: Vec<(f64, f64, Duration)>,
}

#[derive(Debug)]
struct Reply {
    place: f64,
    took: Duration,
    /// The number of the event that is the answer.
    number: u64,
}

impl Latencies {
    /// Of a conversation that is looked at from this instant on.
    pub(super) fn new(from: At) -> Latencies {
        Latencies {
            turns: HashMap::new(),
            replies: Vec::new(),
            last: from,
            place: 0.0,
            places: Vec::new(),
            silences: Vec::new(),
        }
    }

    /// Takes note of an event that is not shown.
    pub(super) fn pass_over(&mut self, event: &Event) {
        self.take_turn(event);
    }

    /// Takes the next event that is shown; how long nothing was shown before it.
    pub(super) fn event(&mut self, event: &Event, number: u64) -> Duration {
        let pause = self.pause(event.at);
        self.places.push((self.place, event.at));
        for took in self.take_turn(event) {
            self.replies.push(Reply { place: self.place, took, number });
        }
        pause
    }

    /// Goes on to an instant at which something is shown; how long nothing was shown before it.
    pub(super) fn pause(&mut self, at: At) -> Duration {
        let pause = at.since(self.last);
        let before = self.place;
        let (seconds, silence) = (pause.as_secs_f64(), SILENCE.as_secs_f64());
        if pause < SILENCE {
            self.place += seconds;
        } else {
            self.place += silence * (1.0 + 0.25 * (seconds / silence).log2());
            self.silences.push((before, self.place, pause));
        }
        self.last = self.last.max(at);
        pause
    }

    fn take_turn(&mut self, event: &Event) -> Vec<Duration> {
        let What::Line(said) = &event.what else { return Vec::new() };
        match event.conn {
            Some(conn) => {
                let turn = self.turns.entry(conn).or_default();
                turn.take(event.at, said.from).into_iter().collect()
            }
            None => {
                self.turns.values_mut().filter_map(|turn| turn.take(event.at, said.from)).collect()
            }
        }
    }

    /// When the last event was that is shown.
    pub(super) fn last(&self) -> At {
        self.last
    }

    /// How soon clients were answered, in words, if they were.
    pub(super) fn told(&self) -> Option<String> {
        let mut took: Vec<Duration> = self.replies.iter().map(|reply| reply.took).collect();
        took.sort_unstable();
        let of = |percent: usize| took.get((took.len() * percent).div_ceil(100).max(1) - 1);
        let [median, p90, max] = [of(50)?, of(90)?, of(100)?].map(|took| Exact(*took));
        let replies = if took.len() == 1 { "reply" } else { "replies" };
        Some(format!("{} {replies}: median {median}, p90 {p90}, slowest {max}", took.len()))
    }

    /// The replies over time, if there are enough for a drawing. Events have anchors that begin so.
    pub(super) fn plot(&self, anchor: &str) -> Option<Plot> {
        if self.replies.len() < FEWEST {
            return None;
        }
        let took = self.replies.iter().map(|reply| reply.took.as_secs_f64());
        let (least, most) =
            took.fold((f64::MAX, 0.0_f64), |(least, most), took| (least.min(took), most.max(took)));
        let first = self.places.first().map_or(0.0, |(place, _)| *place);
        let silences = self.silences.iter().filter(|(_, to, _)| *to > first);
        let gaps = silences.map(|(from, to, pause)| Mark::Gap {
            from: *from,
            to: *to,
            title: format!("{} without an event", Human(*pause)),
        });
        let replies =
            if self.replies.len() > DOTS { self.ranges(anchor) } else { self.dots(anchor) };
        Some(Plot {
            title: self.told().unwrap_or_default(),
            x: Axis::with_ticks(first, self.place, self.ticks(first)),
            y: Axis::durations(least, most),
            marks: gaps.chain(replies).collect(),
        })
    }

    fn dots(&self, anchor: &str) -> Vec<Mark> {
        let dot = |reply: &Reply| Mark::Dot {
            x: reply.place,
            y: reply.took.as_secs_f64(),
            link: format!("{anchor}{}", reply.number),
            title: format!("event {}: answered after {}", reply.number, Exact(reply.took)),
        };
        self.replies.iter().map(dot).collect()
    }

    /// What lies in one step of the axis as one mark, which leads to the slowest.
    fn ranges(&self, anchor: &str) -> Vec<Mark> {
        let step = self.place / f64::from(u32::try_from(STEPS).unwrap_or(u32::MAX));
        let number = |reply: &Reply| (reply.place / step.max(f64::MIN_POSITIVE)).floor();
        let steps = self.replies.chunk_by(|a, b| (number(a) - number(b)).abs() < 0.5);
        let range = |replies: &[Reply]| {
            let mut sorted: Vec<&Reply> = replies.iter().collect();
            sorted.sort_by_key(|reply| reply.took);
            let (least, most) = (sorted.first()?, sorted.last()?);
            let median = sorted[sorted.len() / 2].took;
            let of = count(sorted.len() as u64, "answer");
            let [from, to] = [least.took, most.took].map(Exact);
            Some(Mark::Range {
                x: (number(least) + 0.5) * step,
                y: [least.took, median, most.took].map(|took| took.as_secs_f64()),
                link: format!("{anchor}{}", most.number),
                title: format!("{of} after {from} to {to}, median {}", Exact(median)),
            })
        };
        steps.filter_map(range).collect()
    }

    /// Times of events that lie about evenly on the axis.
    fn ticks(&self, first: f64) -> Vec<(f64, String)> {
        let mut ticks: Vec<(f64, String)> = Vec::new();
        for number in 0..=TICKS {
            let wanted = first + (self.place - first) * f64::from(number) / f64::from(TICKS);
            let after = self.places.partition_point(|(place, _)| *place < wanted);
            let near =
                [after.saturating_sub(1), after].into_iter().filter_map(|at| self.places.get(at));
            let nearest = near.min_by(|a, b| (a.0 - wanted).abs().total_cmp(&(b.0 - wanted).abs()));
            let Some((place, at)) = nearest else { continue };
            let apart = (self.place - first) / f64::from(TICKS) * 0.7;
            if ticks.last().is_none_or(|(last, _)| place - last >= apart) {
                ticks.push((*place, Since(*at).to_string()));
            }
        }
        ticks
    }
}

/// A short time to the microsecond, in as many digits as tell something.
struct Exact(Duration);

impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let micros = self.0.as_micros();
        match micros {
            1000..100_000 => write!(f, "{}.{}ms", micros / 1000, micros / 100 % 10),
            _ => Human(self.0).fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Marks;
    use crate::transcript::Said;
    use crate::wire::{Eol, Side};

    /// A client that asks, and is answered so many milliseconds later, again and again after a pause.
    fn replies(took: impl IntoIterator<Item = u64>, pause: u64) -> Latencies {
        let mut latencies = Latencies::new(At::START);
        let (mut at, mut number) = (0, 0);
        for took in took {
            for (from, millis) in [(Side::Client, pause), (Side::Server, took)] {
                at += millis * 1000;
                number += 1;
                let said = Said { from, text: "x".into(), eol: Eol::Lf, marks: Marks::NONE };
                let conn = Some(ConnId::FIRST);
                let at = At::from_micros(at);
                let event = Event { at, conn, what: What::Line(said), extra: Vec::new() };
                latencies.event(&event, number);
            }
        }
        latencies
    }

    #[test]
    fn replies_are_told_by_their_ranks() {
        assert_eq!(replies([], 10).told(), None);
        let told = |took: &[u64]| replies(took.iter().copied(), 10).told().unwrap();
        assert_eq!(told(&[7]), "1 reply: median 7.0ms, p90 7.0ms, slowest 7.0ms");
        let ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 2000];
        assert_eq!(told(&ten), "10 replies: median 5.0ms, p90 9.0ms, slowest 2s");
    }

    #[test]
    fn silences_take_little_of_the_axis_and_are_marked() {
        let long = replies([1; 5], 600_000);
        let plot = long.plot("e").unwrap();
        let is_gap =
            |mark: &&Mark| matches!(mark, Mark::Gap { title, .. } if title.starts_with("10m "));
        assert_eq!(plot.marks.iter().filter(is_gap).count(), 4, "the first is before all events");
        assert!(long.place < 5.0 * 4.0, "ten minutes take less than four seconds: {}", long.place);
        assert!(replies([1; 4], 10).plot("e").is_none(), "four dots are no drawing");
    }

    #[test]
    fn many_replies_are_drawn_as_ranges_that_lead_to_the_slowest() {
        let plot = replies((0..5000).map(|n| n % 50 + 1), 1).plot("e").unwrap();
        assert!(plot.marks.len() <= STEPS + 1, "{}", plot.marks.len());
        let Some(Mark::Range { y, .. }) = plot.marks.first() else { panic!("{:?}", plot.marks) };
        assert!(y.is_sorted(), "{y:?}");
        let dots = replies([3; 20], 1).plot("e").unwrap().marks;
        assert!(matches!(&dots[0], Mark::Dot { link, .. } if link == "e2"), "{:?}", dots[0]);
    }
}
