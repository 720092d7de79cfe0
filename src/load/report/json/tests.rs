use super::*;
use crate::load::results::tests::{MS, plan, turns};
use crate::units::At;
use jiff::Timestamp;
use serde_json::{Value, json as object};

fn results(rate: Option<f64>) -> Results {
    let mut tally = turns(2000, 5 * MS);
    tally.began();
    tally.connected(MS);
    tally.ended(At::START, Outcome::Mismatched);
    tally.failed("no reply", || "error: no reply".to_owned());
    tally.sent(2000, 9000);
    Results::of(plan(rate), Timestamp::UNIX_EPOCH, 3000 * MS, Some(300 * MS), tally)
}

fn value(results: &Results) -> Value {
    serde_json::from_str(&json(results).unwrap()).unwrap()
}

#[test]
fn it_has_every_figure() {
    let mut value = value(&results(Some(1000.0)));
    for name in ["response", "service", "connect"] {
        assert!(value[name]["histogram"].take().as_str().unwrap().starts_with("HISTFA"));
    }
    let times = object!({
        "samples": 2000, "min_ms": 5.0, "mean_ms": 5.0, "p50_ms": 5.0, "p90_ms": 5.0,
        "p99_ms": 5.0, "p99.9_ms": 5.0, "max_ms": 5.0, "histogram": null,
    });
    let connect = object!(
        {"samples": 1, "min_ms": 1.0, "mean_ms": 1.0, "max_ms": 1.0, "histogram": null}
    );
    let intervals = value["series"]["intervals"].take();
    let expected = object!({
        "chat-repl": "load", "version": 1,
        "runs": [{
            "started": "1970-01-01T00:00:00.000Z", "file": "talk.chat", "address": "localhost:7000",
            "clients": 10, "times": 1, "rate": 1000.0, "ramp_ms": 0.0, "threads": 1,
            "processors": 2,
            "elapsed_ms": 3000.0, "turning_ms": [0.0, 2000.0], "cpu_ms": 300.0,
        }],
        "elapsed_ms": 3000.0,
        "sessions": {
            "began": 1, "ok": 0, "mismatched": 1, "timed_out": 0, "refused": 0, "closed": 0,
            "in_flight": 0,
        },
        "turns": 2000,
        "rate": {"asked": 1000.0, "achieved": 1000.0, "met": true},
        "sent": {"lines": 2000, "bytes": 9000}, "received": {"lines": 0, "bytes": 0},
        "response": times, "service": times, "connect": connect,
        "series": {"seconds": 1, "intervals": null},
        "failures": [{"cause": "no reply", "count": 1, "example": "error: no reply"}],
        "other_failures": 0,
    });
    assert_eq!(value, expected);
    let turns: Vec<_> = intervals.as_array().unwrap().iter().map(|one| &one["turns"]).collect();
    assert_eq!(turns, [995, 1000, 5]);
    assert_eq!(intervals[0]["failed"], 1);
}

#[test]
fn what_is_written_is_read() {
    for rate in [None, Some(0.5)] {
        let written = json(&results(rate)).unwrap();
        let read = read(&written).unwrap();
        assert_eq!(json(&read).unwrap(), written);
        assert_eq!(read.tally.response, results(rate).tally.response);
        assert_eq!(read.tally.series, results(rate).tally.series);
    }
}

#[test]
fn what_was_not_measured_is_not_in_it() {
    let none = Results { tally: Tally::new(), ..results(None) };
    let value = value(&none);
    for name in ["response", "service", "connect"] {
        assert!(value.get(name).is_none(), "{name}");
    }
    assert_eq!(value["rate"], object!({}));
    assert!(read(&json(&none).unwrap()).is_ok());
}

#[test]
fn what_is_no_load_is_refused() {
    for (text, why) in [
        ("", "line 1 column 0"),
        ("[]", "what `chat-repl load --json` prints"),
        (r#"{"chat-repl":"transcript","version":1}"#, r#"is "transcript""#),
        (r#"{"chat-repl":"load","version":2}"#, "version 2"),
        (r#"{"chat-repl":"load","version":1}"#, "missing field `runs`"),
    ] {
        let told = read(text).unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let whole = value(&results(None));
    // Nobody looks at what such intervals have.
    let mut unread = whole["series"]["intervals"][0].clone();
    unread["response"]["histogram"] = object!("AAAA");
    for (pointer, with, why) in [
        ("/runs", object!([]), "no runs"),
        ("/runs/0/times", object!(null), "either `times` or"),
        ("/runs/0/rate", object!(-1.0), "is not above 0"),
        ("/runs/0/elapsed_ms", object!(-1.0), "is no duration"),
        ("/runs/0/turning_ms", object!([2, 1]), "ends before it begins"),
        ("/turns", object!(7), "more or fewer turns"),
        ("/service/histogram", object!("AAAA"), "service: its `histogram`"),
        ("/service/max_ms", object!(7000), "another `min_ms`"),
        ("/connect/samples", object!(2), "connect: its `histogram`"),
        ("/sessions/ok", object!(9), "more sessions ended"),
        ("/sessions/ok", object!(u64::MAX), "is no count"),
        ("/series/seconds", object!(3), "series: its intervals have no possible length"),
        ("/series/intervals", vec![unread; 3601].into(), "series: it has too many intervals"),
        ("/failures/0/count", object!(u64::MAX), "is no count"),
    ] {
        let mut wrong = whole.clone();
        if pointer == "/runs/0/rate" {
            wrong["runs"][0]["rate"] = with;
        } else {
            *wrong.pointer_mut(pointer).expect(pointer) = with;
        }
        let told = read(&wrong.to_string()).unwrap_err().to_string();
        assert!(told.contains(why), "{pointer}: {told}");
    }
}

#[test]
fn what_is_longer_than_any_is_not_parsed() {
    let text = "[".repeat(MOST_BYTES + 1);
    assert!(matches!(read(&text), Err(ReadError::Long)));
    assert!(matches!(read(&text[1..]), Err(ReadError::Json(_))));
}

#[test]
fn unknown_keys_are_passed_over() {
    let mut more = value(&results(None));
    more["later"] = object!(1);
    assert!(read(&more.to_string()).is_ok());
}
