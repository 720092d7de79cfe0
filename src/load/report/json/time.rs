//! Times as the object has them.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::units::millis;

/// An instant as RFC 3339 has it, to a millisecond.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Started(pub(super) Timestamp);

impl From<Started> for String {
    fn from(instant: Started) -> String {
        format!("{:.3}", instant.0)
    }
}

impl TryFrom<String> for Started {
    type Error = String;

    fn try_from(text: String) -> Result<Started, String> {
        let hint = "no time such as `2026-10-07T09:15:02Z`";
        text.parse().map(Started).map_err(|_| format!("`{text}` is {hint}"))
    }
}

/// A duration in [`millis`].
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "f64", try_from = "f64")]
pub(super) struct Ms(pub(super) Duration);

impl From<Ms> for f64 {
    fn from(ms: Ms) -> f64 {
        millis(ms.0)
    }
}

impl TryFrom<f64> for Ms {
    type Error = String;

    fn try_from(ms: f64) -> Result<Ms, String> {
        let seconds = (ms * 1e3).round() / 1e6;
        let time = Duration::try_from_secs_f64(seconds);
        time.map(Ms).map_err(|_| format!("{ms} ms is no duration"))
    }
}
