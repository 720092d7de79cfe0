//! Plays one side of a transcript, and compares what the other side says.

mod anew;
mod bless;
mod course;
mod load;
mod mismatch;
mod odd;
mod part;
mod player;
mod presence;
#[cfg(test)]
mod tests;

pub(crate) use load::split;
pub use load::{Given, LoadError, load};
pub use player::{Finish, Manner, Options, Player};
