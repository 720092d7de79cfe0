//! The end of a session.

use std::sync::atomic::Ordering;

use super::engine::Engine;
use super::raw::Raw;
use super::{Message, Outcome, Signal, Signals, Stop, Trouble};
use crate::session::{Drive, Input, Notice};
use crate::units::{At, count};

impl Engine {
    /// Ends at once, if somebody else asks for it or there is no more time.
    pub(super) fn see_the_end(&mut self) {
        self.outcome.stopped = self.stops.iter().any(Stop::is_asked);
        self.forced |= self.outcome.stopped;
        if let Some(limit) = self.limit.filter(|limit| At::START + *limit <= self.now)
            && !self.is_over()
        {
            self.outcome.overdue = true;
            self.cut_short();
            let mut overdue = self.runners.overdue(limit);
            if !self.opened.load(Ordering::SeqCst) {
                overdue.report = overdue.report.note("there was no connection yet");
            }
            self.outcome.troubles.insert(0, Trouble::Step(Box::new(overdue)));
            self.forced = true;
        }
    }

    pub(super) fn is_over(&self) -> bool {
        // Who sends a signal does not want to wait for a reader that has stopped.
        let signalled = self.outcome.signal.is_some();
        let written = signalled || self.raw.as_ref().is_none_or(Raw::is_empty);
        self.forced || self.left && self.conns.is_empty() && written
    }

    pub(super) fn signalled(&mut self) {
        for signal in self.signals.take() {
            self.interrupted(signal);
        }
    }

    pub(super) fn interrupted(&mut self, signal: Signal) {
        self.forced = self.outcome.signal.is_some();
        self.outcome.signal = Some(signal);
        self.inputs.push_back(Input::Drive(Drive::Quit));
    }

    /// Gives the terminal back as soon as the session is over, while conns are still being closed. The
    /// line editor is made to end by a SIGINT of our own, which is not the person's.
    pub(super) fn give_back_terminal(&mut self) {
        if self.screen.close() {
            self.signals.take();
            Signals::take_interrupts_back();
        }
    }

    /// What a person typed, and there was no more time for, is not lost without a word.
    fn tell_what_was_not_run(&mut self) {
        let lines = self.runners.own.pending() as u64;
        if self.runners.own.is_prompt() && lines > 0 {
            self.screen.tell(&Notice::Told(format!("{} not run", count(lines, "line"))));
        }
    }

    /// Ends what is left: the terminal, the recording.
    pub(super) fn finish(mut self) -> Outcome {
        let told = self.forced || !self.outcome.troubles.is_empty();
        self.judge_guests();
        if self.feeding.is_script() && !self.runners.own.is_prompt() && !told {
            let lines = self.runners.own.unread_lines();
            if lines > 0 {
                self.screen.notice(&Notice::Unread(lines));
            }
        }
        self.tell_what_was_not_run();
        let held = self.redactor.release(self.now, None);
        for record in held {
            self.keep(record, Vec::new());
        }
        self.give_back_terminal();
        let now = self.clock.now();
        let failed = self.outcome.stopped || !self.outcome.troubles.is_empty();
        if failed {
            self.outcome.kept = self.recorder.hand_over();
        }
        let (signals, signal) = (&mut self.signals, &mut self.outcome.signal);
        let saved = self.recorder.finish(now, failed, &mut || {
            *signal = signal.or(signals.take().pop());
            signal.is_some()
        });
        // What was written last may have failed.
        for message in self.inbox.take() {
            if let Message::Sink(event) = message {
                self.recorded(event);
            }
        }
        match saved {
            Ok(Some(saved)) => self.screen.notice(&saved),
            Ok(None) => {}
            Err(err) => self.outcome.add(err),
        }
        self.outcome.told = self.screen.take_kept();
        self.outcome
    }
}
