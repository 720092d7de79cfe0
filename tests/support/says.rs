//! What standard error must say: the forms that scripts wait for.

use predicates::str::{RegexPredicate, is_match};

/// A notice that begins so stands among the lines.
pub(crate) fn notice(beginning: &str) -> RegexPredicate {
    line(&format!("-- {beginning}"))
}

/// An error that begins so stands among the lines.
pub(crate) fn error(beginning: &str) -> RegexPredicate {
    line(&format!("error: {beginning}"))
}

fn line(beginning: &str) -> RegexPredicate {
    is_match(format!("(?m)^{}", regex::escape(beginning))).expect("an escaped text is a pattern")
}
