//! What can go wrong for the whole program, the exit status that follows, and the one place that
//! prints it.

mod status;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

pub use status::ExitStatus;

use anstream::{AutoStream, ColorChoice};

use crate::drive::{Outcome, Signal, Trouble};
use crate::load;
use crate::matching::{SecretError, Secrets};
use crate::net::{DialError, TlsFileError};
use crate::replay::LoadError;
use crate::script::{Blame, Failure, Report, ScriptFault};
use crate::suite::{ActualError, FindError, Halt, RunError};
use crate::term::EditorError;
use crate::transcript::ReadError;
use crate::units::{READABLE, count, reason};
use crate::wire::{ConnId, Encoding, Visible};

/// What to do about a file that cannot be written.
const WRITABLE: &str = "name a file that can be written";

/// What to do about a stream that takes nothing more.
const ELSEWHERE: &str = "make room there, or send it elsewhere";

/// What to do where the system gives nothing more.
const SYSTEM: &str = "there may be too many open files or processes (see `ulimit -a`)";

/// Why the program did not do what was asked for: one report or several, and a status.
#[derive(Debug)]
pub struct Error {
    status: ExitStatus,
    reports: Vec<Report>,
}

impl Error {
    fn new(status: ExitStatus, report: Report) -> Error {
        Error { status, reports: vec![report] }
    }

    /// A file that cannot be read, and what the system says about it.
    #[must_use]
    pub fn read(name: impl Display, err: &io::Error) -> Error {
        let report = Report::new(format!("cannot read `{name}`: {}", reason(err)));
        Error::new(ExitStatus::BadFile, report.note(READABLE))
    }

    /// All that is wrong with a script.
    #[must_use]
    pub fn script(faults: Vec<ScriptFault>) -> Error {
        let reports = faults.into_iter().map(Report::from).collect();
        Error { status: ExitStatus::BadFile, reports }
    }

    /// A terminal that cannot be used.
    #[must_use]
    pub fn terminal(err: &io::Error) -> Error {
        let report = Report::new(format!("cannot use the terminal: {}", reason(err)));
        let hint = "none is needed where standard input and output are files or pipes";
        Error::new(ExitStatus::BadFile, report.note(hint))
    }

    /// A file that is to have a code, and has none.
    #[must_use]
    pub fn code_file(name: &str) -> Error {
        let report = Report::new(format!("`{name}` has no code: three words of the list, or more"));
        Error::new(ExitStatus::BadFile, report.note("a host that is given no file makes a code"))
    }

    /// There is no code for a private conversation.
    #[must_use]
    pub fn no_code(why: &str) -> Error {
        let report = Report::new(why).note("`--code-file FILE` has it where it is not typed");
        Error::new(ExitStatus::NoConnection, report)
    }

    /// Nobody can be asked.
    #[must_use]
    pub fn asking(err: &EditorError) -> Error {
        let report = Report::new(err.to_string()).note("`--code-file FILE` has the code instead");
        Error::new(ExitStatus::BadFile, report)
    }

    /// Standard output that cannot be written to.
    #[must_use]
    pub fn stdout(err: &io::Error) -> Error {
        let report = Report::new(format!("cannot write to standard output: {}", reason(err)));
        Error::new(ExitStatus::BadFile, report.note(ELSEWHERE))
    }

    /// A transcript without the conn that was asked for.
    #[must_use]
    pub fn no_conn(name: &Path, conn: ConnId, conns: usize) -> Error {
        let (name, has) = (name.display(), count(conns as u64, "conn"));
        let report = Report::new(format!("`{name}` has no conn {conn}: it has {has}"));
        Error::new(ExitStatus::BadFile, report.note("`show` without `--conn` shows all of them"))
    }

    /// Transcripts that differ in so many lines.
    #[must_use]
    pub fn differ(differences: usize) -> Error {
        let told = count(differences as u64, "difference");
        Error::new(ExitStatus::CheckFailed, Report::new(told))
    }

    /// A file that cannot be written.
    #[must_use]
    pub fn write(path: &Path, why: &str) -> Error {
        let report = Report::new(format!("cannot write `{}`: {why}", path.display()));
        Error::new(ExitStatus::BadFile, report.note(WRITABLE))
    }

    /// Tests that cannot be found.
    #[must_use]
    pub fn unfound(err: &FindError) -> Error {
        let report = Report::new(err.to_string());
        let hint = match err {
            FindError::Io { .. } => Some(READABLE),
            // They say themselves what to do.
            FindError::NoFile(_) | FindError::NoTranscript(_) => None,
        };
        Error::new(ExitStatus::BadFile, with_hint(report, hint))
    }

    /// What happens in tests cannot be kept.
    #[must_use]
    pub fn actual(err: &ActualError) -> Error {
        let report = Report::new(err.to_string());
        let hint = match err {
            // It says itself what to do.
            ActualError::IsTest(_) => None,
            ActualError::Folder { .. } | ActualError::File(_) => Some(WRITABLE),
        };
        Error::new(ExitStatus::BadFile, with_hint(report, hint))
    }

