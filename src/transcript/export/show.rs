//! A whole transcript to be looked at by people.

use std::collections::VecDeque;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::time::Duration;

use super::cast::Cast;
use super::html::Html;
use super::svg::Svg;
use super::text::{DIM, WARNING};
use super::{Filter, Text};
use crate::transcript::json::{Reader, Stop, timestamp};
use crate::transcript::{Ended, Event, Header};
use crate::units::count;
use crate::wire::{ConnId, Encoding, Visible};

/// How [`show`] shows.
#[derive(Debug, Clone, Default)]
pub struct Showing {
    /// As what.
    pub form: Form,
    /// What it shows.
    pub filter: Filter,
    /// Whether to tell all that the file holds, in text and on a page.
    pub marks: bool,
    /// How lines are read, if not as the transcript says.
    pub encoding: Option<Encoding>,
    /// Whether text has colours.
    pub styled: bool,
    /// How many events it looks ahead, to know whether there are several conns: with none, what is
    /// still being written is shown as it comes.
    pub ahead: usize,
    /// What stands above it, where the form has something there.
    pub title: String,
    /// How many columns a terminal has that is drawn or played.
    pub width: usize,
    /// Pauses longer than this take no longer, where they are played.
    pub max_idle: Option<Duration>,
}

/// A form that people look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// Lines of text, for a terminal.
    #[default]
    Text,
    /// A page, for a browser.
    Html,
    /// A recording of a terminal, for asciinema: asciicast v3.
    Cast,
    /// A drawing of a terminal.
    Svg,
}

/// Why not all of a transcript is shown.
#[derive(Debug)]
pub enum ShowError {
    /// It cannot be read.
    Read(Stop),
    /// What is shown cannot be written.
    Write(io::Error),
    /// There is nothing of one of the conns that were asked for.
    NoSuchConn {
        /// The conn.
        conn: ConnId,
        /// The conns that there are, as far as they were looked for.
        conns: usize,
    },
}

impl Form {
    /// All of them.
    pub const ALL: [Form; 4] = [Form::Text, Form::Html, Form::Cast, Form::Svg];

    /// What the command line calls it, and files of it end in.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Form::Text => "text",
            Form::Html => "html",
            Form::Cast => "cast",
            Form::Svg => "svg",
        }
    }

    /// The form that a file of this name is in: text, where that does not say.
    #[must_use]
    pub fn of(path: &Path) -> Form {
        let ending = path.extension().unwrap_or_default();
        Form::ALL.into_iter().find(|form| ending == form.as_str()).unwrap_or_default()
    }
}

impl Showing {
    /// How lines of a transcript with this header are read.
    pub(super) fn encoding(&self, header: &Header) -> Encoding {
        self.encoding.unwrap_or(header.encoding)
    }
}

impl From<io::Error> for ShowError {
    fn from(error: io::Error) -> ShowError {
        ShowError::Write(error)
    }
}

impl From<Stop> for ShowError {
    fn from(stop: Stop) -> ShowError {
        ShowError::Read(stop)
    }
}

/// Something that a transcript is made into, event by event.
pub(super) trait Shape {
    /// Before the first event.
    fn begin(&mut self, out: &mut impl Write) -> io::Result<()>;

    /// An event that is to be shown, seen ahead of those before it.
    fn expect(&mut self, _: &Event) {}

