//! Plays one side of a transcript, and compares what the other side says.

mod load;
mod mismatch;
mod player;
mod presence;
#[cfg(test)]
mod tests;
mod turns;

pub(crate) use load::split;
pub use load::{LoadError, load};
pub use player::{Finish, Player};
