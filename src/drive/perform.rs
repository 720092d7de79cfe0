//! Effects: what the session wants done.

use std::ops::Range;

use bytes::Bytes;

use super::Trouble;
use super::door::Door;
use super::engine::Engine;
use crate::net::Portion;
use crate::script::Want;
use crate::session::{Effect, Ending, Input, Leave, Notice, Record, Recorded, Source};
use crate::wire::ConnId;

impl Engine {
    /// Tells the session something, and does what it wants.
    pub(super) fn input(&mut self, input: Input) {
        let mut effects = std::mem::take(&mut self.effects);
        self.session.handle(self.now, input, &mut effects);
        for effect in effects.drain(..) {
            self.perform(effect);
        }
        self.effects = effects;
    }

    fn perform(&mut self, effect: Effect) {
        self.runners.observe(self.now, &effect);
        self.names.observe(&effect);
        match effect {
            Effect::Send { to, bytes } => self.conns.send(to, bytes),
            Effect::Pour { conn, range } => self.pour(conn, range),
            Effect::Pass { from, bytes } => self.conns.pass(from, bytes),
            Effect::Shutdown(conn) => self.conns.shutdown(conn),
            Effect::Close(conn) => {
                self.keep_rest(conn);
                self.conns.close(self.now, conn);
            }
            Effect::Finish(conn) => {
                self.keep_rest(conn);
                self.conns.finish(self.now, conn);
            }
            Effect::Reset(conn) => {
                self.conns.reset(conn);
                self.door.event(); // there is a descriptor more
            }
            Effect::Reach(conn) => self.reach(conn),
            Effect::Heard { conn, bytes } => {
                if let Some(raw) = &mut self.raw {
                    raw.heard(conn, bytes);
                }
                if let Some(name) = self.names.take_own() {
                    self.screen.set_own_name(&name);
                }
            }
            Effect::Silent { conn, how } => {
                if matches!(how, Ending::Slow | Ending::Idle | Ending::Kicked(_)) {
                    self.conns.give_up(conn);
                }
                if let Some(raw) = &mut self.raw {
                    raw.silent(conn);
                }
            }
            Effect::Record(record) => self.record(record),
            // It answers something that was asked.
            Effect::Notice(told @ Notice::Told(_)) => self.screen.tell(&told),
            Effect::Notice(notice) => self.screen.notice(&notice),
            Effect::Relayed { bytes, .. } => self.relayed(&bytes),
            Effect::Renamed { conn: None, name } => self.screen.set_own_name(&name),
            Effect::Renamed { conn: Some(conn), name } => self.screen.renamed(conn, name),
            // These concern only what says it.
            Effect::Moved(_) | Effect::Unheard(_) => {}
            Effect::Over { conn, why } => self.over(conn, why),
            Effect::Pause(source) => self.pause(source, true),
            Effect::Resume(source) => self.pause(source, false),
            Effect::Leave(why) => self.leave(why),
        }
    }

    /// Queues a part of the script's file.
    fn pour(&mut self, conn: ConnId, range: Range<u64>) {
        if let Some(file) = self.feeding.poured() {
            self.conns.pour(conn, Portion::new(file, range));
        }
    }

    /// The session is over: nobody is let in any more, and what is left to be sent has its time.
    fn leave(&mut self, why: Leave) {
        // A step that the end has failed says more than the end does.
        if let Some(failure) = self.runners.own.take_failure() {
            self.outcome.add(Trouble::Step(failure));
        }
        self.cut_short();
        if !self.runners.own.break_was_played() {
            self.outcome.left(why, self.runners.running().cloned());
        }
        self.left = true;
        self.door = Door::Closed;
        self.opening.abandon();
        self.reaching.abandon();
        self.conns.hurry(self.now);
        self.give_back_terminal();
    }

    /// A room's host hears what is said there.
    fn relayed(&mut self, bytes: &Bytes) {
        if let Some(raw) = &mut self.raw {
            raw.relayed(bytes.clone());
        }
        self.screen.relayed(self.now, bytes);
    }

    /// Nothing more is recorded of a conn: keeps what was held back of it.
    fn keep_rest(&mut self, conn: ConnId) {
        for record in self.redactor.release(self.now, Some(conn)) {
            self.keep(record, Vec::new());
        }
        self.recorder.forget(conn);
    }

    fn record(&mut self, record: Record) {
        if let (Recorded::Open { .. }, Some(conn), Some(raw)) =
            (&record.what, record.conn, &mut self.raw)
        {
            raw.opened(conn);
        }
        let mut wants = self.runners.take_wants();
        if self.redactor.secrets().is_empty() {
            return self.keep(record, wants);
        }
        for record in self.redactor.redact(record) {
            self.keep(record, std::mem::take(&mut wants));
        }
        self.recorder.expect(wants);
    }

    /// Shows and keeps a record that has no secrets.
    pub(super) fn keep(&mut self, record: Record, wants: Vec<Want>) {
        self.screen.record(&record);
        self.recorder.record(record, wants);
    }

    fn pause(&mut self, source: Source, paused: bool) {
        match source {
            Source::Conn(conn) => self.conns.pause(conn, paused),
            Source::Conns => self.conns.pause_all(paused),
            Source::Talkers => self.conns.pause_talkers(paused),
            Source::Script => {
                self.feeding.hold(paused);
                self.runners.hold(source, paused);
            }
            Source::ScriptOf(_) => self.runners.hold(source, paused),
        }
    }
}
