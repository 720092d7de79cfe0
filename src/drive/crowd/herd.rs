//! The loop over the clients of one thread.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::{Events, Poll, Registry, Token, Waker};

use super::alarm::Alarm;
use super::client::Client;
use super::{Crowd, Gauge};
use crate::drive::{Clock, Stop};
use crate::units::{At, Due};

/// What wakes the loop from outside.
const WAKER: Token = Token(0);

/// What wakes it at a time.
const ALARM: Token = Token(1);

/// The token of the first client.
const FIRST: usize = 2;

/// How many bytes are read at once. A reply that is longer is read in several turns of the loop, so that it
/// holds up no other for long.
const READ: usize = 64 << 10;

/// How often others are told what was counted.
const LOOK: Duration = Duration::from_millis(100);

/// What all clients of a thread use.
pub(super) struct Scene<'a, G> {
    pub(super) crowd: &'a Crowd,
    pub(super) clock: Clock,
    pub(super) registry: Registry,
    pub(super) waker: Arc<Waker>,
    pub(super) gauge: G,
    pub(super) buf: Box<[u8]>,
}

struct Herd<'a, G> {
    scene: Scene<'a, G>,
    poll: Poll,
    /// Where turns are due at times of their own.
    alarm: Option<Alarm>,
    clients: Vec<Client>,
    /// When those are to be looked at that wait.
    due: Due<usize>,
    /// Those that there is more to read of.
    unread: VecDeque<usize>,
    /// How many will do no more.
    over: usize,
}

/// Lets clients with these numbers, from 1, play until the time is over, all have played as often as they
/// are to, or `stop` is asked for.
///
/// # Errors
/// The system refuses what is needed to wait for sockets.
pub fn attend<G: Gauge>(
    crowd: &Crowd,
    numbers: impl Iterator<Item = u32>,
    clock: Clock,
    stop: &Stop,
    gauge: G,
) -> io::Result<G> {
    let poll = Poll::new()?;
    let registry = poll.registry().try_clone()?;
    let waker = Arc::new(Waker::new(&registry, WAKER)?);
    stop.wake(&waker);
    let alarm = crowd.pacing.rate.map(|_| Alarm::new(&registry, ALARM)).transpose()?;
    let buf = vec![0; READ].into_boxed_slice();
    let clients: Vec<Client> = numbers
        .enumerate()
        .map(|(at, number)| Client::new(number, Token(FIRST + at), crowd))
        .collect();
    let scene = Scene { crowd, clock, registry, waker, gauge, buf };
    let (due, unread) = (Due::default(), VecDeque::new());
    let mut herd = Herd { scene, poll, alarm, clients, due, unread, over: 0 };
    herd.run(stop)?;
    let now = clock.now();
    herd.scene.gauge.look(now);
    Ok(herd.scene.gauge)
}

impl<G: Gauge> Herd<'_, G> {
    fn run(&mut self, stop: &Stop) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut look = At::START + LOOK;
        for at in 0..self.clients.len() {
            self.settle(at);
        }
        loop {
            let now = self.scene.clock.now();
            if now >= look {
                self.scene.gauge.look(now);
                look = now + LOOK;
            }
            let over = self.scene.crowd.until.is_some_and(|until| until <= now);
            if over || stop.is_asked() || self.over == self.clients.len() {
                return Ok(());
            }
            self.see_due(now);
            self.see_unread();
            let wait = self.wait(look);
            match self.poll.poll(&mut events, Some(wait)) {
                Err(err) if err.kind() != io::ErrorKind::Interrupted => return Err(err),
                _ => {}
            }
            for event in &events {
                let Some(at) = event.token().0.checked_sub(FIRST) else { continue };
                let Some(client) = self.clients.get_mut(at) else { continue };
                client.event(event, &mut self.scene);
                self.settle(at);
            }
        }
    }

    /// How long nothing is to be done unless something happens. At the moment when others are told, if not
    /// before.
    fn wait(&mut self, look: At) -> Duration {
        let crowd = self.scene.crowd;
        let until = [self.due.first(), crowd.until].into_iter().flatten().fold(look, At::min);
        let wait = until.since(self.scene.clock.now());
        if wait.is_zero() || !self.unread.is_empty() {
            return Duration::ZERO;
        }
        if let Some(alarm) = &mut self.alarm {
            alarm.set(until, wait);
        }
        wait + Duration::from_micros(1)
    }

    fn see_due(&mut self, now: At) {
        if self.due.first().is_none_or(|first| first > now) {
            return;
        }
        for at in self.due.until(now) {
            self.clients[at].tick(now, &mut self.scene);
            self.note(at, None);
            self.settle(at);
        }
    }

    fn see_unread(&mut self) {
        for at in std::mem::take(&mut self.unread) {
            self.clients[at].read_on(&mut self.scene);
            self.settle(at);
        }
    }

    /// Takes note of what a client waits for now. A deadline that was put off is looked at when it would
    /// have been: that costs less than to move it with every turn.
    fn settle(&mut self, at: usize) {
        let client = &self.clients[at];
        let (noted, deadline) = (client.noted, client.deadline(self.scene.crowd));
        if noted.is_none() || deadline.is_some_and(|deadline| Some(deadline) < noted) {
            self.note(at, deadline);
        }
        let client = &mut self.clients[at];
        if client.take_unread() {
            self.unread.push_back(at);
        }
        self.over += usize::from(client.take_over());
    }

    fn note(&mut self, at: usize, deadline: Option<At>) {
        let noted = std::mem::replace(&mut self.clients[at].noted, deadline);
        self.due.change(at, noted, deadline);
    }
}
