//! What a load came to, for machines: one JSON object. `docs/load.md` specifies it.

mod time;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use time::{Ms, Started};

use crate::load::encoded::{decode, encode};
use crate::load::{
    Cause, Histogram, Interval, Outcome, Plan, Results, Run, Series, Tally, Traffic, Until,
};

/// The version of the form.
const VERSION: u64 = 1;

/// What the object says that it is.
const KIND: &str = "load";

/// The most bytes of such an object that are read. The longest that is written has some three MiB: an hour of
/// seconds, each with a histogram, and a hundred failures.
pub const MOST_BYTES: usize = 64 << 20;

/// The largest count: what all readers of JSON can read to the last digit.
const MOST: u64 = 1 << 53;

/// Why a text is not what a load came to.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It is no such JSON; the error has line and column.
    #[error("it is not what `chat-repl load --json` prints: {0}")]
    Json(#[from] serde_json::Error),
    /// It is something else.
    #[error(
        "it is not what `chat-repl load --json` prints: \"chat-repl\" is \"{0}\", not \"load\""
    )]
    Kind(String),
    /// It is of a version that is not known.
    #[error(
        "it is of version {0}, and this program reads version {VERSION}: merge it with a newer one"
    )]
    Version(u64),
    /// It is longer than any.
    #[error("it is longer than {} MiB, which no load comes to", MOST_BYTES >> 20)]
    Long,
    /// What it says cannot be.
    #[error("what it says cannot be: {0}")]
    Wrong(String),
}

#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(rename = "chat-repl")]
    kind: String,
    version: u64,
    runs: Vec<RunForm>,
    elapsed_ms: Ms,
    sessions: Sessions,
    turns: u64,
    #[serde(default)]
    rate: Rates,
    sent: TrafficForm,
    received: TrafficForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Times>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<Times>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect: Option<Times>,
    series: SeriesForm,
    failures: Vec<Failure>,
    other_failures: u64,
}

/// What says what the rest is.
#[derive(Deserialize)]
struct Heading {
    #[serde(rename = "chat-repl")]
    kind: String,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct RunForm {
    started: Started,
    file: String,
    address: String,
    clients: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<Ms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate: Option<f64>,
    ramp_ms: Ms,
    threads: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    processors: Option<u64>,
    elapsed_ms: Ms,
    turning_ms: (Ms, Ms),
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_ms: Option<Ms>,
}

#[derive(Serialize, Deserialize)]
struct Sessions {
    began: u64,
    ok: u64,
    mismatched: u64,
    timed_out: u64,
    refused: u64,
    closed: u64,
    in_flight: u64,
}

#[derive(Serialize, Deserialize, Default)]
struct Rates {
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    achieved: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    met: Option<bool>,
}

#[derive(Serialize, Deserialize)]
struct TrafficForm {
    lines: u64,
    bytes: u64,
}

#[derive(Serialize, Deserialize)]
struct Times {
    samples: u64,
    min_ms: Ms,
    mean_ms: Ms,
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_ms: Option<Ms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p90_ms: Option<Ms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_ms: Option<Ms>,
    #[serde(rename = "p99.9_ms", skip_serializing_if = "Option::is_none")]
    p999_ms: Option<Ms>,
    max_ms: Ms,
    histogram: String,
}

#[derive(Serialize, Deserialize)]
struct SeriesForm {
    seconds: u64,
    intervals: Vec<IntervalForm>,
}

#[derive(Serialize, Deserialize)]
struct IntervalForm {
    turns: u64,
    failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Times>,
}

#[derive(Serialize, Deserialize)]
struct Failure {
    cause: String,
    count: u64,
    example: String,
}

/// The object, in a line.
///
/// # Errors
/// None that is known: numbers and text can always be written.
pub fn json(results: &Results) -> serde_json::Result<String> {
    let mut text = serde_json::to_string(&Document::of(results))?;
    text.push('\n');
    Ok(text)
}

/// What the object says that a load came to.
///
/// # Errors
/// It is none, or what it says cannot be.
pub fn read(text: &str) -> Result<Results, ReadError> {
    if text.len() > MOST_BYTES {
        return Err(ReadError::Long);
    }
    let Heading { kind, version } = serde_json::from_str(text)?;
    if kind != KIND {
        return Err(ReadError::Kind(kind));
    }
    if version != VERSION {
        return Err(ReadError::Version(version));
    }
    let document: Document = serde_json::from_str(text)?;
    document.results().map_err(ReadError::Wrong)
}

impl Document {
    fn of(results: &Results) -> Document {
        let tally = &results.tally;
        let response = results.is_open().then(|| Times::of(&tally.response)).flatten();
        Document {
            kind: KIND.to_owned(),
            version: VERSION,
            runs: results.runs.iter().map(RunForm::of).collect(),
            elapsed_ms: Ms(results.elapsed()),
            sessions: Sessions::of(tally),
            turns: tally.turns(),
            rate: Rates {
                asked: results.asked().map(thousandths),
                achieved: results.rate().map(thousandths),
                met: results.asked().map(|_| results.shortfall().is_none()),
            },
            sent: TrafficForm::of(tally.sent),
            received: TrafficForm::of(tally.received),
            response,
            service: Times::of(&tally.service),
            connect: Times::of(&tally.connect),
            series: SeriesForm {
                seconds: tally.series.seconds(),
                intervals: tally.series.intervals().map(IntervalForm::of).collect(),
            },
            failures: tally.causes.iter().map(Failure::of).collect(),
            other_failures: tally.other_failures,
        }
    }

