//! Reports for machines: TAP, JSON and `JUnit`.

use std::collections::BTreeMap;
use std::fs;

use quick_xml::events::Event;
use quick_xml::{Reader, XmlVersion};
use serde_json::Value;
use tempfile::TempDir;

use super::{BAD, GOOD, LONG, folder, suite};
use crate::support::peer::EchoServer;
use crate::support::proc::stdout;

/// One that passes, one that passes and tells something, one that fails, one that takes too long.
fn tests() -> TempDir {
    folder(&[
        ("a & b.chat", GOOD),
        ("c.chat", "/echo <told> ]]> \x1b[1m\n"),
        ("d #1.chat", BAD),
        ("e.chat", LONG),
    ])
}

/// Runs them, in order.
fn run(dir: &TempDir, echo: &EchoServer, more: &[&str]) -> String {
    let args = ["--connect", &echo.addr(), "-j", "1", "--test-timeout", "2s"];
    let told = suite(dir).args(args).args(more).run().code(1);
    stdout(&told)
}

/// A test point of TAP: whether it is well, its number, what it is called, and its block of YAML.
type Point = (bool, usize, String, BTreeMap<String, String>);

/// Reads TAP: the plan, the points, and what stands behind `Bail out!`.
fn parse_tap(tap: &str) -> (usize, Vec<Point>, Option<String>) {
    let mut lines = tap.lines().peekable();
    assert_eq!(lines.next(), Some("TAP version 14"));
    let plan = lines.next().and_then(|line| line.strip_prefix("1..")).expect("a plan");
    let (mut points, mut bail) = (Vec::new(), None);
    while let Some(line) = lines.next() {
        if let Some(why) = line.strip_prefix("Bail out! ") {
            bail = Some(why.to_owned());
            continue;
        }
        let (well, rest) = match line.strip_prefix("not ok ") {
            Some(rest) => (false, rest),
            None => (true, line.strip_prefix("ok ").expect("a test point")),
        };
        let (number, name) = rest.split_once(" - ").expect("a description");
        assert_eq!(lines.next(), Some("  ---"));
        let mut yaml = BTreeMap::new();
        loop {
            let line = lines.next().and_then(|line| line.strip_prefix("  ")).expect("YAML");
            if line == "..." {
                break;
            }
            let (key, value) = line.split_once(": ").expect("a key and its value");
            let mut value = value.to_owned();
            if value == "|" {
                value.clear();
                while let Some(line) = lines.next_if(|line| line.starts_with("    ")) {
                    value.extend([&line[4..], "\n"]);
                }
            }
            yaml.insert(key.to_owned(), value);
        }
        points.push((well, number.parse().unwrap(), name.to_owned(), yaml));
    }
    (plan.parse().unwrap(), points, bail)
}

#[test]
fn tap_has_a_plan_and_a_numbered_point_with_a_block_for_each_test() {
    let (dir, echo) = (tests(), EchoServer::start());
    let (plan, points, bail) = parse_tap(&run(&dir, &echo, &["--format", "tap"]));
    assert_eq!((plan, points.len(), bail), (4, 4, None));
    let names = ["./a & b.chat", "./c.chat", r"./d \#1.chat", "./e.chat"];
    for (index, (well, number, name, yaml)) in points.iter().enumerate() {
        assert_eq!((*well, *number, &**name), (index < 2, index + 1, names[index]));
        assert!(yaml["duration_ms"].parse::<f64>().unwrap() >= 0.0);
        let result = yaml.get("result").map(String::as_str);
        assert_eq!(result, [None, None, Some("failed"), Some("timed-out")][index]);
    }
    let report = |index: usize| points[index].3.get("report");
    assert_eq!((report(0), report(1).unwrap().as_str()), (None, "-- <told> ]]> \\x1b[1m\n"));
    let failed = "error: the next line did not contain `hallo`\n  --> ./d #1.chat:2:15\n   |\n";
    assert!(report(2).unwrap().starts_with(failed), "{:?}", report(2));
    assert!(report(3).unwrap().starts_with("error: the test took longer than 2s\n"));
}

