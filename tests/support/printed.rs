//! The commands that the scripts in `scripts/` have in their first lines.

use std::fs;

use super::project;

/// The commands that the comments of a script print, each as its arguments.
pub(crate) fn commands(script: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(project().join("scripts").join(script)).expect("the script");
    let commands = text.lines().filter_map(|line| line.strip_prefix("/#     chat-repl "));
    commands.map(|args| args.split(' ').map(str::to_owned).collect()).collect()
}

/// The arguments, `is` in the place of `was`, which must be there.
#[track_caller]
pub(crate) fn replace(args: Vec<String>, was: &str, is: &[&str]) -> Vec<String> {
    assert!(args.iter().any(|arg| arg == was), "{was} is not in {args:?}");
    let args = args.into_iter().flat_map(|arg| {
        if arg == was { is.iter().map(|&arg| arg.to_owned()).collect() } else { vec![arg] }
    });
    args.collect()
}
