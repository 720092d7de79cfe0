//! Both ends of a conversation, without sockets and in virtual time.
//!
//! An [`End`] is a session and the runner that drives it, wired as the event loop wires them. A
//! [`Pair`] is two of them with pipes between.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::{Action, Blame, Parser, Play, Runner, RunnerOptions, Settings, Task};
use crate::matching::{Secrets, Vars};
use crate::session::testing::{Told, conn};
use crate::session::{
    Audience, Direct, DirectOptions, Drive, Effect, Ending, Input, Leave, Record, Recorded,
    Session, Source,
};
use crate::units::At;
use crate::wire::{ConnId, Encoding, Eol, Side};

mod pair;

pub(crate) use pair::{Pair, Ways};

/// What an end does on its own, before anything happens to it.
pub(crate) struct Options {
    pub(crate) role: Side,
    pub(crate) prompt: bool,
    pub(crate) then_prompt: bool,
    pub(crate) stay: bool,
    pub(crate) eol: Eol,
    pub(crate) encoding: Encoding,
    pub(crate) max_line: usize,
}

impl Options {
    pub(crate) fn script(role: Side) -> Options {
        let (prompt, then_prompt, stay) = (false, false, false);
        let (eol, encoding) = (Eol::Lf, Encoding::UTF_8);
        Options { role, prompt, then_prompt, stay, eol, encoding, max_line: 1 << 20 }
    }

    pub(crate) fn prompt(role: Side) -> Options {
        Options { prompt: true, stay: role == Side::Server, ..Options::script(role) }
    }
}

/// One end: what the event loop is to a session and a runner, without the world around it.
pub(crate) struct End {
    pub(crate) now: At,
    listener: bool,
    session: Direct,
    pub(crate) runner: Runner,
    pub(crate) told: Told,
    /// The reports of steps that failed, as people see them, and whose fault they were.
    pub(crate) failures: Vec<(String, Blame)>,
    pub(crate) tasks: Vec<Task>,
    /// What the session was told of the script.
    pub(crate) drives: Vec<Drive>,
    /// A person took over when the script was done.
    pub(crate) prompted: bool,
    /// Patterns for the transcript: before the line was recorded, and after.
    pub(crate) wants: Vec<(u64, String)>,
    pub(crate) late_wants: Vec<(u64, String)>,
    outboxes: BTreeMap<ConnId, Outbox>,
}

/// What is still to be sent on a conn.
#[derive(Default)]
struct Outbox {
    waiting: Vec<u8>,
    sent: Vec<u8>,
    shut: bool,
    closed: bool,
}

impl End {
    pub(crate) fn new(options: &Options) -> End {
        let timeout = Duration::from_secs(5);
        let listener = options.role == Side::Server;
        let runner = RunnerOptions {
            settings: Settings {
                vars: Vars::default(),
                timeout,
                eol: options.eol,
                encoding: options.encoding,
                secrets: Secrets::default(),
            },
            max_line: options.max_line,
            listener,
            room: false,
            reads: true,
            prompt: options.prompt,
            then_prompt: options.then_prompt,
            stays: options.stay,
        };
        let session = Direct::new(DirectOptions {
            role: options.role,
            stay: options.stay,
            half_close: true,
            linger: timeout,
            max_line: options.max_line,
            telnet: false,
            introduction: None,
        });
        End {
            now: At::START,
            listener,
            session,
            runner: Runner::new(runner),
            told: Told::new(options.role),
            failures: Vec::new(),
            tasks: Vec::new(),
            drives: Vec::new(),
            prompted: false,
            wants: Vec::new(),
            late_wants: Vec::new(),
            outboxes: BTreeMap::new(),
        }
    }

    /// A client that is connected and runs this script to its end.
    pub(crate) fn client(script: &str) -> End {
        let mut end = End::new(&Options::script(Side::Client));
        end.script(script);
        end.joins(1);
        end
    }

    /// A listener with this script and so many guests.
    pub(crate) fn listener(script: &str, guests: u32) -> End {
        let mut end = End::new(&Options::script(Side::Server));
        end.script(script);
        (1..=guests).for_each(|n| end.joins(n));
        end
    }

    /// A person at the prompt, connected.
    pub(crate) fn person() -> End {
        let mut end = End::new(&Options::prompt(Side::Client));
        end.joins(1);
        end
    }

    /// All that the script is.
    pub(crate) fn script(&mut self, script: &str) {
        self.more(script);
        self.runner.complete();
        self.step();
    }

    /// Some steps; more may come.
    pub(crate) fn more(&mut self, script: &str) {
        let (mut parser, mut steps) = (Parser::new("a.chat".into()), Vec::new());
        parser.feed(Bytes::copy_from_slice(script.as_bytes()), &mut steps);
        parser.finish(&mut steps);
        for step in steps {
            self.runner.push(step.unwrap());
        }
        self.step();
    }

    pub(crate) fn plays(&mut self, play: Box<dyn Play>) {
        self.runner.play(play);
        self.runner.complete();
        self.step();
    }

    pub(crate) fn joins(&mut self, n: u32) {
        let own = if self.listener { Side::Server } else { Side::Client };
        self.opened(n, own, None);
    }

    /// What `/open` asked for has come true.
    pub(crate) fn opens(&mut self, n: u32, name: &str) {
        self.opened(n, Side::Client, Some(name.to_owned()));
    }

