//! Conversations that only the invited can enter: both ends prove to each other that they know a
//! [`Code`], without telling it, before either says a word.
//!
//! The [`exchange`] is bytes in and bytes out, without a socket and a clock. [`Proof`] has it over a
//! TLS stream. [`CodeBook`] is the host's: it counts wrong guesses, and makes codes void and new ones.
//! `docs/private.md` specifies what is said.

mod book;
mod code;
pub mod exchange;
mod failure;
mod gate;
mod invitation;
mod proof;
#[cfg(test)]
mod tests;

pub use book::{CodeBook, Guessed};
pub use code::{Code, CodeError, WORDS};
pub use failure::ProofFailure;
pub(super) use gate::{Gate, Guess, Judged};
pub(super) use invitation::reachable;
pub(super) use proof::{Proof, Proving};
