//! Looking out for an answer before the loop goes to sleep.
//!
//! A peer on the same machine answers a line in a few microseconds, and waking a thread that sleeps takes
//! as long again: in a conversation of line and answer that is a tenth of the time and more
//! (docs/performance.md has the figures). So when something was sent, the loop looks for the answer for a
//! moment. Where answers take longer, it soon looks only now and then: at most one wait in
//! [`MOST_SKIPPED`] costs the moment.

use std::io;
use std::num::NonZero;
use std::thread;
use std::time::Duration;

use mio::{Events, Poll};

use super::Clock;

/// How long an answer is looked for: several times what a peer on this machine takes.
const MOMENT: Duration = Duration::from_micros(50);

/// How many waits go by without a look where looks have been in vain.
const MOST_SKIPPED: u32 = 255;

/// Whether the loop looks out for an answer.
#[derive(Debug)]
pub(super) struct Eager {
    /// It ever does.
    able: bool,
    /// Something was sent since it last waited.
    sent: bool,
    /// How many waits the next look is away.
    skip: u32,
    /// How many waits are skipped after a look in vain.
    skips: u32,
}

impl Eager {
    /// Looks if `wanted`, and if a peer can answer while it does: not where there is but one processor.
    pub(super) fn new(wanted: bool) -> Eager {
        let able =
            wanted && thread::available_parallelism().is_ok_and(|all| all > NonZero::<usize>::MIN);
        Eager { able, sent: false, skip: 0, skips: 0 }
    }

    /// Something was sent, all of it, which may be answered.
    pub(super) fn sent(&mut self) {
        self.sent = true;
    }

    /// Waits for events, `wait` at most.
    pub(super) fn poll(
        &mut self,
        poll: &mut Poll,
        events: &mut Events,
        wait: Option<Duration>,
        clock: Clock,
    ) -> io::Result<()> {
        if std::mem::take(&mut self.sent) && wait.is_none_or(|wait| wait > MOMENT) && self.is_due()
        {
            let until = clock.now() + MOMENT;
            while clock.now() < until {
                poll.poll(events, Some(Duration::ZERO))?;
                if !events.is_empty() {
                    self.skips = 0;
                    return Ok(());
                }
            }
            self.skips = (self.skips * 2 + 1).min(MOST_SKIPPED);
            self.skip = self.skips;
        }
        poll.poll(events, wait)
    }

    fn is_due(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.able
    }
}

#[cfg(test)]
mod tests {
    use mio::{Token, Waker};

    use super::*;

    /// Waits like this, something having been sent; tells how many events came.
    fn wait(eager: &mut Eager, poll: &mut Poll, wait: Duration) -> usize {
        let mut events = Events::with_capacity(4);
        eager.sent();
        eager.poll(poll, &mut events, Some(wait), Clock::start()).unwrap();
        events.iter().count()
    }

    #[test]
    fn where_nobody_answers_it_looks_ever_less_often() {
        let mut poll = Poll::new().unwrap();
        let mut eager = Eager { able: true, ..Eager::new(true) };
        let mut looks = Vec::new();
        for round in 0..600 {
            let before = eager.skip;
            assert_eq!(wait(&mut eager, &mut poll, MOMENT + Duration::from_micros(1)), 0);
            if before == 0 {
                looks.push(round);
            }
        }
        assert_eq!(looks, [0, 2, 6, 14, 30, 62, 126, 254, 510]);
    }

    #[test]
    fn an_answer_has_it_look_again() {
        let mut poll = Poll::new().unwrap();
        let waker = Waker::new(poll.registry(), Token(7)).unwrap();
        let mut eager = Eager { able: true, skips: 31, ..Eager::new(true) };
        waker.wake().unwrap();
        assert_eq!(wait(&mut eager, &mut poll, Duration::from_secs(60)), 1);
        assert_eq!((eager.skip, eager.skips), (0, 0));
    }

    #[test]
    fn it_does_not_look_where_nothing_was_sent_nor_where_it_is_not_to() {
        let mut poll = Poll::new().unwrap();
        let mut events = Events::with_capacity(4);
        let mut eager = Eager { able: true, ..Eager::new(true) };
        let short = Some(MOMENT + Duration::from_micros(1));
        eager.poll(&mut poll, &mut events, short, Clock::start()).unwrap();
        assert_eq!(eager.skips, 0);
        let mut unable = Eager::new(false);
        assert_eq!(wait(&mut unable, &mut poll, MOMENT + Duration::from_micros(1)), 0);
        assert_eq!(unable.skips, 0);
    }
}
