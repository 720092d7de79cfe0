//! Plays our side of a recorded conn: a line is said once all that the peer said before it has been
//! heard again.

use std::time::Duration;

use super::mismatch::{self, Whereabouts};
use super::turns::{Expected, Turn, Turns};
use crate::script::{Blame, Play, Played, Unread};
use crate::session::Audience;
use crate::units::{At, Human};
use crate::wire::PARTIAL_AFTER;

/// What to do when the last turn was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// Go on with the conversation.
    Open,
    /// Say that we are done, unless that is not wanted, and make sure that nothing more comes until
    /// the peer closes, or for so long.
    Close {
        /// Half-close first.
        half_close: bool,
        /// How long nothing is to come.
        linger: Duration,
    },
}

/// Plays our side, and compares what the peer says.
#[derive(Debug)]
pub struct Player {
    file: String,
    turns: std::vec::IntoIter<Turn>,
    /// What is to be heard before the next turn, the next line last.
    hearing: Vec<Expected>,
    /// How much of the next line has been heard.
    heard: usize,
    expected: u64,
    lines: u64,
    timeout: Duration,
    finish: Finish,
    from_now: bool,
    from: Audience,
    since: Option<At>,
    /// Since when what has come of a line differs.
    differs: Option<At>,
    half_closed: bool,
}

impl Player {
    pub(super) fn new(file: String, turns: Turns, timeout: Duration) -> Self {
        Player {
            file,
            expected: turns.expected,
            turns: turns.turns.into_iter(),
            hearing: Vec::new(),
            heard: 0,
            lines: 0,
            timeout,
            finish: Finish::Open,
            from_now: false,
            from: Audience::All,
            since: None,
            differs: None,
            half_closed: false,
        }
    }

    /// The same, with another end.
    #[must_use]
    pub fn finishing(mut self, finish: Finish) -> Self {
        self.finish = finish;
        self
    }

    /// The same, in a conversation that has begun: what has come is not compared, and what the peer
    /// said before our first line is not waited for.
    #[must_use]
    pub fn from_now(mut self) -> Self {
        self.from_now = true;
        self
    }

    /// The same, listening to somebody.
    #[must_use]
    pub fn listening_to(mut self, from: Audience) -> Self {
        self.from = from;
        self
    }

    /// Leaves behind what was said before a replay that begins in the middle.
    fn skip(&mut self, unread: &mut Unread) {
        while let Some(next) = unread.next(self.from) {
            let (conn, len) = (next.conn, next.bytes.len());
            unread.consume(conn, len);
        }
        if let Some(Turn::Theirs(_)) = self.turns.as_slice().first() {
            self.turns.next();
        }
    }

    /// Compares as much of the next line as has come. `Some` is the end of it.
    fn hear(
        &mut self,
        now: At,
        expected: &Expected,
        unread: &mut Unread,
        ended: bool,
    ) -> Option<Played> {
        let at = Whereabouts { file: &self.file, expected };
        while self.heard < expected.bytes.len() {
            let rest = &expected.bytes[self.heard..];
            let Some(next) = unread.next(self.from) else {
                return Some(self.silence(now, expected, ended));
            };
            let len = next.bytes.len().min(rest.len());
            if next.bytes[..len] != rest[..len] {
                // The whole line tells more than its first bytes.
                let until = *self.differs.get_or_insert(now) + PARTIAL_AFTER;
                if !next.whole && now < until {
                    return Some(Played::Wait(until));
                }
                let actual = [&expected.bytes[..self.heard], next.bytes].concat();
                return Some(Played::Failed(Box::new(mismatch::differs(&at, &actual))));
            }
            let conn = next.conn;
            unread.consume(conn, len);
            self.heard += len;
            self.since = Some(now);
        }
        None
    }

    /// Nothing has come: wait, or say why not.
    fn silence(&mut self, now: At, expected: &Expected, ended: bool) -> Played {
        let limit = if expected.delay > self.timeout {
            self.timeout + expected.delay
        } else {
            self.timeout
        };
        let until = *self.since.get_or_insert(now) + limit;
        let why = if ended {
            "the peer has ended".to_owned()
        } else if until <= now {
            format!("nothing came within {}", Human(limit))
        } else {
            return Played::Wait(until);
        };
        let at = Whereabouts { file: &self.file, expected };
        let heard = &expected.bytes[..self.heard];
        Played::Failed(Box::new(mismatch::missing(&at, &why, heard, Blame::Check)))
    }

    /// Whether our side is to end now: where it is wanted at all, and once.
    fn half_closes(&mut self) -> bool {
        let wanted = matches!(self.finish, Finish::Close { half_close: true, .. });
        wanted && !std::mem::replace(&mut self.half_closed, true)
    }

    /// All turns were played.
    fn end(&mut self, now: At, unread: &Unread, ended: bool) -> Played {
        let Finish::Close { linger, .. } = self.finish else {
            return Played::Done { lines: self.lines, leave: false };
        };
        if self.expected == 0 {
            return Played::Failed(Box::new(mismatch::nothing_checked(&self.file)));
        }
        if let Some(next) = unread.next(self.from) {
            return Played::Failed(Box::new(mismatch::extra(&self.file, next.bytes)));
        }
        if self.half_closes() {
            self.since = Some(now);
            return Played::Shutdown;
        }
        let until = *self.since.get_or_insert(now) + linger;
        if ended || until <= now {
            return Played::Done { lines: self.lines, leave: true };
        }
        Played::Wait(until)
    }
}

impl Play for Player {
    fn advance(&mut self, now: At, unread: &mut Unread, ended: bool) -> Played {
        if std::mem::take(&mut self.from_now) {
            self.skip(unread);
        }
        loop {
            while let Some(expected) = self.hearing.pop() {
                if let Some(played) = self.hear(now, &expected, unread, ended) {
                    self.hearing.push(expected);
                    return played;
                }
                self.heard = 0;
                self.lines += 1;
            }
            match self.turns.next() {
                Some(Turn::Ours(bytes)) => {
                    self.since = None;
                    return Played::Say(bytes);
                }
                Some(Turn::Theirs(mut lines)) => {
                    lines.reverse();
                    self.hearing = lines;
                    self.since = None;
                }
                Some(Turn::HalfClose) if self.half_closes() => return Played::Shutdown,
                Some(Turn::HalfClose) => {}
                None => return self.end(now, unread, ended),
            }
        }
    }

    fn name(&self) -> &str {
        &self.file
    }
}