    /// The next event that is shown.
    fn event(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()>;

    /// The next event, which is not shown.
    fn pass_over(&mut self, event: &Event);

    /// After the last event.
    fn end(&mut self, end: &End, out: &mut impl Write) -> io::Result<()>;
}

/// What there is to say at the end.
#[derive(Debug)]
pub(super) struct End {
    /// How many events came before the first, and were not kept.
    pub(super) missing: u64,
    /// Whether the transcript ends there; none, where it goes on with what is not to be shown.
    pub(super) ended: Option<Ended>,
}

/// Writes a transcript as people look at it: when and by whom it was recorded, its events, what is missing.
/// Nothing in it can do anything to a terminal or a browser. Text and casts are written while it is read;
/// pages and drawings at its end, if it has one that can be read.
///
/// # Errors
/// Where it cannot be read to its end, or what is shown not be written.
pub fn show<R: BufRead>(
    reader: Reader<R>,
    showing: &Showing,
    out: &mut impl Write,
) -> Result<(), ShowError> {
    let header = reader.header().clone();
    match showing.form {
        Form::Text => run(reader, showing, Plain::new(&header, showing), out),
        Form::Html => run(reader, showing, Html::new(&header, showing), out),
        Form::Cast => run(reader, showing, Cast::new(&header, showing), out),
        Form::Svg => run(reader, showing, Svg::new(&header, showing), out),
    }
}

fn run<R: BufRead>(
    mut reader: Reader<R>,
    showing: &Showing,
    mut shape: impl Shape,
    out: &mut impl Write,
) -> Result<(), ShowError> {
    shape.begin(out)?;
    let encoding = showing.encoding(reader.header());
    let filter = Filter { encoding, ..showing.filter.clone() };
    let mut seen = Conns::default();
    let mut ahead = VecDeque::new();
    loop {
        while ahead.len() <= showing.ahead && !matches!(ahead.back(), Some(Err(_) | Ok(None))) {
            let next = reader.next();
            if let Ok(Some(event)) = &next {
                seen.add(event);
                if filter.passes(event) {
                    shape.expect(event);
                }
            }
            ahead.push_back(next);
        }
        match ahead.pop_front() {
            Some(Ok(Some(event))) if filter.is_past(&event) => {
                return Ok(shape.end(&End { missing: 0, ended: None }, out)?);
            }
            Some(Ok(Some(event))) if filter.passes(&event) => shape.event(&event, out)?,
            Some(Ok(Some(event))) => shape.pass_over(&event),
            Some(Err(stop)) => return Err(ShowError::Read(stop)),
            Some(Ok(None)) | None => break,
        }
    }
    let (_, missing, ended) = reader.into_parts();
    match showing.filter.conns.iter().find(|conn| !seen.0.contains(conn)) {
        Some(conn) => Err(ShowError::NoSuchConn { conn: *conn, conns: seen.0.len() }),
        None => Ok(shape.end(&End { missing, ended: Some(ended) }, out)?),
    }
}

/// The conns that events were on.
#[derive(Default)]
struct Conns(std::collections::HashSet<ConnId>);

impl Conns {
    fn add(&mut self, event: &Event) {
        if let Some(conn) = event.conn {
            self.0.insert(conn);
        }
    }
}

/// Lines of text, with what is said about all of them.
struct Plain<'a> {
    text: Text,
    header: &'a Header,
    showing: &'a Showing,
}

impl Plain<'_> {
    fn new<'a>(header: &'a Header, showing: &'a Showing) -> Plain<'a> {
        let mut text = Text::new(header);
        text.set_styled(showing.styled);
        text.tell_marks(showing.marks);
        text.read_as(showing.encoding(header));
        Plain { text, header, showing }
    }
}

impl Shape for Plain<'_> {
    fn begin(&mut self, out: &mut impl Write) -> io::Result<()> {
        let (dim, header) = (self.text.style(DIM), self.header);
        writeln!(out, "{dim}{}{dim:#}", origin(header))?;
        if self.showing.marks {
            for (name, value) in header_marks(header)? {
                writeln!(out, "{dim}{name} {value}{dim:#}")?;
            }
        }
        Ok(())
    }

    fn expect(&mut self, event: &Event) {
        self.text.expect(event);
    }

    fn event(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        self.text.event(event, out)
    }

    fn pass_over(&mut self, event: &Event) {
        self.text.pass_over(event);
    }

    fn end(&mut self, end: &End, out: &mut impl Write) -> io::Result<()> {
        let warning = self.text.style(WARNING);
        end.warnings().iter().try_for_each(|told| writeln!(out, "{warning}{told}{warning:#}"))
    }
}

