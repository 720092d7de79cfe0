//! What people in a room are called.

use std::collections::BTreeMap;
use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::wire::{ConnId, Visible};

/// The longest name, in characters.
const LONGEST: usize = 32;

/// What the host is called that does not say otherwise. No guest may call itself so, whatever the host's
/// name is: people would take it for the host.
const HOST: &str = "host";

/// What nobody is called: `all` stands for everybody where a name is asked for, and `server: ` stands at a
/// guest's prompt before what the room itself says.
const NOBODY: [&str; 2] = ["all", "server"];

/// Letters that show nothing (Unicode's `Default_Ignorable_Code_Point` among the letters, and the blanks
/// among the hieroglyphs): a name with one would look like another name. The two half-width ones are none
/// of these any more after NFKC.
const INVISIBLE: [char; 6] =
    ['\u{115f}', '\u{1160}', '\u{17b4}', '\u{17b5}', '\u{13441}', '\u{13442}'];

/// Letters that are drawn as a colon: with one, a name would look like another that says something.
const COLONS: [char; 3] = ['\u{2d0}', '\u{2d1}', '\u{a4fd}'];

/// A name in a room: 1 to 32 letters, digits, `-` and `_` of any script, the first of them no `-`.
///
/// It is kept in Unicode's normal form NFKC, so what only looks different is the same; two that differ in
/// case only are the same as well.
#[derive(Debug, Clone)]
pub struct Name {
    shown: String,
    /// What it has in common with the names that count as the same.
    key: String,
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        self.key == other.key
    }
}

impl Eq for Name {}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Default for Name {
    /// The host's.
    fn default() -> Self {
        Name { shown: HOST.to_owned(), key: HOST.to_owned() }
    }
}

/// Why a name is not to be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameFault {
    /// Nothing was given.
    Empty,
    /// It has more than 32 characters.
    Long,
    /// It has a character that is no letter, no digit, no `-` and no `_`.
    Character(char),
    /// It begins with a character that may only follow others.
    Begins(char),
    /// It is given out by the room itself, or stands for something else.
    Reserved(String),
    /// Somebody here is called so.
    Taken(String),
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameFault::Empty => f.write_str("a name is missing: `/nick NAME`"),
            NameFault::Long => write!(f, "a name has at most {LONGEST} characters"),
            NameFault::Character(c) => {
                write!(f, "a name has letters, digits, `-` and `_`, and no `{}`", seen(*c))
            }
            NameFault::Begins(c) => write!(f, "no name begins with `{}`", seen(*c)),
            NameFault::Reserved(name) => write!(f, "`{name}` is reserved"),
            NameFault::Taken(name) => write!(f, "`{name}` is taken"),
        }
    }
}

impl std::error::Error for NameFault {}

impl std::str::FromStr for Name {
    type Err = NameFault;

    fn from_str(text: &str) -> Result<Name, NameFault> {
        if text.is_empty() {
            return Err(NameFault::Empty);
        }
        if text.chars().nth(LONGEST).is_some() {
            return Err(NameFault::Long);
        }
        let shown: String = text.nfkc().collect();
        if shown.chars().nth(LONGEST).is_some() {
            return Err(NameFault::Long);
        }
        if let Some(c) = shown.chars().find(|c| !is_allowed(*c)) {
            return Err(NameFault::Character(c));
        }
        if let Some(c) = shown.chars().next().filter(|c| *c == '-' || is_combining_mark(*c)) {
            return Err(NameFault::Begins(c));
        }
        let key = fold(&shown);
        Ok(Name { shown, key })
    }
}

fn is_allowed(c: char) -> bool {
    let letter = c.is_alphanumeric() && !INVISIBLE.contains(&c) && !COLONS.contains(&c);
    letter || matches!(c, '-' | '_')
}

/// A character that no name has, so that one can see which it is.
fn seen(c: char) -> String {
    if c.is_ascii() {
        Visible(c.to_string().as_bytes()).to_string()
    } else if INVISIBLE.contains(&c) {
        c.escape_unicode().to_string()
    } else {
        c.escape_debug().to_string()
    }
}

/// Upper case first: it makes one of what has several lower cases, such as the two sigmas, or `ß` and
/// `ss`.
fn fold(name: &str) -> String {
    name.to_uppercase().to_lowercase().nfkc().collect()
}

