//! The person at the prompt.

use std::sync::Arc;

use super::engine::Engine;
use super::{Message, Signal, Signals};
use crate::command::{Command, ConnCommand, PromptCommand};
use crate::script::{Step, What};
use crate::session::{Drive, Input, Notice};
use crate::term::{Editor, EditorConfig, EditorEvent, Graphemes};
use crate::units::count;

/// What is told on Ctrl-C, where there is nothing to clear and nothing to stop.
const HOW_TO_LEAVE: &str = "press Ctrl-D or type /quit to leave";

/// What is told where something is typed that a tap does not do.
const TAP_SAYS_NOTHING: &str = "not sent: a tap says nothing itself, it passes on what others say (see /show, /who, /save, /note)";

/// The same in a mock.
const MOCK_SAYS_NOTHING: &str =
    "not sent: a mock says what was recorded (see /show, /who, /save, /note)";

/// What people call what is typed, in places of errors.
pub(super) const PROMPT: &str = "<prompt>";

/// What stands before the lines of a block.
const IN_BLOCK: &str = "/all> ";

impl Engine {
    /// Gives the terminal to a person.
    pub(super) fn edit(&mut self) {
        self.screen.set_echo(self.runners.are_apart());
        let Some((terminal, history)) = self.editing.take() else { return };
        let Some(printer) = self.screen.printer() else { return };
        let sender = self.inbox.sender();
        let started = Graphemes::from_env().and_then(|graphemes| {
            let prompt = self.runners.own.prompt();
            let config = EditorConfig { prompt, history, graphemes, hands_on: false };
            let tell = move |event| sender.send(Message::Editor(event));
            Editor::start(&terminal, printer, config, Arc::new(self.names.clone()), tell)
        });
        match started {
            Ok(editor) => {
                Signals::leave_interrupts_to_others();
                self.screen.edit(editor);
            }
            Err(err) => {
                self.outcome.add(err);
                self.inputs.push_back(Input::Drive(Drive::Quit));
            }
        }
    }

    pub(super) fn edited(&mut self, event: EditorEvent) {
        match event {
            EditorEvent::Line(line) => self.line(&line),
            EditorEvent::Interrupt => self.stop(),
            EditorEvent::End => self.input(Input::Drive(Drive::Quit)),
            EditorEvent::Sigint => self.interrupted(Signal::Interrupt),
            EditorEvent::Failed(err) => {
                self.outcome.add(err);
                self.input(Input::Drive(Drive::Quit));
            }
        }
    }

    /// A person has entered a line.
    fn line(&mut self, line: &str) {
        let mut steps = Vec::new();
        self.typed.feed(format!("{line}\n").into(), &mut steps);
        for step in steps {
            match step {
                Ok(step) => self.typed(step),
                Err(fault) => self.screen.report(&fault.into()),
            }
        }
        self.show_prompt();
        self.screen.answered();
    }

    /// A person has entered a step.
    fn typed(&mut self, step: Step) {
        let quits = match &step.what {
            What::Command(command, _) => **command == Command::Prompt(PromptCommand::Quit),
            _ => false,
        };
        if quits && !self.runners.own.is_idle() {
            self.input(Input::Drive(Drive::Quit));
        } else if self.runners.own.is_playing() && !quits {
            let refused = "a replay is running: Ctrl-C on an empty line stops it";
            self.screen.tell(&Notice::Told(refused.to_owned()));
        } else if let Some(refused) = self.says_nothing()
            && !says_nothing(&step)
        {
            self.screen.tell(&Notice::Told(refused.to_owned()));
        } else {
            self.runners.own.push(step);
            self.step();
        }
    }

    /// What is told where a step would say something, if it is not for a person to say it.
    fn says_nothing(&self) -> Option<&'static str> {
        if self.reaching.is_tap() {
            Some(TAP_SAYS_NOTHING)
        } else if self.runners.are_apart() {
            Some(MOCK_SAYS_NOTHING)
        } else {
            None
        }
    }

    /// Shows the prompt that the next line is for.
    pub(super) fn show_prompt(&self) {
        if self.typed.is_in_block() {
            self.screen.set_prompt(IN_BLOCK);
        } else {
            self.screen.set_prompt(&self.runners.own.prompt());
        }
    }

    /// A person has pressed Ctrl-C on an empty line.
    fn stop(&mut self) {
        self.opening.abandon();
        let told = if self.typed.abandon_block() {
            self.show_prompt();
            "the lines of the `/all` are forgotten".to_owned()
        } else {
            match self.runners.own.interrupt() {
                None => HOW_TO_LEAVE.to_owned(),
                Some(0) => "stopped".to_owned(),
                Some(n) => format!("stopped, and {} behind it not run", count(n as u64, "line")),
            }
        };
        self.screen.set_echo(self.runners.are_apart()); // a replay may have been what was stopped
        self.screen.tell(&Notice::Told(told));
    }
}

/// Whether a step asks for something that speaks to nobody, nor waits for anybody.
fn says_nothing(step: &Step) -> bool {
    match &step.what {
        What::Command(command, _) => {
            step.is_local() || **command == Command::Conn(ConnCommand::Who)
        }
        What::Comment(_) => true,
        What::Text(_) | What::Data(_) | What::File { .. } | What::All(_) => false,
    }
}
