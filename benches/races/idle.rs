//! Memory of a guest that is only there.

use std::thread::sleep;
use std::time::Duration;

use crate::crowd::Crowd;
use crate::room::Room;
use crate::table::{Column, Heat, Sample};
use crate::{Options, Outcome};

pub(crate) fn race(options: &Options) {
    println!("## Memory of an idle guest\n");
    println!(
        "The server's proportional set size with all guests in the room, less that with none, divided \
         by the guests; after all have heard each other once.\n"
    );
    for guests in options.guests(&[1000, 10_000]) {
        let title = format!("{guests} idle guests");
        // They hold nothing for a guest but its descriptor: what is left is the noise of the measure.
        let copies = [Room::Bare, Room::Broker, Room::Chat];
        let rooms = Room::there(guests).into_iter().filter(|room| !copies.contains(room));
        let contestants: Vec<_> = rooms.map(Room::name).collect();
        let columns = [Column::raced("bytes a guest")];
        let heat = Heat { title: &title, columns: &columns };
        heat.run(options, &contestants, |name| run(Room::named(name)?, guests));
    }
}

fn run(room: Room, guests: usize) -> Outcome<Sample> {
    let open = room.open(true)?;
    sleep(Duration::from_millis(50));
    let before = open.process.memory()?;
    let crowd = Crowd::enter(&open, guests, 1)?;
    sleep(Duration::from_millis(200));
    crowd.all_there()?;
    Ok(vec![(open.process.memory()? - before) / guests as f64])
}
