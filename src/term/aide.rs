//! What rustyline asks while a line is typed.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use rustyline::completion::{Completer, Pair, longest_common_prefix};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Result};
use unicode_width::UnicodeWidthStr;

use super::stage::Stage;
use super::{Assist, files, render, style};

/// Columns between the candidates of a list, as rustyline has it.
const GAP: usize = 2;

/// Completes, hints and highlights; its hooks tell the stage when the editor reads.
pub(super) struct Aide {
    stage: Arc<Stage>,
    assist: Arc<dyn Assist>,
    /// The line, and the place of the cursor in it, when it was last drawn.
    typed: Mutex<(String, usize)>,
}

impl Aide {
    pub(super) fn new(stage: Arc<Stage>, assist: Arc<dyn Assist>) -> Self {
        Aide { stage, assist, typed: Mutex::default() }
    }

    /// Whether what was entered may be kept in a file.
    pub(super) fn may_be_kept(&self, entered: &str) -> bool {
        self.assist.may_be_kept(entered)
    }

    /// What was on the line when it was last drawn, before and behind the cursor.
    pub(super) fn typed(&self) -> (String, String) {
        let typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, behind) = typed.0.split_at_checked(typed.1).unwrap_or((&typed.0, ""));
        (before.to_owned(), behind.to_owned())
    }

    fn note(&self, line: &str, pos: usize) {
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        line.clone_into(&mut typed.0);
        typed.1 = pos;
    }

    fn candidates(&self, line: &str, pos: usize) -> Option<(usize, Vec<Pair>)> {
        let completion = self.assist.complete(line, pos);
        let typed = line.get(completion.start..pos)?;
        let mut pairs: Vec<Pair> = Vec::new();
        for word in completion.candidates {
            pairs.push(Pair { display: word.clone(), replacement: word });
        }
        if completion.files {
            let names = files::complete(typed).into_iter();
            pairs.extend(names.map(|name| Pair { display: name.shown, replacement: name.path }));
        }
        if !self.fit(&pairs) {
            pairs = self.common_beginning(&pairs, typed);
        }
        Some((completion.start, pairs))
    }

    /// Whether a list of them fits the screen. Of one that does not rustyline shows a page and asks,
    /// and hears neither the printer nor a signal until that is answered.
    fn fit(&self, pairs: &[Pair]) -> bool {
        let (rows, columns) = self.stage.terminal().size();
        let widest = pairs.iter().map(|pair| pair.display.width() + GAP).max().unwrap_or(GAP);
        pairs.len().div_ceil((columns / widest).max(1)) + 1 < rows
    }

    /// What all of them begin with, where that is more than was typed; else tells how many they are.
    fn common_beginning(&self, pairs: &[Pair], typed: &str) -> Vec<Pair> {
        let common = longest_common_prefix(pairs).filter(|common| common.len() > typed.len());
        if let Some(common) = common {
            return vec![Pair { display: common.to_owned(), replacement: common.to_owned() }];
        }
        let mut told = String::new();
        let text = format!("{} possibilities: type more of it", pairs.len());
        render::aside(&mut told, self.stage.colour, &text);
        self.stage.tell(told);
        Vec::new()
    }
}

impl Helper for Aide {}

impl Completer for Aide {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        Ok(self.candidates(line, pos).unwrap_or((pos, Vec::new())))
    }
}

impl Hinter for Aide {
    type Hint = String;

    /// Called before the line is drawn anew: first of all when reading begins.
    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<String> {
        self.note(line, pos);
        self.stage.open();
        if pos == line.len() { self.assist.hint(line) } else { None }
    }
}

impl Validator for Aide {
    /// Called on Enter: reading is about to end.
    fn validate(&self, _: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        self.stage.close();
        Ok(ValidationResult::Valid(None))
    }
}

impl Highlighter for Aide {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let mut shown = harmless(line);
        if self.stage.colour && is_command(line) {
            let (word, rest) = shown.split_at(word_len(&shown));
            shown = Cow::Owned(style::styled(true, style::COMMAND, word) + rest);
        }
        shown
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(style::styled(self.stage.colour, style::ASIDE, hint))
    }

    /// Whether the line must be drawn whole, and not just the character: within a command's word.
    fn highlight_char(&self, line: &str, pos: usize, kind: CmdKind) -> bool {
        self.note(line, pos);
        self.stage.colour && kind == CmdKind::Other && is_command(line) && pos <= word_len(line) + 1
    }
}

fn is_command(line: &str) -> bool {
    line.starts_with('/') && !line.starts_with("//")
}

fn word_len(line: &str) -> usize {
    line.find(char::is_whitespace).unwrap_or(line.len())
}

/// The line without what the terminal would run: a paste can hold it. rustyline counts a column for
/// each control character, but for Esc, which it counts as none.
fn harmless(line: &str) -> Cow<'_, str> {
    let runs = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !line.contains(runs) {
        return Cow::Borrowed(line);
    }
    let shown = line.chars().filter(|c| *c != '\x1b').map(|c| if runs(c) { '·' } else { c });
    Cow::Owned(shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_control_is_drawn_as_a_dot() {
        assert_eq!(harmless("a\u{9b}2Jb\x07\tc\nd"), "a·2Jb·\tc\nd");
        assert_eq!(harmless("a\x1b[2J"), "a[2J");
        assert!(matches!(harmless("plain 你好"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_command_is_one_slash_and_a_word() {
        assert!(is_command("/help expect") && !is_command("//etc") && !is_command("x/"));
        assert_eq!(word_len("/help expect"), 5);
    }
}
