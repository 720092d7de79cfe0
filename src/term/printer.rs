//! Brings text to the screen.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::stage::Stage;
use super::terminal::Terminal;

/// The shortest time between two prints through the editor: half a frame of a 60 Hz screen.
pub(super) const FRAME: Duration = Duration::from_millis(8);

/// A terminal that has taken nothing for so long has been stopped.
const STALL: Duration = Duration::from_secs(1);

/// The screen, as the one who has something to show sees it.
///
/// Text is queued and never waited for: a thread of its own prints it, through the [`super::Editor`]
/// while there is one. What is queued is bounded (4 MiB). A flood that the terminal cannot take loses
/// its middle, and a line says how many lines those were; a terminal that is gone takes everything.
///
/// All text is whole lines, each ended by `\n`, and safe to print: see [`super::View`].
#[derive(Clone)]
pub struct Printer {
    stage: Arc<Stage>,
    _stop: Arc<Stop>,
}

/// Ends the thread with the last of those who print.
struct Stop(Arc<Stage>);

impl Printer {
    /// Starts to print on `terminal`.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn start(terminal: &Terminal, colour: bool) -> io::Result<Self> {
        let stage = Arc::new(Stage::new(terminal.clone(), colour));
        let printed = Arc::clone(&stage);
        thread::Builder::new().name("printer".into()).spawn(move || run(&printed))?;
        let stop = Arc::new(Stop(Arc::clone(&stage)));
        Ok(Printer { stage, _stop: stop })
    }

    /// Shows lines of the conversation: those that may be left off in a flood.
    pub fn show(&self, lines: String) {
        self.stage.show(lines);
    }

    /// Tells something in its turn: a notice, an error, what a command has to say.
    pub fn tell(&self, lines: String) {
        self.stage.tell(lines);
    }

    /// Clears the screen; what is queued comes after it.
    pub fn clear(&self) {
        self.stage.clear();
    }

    /// Waits until all that has been queued is on the screen. Gives up on a terminal that takes nothing
    /// for a second, or takes more than five for all.
    pub fn drain(&self) {
        self.stage.drain(STALL);
    }

    pub(super) fn stage(&self) -> &Arc<Stage> {
        &self.stage
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn run(stage: &Stage) {
    let mut frame = Instant::now();
    while let Some(job) = stage.next(frame) {
        frame = Instant::now() + FRAME;
        stage.print(job);
    }
}
