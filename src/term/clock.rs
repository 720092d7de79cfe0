//! Local times.

use std::time::Duration;

use jiff::{Timestamp, ZonedDateTime};

use crate::units::At;

/// Local times of a session. A flood has many lines a second, so the last one made is kept.
#[derive(Debug)]
pub(super) struct Clock {
    started: ZonedDateTime,
    shown: Option<(Timestamp, String)>,
}

impl Clock {
    /// Of a session that started at this time, in its time zone.
    pub(super) fn new(started: ZonedDateTime) -> Clock {
        Clock { started, shown: None }
    }

    /// `HH:MM:SS` at this instant.
    pub(super) fn local(&mut self, at: At) -> &str {
        let started = self.started.timestamp();
        let instant = started.checked_add(Duration::from_micros(at.micros())).unwrap_or(started);
        let second = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
        let shown = self.shown.take().filter(|(shown, _)| *shown == second);
        let (_, text) = self.shown.insert(shown.unwrap_or_else(|| {
            let local = second.to_zoned_datetime(self.started.time_zone().clone());
            (second, format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second()))
        }));
        text
    }
}
