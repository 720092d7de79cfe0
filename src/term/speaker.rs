//! Lines as they come on one conn, piece by piece.

use crate::wire::{Encoding, Eol, Line};

/// Whoever speaks on one conn.
#[derive(Debug, Default)]
pub(super) struct Speaker {
    /// What it is called, if it has a name.
    pub(super) name: Option<String>,
    /// The beginning of the line that comes is on the screen.
    inside: bool,
    /// Up to three bytes that begin a character.
    held: Vec<u8>,
}

impl Speaker {
    /// One that has said nothing yet.
    pub(super) fn named(name: Option<String>) -> Speaker {
        Speaker { name, ..Speaker::default() }
    }

    /// Takes a line, and shows what there is to be shown of it: text, and whether it continues a line.
    pub(super) fn hear(
        &mut self,
        line: Line<'_>,
        encoding: Encoding,
        show: impl FnOnce(&[u8], bool),
    ) {
        let joined;
        let mut text = line.text;
        if !self.held.is_empty() {
            self.held.extend_from_slice(text);
            joined = std::mem::take(&mut self.held);
            text = &joined;
        }
        let partial = line.eol == Eol::None;
        if partial {
            let (whole, begun) = text.split_at(text.len() - encoding.begun(text));
            self.held.extend_from_slice(begun);
            text = whole;
        }
        if !text.is_empty() || !(partial || self.inside) {
            show(text, self.inside);
            self.inside = partial;
        }
        self.inside &= partial;
    }

    /// Takes what was held back, which will not become a character any more.
    pub(super) fn take_held(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}