    fn opened(&mut self, n: u32, own: Side, name: Option<String>) {
        self.outboxes.insert(conn(n), Outbox::default());
        self.give(Input::Opened {
            conn: conn(n),
            addr: format!("addr-{n}"),
            own,
            name,
            secured: None,
        });
    }

    pub(crate) fn hears(&mut self, n: u32, bytes: &[u8]) {
        self.give(Input::Received { conn: conn(n), bytes: Bytes::copy_from_slice(bytes) });
    }

    pub(crate) fn ends(&mut self, n: u32, how: Ending) {
        self.give(Input::Ended { conn: conn(n), how });
    }

    /// Something happens.
    pub(crate) fn give(&mut self, input: Input) {
        self.input(input);
        self.step();
    }

    /// When something is due, if anything is.
    pub(crate) fn deadline(&self) -> Option<At> {
        if self.told.left().is_some() {
            return None;
        }
        [self.session.next_deadline(), self.runner.deadline()].into_iter().flatten().min()
    }

    /// Does what is due now.
    pub(crate) fn tick(&mut self, now: At) {
        self.now = now;
        if self.session.next_deadline().is_some_and(|due| due <= now) {
            self.input(Input::Tick);
        }
        self.step();
    }

    /// Lets time pass, to each deadline on the way, until `millis` after the start.
    pub(crate) fn until(&mut self, millis: u64) {
        let then = At::START + Duration::from_millis(millis);
        while let Some(due) = self.deadline().filter(|due| *due <= then) {
            self.tick(due.max(self.now));
            assert!(self.deadline().is_none_or(|next| next > self.now), "what was due is done");
        }
        self.now = then;
    }

    /// What was sent on a conn.
    pub(crate) fn sent(&self, n: u32) -> String {
        let sent = self.outboxes.get(&conn(n)).map_or(&[][..], |outbox| &outbox.sent);
        String::from_utf8_lossy(sent).into_owned()
    }

    pub(crate) fn is_shut(&self, n: u32) -> bool {
        self.outboxes[&conn(n)].shut
    }

    pub(crate) fn left(&self) -> Option<Leave> {
        self.told.left().map(|(_, why)| why.clone())
    }

    /// The first line of the one failure there was.
    pub(crate) fn failed(&self) -> &str {
        assert_eq!(self.failures.len(), 1, "{:#?}", self.failures);
        self.failures[0].0.lines().next().unwrap()
    }

    pub(crate) fn is_paused(&self, source: Source) -> bool {
        self.told.paused().contains(&source)
    }

    fn input(&mut self, input: Input) {
        if let Input::Drive(drive) = &input {
            assert_ne!(self.drives.last(), Some(drive), "the same is not told twice");
            self.drives.push(*drive);
        }
        let mut effects = Vec::new();
        self.session.handle(self.now, input, &mut effects);
        for effect in effects {
            self.perform(&effect);
        }
    }

    fn perform(&mut self, effect: &Effect) {
        self.told.take(self.now, effect);
        self.runner.observe(self.now, effect);
        match effect {
            Effect::Send { to, bytes } => self.send(*to, bytes),
            Effect::Shutdown(conn) => self.outbox(*conn).shut = true,
            Effect::Close(conn) | Effect::Reset(conn) => {
                let outbox = self.outbox(*conn);
                (outbox.shut, outbox.closed) = (true, true);
            }
            Effect::Record(Record { what: Recorded::Said { .. }, .. }) => {
                let wants = self.runner.take_wants().into_iter();
                self.wants.extend(wants.map(|want| (want.line, want.pattern)));
            }
            Effect::Pause(Source::Script) => self.runner.hold(true),
            Effect::Resume(Source::Script) => self.runner.hold(false),
            Effect::Leave(_) => {
                let cut_short = self.runner.take_failure();
                self.failures.extend(cut_short.map(|f| (f.report.to_string(), f.blame)));
            }
            _ => {}
        }
    }

    fn send(&mut self, to: Audience, bytes: &Bytes) {
        let meant = |conn: ConnId| to == Audience::All || to == Audience::One(conn);
        for outbox in
            self.outboxes.iter_mut().filter(|(conn, _)| meant(**conn)).map(|(_, outbox)| outbox)
        {
            if !outbox.shut {
                outbox.waiting.extend_from_slice(bytes);
                outbox.sent.extend_from_slice(bytes);
            }
        }
    }

    fn outbox(&mut self, conn: ConnId) -> &mut Outbox {
        self.outboxes.get_mut(&conn).expect("it has opened")
    }

    /// Lets the runner go on as far as it can.
    pub(crate) fn step(&mut self) {
        while self.told.left().is_none() {
            let Some(action) = self.runner.next(self.now) else { break };
            match action {
                Action::Session(input) => {
                    if input == Input::Drive(Drive::Idle) {
                        self.runner.starve();
                    }
                    self.input(input);
                }
                Action::Task(task) => self.tasks.push(task),
                Action::Prompt => self.prompted = true,
                Action::Fail(failure) => {
                    self.failures.push((failure.report.to_string(), failure.blame));
                    if !self.runner.is_prompt() {
                        self.input(Input::Drive(Drive::Quit));
                    }
                }
            }
        }
        let wants = self.runner.take_wants().into_iter();
        self.late_wants.extend(wants.map(|want| (want.line, want.pattern)));
    }
}