impl Name {
    /// The name that somebody wants to have from the start.
    ///
    /// # Errors
    /// It is none, or a room gives it out itself.
    pub fn own(text: &str) -> Result<Name, NameFault> {
        let name: Name = text.parse()?;
        if name.number().is_some() || name.is_nobodys() {
            return Err(NameFault::Reserved(name.shown));
        }
        Ok(name)
    }

    /// As it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    fn is_nobodys(&self) -> bool {
        NOBODY.contains(&self.key.as_str())
    }

    /// The number of `guest-N`, if it is such a name: empty where that is no number of ours.
    fn number(&self) -> Option<&str> {
        let number = self.key.strip_prefix("guest-")?;
        number.chars().all(char::is_numeric).then_some(number)
    }
}

/// Somebody in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    /// The host.
    Host,
    /// The guest on this conn.
    Guest(ConnId),
}

/// Who is called what.
#[derive(Debug)]
pub(super) struct Names {
    host: Name,
    guests: BTreeMap<ConnId, Called>,
    /// Whose a name is, by its key.
    owners: BTreeMap<String, Who>,
    /// How many guests have been given a number.
    given: u64,
}

#[derive(Debug)]
struct Called {
    name: Name,
    /// That of `guest-N`.
    number: u64,
}

impl Names {
    /// Only the host's.
    pub(super) fn new(host: Name) -> Names {
        let owners = BTreeMap::from([(host.key.clone(), Who::Host)]);
        Names { host, guests: BTreeMap::new(), owners, given: 0 }
    }

    /// Gives a newcomer the next `guest-N`, which nobody had before.
    pub(super) fn joined(&mut self, conn: ConnId) -> &Name {
        self.given += 1;
        let text = format!("guest-{}", self.given);
        let name = Name { shown: text.clone(), key: text };
        self.owners.insert(name.key.clone(), Who::Guest(conn));
        &self.guests.entry(conn).or_insert(Called { name, number: self.given }).name
    }

    /// Frees the name of a guest, and says what it was.
    pub(super) fn left(&mut self, conn: ConnId) -> Option<Name> {
        let called = self.guests.remove(&conn)?;
        self.owners.remove(&called.name.key);
        Some(called.name)
    }

    /// Gives somebody another name; says what it was until now, and what it is.
    pub(super) fn rename(&mut self, who: Who, text: &str) -> Result<(Name, Name), NameFault> {
        let name: Name = text.parse()?;
        self.permit(who, &name)?;
        let place = match who {
            Who::Host => &mut self.host,
            Who::Guest(conn) => match self.guests.get_mut(&conn) {
                Some(called) => &mut called.name,
                None => return Err(NameFault::Taken(name.shown)),
            },
        };
        let before = std::mem::replace(place, name.clone());
        self.owners.remove(&before.key);
        self.owners.insert(name.key.clone(), who);
        Ok((before, name))
    }

    fn permit(&self, who: Who, name: &Name) -> Result<(), NameFault> {
        let own = match who {
            Who::Host => None,
            Who::Guest(conn) => self.guests.get(&conn).map(|called| called.number.to_string()),
        };
        let numbered = name.number().is_some_and(|number| own.as_deref() != Some(number));
        let hosts = name.key == HOST && who != Who::Host;
        if numbered || hosts || name.is_nobodys() {
            return Err(NameFault::Reserved(name.shown.clone()));
        }
        match self.owners.get(&name.key) {
            Some(owner) if *owner != who => Err(NameFault::Taken(self.of(*owner).to_string())),
            _ => Ok(()),
        }
    }

    /// What somebody is called; `?`, which is no name, if that is not here.
    pub(super) fn of(&self, who: Who) -> &str {
        match who {
            Who::Host => self.host.as_str(),
            Who::Guest(conn) => self.guests.get(&conn).map_or("?", |called| called.name.as_str()),
        }
    }

    /// Who is called so.
    pub(super) fn find(&self, text: &str) -> Option<Who> {
        let name: Name = text.parse().ok()?;
        self.owners.get(&name.key).copied()
    }

