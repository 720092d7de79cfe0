//! Text with variables in it, as arguments of commands are written.

use bytes::Bytes;
use thiserror::Error;

use super::{Vars, most_similar};
use crate::wire::unesc;

/// Text in which `${name}` stands for a variable, and `$${` for a literal `${`.
///
/// A `$` before anything but `{` is itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

/// A piece of a [`Template`], and the offset in its source at which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) at: usize,
    pub(super) part: Part,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Text that stands for itself.
    Literal(Bytes),
    /// Bytes that were written as an escape.
    Escaped(Bytes),
    /// A literal `${`, written `$${`.
    Brace,
    /// A variable.
    Name(String),
}

/// What makes a text no [`Template`], and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct TemplateError {
    /// In bytes from the start of the text.
    pub at: usize,
    /// How many bytes are at fault.
    pub len: usize,
    /// What is wrong there.
    pub why: TemplateFault,
}

/// The ways in which a text is no [`Template`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateFault {
    /// A `${` is never closed.
    #[error("`${{` has no `}}`")]
    Unclosed,
    /// What stands between `${` and `}` cannot name a variable.
    #[error("`{0}` is no variable name")]
    Name(String),
    /// A backslash begins no escape.
    #[error("the backslash begins no escape")]
    Escape,
}

/// A variable that was used before it had a value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{name}` has no value")]
pub struct Undefined {
    /// The variable.
    pub name: Box<str>,
    /// The offset of its `${` in the source of the template.
    pub at: usize,
    /// A variable that has a value, and whose name is much alike.
    pub nearest: Option<Box<str>>,
}

impl Template {
    /// Reads `source`, in which everything but `${` stands for itself.
    ///
    /// # Errors
    /// Where the first `${` is that names no variable.
    pub fn parse(source: &str) -> Result<Template, TemplateError> {
        Template::parse_with(source, false)
    }

    /// Reads `source`, in which `\xNN`, `\r`, `\n`, `\t`, `\0` and `\\` are escapes too. A variable's
    /// value is never read for escapes.
    ///
    /// # Errors
    /// Where the first `${` is that names no variable, or the first backslash that begins no escape.
    pub fn parse_escaped(source: &str) -> Result<Template, TemplateError> {
        Template::parse_with(source, true)
    }

    /// The bytes that it stands for.
    ///
    /// # Errors
    /// The first variable that has no value.
    pub fn expand(&self, vars: &Vars) -> Result<Bytes, Undefined> {
        if let [Piece { part: Part::Literal(all), .. }] = &*self.pieces {
            return Ok(all.clone());
        }
        self.expand_with(vars, |text| Ok(text.clone()))
    }

    /// The same, where text is written as `write` says: all but what stands in it as escapes.
    ///
    /// # Errors
    /// The first variable that has no value, or what `write` has against the text.
    pub fn expand_with<E: From<Undefined>>(
        &self,
        vars: &Vars,
        write: impl Fn(&Bytes) -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        let mut bytes = Vec::with_capacity(self.source.len());
        for piece in &self.pieces {
            match &piece.part {
                Part::Literal(text) => bytes.extend_from_slice(&write(text)?),
                Part::Escaped(escaped) => bytes.extend_from_slice(escaped),
                Part::Brace => bytes.extend_from_slice(b"${"),
                Part::Name(name) => {
                    let value = value_of(name, piece.at, vars)?;
                    bytes.extend_from_slice(&write(&Bytes::copy_from_slice(value))?);
                }
            }
        }
        Ok(bytes.into())
    }

    /// Whether some variable in it was captured from what a peer said.
    #[must_use]
    pub fn uses_captured(&self, vars: &Vars) -> bool {
        self.names().any(|name| vars.is_captured(name))
    }

    /// The variables in it, as often as they occur.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match &piece.part {
            Part::Name(name) => Some(&**name),
            Part::Literal(_) | Part::Escaped(_) | Part::Brace => None,
        })
    }

    /// Whether it has no variable, and always stands for the same bytes.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.names().next().is_none()
    }

    /// The text as it was written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    fn parse_with(source: &str, escaped: bool) -> Result<Template, TemplateError> {
        let mut pieces = Vec::new();
        let mut done = 0;
        while let Some(open) = source[done..].find("${").map(|at| done + at) {
            let doubled = source[done..open].ends_with('$');
            push_literal(&mut pieces, source, done..open - usize::from(doubled), escaped)?;
            if doubled {
                pieces.push(Piece { at: open - 1, part: Part::Brace });
                done = open + 2;
            } else {
                let name = name_at(source, open)?;
                done = open + name.len() + 3;
                pieces.push(Piece { at: open, part: Part::Name(name) });
            }
        }
        push_literal(&mut pieces, source, done..source.len(), escaped)?;
        Ok(Template { source: source.to_owned(), pieces })
    }
}

/// Whether `text` can name a variable: an ASCII letter or `_`, then letters, digits, `_` and `-`.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(rest)
}

/// What stands before the name of a variable of the environment: `${env:HOME}`.
pub(crate) const ENV: &str = "env:";

/// The value of `name`, which is used at the offset `at`.
pub(super) fn value_of<'a>(name: &str, at: usize, vars: &'a Vars) -> Result<&'a [u8], Undefined> {
    vars.value(name).ok_or_else(|| {
        let environment = format!("{ENV}{name}");
        let nearest = if vars.value(&environment).is_some() {
            Some(&*environment)
        } else {
            most_similar(name, vars.names())
        };
        Undefined { name: name.into(), at, nearest: nearest.map(Box::from) }
    })
}

