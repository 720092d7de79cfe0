//! The line editor, as the one who owns it sees it.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::thread::JoinHandleExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::pthread::pthread_kill;
use nix::sys::signal::Signal;
use rustyline::GraphemeClusterMode;
use rustyline::error::ReadlineError;
use thiserror::Error;

use super::desk::Desk;
use super::plain::Plain;
use super::rich::Rich;
use super::stage::Stage;
use super::terminal::Found;
use super::{Assist, Printer, Terminal};
use crate::units::reason;

/// The variable that says how the terminal draws what consists of several characters.
const GRAPHEMES: &str = "CHAT_REPL_GRAPHEMES";

/// How often the line editor is signalled until it ends: a signal that comes while it does not wait
/// for a key may have no effect.
const SIGNAL_EVERY: Duration = Duration::from_millis(20);

/// When nothing has been shown for so long while there is something to show, then something holds it
/// up: a search, an unfinished completion or key, or a slow terminal.
const STALL: Duration = Duration::from_millis(100);

/// How often the line editor is then made to start over: see [`SIGNAL_EVERY`].
const NUDGES: usize = 5;

/// How long it may then take until what went to it is on the screen: else that would be lost.
const SURE: Duration = Duration::from_secs(1);

/// How long the line editor is given to end. Only on a terminal that takes nothing it needs as much.
const PATIENCE: Duration = Duration::from_millis(500);

/// What became of the typing.
#[derive(Debug)]
pub enum EditorEvent {
    /// A line was entered, without its end; of a paste, each line is one.
    Line(String),
    /// Ctrl-C on an empty line.
    Interrupt,
    /// Ctrl-D on an empty line, or the terminal hung up. The prompt stays until [`Editor::close`].
    End,
    /// SIGINT from outside. While a line is read its handler is the line editor's, so that nobody else
    /// in this program hears of it.
    Sigint,
    /// The editor has ended.
    Failed(EditorError),
}

