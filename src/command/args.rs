//! What follows the name of a command.

use std::slice;

use bytes::Bytes;

use super::arg::{Arg, FromArg};
use super::fault::{Fault, Span, Wrong, shown};
use super::registry::{Kind, Param, Spec};
use crate::matching::{Pattern, Template, is_name};

/// What separates arguments.
pub(super) const BLANKS: [char; 2] = [' ', '\t'];

/// What follows the name of a command, taken one argument after the other as its [`Spec`] has them.
///
/// A word ends at a blank; the last argument may be the rest of the line. Options come first, may be
/// joined (`-nx`, `-t5s`), and end at `--` or the first word that is none.
#[derive(Debug)]
pub(super) struct Args<'a> {
    spec: &'static Spec,
    line: &'a str,
    /// Where the part of the line begins that was not taken yet.
    at: usize,
    options: Vec<Given<'a>>,
    params: slice::Iter<'static, Param>,
}

/// An option that stands in the line, with its value where it has one.
#[derive(Debug, Clone, Copy)]
struct Given<'a> {
    letter: char,
    value: Option<Word<'a>>,
}

/// A part of the line, and where it begins.
#[derive(Debug, Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    at: usize,
}

impl Word<'_> {
    fn span(&self) -> Span {
        self.at..self.at + self.text.len()
    }
}

impl<'a> Args<'a> {
    /// What stands in `line` from `at` on, its options taken.
    pub(super) fn new(spec: &'static Spec, line: &'a str, at: usize) -> Result<Self, Fault> {
        let mut args = Args { spec, line, at, options: Vec::new(), params: spec.params.iter() };
        if !spec.options.is_empty() {
            args.take_options()?;
        }
        Ok(args)
    }

    /// Whether the option stands there.
    pub(super) fn flag(&self, letter: char) -> bool {
        self.options.iter().any(|given| given.letter == letter)
    }

    /// The value of an option.
    pub(super) fn option<T: FromArg>(&self, letter: char) -> Result<Option<Arg<T>>, Fault> {
        let given = self.options.iter().find(|given| given.letter == letter);
        let value = given.and_then(|given| given.value);
        value.map(|word| Arg::parse(word.text, word.at)).transpose()
    }

    /// The next argument, which must be there.
    pub(super) fn required<T: FromArg>(&mut self) -> Result<Arg<T>, Fault> {
        let word = self.required_word()?;
        Arg::parse(word.text, word.at)
    }

    /// The next argument, if it is there.
    pub(super) fn optional<T: FromArg>(&mut self) -> Result<Option<Arg<T>>, Fault> {
        let word = self.next_word();
        word.map(|word| Arg::parse(word.text, word.at)).transpose()
    }

    /// The next argument, or what it is where it was left out.
    pub(super) fn optional_or<T: FromArg>(&mut self, otherwise: T) -> Result<Arg<T>, Fault> {
        let end = self.line.len();
        self.optional().map(|arg| arg.unwrap_or_else(|| Arg::absent(otherwise, end)))
    }

    /// The next argument as it stands, if it is there: no variables.
    pub(super) fn optional_word(&mut self) -> Option<String> {
        self.next_word().map(|word| word.text.to_owned())
    }

    /// The next argument: bytes, written with escapes.
    pub(super) fn escaped(&mut self) -> Result<Arg<Bytes>, Fault> {
        let word = self.required_word()?;
        let template = Template::parse_escaped(word.text);
        Arg::new(template.map_err(|error| Fault::of_template(word.at, error))?, word.at)
    }

    /// The next argument: a pattern, which `-x` makes literal text where the command has it, checked as far
    /// as it can be without its variables.
    pub(super) fn pattern(&mut self) -> Result<Arg<String>, Fault> {
        let word = self.required_word()?;
        let arg: Arg<String> = Arg::parse(word.text, word.at)?;
        if !self.flag('x') {
            let may_be_literal = self.spec.options.iter().any(|option| option.letter == 'x');
            let wrong = if may_be_literal { Wrong::Pattern } else { Wrong::Regex };
            Pattern::check(arg.template())
                .map_err(|error| Fault::of_pattern(&word.span(), error, wrong))?;
        }
        Ok(arg)
    }

