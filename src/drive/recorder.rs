//! Everything that keeps the session: memory, files, standard output with `--json`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::Message;
use super::inbox::Sender;
use crate::matching::Secrets;
use crate::script::{Mismatch, Want};
use crate::session::{Notice, Record, Recorded};
use crate::transcript::{
    self, Event, Extra, FileError, Header, LatePipe, Saved, Sink, SinkEvent, Spool, SpoolError,
    Store, Transcript, What, create,
};
use crate::units::At;
use crate::wire::{ConnId, Roles, Side, esc};

/// Bytes that may wait to be written before everything is paused: well below what the session may
/// take besides `--keep`, and some tenths of a second of a disk's time.
const BOUND: usize = 4 << 20;

/// The same where nothing waits, and the recording stops instead: more than a disk stalls for.
const PATIENT_BOUND: usize = 64 << 20;

/// What is done where a recording cannot keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// Everything waits.
    Waits,
    /// The recording stops, which is told.
    Loses,
}

/// What `--record` names, opened.
pub(super) enum Recording {
    File(File),
    Pipe(LatePipe),
}

/// Whether anybody asks for what memory has of a session: a person, or a step.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Somebody may.
    #[default]
    Yes,
    /// Nobody has, but steps may yet come that do.
    Perhaps,
    /// Nobody does: memory has nothing.
    Never,
}

/// Where a session is to be kept, besides memory.
#[derive(Debug, Default, Clone)]
pub struct Keeping {
    /// `--record`.
    pub record: Option<PathBuf>,
    /// `--save`.
    pub save: Option<PathBuf>,
    /// It is saved only if something happened, and something went wrong.
    pub only_failed: bool,
    /// If something went wrong, what memory has of it is handed over in the end.
    pub hands_over: bool,
    /// `--json`.
    pub json: bool,
    /// `--keep`, in bytes.
    pub keep: usize,
    /// Whether anybody asks for that.
    pub asked: Asked,
}

impl Keeping {
    /// Whether anything of the session is kept, in memory or elsewhere.
    pub(super) fn is_somewhere(&self) -> bool {
        let written = self.record.is_some() || self.save.is_some() || self.json;
        written || self.hands_over || self.asked != Asked::Never
    }

    /// Opens what `--record` names. That of a pipe takes until somebody reads it, and is put off where
    /// nothing may wait for that.
    pub(super) fn open_record(&self, urgency: Urgency) -> Result<Option<Recording>, FileError> {
        let Some(path) = self.record.as_deref() else { return Ok(None) };
        let pipe = if urgency == Urgency::Loses { LatePipe::at(path) } else { None };
        match pipe {
            Some(pipe) => Ok(Some(Recording::Pipe(pipe))),
            None => create(path).map(|file| Some(Recording::File(file))),
        }
    }
}

/// Keeps the session.
pub(super) struct Recorder {
    pub(super) store: Store,
    /// Whether somebody asks for what the store has.
    asked: Asked,
    sinks: Vec<Sink>,
    /// The last of them is standard output.
    json: bool,
    spool: Option<Spool>,
    only_failed: bool,
    hands_over: bool,
    roles: Roles,
    /// How many ended lines each peer has said.
    ended: BTreeMap<ConnId, u64>,
    /// Patterns for lines that are about to be recorded.
    early: Vec<Want>,
    full: bool,
}

impl Recorder {
    /// Starts to record, also to `record`, which [`Keeping::open_record`] opened.
    pub(super) fn start(
        header: Header,
        own: Side,
        (keeping, urgency): (&Keeping, Urgency),
        record: Option<Recording>,
        sender: &Sender<Message>,
    ) -> Result<Self, FileError> {
        let begin = Begin { header: &header, urgency, sender };
        let mut sinks = Vec::new();
        if let Some((target, path)) = record.zip(keeping.record.as_deref()) {
            sinks.push(match target {
                Recording::File(file) => begin.file(file, path)?,
                Recording::Pipe(pipe) => begin.stream(pipe, path)?,
            });
        }
        let mut spool = None;
        if let Some(path) = &keeping.save {
            let (begun, file) = Spool::create(path)?;
            sinks.push(begin.file(file, begun.path())?);
            spool = Some(begun);
        }
        if keeping.json {
            sinks.push(begin.stream(io::stdout(), "standard output".as_ref())?);
        }
        let store = Store::new(header, keeping.keep);
        Ok(Recorder {
            store,
            asked: keeping.asked,
            sinks,
            json: keeping.json,
            spool,
            only_failed: keeping.only_failed,
            hands_over: keeping.hands_over,
            roles: Roles::new(own),
            ended: BTreeMap::new(),
            early: Vec::new(),
            full: false,
        })
    }

