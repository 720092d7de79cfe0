//! What each command does when its turn comes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use memchr::memrchr;

use super::all::Gathering;
use super::lines_read::LinesRead;
use super::used::{self, Used};
use super::wait::{Expecting, Wait};
use super::{Blame, Block, Failure, Place, Report, Runner, ScriptFault, Step, Task, failure};
use crate::command::{
    Arg, Command, ConnCommand, Expect, Fault, KeepCommand, PromptCommand, SayCommand, SetCommand,
    WaitCommand,
};
use crate::matching::Pattern;
use crate::session::{Audience, Drive, Input};
use crate::units::At;
use crate::wire::{ConnId, Eol, with_eol};

/// A fault is the script's; a failure is told as it is.
pub(super) enum Refused {
    Fault(Fault),
    Failure(Box<Failure>),
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Refused::Fault(fault)
    }
}

impl Runner {
    /// Begins a command. What it waits for, and what it wants done, is left behind in `self`.
    pub(super) fn command(&mut self, now: At, command: &Command, place: &Place) {
        let begun = match command {
            Command::Prompt(command) => self.prompt_command(command),
            Command::Keep(command) => self.keep_command(command),
            Command::Say(command) => self.say_command(command, place),
            Command::Wait(command) => self.wait_command(now, command, place),
            Command::Set(command) => self.set_command(now, command, place),
            Command::Conn(command) => self.conn_command(now, command, place),
        };
        match begun {
            Ok(()) => {}
            Err(Refused::Fault(fault)) => self.fault(place.fault(fault)),
            Err(Refused::Failure(failure)) => self.fail(*failure),
        }
    }

    /// A step that asks for what cannot be: the script's fault.
    pub(super) fn refused(&self, report: Report) -> Refused {
        Refused::Failure(Box::new(self.blame(Blame::Script, report)))
    }

    fn fault(&mut self, fault: ScriptFault) {
        let report = used::fault(fault, &self.settings.vars);
        let failure = self.blame(Blame::Script, report);
        self.fail(failure);
    }

    /// Says text lines, as the peer writes its own.
    pub(super) fn text(&mut self, step: &Step, text: &Bytes) {
        match self.settings.encoding.bytes(text) {
            Ok(text) => {
                for bytes in self.settings.eol_applied(&text) {
                    self.send(Input::Say { to: self.to, bytes, send: None });
                }
            }
            Err(none) => {
                // However lines come together, those before it are said.
                let start = memrchr(b'\n', &text[..none.at]).map_or(0, |end| end + 1);
                if start > 0 {
                    self.text(step, &text.slice(..start));
                }
                self.fault(step.fault_of(none));
            }
        }
    }

    fn prompt_command(&mut self, command: &PromptCommand) -> Result<(), Refused> {
        match command {
            PromptCommand::Help(topic) => self.ask(Task::Help(topic.clone())),
            PromptCommand::Quit => self.quit(),
            PromptCommand::Clear => self.ask(Task::Clear),
            PromptCommand::Time(on) => {
                let on = on.value(&self.settings.vars)?;
                self.ask(Task::Time(on));
            }
        }
        Ok(())
    }

    fn keep_command(&mut self, command: &KeepCommand) -> Result<(), Refused> {
        let vars = &self.settings.vars;
        match command {
            KeepCommand::Save { force, file } => {
                let file = file.as_ref().map(|file| file.value(vars)).transpose()?;
                self.ask(Task::Save { force: *force, file });
            }
            KeepCommand::Replay { pace, file } => {
                let pace = pace.as_ref().map(|pace| pace.value(vars)).transpose()?;
                let file = file.value(vars)?;
                self.ask(Task::Replay { pace, file });
            }
            KeepCommand::Show(count) => {
                let count = count.as_ref().map(|count| count.value(vars)).transpose()?;
                self.ask(Task::Show(count));
            }
            KeepCommand::Stats => self.ask(Task::Stats),
            KeepCommand::Note(text) => {
                let text = text.value(vars)?;
                self.send(Input::Note(text));
            }
        }
        Ok(())
    }

    fn say_command(&mut self, command: &SayCommand, place: &Place) -> Result<(), Refused> {
        self.failure.saying = Some(place.clone());
        let (to, vars, encoding) = (self.to, &self.settings.vars, self.settings.encoding);
        let input = match command {
            SayCommand::Send(text) => {
                let captured = text.template().uses_captured(vars);
                let send = captured.then(|| text.template().source().to_owned());
                let bytes = with_eol(&text.encoded(vars, encoding)?, self.settings.eol);
                Input::Say { to, bytes, send }
            }
            SayCommand::Raw(bytes) => Input::Raw { to, bytes: bytes.encoded(vars, encoding)? },
        };
        self.send(input);
        Ok(())
    }

