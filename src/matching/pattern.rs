//! What a line may be expected to look like.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};
use thiserror::Error;

use super::Vars;
use super::plain::{self, Plain};
use super::survey;
use super::template::{Template, Undefined};

/// The most memory that a compiled pattern may take, in bytes: a few hundred times what patterns
/// written by hand take, and compiled in well under 100 ms.
pub(super) const LARGEST: usize = 4 << 20;

/// A compiled pattern: a regex or literal text, to be found anywhere in a line without its eol.
///
/// A regex sees UTF-8 where there is some, and can match any other byte as `(?-u:\xff)`.
#[derive(Debug, Clone)]
pub struct Pattern {
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// A regex that is nothing but text.
    Plain(Box<Plain>),
    Regex {
        regex: Regex,
        /// The named groups, by their index.
        groups: Box<[(usize, Arc<str>)]>,
    },
    Literal(Box<Finder<'static>>),
}

/// What a named group of a pattern found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The name of the group.
    pub name: Arc<str>,
    /// The bytes that it matched; none where it took no part in the match.
    pub value: Bytes,
}

/// Why a text is no pattern, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct PatternError {
    /// In bytes from the start of the pattern as it was written.
    pub at: usize,
    /// What is wrong there.
    pub why: PatternFault,
}

/// The ways in which a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternFault {
    /// It uses a variable that has no value.
    #[error(transparent)]
    Undefined(Undefined),
    /// It is no regex; in the words of the regex crate.
    #[error("no pattern: {0}")]
    Syntax(String),
    /// It has a named group that no variable can be called after.
    #[error("the group name `{0}` is no variable name")]
    Group(String),
    /// It has in `[…]` a variable whose value is not UTF-8.
    #[error("`{0}` holds bytes that are not UTF-8, which `[…]` cannot")]
    BytesInClass(String),
    /// It would take more memory than a pattern may.
    #[error("the pattern is too large: compiled it takes more than 4 MiB")]
    TooLarge,
}

impl From<Undefined> for PatternError {
    fn from(undefined: Undefined) -> Self {
        PatternError { at: undefined.at, why: PatternFault::Undefined(undefined) }
    }
}

impl PatternError {
    /// What the regex crate has against a regex that can be parsed.
    pub(super) fn of_regex(error: regex::Error) -> Self {
        let why = match error {
            regex::Error::CompiledTooBig(_) => PatternFault::TooLarge,
            other => PatternFault::Syntax(other.to_string()),
        };
        PatternError { at: 0, why }
    }
}

impl Pattern {
    /// The pattern that finds this text as it stands.
    ///
    /// # Errors
    /// The first variable that has no value.
    pub fn literal(template: &Template, vars: &Vars) -> Result<Self, PatternError> {
        let finder = Finder::new(&template.expand(vars)?).into_owned();
        Ok(Pattern { kind: Kind::Literal(Box::new(finder)) })
    }

    /// Compiles a regex; the value of a variable in it is literal text.
    ///
    /// # Errors
    /// The first fault, at its offset in the source of the template.
    pub fn compile(template: &Template, vars: &Vars) -> Result<Self, PatternError> {
        let kind = if let Some(plain) = Plain::of(template, vars)? {
            Kind::Plain(Box::new(plain))
        } else {
            let filled = survey::fill(template, vars)?;
            let regex = compile(&filled.text)?;
            let names = regex.capture_names().enumerate();
            let groups = names.filter_map(|(index, name)| Some((index, name?.into()))).collect();
            Kind::Regex { regex, groups }
        };
        Ok(Pattern { kind })
    }

    /// Finds what is wrong with a regex whatever its variables hold, without compiling it. Literal text has
    /// no fault.
    ///
    /// # Errors
    /// The first fault, at its offset in the source of the template.
    pub fn check(template: &Template) -> Result<(), PatternError> {
        if plain::is_plain(template) {
            return Ok(());
        }
        survey::check(template)?;
        // Only counted repetition makes a short pattern a large one.
        if template.is_plain() && template.source().contains('{') {
            compile(&survey::fill(template, &Vars::default())?.text)?;
        }
        Ok(())
    }

