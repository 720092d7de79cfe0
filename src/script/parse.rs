//! Bytes of a script become steps.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use memchr::memmem::Finder;
use memchr::{memchr, memchr_iter, memrchr};

use super::block::Building;
use super::{Origin, ScriptFault, Step, What};
use crate::command::{Command, Fault, Parsed, WaitCommand, Wrong, parse};
use crate::wire::{Eol, Line};

/// How many commands are remembered: those that a loop written out repeats.
const KNOWN: usize = 64;

/// Cuts a script into [`Step`]s, as its bytes come.
///
/// A run of text lines becomes one step that shares the bytes it came in; only lines that begin with
/// a `/` are looked at one by one. How the script was cut into reads decides where runs of text are
/// cut, and nothing else.
#[derive(Debug)]
pub struct Parser {
    source: Origin,
    /// The line that comes next, from 1.
    line: u64,
    /// The beginning of a line whose end has not come.
    tail: Vec<u8>,
    /// Finds the lines after the first that begin with a `/`.
    slash: Finder<'static>,
    /// Commands by their lines: a script repeats some, and to check a pattern takes longer than to
    /// send a line.
    known: HashMap<Box<[u8]>, Arc<Command>>,
    /// The block whose end has not come.
    block: Option<Building>,
    /// Lines come from a person.
    typed: bool,
}

impl Parser {
    /// A parser for the script `source`.
    #[must_use]
    pub fn new(source: Origin) -> Self {
        Parser {
            source,
            line: 1,
            tail: Vec::new(),
            slash: Finder::new(b"\n/"),
            known: HashMap::new(),
            block: None,
            typed: false,
        }
    }

    /// Has the next line be this one, from 1. Nothing may have been fed that was no whole line.
    pub fn begin_at(&mut self, line: u64) {
        self.line = line;
    }

    /// A parser for what a person types, who can type a faulty line of a block again.
    #[must_use]
    pub fn typed(source: Origin) -> Self {
        Parser { typed: true, ..Parser::new(source) }
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
        let endless = self.block.take();
        out.extend(endless.map(|block| Err(block.fault(&self.source, Wrong::NoEnd))));
    }

    /// Whether the lines that come next belong to a block.
    #[must_use]
    pub fn is_in_block(&self) -> bool {
        self.block.is_some()
    }

    /// Forgets the block whose end has not come; whether there was one.
    pub fn abandon_block(&mut self) -> bool {
        self.block.take().is_some()
    }

