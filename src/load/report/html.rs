//! What a load came to, as a page: its figures, and how they went over time.

use std::io::{self, Write};
use std::time::Duration;

use super::{number, short, text};
use crate::load::{Histogram, Interval, Outcome, Results};
use crate::page::{self, Axis, Mark, Markup, Plot};
use crate::units::{Human, count};
use crate::wire::Visible;

/// About so many bars has a histogram.
const BARS: u32 = 60;

/// Writes the page. The report as text stands on it as well, and says what is to be known about the figures.
///
/// # Errors
/// Those of `out`.
pub fn html(results: &Results, out: &mut impl Write) -> io::Result<()> {
    let run = results.runs.first();
    let title = run.map_or_else(
        || "a load".to_owned(),
        |run| {
            let shown = |name: &str| Visible(name.as_bytes()).to_string();
            format!("{} to {}", shown(&run.plan.file), shown(&run.plan.address))
        },
    );
    let mut body = Markup::new();
    body.raw("<div class=\"wrap\">\n<header><h1>").text(&title).raw("</h1>\n<p class=\"facts\">");
    if let Some(run) = run {
        body.raw("<span>started ").text(format_args!("{:.3}", run.started)).raw("</span>");
    }
    if results.runs.len() > 1 {
        body.raw("<span>").text(count(results.runs.len() as u64, "run")).raw("</span>");
    }
    body.raw("<span>").text(Human(results.elapsed())).raw("</span><span>");
    body.raw(if results.is_open() { "open loop" } else { "closed loop" });
    body.raw("</span></p></header>\n");
    cards(results, &mut body);
    body.raw("<main>\n");
    let times = if results.is_open() { "response" } else { "service" };
    if let Some(plot) = distribution(&results.tally.response) {
        figure(&plot, &format!("How many turns had which {times} time."), &mut body);
    }
    let seconds = results.tally.series.seconds();
    let each = if seconds == 1 { "second".to_owned() } else { format!("{seconds} seconds") };
    let intervals: Vec<Option<&Interval>> = results.tally.series.intervals().collect();
    let whole = results.elapsed().as_secs() / seconds;
    if whole > 1 && intervals.len() > 1 {
        figure(
            &rate(&intervals, seconds, whole),
            &format!("Turns a second, over each whole {each}; in red sessions that failed."),
            &mut body,
        );
        figure(
            &over_time(&intervals, seconds),
            &format!("The {times} time over each {each}: median, and above it p99."),
            &mut body,
        );
    }
    body.raw("<pre class=\"account plain\">")
        .text(text(results, false))
        .raw("</pre>\n</main>\n</div>\n");
    page::write(&title, &body, out)
}

fn cards(results: &Results, body: &mut Markup) {
    let tally = &results.tally;
    let times = &tally.response;
    let time = |time: Option<Duration>| time.map(short);
    let failed = tally.failures_in_all();
    let cards = [
        ("", Some(tally.turns().to_string()), "turns"),
        ("", results.rate().map(number), "turns a second"),
        ("passed", Some(tally.sessions(Outcome::Ok).to_string()), "sessions ok"),
        (if failed > 0 { "failed" } else { "" }, Some(failed.to_string()), "failed"),
        ("", time(times.percentile(50.0)), "median"),
        ("", time(times.percentile(99.0)), "p99"),
        ("", time(times.max()), "slowest"),
    ];
    body.raw("<ul class=\"sum\">");
    for (class, told, name) in cards {
        // What was not measured is not told.
        let Some(told) = told else { continue };
        body.raw("<li").attr("class", class).raw("><strong>").text(told).raw("</strong>");
        body.raw(name).raw("</li>");
    }
    body.raw("</ul>\n");
}

fn figure(plot: &Plot, caption: &str, body: &mut Markup) {
    body.raw("<figure><div class=\"scroll\">\n").append(&plot.draw());
    body.raw("</div><figcaption>").text(caption).raw("</figcaption></figure>\n");
}

