//! What a room knows of a guest, beside its conn and its name.

use super::bucket::Bucket;
use super::speech::Inside;
use crate::units::At;

/// What answers to one guest may come to at one instant, in bytes. A read full of `/who` would be a
/// hundred times as much.
const ANSWERS: usize = 64 << 10;

/// A guest.
#[derive(Debug)]
pub(super) struct Guest {
    /// How far its words have been passed on.
    pub(super) inside: Inside,
    /// What it may still say, where that is limited.
    pub(super) bucket: Option<Bucket>,
    /// How many more names it may take.
    pub(super) names: Bucket,
    /// When it said something last.
    pub(super) heard: At,
    /// When it is next looked at for being idle.
    pub(super) idle: Option<At>,
    /// Until when it is not read, because it has said too much.
    pub(super) fast: Option<At>,
    answered: At,
    answers: usize,
}

impl Guest {
    pub(super) fn new(now: At, bucket: Option<Bucket>) -> Guest {
        Guest {
            inside: Inside::default(),
            bucket,
            names: Bucket::of_names(now),
            heard: now,
            idle: None,
            fast: None,
            answered: now,
            answers: 0,
        }
    }

    /// Whether it may be given an answer now.
    pub(super) fn may_ask(&mut self, now: At) -> bool {
        if std::mem::replace(&mut self.answered, now) != now {
            self.answers = 0;
        }
        self.answers < ANSWERS
    }

    /// Whether it may be given an answer of so many bytes now.
    pub(super) fn may_be_answered(&mut self, now: At, bytes: usize) -> bool {
        let may = self.may_ask(now);
        self.answers += bytes;
        may && self.answers <= ANSWERS
    }
}
