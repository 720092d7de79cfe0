//! The conversation of one session: what comes, and what becomes of it.

mod say;
mod turn;

use bytes::Bytes;
use mio::event::Event;

use self::turn::Turn;
use super::herd::Scene;
use super::spoken::Spoken;
use super::{Crowd, Gauge, Outcome, Piece};
use crate::net::{Conn, NetStream, ReadOutcome};
use crate::replay::{Cue, Replied};
use crate::script::{Blame, Failure, Report};
use crate::session::Ending;
use crate::units::At;

/// How often a conn is read before others have their turn.
const READS: usize = 4;

/// What a client has for all its sessions.
pub(super) struct Own {
    /// Which client it is, from 1.
    pub(super) number: u32,
    /// How many turns it has begun.
    pub(super) turns: u64,
}

/// The conversation of one session.
pub(super) struct Talk {
    conn: Option<Conn<NetStream>>,
    addr: String,
    /// A player is put in place of a cue where what came is odd.
    who: Who,
    turn: Turn,
    /// When something was said, or came that was as it should be.
    stirred: At,
    /// All was said.
    said_all: bool,
    /// What comes is not read for now.
    paused: bool,
    /// There is more to read.
    unread: bool,
    had_turns: bool,
}

/// Who speaks.
enum Who {
    /// A transcript, whose turns are compared as a whole.
    Cue(Cue),
    /// A script, or a transcript in which something is not as simple.
    Spoken(Box<Spoken>),
}

/// A session has ended.
pub(super) struct Ended {
    pub(super) at: At,
    pub(super) outcome: Outcome,
    /// Why it failed.
    pub(super) failure: Option<Box<Failure>>,
}

impl Ended {
    fn well(at: At) -> Ended {
        Ended { at, outcome: Outcome::Ok, failure: None }
    }
}

impl Talk {
    /// The conversation of this session of this client.
    pub(super) fn new(
        stream: NetStream,
        addr: String,
        (client, session): (u32, u64),
        spare: Option<Box<Talk>>,
        crowd: &Crowd,
    ) -> Box<Talk> {
        let spare = spare.map(|spare| spare.who);
        let who = match (&crowd.piece, spare) {
            (Piece::Transcript(score), spare) if score.has_turns() => {
                let mut cue = if let Some(Who::Cue(cue)) = spare { cue } else { Cue::default() };
                cue.begin(super::spoken::vars(crowd, client, session, score.uses_vars()));
                Who::Cue(cue)
            }
            (piece, _) => Who::Spoken(Box::new(Spoken::of(piece, crowd, client, session))),
        };
        Box::new(Talk {
            unread: stream.is_tls(),
            conn: Some(Conn::new(stream)),
            addr,
            who,
            turn: Turn::default(),
            stirred: At::START,
            said_all: false,
            paused: false,
            had_turns: false,
        })
    }

    /// Whether it came to a reply.
    pub(super) fn had_turns(&self) -> bool {
        self.had_turns
    }

    /// Without its conn.
    pub(super) fn closed(mut self: Box<Self>) -> Box<Talk> {
        self.conn = None;
        self
    }

    /// Whether there is more to read, which is to be done after others had their turn.
    pub(super) fn take_unread(&mut self) -> bool {
        !self.paused && std::mem::take(&mut self.unread)
    }

    /// When to look again, whatever happens.
    pub(super) fn deadline(&self, crowd: &Crowd) -> Option<At> {
        if self.turn.due.is_some() {
            return self.turn.due;
        }
        let wait = if self.said_all { crowd.linger } else { crowd.runner.settings.timeout };
        match &self.who {
            Who::Cue(_) => Some(self.stirred + wait),
            Who::Spoken(_) if self.said_all => Some(self.stirred + wait),
            Who::Spoken(spoken) => spoken.deadline(),
        }
    }

    /// The conn stands.
    pub(super) fn begin<G: Gauge>(
        &mut self,
        own: &mut Own,
        scene: &mut Scene<'_, G>,
    ) -> Option<Ended> {
        let now = scene.clock.now();
        self.stirred = now;
        if let Who::Spoken(spoken) = &mut self.who {
            spoken.opened(now, &self.addr);
        }
        self.go_on(now, own, scene)
    }

    /// Something has happened to the conn.
    pub(super) fn event<G: Gauge>(
        &mut self,
        event: &Event,
        own: &mut Own,
        scene: &mut Scene<'_, G>,
    ) -> Option<Ended> {
        let conn = self.conn.as_mut()?;
        if event.is_read_closed() || event.is_error() {
            conn.eof_is_due();
        }
        // Where it fails, that is what reading ends with.
        if event.is_writable() && conn.queued() > 0 && conn.flush().is_err() {
            self.unread = true;
        }
        let readable = event.is_readable() || event.is_read_closed() || event.is_error();
        self.read(readable || self.unread, own, scene)
    }

