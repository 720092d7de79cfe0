//! How late lines come at a rate that everybody can keep up with.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::crowd::{Crowd, MARK};
use crate::fan_out::write_all;
use crate::figures::percentile;
use crate::room::Room;
use crate::table::{Column, Heat, Sample};
use crate::{Options, Outcome};

/// Digits of the time in a line, in front of its mark: nanoseconds, hexadecimal.
const STAMP: usize = 16;

const COLUMNS: [Column; 3] = [
    Column::raced("p50, µs"),
    Column::raced("p99, µs"),
    Column::told("lines heard of those said, %"),
];

pub(crate) fn race(options: &Options) {
    println!("## Delivery latency at a given rate\n");
    println!(
        "One of the guests says lines of {} bytes, evenly spaced, each with the time when it was due. \
         A thread of its own does so; another hears all the others.\n",
        options.line
    );
    for guests in options.guests(&[100]) {
        for rate in [1000, 10_000] {
            let title = format!("{guests} guests, one says {rate} lines a second");
            let contestants: Vec<_> = Room::there(guests).into_iter().map(Room::name).collect();
            let heat = Heat { title: &title, columns: &COLUMNS };
            heat.run(options, &contestants, |name| run(options, Room::named(name)?, guests, rate));
        }
    }
}

fn run(options: &Options, room: Room, guests: usize, rate: u32) -> Outcome<Sample> {
    let open = room.open(true)?;
    let mut crowd = Crowd::enter(&open, guests, 1)?;
    let stream = crowd.sender(0)?;
    let lines = u64::from(rate) * options.time.max(500) / 1000;
    let said = Arc::new(AtomicU64::new(0));
    let origin = Instant::now();
    let (counted, length) = (said.clone(), options.line);
    let speaker = thread::spawn(move || -> Outcome<()> {
        let began = origin + Duration::from_millis(20);
        for n in 0..lines {
            let due = began + Duration::from_secs(1) * u32::try_from(n)? / rate;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let stamp = (due - origin).as_nanos();
            let text = format!("{stamp:0width$x}^", width = length - 2);
            write_all(&stream, room.said(&text).as_bytes())?;
            counted.store(n + 1, Ordering::Release);
        }
        Ok(())
    });
    let hears_itself = u64::from(room.parts_senders());
    let due = lines * (guests as u64 - 1 + hears_itself);
    let mut ears = vec![Vec::new(); crowd.guests.len()];
    let mut latencies = Vec::new();
    let end = Duration::from_millis(options.time.max(500)) * 3 + Duration::from_secs(2);
    while crowd.delivered() < due && origin.elapsed() < end {
        crowd.hear(Duration::from_millis(10), &mut |n, piece| {
            let now = origin.elapsed();
            stamps(&mut ears[n], piece, |stamp| {
                let late = now.saturating_sub(Duration::from_nanos(stamp)).as_nanos();
                latencies.push(u64::try_from(late).unwrap_or(u64::MAX));
            });
        })?;
    }
    crowd.all_there()?;
    speaker.join().map_err(|_| "the speaker panicked")??;
    latencies.sort_unstable();
    let at = |part| percentile(&latencies, part) as f64 / 1000.0;
    Ok(vec![at(0.5), at(0.99), 100.0 * crowd.delivered() as f64 / due as f64])
}

/// Hands on the time in each line whose mark is in this piece; `ear` has the end of the piece before.
fn stamps(ear: &mut Vec<u8>, piece: &[u8], mut heard: impl FnMut(u64)) {
    let mut read = |digits: &[u8]| {
        let stamp = std::str::from_utf8(digits).ok().and_then(|s| u64::from_str_radix(s, 16).ok());
        heard(stamp.unwrap_or(0));
    };
    for mark in memchr::memchr_iter(MARK, piece) {
        if let Some(from) = mark.checked_sub(STAMP) {
            read(&piece[from..mark]);
        } else {
            let digits = [ear.as_slice(), &piece[..mark]].concat();
            read(&digits[digits.len().saturating_sub(STAMP)..]);
        }
    }
    ear.extend_from_slice(&piece[piece.len().saturating_sub(STAMP)..]);
    ear.drain(..ear.len().saturating_sub(STAMP));
}
