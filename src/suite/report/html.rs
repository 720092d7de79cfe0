//! What became of tests, as a page for people: each failure with the conversation that led to it.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::collected::Collected;
use super::{Ended, Reporter, Summary, Test, Verdict, shown};
use crate::page::{self, Markup};
use crate::transcript::export::Conversation;
use crate::transcript::{Event, Transcript, What};
use crate::units::{At, Human, count};

/// Writes a page when all tests have ended: all of it, or nothing.
pub struct Html(Collected<Case>);

/// What became of one test.
struct Case {
    ended: Ended,
    took: Duration,
    /// What there is to tell of it, if anything.
    told: Option<Markup>,
}

impl Html {
    /// Writes to `path`, in the end.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        Collected::create(path).map(Html)
    }

    fn body(&self, title: &str, summary: &Summary) -> Markup {
        let mut body = Markup::new();
        body.raw("<div class=\"wrap\">\n<header><h1>")
            .text(title)
            .raw("</h1>\n<p class=\"facts\"><span>");
        body.text(Human(summary.took)).raw("</span><span>started ").text(self.0.started());
        body.raw("</span></p></header>\n<ul class=\"sum\">");
        for (class, number, name) in [
            ("", summary.tests, "tests"),
            ("passed", summary.passed, "passed"),
            ("failed", summary.failed, "failed"),
            ("", summary.not_run(), "not run"),
        ] {
            let class = if number > 0 { class } else { "" };
            body.raw("<li").attr("class", class).raw("><strong>").text(number).raw("</strong>");
            body.raw(name).raw("</li>");
        }
        body.raw("</ul>\n");
        if let Some(why) = summary.halt.as_ref() {
            body.raw("<p class=\"warn\">not all were run: ").text(why).raw("</p>\n");
        }
        body.raw("<main>\n");
        let failed = |case: Option<&Case>| case.is_some_and(|case| case.ended.is_failure());
        for failures in [true, false] {
            for (name, case) in self.0.cases().filter(|(_, case)| failed(*case) == failures) {
                write_case(name, case, failures, &mut body);
            }
        }
        body.raw("</main>\n</div>\n");
        body
    }
}

impl Reporter for Html {
    fn begin(&mut self, tests: &[Test]) -> io::Result<()> {
        self.0.begin(tests.iter().map(shown).collect());
        Ok(())
    }

    fn ended(&mut self, _: &Test, verdict: &Verdict) -> io::Result<()> {
        let case = Case { ended: verdict.ended, took: verdict.took, told: told(verdict) };
        self.0.ended(verdict.test, case);
        Ok(())
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        let tests = count(summary.tests as u64, "test");
        let title = match (summary.failed, summary.not_run()) {
            (0, 0) => format!("{tests} passed"),
            (0, left) => format!("{left} of {tests} not run"),
            (failed, _) => format!("{failed} of {tests} failed"),
        };
        let mut page = Vec::new();
        page::write(&title, &self.body(&title, summary), &mut page)?;
        self.0.write(&page)
    }
}

/// Writes what became of a test: what there is to tell of a failure stands open.
fn write_case(name: &str, case: Option<&Case>, open: bool, body: &mut Markup) {
    let told = case.and_then(|case| case.told.as_ref());
    match told {
        Some(_) if open => body.raw("<details class=\"test\" open><summary>"),
        Some(_) => body.raw("<details class=\"test\"><summary>"),
        None => body.raw("<div class=\"test flat\">"),
    };
    let (class, word) = match case.map(|case| case.ended) {
        Some(Ended::Passed) => ("mark passed", "passed"),
        Some(Ended::Failed) => ("mark failed", "FAILED"),
        Some(Ended::TimedOut) => ("mark failed", "TIMEOUT"),
        Some(Ended::Stopped) => ("mark", "stopped"),
        None => ("mark", "not run"),
    };
    body.raw("<span").attr("class", class).raw(">").raw(word).raw("</span><span class=\"name\">");
    body.text(name).raw("</span>");
    if let Some(case) = case {
        body.raw("<span class=\"took\">").text(Human(case.took)).raw("</span>");
    }
    match told {
        Some(told) => {
            body.raw("</summary><div class=\"inner\">\n").append(told).raw("</div></details>\n")
        }
        None => body.raw("</div>\n"),
    };
}

/// What there is to tell of a test: the account of it, in the conversation if there was one.
fn told(verdict: &Verdict) -> Option<Markup> {
    let account = verdict.account();
    let kept = verdict.kept.as_ref().filter(|kept| !kept.events.is_empty());
    match kept {
        Some(kept) => Some(conversation(verdict.test, kept, &account)),
        None if account.is_empty() => None,
        None => {
            let mut told = Markup::new();
            told.raw("<pre class=\"account\">");
            for line in account.lines() {
                told.visible(line.as_bytes()).raw("\n");
            }
            told.raw("</pre>\n");
            Some(told)
        }
    }
}

/// The conversation of a test, with the account at the place where it failed.
fn conversation(test: usize, kept: &Transcript, account: &str) -> Markup {
    let mut conversation =
        Conversation::new(&kept.header, At::START, false, format!("t{}-e", test + 1));
    let failed = place(kept);
    for (index, event) in kept.events.iter().enumerate() {
        if index == failed {
            conversation.fail(Some(event.at), account);
        }
        conversation.event(event);
    }
    if failed == kept.events.len() {
        conversation.fail(None, account);
    }
    let mut told = Markup::new();
    if kept.missing > 0 {
        let missing = count(kept.missing, "event");
        told.raw("<p class=\"warn\">")
            .text(missing)
            .raw(" missing before the first: not kept</p>\n");
    }
    told.append(&conversation.finish().body);
    told
}

/// Before which event it failed. What fails is closed by us; of several conns nobody knows which close that
/// is, and it is all that was said that comes before it.
fn place(kept: &Transcript) -> usize {
    let events = &kept.events;
    let opened = events.iter().filter(|event| matches!(event.what, What::Open { .. })).count();
    let ours = |event: &Event| match &event.what {
        What::Close { from, .. } => Some(*from) == kept.header.role,
        _ => false,
    };
    let closed = if opened == 1 { events.iter().position(ours) } else { None };
    closed.unwrap_or_else(|| {
        let said = events.iter().rposition(|event| matches!(event.what, What::Line(_)));
        said.map_or(events.len(), |last| last + 1)
    })
}