fn push_literal(
    pieces: &mut Vec<Piece>,
    source: &str,
    span: std::ops::Range<usize>,
    escaped: bool,
) -> Result<(), TemplateError> {
    let mut at = span.start;
    let mut push = |at, part: fn(Bytes) -> Part, bytes: &[u8]| {
        if !bytes.is_empty() {
            pieces.push(Piece { at, part: part(Bytes::copy_from_slice(bytes)) });
        }
    };
    while escaped && let Some(before) = source[at..span.end].find('\\') {
        push(at, Part::Literal, &source.as_bytes()[at..at + before]);
        at += before;
        let len = escapes(&source[at..span.end]);
        let bytes = unesc(&source[at..at + len]).map_err(|offset| {
            let len = source[at + offset..].chars().take(2).map(char::len_utf8).sum();
            TemplateError { at: at + offset, len, why: TemplateFault::Escape }
        })?;
        push(at, Part::Escaped, &bytes);
        at += len;
    }
    push(at, Part::Literal, &source.as_bytes()[at..span.end]);
    Ok(())
}

/// How many bytes the escapes take up that `text` begins with, be they escapes or not.
fn escapes(text: &str) -> usize {
    let mut len = 0;
    while text[len..].starts_with('\\') {
        let chars = if text[len + 1..].starts_with('x') { 4 } else { 2 };
        len += text[len..].chars().take(chars).map(char::len_utf8).sum::<usize>();
    }
    len
}

/// The name in the `${name}` that begins at `open`.
fn name_at(source: &str, open: usize) -> Result<String, TemplateError> {
    let inner = &source[open + 2..];
    let Some(len) = inner.find('}') else {
        return Err(TemplateError { at: open, len: 2, why: TemplateFault::Unclosed });
    };
    let name = inner[..len].to_owned();
    if is_name(name.strip_prefix(ENV).unwrap_or(&name)) {
        Ok(name)
    } else {
        Err(TemplateError { at: open, len: len + 3, why: TemplateFault::Name(name) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars() -> Vars {
        let mut vars = Vars::default();
        vars.set("user", "bob");
        vars.capture(&super::super::Capture {
            name: "sid".into(),
            value: Bytes::from_static(b"\xff${user}"),
        });
        vars
    }

    fn expand(source: &str) -> Result<Bytes, Undefined> {
        Template::parse(source).unwrap().expand(&vars())
    }

    fn fault(source: &str) -> (usize, usize, TemplateFault) {
        let error = Template::parse_escaped(source).unwrap_err();
        (error.at, error.len, error.why)
    }

    #[test]
    fn variables_are_replaced_once() {
        assert_eq!(expand("JOIN ${user}!").unwrap(), "JOIN bob!");
        assert_eq!(expand("${sid}${user}").unwrap(), &b"\xff${user}bob"[..]);
        assert_eq!(expand("").unwrap(), "");
    }

    #[test]
    fn dollars_that_begin_no_variable_are_themselves() {
        for (source, said) in [
            ("$5 $user $", "$5 $user $"),
            ("$${user}", "${user}"),
            ("$$${user}", "$${user}"),
            ("}$$", "}$$"),
        ] {
            assert_eq!(expand(source).unwrap(), said, "{source}");
            assert!(Template::parse(source).unwrap().is_plain(), "{source}");
        }
    }

    #[test]
    fn an_undefined_name_is_an_error_that_says_where() {
        let wanted = Undefined { name: "usr".into(), at: 3, nearest: Some("user".into()) };
        assert_eq!(expand("hi ${usr}"), Err(wanted));
        assert_eq!(expand("${nothing-like-it}").unwrap_err().nearest, None);
        let mut vars = vars();
        vars.environment("HOMEPATH", "/");
        let undefined = Template::parse("${HOMEPATH}").unwrap().expand(&vars).unwrap_err();
        assert_eq!(undefined.nearest.as_deref(), Some("env:HOMEPATH"));
    }

    #[test]
    fn what_is_no_template_is_pointed_at() {
        assert_eq!(fault("a ${user"), (2, 2, TemplateFault::Unclosed));
        for name in ["", "1st", "a b", "env:", "env:1", "ENV:HOME", "-a", "é", "a.b", "${a"] {
            let wanted = (2, name.len() + 3, TemplateFault::Name(name.into()));
            assert_eq!(fault(&format!("é${{{name}}}")), wanted);
        }
        assert_eq!(fault("ok${a}\\q"), (6, 2, TemplateFault::Escape));
        assert_eq!(fault("\\${a}"), (0, 2, TemplateFault::Escape));
        assert_eq!(fault("\\x4"), (0, 2, TemplateFault::Escape));
    }

    #[test]
    fn escapes_are_read_in_the_text_and_not_in_values() {
        let mut vars = vars();
        vars.set("path", "C:\\new");
        let template = Template::parse_escaped("\\xff\\\\${path}\\r\\n$${").unwrap();
        assert_eq!(template.expand(&vars).unwrap(), &b"\xff\\C:\\new\r\n${"[..]);
        assert_eq!(template.source(), "\\xff\\\\${path}\\r\\n$${");
    }

    #[test]
    fn escapes_are_bytes_and_all_else_is_text() {
        let template = Template::parse_escaped("a\\xe9\\x41é${user}$${\\\\b").unwrap();
        let shout = |text: &Bytes| Ok::<Bytes, Undefined>(text.to_ascii_uppercase().into());
        assert_eq!(template.expand_with(&vars(), shout).unwrap(), &b"A\xe9A\xc3\xa9BOB${\\B"[..]);
    }

    #[test]
    fn only_what_a_peer_said_counts_as_captured() {
        let uses = |source| Template::parse(source).unwrap().uses_captured(&vars());
        assert!(uses("x ${user} ${sid}"));
        assert!(!uses("x ${user} $${sid}"));
    }
}
