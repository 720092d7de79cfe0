//! One client: its conns, one after the other.

use std::time::Duration;

use mio::event::Event;
use mio::{Interest, Token};

use super::herd::Scene;
use super::talk::{Ended, Own, Talk};
use super::{Crowd, Gauge, Outcome};
use crate::net::{DialOptions, Dialer, Link};
use crate::script::{Blame, Failure, Report};
use crate::units::At;

/// The first pause of a client whose session failed before it had a turn; each is twice the one before. A
/// server that is not there is not asked again and again without a pause.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// One client.
pub(super) struct Client {
    token: Token,
    own: Own,
    /// Which of its sessions this is, from 1.
    session: u64,
    stage: Stage,
    /// The pause before the next session, if this one fails before it has a turn.
    pause: Duration,
    /// When it is known to be due.
    pub(super) noted: Option<At>,
    /// That it is over was told.
    over_told: bool,
    /// The conversation of the session before: what it has allocated is used again.
    spare: Option<Box<Talk>>,
}

enum Stage {
    /// Until then.
    Pausing(At),
    /// Since then.
    Dialing(Box<Dialer>, At),
    Talking(Box<Talk>),
    Over,
}

impl Client {
    pub(super) fn new(number: u32, token: Token, crowd: &Crowd) -> Client {
        Client {
            token,
            own: Own { number, turns: 0 },
            session: 0,
            stage: Stage::Pausing(crowd.pacing.start(number)),
            pause: Duration::ZERO,
            noted: None,
            over_told: false,
            spare: None,
        }
    }

    /// When it is to be looked at, whatever happens.
    pub(super) fn deadline(&self, crowd: &Crowd) -> Option<At> {
        match &self.stage {
            Stage::Pausing(until) => Some(*until),
            Stage::Dialing(dialer, _) => dialer.deadline(),
            Stage::Talking(talk) => talk.deadline(crowd),
            Stage::Over => None,
        }
    }

    /// Whether there is more to read, which is to be done after others had their turn.
    pub(super) fn take_unread(&mut self) -> bool {
        let Stage::Talking(talk) = &mut self.stage else { return false };
        talk.take_unread()
    }

    /// Whether it will do no more; once.
    pub(super) fn take_over(&mut self) -> bool {
        matches!(self.stage, Stage::Over) && !std::mem::replace(&mut self.over_told, true)
    }

    /// Its time has come.
    pub(super) fn tick<G: Gauge>(&mut self, now: At, scene: &mut Scene<'_, G>) {
        match &mut self.stage {
            Stage::Pausing(until) if *until <= now => self.begin(scene),
            Stage::Pausing(_) | Stage::Over => {}
            Stage::Dialing(..) => self.dial(now, scene),
            Stage::Talking(talk) => {
                let ended = talk.tick(now, &mut self.own, scene);
                self.go_on(ended, scene);
            }
        }
    }

    /// Something has happened to its socket.
    pub(super) fn event<G: Gauge>(&mut self, event: &Event, scene: &mut Scene<'_, G>) {
        match &mut self.stage {
            Stage::Pausing(_) | Stage::Over => {}
            Stage::Dialing(..) => self.dial(scene.clock.now(), scene),
            Stage::Talking(talk) => {
                let ended = talk.event(event, &mut self.own, scene);
                self.go_on(ended, scene);
            }
        }
    }

    /// Others had their turn.
    pub(super) fn read_on<G: Gauge>(&mut self, scene: &mut Scene<'_, G>) {
        if let Stage::Talking(talk) = &mut self.stage {
            let ended = talk.read(true, &mut self.own, scene);
            self.go_on(ended, scene);
        }
    }

    /// Begins a session.
    fn begin<G: Gauge>(&mut self, scene: &mut Scene<'_, G>) {
        let now = scene.clock.now();
        let dialing = &scene.crowd.dialing;
        let options = DialOptions { found: scene.crowd.found.clone(), ..dialing.options() };
        let address = scene.crowd.address.clone();
        let dialer = Dialer::start(address, options, self.token, &scene.waker, now);
        self.session += 1;
        scene.gauge.began();
        self.stage = Stage::Dialing(Box::new(dialer), now);
        self.dial(now, scene);
    }

    /// Goes on connecting.
    fn dial<G: Gauge>(&mut self, now: At, scene: &mut Scene<'_, G>) {
        let Stage::Dialing(dialer, since) = &mut self.stage else { return };
        let since = *since;
        match dialer.advance(&scene.registry, now) {
            None => {}
            Some(Ok(link)) => {
                let took = scene.clock.now().since(since);
                self.connected(link, took, scene);
            }
            Some(Err(err)) => {
                let late = err.failure.is_late();
                let outcome = if late { Outcome::TimedOut } else { Outcome::Refused };
                self.end(Ended::failed(now, outcome, err.to_string()), false, scene);
            }
        }
    }

    /// Has a conn.
    fn connected<G: Gauge>(&mut self, link: Link, took: Duration, scene: &mut Scene<'_, G>) {
        let Link { mut stream, addr, .. } = link;
        let both = Interest::READABLE | Interest::WRITABLE;
        if let Err(err) = scene.registry.register(&mut stream, self.token, both) {
            let ended = Ended::failed(scene.clock.now(), Outcome::Refused, err.to_string());
            return self.end(ended, false, scene);
        }
        scene.gauge.connected(took);
        let spare = self.spare.take();
        let mut talk = Talk::new(stream, addr, (self.own.number, self.session), spare, scene.crowd);
        let ended = talk.begin(&mut self.own, scene);
        self.stage = Stage::Talking(talk);
        self.go_on(ended, scene);
    }

    /// Goes on with the next session, if this one has ended.
    fn go_on<G: Gauge>(&mut self, ended: Option<Ended>, scene: &mut Scene<'_, G>) {
        let Some(ended) = ended else { return };
        let mut had_turns = false;
        if let Stage::Talking(talk) = std::mem::replace(&mut self.stage, Stage::Over) {
            had_turns = talk.had_turns();
            self.spare = Some(talk.closed());
        }
        self.end(ended, had_turns, scene);
    }

    fn end<G: Gauge>(&mut self, ended: Ended, had_turns: bool, scene: &mut Scene<'_, G>) {
        let Ended { at, outcome, failure } = ended;
        match failure {
            None => scene.gauge.ended(at, outcome, None),
            Some(failure) => {
                let report = failure.report.hiding(&scene.crowd.runner.settings.secrets);
                let whole = || report.to_string();
                scene.gauge.ended(at, outcome, Some((&report.headline(), &whole)));
            }
        }
        self.pause = if outcome == Outcome::Ok || had_turns {
            Duration::ZERO
        } else {
            (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE)
        };
        let played = scene.crowd.times.is_some_and(|times| self.session >= times);
        self.stage = if played { Stage::Over } else { Stage::Pausing(at + self.pause) };
    }
}

impl Ended {
    /// A session that had no conn.
    fn failed(at: At, outcome: Outcome, why: String) -> Ended {
        let failure = Failure { report: Report::new(why), blame: Blame::Unreachable };
        let failure = Some(Box::new(failure));
        Ended { at, outcome, failure }
    }
}
