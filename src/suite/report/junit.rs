//! What became of tests, as JUnit XML, in the form that CI systems read.

use std::io;
use std::path::Path;
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::collected::Collected;
use super::{Ended, Place, Reporter, Summary, Test, Verdict};
use crate::page::is_xml;

/// Writes JUnit XML when all tests have ended: all of it, or nothing.
pub struct Junit(Collected<Case>);

/// What became of one test.
struct Case {
    ended: Ended,
    took: Duration,
    /// What went wrong first, in a line.
    why: String,
    /// The line of its file where it went wrong.
    line: Option<u64>,
    /// All there is to tell of it.
    account: String,
}

impl Junit {
    /// Writes to `path`, in the end.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        Collected::create(path).map(Junit)
    }

    fn xml(&self, summary: &Summary) -> io::Result<Vec<u8>> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let (tests, failed) = (summary.tests.to_string(), summary.failed.to_string());
        let (skipped, took) = (summary.not_run().to_string(), seconds(summary.took));
        let counts = [("tests", &*tests), ("failures", &failed), ("errors", "0")];
        let name = [("name", "chat-repl")];
        let all = name.into_iter().chain(counts).chain([("time", &*took)]);
        let more = [("skipped", &*skipped), ("timestamp", self.0.started())];
        let why = summary.halt.as_ref().map(ToString::to_string).unwrap_or_default();
        let suites = writer.create_element("testsuites").with_attributes(all.clone());
        suites.write_inner_content(|writer| {
            let suite = writer.create_element("testsuite").with_attributes(all.chain(more));
            suite.write_inner_content(|writer| {
                self.0.cases().try_for_each(|(name, case)| write_case(writer, name, case, &why))
            })?;
            Ok(())
        })?;
        let mut xml = writer.into_inner();
        xml.push(b'\n');
        Ok(xml)
    }
}

impl Reporter for Junit {
    fn begin(&mut self, tests: &[Test]) -> io::Result<()> {
        self.0.begin(tests.iter().map(|test| valid(&test.name())).collect());
        Ok(())
    }

    fn ended(&mut self, _: &Test, verdict: &Verdict) -> io::Result<()> {
        let own = |place: &&Place| place.source.name() == self.0.name(verdict.test);
        let case = Case {
            ended: verdict.ended,
            took: verdict.took,
            why: verdict.why().unwrap_or_default(),
            line: verdict.place().filter(own).map(|place| place.line),
            account: verdict.account(),
        };
        self.0.ended(verdict.test, case);
        Ok(())
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        let xml = self.xml(summary)?;
        self.0.write(&xml)
    }
}

/// Writes what became of a test; `halted` says why it was not run to its end, if it was not.
fn write_case(
    writer: &mut Writer<Vec<u8>>,
    name: &str,
    case: Option<&Case>,
    halted: &str,
) -> io::Result<()> {
    let took = seconds(case.map_or(Duration::ZERO, |case| case.took));
    let line = case.and_then(|case| case.line).map(|line| line.to_string());
    let attributes = [("name", name), ("classname", "chat-repl"), ("file", name)];
    let line = line.as_deref().map(|line| ("line", line));
    let element = writer
        .create_element("testcase")
        .with_attributes(attributes.into_iter().chain(line).chain([("time", &*took)]));
    let Some(case) = case else {
        element.write_inner_content(|writer| write_part(writer, "skipped", &[halted], ""))?;
        return Ok(());
    };
    let account = &case.account;
    match case.ended {
        Ended::Passed if account.is_empty() => element.write_empty()?,
        Ended::Passed => {
            element.write_inner_content(|writer| write_part(writer, "system-out", &[], account))?
        }
        Ended::Failed | Ended::TimedOut => element.write_inner_content(|writer| {
            write_part(writer, "failure", &[&case.why, case.ended.as_str()], account)
        })?,
        Ended::Stopped => element.write_inner_content(|writer| {
            write_part(writer, "skipped", &[&format!("stopped: {halted}")], account)
        })?,
    };
    Ok(())
}

/// Writes an element with a text, and with its message and its type where it has them.
fn write_part(
    writer: &mut Writer<Vec<u8>>,
    name: &str,
    told: &[&str],
    text: &str,
) -> io::Result<()> {
    let told: Vec<String> = told.iter().map(|value| valid(value)).collect();
    let attributes = ["message", "type"].into_iter().zip(told.iter().map(String::as_str));
    let element = writer.create_element(name).with_attributes(attributes);
    if text.is_empty() {
        element.write_empty()?;
    } else {
        element.write_text_content(BytesText::new(&valid(text)))?;
    }
    Ok(())
}

fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}

/// The text without what XML 1.0 cannot hold: such characters are written as escapes.
fn valid(text: &str) -> String {
    let mut valid = String::with_capacity(text.len());
    for c in text.chars() {
        if is_xml(c) { valid.push(c) } else { valid.extend(c.escape_unicode()) }
    }
    valid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_escaped() {
        assert_eq!(valid("a\tb\n\x1b\0\u{ffff}é🙂"), "a\tb\n\\u{1b}\\u{0}\\u{ffff}é🙂");
    }
}
