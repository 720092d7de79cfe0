//! Bytes of a script become steps.

use std::sync::Arc;

use bytes::Bytes;
use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memrchr};

use super::{ScriptFault, Step, What};
use crate::command::{Parsed, parse};
use crate::wire::Line;

/// Cuts a script into [`Step`]s, as its bytes come.
///
/// A run of text lines becomes one step that shares the bytes it came in; only lines that begin with
/// a `/` are looked at one by one. How the script was cut into reads decides where runs of text are
/// cut, and nothing else.
#[derive(Debug)]
pub struct Parser {
    source: Arc<str>,
    /// The line that comes next, from 1.
    line: u64,
    /// The beginning of a line whose end has not come.
    tail: Vec<u8>,
    /// Finds the lines after the first that begin with a `/`.
    slash: Finder<'static>,
}

impl Parser {
    /// A parser for the script that people call `source`.
    #[must_use]
    pub fn new(source: Arc<str>) -> Self {
        Parser { source, line: 1, tail: Vec::new(), slash: Finder::new(b"\n/") }
    }

    /// Takes the bytes that come next, and appends the steps that this completes to `out`. A line
    /// with a fault is skipped, so that the faults of a whole script can be told at once.
    pub fn feed(&mut self, mut bytes: Bytes, out: &mut Vec<Result<Step, ScriptFault>>) {
        let Some(last) = memrchr(b'\n', &bytes) else {
            self.tail.extend_from_slice(&bytes);
            return;
        };
        let mut whole = bytes.split_to(last + 1);
        if !self.tail.is_empty() {
            let first = memchr(b'\n', &whole).map_or(whole.len(), |at| at + 1);
            let mut line = std::mem::take(&mut self.tail);
            line.extend_from_slice(&whole.split_to(first));
            self.take(line.into(), out);
        }
        self.take(whole, out);
        self.tail.extend_from_slice(&bytes);
    }

    /// Takes the end of the script: what came after the last line end is a line too.
    pub fn finish(mut self, out: &mut Vec<Result<Step, ScriptFault>>) {
        let last = std::mem::take(&mut self.tail);
        self.take(last.into(), out);
    }

    /// Takes whole lines, or the unfinished last one.
    fn take(&mut self, mut lines: Bytes, out: &mut Vec<Result<Step, ScriptFault>>) {
        while !lines.is_empty() {
            if lines.starts_with(b"/") {
                let end = memchr(b'\n', &lines).map_or(lines.len(), |at| at + 1);
                let line = lines.split_to(end);
                out.push(self.slashed(&line));
                self.line += 1;
            } else {
                let end = self.slash.find(&lines).map_or(lines.len(), |at| at + 1);
                let run = lines.split_to(end);
                let ends = memchr_iter(b'\n', &run).count() as u64;
                out.push(Ok(self.step(What::Text(run))));
                self.line += ends;
            }
        }
    }

    /// The step that a line is that begins with a `/`, and comes with its line end.
    fn slashed(&self, whole: &Bytes) -> Result<Step, ScriptFault> {
        let cut = Line::cut(whole).text;
        // A script with CR LF line ends may lack the last LF.
        let line = whole.slice(..cut.strip_suffix(b"\r").unwrap_or(cut).len());
        match parse(&line) {
            Ok(Parsed::Text(_)) => Ok(self.step(What::Text(whole.slice(1..)))),
            Ok(Parsed::Comment) => Ok(self.step(What::Comment(line))),
            Ok(Parsed::Command(command)) => Ok(self.step(What::Command(command, line))),
            Err(fault) => {
                let source = Arc::clone(&self.source);
                Err(ScriptFault::new(source, self.line, line, fault))
            }
        }
    }

