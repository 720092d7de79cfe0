//! Signals, as events of the loop.

use std::io::{self, Read};

use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use nix::sys::signal::SigSet;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// A signal that asks the program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGINT: Ctrl-C where no line editor has the terminal.
    Interrupt,
    /// SIGTERM, or SIGHUP: the terminal is gone.
    Terminate,
}

/// The pipes on which signals arrive. Made before the first line is edited: the line editor is made
/// to return by a SIGINT of our own, for which a handler has to stand.
#[derive(Debug)]
pub struct Signals {
    pipes: Vec<(Signal, UnixStream)>,
}

impl Signals {
    /// None: somebody else catches them.
    pub(super) fn none() -> Signals {
        Signals { pipes: Vec::new() }
    }

    /// Catches the signals.
    ///
    /// # Errors
    /// The system refuses.
    pub fn catch() -> io::Result<Signals> {
        let wanted = [
            (Signal::Interrupt, SIGINT),
            (Signal::Terminate, SIGTERM),
            (Signal::Terminate, SIGHUP),
        ];
        let pipe = |(signal, number)| {
            let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
            ours.set_nonblocking(true)?;
            signal_hook::low_level::pipe::register(number, theirs)?;
            Ok((signal, UnixStream::from_std(ours)))
        };
        Ok(Signals { pipes: wanted.into_iter().map(pipe).collect::<io::Result<_>>()? })
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let mut pipes = self.pipes.iter_mut();
        pipes.try_for_each(|(_, pipe)| registry.register(pipe, token, Interest::READABLE))
    }

    /// Keeps SIGINT from this thread, and from those that it starts from now on. It comes to the line
    /// editor's then, which it has to wake: during a search that waits in nothing but a `read`.
    pub(super) fn leave_interrupts_to_others() {
        // Fails for no set that there is.
        sigint().thread_block().ok();
    }

    /// Has SIGINT come to this thread again.
    pub(super) fn take_interrupts_back() {
        sigint().thread_unblock().ok();
    }

    /// The signals that came since this was last asked.
    pub fn take(&mut self) -> Vec<Signal> {
        let mut came = Vec::new();
        for (signal, pipe) in &mut self.pipes {
            let mut bytes = [0; 16];
            while let Ok(1..) = pipe.read(&mut bytes) {
                came.push(*signal);
            }
        }
        came
    }
}

fn sigint() -> SigSet {
    SigSet::from(nix::sys::signal::Signal::SIGINT)
}
