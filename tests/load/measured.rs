//! What is measured, and what it is to be believed. Nothing here fails on a slow machine: times have lower
//! bounds, which a server makes that is slow on purpose, and are compared with each other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::answers::{Answer, Answers};
use super::*;

#[test]
fn a_server_that_stalls_raises_the_response_time_and_not_the_service_time() {
    let turn = AtomicU64::new(0);
    let server = Answers::start(move |line| {
        if turn.fetch_add(1, Ordering::SeqCst) == 100 {
            thread::sleep(Duration::from_millis(500));
        }
        Answer::Say(line.to_owned())
    });
    let told = load(hellos(300).path(), "hello.json", &server.addr(), &["--rate", "300"], 0);
    told.ended([1, 0, 0, 0, 0, 0]).turns(300);
    // Of 150 turns that were due meanwhile, one was answered late, and all others were begun late.
    let [response, service] =
        ["response", "service"].map(|time| told.number(&format!("/{time}/p90_ms")));
    assert!(response >= 250.0 && service < response, "{}", told.json);
    for time in ["response", "service"] {
        assert!(told.number(&format!("/{time}/max_ms")) >= 500.0, "{}", told.json);
    }
}

#[test]
fn a_rate_that_cannot_be_met_is_said_not_to_have_been() {
    let server = Answers::start(|line| {
        thread::sleep(Duration::from_millis(20));
        Answer::Say(line.to_owned())
    });
    let options = ["--rate", "1000", "--clients", "2"];
    let told = load(hellos(20).path(), "hello.json", &server.addr(), &options, 0);
    told.ended([2, 0, 0, 0, 0, 0]).turns(40);
    assert_eq!(told.json.pointer("/rate/met"), Some(&Value::Bool(false)), "{}", told.json);
    assert!(told.number("/rate/achieved") <= 100.0 + 5.0, "{}", told.json);
    // The last of them was to begin after 39 ms, and could after 380.
    assert!(told.number("/response/max_ms") >= 340.0, "{}", told.json);
}

#[test]
fn turns_are_spread_over_time_and_none_begins_early() {
    let server = Answers::echo();
    let options = ["--rate", "100", "--clients", "4"];
    for file in ["hello.json", "hello.chat"] {
        let told = load(hellos(10).path(), file, &server.addr(), &options, 0);
        told.ended([4, 0, 0, 0, 0, 0]).turns(40);
        // The last of them was to begin after 390 ms.
        assert!(told.number("/elapsed_ms") >= 390.0, "{}", told.json);
    }
}

#[test]
fn clients_begin_one_after_the_other() {
    let server = Answers::echo();
    let options = ["--clients", "3", "--ramp", "300ms"];
    let told = load(hellos(1).path(), "hello.json", &server.addr(), &options, 0);
    told.ended([3, 0, 0, 0, 0, 0]).turns(3);
    assert!(told.number("/elapsed_ms") >= 200.0, "{}", told.json);
}

#[test]
fn a_known_delay_is_measured_and_never_less() {
    let said: Vec<String> = (0..4)
        .flat_map(|_| [client("hello"), server("hello").replace("\"dt\":1", "\"dt\":50")])
        .collect();
    let dir = folder(&[("slow.json", &tape(&said))]);
    let args = ["--listen", "127.0.0.1:0", "--stay", "--replay", "slow.json", "--pace", "recorded"];
    let mock = Repl::new().args(args).stdin("").current_dir(dir.path()).spawn();
    let options = ["--clients", "2", "--times", "2"];
    let told = load(dir.path(), "slow.json", &mock.listening_addr(), &options, 0);
    told.ended([4, 0, 0, 0, 0, 0]).turns(16);
    assert!(told.number("/service/min_ms") >= 50.0, "{}", told.json);
}
