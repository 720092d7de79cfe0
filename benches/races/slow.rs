//! What the others hear while one guest does not read.

use std::time::{Duration, Instant};

use crate::crowd::Crowd;
use crate::room::Room;
use crate::table::{Column, Heat, Sample};
use crate::{Options, Outcome};

/// A silence after which nothing more comes.
const DRAIN: Duration = Duration::from_secs(2);

const COLUMNS: [Column; 4] = [
    Column::raced("longest silence, ms"),
    Column::raced("lines delivered a second"),
    Column::told("lines lost"),
    Column::told("guests dropped, the slow one apart"),
];

pub(crate) fn race(options: &Options) {
    println!("## One guest never reads\n");
    println!(
        "One guest speaks at full speed, lines of {} bytes; one never reads; the longest time that any \
         of the others heard nothing. Servers have their own bounds of what waits for a guest. What is \
         under way to those who read is bounded by {} bytes.\n",
        options.line, options.window
    );
    for guests in options.guests(&[100]) {
        let title = format!("{guests} guests, and one that never reads");
        let rooms = Room::there(guests).into_iter().filter(|room| *room != Room::Bare);
        let contestants: Vec<_> = rooms.map(Room::name).collect();
        let heat = Heat { title: &title, columns: &COLUMNS };
        heat.run(options, &contestants, |name| run(options, Room::named(name)?, guests));
    }
}

fn run(options: &Options, room: Room, guests: usize) -> Outcome<Sample> {
    let open = room.open(false)?;
    let mut crowd = Crowd::enter(&open, guests + 1, 1)?;
    crowd.prepare(options.line);
    let slow = guests;
    crowd.guests[slow].reads = false;
    let window = (options.window / options.line) as u64;
    let began = Instant::now();
    let hears = |n: &usize| crowd.guests[*n].hears && *n != slow && !crowd.senders.contains(n);
    let others: Vec<usize> = (0..crowd.guests.len()).filter(hears).collect();
    let speaks: Vec<bool> = (0..crowd.guests.len()).map(|n| crowd.senders.contains(&n)).collect();
    let mut last = vec![began; crowd.guests.len()];
    let mut silence = Duration::ZERO;
    let time = options.time() * 3;
    while began.elapsed() < time {
        let wait = if crowd.speak(window) { Duration::ZERO } else { Duration::from_millis(10) };
        crowd.hear(wait, &mut |n, _| {
            let now = Instant::now();
            if !speaks[n] {
                silence = silence.max(now - last[n]);
            }
            last[n] = now;
        })?;
    }
    let rate = crowd.delivered() as f64 / began.elapsed().as_secs_f64();
    let open_ended = others.iter().map(|&n| last[n].elapsed()).max();
    silence = silence.max(open_ended.unwrap_or_default());
    let (lost, dropped) = drain(&mut crowd, slow)?;
    Ok(vec![silence.as_secs_f64() * 1000.0, rate, lost, dropped])
}

/// Lines that did not come, also when waited for, and guests that were dropped though they read.
fn drain(crowd: &mut Crowd, slow: usize) -> Outcome<(f64, f64)> {
    if crowd.delivered() > 0 {
        crowd.finish()?;
    }
    let others: Vec<usize> =
        (0..crowd.guests.len()).filter(|&n| crowd.guests[n].hears && n != slow).collect();
    let lost = |crowd: &Crowd| -> u64 {
        others.iter().map(|&n| crowd.due(n).saturating_sub(crowd.guests[n].heard)).sum()
    };
    crowd.listen_out(DRAIN, |crowd| lost(crowd) == 0)?;
    let dropped = others.iter().filter(|&&n| crowd.guests[n].closed).count();
    Ok((lost(crowd) as f64, dropped as f64))
}