    fn step(&self, what: What) -> Step {
        Step { source: Arc::clone(&self.source), line: self.line, what }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::command::Command;

    type Outcome = Result<Step, ScriptFault>;

    fn steps(chunks: &[&[u8]]) -> Vec<Outcome> {
        let (mut parser, mut out) = (Parser::new("a.chat".into()), Vec::new());
        for chunk in chunks {
            parser.feed(Bytes::copy_from_slice(chunk), &mut out);
        }
        parser.finish(&mut out);
        out
    }

    /// The steps, with neighbouring runs of text joined.
    fn joined(steps: Vec<Outcome>) -> Vec<Outcome> {
        let mut all: Vec<Outcome> = Vec::new();
        for step in steps {
            match (all.last_mut(), step) {
                (
                    Some(Ok(Step { what: What::Text(run), .. })),
                    Ok(Step { what: What::Text(more), .. }),
                ) => *run = [&run[..], &more[..]].concat().into(),
                (_, step) => all.push(step),
            }
        }
        all
    }

    /// Line number and kind of each step, with its text.
    fn outline(steps: &[Outcome]) -> Vec<(u64, String)> {
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
        let entry = |step: &Outcome| match step {
            Ok(Step { line, what: What::Text(run) | What::Data(run), .. }) => (*line, text(run)),
            Ok(Step { line, what: What::Command(_, of), .. }) => (*line, format!("! {}", text(of))),
            Ok(Step { line, what: What::Comment(of), .. }) => (*line, format!("# {}", text(of))),
            Err(fault) => (fault.place.line, format!("? {}", text(&fault.place.text))),
        };
        steps.iter().map(entry).collect()
    }

    #[test]
    fn a_script_becomes_steps_with_their_line_numbers() {
        let script = b"one\ntwo\n/expect ok \n\n//x\n/# note\r\nthree\r\n/nope\r\n/quit\r\nlast";
        let wanted = [
            (1, "one\ntwo\n"),
            (3, "! /expect ok "),
            (4, "\n"),
            (5, "/x\n"),
            (6, "# /# note"),
            (7, "three\r\n"),
            (8, "? /nope"),
            (9, "! /quit"),
            (10, "last"),
        ];
        assert_eq!(outline(&steps(&[script])), wanted.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn the_last_line_may_lack_its_line_end() {
        for (script, wanted) in [
            (&b"/quit"[..], "! /quit"),
            (b"/quit\r", "! /quit"),
            (b"hi\r", "hi\r"),
            (b"//x", "/x"),
            (b"/#", "# /#"),
            (b"/expct", "? /expct"),
            (b"\n", "\n"),
        ] {
            assert_eq!(outline(&steps(&[script])), [(1, wanted.to_owned())]);
        }
        assert!(steps(&[b"", b""]).is_empty());
    }

    #[test]
    fn a_run_of_text_shares_the_bytes_it_came_in() {
        let chunk = Bytes::from("tail of a line\n".to_owned() + &"a line\n".repeat(9000) + "half");
        let (mut parser, mut out) = (Parser::new("a.chat".into()), Vec::new());
        parser.feed(Bytes::from_static(b"/quit\nhead, "), &mut out);
        parser.feed(chunk.clone(), &mut out);
        assert_eq!(out.len(), 3);
        let Some(Ok(Step { line: 3, what: What::Text(run), .. })) = out.last() else {
            panic!("no run of text at line 3");
        };
        assert_eq!(run.as_ptr(), chunk[15..].as_ptr());
        assert_eq!(run.len(), 9000 * 7);
        parser.finish(&mut out);
        assert_eq!(outline(&out[3..]), [(9003, "half".to_owned())]);
    }

    #[test]
    fn all_faults_are_found_each_in_its_place() {
        let script = "/sleep 5\nok\n/expect é(\n/quit now\n";
        let faults: Vec<_> =
            steps(&[script.as_bytes()]).into_iter().filter_map(Result::err).collect();
        let places: Vec<_> = faults.iter().map(|fault| fault.place.to_string()).collect();
        assert_eq!(places, ["a.chat:1:8", "a.chat:3:10", "a.chat:4:7"]);
    }

    #[test]
    fn a_command_keeps_its_line() {
        let out = steps(&[b"/send a \n"]);
        let Ok(Step { what: What::Command(Command::Say(_), line), .. }) = &out[0] else {
            panic!("no command: {out:?}");
        };
        assert_eq!(line, "/send a ");
    }

    /// Scripts in which commands, comments, escaped slashes and any bytes follow each other.
    fn script() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            prop::collection::vec(prop::sample::select(&b"ab/#\r\xff "[..]), 0..6),
            prop::sample::select(
                &["/quit", "/# x", "//x", "/nope", "/sleep 1s", "/expect a\r", "/"][..]
            )
            .prop_map(|line| line.as_bytes().to_vec()),
        ];
        let lines = prop::collection::vec(line, 0..12).prop_map(|lines| lines.join(&b'\n'));
        (lines, any::<bool>()).prop_map(|(mut script, ended)| {
            script.extend(ended.then_some(b'\n'));
            script
        })
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_steps(
            script in script(),
            cuts in prop::collection::vec(1_usize..9, 1..9),
        ) {
            let (mut chunks, mut rest) = (Vec::new(), &*script);
            for len in cuts.into_iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (chunk, more) = rest.split_at(len.min(rest.len()));
                chunks.push(chunk);
                rest = more;
            }
            prop_assert_eq!(joined(steps(&chunks)), joined(steps(&[&script])));
        }

        #[test]
        fn what_is_printed_parses_to_the_same(script in script()) {
            let parsed: Vec<Outcome> = steps(&[&script]).into_iter().flatten().map(Ok).collect();
            let sources = parsed.iter().flatten().map(Step::to_source).collect::<Vec<_>>();
            let again = steps(&[&sources.concat()]);
            let contents = |steps: Vec<Outcome>| {
                joined(steps).into_iter().map(|step| step.unwrap().what).collect::<Vec<_>>()
            };
            prop_assert_eq!(contents(again), contents(parsed));
        }
    }
}
