//! The one table from which parser, `/help`, completion and the manual's table come.
//!
//! A new command is an entry in [`table`](super::table) and a variant of [`Command`].

use std::fmt::Write;

use super::Command;
use super::args::Args;
use super::fault::Fault;
use super::table::SPECS;

/// Everything that there is to know about one command.
#[derive(Debug)]
pub(super) struct Spec {
    /// Its name, without the slash.
    pub(super) name: &'static str,
    /// Where `/help` lists it.
    pub(super) topic: Topic,
    /// Its options, in the order of its synopsis.
    pub(super) options: &'static [Opt],
    /// Its arguments, in order.
    pub(super) params: &'static [Param],
    /// What it does, in at most [`SUMMARY`] columns.
    pub(super) summary: &'static str,
    /// What it does, in whole sentences of plain Markdown.
    pub(super) details: &'static str,
    /// Lines that show it in use.
    pub(super) example: &'static str,
    /// Makes the command of its arguments.
    pub(super) build: fn(&mut Args<'_>) -> Result<Command, Fault>,
}

/// The most columns of a summary: two of them, and two names, fit beside each other on a screen.
pub(super) const SUMMARY: usize = 26;

/// A group of commands in `/help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// About the prompt itself.
    Prompt,
    /// About what is kept.
    Keep,
    /// Says something, or waits for something.
    Talk,
    /// Changes a setting, or passes time.
    Set,
    /// About conns and guests.
    Conn,
}

/// An option of a command: `-n`, `-t DUR`.
#[derive(Debug)]
pub(super) struct Opt {
    /// Its letter.
    pub(super) letter: char,
    /// What its value is called, where it has one.
    pub(super) value: Option<&'static str>,
}

/// An argument of a command.
#[derive(Debug)]
pub(super) struct Param {
    /// What it is called: `PATTERN`.
    pub(super) label: &'static str,
    /// Whether it may be left out.
    pub(super) optional: bool,
    /// What it may be.
    pub(super) kind: Kind,
}

/// What an argument may be: says where it ends, and what Tab offers for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word that only its user knows, up to the next blank.
    Word,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// The name of a command.
    Command,
    /// The name of a conn or guest, or one of these words.
    Name(&'static [&'static str]),
    /// The rest of the line without blanks at its end: the name of a file.
    File,
    /// The rest of the line as it stands.
    Rest,
}

impl Topic {
    /// All of them, as `/help` orders them.
    pub(super) const ALL: [Topic; 5] =
        [Topic::Prompt, Topic::Talk, Topic::Keep, Topic::Set, Topic::Conn];

    /// Its heading.
    #[must_use]
    pub(super) const fn heading(self) -> &'static str {
        match self {
            Topic::Prompt => "the prompt",
            Topic::Keep => "the transcript",
            Topic::Talk => "say and wait",
            Topic::Set => "settings",
            Topic::Conn => "conns and guests",
        }
    }
}

impl Spec {
    /// What may follow its name: `[-n] [-t DUR] PATTERN`. Empty where nothing may.
    #[must_use]
    pub(super) fn synopsis(&self) -> String {
        let options = self.options.iter().map(Opt::synopsis);
        let params = self.params.iter().map(Param::synopsis);
        options.chain(params).collect::<Vec<_>>().join(" ")
    }

    /// How it is written: `/expect [-n] [-t DUR] PATTERN`.
    #[must_use]
    pub(super) fn usage(&self) -> String {
        format!("/{} {}", self.name, self.synopsis()).trim_end().to_owned()
    }
}

impl Opt {
    /// `[-n]` or `[-t DUR]`.
    #[must_use]
    pub(super) fn synopsis(&self) -> String {
        let mut text = format!("[-{}", self.letter);
        if let Some(value) = self.value {
            let _ = write!(text, " {value}");
        }
        text + "]"
    }
}

impl Param {
    /// `PATTERN`, or `[FILE]` where it may be left out.
    #[must_use]
    pub(super) fn synopsis(&self) -> String {
        if self.optional { format!("[{}]", self.label) } else { self.label.to_owned() }
    }
}

/// Every command, by topic.
pub(super) fn all() -> impl Iterator<Item = &'static Spec> {
    SPECS.iter()
}

/// The command of this name, which has no slash.
#[must_use]
pub(super) fn find(name: &str) -> Option<&'static Spec> {
    all().find(|spec| spec.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        let topics: Vec<_> = all().map(|spec| spec.topic).collect();
        let order = |topic| Topic::ALL.iter().position(|one| *one == topic);
        assert!(topics.is_sorted_by_key(|topic| order(*topic)));
        for spec in all() {
            assert_eq!(find(spec.name).unwrap().usage(), spec.usage(), "a name stands there twice");
        }
        assert!(find("nope").is_none() && find("").is_none() && find("/quit").is_none());
    }

    #[test]
    fn every_entry_is_complete() {
        for Spec { name, summary, details, example, params, .. } in all() {
            assert!(!summary.is_empty() && summary.len() <= SUMMARY, "{name}: {summary}");
            assert!(details.ends_with('.') && !details.contains(['\n', '|']), "{name}: {details}");
            assert!(example.lines().any(|line| line.starts_with(&format!("/{name}"))), "{name}");
            let rest = params.iter().position(|p| matches!(p.kind, Kind::Rest | Kind::File));
            assert!(rest.is_none_or(|at| at + 1 == params.len()), "{name}: the rest comes last");
        }
    }

    #[test]
    fn a_synopsis_names_options_and_arguments() {
        let usage = |name| find(name).unwrap().usage();
        assert_eq!(usage("expect"), "/expect [-n] [-x] [-p] [-t DUR] PATTERN");
        assert_eq!(usage("save"), "/save [-f] [FILE]");
        assert_eq!(usage("quit"), "/quit");
        assert_eq!(usage("kick"), "/kick NAME [WHY]");
    }
}