/// How many turns took how long: bars of one width on an axis of powers of ten.
fn distribution(times: &Histogram) -> Option<Plot> {
    let seconds = |time: Duration| time.as_secs_f64().max(1e-6);
    let (least, most) = (seconds(times.min()?), seconds(times.max()?));
    let x = Axis::durations(least, most);
    let step = (x.to().log10() - x.from().log10()) / f64::from(BARS);
    let mut bars = vec![0_u64; BARS as usize];
    for (middle, counted) in times.buckets() {
        let place =
            ((seconds(middle).log10() - x.from().log10()) / step).clamp(0.0, f64::from(BARS - 1));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it is below BARS
        let bar = &mut bars[place as usize];
        *bar = bar.saturating_add(counted);
    }
    let edge = |at: u32| 10_f64.powf(x.from().log10() + f64::from(at) * step);
    let drawn = (0..).zip(&bars).filter(|(_, counted)| **counted > 0).map(|(at, counted)| {
        let (from, to) = (edge(at), edge(at + 1));
        let [low, high] = [from, to].map(|time| short(Duration::from_secs_f64(time)));
        let title = format!("{} from {low} to {high}", count(*counted, "turn"));
        Mark::Bar { from, to, y: float(*counted), bad: false, title }
    });
    let marks = drawn.collect();
    let highest = bars.iter().max().copied().unwrap_or_default();
    let (title, y) = ("how many turns took how long".to_owned(), Axis::counts(float(highest), ""));
    Some(Plot { title, x, y, marks })
}

/// Turns a second, and failures, over time. What was turned in the last interval, if that was cut short, is no
/// rate: so many are whole.
fn rate(intervals: &[Option<&Interval>], seconds: u64, whole: u64) -> Plot {
    let turns = |one: Option<&Interval>| {
        one.map_or(0.0, |one| float(one.response.samples()) / float(seconds))
    };
    let failed = |one: Option<&Interval>| one.map_or(0.0, |one| float(one.failed) / float(seconds));
    let most = intervals.iter().map(|one| turns(*one).max(failed(*one))).fold(1.0, f64::max);
    let bars = intervals.iter().enumerate().filter(|(_, one)| failed(**one) > 0.0);
    let bars = bars.map(|(at, one)| {
        let from = float(at as u64 * seconds);
        let title = format!("{} failed", one.map_or(0, |one| one.failed));
        Mark::Bar { from, to: from + float(seconds), y: failed(*one), bad: true, title }
    });
    let mut rates = middles(intervals, seconds, |one| Some(turns(one)));
    rates.truncate(usize::try_from(whole).unwrap_or(usize::MAX));
    let line = Mark::Line("curve", rates);
    Plot {
        title: "turns a second over time".to_owned(),
        x: Axis::counts(float(intervals.len() as u64 * seconds), "s"),
        y: Axis::counts(most, ""),
        marks: bars.chain([line]).collect(),
    }
}

/// The median and the 99th percentile over time.
fn over_time(intervals: &[Option<&Interval>], seconds: u64) -> Plot {
    let percentile = |percent: f64| {
        move |one: Option<&Interval>| Some(one?.response.percentile(percent)?.as_secs_f64())
    };
    let lines = [
        middles(intervals, seconds, percentile(50.0)),
        middles(intervals, seconds, percentile(99.0)),
    ];
    let all = || lines.iter().flatten().map(|(_, time)| *time);
    let (least, most) = (all().fold(f64::MAX, f64::min), all().fold(1e-6, f64::max));
    let [median, p99] = lines.clone();
    Plot {
        title: "response times over time".to_owned(),
        x: Axis::counts(float(intervals.len() as u64 * seconds), "s"),
        y: Axis::durations(least.min(most), most),
        marks: vec![Mark::Line("curve faint", p99), Mark::Line("curve", median)],
    }
}

/// A value for each interval that has one, in the middle of it.
fn middles<'a>(
    intervals: &[Option<&'a Interval>],
    seconds: u64,
    value: impl Fn(Option<&'a Interval>) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let middle = |at: usize| (float(at as u64) + 0.5) * float(seconds);
    let all = intervals.iter().enumerate();
    all.filter_map(|(at, one)| Some((middle(at), value(*one)?))).collect()
}

#[allow(clippy::cast_precision_loss)] // nobody sees fifteen digits on a plot
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_that_was_cut_short_is_no_drop_of_the_rate() {
        let interval = |turns, failed| {
            let mut response = Histogram::coarse();
            (0..turns).for_each(|_| response.record(Duration::from_millis(1)));
            Interval { response, failed }
        };
        let all = [interval(20, 0), interval(30, 0), interval(1, 2)];
        let all: Vec<_> = all.iter().map(Some).collect();
        let title = "2 failed".to_owned();
        let failed = Mark::Bar { from: 2.0, to: 3.0, y: 2.0, bad: true, title };
        let line = |rates: &[(f64, f64)]| Mark::Line("curve", rates.to_vec());
        let rates = [(0.5, 20.0), (1.5, 30.0), (2.5, 1.0)];
        assert_eq!(rate(&all, 1, 2).marks, [failed.clone(), line(&rates[..2])]);
        assert_eq!(rate(&all, 1, 3).marks, [failed, line(&rates)]);
    }
}
