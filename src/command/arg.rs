//! One argument of a command.

use std::time::Duration;

use bytes::Bytes;

use super::fault::{Fault, Span, Wrong, shown};
use crate::matching::{Template, Vars};
use crate::units::{Pace, parse_duration};
use crate::wire::{Encoding, Eol, Visible};

/// An argument: where it stands in the line, what it was written as, and what it means.
///
/// Without variables its meaning is known, and was checked, when the line was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Arg<T> {
    span: Span,
    template: Template,
    /// `None` where variables have to be filled in.
    plain: Option<T>,
}

impl<T: FromArg> Arg<T> {
    /// The argument `text`, which begins at `start` in its line.
    pub(super) fn parse(text: &str, start: usize) -> Result<Self, Fault> {
        let template = Template::parse(text).map_err(|error| Fault::of_template(start, error))?;
        Arg::new(template, start)
    }

    /// The argument that `template` makes, which begins at `start` in its line.
    pub(super) fn new(template: Template, start: usize) -> Result<Self, Fault> {
        let mut arg = Arg { span: start..start + template.source().len(), template, plain: None };
        if arg.template.is_plain() {
            arg.plain = Some(arg.expand(&Vars::default())?);
        }
        Ok(arg)
    }

    /// The argument that was left out of a line that ends at `end`, and means `value`.
    pub(super) fn absent(value: T, end: usize) -> Self {
        Arg { span: end..end, template: Template::default(), plain: Some(value) }
    }

    /// What it means with these variables.
    ///
    /// # Errors
    /// A variable has no value, or the values make it something that it may not be.
    pub fn value(&self, vars: &Vars) -> Result<T, Fault> {
        match &self.plain {
            Some(value) => Ok(value.clone()),
            None => self.expand(vars),
        }
    }

    /// The bytes that it stands for with these variables, where its text is written in `encoding`. Those that
    /// it has as escapes are bytes already.
    ///
    /// # Errors
    /// A variable has no value, or the encoding lacks a character.
    pub fn encoded(&self, vars: &Vars, encoding: Encoding) -> Result<Bytes, Fault> {
        let write = |text: &Bytes| encoding.bytes(text).map_err(Wrong::Unencodable);
        self.template.expand_with(vars, write).map_err(|wrong| match wrong {
            Wrong::Undefined(undefined) => Fault::of_variable(self.span.start, undefined),
            what => Fault { span: self.span(), what },
        })
    }

    /// What it means whatever the variables hold, if it has none in it.
    #[must_use]
    pub fn plain(&self) -> Option<&T> {
        self.plain.as_ref()
    }

    /// Where it stands in its line; where it was left out, the end of the line.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// What it was written as.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.template
    }

    fn expand(&self, vars: &Vars) -> Result<T, Fault> {
        let expanded = self.template.expand(vars);
        let bytes = expanded.map_err(|error| Fault::of_variable(self.span.start, error))?;
        T::from_arg(&bytes).map_err(|what| Fault { span: self.span(), what })
    }
}

/// What an argument can mean.
pub trait FromArg: Clone {
    /// What `bytes`, an argument with its variables filled in, stands for.
    ///
    /// # Errors
    /// It stands for no such thing.
    fn from_arg(bytes: &Bytes) -> Result<Self, Wrong>;
}

impl FromArg for Bytes {
    fn from_arg(bytes: &Bytes) -> Result<Self, Wrong> {
        Ok(bytes.clone())
    }
}

impl FromArg for String {
    fn from_arg(bytes: &Bytes) -> Result<Self, Wrong> {
        text(bytes).map(str::to_owned)
    }
}

impl FromArg for u64 {
    fn from_arg(bytes: &Bytes) -> Result<Self, Wrong> {
        let text = text(bytes)?;
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        number.ok_or_else(|| Wrong::Number(shown(text)))
    }
}

impl FromArg for Duration {
    fn from_arg(bytes: &Bytes) -> Result<Self, Wrong> {
        parse_duration(text(bytes)?).map_err(Wrong::Time)
    }
}

impl FromArg for Pace {
    fn from_arg(bytes: &Bytes) -> Result<Self, Wrong> {
        text(bytes)?.parse().map_err(Wrong::Time)
    }
}

impl FromArg for bool {
    fn from_arg(bytes: &Bytes) -> Result<Self, Wrong> {
        match text(bytes)? {
            "on" => Ok(true),
            "off" => Ok(false),
            word => Err(Wrong::Word { word: shown(word), allowed: "`on` or `off`" }),
        }
    }
}

impl FromArg for Eol {
    fn from_arg(bytes: &Bytes) -> Result<Self, Wrong> {
        let word = text(bytes)?;
        Eol::from_name(word)
            .ok_or_else(|| Wrong::Word { word: shown(word), allowed: "`lf`, `crlf` or `none`" })
    }
}

fn text(bytes: &Bytes) -> Result<&str, Wrong> {
    std::str::from_utf8(bytes).map_err(|_| Wrong::ValueNotUtf8(Visible(bytes).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars() -> Vars {
        let mut vars = Vars::default();
        vars.set("n", "7");
        vars.set("bytes", &b"\xff"[..]);
        vars
    }

    fn value<T: FromArg>(text: &str) -> Result<T, Fault> {
        Arg::parse(text, 3)?.value(&vars())
    }

    #[test]
    fn an_argument_means_what_its_command_wants() {
        assert_eq!(value("a ${n} "), Ok("a 7 ".to_owned()));
        assert_eq!(value("${bytes}$${"), Ok(Bytes::from_static(b"\xff${")));
        assert_eq!(value("${n}0"), Ok(70_u64));
        assert_eq!(value("${n}ms"), Ok(Duration::from_millis(7)));
        assert_eq!((value("on"), value("off")), (Ok(true), Ok(false)));
        assert_eq!(value("crlf"), Ok(Eol::CrLf));
    }

    #[test]
    fn without_variables_it_is_checked_at_once() {
        assert!(Arg::<u64>::parse("${n}x", 0).is_ok());
        for bad in ["x", "", "-1", "+1", "1.5", "99999999999999999999", "1 "] {
            assert!(
                matches!(Arg::<u64>::parse(bad, 0).unwrap_err().what, Wrong::Number(_)),
                "{bad}"
            );
        }
        for bad in ["5", "", "soon", "1e3s"] {
            let fault = Arg::<Duration>::parse(bad, 0).unwrap_err();
            assert!(matches!(fault.what, Wrong::Time(_)), "{bad}");
        }
        assert!(matches!(Arg::<bool>::parse("ON", 0).unwrap_err().what, Wrong::Word { .. }));
        assert!(matches!(Arg::<Eol>::parse("\\n", 0).unwrap_err().what, Wrong::Word { .. }));
    }

    #[test]
    fn a_value_that_will_not_do_is_pointed_at() {
        let fault = value::<String>("a ${m}").unwrap_err();
        assert_eq!(fault.span, 5..9);
        assert_eq!(fault.to_string(), "`m` has no value");
        let fault = value::<String>("a ${bytes}").unwrap_err();
        assert_eq!(fault.span, 3..13);
        assert_eq!(
            fault.to_string(),
            "`a \\xff` is not UTF-8, as the value of its variables makes it"
        );
        assert_eq!(value::<u64>("${bytes}").unwrap_err().span, 3..11);
        assert_eq!(
            value::<bool>("${n}").unwrap_err().to_string(),
            "`7` where `on` or `off` is expected"
        );
    }
}
