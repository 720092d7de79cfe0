//! What is told of a load: while it goes on, and in the end.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::Path;
use std::time::Duration;

use rustix::termios::tcgetwinsize;

use super::{colour, is_styled, printed};
use crate::cli::Load;
use crate::drive::Signal;
use crate::error::Error;
use crate::load::{self, Condition, Plan, Progress, Results, Tally};
use crate::transcript::WholeFile;
use crate::units::reason;

/// The columns of old terminals, for one that does not tell.
const COLUMNS: usize = 80;

/// How a load goes on, told on standard error unless that is not wanted.
pub(super) struct Watching(Option<Progress>);

impl Watching {
    pub(super) fn new(quiet: bool) -> Watching {
        Watching((!quiet).then(|| Progress::new(io::stderr().is_terminal())))
    }

    /// What to write at this time after the start.
    pub(super) fn tell(&mut self, tally: &Tally, plan: &Plan, elapsed: Duration) -> String {
        let progress = self.0.as_mut().filter(|progress| elapsed >= progress.due());
        progress.map(|progress| progress.tell(tally, plan, elapsed, columns())).unwrap_or_default()
    }

    pub(super) fn end(mut self) {
        if let Some(progress) = &mut self.0 {
            write(&progress.end(columns()));
        }
    }
}

/// Writes how it goes on. Where nobody sees it any more, the load goes on.
pub(super) fn write(text: &str) {
    if !text.is_empty() {
        io::stderr().write_all(text.as_bytes()).ok();
    }
}

fn columns() -> usize {
    let size = tcgetwinsize(io::stderr()).ok().filter(|size| size.ws_col > 0);
    size.map_or(COLUMNS, |size| size.ws_col.into())
}

/// Reports the results of other loads as one.
pub(super) fn merge(args: &Load) -> Result<(), Error> {
    let page = page(args)?;
    let read: Result<Vec<_>, _> = args.merge.iter().map(|path| read(path)).collect();
    let merged = load::merge(&read?).map_err(|err| Error::unmergeable(&err))?;
    report(args, page, &merged, None)
}

fn read(path: &Path) -> Result<(String, Results), Error> {
    let name = path.display().to_string();
    let mut text = String::new();
    let file = File::open(path).map_err(|err| Error::read(&name, &err))?;
    let most = load::MOST_BYTES as u64 + 1;
    file.take(most).read_to_string(&mut text).map_err(|err| Error::read(&name, &err))?;
    let results = load::read(&text).map_err(|err| Error::no_results(path, &err))?;
    Ok((name, results))
}

/// A page that is to be, if one is asked for: that it can be written is seen before the load begins.
pub(super) fn page(args: &Load) -> Result<Option<WholeFile>, Error> {
    let unwritten = |path: &Path, err: &io::Error| Error::write(path, &reason(err));
    let page = args.html.as_deref();
    let create = |path| WholeFile::create(path, WholeFile::PUBLIC);
    page.map(|path| create(path).map_err(|err| unwritten(path, &err))).transpose()
}

/// Writes the page: all of it, or nothing.
fn write_page(page: WholeFile, results: &Results) -> io::Result<()> {
    let mut out = BufWriter::new(page);
    load::html(results, &mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.finish()
}

/// Prints the report, and says what is wrong with what it says.
pub(super) fn report(
    args: &Load,
    page: Option<WholeFile>,
    results: &Results,
    signal: Option<Signal>,
) -> Result<(), Error> {
    let text = if args.json {
        load::json(results).map_err(|err| Error::stdout(&err.into()))?
    } else {
        load::text(results, is_styled(colour(args.color)))
    };
    let mut errors = wrong(args, results, signal);
    errors.extend(printed(io::stdout().write_all(text.as_bytes())).err());
    if let (Some(page), Some(path)) = (page, &args.html)
        && let Err(err) = write_page(page, results)
    {
        errors.push(Error::write(path, &reason(&err)));
    }
    Error::all(errors).map_or(Ok(()), Err)
}

/// What is wrong, failed checks first.
fn wrong(args: &Load, results: &Results, signal: Option<Signal>) -> Vec<Error> {
    let breach = |condition: &Condition| {
        condition.breach(results).map(|breach| Error::condition(condition, &breach))
    };
    let mut errors: Vec<Error> = args.fail_if.iter().filter_map(breach).collect();
    let (failed, began) = (results.tally.failures_in_all(), results.tally.began);
    let judged = args.fail_if.iter().any(Condition::is_about_sessions);
    if results.is_unreachable() {
        let why = results.tally.causes.first().map(|cause| &*cause.headline);
        errors.push(Error::no_client(why));
    } else if failed > 0 && !judged {
        errors.push(Error::sessions_failed(failed, began));
    } else if results.tally.turns() == 0 && signal.is_none() && failed == 0 {
        errors.push(Error::no_turn());
    }
    errors.extend(signal.map(Error::signalled));
    errors
}
