//! The lines of a block: `/all … /end`.

use super::args::BLANKS;
use super::fault::{Fault, Wrong};
use super::{Arg, Command, Parsed, WaitCommand, parse};
use crate::matching::Pattern;

/// What a line between `/all` and `/end` is.
#[derive(Debug, Clone, PartialEq)]
pub enum BlockLine {
    /// A pattern, and what is to become of it.
    Pattern(Mark, Arg<String>),
    /// A comment, or nothing at all.
    Nothing,
    /// `/end`.
    End,
}

/// What is to become of a pattern in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `*`: a line must match.
    Must,
    /// `?`: lines may match.
    May,
    /// `!`: no line must match.
    MustNot,
}

impl Mark {
    fn of(letter: char) -> Option<Mark> {
        match letter {
            '*' => Some(Mark::Must),
            '?' => Some(Mark::May),
            '!' => Some(Mark::MustNot),
            _ => None,
        }
    }
}

/// Reads a line of a block, which comes without its line end; the block begins in the line `head`.
///
/// # Errors
/// What is wrong with it, and where in `line`.
pub fn parse_block_line(line: &[u8], head: u64) -> Result<BlockLine, Fault> {
    let inside = || Fault { span: 0..line.len(), what: Wrong::InBlock { head } };
    if line.starts_with(b"/") {
        return match parse(line) {
            Ok(Parsed::Comment) => Ok(BlockLine::Nothing),
            Ok(Parsed::Command(Command::Wait(WaitCommand::End))) => Ok(BlockLine::End),
            Err(Fault { span, what: Wrong::UnknownCommand { name, nearest: Some("end") } }) => {
                Err(Fault { span, what: Wrong::NotEnd { name } })
            }
            Err(fault) if is_end(line) => Err(fault),
            Ok(Parsed::Text(_) | Parsed::Command(_)) | Err(_) => Err(inside()),
        };
    }
    let text = std::str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to();
        let what = Wrong::NotUtf8 { byte: line[at], command: "all" };
        Fault { span: at..at + 1, what }
    })?;
    let trimmed = text.trim_start_matches(BLANKS);
    let mut chars = trimmed.chars();
    let Some(letter) = chars.next() else { return Ok(BlockLine::Nothing) };
    let mark = Mark::of(letter).ok_or_else(inside)?;
    let pattern = chars.as_str().trim_start_matches(BLANKS);
    let at = text.len() - pattern.len();
    if pattern.is_empty() {
        return Err(Fault { span: at..at, what: Wrong::NoPattern });
    }
    let arg: Arg<String> = Arg::parse(pattern, at)?;
    let checked = Pattern::check(arg.template());
    checked.map_err(|error| Fault::of_pattern(&(at..text.len()), error, Wrong::Regex))?;
    Ok(BlockLine::Pattern(mark, arg))
}

/// Whether a line is an `/end`, be it a faulty one.
fn is_end(line: &[u8]) -> bool {
    line.split(|byte| BLANKS.contains(&char::from(*byte))).next() == Some(b"/end")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(line: &[u8]) -> (std::ops::Range<usize>, String) {
        let fault = parse_block_line(line, 3).unwrap_err();
        (fault.span, fault.what.to_string())
    }

    #[test]
    fn a_line_is_a_pattern_with_a_mark() {
        for (line, mark, pattern, at) in [
            ("* ^250 ", Mark::Must, "^250 ", 2),
            ("  \t?a b", Mark::May, "a b", 4),
            ("!  ! no", Mark::MustNot, "! no", 3),
        ] {
            let Ok(BlockLine::Pattern(found, arg)) = parse_block_line(line.as_bytes(), 3) else {
                panic!("{line} is no pattern");
            };
            assert_eq!((found, arg.template().source(), arg.span().start), (mark, pattern, at));
        }
        assert_eq!(fault(b"**").0, 1..2, "a repetition of nothing");
    }

    #[test]
    fn comments_and_empty_lines_are_nothing_and_end_is_the_end() {
        for line in [&b""[..], b" \t", b"/# a \xff", b"/#"] {
            assert_eq!(parse_block_line(line, 3), Ok(BlockLine::Nothing));
        }
        assert_eq!(parse_block_line(b"/end", 3), Ok(BlockLine::End));
    }

    #[test]
    fn anything_else_is_pointed_at() {
        let other = "a line of `/all` begins with `*`, `?` or `!`";
        for line in ["hello", "/expect x", "//x", "/all", "é", "/nope", "/expect (", "/"] {
            assert_eq!(fault(line.as_bytes()), (0..line.len(), other.to_owned()), "{line}");
        }
        assert_eq!(fault(b"* a(").0, 3..4);
        assert_eq!(fault(b"* a\xff").0, 3..4);
        assert_eq!(fault(b" ? "), (3..3, "there is no pattern behind the mark".to_owned()));
        assert_eq!(fault(b"/end now").0, 5..8);
        assert_eq!(fault(b"/ned x"), (0..4, "unknown command `/ned` in `/all`".to_owned()));
    }
}