#[test]
fn tap_bails_out_where_tests_are_not_run() {
    let dir = folder(&[("a.chat", GOOD), ("b.chat", BAD), ("c.chat", GOOD), ("d.chat", GOOD)]);
    let told = run(&dir, &EchoServer::start(), &["--format", "tap", "--fail-fast"]);
    let (plan, points, bail) = parse_tap(&told);
    assert_eq!((plan, points.len()), (4, 2));
    assert_eq!(bail.as_deref(), Some("2 tests not run: --fail-fast, and a test failed"));
}

#[test]
fn json_has_an_object_for_the_plan_for_each_test_and_for_all() {
    let (dir, echo) = (tests(), EchoServer::start());
    let told = run(&dir, &echo, &["--format", "json"]);
    let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0], serde_json::json!({"ev": "plan", "tests": 4}));
    let field = |line: usize, key: &str| lines[line].get(key).and_then(Value::as_str);
    let results = [None, Some("passed"), Some("passed"), Some("failed"), Some("timed-out")];
    let names = ["./a & b.chat", "./c.chat", "./d #1.chat", "./e.chat"];
    for line in 1..5 {
        assert_eq!((field(line, "ev"), field(line, "name")), (Some("test"), Some(names[line - 1])));
        assert_eq!(field(line, "result"), results[line]);
        assert!(lines[line]["ms"].as_f64().unwrap() >= 0.0);
    }
    let keys = |line: usize| lines[line].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(1), ["ev", "name", "result", "ms"]);
    assert_eq!(keys(2), ["ev", "name", "result", "ms", "report"]);
    assert_eq!(keys(3), ["ev", "name", "result", "ms", "why", "at", "report"]);
    assert_eq!(field(2, "report"), Some("-- <told> ]]> \\x1b[1m\n"));
    assert_eq!(field(3, "why"), Some("the next line did not contain `hallo`"));
    assert_eq!(field(3, "at"), Some("./d #1.chat:2:15"));
    assert!(field(3, "report").unwrap().starts_with("error: the next line did not contain "));
    let mut summary = lines[5].clone();
    assert!(summary["ms"].take().as_f64().unwrap() >= 2000.0);
    let all = serde_json::json!({
        "ev": "summary", "tests": 4, "passed": 2, "failed": 2, "not_run": 0, "ms": null
    });
    assert_eq!((&summary, lines.len()), (&all, 6));
}

#[test]
fn json_says_why_tests_were_not_run() {
    let dir = folder(&[("a.chat", BAD), ("b.chat", GOOD)]);
    let told = run(&dir, &EchoServer::start(), &["--format", "json", "--fail-fast"]);
    let summary: Value = serde_json::from_str(told.lines().last().unwrap()).unwrap();
    assert_eq!(summary["not_run"], 1);
    assert_eq!(summary["why"], "--fail-fast, and a test failed");
}

/// An element of XML: its name, its attributes, its children and its text.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    fn attribute(&self, key: &str) -> &str {
        self.attributes.get(key).map_or("", String::as_str)
    }

    fn number(&self, key: &str) -> f64 {
        self.attribute(key).parse().unwrap()
    }
}

/// Reads the one element that a document has.
fn parse_xml(xml: &str) -> Element {
    let mut reader = Reader::from_str(xml);
    let mut open = vec![Element::default()];
    loop {
        let event = reader.read_event().expect("well-formed XML");
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let name = start.name().as_ref().to_owned();
                let attributes = start.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap();
                    (attribute.key.as_ref().to_owned(), value.into_owned())
                });
                let attributes = attributes.collect();
                open.push(Element { name, attributes, ..Element::default() });
            }
            Event::Text(text) => open.last_mut().unwrap().text += text,
            Event::GeneralRef(reference) => {
                let resolved = quick_xml::escape::resolve_predefined_entity(reference);
                let character = reference.resolve_char_ref().unwrap();
                let text = character.map(String::from).or(resolved.map(str::to_owned));
                open.last_mut().unwrap().text += &text.expect("a known entity");
            }
            Event::Eof => break,
            _ => {}
        }
        if matches!(event, Event::End(_) | Event::Empty(_)) {
            let closed = open.pop().unwrap();
            open.last_mut().expect("it was opened").children.push(closed);
        }
    }
    assert_eq!(open.len(), 1, "an element does not end");
    open.remove(0).children.remove(0)
}

