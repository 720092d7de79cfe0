//! What became of tests, as JUnit XML, in the form that CI systems read.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use tempfile::NamedTempFile;

use super::{Ended, Reporter, Summary, Test, Verdict};

/// Who may read the file, as the umask allows.
const MODE: u32 = 0o666;

/// Writes JUnit XML when all tests have ended: all of it, or nothing.
pub struct Junit {
    path: PathBuf,
    target: Target,
    tests: Vec<String>,
    cases: Vec<Option<Case>>,
}

enum Target {
    /// Becomes the file.
    Beside(NamedTempFile),
    /// What is no file, such as a pipe.
    Device(File),
}

struct Case {
    ended: Ended,
    took: Duration,
    headline: String,
    account: String,
}

impl Junit {
    /// Writes to `path`, in the end.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let device = fs::metadata(path).is_ok_and(|found| !found.is_file());
        let target = if device {
            Target::Device(File::options().write(true).open(path)?)
        } else {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let permissions = fs::Permissions::from_mode(MODE);
            let file = tempfile::Builder::new()
                .permissions(permissions)
                .tempfile_in(folder.unwrap_or(Path::new(".")))?;
            Target::Beside(file)
        };
        Ok(Junit { path: path.to_owned(), target, tests: Vec::new(), cases: Vec::new() })
    }

    fn xml(&self, summary: &Summary) -> io::Result<Vec<u8>> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let counts = [
            ("name", "chat-repl".to_owned()),
            ("tests", summary.tests.to_string()),
            ("failures", summary.failed.to_string()),
            ("errors", "0".to_owned()),
            ("skipped", summary.not_run().to_string()),
            ("time", seconds(summary.took)),
        ];
        let attributes = || counts.iter().map(|(key, value)| (*key, value.as_str()));
        let suites = attributes().filter(|(key, _)| *key != "skipped");
        writer.create_element("testsuites").with_attributes(suites).write_inner_content(
            |writer| {
                let suite = writer.create_element("testsuite").with_attributes(attributes());
                suite.write_inner_content(|writer| {
                    let cases = self.tests.iter().zip(&self.cases);
                    cases
                        .into_iter()
                        .try_for_each(|(name, case)| write_case(writer, name, case.as_ref()))
                })?;
                Ok(())
            },
        )?;
        let mut xml = writer.into_inner();
        xml.push(b'\n');
        Ok(xml)
    }
}

impl Reporter for Junit {
    fn begin(&mut self, tests: &[Test]) -> io::Result<()> {
        self.tests = tests.iter().map(|test| valid(&test.name())).collect();
        self.cases = tests.iter().map(|_| None).collect();
        Ok(())
    }

    fn ended(&mut self, _: &Test, verdict: &Verdict) -> io::Result<()> {
        let account = verdict.account();
        let headline = account.lines().next().unwrap_or_default();
        let headline = headline.strip_prefix("error: ").unwrap_or(headline).to_owned();
        let case = Case { ended: verdict.ended, took: verdict.took, headline, account };
        self.cases[verdict.test] = Some(case);
        Ok(())
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        let xml = self.xml(summary)?;
        match &mut self.target {
            Target::Device(file) => file.write_all(&xml),
            Target::Beside(file) => {
                file.write_all(&xml)?;
                fs::rename(file.path(), &self.path)
            }
        }
    }
}

fn write_case(writer: &mut Writer<Vec<u8>>, name: &str, case: Option<&Case>) -> io::Result<()> {
    let took = seconds(case.map_or(Duration::ZERO, |case| case.took));
    let attributes = [("name", name), ("classname", "chat-repl"), ("time", took.as_str())];
    let element = writer.create_element("testcase").with_attributes(attributes);
    match case {
        Some(Case { ended: Ended::Passed, account, .. }) if account.is_empty() => {
            element.write_empty()?;
        }
        Some(Case { ended: Ended::Passed, account, .. }) => {
            element.write_inner_content(|writer| {
                let out = writer.create_element("system-out");
                out.write_text_content(BytesText::new(&valid(account)))?;
                Ok(())
            })?;
        }
        Some(Case { ended: Ended::Failed | Ended::TimedOut, headline, account, .. }) => {
            element.write_inner_content(|writer| {
                let (message, account) = (valid(headline), valid(account));
                let failure =
                    writer.create_element("failure").with_attribute(("message", message.as_str()));
                failure.write_text_content(BytesText::new(&account))?;
                Ok(())
            })?;
        }
        Some(Case { ended: Ended::Stopped, .. }) | None => {
            element.write_inner_content(|writer| {
                writer.create_element("skipped").write_empty()?;
                Ok(())
            })?;
        }
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
        let allowed = matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
        if allowed { valid.push(c) } else { valid.extend(c.escape_unicode()) }
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
