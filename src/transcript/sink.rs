//! A journal on a thread of its own, behind a queue with a bound in bytes.

use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{Event, Header, Journal, JournalError};
use crate::session::{Record, Recorded};
use crate::units::At;
use crate::wire::ConnId;

/// What a [`Sink`] tells, from its own thread.
#[derive(Debug)]
pub enum SinkEvent {
    /// The queue was over its bound, and is below half of it.
    Drained,
    /// The recording has failed and stopped; what is pushed now is forgotten, and the queue is never
    /// over its bound again. Told once.
    Failed(JournalError),
}

/// Records to a file or to standard output, and never makes the one who pushes wait. All that is
/// queued is one batch and one write, as soon as the last one is done: what was pushed is in the file
/// within milliseconds, and survives the end of the process.
pub struct Sink {
    shared: Arc<Shared>,
    /// Gone once it was joined, or left alone.
    thread: Option<JoinHandle<()>>,
    name: String,
    tell: Tell,
    /// How long, at the end, it may take nothing. `None`: it is no reader that could stall.
    patience: Option<Duration>,
    /// Over the bound it fails, and nobody waits for it.
    loses: bool,
}

type Tell = Arc<dyn Fn(SinkEvent) + Send + Sync>;

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    pushed: Condvar,
    /// Something was written, or the thread has ended.
    written: Condvar,
    bound: usize,
}

#[derive(Debug, Default)]
struct Queue {
    items: Vec<Item>,
    /// What the items cost, those included that are being written.
    bytes: usize,
    /// Whether it was over its bound since it last drained.
    was_over: bool,
    /// Whether nothing more will come.
    closed: bool,
    failed: bool,
    /// How many writes were done.
    writes: u64,
    /// Whether the thread is done.
    ended: bool,
}

#[derive(Debug)]
enum Item {
    Record(Record),
    Want { at: At, conn: ConnId, line: u64, pattern: String },
    Event(Box<Event>),
    End(At),
}

/// What an item costs besides its bytes.
const OVERHEAD: usize = size_of::<Item>();

/// A batch that has grown this long in JSON is written before the rest is formatted: a line of one
/// byte is some 50 in JSON.
const LONG_BATCH: usize = 256 << 10;

/// What is written at once to what may stall: who takes that much now and then is waited for.
const PIECE: usize = 16 << 10;

/// How long a reader that takes nothing is waited for, at the end.
const PATIENCE: Duration = Duration::from_secs(1);