    /// Keeps a record, with the patterns that matched lines of it. Patterns for lines that were kept
    /// before follow them.
    pub(super) fn record(&mut self, mut record: Record, wants: Vec<Want>) {
        if self.keeps_nothing() {
            return;
        }
        self.expect(wants);
        let late = self.place(&mut record);
        if self.asked != Asked::Never {
            self.store.push(&record);
        }
        for sink in &self.sinks {
            sink.push(record.clone());
        }
        self.want(record.at, late);
    }

    /// A step has come that asks for what was recorded.
    pub(super) fn is_asked(&mut self) {
        self.asked = Asked::Yes;
    }

    /// All steps have come: if none of them asks, nobody ever will.
    pub(super) fn all_have_come(&mut self) {
        if self.asked == Asked::Perhaps {
            self.asked = Asked::Never;
            self.store = Store::new(self.store.header().clone(), 0);
        }
    }

    /// Whether what happens is kept nowhere, now or later: then lines are not even counted.
    fn keeps_nothing(&self) -> bool {
        self.asked == Asked::Never && self.sinks.is_empty()
    }

    /// Takes note of patterns for lines that are about to be recorded.
    pub(super) fn expect(&mut self, wants: Vec<Want>) {
        if !self.keeps_nothing() {
            self.early.extend(wants);
        }
    }

    /// Tells, on standard output with `--json`, how what came differs from what is replayed.
    pub(super) fn differs(
        &self,
        at: At,
        mismatch: &Mismatch,
        guest: Option<&str>,
        secrets: &Secrets,
    ) {
        if let Some(sink) = self.sinks.last().filter(|_| self.json) {
            sink.event(mismatch_event(at, mismatch, guest, secrets));
        }
    }

    /// A conn is closed: no line of it is recorded any more.
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.ended.remove(&conn);
        self.early.retain(|want| want.conn != conn);
    }

    /// Keeps patterns for lines that were kept before.
    pub(super) fn want(&mut self, at: At, wants: Vec<Want>) {
        for Want { conn, line, pattern } in wants {
            if self.asked != Asked::Never {
                self.store.want(conn, line, &pattern);
            }
            for sink in &self.sinks {
                sink.want(at, conn, line, pattern.clone());
            }
        }
    }

    /// Puts patterns to the lines of `record` that they belong to. Gives back those whose line was
    /// recorded before, and keeps those whose line is still to come.
    fn place(&mut self, record: &mut Record) -> Vec<Want> {
        let Some(id) = record.conn else { return Vec::new() };
        let mut none = Vec::new();
        let (placed, ends) = match &mut record.what {
            Recorded::Said { from, block, wants, .. } if *from != self.roles.own(Some(id)) => {
                (wants, block.ends())
            }
            Recorded::Open { own, .. } => {
                self.roles.opened(id, *own);
                self.ended.insert(id, 0);
                (&mut none, 0)
            }
            _ => (&mut none, 0),
        };
        let before = self.ended.get(&id).copied().unwrap_or_default();
        let mut late = Vec::new();
        for want in std::mem::take(&mut self.early) {
            // A conn that is not known was forgotten: all its lines have been recorded.
            let recorded = self.ended.get(&want.conn).copied().unwrap_or(u64::MAX);
            if want.line <= recorded {
                late.push(want);
            } else if want.conn == id && want.line <= before + ends {
                // A block has fewer lines than bytes, which fit into memory.
                let index = usize::try_from(want.line - before - 1).unwrap_or(usize::MAX);
                placed.push((index, want.pattern));
            } else {
                self.early.push(want);
            }
        }
        if let Some(ended) = self.ended.get_mut(&id) {
            *ended += ends;
        }
        late
    }

    /// Whether the files cannot keep up; `Some` where that has changed.
    pub(super) fn level(&mut self) -> Option<bool> {
        let full = self.sinks.iter().any(Sink::is_over_bound);
        (std::mem::replace(&mut self.full, full) != full).then_some(full)
    }

    pub(super) fn save(&self, target: &transcript::Target) -> Result<Saved, FileError> {
        transcript::save(&self.store, target)
    }

    /// What memory has, if somebody wants it.
    pub(super) fn hand_over(&self) -> Option<Transcript> {
        self.hands_over.then(|| self.store.transcript())
    }

    /// Writes what is still to be written; see [`Sink::finish`] for `give_up`. What `--save` asked for is
    /// told. `failed` says that something went wrong.
    pub(super) fn finish(
        &mut self,
        at: At,
        failed: bool,
        give_up: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Notice>, SpoolError> {
        for sink in self.sinks.drain(..) {
            // A sink that failed has told so.
            let _ = sink.finish(at, give_up);
        }
        let wanted = !self.only_failed || failed && self.store.stats().events > 0;
        let saved = match self.spool.take() {
            Some(spool) if wanted => Some(spool.finish()?),
            spool => {
                spool.into_iter().for_each(Spool::discard);
                None
            }
        };
        Ok(saved.map(|saved| saved_notice(&saved)))
    }
}

