//! Input that nobody wrote, for what reads from outside: transcripts, and the wire.
//!
//! A second each in the suite. `CHAT_REPL_FUZZ=600` goes on for that many seconds, each time from
//! another seed; `CHAT_REPL_FUZZ_SEED` begins with the seed that a failure told.

mod codec;
mod mutate;
mod random;
mod reader;
mod room;

use std::any::Any;
use std::env;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant, SystemTime};

use crate::support::DEADLINE;
use random::Random;

/// Checks inputs made from one seed after another, until the time is over.
///
/// # Panics
/// With the input and its seed, where `check` panics or takes longer than any input may.
fn run(name: &str, make: impl Fn(&mut Random) -> Vec<u8>, check: impl Fn(&[u8], &mut Random)) {
    let asked = env::var("CHAT_REPL_FUZZ").ok().map(|text| text.parse().expect("seconds"));
    let length = Duration::from_secs(asked.unwrap_or(1));
    let given = env::var("CHAT_REPL_FUZZ_SEED").ok().map(|text| text.parse().expect("a number"));
    let now =
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock that is set");
    let first = given.unwrap_or(if asked.is_some() { now.as_secs() << 32 } else { 0 });
    let started = Instant::now();
    let mut seed = first;
    let mut slowest = (Duration::ZERO, seed);
    while seed == first || started.elapsed() < length {
        let mut random = Random::new(seed);
        let input = make(&mut random);
        let began = Instant::now();
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(&input, &mut random))) {
            panic!("{name}, seed {seed}: {}\n{}", said(&*panic), shown(&input));
        }
        slowest = slowest.max((began.elapsed(), seed));
        assert!(slowest.0 < DEADLINE, "{name}, seed {seed}: no end\n{}", shown(&input));
        seed += 1;
    }
    let (took, seed_of_it) = slowest;
    let told = format!("{name}: {} inputs, the slowest {seed_of_it} in {took:?}", seed - first);
    // Past the capture of `eprintln!`, for whoever asked for it.
    if asked.is_some() {
        let _ = writeln!(io::stderr(), "{told}");
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic")
}

/// An input as it can be pasted into a byte string.
fn shown(input: &[u8]) -> String {
    let begin = &input[..input.len().min(20_000)];
    format!("{} bytes: b\"{}\"", input.len(), begin.escape_ascii())
}