    fn wait_command(
        &mut self,
        now: At,
        command: &WaitCommand,
        place: &Place,
    ) -> Result<(), Refused> {
        let from = self.to;
        let wait = match command {
            WaitCommand::Expect(expect) => Wait::Expect(self.expecting(now, expect)?),
            WaitCommand::Reject(pattern) => {
                return Ok(self.reject(now, pattern.as_ref(), place)?);
            }
            // The parser makes blocks of these.
            WaitCommand::All(_) | WaitCommand::End => return Ok(()),
            WaitCommand::Eof(limit) => {
                Wait::Eof { from, since: now, limit: self.limit(limit.as_ref())? }
            }
            WaitCommand::Quiet(limit) => {
                let limit = limit.value(&self.settings.vars)?;
                let unread = self.unread.next(from).is_some();
                Wait::Quiet { from, since: now, limit, unread }
            }
        };
        let span = match &wait {
            Wait::Expect(expecting) => expecting.span.clone(),
            _ => place.span.clone(),
        };
        let comes_behind = matches!(wait, Wait::Eof { .. });
        self.wait = Some((wait, place.part(span)));
        if comes_behind {
            self.make_way();
        }
        Ok(())
    }

    /// Begins a block.
    pub(super) fn all(&mut self, now: At, block: &Block, place: &Place) {
        let begun = self.limit(block.timeout.as_ref()).map_err(|fault| place.fault(fault));
        let begun = begun.and_then(|limit| {
            let (vars, strict) = (&self.settings.vars, self.strict.is_some());
            Gathering::new((now, limit, self.to), block, place, vars, strict)
        });
        match begun {
            Ok(gathering) => self.wait = Some((Wait::All(Box::new(gathering)), place.clone())),
            Err(fault) => self.fault(fault),
        }
    }

    fn expecting(&mut self, now: At, expect: &Expect) -> Result<Expecting, Fault> {
        Ok(Expecting {
            pattern: self.pattern(expect)?,
            written: expect.pattern.template().source().to_owned(),
            span: expect.pattern.span(),
            exact: expect.exact,
            from: self.to,
            next: expect.next,
            partial: expect.partial,
            since: now,
            limit: self.limit(expect.timeout.as_ref())?,
            strict: self.strict.is_some(),
            used: Used::of(expect.pattern.template(), &self.settings.vars),
            heard: LinesRead::default(),
        })
    }

    /// The compiled pattern; one without variables is compiled once.
    fn pattern(&mut self, expect: &Expect) -> Result<Arc<Pattern>, Fault> {
        if !expect.is_plain() {
            return Ok(Arc::new(expect.compile(&self.settings.vars)?));
        }
        let source = expect.pattern.template().source();
        if let Some(pattern) = self.patterns.find(source, expect.exact) {
            return Ok(pattern);
        }
        let pattern = Arc::new(expect.compile(&self.settings.vars)?);
        self.patterns.keep(source, expect.exact, &pattern);
        Ok(pattern)
    }

    fn limit(&self, given: Option<&Arg<Duration>>) -> Result<Duration, Fault> {
        given.map_or(Ok(self.settings.timeout), |limit| limit.value(&self.settings.vars))
    }

    fn set_command(&mut self, now: At, command: &SetCommand, place: &Place) -> Result<(), Refused> {
        let vars = &self.settings.vars;
        match command {
            SetCommand::Set { name, value } => {
                let value = value.value(vars)?;
                self.settings.vars.set(name, value);
            }
            SetCommand::Timeout(limit) => self.settings.timeout = limit.value(vars)?,
            SetCommand::Eol(eol) => self.settings.eol = eol.value(vars)?,
            SetCommand::Sleep(time) => {
                let until = now + time.value(vars)?;
                self.wait = Some((Wait::Sleep { until }, place.clone()));
            }
            SetCommand::Strict(on) => {
                let on = on.value(vars)?;
                self.set_strict(on, place);
            }
            SetCommand::Echo(text) => {
                let text = text.value(vars)?;
                self.ask(Task::Tell(text));
            }
            SetCommand::Include(file) => {
                let place = place.part(file.span());
                let file = file.value(vars)?;
                self.ask(Task::Include { file, place });
            }
        }
        Ok(())
    }

