//! Lines a second from guests to guests.

use std::time::{Duration, Instant};

use crate::crowd::Crowd;
use crate::process::busy_here;
use crate::room::Room;
use crate::table::{Column, Heat, Sample};
use crate::{Options, Outcome};

/// What a room is given to get up to speed.
const WARM_UP: Duration = Duration::from_millis(200);

const COLUMNS: [Column; 4] = [
    Column::raced("lines delivered a second"),
    Column::raced("lines in a second of its processor"),
    Column::told("its processor, %"),
    Column::told("generator's, %"),
];

pub(crate) fn race(options: &Options) -> Outcome<()> {
    println!("## Fan-out of a room\n");
    println!(
        "Lines of {} bytes, at full speed. No more than {} bytes are under way: said, and not heard \
         by the slowest guest. Redis has the senders on conns of their own, and all guests hear all.\n",
        options.line, options.window
    );
    println!("{}\n", checked(100, 10)?);
    for guests in options.guests(&[2, 10, 100, 1000]) {
        for &senders in options.senders.iter().filter(|&&senders| senders <= guests) {
            let title = format!("{guests} guests, {senders} of them speak");
            let contestants: Vec<_> = Room::there(guests).into_iter().map(Room::name).collect();
            let heat = Heat { title: &title, columns: &COLUMNS };
            heat.run(options, &contestants, |name| {
                run(options, Room::named(name)?, guests, senders)
            });
        }
    }
    Ok(())
}

fn run(options: &Options, room: Room, guests: usize, senders: usize) -> Outcome<Sample> {
    let open = room.open(true)?;
    let mut crowd = Crowd::enter(&open, guests, senders)?;
    crowd.prepare(options.line);
    let window = (options.window / options.line) as u64;
    talk(&mut crowd, window, WARM_UP)?;
    let (before, busy, busy_there) = (crowd.delivered(), busy_here(), open.process.busy());
    let began = Instant::now();
    talk(&mut crowd, window, options.time())?;
    let took = began.elapsed().as_secs_f64();
    let delivered = crowd.delivered() - before;
    let here = busy_here() - busy;
    let there = open.process.busy() - busy_there;
    crowd.all_there()?;
    let delivered = delivered as f64;
    Ok(vec![delivered / took, delivered / there, 100.0 * there / took, 100.0 * here / took])
}

/// Everybody who speaks does so for this long.
fn talk(crowd: &mut Crowd, window: u64, time: Duration) -> Outcome<()> {
    let began = Instant::now();
    while began.elapsed() < time {
        let wait = if crowd.speak(window) { Duration::ZERO } else { Duration::from_millis(10) };
        crowd.hear(wait, &mut |_, _| ())?;
    }
    Ok(())
}

/// Lines that each sender says in the checked run.
const CHECKED: usize = 2000;

/// Has numbered lines said at full speed, and looks at each that comes: the name before it, its place after
/// the one before of the same sender, and that all who only hear have heard the very same.
fn checked(guests: usize, senders: usize) -> Outcome<String> {
    let open = Room::Ours.open(true)?;
    let mut crowd = Crowd::enter(&open, guests, senders)?;
    let mut threads = Vec::new();
    for n in 0..senders {
        let stream = crowd.sender(n)?;
        let said = numbered("");
        threads.push(std::thread::spawn(move || write_all(&stream, said.as_bytes())));
    }
    let mut heard = vec![Vec::new(); guests];
    let due = |n: usize| CHECKED * (senders - usize::from(n < senders));
    let began = Instant::now();
    while crowd.guests.iter().enumerate().any(|(n, guest)| guest.heard < due(n) as u64) {
        crowd.hear(Duration::from_millis(10), &mut |n, piece| heard[n].extend_from_slice(piece))?;
        crowd.all_there()?;
        if began.elapsed() > Duration::from_secs(60) {
            return Err("the room lost lines".into());
        }
    }
    for thread in threads {
        thread.join().map_err(|_| "a sender panicked")??;
    }
    let prefixes: Vec<String> = (1..=senders).map(|n| format!("guest-{n}: ")).collect();
    for (n, heard) in heard.iter().enumerate() {
        let heard = std::str::from_utf8(heard)?;
        for (sender, prefix) in prefixes.iter().enumerate().filter(|&(sender, _)| sender != n) {
            let theirs = heard.lines().filter(|line| line.starts_with(prefix));
            if !theirs.eq(numbered(prefix).lines()) {
                return Err(format!("guest {n} has not heard what guest {sender} said").into());
            }
        }
        if heard.lines().count() != due(n) {
            return Err(format!("guest {n} has heard more than was said").into());
        }
    }
    if heard[senders..].iter().any(|others| *others != heard[guests - 1]) {
        return Err("guests heard different orders".into());
    }
    Ok(format!(
        "Checked before: of {} lines at full speed, {} reached {guests} guests with their names, \
         each sender's in order, the same order for all, none lost, none twice.",
        CHECKED * senders,
        crowd.delivered()
    ))
}

/// What a sender of the checked run says, with this before each line.
fn numbered(prefix: &str) -> String {
    let lines = (0..CHECKED).map(|n| [prefix, &format!("{n:062}^\n")].concat());
    lines.collect::<Vec<_>>().concat()
}

/// Writes all to a conn that does not block.
pub(crate) fn write_all(mut stream: &std::net::TcpStream, mut bytes: &[u8]) -> Outcome<()> {
    use std::io::{ErrorKind, Write};
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(size) => bytes = &bytes[size..],
            Err(e) if e.kind() == ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_micros(50));
            }
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}
