//! Finding where JSON values end, in text that arrives bit by bit.
//!
//! Nothing is understood here and nothing is checked twice: a value is cut out, to be read by
//! `serde_json`, which also says what is wrong with it. What cannot be JSON ends the cut at once, so
//! that a file of two gigabytes that is no transcript is refused by its first bytes.

use std::io::{self, BufRead, ErrorKind};

/// A place in a text: how many lines, and how many characters of the line, stand before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

impl Place {
    /// The place after `text`, which begins here.
    pub(super) fn after(self, text: &[u8]) -> Place {
        match memchr::memrchr(b'\n', text) {
            None => Place { column: self.column + characters(text), ..self },
            Some(end) => Place {
                line: self.line + memchr::memchr_iter(b'\n', &text[..=end]).count() as u64,
                column: characters(&text[end + 1..]),
            },
        }
    }
}

/// How many characters begin in UTF-8. Of what is none, the bytes that continue nothing count too.
fn characters(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count() as u64
}

/// How the cutting out of something ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// It is whole, as far as can be told from its quotes and brackets.
    Whole,
    /// The text ended first.
    Short,
    /// It holds what no JSON holds: it stands there up to that.
    Broken,
    /// It is longer than the bound.
    TooLong,
}

/// A line that was cut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CutLine {
    pub(super) cut: Cut,
    /// Whether a line end ends it, and not the text.
    pub(super) has_end: bool,
}

/// Cuts values and lines out of what is read.
#[derive(Debug)]
pub(super) struct Scan<R> {
    input: R,
    place: Place,
    /// The most bytes of one value.
    bound: usize,
}

impl<R: BufRead> Scan<R> {
    pub(super) fn new(input: R, place: Place, bound: usize) -> Scan<R> {
        Scan { input, place, bound }
    }

    /// Where the text goes on.
    pub(super) const fn place(&self) -> Place {
        self.place
    }

