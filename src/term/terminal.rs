//! Which terminal there is, and how it was before us.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill, raise};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr,
    tcgetwinsize, tcsetattr,
};

use super::ahead::Ahead;

/// Values of `TERM` whose terminals cannot move the cursor; rustyline's own list.
const UNABLE: [&str; 3] = ["dumb", "cons25", "emacs"];

/// Makes the terminal say where a paste begins and ends, and stop saying so.
const PASTE_ON: &str = "\x1b[?2004h";
const PASTE_OFF: &str = "\x1b[?2004l";

/// The terminal that the person sits at. A clone is the same one.
#[derive(Debug, Clone)]
pub struct Terminal {
    output: Arc<File>,
    keyboard: Option<Keyboard>,
    dumb: bool,
    /// What one editor leaves to the next.
    ahead: Arc<Mutex<Ahead>>,
    /// Lives as long as an editor reads here.
    editing: Arc<Mutex<Weak<()>>>,
}

#[derive(Debug, Clone)]
struct Keyboard {
    input: Arc<File>,
    /// Reached as `/dev/tty`, because standard output goes elsewhere.
    by_name: bool,
}

impl Terminal {
    /// The terminal at standard input; with standard output elsewhere it is opened by its name, so that
    /// prompt and messages are seen and standard output stays clean. Else the one at standard output,
    /// to be shown things on. Else there is none.
    ///
    /// # Errors
    /// Where descriptors cannot be duplicated.
    pub fn find() -> io::Result<Option<Terminal>> {
        let (stdin, stdout) = (rustix::stdio::stdin(), rustix::stdio::stdout());
        let dumb = std::env::var("TERM")
            .is_ok_and(|term| UNABLE.iter().any(|unable| unable.eq_ignore_ascii_case(&term)));
        let (output, keyboard) = match (isatty(stdin), isatty(stdout)) {
            (true, true) => {
                let input = Arc::new(duplicate(stdin)?);
                (Arc::new(duplicate(stdout)?), Some(Keyboard { input, by_name: false }))
            }
            (true, false) => {
                let Ok(tty) = OpenOptions::new().read(true).write(true).open("/dev/tty") else {
                    return Ok(None); // a terminal that is not ours to write on
                };
                let tty = Arc::new(tty);
                (Arc::clone(&tty), Some(Keyboard { input: tty, by_name: true }))
            }
            (false, true) => (Arc::new(duplicate(stdout)?), None),
            (false, false) => return Ok(None),
        };
        let (ahead, editing) = (Arc::default(), Arc::default());
        Ok(Some(Terminal { output, keyboard, dumb, ahead, editing }))
    }

    /// Standard error, be it a terminal or not: to be told things on.
    ///
    /// # Errors
    /// Where descriptors cannot be duplicated.
    pub fn stderr() -> io::Result<Terminal> {
        let output = Arc::new(duplicate(rustix::stdio::stderr())?);
        let (ahead, editing) = (Arc::default(), Arc::default());
        Ok(Terminal { output, keyboard: None, dumb: true, ahead, editing })
    }

    /// One that cannot move the cursor.
    #[cfg(test)]
    pub(super) fn at(file: File) -> Terminal {
        let (output, ahead, editing) = (Arc::new(file), Arc::default(), Arc::default());
        let keyboard = Some(Keyboard { input: Arc::clone(&output), by_name: false });
        Terminal { output, keyboard, dumb: true, ahead, editing }
    }

    /// Whether somebody can type here: whether there can be an [`super::Editor`].
    #[must_use]
    pub fn has_keyboard(&self) -> bool {
        self.keyboard.is_some()
    }

    /// The same one, taken for one that cannot move its cursor: it edits lines itself and hands them
    /// over one by one, so that what is typed behind a line stays there for whoever reads next.
    #[must_use]
    pub fn as_dumb(&self) -> Terminal {
        Terminal { dumb: true, ..self.clone() }
    }

    /// What an editor holds as long as it reads here; nothing where there is one.
    pub(super) fn occupy(&self) -> Option<Arc<()>> {
        let mut editing = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        if editing.strong_count() > 0 {
            return None;
        }
        let occupied = Arc::new(());
        *editing = Arc::downgrade(&occupied);
        Some(occupied)
    }

    /// Leaves lines that an editor has handed over to the one that comes next.
    pub fn leave_lines(&self, lines: Vec<String>) {
        self.leave_ahead(|ahead| ahead.lines = lines);
    }

