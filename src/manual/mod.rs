//! The manual pages: what the command line's definition, the table of commands and the few words in
//! [`prose`] come to, as pages for man(1).
//!
//! Nothing that is defined elsewhere is written here again: an option, a subcommand or a `/command` that is
//! added there is on its page here.

mod options;
mod page;
mod prose;
mod remarks;
mod roff;

use clap::Command;

/// A page of the manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The name of its file: `chat-repl.1`.
    pub file: String,
    /// The page, for man(1).
    pub text: String,
}

/// What an exit status means.
pub type Status = (u8, &'static str);

/// The pages of a program and of its subcommands, the program's own first.
#[must_use]
pub fn pages(mut program: Command, statuses: &[Status]) -> Vec<Page> {
    // So that each subcommand knows what it is called.
    program.build();
    let main = page::of_program(&program, statuses);
    let others = program.get_subcommands().filter(|command| !command.is_hide_set());
    [main].into_iter().chain(others.map(|command| page::of_subcommand(&program, command))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, ArgAction};

    fn program() -> Command {
        let sub = Command::new("look").about("Look at it").after_help(
            "All of it is looked at.\n\nExamples:\n  talk look 'a b'\nExit status: 0 seen, 1 not seen.",
        );
        Command::new("talk")
            .about("Talk, and keep it")
            .version("1.2.3")
            .disable_help_subcommand(true)
            .arg(Arg::new("way").long("way").short('w').value_name("ADDR").help("Go there; or not"))
            .arg(Arg::new("on").long("on").action(ArgAction::SetTrue).help_heading("More"))
            .arg(Arg::new("eol").long("eol").value_parser(["lf", "crlf"]).default_value("lf"))
            .subcommand(sub.arg(Arg::new("file").value_name("FILE").required(true)))
    }

    fn found(name: &str) -> String {
        let pages = pages(program(), &[(0, "done"), (1, "a `check` failed")]);
        let page = pages.into_iter().find(|page| page.file == name);
        page.expect("such a page").text
    }

    #[test]
    fn there_is_a_page_for_the_program_and_each_subcommand() {
        let files: Vec<_> = pages(program(), &[]).into_iter().map(|page| page.file).collect();
        assert_eq!(files, ["talk.1", "talk-look.1"]);
    }

    #[test]
    fn options_say_what_they_take_and_what_holds_without_them() {
        let text = found("talk.1");
        let way = ".TP\n\\fB\\%\\-w\\fR, \\fB\\%\\-\\-way\\fR \\fI\\%ADDR\\fR\nGo there; or not.\n";
        assert!(text.contains(way), "{text}");
        assert!(text.contains(".SS \"More\"\n.TP\n\\fB\\%\\-\\-on\\fR\n"), "{text}");
        assert!(
            text.contains("One of \\fB\\%lf\\fR, \\fB\\%crlf\\fR. Default: \\fB\\%lf\\fR.\n"),
            "{text}"
        );
    }

    #[test]
    fn a_status_has_its_meaning() {
        let text = found("talk.1");
        assert!(text.contains(".TP\n\\fB\\%1\\fR\na \\fB\\%check\\fR failed\n"), "{text}");
    }

    #[test]
    fn what_stands_below_the_options_becomes_sections() {
        let text = found("talk-look.1");
        assert!(text.starts_with(".TH \"TALK\\-LOOK\" \"1\""), "{text}");
        assert!(text.contains("talk\\-look \\- look at it\n"), "{text}");
        assert!(text.contains(".SH \"SYNOPSIS\"\n\\fBtalk look\\fR \\fI\\%FILE\\fR\n"), "{text}");
        assert!(text.contains("All of it is looked at.\n"), "{text}");
        assert!(text.contains(".SH \"EXAMPLES\"\n.EX\ntalk look \\(aqa b\\(aq\n.EE\n"), "{text}");
        assert!(text.contains(".TP\n\\fB\\%0\\fR\nseen\n.TP\n\\fB\\%1\\fR\nnot seen\n"), "{text}");
        assert!(text.contains("\\fB\\%talk\\fR(1)"), "{text}");
    }

    #[test]
    fn every_command_of_the_prompt_is_there() {
        let text = found("talk.1");
        for command in crate::command::help::entries() {
            assert!(
                text.contains(&format!("\\fB\\%/{}", command.name.replace('-', "\\-"))),
                "{text}"
            );
        }
    }
}