    /// The next byte, which stays; `None` at the end.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(filled(&mut self.input)?.first().copied())
    }

    /// Moves the next byte to `out`.
    pub(super) fn byte(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        let chunk = filled(&mut self.input)?;
        let taken = chunk.len().min(1);
        out.extend_from_slice(&chunk[..taken]);
        self.pass(taken)
    }

    /// Moves blanks to `out`, and shows the byte after them; `None` at the end.
    pub(super) fn blanks(&mut self, out: &mut Vec<u8>) -> io::Result<Option<u8>> {
        loop {
            let chunk = filled(&mut self.input)?;
            let end = chunk.iter().position(|byte| !is_blank(*byte));
            let blanks = end.unwrap_or(chunk.len());
            let next = end.map(|end| chunk[end]);
            if blanks > 0 {
                // However many there are, as many as the bound are enough to have a place.
                let room = self.bound.saturating_sub(out.len()).min(blanks);
                out.extend_from_slice(&chunk[..room]);
                self.pass(blanks)?;
            } else if next.is_none() {
                return Ok(None);
            }
            if next.is_some() {
                return Ok(next);
            }
        }
    }

    /// Passes over blanks, and shows the byte after them; `None` at the end.
    pub(super) fn skip_blanks(&mut self) -> io::Result<Option<u8>> {
        loop {
            let chunk = filled(&mut self.input)?;
            let end = chunk.iter().position(|byte| !is_blank(*byte));
            let (next, blanks) = (end.map(|end| chunk[end]), end.unwrap_or(chunk.len()));
            if blanks == 0 {
                return Ok(next);
            }
            self.pass(blanks)?;
        }
    }

    /// Goes on with another text, which begins at `place`.
    pub(super) fn turn_to(&mut self, input: R, place: Place) {
        (self.input, self.place) = (input, place);
    }

    /// Makes this the start of the text.
    pub(super) fn begin_here(&mut self) {
        self.place = Place::default();
    }

    /// Moves a value to `out`, however long it is.
    pub(super) fn unbounded_value(&mut self, out: &mut Vec<u8>) -> io::Result<Cut> {
        let bound = std::mem::replace(&mut self.bound, usize::MAX);
        let cut = self.value(out);
        self.bound = bound;
        cut
    }

    /// Moves a value to `out`: the next byte is its first, and no blank.
    pub(super) fn value(&mut self, out: &mut Vec<u8>) -> io::Result<Cut> {
        let start = out.len();
        let mut shape = Shape::default();
        loop {
            let chunk = filled(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(if shape.is_scalar() { Cut::Whole } else { Cut::Short });
            }
            let (taken, cut) = shape.extend(chunk);
            out.extend_from_slice(&chunk[..taken]);
            self.pass(taken)?;
            match cut {
                Some(cut) => return Ok(cut),
                None if out.len() - start > self.bound => return Ok(Cut::TooLong),
                None => {}
            }
        }
    }

    /// Moves a line to `out`, its end included; `None` at the end of the text. All of it is passed
    /// over, also where only its beginning can be of use.
    pub(super) fn line(&mut self, out: &mut Vec<u8>) -> io::Result<Option<CutLine>> {
        let start = out.len();
        let mut cut = Cut::Short;
        let mut any = false;
        loop {
            let chunk = filled(&mut self.input)?;
            if chunk.is_empty() {
                return Ok(any.then_some(CutLine { cut, has_end: false }));
            }
            any = true;
            let end = memchr::memchr(b'\n', chunk);
            let taken = end.map_or(chunk.len(), |end| end + 1);
            if cut == Cut::Short {
                // A NUL, of which the hole in a file is full, cannot be part of JSON.
                let broken = memchr::memchr(0, &chunk[..taken]);
                out.extend_from_slice(&chunk[..broken.map_or(taken, |at| at + 1)]);
                cut = match () {
                    () if broken.is_some() => Cut::Broken,
                    () if out.len() - start > self.bound => Cut::TooLong,
                    () if end.is_some() => Cut::Whole,
                    () => Cut::Short,
                };
            }
            self.input.consume(taken);
            if end.is_some() {
                self.place = Place { line: self.place.line + 1, column: 0 };
                return Ok(Some(CutLine { cut, has_end: true }));
            }
        }
    }

    /// What may be the object that is all of the next line but for blanks at its end, in a list of
    /// objects for a comma too. It stays; `None` where not all of the line was read.
    pub(super) fn object_ahead(&mut self, in_list: bool) -> io::Result<Option<&[u8]>> {
        let chunk = filled(&mut self.input)?;
        if chunk.first() != Some(&b'{') {
            return Ok(None);
        }
        let Some(end) = memchr::memchr(b'\n', chunk) else { return Ok(None) };
        let trails = |byte: u8| is_blank(byte) || in_list && byte == b',';
        let last = chunk[..end].iter().rposition(|byte| !trails(*byte));
        let object = last.map(|last| &chunk[..=last]);
        Ok(object.filter(|object| object.ends_with(b"}")))
    }

    /// Passes over the line of which [`Scan::object_ahead`] showed the object.
    pub(super) fn pass_line(&mut self) -> io::Result<()> {
        let chunk = filled(&mut self.input)?;
        let taken = memchr::memchr(b'\n', chunk).map_or(chunk.len(), |end| end + 1);
        self.input.consume(taken);
        self.place = Place { line: self.place.line + 1, column: 0 };
        Ok(())
    }

    /// Passes over `taken` bytes of what is there.
    pub(super) fn pass(&mut self, taken: usize) -> io::Result<()> {
        let chunk = filled(&mut self.input)?;
        self.place = self.place.after(&chunk[..taken]);
        self.input.consume(taken);
        Ok(())
    }
}

/// What there is to be read; nothing at the end.
fn filled(input: &mut impl BufRead) -> io::Result<&[u8]> {
    // The borrow of a loop that returns it would last too long.
    while let Err(error) = input.fill_buf() {
        if error.kind() != ErrorKind::Interrupted {
            return Err(error);
        }
    }
    input.fill_buf()
}

/// Whether JSON lets this stand between its tokens.
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// How much of a value was seen: a count of its brackets, however deep they are, and no more.
#[derive(Debug, Default)]
struct Shape {
    depth: usize,
    within: Within,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Nothing was seen.
    #[default]
    Start,
    /// Neither a string nor a number or word that is all of the value.
    Plain,
    /// A string.
    String,
    /// A string, after a backslash.
    Escape,
    /// A number or word that is all of the value.
    Scalar,
}

impl Shape {
    /// Takes what belongs to the value from the start of `chunk`: how many bytes, and how it ended
    /// if it did.
    fn extend(&mut self, chunk: &[u8]) -> (usize, Option<Cut>) {
        let mut at = 0;
        while let Some(byte) = chunk.get(at) {
            at += 1;
            match self.within {
                Within::String => {
                    at += plain(&chunk[at - 1..]);
                    let Some(special) = chunk.get(at - 1) else { return (at - 1, None) };
                    match special {
                        b'"' if self.depth == 0 => return (at, Some(Cut::Whole)),
                        b'"' => self.within = Within::Plain,
                        b'\\' => self.within = Within::Escape,
                        _ => return (at, Some(Cut::Broken)),
                    }
                }
                Within::Escape => self.within = Within::String,
                Within::Scalar if matches!(byte, b',' | b'}' | b']' | b':') || is_blank(*byte) => {
                    return (at - 1, Some(Cut::Whole));
                }
                Within::Start | Within::Plain | Within::Scalar => {
                    if let Some(cut) = self.outside(*byte) {
                        return (at, Some(cut));
                    }
                }
            }
        }
        (at, None)
    }

