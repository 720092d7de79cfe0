//! Who may write to the terminal, and when: what the printer and the editor agree on.
//!
//! Two threads share one screen. While the editor reads a line, text has to go through it: it takes the
//! half-typed line away, writes, and draws the line again. Between two lines it is not listening, and
//! what was handed to it waits; text written past it then would overtake that. So a [`Gate`] is open
//! only while the editor is known to read, and between two lines the printer waits.
//!
//! The editor opens the gate from its hint hook, the first thing that runs once the terminal is in raw
//! mode, and closes it from the hooks of Enter and Ctrl-Z, which run just before it leaves that mode.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::backlog::Backlog;
use super::terminal::Terminal;

/// What the backlog may hold, in bytes: a minute of fast reading, and little memory.
const BACKLOG: usize = 4 << 20;

/// What is printed at once through the editor, in bytes. With [`super::printer::FRAME`] it makes 8 MB
/// a second, 100,000 lines of 80 bytes, and leaves the editor time for keys: echo within about 5 ms.
const CHUNK: usize = 64 << 10;

/// How long the editor waits for a print that is under way before it leaves raw mode. A print takes
/// microseconds, unless the editor itself has yet to take the one before; then it is in no hurry.
const IN_FLIGHT: Duration = Duration::from_millis(3);

/// How long it waits, before it draws a line, for the screen to be cleared.
const CLEARING: Duration = Duration::from_millis(50);

/// The longest that [`Stage::drain`] takes: a terminal that gets on, but slowly.
const LONGEST: Duration = Duration::from_secs(5);

/// Shows nothing, since the editor adds the newline that is missing; but the editor has taken all that
/// was printed before when it takes this.
const NOTHING: &str = "\x1b[A";

/// Clears the screen and puts the cursor in its corner, as Ctrl-L does.
const CLEAR: &str = "\x1b[H\x1b[J";

/// Prints through the editor.
pub(super) type External = Box<dyn rustyline::ExternalPrinter + Send>;

/// The screen, and those who share it.
pub(super) struct Stage {
    state: Mutex<State>,
    changed: Condvar,
    /// Held by the printer only.
    external: Mutex<Option<External>>,
    terminal: Terminal,
    /// Whether the terminal takes colour.
    pub(super) colour: bool,
}

struct State {
    backlog: Backlog,
    gate: Gate,
    /// Nothing more goes to the editor, but what makes sure that it has shown what did.
    ending: bool,
    /// The screen is to be cleared.
    clear: bool,
    /// A print is under way.
    printing: bool,
    /// How many there have been.
    prints: u64,
    /// Somebody waits until so many pieces of the backlog are on the screen.
    asked: u64,
    /// So many are.
    confirmed: u64,
    /// The prompt of an editor without raw mode, while it waits for a line.
    plain_prompt: Option<PlainPrompt>,
    /// The terminal is gone.
    lost: bool,
    /// The printer is to end.
    stopped: bool,
}

/// A prompt that no editor draws. Only the printer writes it, so that it stands behind all text.
struct PlainPrompt {
    text: String,
    /// It is on the screen.
    shown: bool,
}

/// How text gets to the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gate {
    /// Straight: there is no editor.
    Straight,
    /// Not at all: the editor is between two lines.
    Closed,
    /// Through the editor, which is reading a line.
    Open,
    /// Not at all: the editor ends.
    Shut,
}

/// Something to print.
pub(super) struct Job {
    text: String,
    through: bool,
    /// Once it is through, so many pieces are on the screen.
    confirms: u64,
}

impl Stage {
    /// A screen without an editor.
    pub(super) fn new(terminal: Terminal, colour: bool) -> Self {
        let state = State {
            backlog: Backlog::new(BACKLOG),
            gate: Gate::Straight,
            ending: false,
            clear: false,
            printing: false,
            prints: 0,
            asked: 0,
            confirmed: 0,
            plain_prompt: None,
            lost: false,
            stopped: false,
        };
        let (state, external) = (Mutex::new(state), Mutex::new(None));
        Stage { state, changed: Condvar::new(), external, terminal, colour }
    }

    /// The screen itself.
    pub(super) fn terminal(&self) -> &Terminal {
        &self.terminal
    }