    /// Takes whole lines, or the unfinished last one.
    fn take(&mut self, mut lines: Bytes, out: &mut Vec<Result<Step, ScriptFault>>) {
        while !lines.is_empty() {
            if lines.starts_with(b"/") || self.block.is_some() {
                let end = memchr(b'\n', &lines).map_or(lines.len(), |at| at + 1);
                let line = lines.split_to(end);
                self.look_at(&line, out);
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

    /// Takes a line that begins with a `/`, or belongs to a block. It comes with its line end.
    fn look_at(&mut self, whole: &Bytes, out: &mut Vec<Result<Step, ScriptFault>>) {
        let Line { text, eol } = Line::cut(whole);
        // A script with CR LF line ends may lack the last LF.
        let text = if eol == Eol::None { text.strip_suffix(b"\r").unwrap_or(text) } else { text };
        let line = whole.slice(..text.len());
        match self.block.as_mut().map(|block| block.take(&self.source, line.clone())) {
            None => out.extend(self.slashed(whole, line).transpose()),
            Some(Ok(false)) => {}
            Some(Ok(true)) => self.end_block(out),
            Some(Err(fault)) => out.push(Err(fault)),
        }
    }

    /// The step that a line is that begins with a `/`; none where it begins a block.
    fn slashed(&mut self, whole: &Bytes, line: Bytes) -> Result<Option<Step>, ScriptFault> {
        if let Some(command) = self.known.get(&*line) {
            return Ok(Some(self.step(What::Command(Arc::clone(command), line))));
        }
        let fault = |fault| ScriptFault::new(self.source.clone(), self.line, line.clone(), fault);
        let parsed = parse(&line).map_err(|wrong| {
            // Its patterns are still patterns, and its end is its end.
            if is_head(&line) && !self.typed {
                self.block = Some(Building::new(None, line.clone(), self.line).faulty());
            }
            fault(wrong)
        });
        let what = match parsed? {
            Parsed::Text(_) => What::Text(whole.slice(1..)),
            Parsed::Comment => What::Comment(line),
            Parsed::Command(Command::Wait(WaitCommand::All(timeout))) => {
                let block = Building::new(timeout, line, self.line);
                self.block = Some(if self.typed { block.typed() } else { block });
                return Ok(None);
            }
            Parsed::Command(Command::Wait(WaitCommand::End)) => {
                return Err(fault(Fault { span: 0..line.len(), what: Wrong::NoBlock }));
            }
            Parsed::Command(command) => {
                let command = Arc::new(command);
                if self.known.len() < KNOWN {
                    self.known.insert(line.to_vec().into(), Arc::clone(&command));
                }
                What::Command(command, line)
            }
        };
        Ok(Some(self.step(what)))
    }

    fn end_block(&mut self, out: &mut Vec<Result<Step, ScriptFault>>) {
        let Some(building) = self.block.take() else { return };
        let line = building.first();
        match building.finish(&self.source) {
            Ok(block) => {
                let what = What::All(Box::new(block));
                out.push(Ok(Step { source: self.source.clone(), line, what }));
            }
            Err(faults) => out.extend(faults.into_iter().map(Err)),
        }
    }

    fn step(&self, what: What) -> Step {
        Step { source: self.source.clone(), line: self.line, what }
    }
}

/// Whether a line begins a block, be it in a faulty way.
fn is_head(line: &[u8]) -> bool {
    line.split(|byte| matches!(byte, b' ' | b'\t')).next() == Some(b"/all")
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
            Ok(Step { line, what: What::All(block), .. }) => {
                (*line, format!("* {}", text(&block.to_source())))
            }
            Ok(Step { what: What::File { .. }, .. }) => unreachable!("a parser has bytes only"),
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
        let Ok(Step { what: What::Command(command, line), .. }) = &out[0] else {
            panic!("no command: {out:?}");
        };
        assert!(matches!(**command, Command::Say(_)));
        assert_eq!(line, "/send a ");
    }

    #[test]
    fn a_block_is_one_step_with_all_its_lines() {
        let script = b"a\n/all -t 1s\r\n* x \n\n/# note \xff\n\t? y\n/end\nb\n/all\n*z\n/end";
        let wanted = [
            (1, "a\n"),
            (2, "* /all -t 1s\n* x \n\n/# note \u{fffd}\n\t? y\n/end\n"),
            (8, "b\n"),
            (9, "* /all\n*z\n/end\n"),
        ];
        assert_eq!(outline(&steps(&[script])), wanted.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn what_is_wrong_with_a_block_is_told_where_it_stands() {
        for (script, places) in [
            ("/end\n", &["1:1"][..]),
            ("/all\n* a\n", &["1:1"]),
            ("/all\n? a\n! b\n/end\n", &["1:1"]),
            ("/all\nhello\n* (\n/all\n/end\n/quit now\n", &["2:1", "3:3", "4:1", "6:7"]),
            ("/all -t 5\n* a\n* (\n/end\n", &["1:9", "3:3"]),
            ("/all\n* a\n/expect b\nbye\n* c(\n\n/ned\n", &["3:1", "5:4", "1:1"]),
        ] {
            let faults = steps(&[script.as_bytes()]).into_iter().filter_map(Result::err);
            let found: Vec<_> = faults.map(|fault| fault.place.to_string()).collect();
            let wanted: Vec<_> = places.iter().map(|place| format!("a.chat:{place}")).collect();
            assert_eq!(found, wanted, "{script}");
        }
    }

    #[test]
    fn a_faulty_line_of_a_block_that_is_typed_can_be_typed_again() {
        let (mut parser, mut out) = (Parser::typed("<prompt>".into()), Vec::new());
        let lines = ["/all -t soon", "/all", "hello", "* (", "/quit", "* a", "! b(", "! b", "/end"];
        for line in lines {
            parser.feed(format!("{line}\n").into(), &mut out);
        }
        let told =
            ["? /all -t soon", "? hello", "? * (", "? /quit", "? ! b(", "* /all\n* a\n! b\n/end\n"];
        let lines = [1, 3, 4, 5, 7, 2];
        let wanted: Vec<_> = lines.into_iter().zip(told.map(str::to_owned)).collect();
        assert_eq!(outline(&out), wanted);
        let Some(Ok(step @ Step { what: What::All(block), .. })) = out.last() else {
            panic!("no block: {out:?}");
        };
        let lines = block.items.iter().map(|item| item.place(&step.place(0..0)).line);
        assert_eq!(lines.collect::<Vec<_>>(), [6, 8]);
    }

    /// A line for each command, with its options, as its entry in the table shows it; and blocks.
    fn examples() -> Vec<Vec<u8>> {
        let all = crate::command::help::examples();
        let blocks = ["/all\n* a\n/end", "/all -t 1s\n\n ? (?<b>x)\n/# y\n!\tz\n*  ${a} \n/end"];
        let lines = all.into_iter().chain(blocks);
        lines.map(|line| line.as_bytes().to_vec()).collect()
    }

    /// Scripts in which commands, comments, escaped slashes and any bytes follow each other.
    fn script() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            prop::collection::vec(prop::sample::select(&b"ab/#\r\xff* "[..]), 0..6),
            prop::sample::select(examples()),
            prop::sample::select(
                &["/quit", "/# x", "//x", "/nope", "/expect a\r", "/", "/all", "* a", "/end"][..]
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
