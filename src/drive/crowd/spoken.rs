//! What is said in a session, step by step.

use bytes::Bytes;

use super::{Crowd, Outcome, Piece};
use crate::drive::ahead::Ahead;
use crate::matching::Vars;
use crate::script::{
    Action, Blame, Failure, MismatchKind, Play, Report, Runner, RunnerOptions, Task,
};
use crate::session::{Drive, Effect, Ending, Input, Queue, Record, Recorded};
use crate::units::At;
use crate::wire::{ConnId, Side};

/// Each session has one conn.
const CONN: ConnId = ConnId::FIRST;

/// Runs the steps of a script, or a player.
pub(super) struct Spoken {
    runner: Runner,
    ahead: Ahead,
    /// What is to be said, and not before its time.
    held_back: Option<Bytes>,
    /// How much of what was waited for had come when that was last asked.
    met: u64,
    /// What happened last.
    cause: Cause,
    /// How what came differs from what was recorded.
    differs: Option<MismatchKind>,
    /// The peer has ended.
    peer_ended: bool,
    /// Our side has.
    shut: bool,
}

/// Why something is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Heard,
    Late,
    Ended,
}

/// What it wants.
pub(super) enum Wanted {
    /// Say this.
    Say(Bytes),
    /// Half-close.
    Shutdown,
    /// Break the conn.
    Reset,
    /// Read no more, or again.
    Pause(bool),
    /// All was said; whether the peer has ended.
    Rest {
        /// It has.
        ended: bool,
    },
    /// The session is over.
    Leave,
    /// The session has failed.
    Fail(Outcome, Box<Failure>),
}

/// The variables of a session; those of all of them where these make no difference.
pub(super) fn vars(crowd: &Crowd, client: u32, session: u64, used: bool) -> Vars {
    let mut vars = crowd.runner.settings.vars.clone();
    if used {
        vars.set("client", client.to_string());
        vars.set("iter", session.to_string());
    }
    vars
}

impl Spoken {
    /// What is said in this session of this client.
    pub(super) fn of(piece: &Piece, crowd: &Crowd, client: u32, session: u64) -> Spoken {
        match piece {
            Piece::Transcript(score) => {
                let vars = vars(crowd, client, session, score.uses_vars());
                Spoken::playing(score.player(&vars), crowd, vars)
            }
            Piece::Script(_) => {
                Spoken::new(Runner::new(options(crowd, vars(crowd, client, session, true))))
            }
        }
    }

    /// What a player says.
    pub(super) fn playing(play: Box<dyn Play>, crowd: &Crowd, vars: Vars) -> Spoken {
        let mut runner = Runner::new(options(crowd, vars));
        runner.play(play);
        runner.complete();
        Spoken::new(runner)
    }

    fn new(runner: Runner) -> Spoken {
        Spoken {
            runner,
            ahead: Ahead::default(),
            held_back: None,
            met: 0,
            cause: Cause::Heard,
            differs: None,
            peer_ended: false,
            shut: false,
        }
    }

    /// The conn stands.
    pub(super) fn opened(&mut self, now: At, addr: &str) {
        let (addr, own) = (addr.to_owned(), Side::Client);
        let what = Recorded::Open { addr, name: None, own, secured: None };
        self.runner.observe(now, &Effect::Record(Record { at: now, conn: Some(CONN), what }));
    }

    /// The peer said this.
    pub(super) fn hear(&mut self, now: At, bytes: Bytes) {
        self.cause = Cause::Heard;
        self.runner.observe(now, &Effect::Heard { conn: CONN, bytes });
    }

    /// The peer will say no more.
    pub(super) fn ended(&mut self, now: At, how: &Ending) {
        if !std::mem::replace(&mut self.peer_ended, true) {
            self.cause = Cause::Ended;
            self.runner.observe(now, &Effect::Silent { conn: CONN, how: how.clone() });
        }
    }

    /// Nothing came for as long as was waited.
    pub(super) fn late(&mut self) {
        self.cause = Cause::Late;
    }

    /// When it is to be asked again, whatever happens.
    pub(super) fn deadline(&self) -> Option<At> {
        self.runner.deadline()
    }

    /// Whether more of what was waited for has come since this was last asked.
    pub(super) fn has_replied(&mut self) -> bool {
        self.runner.take_wants(); // no transcript is kept that could have them
        let met = self.runner.met();
        std::mem::replace(&mut self.met, met) < met
    }

    /// Whether the peer that broke the connection did what it did when that was recorded.
    pub(super) fn break_was_played(&self) -> bool {
        self.runner.break_was_played()
    }