/// Why there is no editor, or none any more.
#[derive(Debug, Error)]
pub enum EditorError {
    /// Nobody can type at this terminal.
    #[error("standard input is no terminal")]
    NoKeyboard,
    /// The history cannot be read.
    #[error("the history `{path}` cannot be used: {}", reason(.source))]
    History {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The environment asks for something unknown.
    #[error("{GRAPHEMES} is `{0}`, not `unicode`, `wcwidth` or `no-zwj`")]
    Graphemes(String),
    /// The terminal failed.
    #[error("the terminal failed: {0}")]
    Terminal(#[from] ReadlineError),
    /// The terminal failed, or no thread can be started.
    #[error("the line editor cannot run: {}", reason(.0))]
    Io(#[from] io::Error),
    /// The editor before it has not ended, and two would read the same keys.
    #[error("the line editor before this one does not end: does the terminal take anything?")]
    Stuck,
    /// A defect: the thread has panicked.
    #[error("the line editor panicked")]
    Panicked,
}

/// How the terminal draws graphemes of several characters, such as `👩‍🚀`: where the editor is wrong
/// about it, the cursor is some columns off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Graphemes {
    /// As one: `unicode`. Most do by now.
    #[default]
    Unicode,
    /// Each character on its own: `wcwidth`.
    WcWidth,
    /// As one, but for those joined with a zero-width joiner: `no-zwj`.
    NoZwj,
}

impl Graphemes {
    /// What `CHAT_REPL_GRAPHEMES` says; the default where it is not set.
    ///
    /// # Errors
    /// Where it says something else.
    pub fn from_env() -> Result<Self, EditorError> {
        match std::env::var_os(GRAPHEMES) {
            None => Ok(Graphemes::default()),
            Some(name) => Graphemes::from_name(&name.to_string_lossy()),
        }
    }

    fn from_name(name: &str) -> Result<Self, EditorError> {
        match name {
            "" | "unicode" => Ok(Graphemes::Unicode),
            "wcwidth" => Ok(Graphemes::WcWidth),
            "no-zwj" => Ok(Graphemes::NoZwj),
            other => Err(EditorError::Graphemes(other.to_owned())),
        }
    }

    pub(super) fn mode(self) -> GraphemeClusterMode {
        match self {
            Graphemes::Unicode => GraphemeClusterMode::Unicode,
            Graphemes::WcWidth => GraphemeClusterMode::WcWidth,
            Graphemes::NoZwj => GraphemeClusterMode::NoZwj,
        }
    }
}

/// How an editor is to be.
#[derive(Debug, Clone)]
pub struct EditorConfig {
    /// What stands before the line: `> `.
    pub prompt: String,
    /// Where the lines are kept from session to session, if anywhere.
    pub history: Option<PathBuf>,
    /// How wide the terminal draws things.
    pub graphemes: Graphemes,
    /// Whether what was typed and not taken is for another editor of this terminal, which is to come. The
    /// first that has none behind it remembers no line of those before.
    pub hands_on: bool,
}

/// Takes what the editor tells, on the editor's thread.
pub(super) type OnEvent = Arc<dyn Fn(EditorEvent) + Send + Sync>;

/// A line editor on a thread of its own.
///
/// It must be closed, or dropped, before the process ends: that is when the terminal gets back the mode
/// in which it was found. A handler for SIGINT must be installed before it starts, and stay: closing
/// signals its thread, and a signal without a handler ends the process. That handler may see the
/// signal, and must not take it for the person's while [`Editor::close`] runs.
///
/// The line editor waits with `select`, which takes descriptors below 1,024 only, and opens two for
/// each line: whoever has many conns keeps these numbers free.
#[must_use]
pub struct Editor {
    thread: Option<JoinHandle<()>>,
    waking: Waking,
    desk: Arc<Desk>,
    stage: Arc<Stage>,
    found: Arc<Found>,
}

/// How the thread is made to end.
pub(super) enum Waking {
    /// By signals, in raw mode.
    Signal,
    /// By the other end of a pipe that it waits at.
    Pipe(Option<OwnedFd>),
}

impl Editor {
    /// Starts to read lines from `terminal`; from now on `printer` prints through the editor.
    ///
    /// `on_event` is called on the editor's thread, and must not block. After each line the driver
    /// calls [`Editor::answered`] once the line has had its effect.
    ///
    /// # Errors
    /// Where nobody can type here, an editor of this terminal has not ended although it was closed, the
    /// history cannot be used or no thread be started.
    pub fn start(
        terminal: &Terminal,
        printer: &Printer,
        config: EditorConfig,
        assist: Arc<dyn Assist>,
        on_event: impl Fn(EditorEvent) + Send + Sync + 'static,
    ) -> Result<Editor, EditorError> {
        if !terminal.has_keyboard() {
            return Err(EditorError::NoKeyboard);
        }
        let occupied = terminal.occupy().ok_or(EditorError::Stuck)?;
        let found = Arc::new(Found::new(terminal)?);
        let desk = Arc::new(Desk::new(config.prompt.clone()));
        let stage = Arc::clone(printer.stage());
        let on_event: OnEvent = Arc::new(on_event);
        let farewell = Farewell {
            desk: Arc::clone(&desk),
            stage: Arc::clone(&stage),
            on_event: Arc::clone(&on_event),
            _occupied: occupied,
        };
        let (waking, read): (Waking, Box<dyn FnOnce() + Send>) = if terminal.is_dumb() {
            let (woken, wake) = io::pipe()?;
            let plain = Plain::new(
                terminal.clone(),
                Arc::clone(&stage),
                Arc::clone(&desk),
                on_event,
                woken.into(),
            );
            (Waking::Pipe(Some(wake.into())), Box::new(move || plain.run()))
        } else {
            let rich = Rich::new(&stage, &desk, &found, config, assist, on_event)?;
            (Waking::Signal, Box::new(move || rich.run()))
        };
        let thread = thread::Builder::new().name("editor".into()).spawn(move || {
            let _farewell = farewell;
            read();
        })?;
        Ok(Editor { thread: Some(thread), waking, desk, stage, found })
    }

    /// Sets what stands before the line, from the next line on.
    pub fn set_prompt(&self, prompt: impl Into<String>) {
        self.desk.set_prompt(prompt.into());
    }

    /// Says that a line that was handed over has had its effect. The next prompt waits until all have, for
    /// half a second at most, so that it stands behind the answer and is the one that a command has set.
    pub fn answered(&self) {
        self.desk.answer();
    }

    /// Shows what is queued, and ends: with the terminal in the mode in which it was found, and the
    /// cursor on a fresh line, whatever was being typed. Afterwards the printer prints without it.
    ///
    /// Takes milliseconds; two seconds where the terminal takes nothing, and more only where it gets on
    /// with much that is queued, but slowly.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        let mut shown = self.stage.drain(STALL);
        for _ in 0..NUDGES {
            if shown || thread.is_finished() {
                break;
            }
            self.desk.nudge();
            self.wake(&thread);
            shown = self.stage.drain(STALL);
        }
        self.stage.shut(SURE);
        self.desk.leave();
        let start = Instant::now();
        let mut left = self.desk.has_left(Duration::ZERO);
        while !left && start.elapsed() < PATIENCE {
            self.wake(&thread);
            left = self.desk.has_left(SIGNAL_EVERY);
        }
        if left {
            let _ = thread.join(); // a panic has been told
        } else {
            self.stage.detach();
        }
        self.found.put_back();
    }

    fn wake(&mut self, thread: &JoinHandle<()>) {
        match &mut self.waking {
            Waking::Signal if self.desk.is_reading() && !thread.is_finished() => {
                // Fails only for a thread that is no more, which is what it is for.
                let _ = pthread_kill(thread.as_pthread_t(), Signal::SIGINT);
            }
            Waking::Signal => {}
            Waking::Pipe(wake) => *wake = None,
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs last on the editor's thread, however that ends.
struct Farewell {
    desk: Arc<Desk>,
    stage: Arc<Stage>,
    on_event: OnEvent,
    _occupied: Arc<()>,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        self.stage.detach();
        self.desk.left();
        if thread::panicking() {
            (self.on_event)(EditorEvent::Failed(EditorError::Panicked));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::term::Completion;

    struct Nothing;

    impl Assist for Nothing {
        fn complete(&self, _: &str, pos: usize) -> Completion {
            Completion { start: pos, candidates: Vec::new(), files: false }
        }

        fn hint(&self, _: &str) -> Option<String> {
            None
        }

        fn may_be_kept(&self, _: &str) -> bool {
            false
        }
    }

    #[test]
    fn an_editor_waits_for_the_end_of_the_one_before() {
        let (master, slave) = pty_process::blocking::open().unwrap();
        let terminal = Terminal::at(slave.as_fd().try_clone_to_owned().unwrap().into());
        let printer = Printer::start(&terminal, false).unwrap();
        let (tell, told) = channel();
        let start = |prompt: &str| {
            let config = EditorConfig {
                prompt: prompt.to_owned(),
                history: None,
                graphemes: Graphemes::default(),
                hands_on: true,
            };
            let tell = tell.clone();
            let on_event = move |event| tell.send(event).unwrap();
            Editor::start(&terminal, &printer, config, Arc::new(Nothing), on_event)
        };
        let first = start("1> ").unwrap();
        assert!(matches!(start("2> "), Err(EditorError::Stuck)), "it has not ended");
        first.close();
        let second = start("3> ").unwrap();
        rustix::io::write(&master, b"hello\n").unwrap();
        assert!(matches!(told.recv(), Ok(EditorEvent::Line(line)) if line == "hello"));
        second.close();
    }

    #[test]
    fn graphemes_have_names() {
        assert_eq!(Graphemes::from_name("wcwidth").unwrap(), Graphemes::WcWidth);
        let error = Graphemes::from_name("wide").unwrap_err().to_string();
        assert_eq!(error, "CHAT_REPL_GRAPHEMES is `wide`, not `unicode`, `wcwidth` or `no-zwj`");
    }
}
