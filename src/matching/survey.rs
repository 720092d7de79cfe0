//! The text of a regex with its variables filled in, and where each part of it was written.

use std::convert::Infallible;
use std::fmt::Write;
use std::ops::Range;

use regex_syntax::ast::{self, Ast, Flag, Flags, GroupKind};
use regex_syntax::hir::Hir;
use regex_syntax::hir::translate::TranslatorBuilder;

use super::Vars;
use super::pattern::{PatternError, PatternFault};
use super::template::{Part, Template, is_name, value_of};

/// What stands for a variable while its value is unknown: a private character, which no escape may
/// begin with, so that `\${name}` is an error and never an escape made of the value.
const PLACEHOLDER: char = '\u{e000}';

/// A regex as text, and for each part of it where it was written.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) text: String,
    /// Offsets in `text` and in the source, in order.
    origins: Vec<(usize, usize)>,
}

/// Where in a regex a variable stands.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// Inside `[…]`: its characters are members of the class.
    in_class: bool,
    /// What follows, or the flags, could act on a part of the value: it needs a group of its own.
    needs_group: bool,
}

/// The regex that `template` is, its variables filled in.
///
/// # Errors
/// The first fault, at its offset in the source of the template.
pub(super) fn fill(template: &Template, vars: &Vars) -> Result<Filled, PatternError> {
    let slots = survey(template)?;
    if slots.is_empty() {
        return Filled::with(template, |_, _| Ok(String::new()));
    }
    let mut slots = slots.into_iter();
    let filled = Filled::with(template, |name, at| {
        let value = value_of(name, at, vars)?;
        let slot = slots.next().unwrap_or_default();
        literal(value, slot)
            .ok_or_else(|| PatternError { at, why: PatternFault::BytesInClass(name.to_owned()) })
    })?;
    syntax(&filled.text).map_err(|error| filled.at_source(error))?;
    Ok(filled)
}

/// Finds what is wrong with a regex whatever its variables hold.
pub(super) fn check(template: &Template) -> Result<(), PatternError> {
    survey(template).map(drop)
}

/// The regex as the regex crate understands it.
pub(super) fn hir(text: &str) -> Option<Hir> {
    Some(parse(text).ok()?.1)
}

impl Filled {
    fn with(
        template: &Template,
        mut value: impl FnMut(&str, usize) -> Result<String, PatternError>,
    ) -> Result<Filled, PatternError> {
        let mut filled = Filled::default();
        for piece in template.pieces() {
            filled.origins.push((filled.text.len(), piece.at));
            match &piece.part {
                Part::Literal(text) | Part::Escaped(text) => {
                    filled.text.push_str(&String::from_utf8_lossy(text));
                }
                Part::Brace => filled.text.push_str("\\$\\{"),
                Part::Name(name) => filled.text.push_str(&value(name, piece.at)?),
            }
        }
        filled.origins.push((filled.text.len(), template.source().len()));
        Ok(filled)
    }

    /// The error, moved to the place in the source from which its place in the text came.
    fn at_source(&self, error: PatternError) -> PatternError {
        let part = self.origins.partition_point(|(out, _)| *out <= error.at).saturating_sub(1);
        let (out, source) = self.origins.get(part).copied().unwrap_or_default();
        let end = self.origins.get(part + 1).map_or(source, |(_, source)| *source);
        PatternError { at: (source + (error.at - out)).min(end.max(source)), ..error }
    }
}

/// Where the variables of a regex stand; fails where the regex is wrong whatever they hold.
fn survey(template: &Template) -> Result<Vec<Slot>, PatternError> {
    let filled = Filled::with(template, |_, _| Ok(PLACEHOLDER.to_string()))?;
    let structure = syntax(&filled.text).map_err(|error| filled.at_source(error))?;
    let variables = template.pieces().iter().zip(&filled.origins);
    let slots = variables.filter(|(piece, _)| matches!(piece.part, Part::Name(_)));
    Ok(slots.map(|(_, (out, _))| structure.slot(*out, &filled.text)).collect())
}

