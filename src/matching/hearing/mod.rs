//! Whether a peer says what it is expected to say: lines in order, some of which may be missing, come
//! in any order among their neighbours, match a pattern, or are compared without what masks hide.
//!
//! [`Matcher`] is told of lines as they come, and never decides too early: as long as what has come can
//! be understood in several ways, it keeps them all. [`align()`] compares lines that have all come, and
//! tells each difference. Both ask [`Item`] what fits.

mod align;
mod change;
mod expectations;
mod gather;
mod item;
mod matcher;
#[cfg(test)]
mod tests;
mod want;

pub use align::{Aligner, Edit, Place, align};
pub use change::Change;
pub use expectations::Expectations;
pub use item::{Expected, Item};
pub use matcher::{Matcher, Offered, View};
pub use want::{ItemFault, Wants};