    /// What the named groups found, if `line` matches. Allocates only where there are such groups.
    #[must_use]
    pub fn find(&self, line: &[u8]) -> Option<Vec<Capture>> {
        match &self.kind {
            Kind::Literal(finder) => finder.find(line).map(|_| Vec::new()),
            Kind::Plain(plain) => plain.place(line).map(|_| Vec::new()),
            Kind::Regex { regex, groups } if groups.is_empty() => {
                regex.is_match(line).then(Vec::new)
            }
            Kind::Regex { regex, groups } => {
                let found = regex.captures(line)?;
                let capture = |(index, name): &(usize, Arc<str>)| Capture {
                    name: Arc::clone(name),
                    value: found
                        .get(*index)
                        .map_or_else(Bytes::new, |part| Bytes::copy_from_slice(part.as_bytes())),
                };
                Some(groups.iter().map(capture).collect())
            }
        }
    }

    /// Where in `line` it matches, in bytes, if it does.
    #[must_use]
    pub fn place(&self, line: &[u8]) -> Option<Range<usize>> {
        match &self.kind {
            Kind::Literal(finder) => {
                finder.find(line).map(|start| start..start + finder.needle().len())
            }
            Kind::Plain(plain) => plain.place(line),
            Kind::Regex { regex, .. } => regex.find(line).map(|found| found.range()),
        }
    }

    /// Whether a match sets variables.
    #[must_use]
    pub fn has_groups(&self) -> bool {
        matches!(&self.kind, Kind::Regex { groups, .. } if !groups.is_empty())
    }

    /// The regex with its variables filled in, as a transcript keeps it; `None` for literal text.
    #[must_use]
    pub fn regex(&self) -> Option<&str> {
        match &self.kind {
            Kind::Plain(plain) => Some(plain.regex()),
            Kind::Regex { regex, .. } => Some(regex.as_str()),
            Kind::Literal(_) => None,
        }
    }

    /// The literal text; `None` for a regex.
    pub(super) fn literal_text(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Literal(finder) => Some(finder.needle()),
            Kind::Plain(_) | Kind::Regex { .. } => None,
        }
    }
}

