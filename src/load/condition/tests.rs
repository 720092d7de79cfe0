use super::super::results::tests::{MS, plan, turns};
use super::*;
use crate::units::At;
use jiff::Timestamp;
use proptest::prelude::*;

fn parse(text: &str) -> Condition {
    text.parse().unwrap_or_else(|err| panic!("{err}"))
}

/// A hundred turns of 1 to 100 ms, in ten sessions, one of which failed.
fn results(rate: Option<f64>) -> Results {
    let mut tally = turns(0, MS);
    for n in 1..=100 {
        tally.turn(At::START + n * 10 * MS, n * MS, MS);
    }
    for n in 0..10 {
        tally.began();
        tally.connected(MS);
        let how = if n == 0 { Outcome::Mismatched } else { Outcome::Ok };
        tally.ended(At::START, how);
    }
    Results::of(plan(rate), Timestamp::UNIX_EPOCH, 1000 * MS, None, tally)
}

#[test]
fn a_condition_holds_or_does_not() {
    let results = results(Some(200.0));
    for text in [
        "p99>98ms",
        "p50 >= 50ms",
        "response.p90<= 91ms",
        "service.max<2ms",
        "connect.min>=1ms",
        "mean>50ms",
        "max>=100ms",
        "failed>0",
        "mismatched>=10%",
        "ok<95%",
        "timed-out<1",
        "in-flight<=0",
        "refused<0.1%",
        "closed<1",
        "turns<1000",
        "rate<150",
        "rate<99%",
    ] {
        let breach = parse(text).breach(&results);
        assert!(matches!(breach, Some(Breach::Holds(_))), "{text}: {breach:?}");
    }
    for text in ["p99>1s", "failed>1", "mismatched>10%", "turns<100", "rate<1%", "connect.max>1s"] {
        assert_eq!(parse(text).breach(&results), None, "{text}");
    }
}

#[test]
fn what_a_figure_is_is_told() {
    let results = results(None);
    let told = |text| parse(text).breach(&results).map(|breach| breach.to_string());
    assert_eq!(told("p90>1ms").as_deref(), Some("it is 90.0ms"));
    assert_eq!(told("mismatched>1%").as_deref(), Some("it is 1 of 10 sessions"));
    assert_eq!(told("turns<1000").as_deref(), Some("there were 100"));
    assert_eq!(told("rate>1").as_deref(), Some("it is 100 turns a second"));
}

#[test]
fn what_was_not_measured_fails() {
    let results = results(None);
    let none = Results { tally: turns(0, MS), ..results.clone() };
    for (text, results, why) in [
        ("p99.9>1s", &results, "it has 100 samples, and p99.9 needs 1000"),
        ("connect.p99>1s", &results, "it has 10 samples, and p99 needs 100"),
        ("rate<99%", &results, "no rate was asked for"),
        ("max>1s", &none, "it has no sample"),
        ("failed>1%", &none, "no session began"),
        ("rate<1", &none, "no turn ended well"),
    ] {
        let breach = parse(text).breach(results);
        let Some(Breach::Unmeasured(told)) = breach else { panic!("{text}: {breach:?}") };
        assert!(told.contains(why), "{text}: {told}");
    }
    assert_eq!(parse("turns<1").breach(&none), Some(Breach::Holds("there were 0".into())));
}

#[test]
fn an_error_points_at_the_place() {
    for (text, shown) in [
        (
            "p99>50",
            "`50` has no unit: write a number and a unit: `200ms`, `2s` or `1m`\n  p99>50\n      ^^",
        ),
        ("p99", "nothing is compared: write `>`, `>=`, `<` or `<=`, and a bound\n  p99\n     ^"),
        ("p99==1s", "`==` is none of `>`, `>=`, `<` and `<=`\n  p99==1s\n     ^^"),
        (
            "p99.9999999999>1s",
            "`p99.9999999999` needs more samples than there will be: write `p99.999`\n  \
             p99.9999999999>1s\n  ^^^^^^^^^^^^^^",
        ),
        ("p100>1s", "there is no `p100`: a percentile is above 0 and below 100\n  p100>1s\n  ^^^^"),
        ("turns<5%", "`5%` of how many? write a number: `1000`\n  turns<5%\n        ^^"),
        (
            "failed > ",
            "`` is no number: write how many, or which part: `10`, `0.1%`\n  failed > \n           ^",
        ),
    ] {
        assert_eq!(text.parse::<Condition>().unwrap_err().to_string(), shown);
    }
    for text in
        ["", ">1", "p>1s", "service.failed>1", "latency>1s", "connect>1s", "rate<-1", "rate<1e9"]
    {
        let told = text.parse::<Condition>().unwrap_err().to_string();
        assert!(told.ends_with('^'), "{told}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_condition_or_an_error_that_can_be_shown(text: String) {
        match text.parse::<Condition>() {
            Ok(condition) => prop_assert_eq!(condition.to_string(), text.trim()),
            Err(error) => prop_assert!(error.to_string().ends_with('^')),
        }
    }

    #[test]
    fn what_is_written_is_what_is_compared(
        figure in prop::sample::select(vec!["p99", "service.min", "connect.mean", "max"]),
        op in prop::sample::select(vec![">", ">=", "<", "<="]),
        micros in 0..10_000_000_u32,
        space in " ?",
    ) {
        let condition = parse(&format!("{figure}{space}{op}{space}{micros}us"));
        let bound = Duration::from_secs_f64(condition.bound);
        prop_assert_eq!(bound, Duration::from_micros(micros.into()));
        prop_assert!(!condition.is_part && !condition.is_about_sessions());
    }
}
