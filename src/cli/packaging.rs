//! `chat-repl completions SHELL` and `chat-repl man [DIR]`: what packages of the program bring along.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

pub(super) const COMPLETIONS: &str =
    "A shell that is started afterwards completes options, subcommands and file names.
The folder of the file has to be there: mkdir -p makes it.

Examples:
  chat-repl completions bash > ~/.local/share/bash-completion/completions/chat-repl
  chat-repl completions zsh > ~/.zfunc/_chat-repl    # a folder that $fpath has
  chat-repl completions fish > ~/.config/fish/completions/chat-repl.fish";

pub(super) const MAN: &str = "Examples:
  chat-repl man | man -l -
  chat-repl man ~/.local/share/man/man1    # read by man where $PATH has ~/.local/bin";

/// The options of `chat-repl completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell that is to read it
    #[arg(value_name = "SHELL", value_parser = shell_parser())]
    pub shell: Shell,
}

/// A shell that can be told how to complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// bash, with or without the package bash-completion.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}

/// The options of `chat-repl man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Write all pages into this folder, which is made if it is not there; without it the first is printed
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

fn shell_parser() -> impl TypedValueParser<Value = Shell> {
    // A name that is none of these does not get so far.
    PossibleValuesParser::new(["bash", "zsh", "fish"]).map(|name| match &*name {
        "zsh" => Shell::Zsh,
        "fish" => Shell::Fish,
        _ => Shell::Bash,
    })
}