    /// Queues lines of the conversation.
    pub(super) fn show(&self, text: String) {
        self.push(|backlog| backlog.push_lines(text));
    }

    /// Queues what must not get lost among them.
    pub(super) fn tell(&self, text: String) {
        self.push(|backlog| backlog.push_told(text));
    }

    /// Clears the screen, before what is queued.
    pub(super) fn clear(&self) {
        self.change(|state| state.clear = !self.terminal.is_dumb());
    }

    /// Waits until all that is queued now is on the screen: as long as it gets on, and does not stand
    /// still for `stall`. Whether it is.
    pub(super) fn drain(&self, stall: Duration) -> bool {
        let start = Instant::now();
        let mut state = self.locked();
        let target = state.backlog.pushed();
        state.asked = state.asked.max(target);
        self.changed.notify_all();
        while state.confirmed < target && !state.lost && !state.stopped {
            let prints = state.prints;
            let idle = |state: &mut State| state.prints == prints && !state.lost && !state.stopped;
            let waited = self.changed.wait_timeout_while(state, stall, idle);
            let (after, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = after;
            if timeout.timed_out() || start.elapsed() > LONGEST {
                return false;
            }
        }
        true
    }

    /// Ends the printer, whatever is queued.
    pub(super) fn stop(&self) {
        self.change(|state| state.stopped = true);
    }

    /// An editor has come, and text goes through it from when it opens the gate.
    pub(super) fn attach(&self, external: External) {
        *self.external.lock().unwrap_or_else(PoisonError::into_inner) = Some(external);
        self.change(|state| state.gate = Gate::Closed);
    }

    /// The editor reads a line from now on.
    pub(super) fn open(&self) {
        let mut state = self.locked();
        if state.gate == Gate::Closed {
            // The line is drawn after this, and belongs on the screen that was cleared for it.
            let waited = self.changed.wait_timeout_while(state, CLEARING, |state| state.clear);
            state = self.settled(waited.unwrap_or_else(PoisonError::into_inner).0);
            if state.gate == Gate::Closed {
                state.gate = Gate::Open;
                self.changed.notify_all();
            }
        }
    }

    /// The editor is about to stop reading; it will open the gate again.
    pub(super) fn close(&self) {
        let mut state = self.locked();
        if state.gate == Gate::Open {
            state.gate = Gate::Closed;
            drop(self.settled(state));
        }
    }

    /// The editor is about to end: what went to it gets `within` to be shown, and then the gate is
    /// closed for good.
    pub(super) fn shut(&self, within: Duration) {
        let mut state = self.locked();
        if state.gate != Gate::Straight {
            state.ending = true;
            self.changed.notify_all();
            let unsure = |state: &mut State| state.gate != Gate::Straight && state.is_unsure();
            let waited = self.changed.wait_timeout_while(state, within, unsure);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.gate != Gate::Straight {
            state.gate = Gate::Shut;
        }
    }

    /// There is no editor any more, and the terminal is in its own mode.
    pub(super) fn detach(&self) {
        self.change(|state| {
            state.gate = Gate::Straight;
            state.ending = false;
            state.plain_prompt = None;
            // What the editor had taken it has shown; what it had not taken went with it.
            state.confirmed = state.backlog.gone();
        });
    }

    /// An editor without raw mode waits for a line behind this prompt, or has taken its line.
    pub(super) fn set_plain_prompt(&self, prompt: Option<String>) {
        let prompt = prompt.map(|text| PlainPrompt { text, shown: false });
        self.change(|state| state.plain_prompt = prompt);
    }

    /// What the printer is to print next, once there is something and it may. What goes through the
    /// editor waits for `frame`. `None` once the printer is to end.
    pub(super) fn next(&self, frame: Instant) -> Option<Job> {
        let mut state = self.locked();
        while !state.stopped {
            let early = frame.saturating_duration_since(Instant::now());
            if state.gate == Gate::Open && state.has_job() && !early.is_zero() {
                let waited = self.changed.wait_timeout(state, early);
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            } else if let Some(job) = state.take_job(self.colour) {
                state.printing = true;
                return Some(job);
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
        None
    }

    /// Prints it, and tells those who wait.
    pub(super) fn print(&self, job: Job) {
        let printed = self.write(&job);
        self.change(|state| {
            state.printing = false;
            state.prints += 1;
            match printed {
                Ok(()) if !job.through || job.text == NOTHING => state.confirmed = job.confirms,
                Ok(()) => {}
                Err(_) if job.through => {
                    // The editor has ended, or the terminal has; the next print tells which.
                    if job.text != NOTHING && job.text != CLEAR {
                        state.backlog.put_back(job.text);
                    }
                    if state.gate == Gate::Open {
                        state.gate = Gate::Shut;
                    }
                }
                Err(_) => {
                    state.lost = true;
                    state.backlog.clear();
                }
            }
        });
    }

    fn write(&self, job: &Job) -> io::Result<()> {
        if !job.through {
            return self.terminal.write(&job.text);
        }
        let mut external = self.external.lock().unwrap_or_else(PoisonError::into_inner);
        let external = external.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        external.print(job.text.clone()).map_err(io::Error::other)
    }

    /// Waits, though not long, until no print is under way.
    fn settled<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout_while(state, IN_FLIGHT, |state| state.printing);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Only a printer that had nothing to do has to be woken: in a flood that is rare.
    fn push(&self, push: impl FnOnce(&mut Backlog)) {
        let mut state = self.locked();
        if !state.lost {
            let idle = !state.has_job();
            push(&mut state.backlog);
            if idle {
                self.changed.notify_all();
            }
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.locked());
        self.changed.notify_all();
    }

    /// A panic elsewhere leaves the state as good as it was.
    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_job(&self) -> bool {
        self.must_confirm()
            || (!self.ending && (self.clear || !self.backlog.is_empty()))
            || self.must_prompt()
    }

    fn must_prompt(&self) -> bool {
        self.plain_prompt.as_ref().is_some_and(|prompt| !prompt.shown)
    }

    /// Somebody waits for what has gone to the editor.
    fn must_confirm(&self) -> bool {
        let asked = if self.ending { self.backlog.gone() } else { self.asked };
        self.confirmed < asked && self.backlog.gone() >= asked
    }

    /// Something went to the editor that may not be on the screen yet.
    fn is_unsure(&self) -> bool {
        self.printing || self.confirmed < self.backlog.gone()
    }

    fn take_job(&mut self, colour: bool) -> Option<Job> {
        let through = match self.gate {
            Gate::Straight => false,
            Gate::Open => true,
            // The cursor is on a fresh line, and where the text goes that waits is all the same now.
            Gate::Closed if self.clear => false,
            Gate::Closed | Gate::Shut => return None,
        };
        let text = if through && self.must_confirm() {
            NOTHING.to_owned()
        } else if !self.has_job() {
            return None;
        } else if std::mem::take(&mut self.clear) {
            CLEAR.to_owned()
        } else {
            self.backlog.take(CHUNK, |lines| left_off(lines, colour))
        };
        let text = match &mut self.plain_prompt {
            Some(prompt) if !through => {
                // Over the prompt, which comes again behind it.
                let over = if std::mem::replace(&mut prompt.shown, true) { "\r" } else { "" };
                format!("{over}{text}{}", prompt.text)
            }
            _ => text,
        };
        let confirms = if self.gate == Gate::Closed { self.confirmed } else { self.backlog.gone() };
        Some(Job { text, through, confirms })
    }
}

/// The line that stands for lines that were left off.
fn left_off(lines: u64, colour: bool) -> String {
    let digits = lines.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let noun = if lines == 1 { "line" } else { "lines" };
    let mut text = String::new();
    super::render::aside(&mut text, colour, &format!("{grouped} {noun} left off the screen"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_left_off_are_counted_readably() {
        assert_eq!(left_off(1, false), "-- 1 line left off the screen\n");
        assert_eq!(left_off(999, false), "-- 999 lines left off the screen\n");
        assert_eq!(left_off(123_456, false), "-- 123,456 lines left off the screen\n");
        assert_eq!(left_off(1_000_000, false), "-- 1,000,000 lines left off the screen\n");
    }
}
