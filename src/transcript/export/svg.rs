//! A transcript as a drawing of the terminal that showed it.
//!
//! Each run of characters says how wide it is, so that it fills its columns in whatever font there is;
//! the text is text, and can be copied.

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use super::show::{End, Shape, Showing};
use super::stage::{Ink, Row, Stage};
use crate::page::Markup;
use crate::page::Px;
use crate::transcript::{Event, Header};

/// A column and a row of the screen, in pixels, of a font of this size.
const COLUMN: f64 = 8.4;
const ROW: f64 = 20.0;
/// What lies around the text, and the bar above it.
const PAD: f64 = 18.0;
const BAR: f64 = 40.0;
/// A window is not narrower, in columns.
const NARROWEST: usize = 40;

const STYLE: &str = "
.window { fill: #fbfcfd; stroke: #d5dae1; }
.title { fill: #66707d; font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; text-anchor: middle; }
.screen { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #1b2028; }
.screen text { white-space: pre; }
.aside { fill: #6c7684; }
.note { fill: #8a6100; }
.client { fill: #1a7f37; }
.server { fill: #0b6a86; }
.prompt { fill: #1b2028; font-weight: bold; }
@media (prefers-color-scheme: dark) {
.window { fill: #12161d; stroke: #323b48; }
.title { fill: #95a0af; }
.screen { fill: #e4e8ee; }
.aside { fill: #8a94a3; }
.note { fill: #e3c468; }
.client { fill: #6fd88a; }
.server { fill: #6fc9e6; }
.prompt { fill: #f4f6f9; }
}
";

/// Draws a terminal.
#[derive(Debug)]
pub(super) struct Svg<'a> {
    showing: &'a Showing,
    stage: Stage,
    rows: Vec<Vec<Run>>,
}

/// Characters side by side that look alike and are of one width.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    ink: Ink,
    /// The first column.
    column: usize,
    /// How many columns it has.
    columns: usize,
    /// Whether each of its characters has two.
    wide: bool,
    text: String,
}

impl Svg<'_> {
    pub(super) fn new<'a>(header: &Header, showing: &'a Showing) -> Svg<'a> {
        Svg { showing, stage: Stage::new(header, showing.encoding(header)), rows: Vec::new() }
    }

    /// Adds a row, or several where it is longer than the screen is wide.
    fn add(&mut self, row: &Row) {
        let mut screen = Screen { width: self.showing.width, rows: vec![Vec::new()], column: 0 };
        if let Some(prompt) = &row.prompt {
            screen.put(Ink::Prompt, prompt);
        }
        screen.put(row.ink, &row.label);
        screen.put(row.ink, &row.text);
        self.rows.append(&mut screen.rows);
    }

    fn draw(&self) -> Markup {
        let used = |row: &Vec<Run>| row.last().map_or(0, |run| run.column + run.columns);
        let columns = self.rows.iter().map(used).max().unwrap_or(0);
        let columns = columns.max(NARROWEST.min(self.showing.width));
        let width = Px(wide(columns) + 2.0 * PAD);
        let height = Px(high(self.rows.len()) + BAR + PAD);
        let mut svg = Markup::new();
        svg.raw("<svg xmlns=\"http://www.w3.org/2000/svg\"")
            .attr("width", width)
            .attr("height", height);
        svg.attr("viewBox", format_args!("0 0 {width} {height}")).raw(" role=\"img\"");
        svg.attr("aria-label", &self.showing.title).raw(">\n<style>").raw(STYLE).raw("</style>\n");
        svg.raw("<rect class=\"window\" x=\"0.5\" y=\"0.5\" rx=\"9\"");
        svg.attr("width", Px(width.0 - 1.0)).attr("height", Px(height.0 - 1.0)).raw("/>\n");
        svg.raw("<circle cx=\"22\" cy=\"20\" r=\"6\" fill=\"#ff5f57\"/>");
        svg.raw("<circle cx=\"42\" cy=\"20\" r=\"6\" fill=\"#febc2e\"/>");
        svg.raw("<circle cx=\"62\" cy=\"20\" r=\"6\" fill=\"#28c840\"/>\n");
        svg.raw("<text class=\"title\" y=\"24\"").attr("x", Px(width.0 / 2.0)).raw(">");
        svg.text(&self.showing.title).raw("</text>\n<g class=\"screen\" xml:space=\"preserve\">\n");
        for (number, row) in self.rows.iter().enumerate() {
            svg.raw("<text").attr("y", Px(BAR + high(number) + 15.0)).raw(">");
            for run in row {
                run.draw(&mut svg);
            }
            svg.raw("</text>\n");
        }
        svg.raw("</g>\n</svg>\n");
        svg
    }
}

impl Shape for Svg<'_> {
    fn begin(&mut self, _: &mut impl Write) -> io::Result<()> {
        Ok(())
    }

    fn event(&mut self, event: &Event, _: &mut impl Write) -> io::Result<()> {
        if let Some(row) = self.stage.event(event) {
            self.add(&row);
        }
        Ok(())
    }

    fn pass_over(&mut self, event: &Event) {
        self.stage.pass_over(event);
    }

    fn end(&mut self, end: &End, out: &mut impl Write) -> io::Result<()> {
        for told in end.warnings() {
            self.add(&Row::told(Ink::Note, &told));
        }
        out.write_all(self.draw().as_str().as_bytes())
    }
}

/// Rows that are filled character by character.
struct Screen {
    width: usize,
    rows: Vec<Vec<Run>>,
    /// The next column of the last row.
    column: usize,
}

impl Screen {
    fn put(&mut self, ink: Ink, text: &str) {
        for c in text.chars() {
            let columns = c.width().unwrap_or(0);
            if self.column + columns > self.width && self.column > 0 {
                self.rows.push(Vec::new());
                self.column = 0;
            }
            self.put_char(ink, c, columns);
            self.column += columns;
        }
    }

    fn put_char(&mut self, ink: Ink, c: char, columns: usize) {
        let (column, wide) = (self.column, columns == 2);
        let Some(row) = self.rows.last_mut() else { return };
        match row.last_mut() {
            // What has no width of its own belongs to what stands before it.
            Some(run) if columns == 0 || run.ink == ink && run.wide == wide => {
                run.columns += columns;
                run.text.push(c);
            }
            _ => row.push(Run { ink, column, columns, wide, text: c.into() }),
        }
    }
}

impl Run {
    fn draw(&self, svg: &mut Markup) {
        svg.raw("<tspan").attr("class", self.ink.class()).attr("x", Px(PAD + wide(self.column)));
        if self.columns > 0 {
            svg.attr("textLength", Px(wide(self.columns)));
        }
        svg.raw(">").text(&self.text).raw("</tspan>");
    }
}

impl Ink {
    const fn class(self) -> &'static str {
        match self {
            Ink::Aside => "aside",
            Ink::Note => "note",
            Ink::Client => "client",
            Ink::Server => "server",
            Ink::Prompt => "prompt",
        }
    }
}

/// The width of so many columns.
fn wide(columns: usize) -> f64 {
    f64::from(u32::try_from(columns).unwrap_or(u32::MAX)) * COLUMN
}

/// The height of so many rows.
fn high(rows: usize) -> f64 {
    f64::from(u32::try_from(rows).unwrap_or(u32::MAX)) * ROW
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transcript::Reader;
    use crate::transcript::export::{Form, show};

    fn svg(lines: &[&str], width: usize) -> String {
        let head = r#"{"chat-repl":"transcript","version":1,"started":"2026-10-07T09:15:02Z","role":"client"}"#;
        let said = |line: &&str| {
            let line = serde_json::to_string(line).unwrap();
            format!("{{\"conn\":1,\"from\":\"server\",\"line\":{line}}}\n")
        };
        let said: String = lines.iter().map(said).collect();
        let tape = format!("{head}\n{said}{{\"ev\":\"end\",\"dt\":0}}\n");
        let title = "a < b".to_owned();
        let showing = Showing { form: Form::Svg, width, title, ..Showing::default() };
        let mut out = Vec::new();
        show(Reader::new(tape.as_bytes()).unwrap(), &showing, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_run_says_how_wide_it_is() {
        let drawn = svg(&["ab 你好e\u{301}"], 80);
        let runs = [
            r#"<tspan class="server" x="18" textLength="25.2">ab </tspan>"#,
            r#"<tspan class="server" x="43.2" textLength="33.6">你好</tspan>"#,
            "<tspan class=\"server\" x=\"76.8\" textLength=\"8.4\">e\u{301}</tspan>",
        ];
        assert!(drawn.contains(&runs.concat()), "{drawn}");
    }

    #[test]
    fn what_is_too_long_goes_on_in_the_next_row() {
        let drawn = svg(&["0123456789 你好", ""], 12);
        let rows: Vec<&str> = drawn.lines().filter(|line| line.starts_with("<text y")).collect();
        assert_eq!(rows.len(), 3, "{drawn}");
        assert!(rows[0].contains(">0123456789 <") && rows[1].contains(">你好<"), "{drawn}");
        assert!(drawn.contains("width=\"136.8\" height=\"118\""), "{drawn}");
    }

    #[test]
    fn it_is_xml_whatever_was_said() {
        let hostile =
            ["</text><script>x()</script>", "\u{1b}[2J\u{202e}\u{ffff}\0", "a & \"b\" 'c'"];
        let drawn = svg(&hostile, 80);
        let mut reader = quick_xml::Reader::from_str(&drawn);
        loop {
            match reader.read_event().unwrap() {
                quick_xml::events::Event::Start(tag) => assert_ne!(tag.name().as_ref(), "script"),
                quick_xml::events::Event::Eof => break,
                _ => {}
            }
        }
        assert!(drawn.contains("\\x1b[2J\\u{202e}\\u{ffff}\\x00"), "{drawn}");
        assert!(drawn.contains(">a &lt; b</text>"));
    }
}