/// When and by whom it was recorded.
pub(super) fn origin(header: &Header) -> String {
    let by = header.role.map_or(String::new(), |role| format!(", recorded by the {role}"));
    format!("started {}{by}", timestamp(header.started))
}

/// What else the header holds: name and value, made visible.
pub(super) fn header_marks(header: &Header) -> io::Result<Vec<(String, String)>> {
    let visible = |text: &str| Visible(text.as_bytes()).to_string();
    let mut marks = vec![("eol".to_owned(), header.eol.name().to_owned())];
    if !header.encoding.is_utf8() {
        marks.push(("encoding".to_owned(), header.encoding.to_string()));
    }
    if !header.mask.is_empty() {
        let masks = serde_json::to_string(&header.mask).map_err(io::Error::from)?;
        marks.push(("mask".to_owned(), visible(&masks)));
    }
    marks.extend(header.extra.iter().map(|extra| (visible(&extra.key), visible(&extra.json))));
    Ok(marks)
}

impl End {
    /// What a reader must not overlook.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut told = Vec::new();
        if self.missing > 0 {
            told.push(format!(
                "{} missing before the first: not kept",
                count(self.missing, "event")
            ));
        }
        if let Some(Ended::Interrupted(why)) = &self.ended {
            told.push(format!("interrupted: {}", Visible(why.as_bytes())));
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::export::{Filter, Kind};
    use crate::units::At;
    use crate::wire::Side;

    const FULL: &str = include_str!("../../../tests/cases/transcripts/full.jsonl");

    fn shown(json: &str, styled: bool) -> String {
        with(json, &Showing { styled, ahead: 100, ..Showing::default() })
    }

    fn with(json: &str, showing: &Showing) -> String {
        let mut out = Vec::new();
        show(Reader::new(json.as_bytes()).unwrap(), showing, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_conversation_reads_like_one() {
        let json = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","role":"server","eol":"\n","missing":2,"events":[
{"ev":"open","conn":1,"addr":"127.0.0.1:5","name":"guest-1"},
{"dt":3.102,"conn":1,"from":"client","line":"hi \u001b[2J"},
{"dt":12340,"from":"server","line":"hello","eol":"\r\n"},
{"dt":1,"conn":2,"from":"client","esc":"\\xff","eol":""},
{"ev":"note","text":"odd"},
{"ev":"later","x":1},
{"conn":1,"ev":"close","from":"client","how":"eof"}]}"#;
        let wanted = "started 2026-10-07T09:15:02.000Z, recorded by the server
    +0.000s #1  -- open 127.0.0.1:5: guest-1
    +0.003s #1  guest-1  hi \\x1b[2J
   +12.343s     server   hello [crlf]
   +12.344s #2  client   \\xff [no eol]
   +12.344s     -- note: odd
   +12.344s     -- later
   +12.344s #1  -- guest-1 closed: eof
2 events missing before the first: not kept
";
        assert_eq!(shown(json, false), wanted);
        let styled = shown(json, true);
        assert!(styled.contains("\u{1b}[32mguest-1\u{1b}[0m  hi \\x1b[2J"), "{styled}");
    }

    #[test]
    fn one_conn_needs_no_number_and_an_interruption_is_told() {
        let json =
            "{\"chat-repl\":\"transcript\",\"version\":1,\"started\":\"2026-10-07T09:15:02Z\"}
{\"dt\":3,\"conn\":1,\"from\":\"client\",\"line\":\"hi\"}\n";
        let wanted = "started 2026-10-07T09:15:02.000Z
    +0.003s client  hi
interrupted: it has no end
";
        assert_eq!(shown(json, false), wanted);
    }

    #[test]
    fn marks_and_keys_that_are_not_known_are_told_when_asked_for() {
        let wanted = r#"started 2026-10-07T09:15:02.120Z, recorded by the client
eol lf
mask ["s/\\d+/N/"]
x-by "somebody"
    +0.000s #1  -- open 127.0.0.1:6667
    +0.003s #1  server  HELLO chatd 09:15:02
    +0.813s #1  client  LOGIN bob ${PASS} [secret PASS]
    +0.815s #1  server  OK session=8f3a [want ^OK session=(?<sid>\w+)$]
    +1.217s #1  client  JOIN lobby 8f3a [send JOIN lobby ${sid}]
    +1.312s #1  server  caf\xe9 \ [crlf] [opt]
    +1.312s #1  server  你好 \x00\x1b[2J\x7f\x9b\ "q" [group motd] [x-color {"r":1.50,"g":[null,true]}]
    +1.312s #2  -- open [::1]:6667: guest-2 [tls {"version":"1.3"}]
    +1.312s #2  guest-2  login:  [no eol]
    +1.312s     client   
    +1.312s     -- note: here it "hung"
    +1.313s #2  -- resize [cols 80]
    +1.313s #1  -- server closed: eof
    +1.313s #2  -- client closed: error: broken
7 events missing before the first: not kept
"#;
        assert_eq!(with(FULL, &Showing { marks: true, ahead: 100, ..Showing::default() }), wanted);
    }

    #[test]
    fn a_pattern_that_came_late_is_a_mark() {
        let json = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","role":"client"}
{"dt":1,"conn":1,"from":"server","line":"two"}
{"dt":1,"ev":"want","conn":1,"line":1,"want":"^t"}
{"ev":"end","dt":0,"events":1}
"#;
        assert_eq!(shown(json, false).lines().count(), 2);
        let marked = with(json, &Showing { marks: true, ..Showing::default() });
        assert!(marked.contains("-- want [line 1] [want \"^t\"]\n"), "{marked}");
    }

    #[test]
    fn without_a_look_ahead_the_number_comes_with_the_second_conn() {
        let text = with(FULL, &Showing::default());
        assert!(text.contains("+0.003s server  HELLO") && text.contains("+1.313s #1  -- server"));
    }

    #[test]
    fn only_what_passes_the_filter_is_shown() {
        let at = |millis: u64| Some(At::from_micros(millis * 1000));
        let conn = |n| ConnId::new(n).unwrap();
        let grep = |regex| Some(regex::bytes::Regex::new(regex).unwrap());
        for (filter, lines) in [
            (Filter::default(), 16),
            (Filter { conns: vec![conn(2)], ..Filter::default() }, 7),
            (Filter { conns: vec![conn(1), conn(2)], ..Filter::default() }, 15),
            (Filter { from: Some(Side::Client), ..Filter::default() }, 6),
            (Filter { kinds: vec![Kind::Open, Kind::Note], ..Filter::default() }, 5),
            (Filter { grep: grep("(?i)lobby|hung"), ..Filter::default() }, 4),
            (Filter { grep: grep(r"(?-u:\xe9)"), ..Filter::default() }, 3),
            (Filter { after: at(1313), ..Filter::default() }, 5),
            (Filter { before: at(814), ..Filter::default() }, 4),
            (Filter { after: at(813), before: at(1000), ..Filter::default() }, 3),
        ] {
            let text = with(FULL, &Showing { filter: filter.clone(), ..Showing::default() });
            assert_eq!(text.lines().count(), lines, "{filter:?}\n{text}");
        }
    }

    #[test]
    fn what_is_whole_is_shown_before_the_fault_and_an_unknown_conn_is_told() {
        let broken = FULL.replace("402,\"conn\":1", "402,\"conn\":0");
        let mut out = Vec::new();
        let showing = Showing { ahead: 100, ..Showing::default() };
        let failed = show(Reader::new(broken.as_bytes()).unwrap(), &showing, &mut out);
        assert!(matches!(failed, Err(ShowError::Read(Stop::Fault(fault))) if fault.line == 6));
        assert_eq!(memchr::memchr_iter(b'\n', &out).count(), 5);
        let filter = Filter { conns: vec![ConnId::new(7).unwrap()], ..Filter::default() };
        let showing = Showing { filter, ..Showing::default() };
        let failed = show(Reader::new(FULL.as_bytes()).unwrap(), &showing, &mut out);
        assert!(matches!(failed, Err(ShowError::NoSuchConn { conns: 2, .. })));
    }
}
