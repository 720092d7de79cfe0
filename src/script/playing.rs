//! Something else plays our side: what it says goes out in pieces, as the conns take them.

use std::time::Duration;

use bytes::Bytes;
use memchr::memrchr;

use super::wait::{Looked, Wait};
use super::{Blame, Failure, Heard, Play, Played, Report, Runner, Task};
use crate::session::{Audience, Input};
use crate::units::{At, Human};

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
    /// When something of what it says was said or taken last, or we could hear again.
    stirred: At,
}

impl Playing {
    pub(super) fn new(play: Box<dyn Play>) -> Self {
        let (saying, to) = (Bytes::new(), Audience::All);
        Playing { play, saying, to, inside: false, until: At::START, stirred: At::START }
    }

    /// When to look again even if nothing comes; `None` while what it wants to say is held back for as
    /// long as that may take.
    pub(super) fn deadline(&self, runner: &Runner) -> Option<At> {
        let held = !self.saying.is_empty() && runner.held;
        if held { self.held_until(runner).map(|(at, _)| at) } else { Some(self.until) }
    }

    /// How long what it wants to say may be held back, if not for ever. That we cannot hear has reasons of
    /// its own, of which a recording that is slow holds back what is said as well.
    fn held_until(&self, runner: &Runner) -> Option<(At, Duration)> {
        let limit = self.play.patience().filter(|_| runner.held && !runner.deaf)?;
        Some((self.stirred + limit, limit))
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
                    return self.held_back(now, runner);
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
        if runner.deaf {
            self.stirred = now;
        }
        self.hearing(runner, |play, heard| play.advance(now, heard))
    }

    /// What there is to tell where the session is over before.
    pub(super) fn cut_short(&mut self, runner: &mut Runner) -> Option<Box<Failure>> {
        let told = self.hearing(runner, |play, heard| play.cut_short(heard));
        told.or_else(|| {
            let unsaid = || Box::new(self.unsaid("the peer did not read on"));
            (!self.saying.is_empty()).then(unsaid)
        })
    }

    /// What it wants to say is not taken: wait, or say why not.
    fn held_back(&self, now: At, runner: &Runner) -> Looked {
        match self.held_until(runner) {
            Some((until, limit)) if until <= now => {
                let why = format!("the peer took nothing within {}", Human(limit));
                let Failure { report, blame } = self.unsaid(&why);
                let report = report.note("if it may take longer: a longer `--timeout`");
                Looked::Failed(Box::new(Failure { report, blame }))
            }
            _ => Looked::NotYet,
        }
    }

    fn unsaid(&self, why: &str) -> Failure {
        let headline = format!("{} was not said to its end: {why}", self.play.name());
        Failure { report: Report::new(headline), blame: Blame::Check }
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
            stirred: self.stirred,
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
        self.stirred = now;
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

impl Runner {
    /// Something was taken, or can be heard: what plays our side has no reason to give up.
    pub(super) fn stirred(&mut self, now: At) {
        if let Some((Wait::Play(playing), _)) = &mut self.wait {
            playing.stirred = now;
        }
    }

    /// Nothing is read of what peers say, or it is again.
    pub(super) fn deafen(&mut self, now: At, deaf: bool) {
        self.deaf = deaf;
        self.stirred(now);
    }
}

/// How many bytes the next piece has: whole lines where there are any.
fn piece(saying: &[u8]) -> usize {
    if saying.len() <= PIECE {
        return saying.len();
    }
    memrchr(b'\n', &saying[..PIECE]).map_or(PIECE, |at| at + 1)
}