impl Sink {
    /// Records to a file that [`super::create`] opened. If the disk is full, the part of a line that
    /// was written last is cut off again.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn file(
        file: File,
        name: impl Into<String>,
        header: &Header,
        bound: usize,
        tell: impl Fn(SinkEvent) + Send + Sync + 'static,
    ) -> io::Result<Sink> {
        let is_file = file.metadata().is_ok_and(|metadata| metadata.is_file());
        if !is_file {
            return Sink::stream(file, name, header, bound, tell); // a pipe, or a device
        }
        let cut = file.try_clone().ok();
        let (shared, name) = (Arc::new(Shared::new(bound)), name.into());
        let journal = Journal::new(Box::new(file) as Out, name.clone(), header);
        let tell: Tell = Arc::new(tell);
        let writer = Writer { shared: Arc::clone(&shared), journal, cut, tell: Arc::clone(&tell) };
        Ok(Sink { shared, thread: Some(writer.start()?), name, tell, patience: None, loses: false })
    }

    /// Records to anything else. A reader that stalls is not waited for at the end.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn stream(
        out: impl Write + Send + 'static,
        name: impl Into<String>,
        header: &Header,
        bound: usize,
        tell: impl Fn(SinkEvent) + Send + Sync + 'static,
    ) -> io::Result<Sink> {
        let (shared, name) = (Arc::new(Shared::new(bound)), name.into());
        let out = Paced { out, shared: Arc::clone(&shared) };
        let journal = Journal::new(Box::new(out) as Out, name.clone(), header);
        let tell: Tell = Arc::new(tell);
        let writer =
            Writer { shared: Arc::clone(&shared), journal, cut: None, tell: Arc::clone(&tell) };
        let thread = Some(writer.start()?);
        Ok(Sink { shared, thread, name, tell, patience: Some(PATIENCE), loses: false })
    }

    /// The same for what must not wait: where more is queued than should be, the recording fails, and what
    /// it has is good as far as it goes. A part in the middle that is missing would make it a lie.
    #[must_use]
    pub fn that_loses(mut self) -> Sink {
        self.loses = true;
        self
    }

    /// Queues a record.
    pub fn push(&self, record: Record) {
        let bytes = match &record.what {
            Recorded::Said { block, .. } => block.len(),
            Recorded::Note { text } => text.len(),
            Recorded::Open { .. } | Recorded::Close { .. } => 0,
        };
        self.queue(Item::Record(record), bytes);
    }

    /// Queues a pattern for a line that was pushed before; see [`Journal::want`].
    pub fn want(&self, at: At, conn: ConnId, line: u64, pattern: impl Into<String>) {
        let pattern = pattern.into();
        let bytes = pattern.len();
        self.queue(Item::Want { at, conn, line, pattern }, bytes);
    }

    /// Queues an event that is no record.
    pub fn event(&self, event: Event) {
        let bytes = event.extra.iter().map(|extra| extra.json.len()).sum();
        self.shared.push(Item::Event(Box::new(event)), bytes);
    }

    /// Whether more is queued than should be. [`SinkEvent::Drained`] or [`SinkEvent::Failed`] follows.
    #[must_use]
    pub fn is_over_bound(&self) -> bool {
        self.shared.lock().was_over
    }

    /// Writes all that is queued, and the end: the session ended at `at`. True if it is all written;
    /// false where [`SinkEvent::Failed`] was told. A reader that stalls is waited for until `give_up`,
    /// which is asked about once a second, says otherwise.
    #[must_use]
    pub fn finish(mut self, at: At, give_up: &mut dyn FnMut() -> bool) -> bool {
        self.shared.push(Item::End(at), 0);
        self.close(give_up);
        !self.shared.lock().failed
    }

    fn queue(&self, item: Item, bytes: usize) {
        if self.shared.push(item, bytes) && self.loses && self.shared.fail() {
            self.failed(io::Error::new(
                io::ErrorKind::TimedOut,
                "it cannot keep up with what passes",
            ));
        }
    }

    /// Tells that the recording has come to its end before the session.
    fn failed(&self, source: io::Error) {
        (self.tell)(SinkEvent::Failed(JournalError { name: self.name.clone(), source }));
    }

    fn close(&mut self, give_up: &mut dyn FnMut() -> bool) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.lock().closed = true;
        self.shared.pushed.notify_one();
        let mut ends = |patience| loop {
            if self.shared.ends_within(patience) {
                return true;
            }
            if give_up() {
                return false;
            }
        };
        if self.patience.is_none_or(&mut ends) {
            let _ = thread.join(); // it ends by itself, or has panicked and said so
            return;
        }
        // The thread is stuck in a write, and goes with the program.
        if self.shared.fail() {
            self.failed(io::Error::new(io::ErrorKind::TimedOut, "nobody reads it"));
        }
    }
}

impl Drop for Sink {
    /// Writes all that is queued, without an end: the session did not come to one.
    fn drop(&mut self) {
        self.close(&mut || true);
    }
}

impl Shared {
    fn new(bound: usize) -> Self {
        let (queue, pushed, written) = (Mutex::default(), Condvar::new(), Condvar::new());
        Shared { queue, pushed, written, bound }
    }