    /// The guests' names, in the order in which they came.
    pub(super) fn guests(&self) -> impl Iterator<Item = &Name> {
        self.guests.values().map(|called| &called.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conn(n: u32) -> ConnId {
        ConnId::new(n).unwrap()
    }

    #[test]
    fn a_name_is_letters_digits_and_dashes_of_any_script() {
        for name in ["a", "Alice_2", "名前", "Ж-3", "שלום", "_", &"x".repeat(32)] {
            assert_eq!(name.parse::<Name>().unwrap().to_string(), name);
        }
        let faults = [
            ("", NameFault::Empty),
            (&"x".repeat(33), NameFault::Long),
            (&"\u{fb03}".repeat(11), NameFault::Long), // `ffi`
            ("a b", NameFault::Character(' ')),
            ("a:", NameFault::Character(':')),
            ("a\u{202e}b", NameFault::Character('\u{202e}')),
            ("a\x1b[2J", NameFault::Character('\x1b')),
            ("alice\u{200b}", NameFault::Character('\u{200b}')),
            ("alice\u{3164}", NameFault::Character('\u{1160}')),
            ("alice\u{13441}", NameFault::Character('\u{13441}')),
            ("host\u{a4fd}", NameFault::Character('\u{a4fd}')),
            ("-- x", NameFault::Character(' ')),
            ("--", NameFault::Begins('-')),
            ("\u{345}a", NameFault::Begins('\u{345}')),
        ];
        for (name, fault) in faults {
            assert_eq!(name.parse::<Name>().unwrap_err(), fault, "{name:?}");
        }
    }

    #[test]
    fn what_no_name_has_can_be_seen() {
        for (name, seen) in [
            ("a\u{a0}b", " "),
            ("a\u{200d}b", "\\u{200d}"),
            ("a\u{3164}", "\\u{1160}"),
            ("a\"b", "\""),
            ("a\x07", "\\x07"),
            ("a🙂", "🙂"),
        ] {
            let told = name.parse::<Name>().unwrap_err().to_string();
            assert_eq!(told, format!("a name has letters, digits, `-` and `_`, and no `{seen}`"));
        }
    }

    #[test]
    fn names_that_only_look_different_are_the_same() {
        for (one, other) in [
            ("alice", "ALICE"),
            ("alice", "ａｌｉｃｅ"),
            ("é", "e\u{301}"),
            ("Straße", "STRASSE"),
            ("σας", "ΣΑΣ"),
            ("\u{212a}im", "kim"),
        ] {
            assert_eq!(one.parse::<Name>().unwrap(), other.parse::<Name>().unwrap(), "{one}");
        }
        assert_ne!("alice".parse::<Name>().unwrap(), "alicе".parse::<Name>().unwrap(), "Cyrillic");
    }

    #[test]
    fn a_number_is_never_given_twice_and_taken_by_nobody_else() {
        let mut names = Names::new(Name::default());
        assert_eq!(names.joined(conn(1)).as_str(), "guest-1");
        assert_eq!(names.joined(conn(4)).as_str(), "guest-2");
        let (one, two) = (Who::Guest(conn(1)), Who::Guest(conn(4)));
        let reserved = |name: &str| Err(NameFault::Reserved(name.to_owned()));
        let renamed = |names: &mut Names, who, text: &str| {
            names.rename(who, text).map(|(before, now)| (before.shown, now.shown))
        };
        for name in ["guest-2", "GUEST-3", "guest-٣", "guest-", "Host", "ALL", "Server"] {
            assert_eq!(renamed(&mut names, one, name), reserved(name));
        }
        assert_eq!(renamed(&mut names, Who::Host, "guest-9"), reserved("guest-9"));
        assert_eq!(renamed(&mut names, Who::Host, "server"), reserved("server"));
        assert_eq!(
            renamed(&mut names, one, "Alice"),
            Ok(("guest-1".to_owned(), "Alice".to_owned()))
        );
        assert_eq!(renamed(&mut names, two, "aLICE"), Err(NameFault::Taken("Alice".to_owned())));
        assert!(renamed(&mut names, one, "alice").is_ok(), "one's own, in another case");
        assert!(renamed(&mut names, one, "guest-1").is_ok(), "the number is one's own");
        assert!(renamed(&mut names, two, "alice").is_ok(), "it is free again");
        names.left(conn(4));
        assert_eq!(names.find("alice"), None);
        assert!(renamed(&mut names, Who::Host, "alice").is_ok());
        assert_eq!(renamed(&mut names, one, "alice"), Err(NameFault::Taken("alice".to_owned())));
        assert_eq!(renamed(&mut names, one, "host"), reserved("host"));
        assert_eq!(names.joined(conn(9)).as_str(), "guest-3");
        let here: Vec<_> = names.guests().map(Name::as_str).collect();
        assert_eq!(here, ["guest-1", "guest-3"]);
        assert_eq!(names.find("Guest-3"), Some(Who::Guest(conn(9))));
    }
}