/// A mismatch as an event of a transcript.
fn mismatch_event(at: At, mismatch: &Mismatch, guest: Option<&str>, secrets: &Secrets) -> Event {
    let text = |key: &str, text: &str| Extra {
        key: key.to_owned(),
        json: serde_json::Value::from(secrets.hide_str(text)).to_string(),
    };
    let words = |key: &str, bytes: &Option<Bytes>| {
        let hidden = secrets.hide(bytes.as_ref()?).into_owned();
        Some(match String::from_utf8(hidden) {
            Ok(words) => text(key, &words),
            Err(other) => text(&format!("{key}-esc"), &esc(other.as_bytes())),
        })
    };
    let event = Extra { key: "event".to_owned(), json: mismatch.event.to_string() };
    let mut extra = vec![text("kind", mismatch.kind.as_str()), text("file", &mismatch.file), event];
    extra.extend(guest.map(|guest| text("guest", guest)));
    extra.extend(words("recorded", &mismatch.recorded));
    extra.extend(mismatch.want.as_ref().map(|want| text("want", want)));
    extra.extend(words("came", &mismatch.came));
    Event { at, conn: mismatch.conn, what: What::Unknown { ev: "mismatch".to_owned() }, extra }
}

/// What every sink begins with.
struct Begin<'a> {
    header: &'a Header,
    urgency: Urgency,
    sender: &'a Sender<Message>,
}

impl Begin<'_> {
    fn file(&self, file: File, path: &Path) -> Result<Sink, FileError> {
        let name = path.display().to_string();
        self.sink(path, Sink::file(file, name, self.header, self.bound(), self.tell()))
    }

    fn stream(&self, out: impl io::Write + Send + 'static, path: &Path) -> Result<Sink, FileError> {
        let name = path.display().to_string();
        self.sink(path, Sink::stream(out, name, self.header, self.bound(), self.tell()))
    }

    fn sink(&self, path: &Path, sink: io::Result<Sink>) -> Result<Sink, FileError> {
        let sink = sink.map_err(|source| FileError::Io { path: path.to_owned(), source })?;
        Ok(if self.urgency == Urgency::Waits { sink } else { sink.that_loses() })
    }

    fn bound(&self) -> usize {
        if self.urgency == Urgency::Waits { BOUND } else { PATIENT_BOUND }
    }

    fn tell(&self) -> impl Fn(SinkEvent) + Send + Sync + 'static {
        let sender = self.sender.clone();
        move |event| sender.send(Message::Sink(event))
    }
}

/// The notice that says what was saved.
pub(super) fn saved_notice(saved: &Saved) -> Notice {
    Notice::Saved { events: saved.events, missing: saved.missing, file: saved.path.clone() }
}