/// Runs the tests, and reads the report.
fn junit(dir: &TempDir, echo: &EchoServer, more: &[&str]) -> Element {
    run(dir, echo, &[&["--junit", "report.xml"], more].concat());
    parse_xml(&fs::read_to_string(dir.path().join("report.xml")).unwrap())
}

#[test]
fn junit_has_a_case_for_each_test_and_its_report() {
    let (dir, echo) = (tests(), EchoServer::start());
    fs::write(dir.path().join("report.xml"), "an old one").unwrap();
    let suites = junit(&dir, &echo, &[]);
    assert_eq!((&*suites.name, suites.children.len()), ("testsuites", 1));
    let suite = &suites.children[0];
    for counted in [&suites, suite] {
        let counts = ["tests", "failures", "errors"].map(|key| counted.attribute(key));
        assert_eq!((counted.attribute("name"), counts), ("chat-repl", ["4", "2", "0"]));
        assert!(counted.number("time") >= 2.0);
    }
    assert_eq!((&*suite.name, suite.attribute("skipped")), ("testsuite", "0"));
    let timestamp = regex::Regex::new(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$").unwrap();
    assert!(timestamp.is_match(suite.attribute("timestamp")), "{suite:?}");
    let names = ["./a & b.chat", "./c.chat", "./d #1.chat", "./e.chat"];
    let lines = ["", "", "2", "1"];
    for (index, case) in suite.children.iter().enumerate() {
        assert_eq!((&*case.name, case.attribute("classname")), ("testcase", "chat-repl"));
        let named = ["name", "file", "line"].map(|key| case.attribute(key));
        assert_eq!(named, [names[index], names[index], lines[index]]);
        assert!(case.number("time") >= 0.0);
    }
    let inner = |index: usize| {
        let inner: &Vec<Element> = &suite.children[index].children;
        inner.first().map(|inner| (&*inner.name, inner.attribute("type"), &*inner.text))
    };
    assert_eq!(inner(0), None);
    assert_eq!(inner(1), Some(("system-out", "", "-- <told> ]]> \\x1b[1m\n")));
    let (name, kind, text) = inner(2).unwrap();
    assert_eq!((name, kind), ("failure", "failed"));
    let message = suite.children[2].children[0].attribute("message");
    assert_eq!(message, "the next line did not contain `hallo`");
    assert!(text.starts_with(&format!("error: {message}\n  --> ./d #1.chat:2:15\n")), "{text}");
    assert_eq!(inner(3).map(|inner| inner.1), Some("timed-out"));
}

#[test]
fn junit_has_the_tests_that_were_not_run_and_why() {
    let dir = folder(&[("a.chat", BAD), ("b.chat", GOOD), ("c.chat", GOOD)]);
    let suites = junit(&dir, &EchoServer::start(), &["--fail-fast"]);
    let suite = &suites.children[0];
    assert_eq!((suite.attribute("tests"), suite.attribute("skipped")), ("3", "2"));
    for case in &suite.children[1..] {
        let skipped = &case.children[0];
        assert_eq!(skipped.name, "skipped");
        assert_eq!(skipped.attribute("message"), "--fail-fast, and a test failed");
    }
}

#[test]
fn a_report_is_readable_by_whom_the_umask_lets_and_may_go_to_a_pipe() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, echo) = (folder(&[("a.chat", BAD)]), EchoServer::start());
    junit(&dir, &echo, &[]);
    let probe = dir.path().join("probe");
    fs::write(&probe, "").unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode();
    assert_eq!(mode(&dir.path().join("report.xml")), mode(&probe));
    let told = run(&dir, &echo, &["--quiet", "--format", "tap", "--junit", "/dev/stdout"]);
    let (tap, xml) = told.split_once("<?xml").expect("both reports");
    assert_eq!(parse_tap(tap).0, 1);
    assert_eq!(parse_xml(&format!("<?xml{xml}")).name, "testsuites");
}
