//! The code of a private conversation.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::cli::Talk;
use crate::drive::{Private, Signal};
use crate::error::Error;
use crate::net::private::{Code, WORDS};
use crate::term::{Answer, Terminal};

/// What a person is asked.
const QUESTION: &str = "the code that your host told you: ";

/// How often, where what was typed can be no code.
const TIMES: usize = 5;

/// More than the longest code has: what is larger is no such file.
const LONGEST: u64 = 4096;

/// The code that the options ask for: from a file, made, or asked for.
pub(super) fn code(talk: &Talk, terminal: Option<&Terminal>) -> Result<Option<Private>, Error> {
    let args = &talk.private;
    match (&args.code_file, terminal) {
        _ if !args.private => Ok(None),
        (Some(path), _) => Ok(Some(Private { code: read(path)?, given: true })),
        (None, _) if talk.listen.is_some() => {
            let code = Code::make().map_err(|why| Error::no_code(&why))?;
            Ok(Some(Private { code, given: false }))
        }
        (None, Some(terminal)) => Ok(Some(Private { code: ask(terminal)?, given: true })),
        (None, None) => Err(Error::no_code("nobody can be asked for the code")),
    }
}

fn read(path: &Path) -> Result<Code, Error> {
    let name = path.display().to_string();
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_end(&mut text))
        .map_err(|err| Error::read(&name, &err))?;
    let text = String::from_utf8_lossy(&text);
    // Not with the word itself: it may be all of a secret that stands in a wrong file.
    text.parse().map_err(|_| Error::code_file(&name))
}

/// What can be no code is no guess: the person is asked again.
fn ask(terminal: &Terminal) -> Result<Code, Error> {
    for _ in 0..TIMES {
        let answer = terminal.ask(QUESTION, &WORDS).map_err(|err| Error::asking(&err))?;
        match answer {
            Answer::Line(line) => match line.parse() {
                Ok(code) => return Ok(code),
                Err(why) => {
                    writeln!(io::stderr(), "-- that can be no code: {why}").ok();
                }
            },
            Answer::Interrupt => return Err(Error::signalled(Signal::Interrupt)),
            Answer::End => break,
        }
    }
    Err(Error::no_code("no code was given: ask your host for it"))
}
