//! Runs in turn, and the table of what they came to.

use crate::figures::{Figures, digits};
use crate::{Options, Outcome};

/// What one run of one contestant came to: a figure for each column.
pub(crate) type Sample = Vec<f64>;

/// A column of a race's table.
pub(crate) struct Column {
    pub(crate) head: &'static str,
    /// Whether spread and ratio are told too.
    pub(crate) raced: bool,
}

impl Column {
    /// A figure that the race is about.
    pub(crate) const fn raced(head: &'static str) -> Column {
        Column { head, raced: true }
    }

    /// A figure that is told beside it.
    pub(crate) const fn told(head: &'static str) -> Column {
        Column { head, raced: false }
    }
}

/// A race: what it is called, what is measured, and what is to be known of it.
pub(crate) struct Heat<'a> {
    pub(crate) title: &'a str,
    pub(crate) columns: &'a [Column],
}

struct Entry {
    name: String,
    figures: Vec<Figures>,
    failed: Vec<String>,
}

impl Heat<'_> {
    /// Runs the contestants in turn, ours being the first, and prints the table.
    ///
    /// A run that fails is told of and counted; it is no figure.
    pub(crate) fn run(
        &self,
        options: &Options,
        contestants: &[&str],
        mut run: impl FnMut(&str) -> Outcome<Sample>,
    ) {
        let entry = |name: &&str| Entry {
            name: (*name).to_owned(),
            figures: vec![Figures::default(); self.columns.len()],
            failed: Vec::new(),
        };
        let admitted = contestants.iter().filter(|name| options.admits(name));
        let mut entries: Vec<Entry> = admitted.map(entry).collect();
        for round in 1..=options.runs {
            for entry in &mut entries {
                eprintln!("-- {}: {}, run {round} of {}", self.title, entry.name, options.runs);
                let sample = run(&entry.name).unwrap_or_else(|fault| {
                    eprintln!("-- {} failed: {fault}", entry.name);
                    entry.failed.push(fault.to_string());
                    vec![f64::NAN; self.columns.len()]
                });
                entry.figures.iter_mut().zip(sample).for_each(|(all, figure)| all.push(figure));
            }
        }
        if !entries.is_empty() {
            self.print(&entries);
        }
    }

    fn print(&self, entries: &[Entry]) {
        println!("### {}\n", self.title);
        let mut head = vec![String::new()];
        for column in self.columns {
            head.push(column.head.to_owned());
            if column.raced {
                head.extend(["least – most", "ours to it"].map(str::to_owned));
            }
        }
        println!("{}\n|---|{}", line(&head), "--:|".repeat(head.len() - 1));
        for entry in entries {
            println!("{}", self.row(entry, &entries[0]));
        }
        println!();
        for entry in entries.iter().filter(|entry| !entry.failed.is_empty()) {
            println!("{} failed {} times: {}\n", entry.name, entry.failed.len(), entry.failed[0]);
        }
    }

    fn row(&self, entry: &Entry, ours: &Entry) -> String {
        let mut row = vec![entry.name.clone()];
        for ((figures, ours), column) in entry.figures.iter().zip(&ours.figures).zip(self.columns) {
            row.push(digits(figures.median()));
            if column.raced {
                let (least, most) = figures.spread();
                row.push(format!("{} – {}", digits(least), digits(most)));
                row.push(digits(ours.ratio(figures)));
            }
        }
        line(&row)
    }
}

fn line(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}
