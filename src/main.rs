//! The `chat-repl` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    chat_repl::run(std::env::args_os())
}
