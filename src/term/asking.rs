//! Asking for one line before there is a conversation.

use std::io;

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Behavior, CompletionType, Config, Context, Editor, Helper, Result};

use super::{EditorError, Terminal};

/// A terminal that cannot move the cursor gives so many bytes of a line at most.
const LONGEST: usize = 4096;

/// What a person has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// This line.
    Line(String),
    /// Nothing: Ctrl-D, or the terminal is gone.
    End,
    /// Ctrl-C.
    Interrupt,
}

/// Completes words of a list.
struct Words<'a>(&'a [&'static str]);

impl Terminal {
    /// Asks for a line, of which Tab completes the `words`. It is kept in no history.
    ///
    /// # Errors
    /// The terminal fails, or nobody can type there.
    pub fn ask(
        &self,
        prompt: &str,
        words: &[&'static str],
    ) -> std::result::Result<Answer, EditorError> {
        if !self.has_keyboard() {
            return Err(EditorError::NoKeyboard);
        }
        if self.is_dumb() {
            return Ok(self.ask_plainly(prompt)?);
        }
        let behavior = if self.is_by_name() { Behavior::PreferTerm } else { Behavior::Stdio };
        let config =
            Config::builder().completion_type(CompletionType::List).behavior(behavior).build();
        let history = MemHistory::with_config(&config);
        let mut editor: Editor<Words<'_>, MemHistory> = Editor::with_history(config, history)?;
        editor.set_helper(Some(Words(words)));
        match editor.readline(prompt) {
            Ok(line) => Ok(Answer::Line(line)),
            Err(ReadlineError::Eof) => Ok(Answer::End),
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => Ok(Answer::Interrupt),
            Err(err) => Err(err.into()),
        }
    }

    /// The terminal itself lets the line be edited.
    fn ask_plainly(&self, prompt: &str) -> io::Result<Answer> {
        self.write(prompt)?;
        let Some(input) = self.input() else { return Ok(Answer::End) };
        let mut line = Vec::new();
        while line.len() < LONGEST {
            let mut byte = [0];
            match rustix::io::read(input, &mut byte) {
                Ok(0) if line.is_empty() => return Ok(Answer::End),
                Ok(0) => break,
                Ok(_) if byte[0] == b'\n' => break,
                Ok(_) => line.push(byte[0]),
                Err(rustix::io::Errno::INTR) => {}
                Err(err) => return Err(err.into()),
            }
        }
        Ok(Answer::Line(String::from_utf8_lossy(&line).into_owned()))
    }
}

impl Words<'_> {
    /// Those that begin as the last word before the cursor does, and where that begins. Nothing is
    /// offered where nothing is typed.
    fn fit(&self, line: &str, pos: usize) -> (usize, Vec<&'static str>) {
        let before = line.get(..pos).unwrap_or_default();
        let parted = |c: char| c.is_whitespace() || c == '-';
        let start = before.rfind(parted).map_or(0, |last| last + 1);
        let typed = before.get(start..).unwrap_or_default().to_ascii_lowercase();
        if typed.is_empty() {
            return (start, Vec::new());
        }
        (start, self.0.iter().copied().filter(|word| word.starts_with(&typed)).collect())
    }
}

impl Completer for Words<'_> {
    type Candidate = Pair;

    /// What is the only one is followed by a space.
    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        let (start, words) = self.fit(line, pos);
        let space = if words.len() == 1 { " " } else { "" };
        let pair =
            |word: &str| Pair { display: word.to_owned(), replacement: format!("{word}{space}") };
        Ok((start, words.into_iter().map(pair).collect()))
    }
}

impl Hinter for Words<'_> {
    type Hint = String;
}

impl Highlighter for Words<'_> {}

impl Validator for Words<'_> {}

impl Helper for Words<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_completed() {
        let words = Words(&["abandon", "ability", "zoo"]);
        assert_eq!(words.fit("zoo AB", 6), (4, vec!["abandon", "ability"]));
        assert_eq!(words.fit("zoo-aba zoo", 7), (4, vec!["abandon"]));
        assert_eq!(words.fit("zoo ", 4), (4, vec![]), "all of them are too many");
        assert_eq!(words.fit("éz", 3), (0, vec![]));
    }
}
