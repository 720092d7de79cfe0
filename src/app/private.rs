//! The code of a private conversation.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::colour;
use crate::cli::Talk;
use crate::drive::{self, Answer, Private, Question};
use crate::error::Error;
use crate::net::private::{Code, CodeError, WORDS};
use crate::term::Terminal;

/// What a person is asked.
const PROMPT: &str = "the code that your host told you: ";

/// How often, where what was typed can be no code.
const TIMES: usize = 5;

/// More bytes than the longest code has: what is larger is no such file.
const LONGEST: u64 = 4096;

/// The code that the options ask for: from a file, made, or asked for.
pub(super) fn code(talk: &Talk, terminal: Option<&Terminal>) -> Result<Option<Private>, Error> {
    let args = &talk.private;
    if !args.private {
        return Ok(None);
    }
    let (code, given) = match (&args.code_file, terminal) {
        (Some(path), _) => (read(path)?, true),
        (None, _) if talk.listen.is_some() => {
            (Code::make().map_err(|why| Error::no_code(&why))?, false)
        }
        (None, Some(terminal)) => (ask(talk, terminal)?, true),
        (None, None) => return Err(Error::no_code("nobody can be asked for the code")),
    };
    Ok(Some(Private { code, given, allow: talk.rooming.allow.clone() }))
}

fn read(path: &Path) -> Result<Code, Error> {
    let name = path.display().to_string();
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut text))
        .map_err(|err| Error::read(&name, &err))?;
    if text.len() as u64 > LONGEST {
        return Err(Error::code_file(&name));
    }
    let text = String::from_utf8_lossy(&text);
    // Not with the word itself: it may be all of a secret that stands in a wrong file.
    text.parse().map_err(|_| Error::code_file(&name))
}

/// What can be no code is no guess: the person is asked again.
fn ask(talk: &Talk, terminal: &Terminal) -> Result<Code, Error> {
    let question = Question { prompt: PROMPT, words: &WORDS, times: TIMES };
    // What stands behind the code is data then, for who reads the terminal after us.
    let terminal = if talk.plain { terminal.as_dumb() } else { terminal.clone() };
    let judge =
        |line: &str| line.parse().map_err(|why: CodeError| format!("that can be no code: {why}"));
    match drive::ask(&terminal, question, colour(talk.color), judge) {
        Ok(Answer::Given(code)) => Ok(code),
        Ok(Answer::None) => Err(Error::no_code("no code was given: ask your host for it")),
        Ok(Answer::Signalled(signal)) => Err(Error::signalled(signal)),
        Err(err) => Err(Error::asking(&err)),
    }
}
