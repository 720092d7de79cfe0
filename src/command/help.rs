//! What `/help` says, and the manual's table.

use std::fmt::Write;

use super::fault::Wrong;
use super::parse::unknown;
use super::registry::{self, SUMMARY, Spec, Topic};

/// The columns of the screen that `/help` is made for; one stays free.
const WIDTH: usize = 79;
/// The columns for the name of a command, slash and a blank behind it included.
const NAME: usize = 12;
/// The columns of one half of [`overview`].
const HALF: usize = NAME + SUMMARY + 2;
/// How far details are indented.
const INDENT: &str = "  ";

/// All commands by topic, in two halves that fit on one screen of 24 rows and 80 columns.
#[must_use]
pub fn overview() -> String {
    let (left, right) = Topic::ALL.split_at(Topic::ALL.len().div_ceil(2));
    let (left, right) = (half(left), half(right));
    let mut text = String::new();
    for row in 0..left.len().max(right.len()) {
        let cell = |half: &[String]| half.get(row).cloned().unwrap_or_default();
        let line = format!("{:HALF$}{}", cell(&left), cell(&right));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text + "/help expect explains one. //x sends /x, /# is a comment, all else is sent.\n"
}

/// One command, with details and an example; `name` may have its slash.
///
/// # Errors
/// There is no such command; perhaps one that was meant.
pub fn explain(name: &str) -> Result<String, Wrong> {
    let name = name.strip_prefix('/').unwrap_or(name);
    let spec = registry::find(name).ok_or_else(|| unknown(name.as_bytes()))?;
    let mut text = format!("{}\n\n", spec.usage());
    wrap(&mut text, &spec.details.replace('`', ""));
    text.push('\n');
    for line in spec.example.lines() {
        let _ = writeln!(text, "{INDENT}{line}");
    }
    Ok(text)
}

/// What there is to know of a command, for a page of the manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The group that it is listed in.
    pub topic: &'static str,
    /// Its name, without the slash.
    pub name: &'static str,
    /// What may follow it: `[-t DUR] PATTERN`.
    pub synopsis: String,
    /// What it does, in sentences of plain Markdown.
    pub details: &'static str,
}

/// Every command, by topic.
pub fn entries() -> impl Iterator<Item = Entry> {
    registry::all().map(|spec| Entry {
        topic: spec.topic.heading(),
        name: spec.name,
        synopsis: spec.synopsis(),
        details: spec.details,
    })
}

/// The commands as a table in Markdown, as docs/reference/commands.md has it.
#[must_use]
pub fn table() -> String {
    let mut text = "| command | does |\n|---|---|\n".to_owned();
    for spec in registry::all() {
        let usage = spec.usage().replace('|', "\\|");
        let _ = writeln!(text, "| `{usage}` | {} |", spec.details);
    }
    text
}

/// The lines of the examples of all commands, each of which is right.
#[cfg(test)]
pub(crate) fn examples() -> Vec<&'static str> {
    let lines = registry::all().flat_map(|spec| spec.example.lines());
    lines.filter(|line| line.starts_with('/')).collect()
}

fn half(topics: &[Topic]) -> Vec<String> {
    let mut rows = Vec::new();
    for (index, topic) in topics.iter().enumerate() {
        rows.extend((index > 0).then(String::new));
        rows.push(topic.heading().to_owned());
        rows.extend(registry::all().filter(|spec| spec.topic == *topic).map(row));
    }
    rows
}

fn row(spec: &Spec) -> String {
    format!("{:NAME$}{}", format!("/{}", spec.name), spec.summary)
}

/// Appends `words` in lines that fit on the screen.
fn wrap(text: &mut String, words: &str) {
    let mut width = 0;
    for word in words.split_whitespace() {
        if width > 0 && width + 1 + word.len() > WIDTH {
            text.push('\n');
            width = 0;
        }
        let gap = if width == 0 { INDENT } else { " " };
        let _ = write!(text, "{gap}{word}");
        width += gap.len() + word.len();
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_fits_on_one_screen() {
        let text = overview();
        assert!(text.lines().count() <= 23, "with the prompt below it, 24 rows:\n{text}");
        for line in text.lines() {
            assert!(line.len() <= WIDTH, "{line}");
        }
    }

    #[test]
    fn the_overview_has_every_command_under_its_topic() {
        let text = overview();
        for spec in registry::all() {
            let entry = format!("/{:11}{}", spec.name, spec.summary);
            assert!(text.contains(&entry), "{entry}");
        }
        let rows: Vec<_> = text.lines().collect();
        assert_eq!(rows[0], format!("{:HALF$}{}", "the prompt", "settings"));
        assert!(rows[1].starts_with("/help       list commands, explain one"));
    }

    #[test]
    fn one_command_is_explained_with_or_without_its_slash() {
        let text = explain("expect-eof").unwrap();
        assert_eq!(
            text,
            "/expect-eof [-t DUR]\n\n  Waits until the peer ends the conversation. What came before \
             can be read.\n\n  /expect-eof -t 2s\n"
        );
        assert_eq!(explain("/expect-eof").unwrap(), text);
        for spec in registry::all() {
            for line in explain(spec.name).unwrap().lines() {
                assert!(line.len() <= WIDTH, "{line}");
            }
        }
    }

    #[test]
    fn an_unknown_command_is_guessed_at() {
        let error = explain("/expcet").unwrap_err();
        assert_eq!(error.to_string(), "unknown command `/expcet`");
        assert!(error.hint().unwrap().starts_with("did you mean `/expect`?"));
        assert!(explain("zebra").unwrap_err().hint().unwrap().starts_with("`/help` lists"));
        assert!(explain("").is_err() && explain("/").is_err());
    }

    #[test]
    fn the_table_has_a_row_for_every_command() {
        let text = table();
        assert_eq!(text.lines().count(), 2 + registry::all().count());
        assert!(text.contains("\n| `/time on\\|off` | Shows when"));
        for row in text.lines() {
            let bars = row.replace("\\|", "").matches('|').count();
            assert_eq!(bars, 3, "{row}");
        }
    }
}
