//! What is wrong with a command, and where.

use std::ops::Range;

use thiserror::Error;

use super::registry;
use crate::matching::{ENV, PatternError, PatternFault, TemplateError, TemplateFault, Undefined};
use crate::wire::{Unencodable, Visible};

/// A part of a line, in bytes from its start.
pub type Span = Range<usize>;

/// What is wrong with a command, and where in its line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}")]
pub struct Fault {
    /// The part that is wrong; empty where something is missing.
    pub span: Span,
    /// What is wrong with it.
    pub what: Wrong,
}

/// The ways in which a command can be wrong: when it is read, or when its variables have values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Wrong {
    /// A `/` with no name behind it.
    #[error("no command after `/`")]
    NoCommand,
    /// A name that is no command's.
    #[error("unknown command `/{name}`")]
    UnknownCommand {
        /// The name, without its slash.
        name: String,
        /// The command that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A byte that is not UTF-8.
    #[error("the byte `\\x{byte:02x}` is not UTF-8")]
    NotUtf8 {
        /// The byte.
        byte: u8,
        /// The command.
        command: &'static str,
    },
    /// An argument is missing.
    #[error("`/{command}` without {param}")]
    Missing {
        /// The command.
        command: &'static str,
        /// What the argument is called.
        param: &'static str,
    },
    /// There is more on the line than the command takes.
    #[error("too much for `/{command}`")]
    Extra {
        /// The command.
        command: &'static str,
    },
    /// An option that the command does not have.
    #[error("`/{command}` has no option `{option}`")]
    UnknownOption {
        /// The command.
        command: &'static str,
        /// The option, as it stands there.
        option: String,
    },
    /// An option that stands there twice.
    #[error("`-{0}` stands here twice")]
    Twice(char),
    /// An argument that is none of the words that it may be.
    #[error("`{word}` where {allowed} is expected")]
    Word {
        /// What stands there.
        word: String,
        /// The words that may.
        allowed: &'static str,
    },
    /// An argument that is no count.
    #[error("`{0}` is no number")]
    Number(String),
    /// An argument that is no duration, or no pace; in the words of [`crate::units::parse_duration`] and of
    /// [`crate::units::Pace`].
    #[error("{0}")]
    Time(String),
    /// A name that no variable can have.
    #[error("`{0}` is no variable name")]
    Name(String),
    /// An argument that is no template.
    #[error(transparent)]
    Template(TemplateFault),
    /// A variable that has no value.
    #[error(transparent)]
    Undefined(Undefined),
    /// A value that is not UTF-8, where only text will do.
    #[error("`{0}` is not UTF-8, as the value of its variables makes it")]
    ValueNotUtf8(String),
    /// Text with a character that the peer's encoding does not have.
    #[error(transparent)]
    Unencodable(Unencodable),
    /// An argument that is no pattern.
    #[error(transparent)]
    Pattern(PatternFault),
    /// The same, where `-x` cannot make it literal text.
    #[error(transparent)]
    Regex(PatternFault),
    /// A line of a block that is none of its patterns.
    #[error("a line of `/all` begins with `*`, `?` or `!`")]
    InBlock {
        /// The number of the line that began the block.
        head: u64,
    },
    /// A line of a block that was probably to be its end.
    #[error("unknown command `/{name}` in `/all`")]
    NotEnd {
        /// The name, without its slash.
        name: String,
    },
    /// A mark with no pattern behind it.
    #[error("there is no pattern behind the mark")]
    NoPattern,
    /// A block that never ends.
    #[error("`/all` without `/end`")]
    NoEnd,
    /// An `/end` of no block.
    #[error("`/end` without `/all`")]
    NoBlock,
    /// A block in which nothing must come.
    #[error("this `/all` waits for nothing")]
    NothingMust,
    /// A file to be included that cannot be read.
    #[error("cannot read `{}`: {why}", shown(.file))]
    Unreadable {
        /// Its path.
        file: String,
        /// What the system says.
        why: String,
    },
    /// A file to be included that is being included already.
    #[error("`{}` includes itself", shown(.file))]
    IncludesItself {
        /// Its path.
        file: String,
    },
    /// Files that include each other too deep.
    #[error("more than {deepest} files include each other here")]
    TooDeep {
        /// How deep they may.
        deepest: usize,
    },
}

impl From<Undefined> for Wrong {
    fn from(undefined: Undefined) -> Wrong {
        Wrong::Undefined(undefined)
    }
}

impl Fault {
    /// The fault of a template that begins at `start` in the line.
    pub(super) fn of_template(start: usize, error: TemplateError) -> Fault {
        let at = start + error.at;
        Fault { span: at..at + error.len, what: Wrong::Template(error.why) }
    }

    /// The fault of a variable in a template that begins at `start` in the line.
    pub(super) fn of_variable(start: usize, error: Undefined) -> Fault {
        let at = start + error.at;
        Fault { span: at..at + error.name.len() + 3, what: Wrong::Undefined(error) }
    }

    /// The fault of a pattern that stands at `span` in the line; it may break off right at its end. `wrong` is
    /// [`Wrong::Pattern`] where `-x` may stand before it, and [`Wrong::Regex`] elsewhere.
    pub(super) fn of_pattern(
        span: &Span,
        error: PatternError,
        wrong: fn(PatternFault) -> Wrong,
    ) -> Fault {
        match error.why {
            PatternFault::Undefined(undefined) => Fault::of_variable(span.start, undefined),
            why => {
                let at = (span.start + error.at).min(span.end);
                Fault { span: at..span.end, what: wrong(why) }
            }
        }
    }
}

