//! A transcript as a recording of the terminal that showed it, for asciinema.
//!
//! The format is asciicast v3 (<https://docs.asciinema.org/manual/asciicast/v3/>): a header, then a line an
//! event, `[seconds since the one before, code, text]`. Codes here are `o`, what the terminal was sent; `i`,
//! what was typed; `m`, a marker; `x`, the end.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::show::{End, Shape, Showing};
use super::stage::{Ink, Row, Stage};
use crate::transcript::{Ended, Event, Header, What};
use crate::units::At;

/// Rows of the terminal: what most have at least.
const ROWS: usize = 24;

/// How long a key takes that is typed, if there was time for it, in microseconds: about 75 words a minute.
const KEYSTROKE: u64 = 160_000;

/// Keys that follow each other faster than this are shown as one, in microseconds: nobody typed them.
const SHORTEST: u64 = 1000;

/// Back to the first column, and nothing after it.
const AFRESH: &str = "\r\x1b[K";

#[derive(Serialize)]
struct Head<'a> {
    version: u8,
    term: Term,
    timestamp: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    title: &'a str,
}

#[derive(Serialize)]
struct Term {
    cols: usize,
    rows: usize,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// Writes a cast.
#[derive(Debug)]
pub(super) struct Cast<'a> {
    showing: &'a Showing,
    started: i64,
    stage: Stage,
    /// When the last event was that was written, in the time of the transcript.
    last: At,
    /// Whether a prompt stands in the last row.
    prompted: bool,
}

impl Cast<'_> {
    pub(super) fn new<'a>(header: &Header, showing: &'a Showing) -> Cast<'a> {
        Cast {
            showing,
            started: header.started.as_second(),
            stage: Stage::new(header, showing.encoding(header)),
            last: showing.filter.after.unwrap_or(At::START),
            prompted: false,
        }
    }

    /// How long it is from the last event to this instant, as it is played: in microseconds, so that no
    /// rounding adds up.
    fn pause(&mut self, at: At) -> u64 {
        let pause = at.since(self.last);
        self.last = self.last.max(at);
        let played = self.showing.max_idle.map_or(pause, |most| pause.min(most));
        u64::try_from(played.as_micros()).unwrap_or(u64::MAX)
    }

    /// The prompt as the terminal is sent it.
    fn prompt(&mut self) -> String {
        let prompt = self.stage.prompt();
        self.prompted = prompt.is_some();
        prompt.map_or(String::new(), |prompt| styled(Ink::Prompt, prompt))
    }

    /// What was typed comes key by key where there was time for it, and is sent at the instant that was
    /// recorded.
    fn typed(
        &mut self,
        pause: u64,
        row: &Row,
        prompt: &str,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let keys = row.text.chars().count() as u64 + 1;
        let stroke = (pause / keys).min(KEYSTROKE);
        let mut before = pause - stroke * keys;
        let mut shown = String::new();
        if !self.prompted || Some(prompt) != self.stage.prompt() {
            shown = format!("{AFRESH}{}", styled(Ink::Prompt, prompt));
        }
        if stroke < SHORTEST {
            shown.push_str(&styled(row.ink, &row.text));
            before = pause;
        } else {
            for c in row.text.chars() {
                shown.push_str(&styled(row.ink, c.encode_utf8(&mut [0; 4])));
                write_event(before + stroke, 'o', &shown, out)?;
                (before, shown) = (0, String::new());
            }
            before += stroke;
        }
        write_event(before, 'i', &format!("{}\r", row.text), out)?;
        shown.push_str("\r\n");
        shown.push_str(&self.prompt());
        write_event(0, 'o', &shown, out)
    }

    /// What came, above the prompt.
    fn came(&mut self, pause: u64, row: &Row, out: &mut impl Write) -> io::Result<()> {
        let afresh = if self.prompted { AFRESH } else { "" };
        let text = styled(row.ink, &format!("{}{}", row.label, row.text));
        let shown = format!("{afresh}{text}\r\n{}", self.prompt());
        write_event(pause, 'o', &shown, out)
    }
}

impl Shape for Cast<'_> {
    fn begin(&mut self, out: &mut impl Write) -> io::Result<()> {
        let term = Term { cols: self.showing.width, rows: ROWS, kind: "xterm-256color" };
        let title = &self.showing.title;
        let head = Head { version: 3, term, timestamp: self.started, title };
        serde_json::to_writer(&mut *out, &head)?;
        writeln!(out)
    }

    fn event(&mut self, event: &Event, out: &mut impl Write) -> io::Result<()> {
        let Some(row) = self.stage.event(event) else { return Ok(()) };
        let pause = self.pause(event.at);
        match &row.prompt {
            Some(prompt) => self.typed(pause, &row, &prompt.clone(), out),
            None => self.came(pause, &row, out),
        }?;
        match &event.what {
            What::Note { text } => write_event(0, 'm', text, out),
            _ => Ok(()),
        }
    }

    fn pass_over(&mut self, event: &Event) {
        self.stage.pass_over(event);
    }

    fn end(&mut self, end: &End, out: &mut impl Write) -> io::Result<()> {
        for told in end.warnings() {
            self.came(0, &Row::told(Ink::Note, &told), out)?;
        }
        if self.prompted {
            write_event(0, 'o', AFRESH, out)?;
        }
        // The status of the one who recorded it is not known, only that it came to its end.
        match end.ended {
            Some(Ended::Whole) => write_event(0, 'x', "0", out),
            Some(Ended::Interrupted(_)) | None => Ok(()),
        }
    }
}

