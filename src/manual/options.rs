//! The options and arguments of a command, as a page lists them.

use clap::{Arg, Command};

use super::roff::{Face, Piece, Roff};

/// Arguments and options, by heading; those without one come first.
pub(super) fn write(roff: &mut Roff, command: &Command) {
    let shown: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_hide_set()).collect();
    let (arguments, options): (Vec<&Arg>, Vec<&Arg>) =
        shown.into_iter().partition(|arg| arg.is_positional());
    if !arguments.is_empty() {
        roff.call("SH", &["ARGUMENTS"]);
        for argument in arguments {
            entry(roff, argument);
        }
    }
    if options.is_empty() {
        return;
    }
    roff.call("SH", &["OPTIONS"]);
    let mut headings: Vec<Option<&str>> = vec![None];
    for option in &options {
        let heading = option.get_help_heading();
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    for heading in headings {
        if let Some(heading) = heading {
            roff.call("SS", &[heading]);
        }
        for option in options.iter().filter(|option| option.get_help_heading() == heading) {
            entry(roff, option);
        }
    }
}

fn entry(roff: &mut Roff, arg: &Arg) {
    roff.call("TP", &[]);
    let names = names(arg);
    let pieces: Vec<Piece<'_>> = names.iter().map(|(face, text)| (*face, &**text)).collect();
    roff.line(&pieces);
    if let Some(help) = arg.get_long_help().or_else(|| arg.get_help()) {
        roff.text(&sentence(&help.to_string()));
    }
    if let Some(values) = values(arg) {
        roff.text(&values);
    }
}

/// `-q, --quiet`, `--listen [ADDR]`, `FILE`.
fn names(arg: &Arg) -> Vec<(Face, String)> {
    let value: Vec<String> =
        arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    let value = value.join(" ");
    let takes = arg.get_num_args().unwrap_or_default();
    let many = if takes.max_values() > 1 { "..." } else { "" };
    if arg.is_positional() {
        return vec![(Face::Meant, value), (Face::Plain, many.to_owned())];
    }
    let short = arg.get_short().map(|letter| format!("-{letter}"));
    let long = arg.get_long().map(|name| format!("--{name}"));
    let mut names = Vec::new();
    for name in [short, long].into_iter().flatten() {
        names.extend((!names.is_empty()).then(|| (Face::Plain, ", ".to_owned())));
        names.push((Face::Typed, name));
    }
    if takes.takes_values() {
        let (before, after) = match (takes.min_values() > 0, arg.is_require_equals_set()) {
            (true, false) => (" ", ""),
            (true, true) => ("=", ""),
            (false, false) => (" [", "]"),
            (false, true) => ("[=", "]"),
        };
        names.push((Face::Plain, before.to_owned()));
        names.push((Face::Meant, value));
        names.push((Face::Plain, format!("{many}{after}")));
    }
    names
}

/// What may stand there, and what holds where nothing does.
fn values(arg: &Arg) -> Option<String> {
    if !arg.get_num_args().is_some_and(|takes| takes.takes_values()) {
        return None;
    }
    let all = arg.get_possible_values();
    let all: Vec<String> = all
        .iter()
        .filter(|value| !value.is_hide_set() && !arg.is_hide_possible_values_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    let defaults: Vec<_> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    match (all.is_empty(), defaults.is_empty() || arg.is_hide_default_value_set()) {
        (true, true) => None,
        (false, true) => Some(format!("One of {}.", all.join(", "))),
        (true, false) => Some(format!("Default: `{}`.", defaults.join(" "))),
        (false, false) => {
            Some(format!("One of {}. Default: `{}`.", all.join(", "), defaults.join(" ")))
        }
    }
}

/// The summary that `--help` has, as a sentence, its options and commands to be typed.
fn sentence(help: &str) -> String {
    let typed = |word: &str| {
        let core = word.trim_matches(|c: char| ",;:.()".contains(c));
        let option = core
            .strip_prefix("--")
            .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
        let command =
            core.strip_prefix('/').is_some_and(|name| !name.is_empty() && !name.contains('/'));
        if option || command {
            word.replacen(core, &format!("`{core}`"), 1)
        } else {
            word.to_owned()
        }
    };
    let text = help.split_whitespace().map(typed).collect::<Vec<_>>().join(" ");
    if text.ends_with(['.', '!', '?', ']']) { text } else { text + "." }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_becomes_a_sentence() {
        assert_eq!(sentence("Join; with --listen, or /set"), "Join; with `--listen`, or `/set`.");
        assert_eq!(sentence("A file [default: x]"), "A file [default: x]");
    }
}