    /// Whether the thread ends without standing still for so long.
    fn ends_within(&self, patience: Duration) -> bool {
        let mut queue = self.lock();
        while !queue.ended {
            let writes = queue.writes;
            let still = |queue: &mut Queue| !queue.ended && queue.writes == writes;
            let waited = self.written.wait_timeout_while(queue, patience, still);
            let (after, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            queue = after;
            if timeout.timed_out() {
                return false;
            }
        }
        true
    }

    /// Takes note of a write, or of the end.
    fn note(&self, note: impl FnOnce(&mut Queue)) {
        note(&mut self.lock());
        self.written.notify_all();
    }

    /// A queue is whole between two statements, whatever a thread that held it did.
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is more now than should be.
    fn push(&self, item: Item, bytes: usize) -> bool {
        let mut queue = self.lock();
        if queue.failed {
            return false;
        }
        queue.bytes += OVERHEAD + bytes;
        queue.was_over |= queue.bytes > self.bound;
        queue.items.push(item);
        let over = queue.was_over;
        drop(queue);
        self.pushed.notify_one();
        over
    }

    /// Waits for a batch, and takes it with what it costs. `None` at the end.
    fn next_batch(&self) -> Option<(Vec<Item>, usize)> {
        let queue = self.lock();
        let wait = |queue: &mut Queue| queue.items.is_empty() && !queue.closed;
        let mut queue = self.pushed.wait_while(queue, wait).unwrap_or_else(PoisonError::into_inner);
        let items = std::mem::take(&mut queue.items);
        (!items.is_empty()).then_some((items, queue.bytes))
    }

    /// Takes a written batch off the account. True if that drained a queue that was over its bound.
    fn settle(&self, bytes: usize) -> bool {
        let mut queue = self.lock();
        if queue.failed {
            return false; // the account was closed while the batch was written
        }
        queue.bytes -= bytes;
        queue.was_over && {
            queue.was_over = queue.bytes > self.bound / 2;
            !queue.was_over
        }
    }

    /// Forgets what is queued, and takes nothing more; whether that is news.
    fn fail(&self) -> bool {
        let mut queue = self.lock();
        (queue.items, queue.bytes, queue.was_over) = (Vec::new(), 0, false);
        !std::mem::replace(&mut queue.failed, true)
    }
}

type Out = Box<dyn Write + Send>;

/// Writes in pieces, and takes note of each.
struct Paced<W> {
    out: W,
    shared: Arc<Shared>,
}

impl<W: Write> Write for Paced<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(&bytes[..bytes.len().min(PIECE)])?;
        self.shared.note(|queue| queue.writes += 1);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The thread's own.
struct Writer {
    shared: Arc<Shared>,
    journal: Journal<Out>,
    /// The file, to cut off a part of a line.
    cut: Option<File>,
    tell: Tell,
}

impl Writer {
    fn start(self) -> io::Result<JoinHandle<()>> {
        thread::Builder::new().name("recording".into()).spawn(move || self.run())
    }

    fn run(mut self) {
        let mut written = self.journal.flush(); // the header
        while written.is_ok()
            && let Some((items, bytes)) = self.shared.next_batch()
        {
            written = self.write(items);
            if written.is_ok() && self.shared.settle(bytes) {
                (self.tell)(SinkEvent::Drained);
            }
        }
        if let Err(error) = written {
            self.fail(error);
        }
        self.shared.note(|queue| queue.ended = true);
    }

    fn write(&mut self, items: Vec<Item>) -> Result<(), JournalError> {
        for item in items {
            match item {
                Item::Record(record) => self.journal.record(&record),
                Item::Want { at, conn, line, pattern } => {
                    self.journal.want(at, conn, line, &pattern);
                }
                Item::Event(event) => self.journal.event(&event),
                Item::End(at) => self.journal.end(at),
            }
            if self.journal.waiting() > LONG_BATCH {
                self.journal.flush()?;
            }
        }
        self.journal.flush()
    }

    fn fail(&self, error: JournalError) {
        if let Some(file) = &self.cut {
            let _ = file.set_len(self.journal.whole()); // a reader copes with a torn line
        }
        if self.shared.fail() {
            (self.tell)(SinkEvent::Failed(error));
        }
    }
}

#[cfg(test)]
mod tests;
