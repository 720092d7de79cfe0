//! Whether what people are shown has colours. `NO_COLOR` and the like have a say, and `TERM=dumb`.

use std::io;

use anstream::{AutoStream, ColorChoice};

/// On the terminal, which is there: one of the two standard streams is that, or colour does no good.
pub(super) fn on_terminal(choice: ColorChoice) -> bool {
    let stdout = || AutoStream::choice(&io::stdout()) != ColorChoice::Never;
    is_wanted(choice, || stdout() || on_stderr(choice))
}

/// On standard error.
pub(super) fn on_stderr(choice: ColorChoice) -> bool {
    is_wanted(choice, || AutoStream::choice(&io::stderr()) != ColorChoice::Never)
}

fn is_wanted(choice: ColorChoice, does_good: impl FnOnce() -> bool) -> bool {
    match choice {
        ColorChoice::Auto => does_good(),
        choice => choice != ColorChoice::Never,
    }
}
