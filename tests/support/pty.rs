//! A program on a pseudo-terminal, seen as a person sees it: keys go in, a screen comes out.
//!
//! Nothing here sleeps: a test waits for what the screen shows, until a deadline, and fails with the
//! screen as it was.

use std::cell::Cell;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Instant;

use pty_process::{Size, blocking};
use rustix::termios::{ControlModes, InputModes, LocalModes, OutputModes, tcgetattr};

use super::DEADLINE;

/// A program on a terminal of its own, killed when dropped.
pub(crate) struct Pty {
    master: Arc<blocking::Pty>,
    /// How the terminal was before the program came.
    found: Modes,
    child: Child,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

/// What the program has written.
struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
    stopped: bool,
}

impl Pty {
    /// Starts a program with all three standard streams on the terminal. `TERM` is `xterm-256color`,
    /// and `NO_COLOR` is not set, where the command does not say otherwise.
    pub(crate) fn spawn(command: Command, rows: u16, cols: u16) -> Self {
        Self::start(command, rows, cols, None)
    }

    /// Starts a program whose standard output goes elsewhere.
    pub(crate) fn spawn_with_stdout(command: Command, rows: u16, cols: u16, stdout: Stdio) -> Self {
        Self::start(command, rows, cols, Some(stdout))
    }

    fn start(mut command: Command, rows: u16, cols: u16, stdout: Option<Stdio>) -> Self {
        if command.get_envs().all(|(name, _)| name != "TERM") {
            command.env("TERM", "xterm-256color");
        }
        if command.get_envs().all(|(name, _)| name != "NO_COLOR") {
            command.env_remove("NO_COLOR");
        }
        let (master, slave) = blocking::open().expect("a pseudo-terminal");
        master.resize(Size::new(rows, cols)).expect("a size");
        let mut command = blocking::Command::from(command);
        if let Some(stdout) = stdout {
            command = command.stdout(stdout);
        }
        let found = modes(&master);
        // The slave end is dropped here: when the program ends, reading does.
        let child = command.spawn(slave).expect("the program starts");
        let parser = vt100::Parser::new(size(rows), size(cols), 0);
        let seen = Seen { parser, raw: Vec::new(), ended: false, stopped: false };
        let pty = Pty {
            master: Arc::new(master),
            found,
            child,
            seen: Arc::new((Mutex::new(seen), Condvar::new())),
        };
        pty.read_on_a_thread();
        pty
    }

    /// Types: text, and keys as the terminal sends them (`\r`, `\x03`, `\x1b[A`).
    pub(crate) fn type_keys(&self, keys: &str) {
        self.type_bytes(keys.as_bytes());
    }

    /// Types bytes that are no UTF-8.
    pub(crate) fn type_bytes(&self, keys: &[u8]) {
        (&*self.master).write_all(keys).expect("the terminal takes keys");
    }

    /// Waits until the screen is as wanted; fails with what it shows at the deadline, or at the end of
    /// the program.
    #[track_caller]
    pub(crate) fn wait_for(&self, wanted: impl Fn(&vt100::Screen) -> bool) {
        self.wait_until("the screen is as wanted", |seen| wanted(seen.parser.screen()));
    }

    /// Waits until the screen shows `text` somewhere.
    #[track_caller]
    pub(crate) fn wait_for_text(&self, text: &str) {
        self.wait_until(&format!("the screen shows {text:?}"), |seen| {
            seen.parser.screen().contents().contains(text)
        });
    }

    /// Waits until some row of the screen is exactly this.
    #[track_caller]
    pub(crate) fn wait_for_row(&self, wanted: &str) {
        self.wait_until(&format!("the screen has the row {wanted:?}"), |seen| {
            rows(seen.parser.screen()).iter().any(|row| row == wanted)
        });
    }

    /// Waits until the program has written `text`, at whatever time.
    #[track_caller]
    pub(crate) fn wait_for_written(&self, text: &str) {
        let searched = Cell::new(0);
        self.wait_until(&format!("{text:?} is written"), |seen| {
            let rest = &seen.raw[searched.replace(seen.raw.len().saturating_sub(text.len()))..];
            memchr::memmem::find(rest, text.as_bytes()).is_some()
        });
    }

    /// The rows of the screen, without the blanks behind them.
    pub(crate) fn rows(&self) -> Vec<String> {
        rows(self.seen().parser.screen())
    }

