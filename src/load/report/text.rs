//! What a load came to, for people.

use std::fmt::Write;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::{number, percent, short};
use crate::load::{Histogram, Outcome, Plan, Results, Traffic, Until, samples_for};
use crate::units::{Human, count};
use crate::wire::Visible;

/// The percentiles that are told.
const PERCENTS: [f64; 4] = [50.0, 90.0, 99.0, 99.9];

/// Where the processors are this busy with the load, its figures may be its own.
const SATURATED: f64 = 0.9;

/// In less time than this all are busy with starting.
const SETTLED: Duration = Duration::from_secs(1);

/// The styles of what stands out.
#[derive(Debug, Clone, Copy)]
struct Palette {
    good: Style,
    bad: Style,
    dim: Style,
}

const PLAIN: Palette = Palette { good: Style::new(), bad: Style::new(), dim: Style::new() };
const COLOURS: Palette = Palette {
    good: AnsiColor::Green.on_default(),
    bad: AnsiColor::Red.on_default().bold(),
    dim: AnsiColor::BrightBlack.on_default(),
};

/// The report, in lines; `styled` with colours. What was not measured is not in it.
#[must_use]
pub fn text(results: &Results, styled: bool) -> String {
    let palette = if styled { COLOURS } else { PLAIN };
    let mut text = String::new();
    for run in &results.runs {
        head(&mut text, &run.plan);
    }
    row(&mut text, "sessions", &sessions(results, palette));
    row(&mut text, "turns", &turns(results));
    if let Some(rate) = rate(results, palette) {
        row(&mut text, "rate", &rate);
    }
    let tally = &results.tally;
    for (name, traffic) in [("sent", tally.sent), ("received", tally.received)] {
        if traffic != Traffic::default() {
            row(&mut text, name, &amount(traffic));
        }
    }
    text += &times(results, palette);
    text += &notes(results, palette);
    text += &failures(results, palette);
    text
}

fn row(text: &mut String, name: &str, told: &str) {
    text.extend([&format!("{name:<10}"), told, "\n"]);
}

fn head(text: &mut String, plan: &Plan) {
    let shown = |name: &str| Visible(name.as_bytes()).to_string();
    row(text, "load", &format!("{} to {}", shown(&plan.file), shown(&plan.address)));
    let until = match plan.until {
        Until::Times(1) => "once each".to_owned(),
        Until::Times(times) => format!("{times} times each"),
        Until::Elapsed(time) => format!("for {}", Human(time)),
    };
    let clients = count(plan.clients, "client");
    let threads =
        if plan.threads == 1 { String::new() } else { format!(" on {} threads", plan.threads) };
    let ramp =
        if plan.ramp.is_zero() { String::new() } else { format!(", ramp {}", Human(plan.ramp)) };
    let turns = match plan.rate {
        Some(rate) => format!("open loop at {}/s", number(rate)),
        None => "closed loop".to_owned(),
    };
    row(text, "", &format!("{clients}{threads}, {until}{ramp}, {turns}"));
}

fn sessions(results: &Results, palette: Palette) -> String {
    let tally = &results.tally;
    let Palette { good, bad, .. } = palette;
    let words = ["ok", "mismatched", "timed out", "refused", "closed"];
    let mut parts = Vec::new();
    for (how, word) in Outcome::ALL.into_iter().zip(words) {
        let style = if how == Outcome::Ok { good } else { bad };
        match tally.sessions(how) {
            0 if how != Outcome::Ok => {}
            sessions => parts.push(format!("{style}{sessions} {word}{style:#}")),
        }
    }
    match tally.in_flight() {
        0 => {}
        some => parts.push(format!("{some} in flight at the end")),
    }
    parts.join(", ")
}

fn turns(results: &Results) -> String {
    let runs = match results.runs.len() {
        1 => String::new(),
        runs => format!(" of {}", count(runs as u64, "run")),
    };
    format!("{}, in {}{runs}", results.tally.turns(), Human(results.elapsed()))
}

fn rate(results: &Results, palette: Palette) -> Option<String> {
    let told = format!("{} turns a second", number(results.rate()?));
    let Some(asked) = results.asked() else { return Some(told) };
    let asked = number(asked);
    Some(match results.shortfall() {
        None => format!("{told}, {asked} were asked for"),
        Some(part) => {
            let (bad, fewer) = (palette.bad, percent(part));
            format!("{told}, {asked} were asked for: {bad}not met, {fewer} fewer{bad:#}")
        }
    })
}

