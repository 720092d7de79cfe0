//! A typed line or a line of a script: text, a command or a comment.

use super::Command;
use super::args::{Args, BLANKS};
use super::fault::{Fault, Wrong};
use super::registry;
use crate::matching::most_similar;
use crate::wire::Visible;

/// What a line is.
#[derive(Debug, Clone, PartialEq)]
pub enum Parsed<'a> {
    /// Text to be sent as it stands here; of a line that began with `//` the first slash is gone.
    Text(&'a [u8]),
    /// A command.
    Command(Command),
    /// `/#` and anything.
    Comment,
}

/// Reads a line, which comes without its line end.
///
/// # Errors
/// What is wrong with the command, and where in `line`.
pub fn parse(line: &[u8]) -> Result<Parsed<'_>, Fault> {
    match line {
        [b'/', b'/', ..] => Ok(Parsed::Text(&line[1..])),
        [b'/', b'#', ..] => Ok(Parsed::Comment),
        [b'/', rest @ ..] => command(line, rest).map(Parsed::Command),
        text => Ok(Parsed::Text(text)),
    }
}

/// Reads the command that `line` is; `rest` is what follows its slash.
fn command(line: &[u8], rest: &[u8]) -> Result<Command, Fault> {
    let blank = rest.iter().position(|byte| BLANKS.contains(&char::from(*byte)));
    let name = &rest[..blank.unwrap_or(rest.len())];
    let after = 1 + name.len();
    let Some(spec) = std::str::from_utf8(name).ok().and_then(registry::find) else {
        return Err(Fault { span: 0..after, what: unknown(name) });
    };
    let line = std::str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to();
        Fault { span: at..at + 1, what: Wrong::NotUtf8 { byte: line[at], command: spec.name } }
    })?;
    let mut args = Args::new(spec, line, after)?;
    let command = (spec.build)(&mut args)?;
    args.finish()?;
    Ok(command)
}