    fn results(self) -> Result<Results, String> {
        let runs: Vec<Run> = self.runs.into_iter().map(RunForm::run).collect::<Result<_, _>>()?;
        if runs.is_empty() {
            return Err("there are no runs".to_owned());
        }
        let times = |name: &str, times: Option<Times>| {
            let like = Histogram::fine();
            let read = times.map_or(Ok(like.clone()), |times| times.histogram(like));
            read.map_err(|why| format!("{name}: {why}"))
        };
        let service = times("service", self.service)?;
        let response = match self.response {
            None if runs.iter().all(|run| run.plan.rate.is_none()) => service.clone(),
            response => times("response", response)?,
        };
        if service.samples() != self.turns || response.samples() != self.turns {
            return Err("there are more or fewer turns than times".to_owned());
        }
        // Before what they have is decompressed.
        if self.series.intervals.len() as u64 > Series::MOST {
            return Err("series: it has too many intervals".to_owned());
        }
        let intervals: Result<Vec<_>, _> =
            self.series.intervals.into_iter().map(IntervalForm::interval).collect();
        let series = Series::of(self.series.seconds, intervals?);
        let mut tally = Tally {
            ended: self.sessions.ended()?,
            connect: times("connect", self.connect)?,
            response,
            service,
            series: series.ok_or("series: its intervals have no possible length")?,
            began: counted(self.sessions.began)?,
            other_failures: counted(self.other_failures)?,
            sent: self.sent.traffic()?,
            received: self.received.traffic()?,
            ..Tally::new()
        };
        for failure in self.failures {
            tally.causes.push(failure.cause()?);
        }
        if tally.finished() > tally.began {
            return Err("more sessions ended than began".to_owned());
        }
        Ok(Results { runs, tally })
    }
}

/// With at most three decimals.
fn thousandths(rate: f64) -> f64 {
    (rate * 1e3).round() / 1e3
}

fn counted(count: u64) -> Result<u64, String> {
    if count > MOST { Err(format!("{count} is no count")) } else { Ok(count) }
}

impl RunForm {
    fn of(run: &Run) -> RunForm {
        let Run { plan, started, elapsed, turning, cpu } = run;
        let (times, duration_ms) = match plan.until {
            Until::Times(times) => (Some(times), None),
            Until::Elapsed(time) => (None, Some(Ms(time))),
        };
        RunForm {
            started: Started(*started),
            file: plan.file.clone(),
            address: plan.address.clone(),
            clients: plan.clients,
            times,
            duration_ms,
            rate: plan.rate,
            ramp_ms: Ms(plan.ramp),
            threads: plan.threads,
            processors: plan.processors,
            elapsed_ms: Ms(*elapsed),
            turning_ms: (Ms(turning.0), Ms(turning.1)),
            cpu_ms: cpu.map(Ms),
        }
    }