    /// There is nothing to test: of so many tests the filter has left none.
    #[must_use]
    pub fn nothing_ran(filtered: usize) -> Error {
        let (what, hint) = match filtered {
            0 => (
                "there is no test to run",
                "a test is a file that is named, or a *.chat, *.json or *.jsonl below a folder that is",
            ),
            _ => ("`--filter` matches none of the tests", "`--list` without it prints their paths"),
        };
        Error::new(ExitStatus::CheckFailed, Report::new(what).note(hint))
    }

    /// Tests that failed.
    #[must_use]
    pub fn tests_failed(failed: usize, tests: usize) -> Error {
        let told = format!("{failed} of {} failed", count(tests as u64, "test"));
        Error::new(ExitStatus::CheckFailed, Report::new(told))
    }

    /// Tests that were not run, or not to their end, and why.
    #[must_use]
    pub fn tests_not_run(left: usize, tests: usize, why: Option<&Halt>) -> Error {
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        let told = format!("{left} of {} not run{why}", count(tests as u64, "test"));
        Error::new(ExitStatus::CheckFailed, Report::new(told))
    }

    /// The tests cannot be run.
    #[must_use]
    pub fn suite(err: &RunError) -> Error {
        let hint = match err {
            RunError::Server(_) | RunError::Client(_) => {
                "its command is run by `sh -c`: does it run there?"
            }
            RunError::Signals(_) | RunError::Thread(_) => SYSTEM,
        };
        Error::new(ExitStatus::BadFile, Report::new(err.to_string()).note(hint))
    }

    /// The load cannot be run.
    #[must_use]
    pub fn load(err: &load::RunError) -> Error {
        Error::new(ExitStatus::BadFile, Report::new(err.to_string()).note(SYSTEM))
    }

    /// A condition on which a load fails.
    #[must_use]
    pub fn condition(condition: &load::Condition, breach: &load::Breach) -> Error {
        Error::new(ExitStatus::CheckFailed, Report::new(format!("`{condition}`: {breach}")))
    }

    /// Sessions of a load that failed.
    #[must_use]
    pub fn sessions_failed(failed: u64, began: u64) -> Error {
        let told = format!("{failed} of {} failed", count(began, "session"));
        Error::new(ExitStatus::CheckFailed, Report::new(told))
    }

    /// A load in which no session had a conn, and why the first had none.
    #[must_use]
    pub fn no_client(why: Option<&str>) -> Error {
        let why = why.map(|why| format!(": {}", Visible(why.as_bytes()))).unwrap_or_default();
        Error::new(ExitStatus::NoConnection, Report::new(format!("no client was connected{why}")))
    }

    /// A load in which nothing was measured.
    #[must_use]
    pub fn no_turn() -> Error {
        let report = Report::new("nothing was checked: no turn ended").note(
            "a turn is what is said and the reply that is waited for: give it more time, or times",
        );
        Error::new(ExitStatus::CheckFailed, report)
    }

    /// A file that has no results of a load.
    #[must_use]
    pub fn no_results(path: &Path, err: &load::ReadError) -> Error {
        let report = Report::new(format!("cannot merge `{}`: {err}", path.display()));
        Error::new(ExitStatus::BadFile, report)
    }

    /// Results that do not go together.
    #[must_use]
    pub fn unmergeable(err: &load::MergeError) -> Error {
        Error::new(ExitStatus::BadFile, Report::new(err.to_string()))
    }

    /// More clients than conns can be open.
    #[must_use]
    pub fn too_many_clients(clients: usize, most: usize) -> Error {
        let headline = format!("too many clients: {clients}, and {most} conns can be open at once");
        let report = Report::new(headline)
            .note("a limit of the system for open files: `ulimit -n` shows it, and raises it where that is allowed");
        Error::new(ExitStatus::NoConnection, report)
    }

    /// A script that looks at nothing.
    #[must_use]
    pub fn checks_nothing(name: &Path) -> Error {
        let report = Report::new(format!("`{}` checks nothing", name.display())).note(
            "an `/expect` behind what is sent makes a turn of it, which is what a load counts",
        );
        Error::new(ExitStatus::CheckFailed, report)
    }

    /// A file that cannot be used for what was asked.
    #[must_use]
    pub fn bad_file(report: Report) -> Error {
        Error::new(ExitStatus::BadFile, report)
    }

    /// A failure before anything began.
    #[must_use]
    pub fn failed(failure: Failure) -> Error {
        Error::new(blamed(failure.blame), failure.report)
    }

    /// A server whose name is not known.
    #[must_use]
    pub fn unreachable(err: &DialError) -> Error {
        Error::new(ExitStatus::NoConnection, Report::new(err.to_string()))
    }

    /// A report that could not be written to what is called so.
    #[must_use]
    pub fn unwritten(name: &str, why: &str) -> Error {
        let report = Report::new(format!("cannot write to {name}: {why}"));
        Error::new(ExitStatus::BadFile, report.note(ELSEWHERE))
    }

