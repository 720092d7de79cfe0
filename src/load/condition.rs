//! `--fail-if`: what a load must not come to.
//!
//! ```text
//! condition = figure op bound
//! figure    = [timing "."] stat | sessions | "turns" | "rate"
//! timing    = "response" | "service" | "connect"            response if none is written
//! stat      = "p" NUMBER | "min" | "mean" | "max"           0 < NUMBER < 100
//! sessions  = "ok" | "failed" | "mismatched" | "timed-out" | "refused" | "closed" | "in-flight"
//! op        = ">" | ">=" | "<" | "<="
//! bound     = NUMBER UNIT    of a stat; UNIT is us, ms, s, m or h
//!           | NUMBER ["%"]   of sessions; the part of those that began
//!           | NUMBER         of turns
//!           | NUMBER ["%"]   of a rate, in turns a second; the part of the rate that was asked for
//! ```
//!
//! Spaces may stand around the op.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::report::{number, short};
use super::{Histogram, Outcome, Results, samples_for};
use crate::units::{count, parse_duration};

/// A condition on which a load fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    text: String,
    figure: Figure,
    op: Op,
    bound: f64,
    /// Whether the bound is a part of something, in percent.
    is_part: bool,
}

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Figure {
    Time(Timing, Stat),
    Sessions(Sessions),
    Turns,
    Rate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timing {
    Response,
    Service,
    Connect,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stat {
    Percentile(f64),
    Min,
    Mean,
    Max,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sessions {
    Ended(Outcome),
    Failed,
    InFlight,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// What a condition came to that a load fails on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breach {
    /// It holds; what the figure is.
    Holds(String),
    /// What it is about was not measured; why.
    Unmeasured(String),
}

/// Why a text is no condition: what is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct ConditionError {
    text: String,
    at: Range<usize>,
    what: String,
}

impl fmt::Display for ConditionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns =
            |range: Range<usize>| self.text.get(range).map_or(0, |text| text.chars().count());
        let (before, marked) = (columns(0..self.at.start), columns(self.at.clone()).max(1));
        writeln!(f, "{}", self.what)?;
        writeln!(f, "  {}", self.text)?;
        write!(f, "  {}{}", " ".repeat(before), "^".repeat(marked))
    }
}

/// What can stand first.
const FIGURES: &str = "p50, p99.9, min, mean or max of the response time (or service.p99, connect.max), ok, \
                       failed, mismatched, timed-out, refused, closed, in-flight, turns, rate";

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Condition, ConditionError> {
        let error = |at: Range<usize>, what: String| {
            Err(ConditionError { text: text.to_owned(), at, what })
        };
        let Some(start) = text.find(['<', '>', '=', '!']) else {
            let end = text.trim_end().len();
            let what = "nothing is compared: write `>`, `>=`, `<` or `<=`, and a bound".to_owned();
            return error(end..end, what);
        };
        let signs = text[start..].find(|c| !"<>=!".contains(c)).unwrap_or(text.len() - start);
        let end = start + signs;
        let Some(op) = Op::parse(&text[start..end]) else {
            let sign = &text[start..end];
            return error(start..end, format!("`{sign}` is none of `>`, `>=`, `<` and `<=`"));
        };
        let name = within(text, 0..start);
        let figure = match Figure::parse(&text[name.clone()]) {
            Ok(figure) => figure,
            Err(what) => return error(name, what),
        };
        let place = within(text, end..text.len());
        match figure.bound(&text[place.clone()]) {
            Ok((bound, is_part)) => {
                Ok(Condition { text: text.trim().to_owned(), figure, op, bound, is_part })
            }
            Err(what) => error(place, what),
        }
    }
}

/// Where the text of that range is without the spaces around it.
fn within(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..start.max(range.start + part.trim_end().len())
}

impl Op {
    fn parse(sign: &str) -> Option<Op> {
        match sign {
            ">" => Some(Op::Above),
            ">=" => Some(Op::AtLeast),
            "<" => Some(Op::Below),
            "<=" => Some(Op::AtMost),
            _ => None,
        }
    }

    fn holds(self, value: f64, bound: f64) -> bool {
        match self {
            Op::Above => value > bound,
            Op::AtLeast => value >= bound,
            Op::Below => value < bound,
            Op::AtMost => value <= bound,
        }
    }
}

impl Figure {
    fn parse(name: &str) -> Result<Figure, String> {
        let (timing, stat) = match name.split_once('.') {
            Some(("response", stat)) => (Timing::Response, stat),
            Some(("service", stat)) => (Timing::Service, stat),
            Some(("connect", stat)) => (Timing::Connect, stat),
            _ => (Timing::Response, name),
        };
        let is_plain = stat.len() == name.len();
        let time = |stat| Ok(Figure::Time(timing, stat));
        match stat {
            "min" => return time(Stat::Min),
            "mean" => return time(Stat::Mean),
            "max" => return time(Stat::Max),
            _ => {}
        }
        if let Some(percent) = stat.strip_prefix('p').and_then(decimal) {
            return match percent {
                _ if percent > 0.0 && samples_for(percent) <= 1_000_000_000 && percent < 100.0 => {
                    time(Stat::Percentile(percent))
                }
                _ if percent > 0.0 && percent < 100.0 => {
                    Err(format!("`{stat}` needs more samples than there will be: write `p99.999`"))
                }
                _ => Err(format!("there is no `{stat}`: a percentile is above 0 and below 100")),
            };
        }
        match stat {
            "turns" if is_plain => Ok(Figure::Turns),
            "rate" if is_plain => Ok(Figure::Rate),
            _ => match Sessions::parse(stat).filter(|_| is_plain) {
                Some(sessions) => Ok(Figure::Sessions(sessions)),
                None if name.is_empty() => Err(format!("no figure is named: {FIGURES}")),
                None => Err(format!("there is no figure `{name}`: {FIGURES}")),
            },
        }
    }

