//! Something else plays our side: what it says goes out in pieces, as the conns take them.

use std::time::Duration;

use bytes::Bytes;
use memchr::memrchr;

use super::wait::Looked;
use super::{Blame, Failure, Heard, Play, Played, Report, Runner, Task};
use crate::session::{Audience, Input};
use crate::units::At;

/// Bytes that are said at once, as many as one read of a script has: what is in the outboxes is known
/// before more is said.
const PIECE: usize = 64 << 10;

/// How long after a piece the next is said: in the next round.
const ROUND: Duration = Duration::from_micros(1);

/// A [`Play`] under way.
pub(super) struct Playing {
    play: Box<dyn Play>,
    /// What it wants said and is not said yet.
    saying: Bytes,
    /// To whom.
    to: Audience,
    /// The last piece ended within a line, with which the next goes on.
    inside: bool,
    /// When it is to be asked again.
    until: At,
}

impl Playing {
    pub(super) fn new(play: Box<dyn Play>) -> Self {
        let (saying, to) = (Bytes::new(), Audience::All);
        Playing { play, saying, to, inside: false, until: At::START }
    }

    /// When to look again even if nothing comes; `None` while what it wants to say is held back.
    pub(super) fn deadline(&self, runner: &Runner) -> Option<At> {
        (self.saying.is_empty() || !runner.held).then_some(self.until)
    }

    /// How many lines of the peer have come as they were to.
    pub(super) fn matched(&self) -> u64 {
        self.play.matched()
    }

    /// Nobody hears what is being said.
    pub(super) fn unheard(&mut self) {
        self.saying.clear();
    }

    /// Lets it go on until it waits for something.
    pub(super) fn look(&mut self, now: At, runner: &mut Runner) -> Looked {
        loop {
            if !self.saying.is_empty() {
                let early = runner.held || now < self.until;
                if early && !self.is_waited_for(runner) {
                    return Looked::NotYet;
                }
                self.say(now, runner);
                continue;
            }
            match self.advance(now, runner) {
                Played::Say { to, bytes } => {
                    self.saying = bytes;
                    self.to = to;
                    self.until = now;
                }
                Played::Shutdown(to) => runner.send(Input::Shutdown(to)),
                Played::Close(to) => runner.send(Input::Close(to)),
                Played::Reset(to) => runner.send(Input::Reset(to)),
                Played::Open(name) => runner.ask(Task::OpenAlike(name)),
                Played::Differs(mismatch) => runner.ask(Task::Differs(mismatch)),
                Played::Bless { changes, version } => {
                    let name = self.play.name().to_owned();
                    runner.ask(Task::Bless { name, changes, version });
                }
                Played::Wait(at) => {
                    self.until = at;
                    return Looked::NotYet;
                }
                Played::Done { lines, leave } => {
                    runner.settings.vars.capture_all(&self.play.captured());
                    runner.break_was_played = leave && self.play.breaks();
                    runner.ask(Task::Replayed { name: self.play.name().to_owned(), lines });
                    if leave && !runner.options.then_prompt {
                        runner.quit();
                    }
                    return Looked::Over;
                }
                Played::Failed(failure) => return Looked::Failed(failure),
            }
        }
    }

    fn advance(&mut self, now: At, runner: &mut Runner) -> Played {
        self.hearing(runner, |play, heard| play.advance(now, heard))
    }

    /// What there is to tell where the session is over before.
    pub(super) fn cut_short(&mut self, runner: &mut Runner) -> Option<Box<Failure>> {
        let told = self.hearing(runner, |play, heard| play.cut_short(heard));
        told.or_else(|| {
            let what =
                format!("{} was not said to its end: the peer did not read on", self.play.name());
            let failure = || Failure { report: Report::new(what), blame: Blame::Check };
            (!self.saying.is_empty()).then(|| Box::new(failure()))
        })
    }

    fn hearing<T>(
        &mut self,
        runner: &mut Runner,
        ask: impl FnOnce(&mut dyn Play, &mut Heard<'_>) -> T,
    ) -> T {
        let (roster, to) = (&runner.roster, runner.to);
        let mut heard = Heard {
            unread: &mut runner.unread,
            to,
            ended: &|whom| roster.ended(whom).is_some(),
            named: &|name| roster.named(name),
        };
        ask(&mut *self.play, &mut heard)
    }

    /// Whether much has come meanwhile: the peer may not read before we do, and that is once all is said.
    fn is_waited_for(&self, runner: &Runner) -> bool {
        runner.unread.bytes(self.to) > runner.unread_bound / 2
    }

    /// Says one piece.
    fn say(&mut self, now: At, runner: &mut Runner) {
        let to = self.to;
        let bytes = self.saying.split_to(piece(&self.saying));
        let more = !self.saying.is_empty();
        let goes_on = more && !bytes.ends_with(b"\n");
        if std::mem::replace(&mut self.inside, goes_on) || goes_on {
            runner.send(Input::Raw { to, bytes });
        } else {
            runner.send(Input::Say { to, bytes, send: None });
        }
        if more {
            self.until = now + ROUND;
        }
    }
}

/// How many bytes the next piece has: whole lines where there are any.
fn piece(saying: &[u8]) -> usize {
    if saying.len() <= PIECE {
        return saying.len();
    }
    memrchr(b'\n', &saying[..PIECE]).map_or(PIECE, |at| at + 1)
}
