//! Talk over a socket, keep the conversation, play it back.
//!
//! The library is the program: `main` hands it the arguments and ends with what [`run`] says. What the
//! program does is told by the README; this is how it is built.
//!
//! # Architecture
//!
//! Data flows one way, through one owner, which gives one order of events: the transcript's.
//!
//! ```text
//!                      drive: one thread, one mio::Poll, one clock
//!
//! socket bytes ─────────────────────────> Input ──> session ──> Effect ──┬─> net         (send, close)
//! script, standard input ─┬─> script ───> Input ──>                      ├─> term        (show, tell)
//! typed text ─────────────┘    runner <──────────── observes ────────────┼─> transcript  (store, record)
//! clock ────────────────────────────────> Tick ───>                      └─> standard output
//! ```
//!
//! - [`session`] decides what a conversation is, and does nothing: it takes an
//!   [`Input`](session::Input) and the time, and appends [`Effect`](session::Effect)s. No socket, no
//!   file and no clock is known to it, so two ends can be tested in virtual time without any.
//!   [`Direct`](session::Direct) is a conversation that we take part in, [`Apart`](session::Apart) one with
//!   each guest, of which none knows of another, [`Room`](session::Room) one of many who hear each other,
//!   [`Tap`](session::Tap) one between two others: its conns come in twos, a client's and the
//!   [`onward`](wire::ConnId::onward) one to the server, which are one in the transcript.
//! - [`script`] turns steps into inputs, and reads what the effects tell was heard. What a person types
//!   is a script as well, one that goes on when a step fails. A replay ([`replay`]) takes the script's
//!   place for as long as it lasts. A mock has a runner for each guest, with a replay of the server's side
//!   or a script to run.
//! - [`command`] has the one table of `/commands`, from which parser, help and completion come;
//!   [`matching`] has patterns and variables.
//! - [`wire`] makes lines of bytes, [`net`] moves bytes, [`transcript`] keeps and reads events,
//!   [`term`] is the person's screen and keyboard. None of the four knows another, save that all speak
//!   of `wire`'s lines. Bytes stay bytes on their way: where a peer does not write UTF-8, they become text
//!   ([`Encoding`](wire::Encoding)) only where people look, or patterns, and text becomes bytes where it is said.
//! - [`drive`] is the event loop. It performs effects and feeds inputs, so it knows all of the above. It
//!   waits for no peer, person or reader: the line editor, the printers, the writers of recordings and
//!   name lookups have threads of their own, and reach it through an inbox that wakes the poll. What it
//!   does itself with regular files (`/save`, loading a transcript) takes as long as the disk does.
//! - [`suite`] runs scripts and transcripts as tests, each in a session of its own on the thread of a worker;
//!   it starts and ends the programs that are tested, and reports what became of each test.
//! - [`load`] has many clients of ours play with one server, by [`drive::crowd`], counts for each thread what
//!   they come to, and tells it in the end.
//! - [`page`] makes what browsers show: pages and plots in which nothing from outside can run.
//! - `app` puts a run together from the command line ([`cli`]); [`error`] knows what went wrong, the exit
//!   status, and how it is printed; [`manual`] makes manual pages of the command line, the statuses and the
//!   table of commands.
//! - [`units`] has what all of them count and write in one way: time, size, numbers of things.
//!
//! Who may know whom is a table in `tests/fence`, and a test holds every path in the source to it.
//!
//! Time is an argument everywhere below `drive`: an [`At`](units::At), microseconds since the session
//! started.
//!
//! # The wire
//!
//! Lines of bytes, and nothing else: no hello, no framing, no escape. What is sent is what `nc` would
//! send. UTF-8 is expected and never required.
//!
//! - `\n` ends a line, and a `\r` before it belongs to the line end. What we send ends as `--eol` says.
//! - A read becomes a [`Block`](wire::Block) of whole lines that share its bytes, and is cut into
//!   [`Line`](wire::Line)s only where somebody looks: the cost of a line on the way is a `memchr`.
//! - An unfinished line becomes a *partial line* after [`PARTIAL_AFTER`](wire::PARTIAL_AFTER), when
//!   something is sent on the conn, or when the conn closes. That decides what is shown and recorded;
//!   matching sees the line rejoined, and standard output does not wait.
//! - A line longer than `--max-line` travels as consecutive partial lines.
//! - An EOF ends one direction. Our own side is half-closed when the script has ended, and a close of
//!   ours flushes, half-closes, and reads on for a moment, since closing with unread input would reset
//!   the connection and destroy our last words.
//! - Over TLS, at a `tls:` address or from a `/starttls` on, the same bytes are sealed by a stream below
//!   the conn ([`TlsStream`](net::TlsStream)): nothing above `net` knows more of it than what
//!   [`Secured`](session::Secured) says. A conn at a `tls:` address is told of only when its handshake is
//!   done, so its peer has been verified before either side says a word.
//! - Only a private conversation has something before its first line: both ends prove to each other that they
//!   know a code ([`private`](net::private)), over TLS, before the conn is told of.
//! - A listener removes well-formed telnet negotiation ([`Telnet`](wire::Telnet)).
//!
//! # Flow
//!
//! Every queue is bounded in bytes. `drive` reports that one is over its bound
//! ([`Input::Filled`](session::Input::Filled)) or has room again
//! ([`Input::Drained`](session::Input::Drained)); the session decides who is to wait, by
//! [`Effect::Pause`](session::Effect::Pause) and [`Effect::Resume`](session::Effect::Resume). Outboxes
//! stop what feeds them and never the reading of their own conn, or two echoing ends would wait for
//! each other for ever. In a tap an outbox stops the reading of the other end, and a recording that cannot
//! keep up fails rather than stop anything.

#[cfg(not(unix))]
compile_error!(
    "chat-repl needs a Unix: its terminal, signals, pipes and unix sockets are those of one. \
     On Windows it runs in WSL."
);

mod app;
pub mod cli;
pub mod command;
pub mod drive;
pub mod error;
pub mod load;
pub mod manual;
pub mod matching;
pub mod net;
pub mod page;
pub mod replay;
pub mod script;
pub mod session;
pub mod suite;
pub mod term;
pub mod transcript;
pub mod units;
pub mod wire;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with these arguments, the first of which is its name.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    app::run(args)
}
