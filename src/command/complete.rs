//! What Tab offers, and what may be typed next.

use super::args::BLANKS;
use super::registry::{self, Kind, Param, Spec};

/// What Tab offers for the word before the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins, in bytes from the start of the line.
    pub start: usize,
    /// What may stand there.
    pub offers: Offers,
}

/// The kinds of offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offers {
    /// These words, all of which begin with what was typed; perhaps none.
    Words(Vec<String>),
    /// The names of files, which the caller knows.
    Files,
}

/// What Tab offers at `cursor`, a byte offset in `line`; `names` are those of the guests.
#[must_use]
pub fn complete(line: &str, cursor: usize, names: &[String]) -> Completion {
    let typed = line.get(..cursor).unwrap_or(line);
    let start = typed.rfind(BLANKS).map_or(0, |at| at + 1);
    if start == 0 && typed.starts_with('/') {
        let commands = registry::all().map(|spec| format!("/{}", spec.name));
        return words(typed, 0, commands);
    }
    match split(typed) {
        Some((spec, args)) => argument(spec, typed, args, names),
        None => words(typed, start, std::iter::empty()),
    }
}

/// What may follow a command whose next argument has not begun, as a hint behind the cursor.
#[must_use]
pub fn hint(line: &str) -> Option<String> {
    let missing = if let Some(spec) = line.strip_prefix('/').and_then(registry::find) {
        format!(" {}", spec.synopsis())
    } else {
        let (spec, args) = split(line)?;
        let place = Place::of(spec, line, args);
        if place.start < line.len() {
            return None;
        }
        match place.option {
            Some(value) => value.to_owned(),
            None if line[args..].trim_matches(BLANKS).is_empty() => spec.synopsis(),
            None => join(spec.params.iter().skip(place.param)),
        }
    };
    Some(missing).filter(|missing| !missing.trim().is_empty())
}

fn join<'a>(params: impl Iterator<Item = &'a Param>) -> String {
    params.map(Param::synopsis).collect::<Vec<_>>().join(" ")
}

/// The command that is being typed, and where its arguments begin.
fn split(typed: &str) -> Option<(&'static Spec, usize)> {
    let (name, _) = typed.strip_prefix('/')?.split_once(BLANKS)?;
    Some((registry::find(name)?, name.len() + 2))
}

/// Where among the options and arguments of its command the cursor stands.
#[derive(Debug)]
struct Place {
    /// Options may still come.
    options: bool,
    /// The value of an option comes, which is called this.
    option: Option<&'static str>,
    /// The index of the argument.
    param: usize,
    /// Where the word, or the rest of the line that the argument is, begins.
    start: usize,
}

impl Place {
    /// The place at the end of `typed`, the arguments of which begin at `args`.
    fn of(spec: &Spec, typed: &str, args: usize) -> Place {
        let options = !spec.options.is_empty();
        let mut place = Place { options, option: None, param: 0, start: args };
        for word in typed[args..].split_inclusive(BLANKS) {
            let complete = word.strip_suffix(BLANKS);
            if complete.is_none_or(|word| !place.passes(spec, word)) {
                break;
            }
            place.start += word.len();
        }
        place
    }

    /// Goes past a word that is complete; not where an argument begins that is the rest of the line.
    fn passes(&mut self, spec: &Spec, word: &str) -> bool {
        if word.is_empty() || self.option.take().is_some() {
            return true;
        }
        if self.options && word.len() > 1 && word.starts_with('-') {
            let last = spec.options.iter().find(|opt| word.ends_with(opt.letter));
            self.option = last.and_then(|opt| opt.value);
            self.options = word != "--";
            return true;
        }
        self.options = false;
        let kind = spec.params.get(self.param).map(|param| param.kind);
        let passes = !matches!(kind, Some(Kind::Rest | Kind::File));
        self.param += usize::from(passes);
        passes
    }
}