    /// Where the cursor is: row and column, from 0.
    pub(crate) fn cursor(&self) -> (u16, u16) {
        self.seen().parser.screen().cursor_position()
    }

    /// All that the program has written so far.
    pub(crate) fn written(&self) -> String {
        String::from_utf8_lossy(&self.seen().raw).into_owned()
    }

    /// Gives the terminal another size, and tells the program.
    pub(crate) fn resize(&self, rows: u16, cols: u16) {
        self.seen().parser.screen_mut().set_size(size(rows), size(cols));
        self.master.resize(Size::new(rows, cols)).expect("a size");
    }

    /// Takes nothing more from the program, as a terminal that is stopped (Ctrl-S) or lost its link.
    pub(crate) fn stop(&self) {
        self.seen().stopped = true;
    }

    /// Takes again what the program writes.
    pub(crate) fn go_on(&self) {
        self.seen().stopped = false;
        self.seen.1.notify_all();
    }

    /// Whether the terminal gathers lines and echoes keys, as a shell expects it.
    pub(crate) fn is_cooked(&self) -> bool {
        let modes = tcgetattr(&*self.master).expect("the modes of the terminal").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Whether a paste would arrive bare, as a shell expects it.
    pub(crate) fn is_bracketed_paste_off(&self) -> bool {
        !self.seen().parser.screen().bracketed_paste()
    }

    /// The process id of the program.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the end of the program.
    #[track_caller]
    pub(crate) fn wait_exit(&mut self) -> ExitStatus {
        self.wait_until("the program ends", |seen| seen.ended);
        self.child.wait().expect("a status")
    }

    /// Asserts what everyone expects of a terminal that a program has left: its settings as they were,
    /// bracketed paste off, the cursor at the start of an empty row.
    #[track_caller]
    pub(crate) fn assert_left_well(&self) {
        let (row, column) = self.cursor();
        let rows = self.rows();
        assert!(self.is_cooked(), "the terminal is not cooked\n{}", self.picture());
        assert_eq!(modes(&self.master), self.found, "the settings changed\n{}", self.picture());
        assert!(self.is_bracketed_paste_off(), "bracketed paste is on\n{}", self.picture());
        assert!(
            column == 0 && rows[usize::from(row)].is_empty(),
            "the cursor is at {row},{column}\n{}",
            self.picture()
        );
    }

    /// The screen with a frame around it, for messages.
    pub(crate) fn picture(&self) -> String {
        picture(self.seen().parser.screen())
    }

    #[track_caller]
    fn wait_until(&self, what: &str, wanted: impl Fn(&Seen) -> bool) {
        let start = Instant::now();
        let mut seen = self.seen();
        while !wanted(&seen) {
            let left = DEADLINE.saturating_sub(start.elapsed());
            if left.is_zero() || seen.ended {
                let why = if seen.ended { "the program has ended" } else { "nothing more came" };
                panic!("waited until {what}: {why}\n{}", picture(seen.parser.screen()));
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// A test that has failed holds no lock that matters.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn read_on_a_thread(&self) {
        let (master, seen) = (Arc::clone(&self.master), Arc::clone(&self.seen));
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            loop {
                let Ok(held) = seen.0.lock() else { return };
                drop(seen.1.wait_while(held, |seen| seen.stopped));
                // EIO means that nobody has the slave end any more.
                let len = (&*master).read(&mut buffer).unwrap_or(0);
                let Ok(mut seen_now) = seen.0.lock() else { return };
                seen_now.parser.process(&buffer[..len]);
                seen_now.raw.extend_from_slice(&buffer[..len]);
                seen_now.ended = len == 0;
                seen.1.notify_all();
                if len == 0 {
                    return;
                }
            }
        });
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The settings of a terminal that programs change.
type Modes = (InputModes, OutputModes, ControlModes, LocalModes);

fn modes(master: &blocking::Pty) -> Modes {
    let modes = tcgetattr(master).expect("the modes of the terminal");
    (modes.input_modes, modes.output_modes, modes.control_modes, modes.local_modes)
}

/// The rows of a screen, without the blanks behind them.
pub(crate) fn rows(screen: &vt100::Screen) -> Vec<String> {
    screen.rows(0, screen.size().1.get()).map(|row| row.trim_end().to_owned()).collect()
}

fn picture(screen: &vt100::Screen) -> String {
    let rows = rows(screen).join("\n  |");
    format!("  |{rows}\n  cursor: {:?}", screen.cursor_position())
}

fn size(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).expect("a terminal has rows and columns")
}