    /// All of these as one, if there are any. The first has the status, so a failed check, which outranks the
    /// rest, is to come first.
    #[must_use]
    pub fn all(errors: Vec<Error>) -> Option<Error> {
        let status = errors.first()?.status;
        let reports = errors.into_iter().flat_map(|error| error.reports).collect();
        Some(Error { status, reports })
    }

    /// A signal ended what was going on.
    #[must_use]
    pub fn signalled(signal: Signal) -> Error {
        let (status, report) = interrupted(signal);
        Error::new(status, report)
    }

    /// What a session came to, where that is not what was asked for. `stay` says that a signal is the
    /// way in which it is to end.
    #[must_use]
    pub fn of_session(outcome: Outcome, stay: bool) -> Option<Error> {
        let mut statuses: Vec<ExitStatus> = outcome.troubles.iter().map(status).collect();
        let mut reports: Vec<Report> = outcome.troubles.into_iter().map(Report::from).collect();
        match outcome.signal {
            Some(Signal::Terminate) if stay => {}
            Some(signal) => {
                let (status, report) = interrupted(signal);
                statuses.insert(0, status);
                reports.push(report);
            }
            None => {}
        }
        let check = statuses.iter().find(|status| **status == ExitStatus::CheckFailed);
        let status = *check.or(statuses.first())?;
        Some(Error { status, reports })
    }

    /// The same without these secrets.
    #[must_use]
    pub fn hiding(mut self, secrets: &Secrets) -> Error {
        self.reports = self.reports.into_iter().map(|report| report.hiding(secrets)).collect();
        self
    }

    /// The secrets that were given, where one cannot be one.
    #[must_use]
    pub fn secret(err: &SecretError) -> Error {
        Error::new(ExitStatus::BadFile, Report::new(err.to_string()))
    }

    /// A secret that would be said in other bytes than it has, and not be known again.
    #[must_use]
    pub fn secret_in(name: &str, encoding: Encoding) -> Error {
        let what =
            format!("the secret `{name}` is more than ASCII, and would be seen in {encoding}");
        let hint = "with `--encoding` only secrets of ASCII are kept out of what is written";
        Error::new(ExitStatus::BadFile, Report::new(what).note(hint))
    }

    /// The status to end with.
    #[must_use]
    pub fn status(&self) -> ExitStatus {
        self.status
    }

    /// Prints it to standard error. Where nobody reads that there is nobody to tell.
    pub fn print(&self, colour: ColorChoice) {
        let mut err = AutoStream::new(io::stderr().lock(), colour);
        for report in &self.reports {
            writeln!(err, "{}", report.coloured()).ok();
        }
    }
}

impl From<ReadError> for Error {
    fn from(err: ReadError) -> Error {
        let report = Report::new(err.to_string());
        Error::new(ExitStatus::BadFile, with_hint(report, err.hint()))
    }
}

impl From<TlsFileError> for Error {
    fn from(err: TlsFileError) -> Error {
        let hint = match err {
            TlsFileError::Read { .. } | TlsFileError::TooLarge { .. } => Some(READABLE),
            TlsFileError::Pair { .. } => Some("`--tls-key FILE` names the key that goes with it"),
            TlsFileError::Malformed { .. } | TlsFileError::Certificate { .. } => {
                Some("`openssl x509 -in FILE -text` shows what a certificate has")
            }
            _ => None,
        };
        Error::new(ExitStatus::BadFile, with_hint(Report::new(err.to_string()), hint))
    }
}

impl From<LoadError> for Error {
    fn from(err: LoadError) -> Error {
        Error::failed(err.into())
    }
}

fn with_hint(report: Report, hint: Option<&'static str>) -> Report {
    match hint {
        Some(hint) => report.note(hint),
        None => report,
    }
}

fn interrupted(signal: Signal) -> (ExitStatus, Report) {
    match signal {
        Signal::Interrupt => (ExitStatus::Interrupted, Report::new("interrupted by SIGINT")),
        Signal::Terminate => {
            (ExitStatus::Terminated, Report::new("terminated by SIGTERM or SIGHUP"))
        }
    }
}

fn blamed(blame: Blame) -> ExitStatus {
    match blame {
        Blame::Check => ExitStatus::CheckFailed,
        Blame::Script => ExitStatus::BadFile,
        Blame::Connection => ExitStatus::Broken,
        Blame::Unreachable => ExitStatus::NoConnection,
    }
}

fn status(trouble: &Trouble) -> ExitStatus {
    match trouble {
        Trouble::Step(failure) => blamed(failure.blame),
        Trouble::Script(_)
        | Trouble::Read { .. }
        | Trouble::Keep(_)
        | Trouble::Journal(_)
        | Trouble::Spool(_)
        | Trouble::Stdout(_)
        | Trouble::Editor(_)
        | Trouble::System(_) => ExitStatus::BadFile,
        Trouble::Bind(_) | Trouble::Dial(_) => ExitStatus::NoConnection,
        Trouble::Broken { .. } | Trouble::Unsent(_) => ExitStatus::Broken,
    }
}