/// What is wrong with a name that is no command's.
pub(super) fn unknown(name: &[u8]) -> Wrong {
    if name.is_empty() {
        return Wrong::NoCommand;
    }
    let name = Visible(name).to_string();
    let nearest = most_similar(&name, registry::all().map(|spec| spec.name));
    Wrong::UnknownCommand { nearest, name }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::command::{
        Arg, ConnCommand, Expect, KeepCommand, PromptCommand, SayCommand, SetCommand, WaitCommand,
    };
    use crate::matching::Vars;
    use crate::wire::Eol;

    fn command(line: &str) -> Command {
        match parse(line.as_bytes()) {
            Ok(Parsed::Command(command)) => command,
            other => panic!("{line} is {other:?}"),
        }
    }

    fn expect(line: &str) -> Expect {
        match command(line) {
            Command::Wait(WaitCommand::Expect(expect)) => expect,
            other => panic!("{line} is {other:?}"),
        }
    }

    /// The part of `line` that is wrong, what is wrong with it, and the hint.
    fn fault(line: &str) -> (String, String, String) {
        let Fault { span, what } = parse(line.as_bytes()).unwrap_err();
        (line[span].to_owned(), what.to_string(), what.hint().unwrap_or_default())
    }

    fn value<T: crate::command::FromArg>(arg: &Arg<T>) -> T {
        arg.value(&Vars::default()).unwrap()
    }

    #[test]
    fn text_goes_as_it_stands() {
        for text in [&b""[..], b" ", b"hi ${name} \\n", b" /quit", b"#", b"\xff\r", b"\\/x"] {
            assert_eq!(parse(text), Ok(Parsed::Text(text)));
        }
        assert_eq!(parse(b"//help"), Ok(Parsed::Text(b"/help")));
        assert_eq!(parse(b"//"), Ok(Parsed::Text(b"/")));
        assert_eq!(parse(b"///\xff"), Ok(Parsed::Text(b"//\xff")));
        assert_eq!(parse(b"/# any \xff ${"), Ok(Parsed::Comment));
        assert_eq!(parse(b"/#"), Ok(Parsed::Comment));
    }

    #[test]
    fn a_pattern_is_the_rest_of_the_line_with_its_blanks() {
        let plain = expect("/expect ^250 ");
        assert_eq!((plain.pattern.template().source(), plain.pattern.span()), ("^250 ", 8..13));
        assert!(!plain.next && !plain.exact && !plain.partial && plain.timeout.is_none());
        assert_eq!(value(&expect("/expect\t  a  b\t").pattern), "a  b\t");
    }

    #[test]
    fn options_come_first_and_may_be_joined() {
        for line in ["/expect -n -x -t 2s -p a(", "/expect -xnp -t2s a(", "/expect -pxnt 2s -- a("]
        {
            let Expect { next, exact, partial, timeout, pattern } = expect(line);
            assert!(next && exact && partial, "{line}");
            assert_eq!(value(&timeout.unwrap()), Duration::from_secs(2), "{line}");
            assert_eq!(value(&pattern), "a(", "{line}");
        }
        assert_eq!(value(&expect("/expect -- -n").pattern), "-n");
        assert_eq!(value(&expect("/expect - -n").pattern), "- -n");
        let Command::Keep(KeepCommand::Save { force, file }) = command("/save -f my file.json ")
        else {
            panic!("no /save");
        };
        assert_eq!((force, value(&file.unwrap())), (true, "my file.json".to_owned()));
    }

    #[test]
    fn every_command_is_parsed() {
        let prompt = |line| match command(line) {
            Command::Prompt(prompt) => prompt,
            other => panic!("{other:?}"),
        };
        assert_eq!(prompt("/help"), PromptCommand::Help(None));
        assert_eq!(prompt("/help /save "), PromptCommand::Help(Some("/save".into())));
        assert!(matches!(prompt("/time on"), PromptCommand::Time(on) if value(&on)));
        let Command::Set(SetCommand::Set { name, value: text }) = command("/set a-b  c d ") else {
            panic!("no /set");
        };
        assert_eq!((&*name, &*value(&text)), ("a-b", "c d "));
        let eol = command("/eol crlf");
        assert!(matches!(eol, Command::Set(SetCommand::Eol(eol)) if value(&eol) == Eol::CrLf));
        let raw = command("/raw a\\xff\\r ");
        let wanted = Bytes::from_static(b"a\xff\r ");
        assert!(matches!(raw, Command::Say(SayCommand::Raw(bytes)) if value(&bytes) == wanted));
        let accept = |line| match command(line) {
            Command::Conn(ConnCommand::Accept(count)) => value(&count),
            other => panic!("{other:?}"),
        };
        assert_eq!((accept("/accept"), accept("/accept 3 ")), (1, 3));
        let Command::Conn(ConnCommand::Kick { name, why }) = command("/kick bob go  away") else {
            panic!("no /kick");
        };
        assert_eq!((&*value(&name), &*value(&why.unwrap())), ("bob", "go  away"));
        for line in ["/quit", "/clear\t", "/stats", "/shutdown ", "/close", "/who", "/expect-eof"] {
            command(line);
        }
    }

    #[test]
    fn every_example_can_be_typed() {
        for line in crate::command::help::examples() {
            command(line);
        }
    }

    #[test]
    fn an_unknown_command_is_not_sent() {
        let (part, what, hint) = fault("/expct ^250");
        assert_eq!((&*part, &*what), ("/expct", "unknown command `/expct`"));
        assert_eq!(hint, "did you mean `/expect`? `//expct` sends it as text");
        let (part, _, hint) = fault("/usr/bin/env x");
        assert_eq!(part, "/usr/bin/env");
        assert_eq!(hint, "`/help` lists the commands; `//usr/bin/env` sends it as text");
        assert_eq!(fault("/").1, "no command after `/`");
        assert_eq!(fault("/ quit").0, "/");
        let hostile = parse(b"/caf\xe9\x1b[2J x").unwrap_err();
        assert_eq!(hostile.what.to_string(), "unknown command `/caf\\xe9\\x1b[2J`");
    }

    #[test]
    fn what_is_missing_or_too_much_is_pointed_at() {
        for (line, part, what) in [
            ("/expect", "", "`/expect` without PATTERN"),
            ("/expect -n ", "", "`/expect` without PATTERN"),
            ("/expect -t", "", "`/expect` without DUR"),
            ("/set a", "", "`/set` without VALUE"),
            ("/set", "", "`/set` without NAME"),
            ("/time", "", "`/time` without on|off"),
            ("/quit now please ", "now please", "too much for `/quit`"),
            ("/show 3 4", "4", "too much for `/show`"),
            ("/help save raw", "raw", "too much for `/help`"),
            ("/expect-eof -t 1s x", "x", "too much for `/expect-eof`"),
            ("/expect -q x", "q", "`/expect` has no option `-q`"),
            ("/expect -né x", "é", "`/expect` has no option `-é`"),
            ("/expect -xn -n x", "n", "`-n` stands here twice"),
            ("/save --force x", "--force", "`/save` has no option `--force`"),
        ] {
            assert_eq!(fault(line).0, part, "{line}");
            assert_eq!(fault(line).1, what, "{line}");
        }
        assert_eq!(fault("/set a").2, "it is `/set NAME VALUE`");
    }

    #[test]
    fn a_bad_argument_is_pointed_at() {
        for (line, part) in [
            ("/sleep 5", "5"),
            ("/timeout -1s", "-1s"),
            ("/expect -t soon x", "soon"),
            ("/expect -tsoon x", "soon"),
            ("/expect -nt5 x", "5"),
            ("/quiet 1h2m", "1h2m"),
            ("/show x3", "x3"),
            ("/accept -1", "-1"),
            ("/time ON", "ON"),
            ("/eol \\r\\n", "\\r\\n"),
            ("/set 1st x", "1st"),
            ("/set ${a} x", "${a}"),
            ("/raw ab\\qc", "\\q"),
            ("/raw \\x4", "\\x"),
            ("/raw ab\\", "\\"),
            ("/send hi ${name", "${"),
            ("/send é ${env:HO ME}!", "${env:HO ME}"),
            ("/save ${a b}.json", "${a b}"),
            ("/sleep ${a b}", "${"),
            ("/expect a(b", "(b"),
            ("/expect -n [", "["),
            ("/expect é\\q", "\\q"),
            ("/expect (?<a.b>x)", "a.b>x)"),
            ("/expect ${a}*+?{2", "{2"),
            ("/expect x{1000}{1000}", "x{1000}{1000}"),
        ] {
            assert_eq!(fault(line).0, part, "{line}: {}", fault(line).1);
        }
    }

    #[test]
    fn a_command_that_is_not_utf8_is_told_another_way() {
        let hint = |line: &[u8]| {
            let fault = parse(line).unwrap_err();
            assert_eq!(line[fault.span][0], 0xe9);
            fault.what.hint().unwrap()
        };
        assert_eq!(hint(b"/expect caf\xe9"), "a pattern matches it as `(?-u:\\xe9)`");
        assert_eq!(hint(b"/raw caf\xe9"), "write it as `\\xe9`");
        assert!(hint(b"/send caf\xe9").contains("`/raw` sends it"));
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in prop::collection::vec(any::<u8>(), 0..40)) {
            let line = [b"/", &*line].concat();
            if let Err(fault) = parse(&line) {
                prop_assert!(fault.span.end <= line.len() && !fault.what.to_string().is_empty());
            }
        }

        #[test]
        fn no_arguments_make_it_panic(
            index in 0..registry::all().count(),
            words in "[-a-z0-9${}\\\\() \té]{0,24}",
        ) {
            let name = registry::all().nth(index).map_or("", |spec| spec.name);
            let line = format!("/{name} {words}");
            if let Err(fault) = parse(line.as_bytes()) {
                prop_assert!(line.get(fault.span).is_some(), "{}", line);
            }
        }
    }
}