    /// Leaves what was typed to the editor that comes next.
    pub(super) fn leave_ahead(&self, leave: impl FnOnce(&mut Ahead)) {
        leave(&mut self.ahead.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The same, for that one.
    pub(super) fn take_ahead(&self) -> Ahead {
        std::mem::take(&mut self.ahead.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is_dumb(&self) -> bool {
        self.dumb
    }

    pub(super) fn is_by_name(&self) -> bool {
        self.keyboard.as_ref().is_some_and(|keyboard| keyboard.by_name)
    }

    pub(super) fn input(&self) -> Option<BorrowedFd<'_>> {
        self.keyboard.as_ref().map(|keyboard| keyboard.input.as_fd())
    }

    /// Writes all of it, as it is; blocks as long as the terminal takes nothing, also where whoever
    /// started us has left it in non-blocking mode.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            match (&*self.output).write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let mut room = [PollFd::new(&*self.output, PollFlags::OUT)];
                    // Interrupted or not: the next write tells.
                    let _ = rustix::event::poll(&mut room, None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Rows and columns; what every terminal once had, where it does not say.
    pub(super) fn size(&self) -> (usize, usize) {
        match tcgetwinsize(&*self.output) {
            Ok(size) if size.ws_row > 0 && size.ws_col > 0 => {
                (size.ws_row.into(), size.ws_col.into())
            }
            _ => (24, 80),
        }
    }
}

/// The mode in which the terminal was found. Put back at the latest when dropped, so also while a
/// panic unwinds. (`std::process::exit` drops nothing: end by returning from `main`.)
#[derive(Debug)]
pub(super) struct Found {
    terminal: Terminal,
    modes: Termios,
}

impl Found {
    /// Remembers the mode that the terminal is in.
    pub(super) fn new(terminal: &Terminal) -> io::Result<Self> {
        let input = terminal.input().ok_or(io::ErrorKind::Unsupported)?;
        Ok(Found { modes: tcgetattr(input)?, terminal: terminal.clone() })
    }

    /// What the settings (`stty`) have as the key of this function; `None` where it has none.
    pub(super) fn key(&self, function: SpecialCodeIndex) -> Option<u8> {
        Some(self.modes.special_codes[function]).filter(|code| *code != 0)
    }

    /// Lets keys come as they are, from now on and not just while a line is read. Between two lines a
    /// terminal in its own mode would echo what is typed; and with Ctrl-C it would throw away text that
    /// is on its way to the screen, and signal this program.
    pub(super) fn keep_raw(&self) -> io::Result<()> {
        let Some(input) = self.terminal.input() else { return Ok(()) };
        let mut raw = self.modes.clone();
        raw.input_modes -= InputModes::BRKINT
            | InputModes::ICRNL
            | InputModes::INPCK
            | InputModes::ISTRIP
            | InputModes::IXON;
        raw.local_modes -=
            LocalModes::ECHO | LocalModes::ICANON | LocalModes::IEXTEN | LocalModes::ISIG;
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        Ok(tcsetattr(input, OptionalActions::Now, &raw)?)
    }

    /// Stops the process group, as Ctrl-Z does in the terminal's own mode, and returns when it goes on.
    pub(super) fn suspend(&self) -> io::Result<()> {
        self.terminal.write(PASTE_OFF)?;
        self.put_back();
        kill(Pid::from_raw(0), Signal::SIGTSTP)?;
        // The signal may be taken by another thread, and reach this one a moment later.
        thread::sleep(Duration::from_millis(5));
        self.keep_raw()?;
        self.terminal.write(PASTE_ON)?;
        // Whoever had the terminal meanwhile was told of a new size, and we were not.
        Ok(raise(Signal::SIGWINCH)?)
    }

    /// Puts that mode back, at once.
    pub(super) fn put_back(&self) {
        let Some(input) = self.terminal.input() else { return };
        let is_as_found = tcgetattr(input).is_ok_and(|now| {
            now.local_modes == self.modes.local_modes && now.input_modes == self.modes.input_modes
        });
        if !is_as_found {
            // Now, and not once all output has gone out: it may never go out.
            let _ = tcsetattr(input, OptionalActions::Now, &self.modes);
        }
    }
}

impl Drop for Found {
    fn drop(&mut self) {
        self.put_back();
    }
}

fn duplicate(fd: BorrowedFd<'_>) -> io::Result<File> {
    let fd: OwnedFd = rustix::io::fcntl_dupfd_cloexec(fd, 3)?; // 3: not among the standard ones
    Ok(fd.into())
}
