//! Plays one side of a transcript, and compares what the other side says; or compares two transcripts.

mod anew;
mod bless;
mod by_conn;
mod compare;
mod course;
mod ear;
mod hunks;
mod load;
mod manner;
mod marked;
mod mismatch;
mod mock;
mod near;
mod odd;
mod part;
mod player;
mod presence;
mod score;
mod sheet;
mod side;
#[cfg(test)]
mod tests;
mod words;

pub use compare::{Comparison, Terms, compare};
pub use load::{Conns, Given, LoadError, load};
pub use manner::{Finish, Manner, Options};
pub use mock::{Mock, Mocking, Order, mock};
pub use player::Player;
pub use score::{Cue, Replied, Score, score};
