//! Markup, made so that nothing in it is taken for what it is not.

use std::fmt::{self, Display, Write};

use crate::wire::Visible;

/// HTML or SVG. What this program itself says goes in by [`Markup::raw`], which takes only what stands in
/// its source; all else is escaped.
#[derive(Debug, Clone, Default)]
pub struct Markup(String);

impl Markup {
    /// None yet.
    #[must_use]
    pub const fn new() -> Markup {
        Markup(String::new())
    }

    /// Appends tags, and words of our own.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Appends text, which stays text.
    pub fn text(&mut self, text: impl Display) -> &mut Self {
        let _ = write!(Escaped(&mut self.0), "{text}"); // a String takes whatever is written
        self
    }

    /// Appends an attribute to a tag that is open. `name` is none that a browser runs or fetches.
    pub fn attr(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"").text(value).raw("\"")
    }

    /// Appends bytes made [`Visible`]. What had to be escaped for that is told apart from text that only
    /// looks so.
    pub fn visible(&mut self, bytes: &[u8]) -> &mut Self {
        Visible(bytes).each(|piece, escaped| {
            if escaped {
                self.raw("<u>").text(piece).raw("</u>");
            } else {
                self.text(piece);
            }
        });
        self
    }

    /// Appends all of another.
    pub fn append(&mut self, other: &Markup) -> &mut Self {
        self.0.push_str(&other.0);
        self
    }

    /// What a browser reads.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Takes text, and writes it so that neither HTML nor XML sees more than text in it, between tags and
/// between quotes.
struct Escaped<'a>(&'a mut String);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut clean = 0;
        for (at, c) in text.char_indices() {
            let escape = match c {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",
                '"' => "&quot;",
                '\'' => "&#39;",
                c if is_xml(c) => continue,
                _ => "",
            };
            self.0.push_str(&text[clean..at]);
            if escape.is_empty() {
                self.0.extend(c.escape_unicode());
            } else {
                self.0.push_str(escape);
            }
            clean = at + c.len_utf8();
        }
        self.0.push_str(&text[clean..]);
        Ok(())
    }
}

/// Whether XML 1.0 has such a character (its production `Char`): others cannot be written there in any way.
#[must_use]
pub fn is_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quick_xml::Reader;
    use quick_xml::events::Event;

    #[test]
    fn text_stays_text() {
        let mut markup = Markup::new();
        markup
            .raw("<a")
            .attr("title", "\" onclick='x()'")
            .raw(">")
            .text("</script><b>&amp;\0\u{ffff}");
        assert_eq!(
            markup.as_str(),
            "<a title=\"&quot; onclick=&#39;x()&#39;\">&lt;/script&gt;&lt;b&gt;&amp;amp;\\u{0}\\u{ffff}"
        );
    }

    #[test]
    fn an_escape_is_told_apart_from_what_looks_like_one() {
        let mut markup = Markup::new();
        markup.visible(b"\x1b\\x1b<i>\xff\xe2\x80\xae");
        assert_eq!(markup.as_str(), "<u>\\x1b</u>\\x1b&lt;i&gt;<u>\\xff</u><u>\\u{202e}</u>");
    }

    proptest! {
        /// A parser of XML, which is stricter than a browser, finds one element with one attribute.
        #[test]
        fn no_text_makes_a_tag(value in any::<String>(), text in any::<String>()) {
            let mut markup = Markup::new();
            markup.raw("<p").attr("title", &value).raw(">").text(&text).raw("</p>");
            let mut reader = Reader::from_str(markup.as_str());
            let mut seen = Vec::new();
            loop {
                match reader.read_event().unwrap() {
                    Event::Start(tag) => {
                        prop_assert_eq!(tag.attributes().count(), 1);
                        seen.push("start");
                    }
                    Event::End(_) => seen.push("end"),
                    Event::Text(_) | Event::GeneralRef(_) => {}
                    Event::Eof => break,
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            prop_assert_eq!(seen, ["start", "end"]);
        }
    }
}