fn amount(traffic: Traffic) -> String {
    format!("{}, {}", count(traffic.lines, "line"), size(traffic.bytes))
}

#[allow(clippy::cast_precision_loss)] // three digits are told
fn size(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.into_iter().find(|(_, power)| bytes >> power > 0) {
        Some((unit, power)) => format!("{} {unit}", number(bytes as f64 / f64::from(1 << power))),
        None => count(bytes, "byte"),
    }
}

/// What was timed, and is told.
fn timed(results: &Results) -> Vec<(&'static str, &Histogram)> {
    let tally = &results.tally;
    let all =
        [("response", &tally.response), ("service", &tally.service), ("connect", &tally.connect)];
    // In a closed loop the response time is the service time.
    let told = all
        .into_iter()
        .filter(|(name, times)| times.samples() > 0 && (*name != "response" || results.is_open()));
    told.collect()
}

/// The table of how long things took.
fn times(results: &Results, palette: Palette) -> String {
    let rows = timed(results);
    if rows.is_empty() {
        return String::new();
    }
    let columns: Vec<f64> = PERCENTS
        .into_iter()
        .filter(|percent| rows.iter().any(|(_, times)| times.percentile(*percent).is_some()))
        .collect();
    let Palette { dim, .. } = palette;
    let mut text = format!("\n{dim}{:<10}", "");
    for percent in &columns {
        write!(text, "{:>9}", format!("p{percent}")).ok();
    }
    writeln!(text, "{:>9}{:>9}{:>11}{dim:#}", "max", "mean", "samples").ok();
    let cell = |time: Option<Duration>| format!("{:>9}", time.map(short).unwrap_or_default());
    for (name, times) in rows {
        write!(text, "{name:<10}").ok();
        for percent in &columns {
            text += &cell(times.percentile(*percent));
        }
        let (max, mean) = (cell(times.max()), cell(times.mean()));
        writeln!(text, "{max}{mean}{:>11}", times.samples()).ok();
    }
    text
}

/// What is to be known about the figures.
fn notes(results: &Results, palette: Palette) -> String {
    let mut notes = Vec::new();
    for (name, times) in timed(results) {
        let missing = PERCENTS.into_iter().find(|percent| times.percentile(*percent).is_none());
        if let Some(percent) = missing {
            let (has, needs) = (count(times.samples(), "sample"), samples_for(percent));
            notes.push(format!("{name}: {has}; p{percent} needs {needs}"));
        }
    }
    if results.tally.turns() > 0 && !results.is_open() {
        notes.push(
            "closed loop: while the server stalls nothing is sent, so a stall counts once\n\
             for each client; --rate counts from when turns were due"
                .to_owned(),
        );
    }
    if let Some(busy) =
        results.busy().filter(|busy| *busy >= SATURATED && results.elapsed() >= SETTLED)
    {
        notes.push(format!(
            "the clients were busy for {} of the time: the figures may be theirs, and not\n\
             the server's; add --threads, or run some on other machines and --merge all",
            percent(busy.min(1.0))
        ));
    }
    let Palette { dim, .. } = palette;
    let lines = notes.iter().map(|note| {
        let note = note.replace('\n', &format!("{dim:#}\n{dim}   "));
        format!("{dim}-- {note}{dim:#}\n")
    });
    lines.collect()
}

/// Why sessions failed, and the whole report of one of each.
fn failures(results: &Results, palette: Palette) -> String {
    let tally = &results.tally;
    if tally.causes.is_empty() {
        return String::new();
    }
    let Palette { bad, dim, .. } = palette;
    let mut causes: Vec<_> = tally.causes.iter().collect();
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.count));
    let mut text = format!("\n{bad}failures{bad:#}\n");
    for cause in causes {
        let headline = Visible(cause.headline.as_bytes());
        writeln!(text, "{:>9} {headline}", times_of(cause.count)).ok();
        // The headline stands there already.
        let rest = cause.example.lines().skip_while(|line| line.starts_with("error: "));
        for line in rest {
            writeln!(text, "          {dim}{}{dim:#}", Visible(line.as_bytes())).ok();
        }
    }
    if tally.other_failures > 0 {
        let told = "of other causes, which were too many to tell apart";
        writeln!(text, "{:>9} {told}", times_of(tally.other_failures)).ok();
    }
    text
}

