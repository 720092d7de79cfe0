//! Commands that need more than the session: files, the terminal, the transcript.

use std::path::PathBuf;

use jiff::Timestamp;

use super::engine::Engine;
use super::recorder::saved_notice;
use crate::command::help;
use crate::matching::hearing::Change;
use crate::replay;
use crate::script::{Blame, Failure, Report, Task};
use crate::session::Notice;
use crate::transcript::export::Text;
use crate::transcript::{Edited, FileError, Target, rewrite};
use crate::units::{Human, Pace, count};

/// How many events `/show` shows where it is not told.
const SHOWN: u64 = 10;

impl Engine {
    pub(super) fn task(&mut self, task: Task) {
        match task {
            Task::Help(None) => self.screen.page(help::overview()),
            Task::Help(Some(name)) => self.explain(&name),
            Task::Clear => self.screen.clear(),
            Task::Time(on) => self.screen.set_time(on),
            Task::Save { force, file } => self.save(force, file),
            Task::Replay { pace, file } => self.replay(pace, &file),
            Task::Show(n) => self.show(n.unwrap_or(SHOWN)),
            Task::Stats => self.tell(self.stats()),
            Task::Include { file, place } => self.include(&file, place),
            Task::Open { name, addr, place } => self.open(name, &addr, place),
            Task::StartTls { conn, guest } => self.start_tls(conn, guest),
            Task::Tell(text) => self.tell(text),
            // A room may refuse it, and says so itself where it does not.
            Task::Named(name) if !self.names.knows_own() => self.screen.set_own_name(&name),
            Task::Named(_) => {}
            Task::Unheard => self.screen.tell(&Notice::NobodyHere),
            Task::Differs(mismatch) => {
                let guest = self.runners.acting_guest().map(|(_, name)| name);
                self.recorder.differs(self.now, &mismatch, guest, self.redactor.secrets());
            }
            Task::Bless { name, changes, version } => self.bless(&name, &changes, version),
            Task::OpenAlike(name) => self.open_alike(name),
            Task::Replayed { name, lines } => {
                self.screen.set_echo(self.runners.are_apart() || !self.runners.own.is_prompt());
                let guest = self.runners.acting_guest().map(|(_, guest)| guest.to_owned());
                self.screen.notice(&Notice::Replayed { lines, file: name, guest });
            }
        }
    }

    fn tell(&mut self, text: String) {
        self.screen.tell(&Notice::Told(text));
    }

    fn refuse(&mut self, report: Report, blame: Blame) {
        self.runners.acting().fail_task(Failure { report, blame });
    }

    fn explain(&mut self, name: &str) {
        match help::explain(name) {
            Ok(text) => self.screen.page(text),
            Err(wrong) => {
                let mut report = Report::new(wrong.to_string());
                if let Some(hint) = wrong.hint() {
                    report = report.label(hint);
                }
                self.refuse(report, Blame::Script);
            }
        }
    }

    fn save(&mut self, force: bool, file: Option<String>) {
        let target = match file {
            Some(path) => Target::Named { path: PathBuf::from(path), force },
            None => Target::Dated(Timestamp::now()),
        };
        let saved: Result<_, FileError> = self.recorder.save(&target);
        match saved {
            Ok(saved) => self.screen.tell(&saved_notice(&saved)),
            Err(err) => self.refuse(Report::new(err.to_string()), Blame::Script),
        }
    }

    fn replay(&mut self, pace: Option<Pace>, file: &str) {
        let runner = self.runners.acting();
        let settings = runner.settings();
        let within = self.replaying.within(settings.timeout);
        let pace = pace.unwrap_or(within.pace);
        let manner = replay::Manner { pace, from_now: runner.has_spoken(), ..within };
        let given = replay::Given { settings, masks: &self.replaying.masks };
        match replay::load(file.as_ref(), self.role, manner, given, replay::Conns::Only) {
            Ok(player) => {
                self.screen.set_echo(true);
                runner.play(Box::new(player));
            }
            Err(err) => self.runners.acting().fail_task(err.into()),
        }
    }

    fn bless(&mut self, file: &str, changes: &[Change], version: u64) {
        let secrets = &self.runners.own.settings().secrets;
        match rewrite(file.as_ref(), changes, version, secrets) {
            Ok(Edited { changed, added, removed }) => {
                let changed = count(changed as u64, "line");
                let text =
                    format!("blessed {file}: {changed} changed, {added} added, {removed} removed");
                self.screen.notice(&Notice::Told(text));
            }
            Err(err) => self.refuse(Report::new(err.to_string()), Blame::Script),
        }
    }

    fn show(&mut self, n: u64) {
        let store = &self.recorder.store;
        let events = store.last(usize::try_from(n).unwrap_or(usize::MAX));
        let mut text = Text::new(store.header());
        if store.stats().conns > 1 {
            text.tell_conns();
        }
        let mut out = Vec::new();
        for event in &events {
            // Writing to memory does not fail.
            text.event(event, &mut out).ok();
        }
        if events.is_empty() {
            out.extend_from_slice(b"nothing has happened yet");
        }
        self.tell(String::from_utf8_lossy(&out).trim_end().to_owned());
    }

    fn stats(&self) -> String {
        let stats = self.recorder.store.stats();
        let side = |name: &str, side: &crate::transcript::SideStats| {
            format!("{name}: {}, {}", count(side.lines, "line"), count(side.bytes, "byte"))
        };
        let mut lines = vec![
            format!("{}, {}", count(stats.events, "event"), count(stats.conns, "conn")),
            side("client", &stats.client),
            side("server", &stats.server),
        ];
        let latency = &stats.latency;
        if latency.count > 0 {
            let [min, mean, max] = [latency.min, latency.mean(), latency.max].map(Human);
            let replies = if latency.count == 1 { "reply" } else { "replies" };
            lines.push(format!("{} {replies}: min {min}, mean {mean}, max {max}", latency.count));
        }
        lines.join("\n")
    }
}
