//! Between the editor's thread and those who own the editor.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long the prompt waits for the answer to a line, so that what a command says, or makes of the
/// prompt, comes first: what stands there stays until the next line. An answer takes a millisecond, and many
/// times that only where the machine is loaded; longer than this, somebody would think that the program hangs.
const ANSWER: Duration = Duration::from_millis(500);

/// What both ends know.
pub(super) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    prompt: String,
    /// How many lines were handed over, and have not been answered.
    unanswered: usize,
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
            unanswered: 0,
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
        self.locked().unanswered += 1;
    }

    /// The first of the lines that were handed over has had its effect.
    pub(super) fn answer(&self) {
        let mut state = self.locked();
        state.unanswered = state.unanswered.saturating_sub(1);
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until all of them have, though not long.
    pub(super) fn await_answer(&self) {
        let waiting = |state: &mut State| state.unanswered > 0 && !state.leaving;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn the_prompt_waits_until_every_line_of_a_paste_is_answered() {
        let desk = Arc::new(Desk::new("> ".to_owned()));
        (0..3).for_each(|_| desk.ask());
        let driver = Arc::clone(&desk);
        let answers = thread::spawn(move || {
            driver.answer();
            driver.answer();
            driver.set_prompt("bob> ".to_owned());
            driver.answer();
        });
        desk.await_answer();
        assert_eq!((desk.prompt().as_str(), desk.locked().unanswered), ("bob> ", 0));
        answers.join().unwrap();
        desk.answer();
        assert_eq!(desk.locked().unanswered, 0, "nobody asked");
    }
}
