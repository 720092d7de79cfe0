//! The host's codes: which is good, how often it was guessed at, and when there is a new one.

use std::time::Duration;

use super::Code;
use crate::units::At;

/// So many wrong guesses make a code void.
const GUESSES: u32 = 5;

/// Between a code that replaces another and the next that does.
const RENEWAL: Duration = Duration::from_secs(60);

/// After the first wrong guess the next is looked at only when so much time has passed; after each
/// further one twice as much, 4 s after the fourth. All together are less than a guest waits for.
const DELAY: Duration = Duration::from_millis(500);

/// The code that a host has, and what becomes of it.
#[derive(Debug)]
pub struct CodeBook {
    code: Code,
    /// Which of all it is, so that those who began with an older one are known.
    number: u64,
    /// Wrong guesses at it.
    wrong: u32,
    /// No guess is looked at before.
    opens: At,
    /// When there may be another, where this one is void.
    renews: At,
    /// Whether the person is to be shown it.
    shown: bool,
}

/// What a guess comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guessed {
    /// It is right: the guest is in.
    Right,
    /// It is wrong; so many more make the code void, and none means that it is now.
    Wrong {
        /// How many.
        left: u32,
    },
    /// It was at a code that is void, so it was not looked at.
    Void,
}

impl CodeBook {
    /// A host's codes, of which this one is the first. One that was `given` needs not be shown.
    #[must_use]
    pub fn new(code: Code, given: bool, now: At) -> CodeBook {
        CodeBook { code, number: 0, wrong: 0, opens: now, renews: now, shown: !given }
    }

    /// The code, and its number for [`CodeBook::judge`]. A code that is void is one as
    /// well: guesses at it are refused as wrong ones are.
    #[must_use]
    pub fn current(&self) -> (Code, u64) {
        (self.code.clone(), self.number)
    }

    /// The code, where a person is to be shown it.
    #[must_use]
    pub fn shown(&self) -> Option<&Code> {
        Some(&self.code).filter(|_| self.shown)
    }

    /// Whether no guess at it can be right any more.
    fn is_void(&self) -> bool {
        self.wrong >= GUESSES
    }

    /// When a guess at the code of this number can be judged: at once, where that is void.
    #[must_use]
    pub fn opens(&self, number: u64) -> At {
        if self.is_stale(number) { At::START } else { self.opens }
    }

    fn is_stale(&self, number: u64) -> bool {
        number != self.number || self.is_void()
    }

    /// Judges a guess at the code of this number.
    pub fn judge(&mut self, number: u64, right: bool, now: At) -> Guessed {
        if self.is_stale(number) {
            return Guessed::Void;
        }
        if right {
            return Guessed::Right;
        }
        self.wrong += 1;
        self.opens = now + DELAY * (1 << (self.wrong - 1));
        Guessed::Wrong { left: GUESSES - self.wrong }
    }

    /// When there is a new code, where the one there is is void.
    pub(super) fn renews(&self) -> Option<At> {
        self.is_void().then_some(self.renews)
    }

    /// Takes a new code, made by `make`, in place of a void one, where it is time for that.
    ///
    /// # Errors
    /// None can be made; it is tried again when as much time has passed as between two codes.
    pub(super) fn renew(
        &mut self,
        now: At,
        make: impl FnOnce() -> Result<Code, String>,
    ) -> Option<Result<&Code, String>> {
        if self.renews().is_none_or(|at| now < at) {
            return None;
        }
        self.renews = now + RENEWAL;
        match make() {
            Ok(code) => self.code = code,
            Err(why) => return Some(Err(why)),
        }
        (self.number, self.wrong, self.opens) = (self.number + 1, 0, now);
        self.shown = true;
        Some(Ok(&self.code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> At {
        At::START + Duration::from_millis(millis)
    }

    fn code(text: &str) -> Code {
        text.parse().unwrap()
    }

    fn book() -> CodeBook {
        CodeBook::new(code("zoo zoo zoo"), false, at(0))
    }

    /// All guesses that there are, each as soon as it is looked at; when the last was.
    fn wear_out(book: &mut CodeBook) -> At {
        let (mut now, number) = (book.opens(book.current().1), book.current().1);
        for left in (0..GUESSES).rev() {
            now = now.max(book.opens(number));
            assert_eq!(book.judge(number, false, now), Guessed::Wrong { left });
        }
        now
    }

    #[test]
    fn each_wrong_guess_makes_the_next_wait_longer() {
        let mut book = book();
        let mut now = at(100);
        for wait in [500, 1000, 2000, 4000] {
            book.judge(0, false, now);
            assert_eq!(book.opens(0), now + Duration::from_millis(wait));
            now = book.opens(0);
        }
        assert_eq!(book.judge(0, true, now), Guessed::Right, "the fifth may still be right");
    }

    #[test]
    fn the_sixth_guess_finds_the_code_void_also_where_it_is_right() {
        let mut book = book();
        let now = wear_out(&mut book);
        assert_eq!(now, at(7500));
        assert_eq!(book.judge(0, true, now), Guessed::Void);
        assert_eq!(book.opens(0), At::START, "nobody waits to be told so");
        assert_eq!(book.renews(), Some(at(0)), "at once");
    }

    #[test]
    fn a_void_code_is_replaced_at_once_but_at_most_once_a_minute() {
        let mut book = book();
        assert_eq!(book.renew(at(100_000), || panic!("it is not void")), None);
        wear_out(&mut book);
        let fresh = code("abandon zoo zoo");
        assert_eq!(book.renew(at(10_000), || Ok(fresh.clone())), Some(Ok(&fresh)));
        assert_eq!((book.renews(), book.current()), (None, (fresh, 1)));
        assert_eq!(book.judge(0, true, at(10_001)), Guessed::Void, "it is the old one");
        assert_eq!(book.judge(1, true, at(10_001)), Guessed::Right);
        wear_out(&mut book);
        assert_eq!(book.renews(), Some(at(70_000)));
        assert_eq!(book.renew(at(69_999), || panic!("it is too early")), None);
        assert_eq!(book.judge(1, true, at(69_999)), Guessed::Void);
        let third = code("ability zoo zoo");
        assert_eq!(book.renew(at(70_000), || Ok(third.clone())), Some(Ok(&third)));
    }

    #[test]
    fn without_a_new_code_the_old_one_stays_void() {
        let mut book = book();
        wear_out(&mut book);
        let failed = book.renew(at(10_000), || Err("no".to_owned()));
        assert_eq!(failed, Some(Err("no".to_owned())));
        assert_eq!(book.judge(0, true, at(10_000)), Guessed::Void);
        assert_eq!(book.renews(), Some(at(70_000)));
    }

    #[test]
    fn a_code_that_was_given_is_not_shown_and_the_next_one_is() {
        let mut book = CodeBook::new(code("zoo zoo zoo"), true, at(0));
        assert_eq!(book.shown(), None);
        wear_out(&mut book);
        book.renew(at(60_000), || Ok(code("zoo zoo abandon")));
        assert_eq!(book.shown().map(Code::words), Some("zoo zoo abandon"));
    }
}