/// What may stand at the end of `typed`, where an option or an argument of a command is being typed.
fn argument(spec: &Spec, typed: &str, args: usize, names: &[String]) -> Completion {
    let Place { options, option, param, start } = Place::of(spec, typed, args);
    let word = &typed[start..];
    if options && option.is_none() && word.starts_with('-') {
        return words(word, start, spec.options.iter().map(|opt| format!("-{}", opt.letter)));
    }
    let kind = spec.params.get(param).map_or(Kind::Rest, |param| param.kind);
    let own = |fixed: &[&str]| fixed.iter().map(|word| (*word).to_owned()).collect();
    let candidates: Vec<String> = match kind {
        _ if option.is_some() => Vec::new(),
        Kind::File => return Completion { start, offers: Offers::Files },
        Kind::Word | Kind::Rest => Vec::new(),
        Kind::Choice(choices) => own(choices),
        Kind::Command => registry::all().map(|spec| spec.name.to_owned()).collect(),
        Kind::Name(more) => [names, &*own(more)].concat(),
    };
    words(word, start, candidates.into_iter())
}

/// The candidates that begin with `word`, which begins at `start`.
fn words(word: &str, start: usize, candidates: impl Iterator<Item = String>) -> Completion {
    let fitting = candidates.filter(|candidate| candidate.starts_with(word));
    Completion { start, offers: Offers::Words(fitting.collect()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> [String; 2] {
        ["guest-1".to_owned(), "alice".to_owned()]
    }

    /// Where the word begins, and the words that are offered.
    fn offered(typed: &str) -> (usize, Vec<String>) {
        let Completion { start, offers } = complete(typed, typed.len(), &names());
        match offers {
            Offers::Words(words) => (start, words),
            Offers::Files => (start, vec!["<files>".to_owned()]),
        }
    }

    #[test]
    fn commands_are_offered_after_a_slash() {
        assert_eq!(offered("/ex"), (0, vec!["/expect".into(), "/expect-eof".into()]));
        assert_eq!(offered("/").1.len(), registry::all().count());
        assert_eq!(
            complete("/exit now", 2, &[]).offers,
            Offers::Words(vec![
                "/expect".into(),
                "/end".into(),
                "/expect-eof".into(),
                "/eol".into(),
                "/echo".into()
            ])
        );
        for text in ["", "ex", "//ex", " /ex", "/zz", "/zz x"] {
            assert_eq!(offered(text).1, Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn each_argument_has_offers_of_its_own() {
        assert_eq!(offered("/time "), (6, vec!["on".into(), "off".into()]));
        assert_eq!(offered("/eol cr"), (5, vec!["crlf".into()]));
        assert_eq!(offered("/help exp"), (6, vec!["expect".into(), "expect-eof".into()]));
        assert_eq!(offered("/on a"), (4, vec!["alice".into(), "all".into()]));
        assert_eq!(offered("/kick g"), (6, vec!["guest-1".into()]));
        assert_eq!(offered("/save -"), (6, vec!["-f".into()]));
        assert_eq!(offered("/expect -n -").1, ["-n", "-x", "-p", "-t"]);
        for text in [
            "/on alice a",
            "/kick alice g",
            "/expect -t ",
            "/expect -t -",
            "/expect a -",
            "/expect -- -",
            "/quit ",
        ] {
            assert_eq!(offered(text).1, Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_file_is_the_rest_of_the_line() {
        for (typed, start) in [("/save ", 6), ("/save -f my fi", 9), ("/replay  my f", 9)] {
            assert_eq!(offered(typed), (start, vec!["<files>".into()]), "{typed}");
        }
    }

    #[test]
    fn a_hint_says_what_is_still_to_be_typed() {
        for (typed, wanted) in [
            ("/expect", Some(" [-n] [-x] [-p] [-t DUR] PATTERN")),
            ("/expect ", Some("[-n] [-x] [-p] [-t DUR] PATTERN")),
            ("/expect -n ", Some("PATTERN")),
            ("/expect -nt ", Some("DUR")),
            ("/expect -t 5s ", Some("PATTERN")),
            ("/set a ", Some("VALUE")),
            ("/kick bob ", Some("[WHY]")),
            ("/expect ^250 ", None),
            ("/set a", None),
            ("/time on ", None),
            ("/quit", None),
            ("/quit ", None),
            ("/zz ", None),
            ("text ", None),
            ("", None),
        ] {
            assert_eq!(hint(typed).as_deref(), wanted, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn any_line_and_cursor_will_do(line in "/?[a-z]{0,6}[ \\-a-zé]{0,20}", cursor in 0_usize..40) {
            prop_assert!(complete(&line, cursor, &names()).start <= line.len());
            let _ = hint(&line);
        }
    }
}
