//! What was typed while one editor read, and is for the next.

use std::fmt;

use rustyline::history::MemHistory;

use super::aide::Aide;

/// What is left by an editor that ends while somebody may have typed on. Nothing of it is lost: neither in a
/// paste whose first line was wanted, nor of keys that came in one read with it.
#[derive(Default)]
pub(super) struct Ahead {
    /// Lines that are whole.
    pub(super) lines: Vec<String>,
    /// What stands of the line behind them, before and behind the cursor.
    pub(super) begun: (String, String),
    /// What holds the keys that came behind that.
    pub(super) keys: Option<rustyline::Editor<Aide, MemHistory>>,
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ahead").finish_non_exhaustive()
    }
}