    fn run(self) -> Result<Run, String> {
        let until = match (self.times, self.duration_ms) {
            (Some(times), None) => Until::Times(times),
            (None, Some(time)) => Until::Elapsed(time.0),
            _ => return Err("a run has either `times` or `duration_ms`".to_owned()),
        };
        let (Ms(from), Ms(to)) = self.turning_ms;
        if from > to {
            return Err("a run's `turning_ms` ends before it begins".to_owned());
        }
        if self.rate.is_some_and(|rate| !(rate.is_finite() && rate > 0.0)) {
            return Err("a run's `rate` is not above 0".to_owned());
        }
        let plan = Plan {
            file: self.file,
            address: self.address,
            clients: self.clients,
            until,
            rate: self.rate,
            ramp: self.ramp_ms.0,
            threads: self.threads,
            processors: self.processors,
        };
        let (elapsed, cpu) = (self.elapsed_ms.0, self.cpu_ms.map(|Ms(time)| time));
        Ok(Run { plan, started: self.started.0, elapsed, turning: (from, to), cpu })
    }
}

impl Sessions {
    fn of(tally: &Tally) -> Sessions {
        Sessions {
            began: tally.began,
            ok: tally.sessions(Outcome::Ok),
            mismatched: tally.sessions(Outcome::Mismatched),
            timed_out: tally.sessions(Outcome::TimedOut),
            refused: tally.sessions(Outcome::Refused),
            closed: tally.sessions(Outcome::Closed),
            in_flight: tally.in_flight(),
        }
    }

    /// How they ended, in the order of [`Outcome::ALL`].
    fn ended(&self) -> Result<[u64; 5], String> {
        let Sessions { ok, mismatched, timed_out, refused, closed, .. } = *self;
        Ok([
            counted(ok)?,
            counted(mismatched)?,
            counted(timed_out)?,
            counted(refused)?,
            counted(closed)?,
        ])
    }
}

impl TrafficForm {
    fn of(traffic: Traffic) -> TrafficForm {
        TrafficForm { lines: traffic.lines, bytes: traffic.bytes }
    }

    fn traffic(self) -> Result<Traffic, String> {
        Ok(Traffic { lines: counted(self.lines)?, bytes: counted(self.bytes)? })
    }
}

impl Times {
    /// `None` where nothing was timed.
    fn of(histogram: &Histogram) -> Option<Times> {
        let percentile = |percent| histogram.percentile(percent).map(Ms);
        Some(Times {
            samples: histogram.samples(),
            min_ms: Ms(histogram.min()?),
            mean_ms: Ms(histogram.mean()?),
            p50_ms: percentile(50.0),
            p90_ms: percentile(90.0),
            p99_ms: percentile(99.0),
            p999_ms: percentile(99.9),
            max_ms: Ms(histogram.max()?),
            histogram: encode(histogram),
        })
    }

    fn histogram(self, like: Histogram) -> Result<Histogram, String> {
        let wrong = |why: &str| format!("its `histogram` cannot be read: {why}");
        let read = decode(&self.histogram, like).map_err(wrong)?;
        if counted(read.samples())? != self.samples {
            return Err(wrong("it has other `samples`"));
        }
        let micros = |Ms(time)| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let exact = read.exactly(micros(self.min_ms), micros(self.max_ms));
        exact.ok_or_else(|| wrong("it has another `min_ms` or `max_ms`"))
    }
}

impl IntervalForm {
    fn of(interval: Option<&Interval>) -> IntervalForm {
        IntervalForm {
            turns: interval.map_or(0, |interval| interval.response.samples()),
            failed: interval.map_or(0, |interval| interval.failed),
            response: interval.and_then(|interval| Times::of(&interval.response)),
        }
    }

    fn interval(self) -> Result<Interval, String> {
        let like = Histogram::coarse();
        let response = self.response.map_or(Ok(like.clone()), |times| times.histogram(like));
        let response = response.map_err(|why| format!("series: {why}"))?;
        Ok(Interval { response, failed: counted(self.failed)? })
    }
}

impl Failure {
    fn of(cause: &Cause) -> Failure {
        Failure {
            cause: cause.headline.clone(),
            count: cause.count,
            example: cause.example.clone(),
        }
    }

    fn cause(self) -> Result<Cause, String> {
        let Failure { cause: headline, count, example } = self;
        Ok(Cause { headline, count: counted(count)?, example })
    }
}

#[cfg(test)]
mod tests;