    /// The next argument, if it is there: a pattern.
    pub(super) fn optional_pattern(&mut self) -> Result<Option<Arg<String>>, Fault> {
        let present = !self.line[self.at..].trim_start_matches(BLANKS).is_empty();
        present.then(|| self.pattern()).transpose()
    }

    /// The next argument: the name of a variable.
    pub(super) fn variable(&mut self) -> Result<String, Fault> {
        let word = self.required_word()?;
        if is_name(word.text) {
            Ok(word.text.to_owned())
        } else {
            Err(Fault { span: word.span(), what: Wrong::Name(shown(word.text)) })
        }
    }

    /// Makes sure that nothing is left.
    pub(super) fn finish(mut self) -> Result<(), Fault> {
        let Some(extra) = self.word() else {
            return Ok(());
        };
        let end = self.line.trim_end_matches(BLANKS).len();
        Err(Fault { span: extra.at..end, what: Wrong::Extra { command: self.spec.name } })
    }

    fn take_options(&mut self) -> Result<(), Fault> {
        loop {
            let before = self.at;
            let Some(word) = self.word() else {
                return Ok(());
            };
            match word.text.strip_prefix('-') {
                Some("-") => return Ok(()),
                Some(letters) if !letters.is_empty() => {
                    self.take_letters(Word { text: letters, at: word.at + 1 })?;
                }
                _ => {
                    self.at = before;
                    return Ok(());
                }
            }
        }
    }

    /// Takes the options of one word, which comes without its `-`.
    fn take_letters(&mut self, letters: Word<'a>) -> Result<(), Fault> {
        let command = self.spec.name;
        if letters.text.starts_with('-') {
            let option = format!("-{}", shown(letters.text));
            let span = letters.at - 1..letters.span().end;
            return Err(Fault { span, what: Wrong::UnknownOption { command, option } });
        }
        for (offset, letter) in letters.text.char_indices() {
            let (at, after) = (letters.at + offset, letters.at + offset + letter.len_utf8());
            let fault = |what| Err(Fault { span: at..after, what });
            let Some(opt) = self.spec.options.iter().find(|opt| opt.letter == letter) else {
                let option = shown(&format!("-{letter}"));
                return fault(Wrong::UnknownOption { command, option });
            };
            if self.flag(letter) {
                return fault(Wrong::Twice(letter));
            }
            let Some(param) = opt.value else {
                self.options.push(Given { letter, value: None });
                continue;
            };
            let joined = Word { text: &self.line[after..letters.span().end], at: after };
            let value = if joined.text.is_empty() { self.word() } else { Some(joined) };
            let Some(value) = value else {
                return Err(self.missing(param));
            };
            self.options.push(Given { letter, value: Some(value) });
            break;
        }
        Ok(())
    }

    fn required_word(&mut self) -> Result<Word<'a>, Fault> {
        let label = self.params.as_slice().first().map_or("", |param| param.label);
        self.next_word().ok_or_else(|| self.missing(label))
    }

    /// The text of the next argument, as far as its kind goes.
    fn next_word(&mut self) -> Option<Word<'a>> {
        match self.params.next()?.kind {
            Kind::Rest => self.rest(),
            Kind::File => {
                self.rest().map(|rest| Word { text: rest.text.trim_end_matches(BLANKS), ..rest })
            }
            Kind::Word | Kind::Choice(_) | Kind::Command | Kind::Name(_) => self.word(),
        }
    }

    /// The next word, up to a blank.
    fn word(&mut self) -> Option<Word<'a>> {
        let Word { text, at } = self.rest()?;
        let len = text.find(BLANKS).unwrap_or(text.len());
        self.at = at + len;
        Some(Word { text: &text[..len], at })
    }

    /// The rest of the line, from its first character that is no blank.
    fn rest(&mut self) -> Option<Word<'a>> {
        let rest = &self.line[self.at..];
        let text = rest.trim_start_matches(BLANKS);
        let at = self.line.len() - text.len();
        self.at = self.line.len();
        (!text.is_empty()).then_some(Word { text, at })
    }

    fn missing(&self, param: &'static str) -> Fault {
        let end = self.line.len();
        Fault { span: end..end, what: Wrong::Missing { command: self.spec.name, param } }
    }
}
