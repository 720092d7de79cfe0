//! Telling what a load came to.

mod html;
mod json;
mod progress;
mod text;

use std::time::Duration;

pub use html::html;
pub use json::{MOST_BYTES, ReadError, json, read};
pub use progress::Progress;
pub use text::text;

/// A duration in three digits: `873us`, `1.23ms`, `12.3s`.
pub(super) fn short(time: Duration) -> String {
    let secs = time.as_secs_f64();
    // What rounds up to a thousand of a unit is one of the next.
    if secs < 999.5e-6 {
        format!("{:.0}us", secs * 1e6)
    } else if secs < 999.5e-3 {
        format!("{}ms", digits(secs * 1e3))
    } else {
        format!("{}s", digits(secs))
    }
}

/// A number in three digits, all of them if it has more before the point; down to a thousandth, the least rate
/// that can be asked for.
pub(super) fn number(value: f64) -> String {
    let text = digits(value);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

fn digits(value: f64) -> String {
    match value {
        0.0005..0.0995 => format!("{value:.3}"),
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A part of a whole in percent, as `38.3%`; what is more than nothing is not shown as nothing.
pub(super) fn percent(part: f64) -> String {
    match part * 100.0 {
        small if small > 0.0 && small < 0.01 => "<0.01%".to_owned(),
        percent => format!("{}%", number(percent)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        for (nanos, text) in [
            (0, "0us"),
            (873_000, "873us"),
            (999_600, "1.00ms"),
            (1_234_000, "1.23ms"),
            (12_340_000, "12.3ms"),
            (999_400_000, "999ms"),
            (999_600_000, "1.00s"),
            (123_400_000_000, "123s"),
        ] {
            assert_eq!(short(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn numbers_are_as_long_as_they_have_to_be() {
        for (value, text) in [
            (0.0, "0"),
            (0.001, "0.001"),
            (0.05, "0.05"),
            (1.5, "1.5"),
            (9.999, "10"),
            (123_456.7, "123457"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!((percent(0.383), percent(0.000_001)), ("38.3%".into(), "<0.01%".into()));
    }
}