/// The regex that a text is, if it is no larger than a pattern may be.
pub(super) fn compile(text: &str) -> Result<Regex, PatternError> {
    RegexBuilder::new(text).size_limit(LARGEST).build().map_err(PatternError::of_regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars() -> Vars {
        let mut vars = Vars::default();
        vars.set("dots", "a.b c");
        vars.set("bytes", &b"\xff\n["[..]);
        vars.set("empty", "");
        vars.set("class", "^-]");
        vars
    }

    fn compile(source: &str) -> Result<Pattern, PatternError> {
        Pattern::compile(&Template::parse(source).unwrap(), &vars())
    }

    fn literal(source: &str) -> Result<Pattern, PatternError> {
        Pattern::literal(&Template::parse(source).unwrap(), &vars())
    }

    fn matches(source: &str, line: &[u8]) -> bool {
        compile(source).unwrap().find(line).is_some()
    }

    fn captures(source: &str, line: &str) -> Vec<(String, Bytes)> {
        let found = compile(source).unwrap().find(line.as_bytes()).unwrap();
        found.into_iter().map(|capture| (capture.name.to_string(), capture.value)).collect()
    }

    #[test]
    fn a_pattern_is_found_anywhere_in_any_bytes() {
        assert!(matches("no such", b"550 no such host"));
        assert!(matches("^caf(?-u:\\xe9)$", b"caf\xe9"));
        assert!(matches("^caf.$", "café".as_bytes()));
        assert!(matches("b.d$", b"\xff bad"));
        assert!(!matches("^.$", b"\xe9"));
        assert!(!matches("^250 ", b"250-more"));
    }

    #[test]
    fn a_variable_is_literal_text_wherever_it_stands() {
        assert!(matches("^${dots}$", b"a.b c"));
        assert!(!matches("^${dots}$", b"axb c"));
        assert!(matches("^(?:${dots}){2}$", b"a.b ca.b c"));
        assert!(matches("^${dots}+$", b"a.b ca.b c"), "a quantifier takes the whole value");
        assert!(matches("(?x) ^ ${dots} $ # ${bytes}", b"a.b c"));
        assert!(matches("^${bytes}!", b"\xff\n[!"));
        assert!(matches("^[${class}x]+$", b"]^x-"));
        assert!(!matches("^[${class}x]+$", b"_"));
        assert!(matches("^a${empty}b$", b"ab"));
        assert!(matches("^$${a\\}$", b"${a}"));
    }

    #[test]
    fn a_literal_pattern_has_no_syntax() {
        let found = |source, line: &[u8]| literal(source).unwrap().find(line).is_some();
        assert!(found("+OK (", b"say +OK ("));
        assert!(found("=${dots}", b"x=a.b c"));
        assert!(found("${bytes}", b"<\xff\n[>"));
        assert!(!found("a.c", b"abc"));
    }

    #[test]
    fn named_groups_are_told() {
        assert_eq!(
            captures("^(?<code>\\d+)(-(?<more>.*))? ?(?P<text>.*)", "250 ok"),
            [
                ("code".into(), "250".into()),
                ("more".into(), "".into()),
                ("text".into(), "ok".into())
            ]
        );
        assert!(captures("(a)(b)", "ab").is_empty());
        assert!(compile("(?<a>x)").unwrap().has_groups());
        assert!(!compile("(x)").unwrap().has_groups());
        assert!(!literal("(?<a>x)").unwrap().has_groups());
    }

    #[test]
    fn a_fault_is_found_before_any_variable_has_a_value() {
        for (source, at) in [
            ("a(b", 1),
            ("a)b", 1),
            ("é[b", 2),
            ("*", 0),
            ("a**b{", 4),
            ("x{2,1}", 1),
            ("\\q", 0),
            ("a\\", 1),
            ("(?<a.b>x)", 3),
            ("(?<é>x)", 3),
            ("(?<a>x)(?<a>y)", 10),
            ("(?=x)", 0),
            ("\\p{Nope}", 0),
            ("${dots}(", 7),
            ("ab\\${dots}", 2),
            ("$${(", 3),
            ("${a}${b}(${c}", 8),
        ] {
            let error = Pattern::check(&Template::parse(source).unwrap()).unwrap_err();
            assert_eq!(error.at, at, "{source}: {error}");
        }
    }

    #[test]
    fn a_fault_that_a_value_makes_is_found_when_it_is_used() {
        let fault = |source| compile(source).unwrap_err();
        assert_eq!(fault("a[${empty}").at, 1);
        assert_eq!(fault("x[a-${empty}]${nope}").at, 13);
        assert!(matches!(fault("${nope}").why, PatternFault::Undefined(_)));
        assert_eq!(fault("é[${bytes}]").why, PatternFault::BytesInClass("bytes".into()));
        assert_eq!(fault("ab[z-${class}]").at, 3, "a range that runs backwards");
        assert!(literal("${nope}").is_err());
    }

    #[test]
    fn a_pattern_that_would_take_too_much_memory_is_refused() {
        for source in ["(\\w{100}){100}", "((a{100}){100}){100}"] {
            let template = Template::parse(source).unwrap();
            let error = Pattern::check(&template).unwrap_err();
            assert_eq!(error.why, PatternFault::TooLarge, "{source}");
        }
        let nested = "(".repeat(10_000) + &")".repeat(10_000);
        assert!(compile(&nested).is_err());
    }
}
