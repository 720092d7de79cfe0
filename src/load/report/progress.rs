//! The line that tells how a load goes on.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::{number, short};
use crate::load::{Plan, Series, Tally, Until};
use crate::units::{Human, count, whole_seconds};

/// How often the line is drawn anew on a terminal: often enough to move, too seldom to flicker.
const ON_TERMINAL: Duration = Duration::from_millis(200);

/// How often a line is written elsewhere, such as into the log of a CI system.
const ELSEWHERE: Duration = Duration::from_secs(10);

/// The columns that the line leaves free on a terminal: for the `^C` that is shown of a Ctrl-C, which must not
/// break the line, and for the cursor.
const FREE: usize = 3;

/// The line on standard error that tells how a load goes on: drawn anew in its place on a terminal, and
/// taken off in the end; elsewhere a line now and then. It only says what is to be written.
#[derive(Debug)]
pub struct Progress {
    terminal: bool,
    due: Duration,
    /// How many columns the line has that stands on the screen.
    drawn: usize,
}

impl Progress {
    /// Of a load that begins, told on a terminal or elsewhere.
    #[must_use]
    pub fn new(terminal: bool) -> Progress {
        let due = if terminal { ON_TERMINAL } else { ELSEWHERE };
        Progress { terminal, due, drawn: 0 }
    }

    /// How long after the start there is something to tell next.
    #[must_use]
    pub fn due(&self) -> Duration {
        self.due
    }

    /// What to write at this time after the start, to a screen of so many columns.
    #[must_use]
    pub fn tell(
        &mut self,
        tally: &Tally,
        plan: &Plan,
        elapsed: Duration,
        columns: usize,
    ) -> String {
        if elapsed < self.due {
            return String::new();
        }
        if !self.terminal {
            self.due = elapsed + ELSEWHERE;
            return format!("-- {}\n", line(tally, plan, elapsed, usize::MAX));
        }
        self.due = elapsed + ON_TERMINAL;
        let wiped = self.wiped(columns);
        let line = line(tally, plan, elapsed, columns.saturating_sub(FREE));
        self.drawn = line.width();
        format!("{wiped}{line}")
    }

    /// What takes the line off the screen.
    #[must_use]
    pub fn end(&mut self, columns: usize) -> String {
        let wiped = self.wiped(columns);
        self.drawn = 0;
        wiped
    }

    /// A screen that has become narrower shows the line as several.
    fn wiped(&self, columns: usize) -> String {
        match self.drawn.div_ceil(columns.max(1)) {
            0 => String::new(),
            rows => format!("\r\x1b[K{}", "\x1b[A\x1b[K".repeat(rows - 1)),
        }
    }
}

/// How a load goes on, in at most so many columns: what does not fit is left out, the least important
/// first.
fn line(tally: &Tally, plan: &Plan, elapsed: Duration, columns: usize) -> String {
    let mut line = String::new();
    for part in parts(tally, plan, elapsed) {
        let gap = if line.is_empty() { "" } else { "  " };
        if line.width() + gap.len() + part.width() > columns {
            break;
        }
        line.extend([gap, &part]);
    }
    line
}

/// The most important first.
fn parts(tally: &Tally, plan: &Plan, elapsed: Duration) -> Vec<String> {
    let lasted = whole_seconds(elapsed);
    let mut parts = vec![match plan.until {
        Until::Elapsed(time) => format!("{lasted} of {}", Human(time)),
        Until::Times(_) => lasted,
    }];
    parts.push(count(tally.turns(), "turn"));
    if tally.failures_in_all() > 0 {
        parts.push(format!("{} failed", tally.failures_in_all()));
    }
    if let Some(last) = last(&tally.series, elapsed) {
        parts.push(last);
    }
    match (plan.until, tally.finished()) {
        (Until::Times(times), done) => {
            let all = plan.clients.saturating_mul(times);
            parts.push(format!("{done} of {} done", count(all, "session")));
        }
        (Until::Elapsed(_), done) => parts.push(format!("{} done", count(done, "session"))),
    }
    parts.push(format!("{} in flight", tally.in_flight()));
    parts
}

/// What the last whole interval was like.
#[allow(clippy::cast_precision_loss)] // a rate has no fifteen digits
fn last(series: &Series, elapsed: Duration) -> Option<String> {
    let index = (elapsed.as_secs() / series.seconds()).checked_sub(1)?;
    let response = &series.interval(index)?.response;
    let rate = response.samples() as f64 / series.seconds() as f64;
    let mut told = format!("{}/s", number(rate));
    for (name, percent) in [("p50", 50.0), ("p99", 99.0)] {
        if let Some(time) = response.percentile(percent) {
            told.extend([" ", name, " ", &short(time)]);
        }
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Outcome;
    use crate::load::results::tests::{MS, plan, turns};
    use crate::units::At;

    fn tally() -> Tally {
        let mut tally = turns(2500, MS);
        for _ in 0..3 {
            tally.began();
        }
        tally.ended(At::START, Outcome::Ok);
        tally.ended(At::START, Outcome::Closed);
        tally
    }

    #[test]
    fn it_tells_of_the_last_whole_second() {
        let tally = tally();
        let told = line(&tally, &plan(None), 2400 * MS, 100);
        let all = "2s  2500 turns  1 failed  1000/s p50 1.00ms p99 1.00ms  2 of 10 sessions done  1 in flight";
        assert_eq!(told, all);
        let timed = Plan { until: Until::Elapsed(60_000 * MS), ..plan(None) };
        assert_eq!(line(&tally, &timed, 300 * MS, 40), "0s of 1m  2500 turns  1 failed");
    }

    #[test]
    fn it_fits_the_screen() {
        for columns in 0..120 {
            let told = line(&tally(), &plan(None), 2400 * MS, columns);
            assert!(told.len() <= columns, "{columns}: {told}");
        }
    }

    #[test]
    fn a_ctrl_c_does_not_break_it() {
        for columns in 3..120 {
            let told = Progress::new(true).tell(&tally(), &plan(None), 2400 * MS, columns);
            assert!(format!("{told}^C").width() < columns, "{columns}: {told}");
        }
    }

    #[test]
    fn it_stands_in_one_place_and_is_taken_off() {
        let (tally, plan) = (tally(), plan(None));
        let mut progress = Progress::new(true);
        assert_eq!(progress.tell(&tally, &plan, 100 * MS, 80), "");
        assert!(progress.tell(&tally, &plan, 200 * MS, 80).starts_with("0s  2500 turns"));
        assert_eq!(progress.tell(&tally, &plan, 300 * MS, 80), "");
        assert!(progress.tell(&tally, &plan, progress.due(), 80).starts_with("\r\x1b[K0s  2500"));
        let narrow = progress.end(40);
        assert_eq!(narrow, "\r\x1b[K\x1b[A\x1b[K");
        assert_eq!(progress.end(40), "");
    }

    #[test]
    fn elsewhere_it_is_a_notice_now_and_then() {
        let (tally, plan) = (tally(), plan(None));
        let mut progress = Progress::new(false);
        assert_eq!(progress.tell(&tally, &plan, 9000 * MS, 80), "");
        let told = progress.tell(&tally, &plan, 10_000 * MS, 80);
        assert!(told.starts_with("-- 10s  2500 turns") && told.ends_with('\n'), "{told}");
        assert_eq!(progress.tell(&tally, &plan, 11_000 * MS, 80), "");
        assert_eq!(progress.end(80), "");
    }
}
