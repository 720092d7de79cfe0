//! Time, size and the reasons that the system gives, as this program counts and writes them.

mod due;

pub use due::Due;

use std::fmt;
use std::io;
use std::ops::{Add, Sub};
use std::time::Duration;

/// An instant of the session: microseconds since it started, on a monotonic clock.
///
/// Time is an argument everywhere below [`crate::drive`]; a test makes its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct At(u64);

impl At {
    /// The start of the session.
    pub const START: At = At(0);

    /// The instant that lies `micros` microseconds after the start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        At(micros)
    }

    /// Microseconds since the start.
    #[must_use]
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// How long before `self` was `earlier`; zero where it was later.
    #[must_use]
    pub fn since(self, earlier: At) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for At {
    type Output = At;

    /// Saturates: an instant that cannot be reached is the last one.
    fn add(self, later: Duration) -> At {
        At(self.0.saturating_add(u64::try_from(later.as_micros()).unwrap_or(u64::MAX)))
    }
}

impl Sub for At {
    type Output = Duration;

    fn sub(self, earlier: At) -> Duration {
        self.since(earlier)
    }
}

/// A duration as the command line and scripts write it: `200ms`, `2s`, `1.5s`, `1m`.
///
/// # Errors
/// A sentence for the person who typed it, where the text is no number with one of those units.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let hint = "write a number and a unit: `200ms`, `2s` or `1m`";
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "" => return Err(format!("`{text}` has no unit: {hint}")),
        _ => return Err(format!("`{text}` is no duration: {hint}")),
    };
    let value: f64 = number.parse().map_err(|_| format!("`{text}` is no duration: {hint}"))?;
    Duration::try_from_secs_f64(value * scale).map_err(|_| format!("`{text}` is too long"))
}

/// A size as the command line writes it: `4096`, `64KiB`, `4MiB`, `1GiB`; in bytes.
///
/// # Errors
/// A sentence for the person who typed it, where the text is no such size.
pub fn parse_size(text: &str) -> Result<usize, String> {
    let hint = "write bytes, or a number with KiB, MiB or GiB: `64KiB`";
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale: usize = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(format!("`{text}` is no size: {hint}")),
    };
    let value: usize = number.parse().map_err(|_| format!("`{text}` is no size: {hint}"))?;
    value.checked_mul(scale).ok_or_else(|| format!("`{text}` is too large"))
}

/// When a replay says its lines.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Pace {
    /// Once all that was said before them has come.
    #[default]
    Wait,
    /// As long after one another as was recorded, or so many times faster; and not before all that was
    /// said before them has come.
    Recorded(f64),
}

impl Pace {
    /// How long a silence lasts at this pace that lasted so long when it was recorded.
    #[must_use]
    pub fn silence(self, recorded: Duration) -> Duration {
        match self {
            Pace::Wait => Duration::ZERO,
            // At a speed near 0 it would never end.
            Pace::Recorded(speed) => {
                Duration::try_from_secs_f64(recorded.as_secs_f64() / speed).unwrap_or(recorded)
            }
        }
    }
}

/// A speed is a number: it is parsed from one that is positive.
impl Eq for Pace {}

impl std::str::FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Pace, String> {
        let times = |times: &str| times.parse().ok().filter(|times: &f64| *times > 0.0);
        let faster = || text.strip_prefix('x').and_then(times).filter(|times| times.is_finite());
        match text {
            "wait" => Ok(Pace::Wait),
            "recorded" => Ok(Pace::Recorded(1.0)),
            _ => faster().map(Pace::Recorded).ok_or_else(|| {
                format!("`{text}` is no pace: write `wait`, `recorded`, or `x2` for twice as fast")
            }),
        }
    }
}

/// A duration as notices and reports write it: `5s`, `250ms`, `1m 30s`.
#[derive(Debug, Clone, Copy)]
pub struct Human(pub Duration);