    /// This is not to be said yet: it is asked for again.
    pub(super) fn hold_back(&mut self, bytes: Bytes) {
        self.held_back = Some(bytes);
    }

    /// What it wants next; `None` where it waits.
    pub(super) fn next(&mut self, now: At, piece: &Piece) -> Option<Wanted> {
        if let Some(bytes) = self.held_back.take() {
            return Some(Wanted::Say(bytes));
        }
        loop {
            self.prepare(piece);
            match self.runner.next(now)? {
                Action::Session(input) => {
                    if let Some(wanted) = self.want(now, input) {
                        return Some(wanted);
                    }
                }
                Action::Task(task) => self.task(task),
                Action::Fail(failure) => {
                    return Some(Wanted::Fail(self.outcome(&failure), failure));
                }
                Action::Prompt => {}
            }
        }
    }

    /// Takes the next steps of the script, where none is at hand.
    fn prepare(&mut self, piece: &Piece) {
        let Piece::Script(steps) = piece else { return };
        self.ahead.supply(&mut self.runner, steps);
    }

    /// What an input for a session comes to here.
    fn want(&mut self, now: At, input: Input) -> Option<Wanted> {
        match input {
            Input::Say { to, .. } | Input::Raw { to, .. } if self.shut => {
                self.runner.observe(now, &Effect::Unheard(to));
                None
            }
            Input::Say { bytes, .. } | Input::Raw { bytes, .. } => Some(Wanted::Say(bytes)),
            Input::Shutdown(_) => {
                self.shut(now);
                Some(Wanted::Shutdown)
            }
            Input::Close(_) => {
                self.shut(now);
                self.ended(now, &Ending::Eof);
                Some(Wanted::Shutdown)
            }
            Input::Reset(_) => {
                self.shut(now);
                self.ended(now, &Ending::Reset);
                Some(Wanted::Reset)
            }
            Input::Filled(Queue::Unread(_)) => Some(Wanted::Pause(true)),
            Input::Drained(Queue::Unread(_)) => Some(Wanted::Pause(false)),
            Input::Drive(Drive::Ended) => Some(Wanted::Rest { ended: self.peer_ended }),
            Input::Drive(Drive::Quit) => Some(Wanted::Leave),
            // Nobody looks on, and nothing is kept.
            _ => None,
        }
    }

    fn shut(&mut self, now: At) {
        if !std::mem::replace(&mut self.shut, true) {
            self.runner.observe(now, &Effect::Shutdown(CONN));
        }
    }

    fn task(&mut self, task: Task) {
        let why = match task {
            Task::Differs(mismatch) => {
                self.differs = Some(mismatch.kind);
                return;
            }
            Task::Include { .. } => "a file whose name has a variable in it cannot be included",
            Task::Open { .. } | Task::OpenAlike(_) => "each of many clients has one conn",
            Task::StartTls { .. } => "TLS cannot begin here: write `tls:` before the address",
            Task::Save { .. } => "nothing is kept of what many clients say",
            Task::Replay { .. } => "no transcript can be played here: it can be loaded itself",
            // What a person would be told.
            Task::Help(_)
            | Task::Clear
            | Task::Time(_)
            | Task::Show(_)
            | Task::Stats
            | Task::Tell(_)
            | Task::Named(_)
            | Task::Unheard
            | Task::Bless { .. }
            | Task::Replayed { .. } => return,
        };
        self.runner.fail_task(Failure { report: Report::new(why), blame: Blame::Script });
    }

    /// What became of the session, given why it failed.
    fn outcome(&self, failure: &Failure) -> Outcome {
        match (failure.blame, self.differs) {
            (Blame::Unreachable, _) => Outcome::Refused,
            (Blame::Connection, _) | (_, Some(MismatchKind::Closed)) => Outcome::Closed,
            (Blame::Script, _) => Outcome::Mismatched,
            (_, Some(MismatchKind::Missing)) if self.peer_ended => Outcome::Closed,
            (_, Some(MismatchKind::Missing | MismatchKind::Open)) => Outcome::TimedOut,
            (_, Some(_)) => Outcome::Mismatched,
            (_, None) => match self.cause {
                Cause::Heard => Outcome::Mismatched,
                Cause::Late => Outcome::TimedOut,
                Cause::Ended => Outcome::Closed,
            },
        }
    }
}

fn options(crowd: &Crowd, vars: Vars) -> RunnerOptions {
    let mut options = crowd.runner.clone();
    options.settings.vars = vars;
    options
}