    /// The bound that a text is for such a figure, and whether it is in percent.
    fn bound(self, text: &str) -> Result<(f64, bool), String> {
        if let Figure::Time(..) = self {
            let time = parse_duration(text)?;
            return Ok((time.as_secs_f64(), false));
        }
        let (digits, is_part) = match text.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        let hint = match self {
            Figure::Turns => "write a number: `1000`",
            Figure::Rate => {
                "write turns a second, or a part of the rate that was asked for: `5000`, `99%`"
            }
            _ => "write how many, or which part: `10`, `0.1%`",
        };
        match decimal(digits) {
            Some(_) if is_part && self == Figure::Turns => {
                Err(format!("`{text}` of how many? {hint}"))
            }
            Some(bound) => Ok((bound, is_part)),
            None => Err(format!("`{text}` is no number: {hint}")),
        }
    }
}

impl Sessions {
    fn parse(name: &str) -> Option<Sessions> {
        Some(match name {
            "ok" => Sessions::Ended(Outcome::Ok),
            "mismatched" => Sessions::Ended(Outcome::Mismatched),
            "timed-out" => Sessions::Ended(Outcome::TimedOut),
            "refused" => Sessions::Ended(Outcome::Refused),
            "closed" => Sessions::Ended(Outcome::Closed),
            "failed" => Sessions::Failed,
            "in-flight" => Sessions::InFlight,
            _ => return None,
        })
    }

    fn count(self, results: &Results) -> u64 {
        match self {
            Sessions::Ended(how) => results.tally.sessions(how),
            Sessions::Failed => results.tally.failures_in_all(),
            Sessions::InFlight => results.tally.in_flight(),
        }
    }
}

/// A number of digits, and a point among them.
fn decimal(text: &str) -> Option<f64> {
    let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.parse().ok().filter(|_| plain)
}

impl Condition {
    /// Whether it says how many sessions may end otherwise than well.
    #[must_use]
    pub fn is_about_sessions(&self) -> bool {
        matches!(self.figure, Figure::Sessions(_))
    }

    /// Whether the load fails on it, and on what.
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // counts are compared with numbers that people write
    pub fn breach(&self, results: &Results) -> Option<Breach> {
        let (value, told) = match self.figure {
            Figure::Time(timing, stat) => match timing.of(results).stat(stat) {
                Ok(time) => (time.as_secs_f64(), format!("it is {}", short(time))),
                Err(why) => return Some(Breach::Unmeasured(why)),
            },
            Figure::Turns => {
                let turns = results.tally.turns();
                (turns as f64, format!("there were {turns}"))
            }
            Figure::Sessions(which) => {
                let (sessions, began) = (which.count(results), results.tally.began);
                let told = format!("it is {sessions} of {}", count(began, "session"));
                match (self.is_part, began) {
                    (false, _) => (sessions as f64, told),
                    (true, 0) => return Some(Breach::Unmeasured("no session began".to_owned())),
                    (true, _) => (100.0 * sessions as f64 / began as f64, told),
                }
            }
            Figure::Rate => match self.rate(results) {
                Ok(rate) => rate,
                Err(why) => return Some(Breach::Unmeasured(why.to_owned())),
            },
        };
        self.op.holds(value, self.bound).then_some(Breach::Holds(told))
    }

    fn rate(&self, results: &Results) -> Result<(f64, String), &'static str> {
        let rate = results.rate().ok_or("no turn ended well")?;
        let told = format!("it is {} turns a second", number(rate));
        if !self.is_part {
            return Ok((rate, told));
        }
        let asked =
            results.asked().ok_or("no rate was asked for: add --rate, or write turns a second")?;
        Ok((100.0 * rate / asked, format!("{told} of {}", number(asked))))
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Breach::Holds(told) => f.write_str(told),
            Breach::Unmeasured(why) => write!(f, "it was not measured: {why}"),
        }
    }
}

impl Timing {
    fn of(self, results: &Results) -> &Histogram {
        match self {
            Timing::Response => &results.tally.response,
            Timing::Service => &results.tally.service,
            Timing::Connect => &results.tally.connect,
        }
    }
}

impl Histogram {
    fn stat(&self, stat: Stat) -> Result<Duration, String> {
        let time = match stat {
            Stat::Min => self.min(),
            Stat::Mean => self.mean(),
            Stat::Max => self.max(),
            Stat::Percentile(percent) => self.percentile(percent),
        };
        time.ok_or_else(|| match stat {
            Stat::Percentile(percent) if self.samples() > 0 => {
                let (has, needs) = (count(self.samples(), "sample"), samples_for(percent));
                format!("it has {has}, and p{percent} needs {needs}")
            }
            _ => "it has no sample".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