    /// Takes a byte that is part of no string.
    fn outside(&mut self, byte: u8) -> Option<Cut> {
        match byte {
            b'"' => self.within = Within::String,
            b'{' | b'[' => {
                self.depth += 1;
                self.within = Within::Plain;
            }
            b'}' | b']' if self.depth <= 1 => {
                return Some(if self.depth == 1 { Cut::Whole } else { Cut::Broken });
            }
            b'}' | b']' => self.depth -= 1,
            b',' | b':' if self.depth == 0 => return Some(Cut::Broken),
            _ if is_blank(byte) => {}
            0..0x20 | 0x7f.. => return Some(Cut::Broken),
            _ if self.within == Within::Start => self.within = Within::Scalar,
            _ => {}
        }
        None
    }

    fn is_scalar(&self) -> bool {
        self.within == Within::Scalar
    }
}

/// How many bytes at the start of `text` neither end a string nor escape anything in it, and may stand
/// in it.
fn plain(text: &[u8]) -> usize {
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    text.iter().position(special).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn cut(text: &str, capacity: usize) -> (String, Cut, Place) {
        let input = BufReader::with_capacity(capacity, text.as_bytes());
        let mut scan = Scan::new(input, Place::default(), 1000);
        let mut out = Vec::new();
        let cut = scan.value(&mut out).unwrap();
        (String::from_utf8(out).unwrap(), cut, scan.place())
    }

    #[test]
    fn a_value_is_cut_where_it_ends() {
        for (text, value) in [
            ("1,2", "1"),
            ("null}", "null"),
            ("-1.5e3\n", "-1.5e3"),
            ("7", "7"),
            (r#""a,]\"é\\",1"#, r#""a,]\"é\\""#),
            (r#"{"a":["}",{}]}]"#, r#"{"a":["}",{}]}"#),
            ("[[[]]],", "[[[]]]"),
            ("[1 ,\n 2] ", "[1 ,\n 2]"),
        ] {
            for capacity in [1, 2, 3, 100] {
                let place = Place::default().after(value.as_bytes());
                assert_eq!(cut(text, capacity), (value.to_owned(), Cut::Whole, place), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_value_is_cut_short() {
        for (text, value, how) in [
            ("", "", Cut::Short),
            ("[1,", "[1,", Cut::Short),
            ("\"abc", "\"abc", Cut::Short),
            ("\"a\nb\"", "\"a\n", Cut::Broken),
            ("[\0\0\0", "[\0", Cut::Broken),
            (",1", ",", Cut::Broken),
            ("]", "]", Cut::Broken),
        ] {
            for capacity in [1, 2, 100] {
                assert_eq!(cut(text, capacity).0, value, "{text}");
                assert_eq!(cut(text, capacity).1, how, "{text}");
            }
        }
    }

    #[test]
    fn what_is_longer_than_the_bound_is_given_up() {
        let text = format!("\"{}\"", "a".repeat(3000));
        assert_eq!(cut(&text, 100).1, Cut::TooLong);
        let mut scan =
            Scan::new(BufReader::with_capacity(10, text.as_bytes()), Place::default(), 50);
        let mut line = Vec::new();
        let cut = Some(CutLine { cut: Cut::TooLong, has_end: false });
        assert_eq!(scan.line(&mut line).unwrap(), cut);
        assert!(line.len() <= 60, "{}", line.len());
        assert_eq!(scan.line(&mut line).unwrap(), None);
    }

    #[test]
    fn lines_and_blanks_are_counted() {
        let text = "a\r\n\n é\t b\0c";
        let mut scan =
            Scan::new(BufReader::with_capacity(2, text.as_bytes()), Place::default(), 50);
        let mut out = Vec::new();
        let whole = Some(CutLine { cut: Cut::Whole, has_end: true });
        assert_eq!(scan.line(&mut out).unwrap(), whole);
        assert_eq!(out, b"a\r\n");
        assert_eq!(scan.blanks(&mut out).unwrap(), Some(0xc3));
        assert_eq!(scan.place(), Place { line: 2, column: 1 });
        let broken = Some(CutLine { cut: Cut::Broken, has_end: false });
        assert_eq!(scan.line(&mut out).unwrap(), broken);
        assert_eq!(scan.skip_blanks().unwrap(), None);
    }
}
