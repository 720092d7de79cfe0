//! `chat-repl completions SHELL` and `chat-repl man [DIR]`: what packages of the program bring along.

use std::path::PathBuf;

use clap::Args;

use super::one_of;

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
    #[arg(value_name = "SHELL", value_parser = one_of(Shell::ALL, Shell::as_str))]
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

impl Shell {
    const ALL: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

    fn as_str(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
        }
    }
}

/// The options of `chat-repl man`.
#[derive(Debug, Args)]
pub struct Man {
    /// Write all pages into this folder, which is made if it is not there; without it the first is printed
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}
