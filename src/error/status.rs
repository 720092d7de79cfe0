//! The exit status, as the README and the manual tell it.

use std::process::ExitCode;

/// How the program ends, for those who started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: all that was asked for happened.
    Done,
    /// 1: a check failed.
    CheckFailed,
    /// 3: a script, a transcript or another file is malformed, unreadable or cannot be written.
    BadFile,
    /// 4: there was no connection.
    NoConnection,
    /// 5: the connection broke.
    Broken,
    /// 130: interrupted, as 128 and SIGINT.
    Interrupted,
    /// 143: terminated, as 128 and SIGTERM.
    Terminated,
}

impl ExitStatus {
    /// The status of a command line that is wrong, which clap chooses as well.
    pub const USAGE: u8 = 2;

    /// All that there are, a wrong command line's (clap's own) among them, and what they mean, in Markdown.
    pub const MEANINGS: [(u8, &'static str); 8] = [
        (
            ExitStatus::Done.code(),
            "all that was asked for happened; also SIGTERM to a room, a tap, a mock, or a listener with `--stay`, \
             and a standard output that was closed",
        ),
        (
            ExitStatus::CheckFailed.code(),
            "a check failed: an expectation, a replay, what a client said to a mock, a test; or a replay or \
             `test` that had nothing to check",
        ),
        (ExitStatus::USAGE, "the command line is wrong"),
        (
            ExitStatus::BadFile.code(),
            "a script, a transcript or another file is malformed, unreadable or cannot be written",
        ),
        (
            ExitStatus::NoConnection.code(),
            "no connection: unknown name, refused, timed out, a server that is not believed (TLS), a code that is \
             refused, address in use",
        ),
        (
            ExitStatus::Broken.code(),
            "the connection broke: reset, a failed write, or ended while a wait was open",
        ),
        (ExitStatus::Interrupted.code(), "interrupted (SIGINT)"),
        (ExitStatus::Terminated.code(), "terminated (SIGTERM)"),
    ];

    /// The number of it.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            ExitStatus::Done => 0,
            ExitStatus::CheckFailed => 1,
            ExitStatus::BadFile => 3,
            ExitStatus::NoConnection => 4,
            ExitStatus::Broken => 5,
            ExitStatus::Interrupted => 130,
            ExitStatus::Terminated => 143,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> ExitCode {
        ExitCode::from(status.code())
    }
}