    fn conn_command(
        &mut self,
        now: At,
        command: &ConnCommand,
        place: &Place,
    ) -> Result<(), Refused> {
        match command {
            ConnCommand::Open { .. } | ConnCommand::Shutdown if self.options.room => {
                return Err(self.refused(failure::in_a_room(place.clone())));
            }
            ConnCommand::Open { name, addr } => self.open(name, addr, place)?,
            ConnCommand::On(name) => self.to = self.named(name, place)?,
            ConnCommand::StartTls => self.start_tls(place)?,
            ConnCommand::Shutdown => self.send(Input::Shutdown(self.to)),
            ConnCommand::Close => self.send(Input::Close(self.to)),
            ConnCommand::Accept(count) => {
                let count = count.value(&self.settings.vars)?;
                self.only_as_listener(place)?;
                let limit = self.settings.timeout;
                self.wait = Some((Wait::Accept { count, since: now, limit }, place.clone()));
            }
            ConnCommand::Who => self.who(),
            ConnCommand::Kick { name, why } => {
                self.only_as_listener(place)?;
                self.kick(name, why.as_ref(), place)?;
            }
            ConnCommand::Nick(name) => self.nick(name, place)?,
            ConnCommand::Me(text) => self.me(text, place)?,
            ConnCommand::Msg { name, text } => self.msg(name, text, place)?,
        }
        Ok(())
    }

    fn named(&self, name: &Arg<String>, place: &Place) -> Result<Audience, Refused> {
        let wanted = name.value(&self.settings.vars)?;
        if wanted == "all" {
            return Ok(if self.options.listener { Audience::Guests } else { Audience::All });
        }
        self.roster.named(&wanted).map(Audience::One).ok_or_else(|| {
            let known: Vec<&str> = self.roster.names().collect();
            self.refused(failure::no_such_conn(&wanted, &known, place.part(name.span())))
        })
    }

    /// Has another conn opened, and waits until it stands.
    fn open(
        &mut self,
        name: &Arg<String>,
        addr: &Arg<String>,
        place: &Place,
    ) -> Result<(), Refused> {
        let at = |arg: &Arg<String>| place.part(arg.span());
        let wanted = name.value(&self.settings.vars)?;
        let taken = if wanted == "all" || self.options.listener && wanted.starts_with("guest-") {
            Some(failure::reserved(&wanted, at(name)))
        } else {
            self.roster.is_here(&wanted).then(|| failure::taken(&wanted, at(name)))
        };
        if let Some(report) = taken {
            return Err(self.refused(report));
        }
        let to = addr.value(&self.settings.vars)?;
        self.ask(Task::Open { name: wanted.clone(), addr: to, place: at(addr) });
        self.wait = Some((Wait::Open { name: wanted }, place.clone()));
        Ok(())
    }

    fn only_as_listener(&self, place: &Place) -> Result<(), Refused> {
        if self.options.listener {
            return Ok(());
        }
        Err(self.refused(failure::no_listener(place.clone())))
    }

    /// A listener knows its guests; of a room that we joined the room knows.
    fn who(&mut self) {
        if !self.options.listener {
            let bytes = with_eol(b"/who", self.settings.eol);
            return self.send(Input::Say { to: self.to, bytes, send: None });
        }
        let here: Vec<String> =
            self.roster.present().map(|(name, addr)| format!("{name} from {addr}")).collect();
        let told = if here.is_empty() { "nobody is here".to_owned() } else { here.join("\n") };
        self.ask(Task::Tell(told));
    }

    fn kick(
        &mut self,
        name: &Arg<String>,
        why: Option<&Arg<String>>,
        place: &Place,
    ) -> Result<(), Refused> {
        let encoding = self.settings.encoding;
        let said = why.map(|why| why.encoded(&self.settings.vars, encoding)).transpose()?;
        let said = said.unwrap_or_default();
        let why = why.map(|why| why.value(&self.settings.vars)).transpose()?.unwrap_or_default();
        for conn in self.kicked(name, place)? {
            // A room tells its guests itself.
            if !why.is_empty() && !self.options.room {
                let bytes = with_eol(&said, self.kick_eol());
                self.send(Input::Say { to: Audience::One(conn), bytes, send: None });
            }
            self.send(Input::Kick { conn, why: why.clone() });
        }
        Ok(())
    }

    fn kicked(&self, name: &Arg<String>, place: &Place) -> Result<Vec<ConnId>, Refused> {
        Ok(match self.named(name, place)? {
            Audience::One(conn) if self.roster.is_guest(conn) => vec![conn],
            Audience::One(_) => {
                return Err(self.refused(failure::no_guest(place.part(name.span()))));
            }
            Audience::All | Audience::Guests => self.roster.present_guests().collect(),
        })
    }

    /// What a guest is told stands on a line of its own, also where lines have no end.
    fn kick_eol(&self) -> Eol {
        if self.settings.eol == Eol::None { Eol::Lf } else { self.settings.eol }
    }

    pub(super) fn quit(&mut self) {
        if self.fail_unread() {
            return;
        }
        self.drive = Drive::Quit;
        self.send(Input::Drive(Drive::Quit));
    }
}