/// Finds what is wrong with a regex that has no variables.
pub(super) fn check_plain(text: &str) -> Result<(), PatternError> {
    parse(text).map(drop)
}

/// What matters about a regex, if it is one whose groups can be variables.
fn syntax(text: &str) -> Result<Structure, PatternError> {
    let (ast, _) = parse(text)?;
    let Ok(structure) = ast::visit(&ast, Structure::default());
    match structure.bad_group {
        Some((at, name)) => Err(PatternError { at, why: PatternFault::Group(name) }),
        None => Ok(structure),
    }
}

/// Parses a whole regex, as the regex crate does.
fn parse(text: &str) -> Result<(Ast, Hir), PatternError> {
    let fault = |at: usize, why: String| PatternError { at, why: PatternFault::Syntax(why) };
    let ast = ast::parse::Parser::new()
        .parse(text)
        .map_err(|error| fault(error.span().start.offset, error.kind().to_string()))?;
    let hir = TranslatorBuilder::new()
        .utf8(false)
        .build()
        .translate(text, &ast)
        .map_err(|error| fault(error.span().start.offset, error.kind().to_string()))?;
    Ok((ast, hir))
}

/// What matters about a regex for the variables in it.
#[derive(Debug, Default)]
struct Structure {
    classes: Vec<Range<usize>>,
    /// `(?x)` stands somewhere: blanks may mean nothing.
    verbose: bool,
    bad_group: Option<(usize, String)>,
}

impl Structure {
    fn slot(&self, out: usize, text: &str) -> Slot {
        let next = &text[out + PLACEHOLDER.len_utf8()..];
        Slot {
            in_class: self.classes.iter().any(|class| class.contains(&out)),
            needs_group: self.verbose || next.starts_with(['*', '+', '?', '{']),
        }
    }

    fn saw_flags(&mut self, flags: &Flags) {
        self.verbose |= flags.flag_state(Flag::IgnoreWhitespace) == Some(true);
    }
}

impl ast::Visitor for Structure {
    type Output = Structure;
    type Err = Infallible;

    fn finish(self) -> Result<Structure, Infallible> {
        Ok(self)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), Infallible> {
        match ast {
            Ast::Flags(set) => self.saw_flags(&set.flags),
            Ast::ClassBracketed(class) => {
                self.classes.push(class.span.start.offset..class.span.end.offset);
            }
            Ast::Group(group) => match &group.kind {
                GroupKind::NonCapturing(flags) => self.saw_flags(flags),
                GroupKind::CaptureName { name, .. } if !is_name(&name.name) => {
                    let place = (name.span.start.offset, name.name.clone());
                    self.bad_group.get_or_insert(place);
                }
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }
}

/// The texts that may stand in a filled regex for a variable of this value.
pub(super) fn forms(value: &[u8]) -> impl Iterator<Item = String> {
    let slots = [false, true].map(|in_class| Slot { in_class, needs_group: false });
    let escaped = slots.into_iter().filter_map(|slot| literal(value, slot));
    let plain = std::str::from_utf8(value).ok().map(str::to_owned);
    escaped.chain(plain)
}

/// A regex for just these bytes, to stand outside `[…]` where nothing that follows acts on it.
pub(super) fn verbatim(value: &[u8]) -> String {
    literal(value, Slot::default()).unwrap_or_default()
}

/// A regex for just these bytes, to stand in `slot`; `None` where a class cannot hold them.
fn literal(value: &[u8], slot: Slot) -> Option<String> {
    let mut text = String::with_capacity(value.len() + 8);
    for chunk in value.utf8_chunks() {
        for c in regex::escape(chunk.valid()).chars() {
            match c {
                ' ' if slot.in_class => text.push_str("\\x20"),
                '\t'..='\r' => {
                    let _ = write!(text, "\\x{:02x}", u32::from(c));
                }
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "(?-u:\\x{byte:02x})");
        }
    }
    if slot.in_class {
        std::str::from_utf8(value).is_ok().then_some(text)
    } else if slot.needs_group {
        Some(format!("(?-x:{text})"))
    } else {
        Some(text)
    }
}