    /// Reads what there is, if there may be something.
    pub(super) fn read<G: Gauge>(
        &mut self,
        readable: bool,
        own: &mut Own,
        scene: &mut Scene<'_, G>,
    ) -> Option<Ended> {
        self.unread |= readable;
        for _ in 0..READS {
            if self.paused || !self.unread {
                return None;
            }
            let outcome = self.conn.as_mut()?.read(&mut scene.buf);
            let now = scene.clock.now();
            let ended = match outcome {
                ReadOutcome::Bytes { n, drained } => {
                    self.unread = !drained;
                    self.hear(now, n, own, scene)
                }
                ReadOutcome::WouldBlock => {
                    self.unread = false;
                    None
                }
                ReadOutcome::Eof => {
                    self.unread = false;
                    self.ended(now, &Ending::Eof, own, scene)
                }
                ReadOutcome::Failed(how) => {
                    self.unread = false;
                    self.ended(now, &how, own, scene)
                }
            };
            if ended.is_some() {
                return ended;
            }
        }
        None
    }

    /// So many bytes came.
    fn hear<G: Gauge>(
        &mut self,
        now: At,
        n: usize,
        own: &mut Own,
        scene: &mut Scene<'_, G>,
    ) -> Option<Ended> {
        let bytes = &scene.buf[..n];
        scene.gauge.heard(bytes);
        if let (Who::Cue(cue), Piece::Transcript(score)) = (&mut self.who, &scene.crowd.piece) {
            match cue.hear(score, bytes) {
                Replied::Whole => {
                    self.stirred = now;
                    self.turn.replied = Some(now);
                    return self.go_on(now, own, scene);
                }
                Replied::NotYet => {
                    if bytes.contains(&b'\n') {
                        self.stirred = now;
                    }
                    return None;
                }
                Replied::Odd => {
                    let odd = Bytes::copy_from_slice(bytes);
                    return self.hand_over(now, &odd, own, scene);
                }
            }
        }
        self.stirred = now;
        let bytes = Bytes::copy_from_slice(bytes);
        if let Who::Spoken(spoken) = &mut self.who {
            spoken.hear(now, bytes);
        }
        self.go_on(now, own, scene)
    }

    /// The peer has ended.
    fn ended<G: Gauge>(
        &mut self,
        now: At,
        how: &Ending,
        own: &mut Own,
        scene: &mut Scene<'_, G>,
    ) -> Option<Ended> {
        if matches!(self.who, Who::Cue(_)) {
            if self.said_all && *how == Ending::Eof {
                return Some(Ended::well(now));
            }
            if let Some(ended) = self.hand_over(now, &Bytes::new(), own, scene) {
                return Some(ended);
            }
        }
        if let Who::Spoken(spoken) = &mut self.who {
            spoken.ended(now, how);
        }
        let ended = self.go_on(now, own, scene);
        if ended.as_ref().is_some_and(|ended| ended.outcome != Outcome::Ok || *how == Ending::Eof) {
            return ended;
        }
        let Who::Spoken(spoken) = &self.who else { return ended };
        match how {
            Ending::Eof => self.said_all.then(|| Ended::well(now)),
            _ if spoken.break_was_played() => Some(Ended::well(now)),
            how => {
                let report = Report::new(format!("the connection broke: {how}"));
                let failure = Box::new(Failure { report, blame: Blame::Connection });
                Some(Ended { at: now, outcome: Outcome::Closed, failure: Some(failure) })
            }
        }
    }

    /// A time has come.
    pub(super) fn tick<G: Gauge>(
        &mut self,
        now: At,
        own: &mut Own,
        scene: &mut Scene<'_, G>,
    ) -> Option<Ended> {
        if self.deadline(scene.crowd).is_none_or(|deadline| now < deadline) {
            return None;
        }
        if self.turn.due.is_some() {
            return self.go_on(now, own, scene);
        }
        match &mut self.who {
            Who::Cue(_) => self.hand_over(now, &Bytes::new(), own, scene),
            Who::Spoken(_) if self.said_all => Some(Ended::well(now)),
            Who::Spoken(spoken) => {
                spoken.late();
                self.go_on(now, own, scene)
            }
        }
    }

    /// Has a player go on where a cue cannot.
    fn hand_over<G: Gauge>(
        &mut self,
        now: At,
        odd: &Bytes,
        own: &mut Own,
        scene: &mut Scene<'_, G>,
    ) -> Option<Ended> {
        let (Who::Cue(cue), Piece::Transcript(score)) = (&self.who, &scene.crowd.piece) else {
            return None;
        };
        let (play, came) = cue.player(score, self.stirred, odd);
        let mut spoken = Spoken::playing(play, scene.crowd, cue.vars().clone());
        // Or it would wait for the rest anew.
        spoken.opened(self.stirred, &self.addr);
        if !came.is_empty() {
            spoken.hear(self.stirred, came);
        }
        if odd.is_empty() {
            spoken.late();
        } else {
            spoken.hear(now, odd.clone());
        }
        self.who = Who::Spoken(Box::new(spoken));
        self.said_all = false;
        self.go_on(now, own, scene)
    }
}
