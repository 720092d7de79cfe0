//! Between the editor's thread and those who own the editor.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the prompt waits for the answer to a line, so that what a command says, or makes of the
/// prompt, comes first. Too short to be felt when nobody answers.
const ANSWER: Duration = Duration::from_millis(30);

/// What both ends know.
pub(super) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    prompt: String,
    /// A line was handed over, and has not been answered.
    unanswered: bool,
    /// The thread is inside of the line editor, where a signal reaches it.
    reading: bool,
    /// Signals are ours, to make the line editor start over.
    nudged: bool,
    /// The thread is to end.
    leaving: bool,
    /// It has, and so has the line editor.
    left: bool,
}

impl Desk {
    pub(super) fn new(prompt: String) -> Self {
        let state = State {
            prompt,
            unanswered: false,
            reading: false,
            nudged: false,
            leaving: false,
            left: false,
        };
        Desk { state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn set_prompt(&self, prompt: String) {
        self.locked().prompt = prompt;
    }

    pub(super) fn prompt(&self) -> String {
        self.locked().prompt.clone()
    }

    /// A line is about to be handed over.
    pub(super) fn ask(&self) {
        self.locked().unanswered = true;
    }

    /// What was handed over has had its effect.
    pub(super) fn answer(&self) {
        self.locked().unanswered = false;
        self.changed.notify_all();
    }

    /// Waits for that, though not long.
    pub(super) fn await_answer(&self) {
        let waiting = |state: &mut State| state.unanswered && !state.leaving;
        drop(self.changed.wait_timeout_while(self.locked(), ANSWER, waiting));
    }

    pub(super) fn set_reading(&self, reading: bool) {
        self.locked().reading = reading;
    }

    pub(super) fn is_reading(&self) -> bool {
        self.locked().reading
    }

    /// From now on signals are ours.
    pub(super) fn nudge(&self) {
        self.locked().nudged = true;
    }

    /// Whether a signal that comes is a nudge, or the echo of one: the editor is about to be closed.
    pub(super) fn is_nudged(&self) -> bool {
        self.locked().nudged
    }

    /// Asks the thread to end.
    pub(super) fn leave(&self) {
        self.locked().leaving = true;
        self.changed.notify_all();
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.locked().leaving
    }

    /// The thread has ended.
    pub(super) fn left(&self) {
        self.locked().left = true;
        self.changed.notify_all();
    }

    /// Waits for that, at most so long. Whether it has.
    pub(super) fn has_left(&self, within: Duration) -> bool {
        let waited = self.changed.wait_timeout_while(self.locked(), within, |state| !state.left);
        waited.unwrap_or_else(PoisonError::into_inner).0.left
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
