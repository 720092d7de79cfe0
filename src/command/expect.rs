//! What `/expect` waits for, compiled.

use super::{Arg, Expect, Fault, Wrong};
use crate::matching::{Pattern, Vars};

impl Expect {
    /// Its pattern, with these variables filled in. Where it has none ([`Expect::is_plain`]), the
    /// pattern is the same each time.
    ///
    /// # Errors
    /// A variable has no value, or its value makes the pattern none.
    pub fn compile(&self, vars: &Vars) -> Result<Pattern, Fault> {
        let compile = if self.exact { Pattern::literal } else { Pattern::compile };
        let compiled = compile(self.pattern.template(), vars);
        compiled.map_err(|error| Fault::of_pattern(&self.pattern.span(), error, Wrong::Pattern))
    }

    /// Whether its pattern has no variables.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.pattern.template().is_plain()
    }
}

impl Arg<String> {
    /// The regex that it is, with these variables filled in.
    ///
    /// # Errors
    /// A variable has no value, or its value makes the pattern none.
    pub fn pattern(&self, vars: &Vars) -> Result<Pattern, Fault> {
        let compiled = Pattern::compile(self.template(), vars);
        compiled.map_err(|error| Fault::of_pattern(&self.span(), error, Wrong::Regex))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, Parsed, WaitCommand, parse};

    fn compile(line: &str) -> Result<Pattern, Fault> {
        let mut vars = Vars::default();
        vars.set("user", "a+b");
        vars.set("bytes", &b"\xff"[..]);
        match parse(line.as_bytes()) {
            Ok(Parsed::Command(Command::Wait(WaitCommand::Expect(expect)))) => {
                expect.compile(&vars)
            }
            other => panic!("{line} is {other:?}"),
        }
    }

    #[test]
    fn its_variables_are_literal_text() {
        for line in ["/expect ^${user}$", "/expect -x ${user}"] {
            let pattern = compile(line).unwrap();
            assert!(pattern.find(b"a+b").is_some() && pattern.find(b"aab").is_none(), "{line}");
        }
        assert_eq!(compile("/expect (?<x>${user})").unwrap().regex(), Some("(?<x>a\\+b)"));
    }

    #[test]
    fn what_only_shows_now_is_pointed_at_in_the_line() {
        let fault = |line: &str| compile(line).unwrap_err();
        let undefined = fault("/expect -n hi ${usr}!");
        assert_eq!(undefined.span, 14..20);
        assert_eq!(undefined.what.hint().unwrap(), "did you mean `${user}`?");
        let undefined = fault("/expect -x ${session}");
        assert_eq!(
            (undefined.span, &*undefined.what.to_string()),
            (11..21, "`session` has no value")
        );
        assert_eq!(fault("/expect a[${bytes}]").span, 10..19);
    }
}