fn times_of(count: u64) -> String {
    format!("{count} x")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Tally;
    use crate::load::results::tests::{MS, plan, turns};
    use crate::units::At;
    use jiff::Timestamp;
    use unicode_width::UnicodeWidthStr;

    fn results(plan: Plan, tally: Tally) -> Results {
        Results::of(plan, Timestamp::UNIX_EPOCH, 3000 * MS, Some(300 * MS), tally)
    }

    fn with_failures() -> Results {
        let mut tally = turns(1500, 5 * MS);
        for how in [Outcome::Ok, Outcome::Mismatched, Outcome::Mismatched, Outcome::Closed] {
            tally.began();
            tally.connected(MS / 2);
            tally.ended(At::START, how);
        }
        tally.began();
        tally.sent(1500, 3 << 20);
        tally.received(1500, 1);
        tally.failed("reset", || "error: reset".to_owned());
        for _ in 0..2 {
            let whole = "error: no line matched `^a`\n  --> talk.chat:2:1\n   = \x1b[2J";
            tally.failed("no line matched `^a`", || whole.to_owned());
        }
        let ramp = 500 * MS;
        results(Plan { threads: 2, ramp, until: Until::Times(3), ..plan(Some(5000.0)) }, tally)
    }

    #[test]
    fn all_there_is_to_tell() {
        let told = text(&with_failures(), false);
        assert_eq!(
            told,
            "\
load      talk.chat to localhost:7000
          10 clients on 2 threads, 3 times each, ramp 500ms, open loop at 5000/s
sessions  1 ok, 2 mismatched, 1 closed, 1 in flight at the end
turns     1500, in 3s
rate      1501 turns a second, 5000 were asked for: not met, 70% fewer
sent      1500 lines, 3 MiB
received  1500 lines, 1 byte

                p50      p90      p99    p99.9      max     mean    samples
response     5.00ms   5.00ms   5.00ms   5.00ms   5.00ms   5.00ms       1500
service      5.00ms   5.00ms   5.00ms   5.00ms   5.00ms   5.00ms       1500
connect       500us                               500us    500us          4
-- connect: 4 samples; p90 needs 10

failures
      2 x no line matched `^a`
            --> talk.chat:2:1
             = \\x1b[2J
      1 x reset
"
        );
    }

    #[test]
    fn what_was_not_measured_is_not_told() {
        let mut tally = Tally::new();
        tally.began();
        tally.ended(At::START, Outcome::Refused);
        let told = text(&results(plan(None), tally), false);
        let lines: Vec<&str> = told.lines().skip(1).collect();
        let plan = "          10 clients, once each, closed loop";
        assert_eq!(lines, [plan, "sessions  0 ok, 1 refused", "turns     0, in 3s"]);
    }

    #[test]
    fn a_closed_loop_has_no_response_time_and_says_what_it_hides() {
        let told = text(&results(plan(None), turns(20, MS)), false);
        assert!(!told.contains("response") && told.contains("service"), "{told}");
        assert!(told.contains("-- closed loop: "), "{told}");
        assert!(told.contains("-- service: 20 samples; p99 needs 100\n"), "{told}");
        assert!(!told.contains("p99.9"), "{told}");
    }

    #[test]
    fn a_client_that_is_saturated_says_so() {
        let results = Results::of(
            plan(None),
            Timestamp::UNIX_EPOCH,
            1000 * MS,
            Some(950 * MS),
            turns(20, MS),
        );
        assert!(text(&results, false).contains("busy for 95% of the time"));
    }

    #[test]
    fn it_fits_a_screen_of_eighty_columns() {
        for results in [with_failures(), results(plan(None), turns(20, MS))] {
            let told = text(&results, false);
            let wide: Vec<&str> = told.lines().filter(|line| line.width() > 80).collect();
            assert!(wide.is_empty(), "{wide:?}");
        }
    }

    #[test]
    fn colours_are_only_in_what_is_styled() {
        let results = with_failures();
        assert!(text(&results, true).contains("\x1b[1m\x1b[31m"));
        assert!(!text(&results, false).contains('\x1b'));
    }

    #[test]
    fn sizes_have_three_digits() {
        let told = [0, 1, 1023, 1536, 5 << 20, 3 << 30].map(size);
        assert_eq!(told, ["0 bytes", "1 byte", "1023 bytes", "1.5 KiB", "5 MiB", "3 GiB"]);
    }
}
