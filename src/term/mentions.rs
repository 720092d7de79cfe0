//! Names in what is said in a room.

use super::{render, style};

/// Whether a line says what we are called.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// Our name in lower case; empty where we have none.
    name: String,
}

impl Mentions {
    pub(super) fn of(name: &str) -> Mentions {
        Mentions { name: name.to_lowercase() }
    }

    /// Appends what somebody said. With colour, it stands out where it says our name.
    pub(super) fn push_text(&self, colour: bool, text: &[u8], out: &mut String) {
        if colour && self.are_in(text) {
            let mut visible = String::new();
            render::push_visible(&mut visible, text);
            style::push(out, true, style::MENTION, &visible);
        } else {
            render::push_visible(out, text);
        }
    }

    /// Whether our name stands in `text` as a word.
    fn are_in(&self, text: &[u8]) -> bool {
        if self.name.is_empty() || text.len() < self.name.len() {
            return false;
        }
        let text = String::from_utf8_lossy(text).to_lowercase();
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        text.match_indices(&self.name).any(|(at, name)| {
            let (before, after) = (&text[..at], &text[at + name.len()..]);
            !before.ends_with(is_word) && !after.starts_with(is_word)
        })
    }
}

/// A line of a room, cut behind the words that say who said it.
pub(super) fn speaker_of(line: &str) -> (&str, &str) {
    let cut = match line.strip_prefix("* ") {
        Some(rest) => rest.find(' ').map(|at| at + 3),
        None => line.find(": ").map(|at| at + 2),
    };
    line.split_at(cut.unwrap_or_default())
}

/// The name in words that say who said a line: of `alice (to you): ` it is `alice`.
pub(super) fn name_in(said_by: &str) -> &str {
    let name = said_by.trim_start_matches("* ");
    &name[..name.find([' ', ':']).unwrap_or(name.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_a_word_in_any_case() {
        let mentions = Mentions::of("Zoë");
        for text in ["zoë?", "hi ZOË", "Zoë: look", "(zoë)"] {
            assert!(mentions.are_in(text.as_bytes()), "{text}");
        }
        for text in ["", "zoëlogy", "x_zoë", "zoe"] {
            assert!(!mentions.are_in(text.as_bytes()), "{text}");
        }
        assert!(!Mentions::default().are_in(b"anything"));
    }

    #[test]
    fn a_line_says_who_said_it() {
        for (line, said_by, said, name) in [
            ("alice: hi: there", "alice: ", "hi: there", "alice"),
            ("* alice waves", "* alice ", "waves", "alice"),
            ("alice (to you): x", "alice (to you): ", "x", "alice"),
            ("nobody", "", "nobody", ""),
        ] {
            assert_eq!(speaker_of(line), (said_by, said));
            assert_eq!(name_in(said_by), name);
        }
    }

    #[test]
    fn what_is_said_to_us_stands_out() {
        let mut out = String::new();
        Mentions::of("bob").push_text(true, b"hi bob", &mut out);
        assert_eq!(out, "\x1b[1mhi bob\x1b[0m");
        Mentions::of("bob").push_text(false, b"hi bob", &mut out);
        assert!(out.ends_with("\x1b[0mhi bob"));
    }
}
