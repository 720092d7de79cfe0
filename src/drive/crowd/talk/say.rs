//! What is said in a session, and when.

use bytes::Bytes;

use super::{Ended, Own, Talk, Who};
use crate::drive::crowd::herd::Scene;
use crate::drive::crowd::spoken::Wanted;
use crate::drive::crowd::{Gauge, Outcome, Piece};
use crate::net::Flushed;
use crate::replay::Score;
use crate::units::At;

impl Talk {
    /// Says what is to be said, as far as that is known.
    pub(super) fn go_on<G: Gauge>(
        &mut self,
        now: At,
        own: &mut Own,
        scene: &mut Scene<'_, G>,
    ) -> Option<Ended> {
        match (&self.who, &scene.crowd.piece) {
            (Who::Cue(_), Piece::Transcript(score)) => self.recite(now, score, own, scene),
            _ => self.speak(now, own, scene),
        }
    }

    /// The next turns of a transcript.
    fn recite<G: Gauge>(
        &mut self,
        now: At,
        score: &Score,
        own: &mut Own,
        scene: &mut Scene<'_, G>,
    ) -> Option<Ended> {
        loop {
            let Who::Cue(cue) = &self.who else { return None };
            if self.said_all || cue.waits() {
                return None;
            }
            match cue.next(score) {
                None => {
                    self.turn.complete(&mut self.had_turns, &mut scene.gauge);
                    self.shut(now, scene);
                    return None;
                }
                Some(Err(failure)) => {
                    return Some(Ended {
                        at: now,
                        outcome: Outcome::Mismatched,
                        failure: Some(failure),
                    });
                }
                Some(Ok(bytes)) if bytes.is_empty() => {}
                Some(Ok(bytes)) => {
                    if !self.may_begin(now, own, scene) {
                        return None;
                    }
                    self.say(&bytes, scene);
                }
            }
            self.stirred = now;
            if let Who::Cue(cue) = &mut self.who {
                cue.said(score);
            }
        }
    }

    /// The next steps of a script, or of a player.
    fn speak<G: Gauge>(
        &mut self,
        now: At,
        own: &mut Own,
        scene: &mut Scene<'_, G>,
    ) -> Option<Ended> {
        loop {
            let Who::Spoken(spoken) = &mut self.who else { return None };
            let wanted = spoken.next(now, &scene.crowd.piece);
            if spoken.has_replied() {
                self.turn.replied = Some(now);
            }
            match wanted? {
                Wanted::Say(bytes) => {
                    if !self.may_begin(now, own, scene) {
                        if let Who::Spoken(spoken) = &mut self.who {
                            spoken.hold_back(bytes);
                        }
                        return None;
                    }
                    self.stirred = now;
                    self.say(&bytes, scene);
                }
                Wanted::Shutdown => {
                    self.turn.complete(&mut self.had_turns, &mut scene.gauge);
                    self.half_close();
                }
                Wanted::Reset => {
                    if let Some(conn) = self.conn.take() {
                        conn.reset();
                    }
                }
                Wanted::Pause(paused) => {
                    self.paused = paused;
                    self.unread |= !paused;
                }
                Wanted::Rest { ended } => {
                    self.turn.complete(&mut self.had_turns, &mut scene.gauge);
                    self.shut(now, scene);
                    if ended {
                        return Some(Ended::well(now));
                    }
                }
                Wanted::Leave => {
                    self.turn.complete(&mut self.had_turns, &mut scene.gauge);
                    self.half_close();
                    let waits = self.conn.as_ref().is_some_and(|conn| conn.queued() > 0);
                    if !waits {
                        return Some(Ended::well(now));
                    }
                    (self.said_all, self.stirred) = (true, now);
                }
                Wanted::Fail(outcome, failure) => {
                    return Some(Ended { at: now, outcome, failure: Some(failure) });
                }
            }
        }
    }

    /// Whether what is to be said can be said now: it goes on with a turn, or the next may begin.
    fn may_begin<G: Gauge>(&mut self, now: At, own: &mut Own, scene: &mut Scene<'_, G>) -> bool {
        self.turn.complete(&mut self.had_turns, &mut scene.gauge);
        if self.turn.goes_on() {
            return true;
        }
        let begins = self.turn.begin(now, scene.crowd.pacing.due(own.number, own.turns));
        own.turns += u64::from(begins);
        begins
    }

    /// Says this. Where that fails, it is what reading ends with.
    fn say<G: Gauge>(&mut self, bytes: &Bytes, scene: &mut Scene<'_, G>) {
        scene.gauge.said(bytes);
        let Some(conn) = &mut self.conn else { return };
        if !matches!(conn.say(bytes), Ok(Flushed::All | Flushed::Blocked)) {
            self.unread = true;
        }
    }

    /// All was said.
    fn shut<G: Gauge>(&mut self, now: At, scene: &Scene<'_, G>) {
        (self.said_all, self.stirred) = (true, now);
        if scene.crowd.half_close {
            self.half_close();
            if let Who::Cue(cue) = &mut self.who {
                cue.shut();
            }
        }
    }

    fn half_close(&mut self) {
        let Some(conn) = &mut self.conn else { return };
        conn.shutdown();
        if conn.flush().is_err() {
            self.unread = true;
        }
    }
}
