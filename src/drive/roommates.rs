//! Who else is in a room that we are a guest of, as far as the room's own words tell.

use std::collections::BTreeSet;

use memchr::memchr;

use crate::session::Name;

/// How many names are remembered: more than anybody completes among.
const MOST: usize = 1000;

/// The longest beginning of a line that can name somebody: two names of 32 characters of four bytes, and the
/// words between.
const BEGINNING: usize = 300;

/// Their names, and our own.
#[derive(Debug, Default)]
pub(super) struct Roommates {
    names: BTreeSet<String>,
    /// What the room calls us, and that it is news.
    own: Option<String>,
    renamed: bool,
    /// The beginning of the line that has not ended.
    line: Vec<u8>,
}

impl Roommates {
    /// A peer, which may be a room, said this.
    pub(super) fn hears(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr(b'\n', bytes) {
            self.begins(&bytes[..end]);
            let line = std::mem::take(&mut self.line);
            self.learns(&String::from_utf8_lossy(&line));
            bytes = &bytes[end + 1..];
        }
        self.begins(bytes);
    }

    /// More of a line, of which only the beginning matters.
    fn begins(&mut self, piece: &[u8]) {
        let room = BEGINNING.saturating_sub(self.line.len());
        self.line.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    fn learns(&mut self, line: &str) {
        let Some(told) = line.strip_prefix("-- ") else {
            return speaker(line).into_iter().for_each(|name| self.meets(name));
        };
        let mut words = told.split(' ');
        match [words.next(), words.next(), words.next(), words.next()] {
            [Some("you"), Some("are"), Some(name), Some(here)] if here.starts_with('(') => {
                self.is_called(name);
            }
            [Some(from), Some("is"), Some("now"), Some(to)] => {
                self.names.remove(from);
                self.meets(to);
                if self.own.as_deref() == Some(from) {
                    self.is_called(to);
                }
            }
            [Some(name), Some("joined"), ..] => self.meets(name),
            [Some(name), Some("left" | "left:"), ..] => {
                self.names.remove(name);
            }
            [_, Some("here:"), ..] => {
                let names = told.split_once(": ").map_or("", |(_, names)| names);
                names.split(", ").for_each(|name| self.meets(name));
            }
            _ => {}
        }
    }

    fn is_called(&mut self, name: &str) {
        if name.parse::<Name>().is_ok() {
            self.own = Some(name.to_owned());
            self.renamed = true;
        }
    }

    /// Whether the room has told what it calls us.
    pub(super) fn knows_own(&self) -> bool {
        self.own.is_some()
    }

    /// What the room calls us, if it has told since this was last asked.
    pub(super) fn take_own(&mut self) -> Option<String> {
        std::mem::take(&mut self.renamed).then(|| self.own.clone()).flatten()
    }

    fn meets(&mut self, name: &str) {
        let room = self.names.len() < MOST && !self.names.contains(name);
        if room && name.parse::<Name>().is_ok() {
            self.names.insert(name.to_owned());
        }
    }

    /// All of them.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.names.iter()
    }
}

/// Who said a line: `alice: text`, `* alice waves`.
fn speaker(line: &str) -> Option<&str> {
    match line.strip_prefix("* ") {
        Some(does) => does.split(' ').next(),
        None => line.split_once(": ").map(|(name, _)| name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_learnt_from_what_a_room_says_and_forgotten_again() {
        let mut mates = Roommates::default();
        let mut after = |said: &str| {
            said.as_bytes().chunks(3).for_each(|read| mates.hears(read));
            mates.names().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(after("-- you are guest-3 (4 here): `/help` lists the commands\n"), "");
        assert_eq!(
            after("-- 4 here: host, guest-1, alice, guest-3\n"),
            "alice guest-1 guest-3 host"
        );
        assert_eq!(
            after("-- guest-1 left (3 here)\n-- guest-3 left: slow (2 here)\n"),
            "alice host"
        );
        assert_eq!(after("-- alice is now Zoë\n-- guest-4 joined (3 here)\n"), "Zoë guest-4 host");
        assert_eq!(after("bob: hi\n* ada waves\n"), "Zoë ada bob guest-4 host");
        assert_eq!(
            after("eve (to you): x\n250 ok\nno name: x\n: x\n\n"),
            "Zoë ada bob guest-4 host"
        );
        let long = format!("{}: x\nlast: x\n", "x".repeat(1 << 20));
        assert_eq!(after(&long), "Zoë ada bob guest-4 host last");
    }

    #[test]
    fn what_we_are_called_is_what_the_room_says_we_are() {
        let mut mates = Roommates::default();
        let mut after = |said: &str| {
            mates.hears(said.as_bytes());
            mates.take_own()
        };
        assert_eq!(after("-- bob is now bert\nyou are guest-9 (2 here)\n-- you are late\n"), None);
        assert_eq!(after("-- you are guest-3 (4 here): `/help`\n").as_deref(), Some("guest-3"));
        assert_eq!(after("-- `host` is reserved\n-- bob is now bert\nguest-3: x\n"), None);
        assert_eq!(after("-- guest-3 is now Zoë\n").as_deref(), Some("Zoë"));
        assert_eq!(
            after("-- you are kicked (4 here)\n-- you are a:b (4 here)\n").as_deref(),
            Some("kicked")
        );
        assert!(mates.knows_own());
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let mut mates = Roommates::default();
        (0..2 * MOST).for_each(|n| mates.hears(format!("n{n}: x\n").as_bytes()));
        assert_eq!(mates.names().count(), MOST);
    }
}
