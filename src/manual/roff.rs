//! The language of manual pages, as groff(1) and mandoc(1) both read it.

use std::fmt::Write;

/// How long a line of text may be, which a page's reader sets anew: mandoc(1) wants it so.
const COLUMNS: usize = 80;

/// Text in the making of one page.
#[derive(Debug, Default)]
pub(super) struct Roff(String);

/// How a piece of a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// As text does.
    Plain,
    /// Bold: to be typed as it stands.
    Typed,
    /// Italic: something else stands there when it is typed.
    Meant,
}

/// A piece of a line.
pub(super) type Piece<'a> = (Face, &'a str);

impl Roff {
    /// A macro with its arguments, each one word whatever stands in it.
    pub(super) fn call(&mut self, name: &str, args: &[&str]) {
        let _ = write!(self.0, ".{name}");
        for arg in args {
            let _ = write!(self.0, " \"{}\"", escaped(arg).replace('"', "\\(dq"));
        }
        self.0.push('\n');
    }

    /// A line of text, in these faces.
    pub(super) fn line(&mut self, pieces: &[Piece<'_>]) {
        self.push_line(&set(pieces));
    }

    /// A paragraph in which what stands between backticks is to be typed.
    pub(super) fn text(&mut self, text: &str) {
        let faces = [Face::Plain, Face::Typed].into_iter().cycle();
        let pieces: Vec<Piece<'_>> =
            faces.zip(text.split('`')).filter(|(_, text)| !text.is_empty()).collect();
        let mut line = String::new();
        for word in set(&pieces).split_whitespace() {
            if !line.is_empty() && line.len() + 1 + word.len() > COLUMNS {
                self.push_line(&line);
                line.clear();
            }
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
        self.push_line(&line);
    }

    fn push_line(&mut self, line: &str) {
        // What begins with one of these is a request.
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        let _ = writeln!(self.0, "{guard}{line}");
    }

    /// Lines as they stand.
    pub(super) fn verbatim<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) {
        self.call("EX", &[]);
        for line in lines {
            // An empty line would be set as a paragraph's end by some.
            self.line(&[(Face::Plain, if line.is_empty() { " " } else { line })]);
        }
        self.call("EE", &[]);
    }

    /// All of it.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Pieces, each in its face. A name is not torn apart at the end of a line.
fn set(pieces: &[Piece<'_>]) -> String {
    let mut line = String::new();
    for (face, text) in pieces {
        let whole = if text.contains(' ') { "" } else { "\\%" };
        let text = escaped(text);
        let _ = match face {
            Face::Plain => write!(line, "{text}"),
            Face::Typed => write!(line, "\\fB{whole}{text}\\fR"),
            Face::Meant => write!(line, "\\fI{whole}{text}\\fR"),
        };
    }
    line
}

/// Text in which nothing is read as anything but itself. A bare `-` would come out as a hyphen, which
/// nobody can paste as an option, and quotes as typographic ones.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            c if c.is_ascii() => out.push(c),
            c => {
                let _ = write!(out, "\\[u{:04X}]", u32::from(c));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(make: impl FnOnce(&mut Roff)) -> String {
        let mut roff = Roff::default();
        make(&mut roff);
        roff.finish()
    }

    #[test]
    fn nothing_is_read_as_anything_but_itself() {
        assert_eq!(
            made(|roff| roff.text(".TH 'x' \\n ~^…")),
            ".TH \\(aqx\\(aq \\en \\(ti\\(ha\\[u2026]\n".replacen(".TH", "\\&.TH", 1)
        );
        assert_eq!(made(|roff| roff.call("SH", &["a \"b\" -c"])), ".SH \"a \\(dqb\\(dq \\-c\"\n");
    }

    #[test]
    fn what_stands_between_backticks_is_bold() {
        assert_eq!(made(|roff| roff.text("`/eol` says")), "\\fB\\%/eol\\fR says\n");
    }

    #[test]
    fn long_lines_are_cut_between_words() {
        let text = made(|roff| roff.text(&".word ".repeat(30)));
        assert!(text.lines().count() == 3 && text.lines().all(|line| line.len() <= 82), "{text}");
        assert!(text.lines().all(|line| line.starts_with("\\&.word")), "{text}");
    }

    #[test]
    fn lines_stay_as_they_stand() {
        let text = made(|roff| roff.verbatim(["  $ a", "", ".b"]));
        assert_eq!(text, ".EX\n  $ a\n \n\\&.b\n.EE\n");
    }
}
