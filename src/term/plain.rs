//! Reading lines where the terminal can do nothing but that (`TERM=dumb`): it is left in its own mode,
//! so that editing, Ctrl-C and Ctrl-Z are the terminal's.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use super::desk::Desk;
use super::editor::OnEvent;
use super::stage::Stage;
use super::{EditorEvent, Terminal, render};

/// Reads lines from the terminal as it hands them over.
pub(super) struct Plain {
    terminal: Terminal,
    stage: Arc<Stage>,
    desk: Arc<Desk>,
    on_event: OnEvent,
    /// Is at its end once the editor is to be closed.
    woken: OwnedFd,
    /// What has come of a line.
    begun: Vec<u8>,
}

impl Plain {
    pub(super) fn new(
        terminal: Terminal,
        stage: Arc<Stage>,
        desk: Arc<Desk>,
        on_event: OnEvent,
        woken: OwnedFd,
    ) -> Self {
        Plain { terminal, stage, desk, on_event, woken, begun: Vec::new() }
    }

    /// Reads lines until asked to leave, or until the terminal is gone.
    pub(super) fn run(mut self) {
        let ended = self.read_lines();
        self.stage.set_plain_prompt(None);
        let _ = self.terminal.write("\n"); // a fresh line; where there is no terminal, nothing is lost
        match ended {
            Ok(true) => {}
            Ok(false) => (self.on_event)(EditorEvent::End),
            Err(error) => (self.on_event)(EditorEvent::Failed(error.into())),
        }
    }

    /// Returns whether it was asked to leave; else the input has ended.
    fn read_lines(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 4096]; // no terminal hands over more at once, nor more than a line
        for line in self.terminal.take_ahead().lines {
            self.hand_over(line.as_bytes());
        }
        self.prompt();
        // What comes after the last line that is wanted is for whoever reads next.
        while !self.desk.is_leaving() && self.await_input()? {
            let Some(input) = self.terminal.input() else { return Ok(false) };
            match rustix::io::read(input, &mut buffer) {
                Ok(0) => return Ok(false),
                Ok(len) => self.take(&buffer[..len]),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    /// Waits until there is something to read; `false` once the editor is to be closed.
    fn await_input(&self) -> io::Result<bool> {
        let Some(input) = self.terminal.input() else { return Ok(false) };
        loop {
            let mut fds =
                [PollFd::new(&self.woken, PollFlags::IN), PollFd::new(&input, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) if !fds[0].revents().is_empty() => return Ok(false),
                Ok(_) if !fds[1].revents().is_empty() => return Ok(true),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.begun.extend_from_slice(bytes);
        let Some(end) = self.begun.iter().rposition(|byte| *byte == b'\n') else { return };
        let rest = self.begun.split_off(end + 1);
        let lines = std::mem::replace(&mut self.begun, rest);
        self.stage.set_plain_prompt(None);
        for line in lines[..end].split(|byte| *byte == b'\n') {
            self.hand_over(line);
        }
        self.desk.await_answer();
        self.prompt();
    }

    fn hand_over(&self, line: &[u8]) {
        if let Ok(line) = str::from_utf8(line) {
            self.desk.ask();
            (self.on_event)(EditorEvent::Line(line.to_owned()));
        } else {
            let mut told = String::new();
            render::aside(
                &mut told,
                false,
                "a line that is no UTF-8 was not sent: `/raw` sends any bytes",
            );
            self.stage.tell(told);
        }
    }

    fn prompt(&self) {
        self.stage.set_plain_prompt(Some(self.desk.prompt()));
    }
}