impl fmt::Display for Human {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let (secs, rest) = (millis / 1000, millis % 1000);
        match (secs, rest) {
            (0, _) if millis == 0 && !self.0.is_zero() => write!(f, "{}us", self.0.as_micros()),
            (0, _) => write!(f, "{millis}ms"),
            (60.., _) if secs % 60 == 0 => write!(f, "{}m", secs / 60),
            (60.., _) => write!(f, "{}m {}s", secs / 60, secs % 60),
            (_, 0) => write!(f, "{secs}s"),
            _ => {
                let fraction = format!("{rest:03}");
                write!(f, "{secs}.{}s", fraction.trim_end_matches('0'))
            }
        }
    }
}

/// A duration in whole seconds, as lines that are drawn anew write it: `0s`, `12s`, `1m 30s`.
#[must_use]
pub fn whole_seconds(time: Duration) -> String {
    match time.as_secs() {
        0 => "0s".to_owned(),
        seconds => Human(Duration::from_secs(seconds)).to_string(),
    }
}

/// A duration in milliseconds, with at most three decimals, as JSON has it.
#[must_use]
pub fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// `1 line`, `2 lines`: a count with the noun it counts, whose plural takes an `s`.
#[must_use]
pub fn count(n: u64, noun: &str) -> String {
    if n == 1 { format!("{n} {noun}") } else { format!("{n} {noun}s") }
}

/// What to do about a file that cannot be read.
pub const READABLE: &str = "name a file that can be read";

/// What an error of the system says, in the form of our own: `no route to host`.
#[must_use]
pub fn reason(err: &io::Error) -> String {
    let said = err.to_string();
    let said = said.split(" (os error ").next().unwrap_or_default();
    // What std puts before the words of `getaddrinfo`; the reader knows what was looked up.
    let said = said.strip_prefix("failed to lookup address information: ").unwrap_or(said);
    let mut chars = said.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_a_word_or_a_positive_number() {
        for (text, pace) in [
            ("wait", Pace::Wait),
            ("recorded", Pace::Recorded(1.0)),
            ("x2", Pace::Recorded(2.0)),
            ("x0.5", Pace::Recorded(0.5)),
        ] {
            assert_eq!(text.parse(), Ok(pace));
        }
        for text in ["", "x", "x0", "x-1", "xinf", "xNaN", "2x", "fast"] {
            assert!(text.parse::<Pace>().unwrap_err().contains("is no pace: write"), "{text}");
        }
    }

    #[test]
    fn a_silence_lasts_as_the_pace_has_it() {
        let second = Duration::from_secs(1);
        for (pace, millis) in
            [(Pace::Wait, 0), (Pace::Recorded(1.0), 1000), (Pace::Recorded(4.0), 250)]
        {
            assert_eq!(pace.silence(second), Duration::from_millis(millis));
        }
        assert_eq!(Pace::Recorded(f64::MIN_POSITIVE).silence(second), second, "it would never end");
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("200ms"), Ok(Duration::from_millis(200)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
        for bad in ["", "5", "s", "5 s", "-1s", "1e3s", "5 parsecs"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reason_has_no_number_and_no_capital() {
        let refused = io::Error::from_raw_os_error(111);
        let said = refused.to_string();
        assert!(said.contains("(os error 111)"), "{said}");
        assert!(!reason(&refused).contains("os error"), "{}", reason(&refused));
        assert_eq!(reason(&io::Error::other("No room")), "no room");
        assert_eq!(reason(&io::Error::other("")), "");
    }

    #[test]
    fn sizes_are_in_bytes() {
        assert_eq!(parse_size("64KiB"), Ok(65_536));
        assert_eq!(parse_size("4096"), Ok(4096));
        for bad in ["", "KiB", "4KB", "-1", "99999999999999999999", "99999999999999GiB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_duration_reads_as_it_is_said() {
        for (millis, said) in [
            (0, "0ms"),
            (250, "250ms"),
            (5000, "5s"),
            (1250, "1.25s"),
            (90_000, "1m 30s"),
            (120_000, "2m"),
        ] {
            assert_eq!(Human(Duration::from_millis(millis)).to_string(), said);
        }
    }
}
