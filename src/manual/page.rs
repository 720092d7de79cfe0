//! A page, from its title to what to look at besides.

use clap::Command;

use super::prose;
use super::remarks::Remarks;
use super::roff::{Face, Piece, Roff};
use super::{Page, Status, options};
use crate::command::help;

/// The section of the manual that has programs.
const SECTION: &str = "1";

/// The page of the program itself.
pub(super) fn of_program(program: &Command, statuses: &[Status]) -> Page {
    let name = program.get_name();
    let remarks = remarks(program);
    let mut roff = head(name, program, program);
    let below = remarks.paragraphs.iter().map(String::as_str);
    for (index, paragraph) in prose::DESCRIPTION.into_iter().chain(below).enumerate() {
        if index > 0 {
            roff.call("PP", &[]);
        }
        roff.text(paragraph);
    }
    options::write(&mut roff, program);
    subcommands(&mut roff, program);
    commands(&mut roff);
    roff.call("SH", &["EXIT STATUS"]);
    for (status, meaning) in statuses {
        item(&mut roff, &[(Face::Typed, &status.to_string())], meaning);
    }
    roff.call("PP", &[]);
    roff.text(prose::STATUS);
    roff.call("SH", &["ENVIRONMENT"]);
    for (variable, meaning) in prose::ENVIRONMENT {
        item(&mut roff, &[(Face::Typed, variable)], meaning);
    }
    roff.call("SH", &["FILES"]);
    roff.text(prose::FILES_FIRST);
    for (file, meaning) in prose::FILES {
        item(&mut roff, &[(Face::Meant, file)], meaning);
    }
    roff.call("SH", &["EXAMPLES"]);
    for (what, lines) in prose::EXAMPLES {
        roff.call("TP", &[]);
        roff.text(what);
        roff.verbatim(lines.lines());
    }
    let subcommands = names_of_others(program, name);
    see_also(&mut roff, subcommands.iter().map(String::as_str).chain(prose::SEE_ALSO));
    Page { file: format!("{name}.{SECTION}"), text: roff.finish() }
}

/// The page of one of its subcommands.
pub(super) fn of_subcommand(program: &Command, command: &Command) -> Page {
    let name = page_name(program, command);
    let remarks = remarks(command);
    let mut roff = head(&name, program, command);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    roff.text(&format!("{about}."));
    for paragraph in &remarks.paragraphs {
        roff.call("PP", &[]);
        roff.text(paragraph);
    }
    options::write(&mut roff, command);
    if !remarks.statuses.is_empty() {
        roff.call("SH", &["EXIT STATUS"]);
        for (status, meaning) in &remarks.statuses {
            item(&mut roff, &[(Face::Typed, status)], meaning);
        }
    }
    if !remarks.examples.is_empty() {
        roff.call("SH", &["EXAMPLES"]);
        roff.verbatim(remarks.examples.iter().map(String::as_str));
    }
    let others = names_of_others(program, &name);
    let all = [program.get_name()].into_iter().chain(others.iter().map(String::as_str));
    see_also(&mut roff, all);
    Page { file: format!("{name}.{SECTION}"), text: roff.finish() }
}

/// Up to the heading of the description.
fn head(name: &str, program: &Command, command: &Command) -> Roff {
    let mut roff = Roff::default();
    let version = program.get_version().unwrap_or_default();
    let source = format!("{} {version}", program.get_name());
    roff.call("TH", &[&name.to_uppercase(), SECTION, "", &source, "User Commands"]);
    roff.call("SH", &["NAME"]);
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    roff.line(&[(Face::Plain, &format!("{name} - {}", lowered(&about)))]);
    roff.call("SH", &["SYNOPSIS"]);
    for (index, usage) in usages(command).iter().enumerate() {
        if index > 0 {
            roff.call("br", &[]);
        }
        roff.line(&usage_pieces(usage, command.get_bin_name().unwrap_or(name)));
    }
    roff.call("SH", &["DESCRIPTION"]);
    roff
}

