//! Text that is safe to print, whatever it is made of.

use std::fmt::Write;

use super::style;
use crate::wire::Visible;

/// Appends a line of ours: `-- ` and `text`, on one line whatever it holds.
pub(super) fn aside(out: &mut String, colour: bool, text: &str) {
    style::push(out, colour, style::ASIDE, &format!("-- {}", Visible(text.as_bytes())));
    out.push('\n');
}

/// Most lines are plain ASCII, and need no second look.
pub(super) fn push_visible(out: &mut String, text: &[u8]) {
    match str::from_utf8(text) {
        Ok(plain) if text.iter().all(|byte| matches!(byte, b' '..=b'~')) => out.push_str(plain),
        _ => {
            let _ = write!(out, "{}", Visible(text)); // a String takes whatever is written
        }
    }
}
