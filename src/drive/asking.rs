//! Asking a person for one line, before there is a conversation.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use anstream::ColorChoice;
use mio::{Events, Poll, Token};

use super::inbox::Inbox;
use super::{Signal, Signals, colour};
use crate::term::{
    Assist, Completion, Editor, EditorConfig, EditorError, EditorEvent, Graphemes, Printer,
    Terminal,
};
use crate::wire::Visible;

const TYPED: Token = Token(0);
const SIGNALS: Token = Token(1);

/// What a person is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// What stands before the answer.
    pub prompt: &'static str,
    /// The words that an answer is made of, for Tab.
    pub words: &'static [&'static str],
    /// How often, where what was answered will not do.
    pub times: usize,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<T> {
    /// This.
    Given(T),
    /// Nothing: Ctrl-D, the terminal is gone, or it was asked often enough.
    None,
    /// Ctrl-C, or a signal.
    Signalled(Signal),
}

/// Asks a person at a terminal, until `judge` takes what was answered or it is asked often enough; what it
/// says of an answer is told. No answer is remembered by the conversation, and what is typed behind it is for
/// the editor that comes next.
///
/// # Errors
/// The terminal fails, or nobody can type there.
pub fn ask<T>(
    terminal: &Terminal,
    question: Question,
    choice: ColorChoice,
    judge: impl Fn(&str) -> Result<T, String>,
) -> Result<Answer<T>, EditorError> {
    let mut asking = Asking::start(terminal, choice)?;
    for _ in 0..question.times {
        let line = match asking.ask(terminal, question)? {
            Answer::Given(line) => line,
            Answer::None => break,
            Answer::Signalled(signal) => return Ok(Answer::Signalled(signal)),
        };
        match judge(&line) {
            Ok(given) => return Ok(Answer::Given(given)),
            Err(why) => asking.tell(&why),
        }
    }
    Ok(Answer::None)
}

/// What it takes to ask.
struct Asking {
    poll: Poll,
    inbox: Inbox<EditorEvent>,
    signals: Signals,
    printer: Printer,
    /// What came in one with what was waited for.
    typed: VecDeque<EditorEvent>,
}

impl Asking {
    fn start(terminal: &Terminal, choice: ColorChoice) -> Result<Asking, EditorError> {
        let poll = Poll::new()?;
        let inbox = Inbox::new(poll.registry(), TYPED)?;
        // Before the editor, which is made to end by one of our own; the printer is not to get it.
        let mut signals = Signals::catch()?;
        signals.register(poll.registry(), SIGNALS)?;
        Signals::leave_interrupts_to_others();
        let printer = Printer::start(terminal, colour::on_terminal(choice));
        Signals::take_interrupts_back();
        Ok(Asking { poll, inbox, signals, printer: printer?, typed: VecDeque::new() })
    }

    /// Asks once, with an editor for this: so nothing of what is told between two is held up.
    fn ask(
        &mut self,
        terminal: &Terminal,
        question: Question,
    ) -> Result<Answer<String>, EditorError> {
        let config = EditorConfig {
            prompt: question.prompt.to_owned(),
            history: None,
            graphemes: Graphemes::from_env()?,
            hands_on: true,
        };
        let sender = self.inbox.sender();
        let tell = move |event| sender.send(event);
        let words = Arc::new(Words(question.words));
        let editor = Editor::start(terminal, &self.printer, config, words, tell)?;
        Signals::leave_interrupts_to_others();
        let answer = self.answer();
        editor.close();
        let terminated = self.signals.take().contains(&Signal::Terminate);
        Signals::take_interrupts_back();
        self.typed.extend(self.inbox.take());
        let line = |event| if let EditorEvent::Line(line) = event { Some(line) } else { None };
        terminal.leave_lines(self.typed.drain(..).filter_map(line).collect());
        if terminated { Ok(Answer::Signalled(Signal::Terminate)) } else { answer }
    }

    /// Waits until something is typed, or a signal comes.
    fn answer(&mut self) -> Result<Answer<String>, EditorError> {
        let mut events = Events::with_capacity(4);
        loop {
            if let Some(signal) = self.signals.take().pop() {
                return Ok(Answer::Signalled(signal));
            }
            self.typed.extend(self.inbox.take());
            match self.typed.pop_front() {
                Some(EditorEvent::Line(line)) => return Ok(Answer::Given(line)),
                Some(EditorEvent::Interrupt | EditorEvent::Sigint) => {
                    return Ok(Answer::Signalled(Signal::Interrupt));
                }
                Some(EditorEvent::End) => return Ok(Answer::None),
                Some(EditorEvent::Failed(error)) => return Err(error),
                None => {}
            }
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
    }

    fn tell(&self, text: &str) {
        self.printer.tell(format!("-- {}\n", Visible(text.as_bytes())));
        self.printer.drain();
    }
}

/// Completes words of a list.
struct Words(&'static [&'static str]);

impl Assist for Words {
    /// Those that begin as the last word before the cursor does. What is the only one is followed by a
    /// space; nothing is offered where nothing is typed.
    fn complete(&self, line: &str, pos: usize) -> Completion {
        let before = line.get(..pos).unwrap_or_default();
        let parted = |c: char| c.is_whitespace() || c == '-';
        let start = before.rfind(parted).map_or(0, |last| last + 1);
        let typed = before.get(start..).unwrap_or_default().to_ascii_lowercase();
        let fit = self.0.iter().filter(|word| !typed.is_empty() && word.starts_with(&typed));
        let mut candidates: Vec<String> = fit.map(|word| (*word).to_owned()).collect();
        if let [only] = &mut *candidates {
            only.push(' ');
        }
        Completion { start, candidates, files: false }
    }

    fn hint(&self, _: &str) -> Option<String> {
        None
    }

    fn may_be_kept(&self, _: &str) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_completed() {
        let fit = |line: &str, pos| {
            let completion = Words(&["abandon", "ability", "zoo"]).complete(line, pos);
            (completion.start, completion.candidates.join(","))
        };
        assert_eq!(fit("zoo AB", 6), (4, "abandon,ability".to_owned()));
        assert_eq!(fit("zoo-aba zoo", 7), (4, "abandon ".to_owned()));
        assert_eq!(fit("zoo ", 4), (4, String::new()), "all of them are too many");
        assert_eq!(fit("éz", 3), (0, String::new()));
    }
}