/// The ways to call it, one each.
fn usages(command: &Command) -> Vec<String> {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
    // clap writes `<FILE>`; a `< FILE` is the shell's.
    let word = |word: &str| match word.strip_prefix('<').and_then(|word| word.split_once('>')) {
        Some((name, rest)) => format!("{name}{rest}"),
        None => word.to_owned(),
    };
    let words = |line: &str| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    usage.lines().map(words).collect()
}

/// What is typed as it stands, and what something else stands for.
fn usage_pieces<'a>(usage: &'a str, called: &str) -> Vec<Piece<'a>> {
    let (mut pieces, mut rest) = (Vec::new(), usage);
    if usage.starts_with(called) {
        let (program, arguments) = usage.split_at(called.len());
        pieces.push((Face::Typed, program));
        rest = arguments;
    }
    let in_word = |c: char| c.is_alphanumeric() || c == '-' || c == '#';
    while let Some(first) = rest.chars().next() {
        let word = in_word(first);
        let end = rest.find(|c| in_word(c) != word).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        let face = match piece {
            _ if !word => Face::Plain,
            piece if piece.starts_with('-') => Face::Typed,
            piece if piece.chars().all(|c| c.is_uppercase() || c == '#') => Face::Meant,
            _ => Face::Typed,
        };
        pieces.push((face, piece));
        rest = after;
    }
    pieces
}

fn subcommands(roff: &mut Roff, program: &Command) {
    let shown = program.get_subcommands().filter(|command| !command.is_hide_set());
    for (index, command) in shown.enumerate() {
        if index == 0 {
            roff.call("SH", &["SUBCOMMANDS"]);
        }
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let page = page_name(program, command);
        let name = [(Face::Typed, command.get_name())];
        item(roff, &name, &format!("{about}: see `{page}`({SECTION})."));
    }
}

/// What can be typed at the prompt.
fn commands(roff: &mut Roff) {
    roff.call("SH", &["COMMANDS"]);
    roff.text(prose::COMMANDS);
    let mut topic = "";
    for entry in help::entries() {
        if entry.topic != topic {
            topic = entry.topic;
            roff.call("SS", &[&capitalised(topic)]);
        }
        let name = format!("/{}", entry.name);
        let after =
            if entry.synopsis.is_empty() { String::new() } else { format!(" {}", entry.synopsis) };
        let mut pieces = vec![(Face::Typed, name.as_str())];
        pieces.extend(usage_pieces(&after, ""));
        item(roff, &pieces, entry.details);
    }
}

fn see_also<'a>(roff: &mut Roff, names: impl Iterator<Item = &'a str>) {
    roff.call("SH", &["SEE ALSO"]);
    let names: Vec<&str> = names.collect();
    for (index, name) in names.iter().enumerate() {
        let after = if index + 1 < names.len() { "," } else { "" };
        roff.line(&[(Face::Typed, name), (Face::Plain, &format!("({SECTION}){after}"))]);
    }
}

fn item(roff: &mut Roff, head: &[Piece<'_>], text: &str) {
    roff.call("TP", &[]);
    roff.line(head);
    roff.text(text);
}

fn remarks(command: &Command) -> Remarks {
    Remarks::read(&command.get_after_help().map(ToString::to_string).unwrap_or_default())
}

fn page_name(program: &Command, command: &Command) -> String {
    format!("{}-{}", program.get_name(), command.get_name())
}

/// The pages of subcommands, but for one.
fn names_of_others(program: &Command, but: &str) -> Vec<String> {
    let shown = program.get_subcommands().filter(|command| !command.is_hide_set());
    shown.map(|command| page_name(program, command)).filter(|name| name != but).collect()
}

/// As man(7) wants what follows a name: one line for apropos(1), which begins small.
fn lowered(text: &str) -> String {
    with_first(text, |first| first.to_lowercase().collect())
}

fn capitalised(text: &str) -> String {
    with_first(text, |first| first.to_uppercase().collect())
}

fn with_first(text: &str, change: impl Fn(char) -> String) -> String {
    let mut chars = text.chars();
    chars.next().map(change).unwrap_or_default() + chars.as_str()
}
