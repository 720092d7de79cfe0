//! What the ends of a conversation say, gathered while they say it.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{ErrorKind, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Instant;

use memchr::memmem;

use super::DEADLINE;

thread_local! {
    /// Every end that this test has opened, for its last words when it fails.
    static ENDS: RefCell<Vec<Weak<Gathered>>> = const { RefCell::new(Vec::new()) };
}

/// How much of an end's bytes a failure shows, from each side of the gap.
const SHOWN: usize = 4096;

/// The bytes that one end has said so far.
pub(crate) struct Gathered {
    label: String,
    said: Mutex<Said>,
    more: Condvar,
}

#[derive(Default)]
struct Said {
    bytes: Vec<u8>,
    ended: bool,
}

impl Gathered {
    /// An end that has said nothing yet. The label is for failures: `stderr of chat-repl`.
    pub(crate) fn new(label: impl Into<String>) -> Arc<Gathered> {
        let (said, more) = (Mutex::default(), Condvar::new());
        let gathered = Arc::new(Gathered { label: label.into(), said, more });
        ENDS.with_borrow_mut(|ends| ends.push(Arc::downgrade(&gathered)));
        gathered
    }

    /// Gathers on a thread of its own, until the end of what there is to read.
    pub(crate) fn from(
        label: impl Into<String>,
        mut from: impl Read + Send + 'static,
    ) -> Arc<Gathered> {
        let gathered = Gathered::new(label);
        let into = Arc::clone(&gathered);
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                match from.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(n) => into.add(&buffer[..n]),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            into.end();
        });
        gathered
    }

    /// It has said these bytes.
    pub(crate) fn add(&self, bytes: &[u8]) {
        self.lock().bytes.extend_from_slice(bytes);
        self.more.notify_all();
    }

    /// It will say no more.
    pub(crate) fn end(&self) {
        self.lock().ended = true;
        self.more.notify_all();
    }

    /// What it has said so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.lock().bytes.clone()
    }

    /// Waits until it has said these bytes somewhere in what it says.
    #[track_caller]
    pub(crate) fn wait_for(&self, bytes: &[u8]) {
        let awaited = format!("`{}`", bytes.escape_ascii());
        self.wait_until(&awaited, |said| memmem::find(said, bytes));
    }

    /// Waits until it has said these bytes, or will not; whether it has.
    #[track_caller]
    pub(crate) fn says(&self, bytes: &[u8]) -> bool {
        let says = |said: &Said| match memmem::find(&said.bytes, bytes).is_some() {
            false if !said.ended => None,
            found => Some(found),
        };
        self.wait(says).unwrap_or_else(|| fail(&format!("{} said nothing in time", self.label)))
    }

    /// Waits until `find` finds what it looks for in what was said.
    #[track_caller]
    pub(crate) fn wait_until<T>(&self, awaited: &str, find: impl Fn(&[u8]) -> Option<T>) -> T {
        match self.wait(|said| find(&said.bytes).map(Ok).or(said.ended.then_some(Err(())))) {
            Some(Ok(found)) => found,
            Some(Err(())) => fail(&format!("{} ended without {awaited}", self.label)),
            None => fail(&format!("{} did not say {awaited} within {DEADLINE:?}", self.label)),
        }
    }

    /// Waits until it will say no more; all that it said.
    #[track_caller]
    pub(crate) fn wait_end(&self) -> Vec<u8> {
        let all = self.wait(|said| said.ended.then(|| said.bytes.clone()));
        all.unwrap_or_else(|| fail(&format!("{} did not end within {DEADLINE:?}", self.label)))
    }

    fn wait<T>(&self, find: impl Fn(&Said) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + DEADLINE;
        let mut said = self.lock();
        loop {
            if let Some(found) = find(&said) {
                return Some(found);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            said = self.more.wait_timeout(said, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Fails the test, with what all its ends have said.
#[track_caller]
pub(crate) fn fail(why: &str) -> ! {
    panic!("{why}{}", told());
}

/// What every end that this test has open has said so far.
pub(crate) fn told() -> String {
    let mut told = String::new();
    ENDS.with_borrow(|ends| {
        for end in ends.iter().filter_map(Weak::upgrade) {
            let said = end.lock();
            let state = if said.ended { "ended" } else { "open" };
            let shown = excerpt(&said.bytes);
            let _ =
                write!(told, "\n--- {} ({state}, {} bytes)\n{shown}", end.label, said.bytes.len());
        }
    });
    told
}

/// The beginning and the end of what was said, readable whatever the bytes.
fn excerpt(bytes: &[u8]) -> String {
    let shown = |bytes: &[u8]| {
        let lines = bytes.split_inclusive(|&byte| byte == b'\n');
        lines.map(|line| format!("{}\n", line.escape_ascii())).collect::<Vec<_>>().concat()
    };
    if bytes.len() <= 2 * SHOWN {
        return shown(bytes);
    }
    let (first, last) = (&bytes[..SHOWN], &bytes[bytes.len() - SHOWN..]);
    format!("{}[...]\n{}", shown(first), shown(last))
}
