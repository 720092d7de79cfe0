//! Standard error: where people are told things, whether anybody reads them or not.

use std::io;

use anstream::ColorChoice;
use anstream::adapter::strip_str;
use rustix::event::{PollFlags, Timespec};
use rustix::fs::FileType;

use super::{colour, readiness};
use crate::term::{Printer, Terminal};

/// How long a reader that has stalled is waited for, at the end.
const PATIENCE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Standard error. Guests decide how much is told there, so a reader that stalls must not hold up the
/// loop: a pipe, a socket and a terminal are written to by a thread of their own, behind a queue with
/// a bound.
pub(super) struct Stderr {
    /// `None`: writing never blocks. A file, `/dev/null`.
    printer: Option<Printer>,
    colour: bool,
}

impl Stderr {
    /// Standard error, with colour where it is wanted.
    pub(super) fn open(choice: ColorChoice) -> io::Result<Self> {
        let colour = colour::on_stderr(choice);
        let printer =
            if is_steady()? { None } else { Some(Printer::start(&Terminal::stderr()?, colour)?) };
        Ok(Stderr { printer, colour })
    }

    /// Tells whole lines. Where nobody reads them there is nobody to tell.
    pub(super) fn tell(&self, text: String) {
        let text = if self.colour { text } else { strip_str(&text).to_string() };
        match &self.printer {
            Some(printer) => printer.tell(text),
            None => {
                io::Write::write_all(&mut io::stderr(), text.as_bytes()).ok();
            }
        }
    }

    /// Waits until all of it is written, but not for a reader that has stalled.
    pub(super) fn drain(&self) {
        if let Some(printer) = &self.printer {
            printer.drain();
        }
    }
}

impl Drop for Stderr {
    /// The errors that the program ends with come after all that was told. They are written directly:
    /// where nobody reads them, they go nowhere, so that the program does end.
    fn drop(&mut self) {
        self.drain();
        if self.printer.is_some() && !is_read() {
            // Without a `/dev/null` the program may have to be killed, and that is all.
            let nowhere = std::fs::OpenOptions::new().write(true).open("/dev/null");
            nowhere.and_then(|nowhere| Ok(rustix::stdio::dup2_stderr(&nowhere)?)).ok();
        }
    }
}

fn is_steady() -> io::Result<bool> {
    let stderr = rustix::stdio::stderr();
    let kind = FileType::from_raw_mode(rustix::fs::fstat(stderr)?.st_mode);
    let device = kind == FileType::CharacterDevice && !rustix::termios::isatty(stderr);
    Ok(kind == FileType::RegularFile || device)
}

/// Whether there is room for an error: in a pipe for 4 KiB at least.
fn is_read() -> bool {
    readiness::is_ready_within(&rustix::stdio::stderr(), PollFlags::OUT, PATIENCE)
}
