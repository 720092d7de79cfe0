//! What somebody in the room asks of it.

use bytes::BytesMut;

use super::names::{Name, Who};
use super::orders::{self, Ask};
use super::speech::{self, SAYS_TO_YOU};
use super::{Room, aside};
use crate::session::effect::record;
use crate::session::{Audience, Drive, Effect, Ending, Notice, Recorded};
use crate::units::{At, count};
use crate::wire::{ConnId, Side, Visible};

/// How many names `/who` tells: a line that one can still look through.
const NAMES: usize = 100;

impl Room {
    /// Does what a line asks for that begins with a slash. What it says to all goes behind the lines in
    /// `out`; these are passed on before anything else is done.
    pub(super) fn order(
        &mut self,
        now: At,
        who: Who,
        line: &[u8],
        out: &mut BytesMut,
        effects: &mut Vec<Effect>,
    ) {
        let ask = orders::parse(line);
        if let Who::Guest(conn) = who
            && !matches!(ask, Ok(Ask::Me(_)))
        {
            self.relayed(now, conn, out, effects);
        }
        match (ask, who) {
            (Ok(Ask::Me(text)), _) => self.me(now, who, text, out, effects),
            (Ok(Ask::Msg(name, text)), _) => self.msg(now, who, (name, text), effects),
            (Ok(Ask::Nick(name)), _) => self.nick(now, who, name, effects),
            (Ok(Ask::Quit), Who::Guest(conn)) => self.quit(now, conn, effects),
            (Ok(Ask::Quit), Who::Host) => self.drive(now, Drive::Quit, effects),
            // To find out an answer that nobody is told would cost more than to ask.
            _ if !self.may_ask(now, who) => {}
            (Ok(Ask::Who), _) => self.answer(now, who, &self.who(), effects),
            (Ok(Ask::Help), _) => {
                orders::help().for_each(|line| self.answer(now, who, &line, effects));
            }
            (Err(fault), _) => self.answer(now, who, &fault.to_string(), effects),
        }
    }

    /// Whether somebody would be told an answer.
    fn may_ask(&mut self, now: At, who: Who) -> bool {
        let Who::Guest(conn) = who else { return true };
        let full = self.flow.is_full(conn);
        self.guests.get_mut(&conn).is_some_and(|guest| !full && guest.may_ask(now))
    }

    /// Tells somebody something that nobody else is told. A guest that does not read, or asks for too much
    /// at a time, is told nothing more.
    pub(super) fn answer(&mut self, now: At, who: Who, text: &str, effects: &mut Vec<Effect>) {
        let Who::Guest(conn) = who else {
            return effects.push(Effect::Notice(Notice::Told(text.to_owned())));
        };
        let bytes = aside(text);
        let full = self.flow.is_full(conn);
        let guest = self.guests.get_mut(&conn);
        if guest.is_some_and(|guest| !full && guest.may_be_answered(now, bytes.len())) {
            effects.push(Effect::Send { to: Audience::One(conn), bytes });
        }
    }

    /// A guest leaves with a word: it is as if it had ended.
    fn quit(&mut self, now: At, conn: ConnId, effects: &mut Vec<Effect>) {
        if self.members.silence(conn) {
            let ended = Recorded::Close { from: Side::Client, how: Ending::Eof };
            effects.push(record(now, Some(conn), ended));
        }
        self.gone(now, conn, &Ending::Eof, effects);
    }

    fn nick(&mut self, now: At, who: Who, name: &[u8], effects: &mut Vec<Effect>) {
        let guest = match who {
            Who::Guest(conn) => self.guests.get_mut(&conn),
            Who::Host => None,
        };
        if guest.is_some_and(|guest| !guest.names.has_one(now)) {
            let told = "not so fast: you have taken many names, wait a second for the next";
            return self.answer(now, who, told, effects);
        }
        let wanted = String::from_utf8_lossy(name);
        let (before, name) = match self.names.rename(who, &wanted) {
            Ok(renamed) => renamed,
            Err(fault) => return self.answer(now, who, &fault.to_string(), effects),
        };
        if before.as_str() == name.as_str() {
            return self.answer(now, who, &format!("you are {name} already"), effects);
        }
        self.renamed(now, who, (&before, &name), effects);
    }

    fn renamed(
        &mut self,
        now: At,
        who: Who,
        (before, name): (&Name, &Name),
        effects: &mut Vec<Effect>,
    ) {
        let (from, to) = (before.to_string(), name.to_string());
        let text = format!("{from} is now {to}");
        let conn = match who {
            Who::Guest(conn) => Some(conn),
            Who::Host => None,
        };
        if let Some(guest) = conn.and_then(|conn| self.guests.get_mut(&conn)) {
            guest.names.take_one(now);
        }
        effects.push(record(now, conn, Recorded::Note { text: text.clone() }));
        effects.push(Effect::Renamed { conn, name: to.clone() });
        effects.push(Effect::Notice(Notice::Renamed { from, to }));
        if self.host.is_here || conn.is_some() {
            self.tell(now, Audience::All, &text, effects);
        }
    }

    fn who(&self) -> String {
        let host = self.host.is_here.then(|| self.names.of(Who::Host));
        let names = host.into_iter().chain(self.names.guests().map(Name::as_str)).take(NAMES);
        let mut told: Vec<String> = names.map(str::to_owned).collect();
        let here = self.here();
        if here > told.len() {
            told.push(format!("and {} more", here - told.len()));
        }
        if told.is_empty() {
            "nobody is here".to_owned()
        } else {
            format!("{here} here: {}", told.join(", "))
        }
    }

    /// `* alice waves`: no name begins with a star, so nobody can say it of somebody else.
    fn me(
        &mut self,
        now: At,
        who: Who,
        text: &[u8],
        out: &mut BytesMut,
        effects: &mut Vec<Effect>,
    ) {
        let prefix = format!("* {} ", self.names.of(who));
        if !speech::push_line(out, &prefix, text, self.longest) {
            let most = count(self.longest as u64, "byte");
            self.answer(now, who, &format!("not said: it has more than {most}"), effects);
        }
    }

    fn msg(&mut self, now: At, who: Who, (name, text): (&[u8], &[u8]), effects: &mut Vec<Effect>) {
        let Some(to) = self.names.find(&String::from_utf8_lossy(name)) else {
            let name = Visible(&name[..name.len().min(NAMES)]);
            return self.answer(now, who, &format!("nobody here is called `{name}`"), effects);
        };
        let mut out = BytesMut::new();
        let prefix = self.prefix(who, SAYS_TO_YOU);
        if !speech::push_line(&mut out, &prefix, text, self.longest) {
            let most = count(self.longest as u64, "byte");
            return self.answer(now, who, &format!("not said: it has more than {most}"), effects);
        }
        match (who, to) {
            (Who::Guest(conn), Who::Host) if self.host.is_here => {
                effects.push(Effect::Relayed { conn, bytes: out.freeze() });
            }
            (Who::Guest(_), Who::Host) => self.answer(now, who, "the host is not here", effects),
            (Who::Host, Who::Host) => self.answer(now, who, "that is you", effects),
            (Who::Host, Who::Guest(conn)) => {
                self.host_whispers(now, conn, (text, out.freeze()), effects);
            }
            (Who::Guest(_), Who::Guest(conn)) => {
                self.send(now, Audience::One(conn), out.freeze(), effects);
            }
        }
    }
}
