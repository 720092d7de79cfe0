//! `chat-repl completions SHELL` and `chat-repl man [DIR]`.

use std::fs;
use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::aot;

use super::printed;
use crate::cli::{Cli, Completions, Man, Shell};
use crate::error::{Error, ExitStatus};
use crate::manual;
use crate::units::reason;

pub(super) fn completions(args: &Completions) -> Result<(), Error> {
    let shell = match args.shell {
        Shell::Bash => aot::Shell::Bash,
        Shell::Zsh => aot::Shell::Zsh,
        Shell::Fish => aot::Shell::Fish,
    };
    let mut program = Cli::command();
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    aot::generate(shell, &mut program, &name, &mut script);
    let script = String::from_utf8_lossy(&script);
    // clap_complete 4.6 calls a state of its bash script by two names where a program's name has a hyphen,
    // and then completes no subcommand.
    let script = script.replace(&name.replace('-', "__subcmd__"), &name.replace('-', "__"));
    print(script.as_bytes())
}

pub(super) fn man(args: &Man) -> Result<(), Error> {
    let pages = manual::pages(Cli::command(), &ExitStatus::MEANINGS);
    let Some(dir) = &args.dir else {
        return pages.first().map_or(Ok(()), |page| print(page.text.as_bytes()));
    };
    fs::create_dir_all(dir).map_err(|err| Error::write(dir, &reason(&err)))?;
    for page in pages {
        let file = dir.join(&page.file);
        fs::write(&file, page.text).map_err(|err| Error::write(&file, &reason(&err)))?;
    }
    Ok(())
}

fn print(text: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    printed(out.write_all(text).and_then(|()| out.flush()))
}