/// Writes an event so many microseconds after the one before.
fn write_event(pause: u64, code: char, text: &str, out: &mut impl Write) -> io::Result<()> {
    write!(out, "[{}.{:06}, \"{code}\", ", pause / 1_000_000, pause % 1_000_000)?;
    serde_json::to_writer(&mut *out, text)?;
    writeln!(out, "]")
}

fn styled(ink: Ink, text: &str) -> String {
    let style = match ink {
        Ink::Aside => Style::new().dimmed(),
        Ink::Note => AnsiColor::Yellow.on_default(),
        Ink::Client => AnsiColor::Green.on_default(),
        Ink::Server => AnsiColor::Cyan.on_default(),
        Ink::Prompt => Style::new().bold(),
    };
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Reader;
    use crate::transcript::export::{Form, show};
    use serde_json::Value;
    use std::time::Duration;

    const TAPE: &str = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","role":"client"}
{"ev":"open","conn":1,"addr":"h:1"}
{"dt":500,"conn":1,"from":"server","line":"220 \u001b[2J \"ready\""}
{"dt":3000.001,"conn":1,"from":"client","line":"HELO"}
{"dt":0,"conn":1,"from":"client","line":"QUIT"}
{"dt":9000,"ev":"note","text":"slow"}
{"ev":"end","dt":0,"events":5}
"#;

    /// The events of the cast: seconds, code, text.
    fn cast(tape: &str, max_idle: Option<Duration>) -> Vec<(f64, String, String)> {
        let showing = Showing { form: Form::Cast, max_idle, width: 80, ..Showing::default() };
        let mut out = Vec::new();
        show(Reader::new(tape.as_bytes()).unwrap(), &showing, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let (head, events) = text.split_once('\n').unwrap();
        let head: Value = serde_json::from_str(head).unwrap();
        assert_eq!((&head["version"], &head["term"]["cols"]), (&3.into(), &80.into()));
        assert_eq!(head["timestamp"], 1_791_364_502);
        events.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn screen(events: &[(f64, String, String)]) -> String {
        let mut terminal = vt100::Parser::default();
        for (_, code, text) in events {
            if code == "o" {
                terminal.process(text.as_bytes());
            }
        }
        terminal.screen().contents()
    }

    #[test]
    fn a_terminal_that_plays_it_shows_the_session() {
        let events = cast(TAPE, None);
        let wanted = "-- connected to h:1\n220 \\x1b[2J \"ready\"\n> HELO\n> QUIT\n-- note: slow";
        assert_eq!(screen(&events).trim_end(), wanted);
        assert_eq!(events.last().unwrap(), &(0.0, "x".to_owned(), "0".to_owned()));
        let of = |code| {
            let those = events.iter().filter(move |event| event.1 == code);
            those.map(|event| event.2.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(of("i"), ["HELO\r", "QUIT\r"]);
        assert_eq!(of("m"), ["slow"]);
    }

    #[test]
    fn it_takes_as_long_as_was_recorded_or_as_it_may() {
        let took = |max| cast(TAPE, max).iter().map(|event| event.0).sum::<f64>();
        assert!((took(None) - 12.500_001).abs() < 1e-9, "{}", took(None));
        assert!((took(Some(Duration::from_secs(1))) - 2.5).abs() < 1e-9);
    }

    #[test]
    fn what_is_typed_comes_key_by_key_where_there_was_time() {
        let events = cast(TAPE, None);
        let keys = events.iter().filter(|event| event.1 == "o" && (event.0 - 0.16).abs() < 1e-9);
        assert_eq!(keys.count(), 3, "the first of four keys waits");
        let whole = |event: &&(f64, String, String)| event.2.contains("QUIT") && event.1 == "o";
        assert_eq!(events.iter().filter(whole).count(), 1);
    }

    #[test]
    fn one_that_breaks_off_has_no_end() {
        let torn = TAPE.split("{\"ev\":\"end\"").next().unwrap();
        let events = cast(torn, None);
        assert!(events.iter().all(|event| event.1 != "x"));
        assert!(screen(&events).ends_with("-- interrupted: it has no end"));
    }
}
