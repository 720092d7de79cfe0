//! What a host does with guesses.

use std::collections::VecDeque;

use super::{Code, CodeBook, Guessed, Proof, ProofFailure};
use crate::net::stream::Stream;
use crate::net::tls::TlsStream;
use crate::units::At;

/// A host's codes, and the guesses at them that wait to be judged.
#[derive(Debug)]
pub(in crate::net) struct Gate<S> {
    book: CodeBook,
    /// In the order in which they came in.
    guesses: VecDeque<Guess<S>>,
}

/// A guess that is in.
#[derive(Debug)]
pub(in crate::net) struct Guess<S> {
    pub(in crate::net) proof: Proof<S>,
    /// Who made it; what the owner needs to know of it.
    pub(in crate::net) addr: String,
    pub(in crate::net) id: usize,
    pub(in crate::net) came: At,
    /// The number of the code that it is at.
    pub(in crate::net) number: u64,
    pub(in crate::net) right: bool,
}

/// Something happened at the gate.
#[derive(Debug)]
pub(in crate::net) enum Judged<S> {
    /// This guess is right; its proof is to be advanced.
    Right(Box<Guess<S>>),
    /// A wrong one was made from this address, which leaves so many.
    Wrong { addr: String, left: u32 },
    /// One from this address was at a void code.
    Void { addr: String },
    /// There is a new code, or none can be made.
    Renewed(Result<Code, String>),
}

impl<S: Stream> Gate<S> {
    pub(in crate::net) fn new(book: CodeBook) -> Gate<S> {
        Gate { book, guesses: VecDeque::new() }
    }

    /// Our side of a proof, and the number of the code that it is about.
    ///
    /// # Errors
    /// TLS gives nothing to bind it to.
    pub(in crate::net) fn meet(
        &self,
        stream: TlsStream<S>,
    ) -> Result<(Proof<S>, u64), ProofFailure> {
        let (code, number) = self.book.current();
        Ok((Proof::of_host(stream, code)?, number))
    }

    /// The code, where a person is to be shown it.
    pub(in crate::net) fn shown(&self) -> Option<&Code> {
        self.book.shown()
    }

    /// A guess is in, and takes its turn.
    pub(in crate::net) fn takes(&mut self, guess: Guess<S>) {
        self.guesses.push_back(guess);
    }

    /// How many guesses wait.
    pub(in crate::net) fn waiting(&self) -> usize {
        self.guesses.len()
    }

    /// Sends away who has come last, if any wait.
    pub(in crate::net) fn make_room(&mut self) -> Option<Guess<S>> {
        self.guesses.pop_back()
    }

    /// When to judge, or to have a new code.
    pub(in crate::net) fn deadline(&self) -> Option<At> {
        let opens = self.guesses.front().map(|guess| self.book.opens(guess.number));
        opens.into_iter().chain(self.book.renews()).min()
    }

    /// Judges one guess, or takes a new code, if it is time for that.
    pub(in crate::net) fn step(&mut self, now: At) -> Option<Judged<S>> {
        if let Some(renewed) = self.book.renew(now, Code::make) {
            return Some(Judged::Renewed(renewed.cloned()));
        }
        let first = self.guesses.front()?;
        if now < self.book.opens(first.number) {
            return None;
        }
        let mut guess = self.guesses.pop_front()?;
        Some(match self.book.judge(guess.number, guess.right, now) {
            Guessed::Right => {
                guess.proof.admit();
                Judged::Right(Box::new(guess))
            }
            Guessed::Wrong { left } => {
                guess.proof.refuse();
                Judged::Wrong { addr: guess.addr, left }
            }
            Guessed::Void => {
                guess.proof.refuse();
                Judged::Void { addr: guess.addr }
            }
        })
    }
}
