//! A room in which people come and go all the time, some of them rudely: nothing is lost for those who
//! stay, and nothing is left of those who went.

use std::env;
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::crowd::{Crowd, TIMES};
use super::room;
use crate::support::ends::fail;
use crate::support::running::Running;

/// Who stays, and who of them talks: the first.
const STAYING: usize = 6;
const TALKING: usize = 3;

/// How many lines each talker says a round.
const LINES: u32 = 20;

/// Somebody who comes and goes.
struct Passer {
    stream: TcpStream,
    until: u32,
    number: u32,
}

/// A room, those who stay in it, and those who do not.
struct Soak {
    host: Running,
    addr: String,
    crowd: Crowd,
    passing: Vec<Passer>,
    come: u32,
    round: u32,
}

#[test]
fn who_stays_loses_nothing_while_others_come_go_stall_and_are_kicked() {
    let seconds = env::var("CHAT_REPL_TEST_SOAK").ok().map(|text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(2));
    let (host, addr) = room(&["--outbox", "256KiB", "--max-line", "16KiB"]);
    let before = host.holds();
    let (crowd, passing) = (Crowd::new(), Vec::new());
    let mut soak = Soak { host, addr, crowd, passing, come: 0, round: 0 };
    soak.settle_in();
    while Instant::now() < end {
        soak.goes_on();
    }
    soak.passing.clear();
    soak.wait_for_descriptors(before.0 + STAYING);
    assert_eq!(soak.host.holds().1, before.1, "threads");
    let order = &soak.crowd.guests[STAYING - 1].heard;
    for (index, guest) in soak.crowd.guests.iter().enumerate() {
        let own = u32::try_from(index).unwrap();
        let wanted = order.iter().filter(|line| **line / TIMES != own);
        assert!(guest.heard.iter().eq(wanted), "guest {index} heard something else");
    }
    for talker in 0..u32::try_from(TALKING).unwrap() {
        let said = order.iter().filter(|line| **line / TIMES == talker).map(|line| line % TIMES);
        assert!(said.eq(0..soak.round * LINES), "what talker {talker} said, in that order");
    }
    if seconds.is_some() {
        let (rounds, come, peak) = (soak.round, soak.come, soak.host.peak_memory() >> 10);
        eprintln!("{rounds} rounds, {come} came and went, {peak} KiB at most");
    }
    assert!(soak.host.peak_memory() < 64 << 20, "{} bytes", soak.host.peak_memory());
    soak.host.signal(Signal::TERM);
    soak.host.wait().exited(0);
}

impl Soak {
    fn settle_in(&mut self) {
        (0..STAYING).for_each(|_| self.crowd.joins(&self.addr, Vec::new()));
        self.crowd.until(|_, guest| guest.greeted);
        for talker in 0..TALKING {
            self.crowd.says(talker, &format!("/nick talker-{talker}\n"));
        }
        self.crowd.says(STAYING - 1, "/nick watcher\n");
        self.host.write("hello\n"); // the host is here from now on
    }

    /// Some come, some go, all who talk talk; those who stay hear it all.
    fn goes_on(&mut self) {
        self.come_in();
        let (round, first) = (self.round, self.round * LINES);
        let (gone, here) = std::mem::take(&mut self.passing)
            .into_iter()
            .partition::<Vec<Passer>, _>(|passer| passer.until <= round);
        gone.into_iter().for_each(leave);
        self.passing = here;
        for talker in 0..TALKING {
            let said = |n| format!("said {talker} {n} {}\n", ".".repeat(n as usize % 200));
            let lines: Vec<String> = (first..first + LINES).map(said).collect();
            self.crowd.says(talker, &lines.concat());
        }
        self.round += 1;
        let all = (self.round * LINES) as usize;
        self.crowd.until(|index, guest| {
            guest.heard.len() >= all * if index < TALKING { TALKING - 1 } else { TALKING }
        });
        // Whoever is known to have the name is still here: a fifth of them wait to be kicked.
        for number in std::mem::take(&mut self.crowd.guests[STAYING - 1].renamed) {
            if number.is_multiple_of(5) {
                self.host.write(format!("/kick churn-{number} in the way\n"));
            }
        }
    }

    fn come_in(&mut self) {
        for _ in 0..3 {
            let mut stream =
                TcpStream::connect(&self.addr).unwrap_or_else(|err| fail(&err.to_string()));
            let number = self.come;
            self.come += 1;
            // One that stalls reads nothing, and is dropped at last, if the soak is long enough.
            let stay = if number.is_multiple_of(5) { u32::MAX } else { number * 7 % 40 };
            let words = format!("/nick churn-{number}\nhello\n/who\nhalf");
            // It may have been refused or dropped, as a guest that does not read may be.
            stream.write_all(words.as_bytes()).ok();
            self.passing.push(Passer { stream, until: self.round.saturating_add(stay), number });
        }
        // Who was kicked is gone on this side as well, in a while.
        let kicked = |passer: &Passer| passer.until == u32::MAX && passer.number + 600 < self.come;
        self.passing.retain(|passer| !kicked(passer));
    }

    /// Waits until the room holds so many descriptors, while it goes on.
    fn wait_for_descriptors(&mut self, wanted: usize) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.host.holds().0 != wanted {
            if Instant::now() > deadline {
                fail(&format!("it holds {} descriptors, not {wanted}", self.host.holds().0));
            }
            // A question, and its answer: what was said before is done by then.
            self.crowd.guests[STAYING - 1].greeted = false;
            self.crowd.says(STAYING - 1, "/nick watcher\n");
            self.crowd.until(|_, guest| guest.greeted);
        }
    }
}

/// In one way or another: with a word, a half-close, or, since it has not read what came, a reset.
fn leave(passer: Passer) {
    let mut stream = passer.stream;
    match passer.number % 3 {
        0 => drop(stream.write_all(b"\n/quit\n")),
        1 => drop(stream.shutdown(Shutdown::Write)),
        _ => {}
    }
}
