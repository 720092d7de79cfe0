//! Steps that come from a file or standard input: when more of them are read, and what is wrong with them.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mio::{Registry, Token};

use super::Trouble;
use super::engine::Engine;
use super::feed::{Fed, Feed};
use crate::script::{ScriptFault, Step};
use crate::session::{Drive, Input};

/// Bytes of steps that wait to be run before no more are read.
const BACKLOG: usize = 128 << 10;

/// Where steps come from, and how far that is.
#[derive(Debug)]
pub(super) struct Feeding {
    /// None where a person types, and none any more when it has ended.
    feed: Option<Feed>,
    /// What has come are the steps of a script.
    script: bool,
    /// What is sent from a file without coming here.
    poured: Option<Arc<File>>,
    /// There may be something to read.
    ready: bool,
    /// The session has paused it.
    held: bool,
    /// The session was not told that the script is idle, since there seemed to be more to read.
    idle_untold: bool,
    /// What stopped a script that is read bit by bit; to be told when the steps before it are done.
    fault: Option<Box<ScriptFault>>,
}

impl Feeding {
    /// Reads from this, which tells by this token that there is more.
    pub(super) fn start(
        mut feed: Option<Feed>,
        (registry, token): (&Registry, Token),
    ) -> io::Result<Feeding> {
        if let Some(feed) = &mut feed {
            feed.register(registry, token)?;
        }
        Ok(Feeding {
            script: feed.as_ref().is_some_and(Feed::is_script),
            feed,
            poured: None,
            ready: true,
            held: false,
            idle_untold: false,
            fault: None,
        })
    }

    /// Has as much of a file as can be sent from there, without coming here.
    pub(super) fn pour(&mut self) -> io::Result<()> {
        if let Some(feed) = &mut self.feed {
            self.poured = feed.pour()?;
        }
        Ok(())
    }

    /// What is sent without coming here.
    pub(super) fn poured(&self) -> Option<Arc<File>> {
        self.poured.clone()
    }

    /// Whether what has come are the steps of a script.
    pub(super) fn is_script(&self) -> bool {
        self.script
    }

    /// There may be something to read.
    pub(super) fn stir(&mut self) {
        self.ready = true;
    }

    /// Looks whether there is something to read, be it the end; whether there is.
    pub(super) fn look(&mut self) -> bool {
        let ready = self.feed.as_ref().is_some_and(Feed::is_ready);
        self.ready |= ready;
        ready
    }

    /// Reads no further, or again.
    pub(super) fn hold(&mut self, held: bool) {
        self.held = held;
    }
}

impl Engine {
    /// Whether more steps can be read now, and are wanted.
    pub(super) fn may_read_feed(&self) -> bool {
        let Feeding { feed, ready, held, fault, .. } = &self.feeding;
        let begun = self.opened.load(Ordering::SeqCst) && !self.left;
        let readable = feed.is_some() && *ready && !held && fault.is_none();
        begun && readable && self.runners.own.backlog() < BACKLOG
    }

    /// Reads more steps.
    pub(super) fn read_feed(&mut self) {
        if !self.may_read_feed() {
            return;
        }
        let Some(feed) = &mut self.feeding.feed else { return };
        let mut steps = Vec::new();
        let fed = feed
            .read(&mut steps)
            .map_err(|source| Trouble::Read { name: feed.name().to_owned(), source });
        if std::mem::take(&mut self.feeding.idle_untold) {
            self.runners.own.not_idle();
        }
        if !self.take_steps(steps) {
            return;
        }
        match fed {
            Ok(Fed::More) => {}
            Ok(Fed::Blocked) => self.feeding.ready = false,
            Ok(Fed::Ended) => {
                self.feeding.feed = None;
                self.runners.own.complete();
                self.recorder.all_have_come();
            }
            Err(trouble) => {
                self.outcome.add(trouble);
                self.input(Input::Drive(Drive::Quit));
            }
        }
    }

    /// Has these run, up to a faulty one. Whether there was none.
    fn take_steps(&mut self, steps: Vec<Result<Step, ScriptFault>>) -> bool {
        for step in steps {
            match step {
                Ok(step) => {
                    if step.asks() {
                        self.recorder.is_asked();
                    }
                    self.runners.own.push(step);
                }
                Err(fault) => {
                    self.feeding.fault = Some(Box::new(fault));
                    return false;
                }
            }
        }
        true
    }

    /// All steps before a faulty one are done: the script stops here.
    pub(super) fn stop_at_fault(&mut self) {
        if self.runners.own.is_idle()
            && let Some(fault) = self.feeding.fault.take()
        {
            self.outcome.add(Trouble::Script(fault));
            self.input(Input::Drive(Drive::Quit));
        }
    }

    /// No step waits to be run. What stands in standard input and was not read yet counts as waiting.
    pub(super) fn idle(&mut self) {
        if self.feeding.fault.is_some() {
            return; // it is told in this same round
        }
        if self.feeding.look() {
            self.feeding.idle_untold = true;
        } else {
            self.runners.own.starve();
            self.input(Input::Drive(Drive::Idle));
        }
    }
}