impl Wrong {
    /// What to do about it, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Wrong::NoCommand => "`/help` lists the commands; `//` sends a `/`".to_owned(),
            Wrong::UnknownCommand { name, nearest } => match nearest {
                Some(nearest) => format!("did you mean `/{nearest}`? `//{name}` sends it as text"),
                None => format!("`/help` lists the commands; `//{name}` sends it as text"),
            },
            Wrong::NotUtf8 { byte, command } => match *command {
                "expect" | "reject" | "all" => {
                    format!("a pattern matches it as `(?-u:\\x{byte:02x})`")
                }
                "raw" => format!("write it as `\\x{byte:02x}`"),
                _ => format!("commands are UTF-8; `/raw` sends it as `\\x{byte:02x}`"),
            },
            Wrong::Missing { command, .. } | Wrong::Extra { command } => usage(command)?,
            Wrong::UnknownOption { command, .. } => {
                format!("{}; `--` before an argument that begins with `-`", usage(command)?)
            }
            Wrong::Template(TemplateFault::Unclosed) => "`$${` is a literal `${`".to_owned(),
            Wrong::Template(TemplateFault::Name(_)) => {
                format!("{NAMES}; `$${{` is a literal `${{`")
            }
            Wrong::Template(TemplateFault::Escape) => {
                "the escapes are `\\xNN \\r \\n \\t \\0 \\\\`".to_owned()
            }
            Wrong::Undefined(undefined) => hint_for(undefined),
            Wrong::Unencodable(_) => "`--encoding` says how the peer writes text".to_owned(),
            Wrong::Pattern(PatternFault::Syntax(_)) => {
                "`-x` makes a pattern literal text".to_owned()
            }
            Wrong::Regex(PatternFault::Syntax(_)) => {
                "`\\` before a character makes it literal".to_owned()
            }
            Wrong::Name(_)
            | Wrong::Pattern(PatternFault::Group(_))
            | Wrong::Regex(PatternFault::Group(_)) => NAMES.to_owned(),
            Wrong::Number(_) => "write digits only: `3`".to_owned(),
            other => return other.hint_about_several_lines(),
        })
    }

    /// [`Wrong::hint`] for blocks and included files.
    fn hint_about_several_lines(&self) -> Option<String> {
        Some(match self {
            Wrong::InBlock { head } => format!(
                "`* …` must come, `? …` may, `! …` must not; `/end` ends the block of line {head}"
            ),
            Wrong::NotEnd { .. } => "did you mean `/end`?".to_owned(),
            Wrong::NoPattern => {
                "`* PATTERN` must come, `? PATTERN` may, `! PATTERN` must not".to_owned()
            }
            Wrong::NoEnd => "the lines behind it are its patterns, up to `/end`".to_owned(),
            Wrong::NoBlock => "`/all` begins a block".to_owned(),
            Wrong::NothingMust => {
                "write at least one `* PATTERN`: it ends when those have come".to_owned()
            }
            Wrong::Unreadable { .. } => {
                "the name is relative to the folder of this script".to_owned()
            }
            Wrong::IncludesItself { .. } => "this would never end".to_owned(),
            _ => return None,
        })
    }
}

/// What names there are.
const NAMES: &str = "a name has letters, digits, `_` and `-`, and begins with no digit";

/// How a variable gets a value, or which one was meant.
fn hint_for(Undefined { name, nearest, .. }: &Undefined) -> String {
    match (nearest, name.strip_prefix(ENV)) {
        (Some(nearest), _) => format!("did you mean `${{{nearest}}}`?"),
        (None, Some(name)) => format!("the environment has no `{name}`"),
        (None, None) => {
            format!("`/set {name} VALUE`, `--var` or a group `(?<{name}>…)` gives it one")
        }
    }
}

/// How the command is written.
fn usage(command: &str) -> Option<String> {
    Some(format!("it is `{}`", registry::find(command)?.usage()))
}

/// A word for a message, made harmless for a terminal.
pub(super) fn shown(word: &str) -> String {
    Visible(word.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use crate::command::parse;

    fn hint(line: &str) -> Option<String> {
        parse(line.as_bytes()).unwrap_err().what.hint()
    }

    #[test]
    fn a_hint_says_what_to_write_instead() {
        for (line, wanted) in [
            ("/", "`/help` lists the commands; `//` sends a `/`"),
            ("/show x", "write digits only: `3`"),
            ("/who me", "it is `/who`"),
            (
                "/save -x y",
                "it is `/save [-f] [FILE]`; `--` before an argument that begins with `-`",
            ),
            ("/set 1 x", "a name has letters, digits, `_` and `-`, and begins with no digit"),
            ("/send ${a", "`$${` is a literal `${`"),
            ("/raw \\q", "the escapes are `\\xNN \\r \\n \\t \\0 \\\\`"),
            ("/expect (", "`-x` makes a pattern literal text"),
        ] {
            assert_eq!(hint(line).as_deref(), Some(wanted), "{line}");
        }
        assert!(hint("/send ${env:HO ME}").unwrap().ends_with("; `$${` is a literal `${`"));
        assert!(hint("/expect (?<a.b>x)").unwrap().starts_with("a name has letters"));
        assert_eq!(hint("/sleep 5"), None, "the message says it already");
    }
}
