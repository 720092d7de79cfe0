//! Transcripts in forms that are not read back.
//!
//! [`show()`] makes any of them while it reads. [`Text`] is lines of text, which `/show` at the prompt tells
//! as well; [`Conversation`] is what a page shows, of which a report of tests has several. A cast and a
//! drawing both show what the terminal of the one who recorded it would have shown.

mod cast;
mod conversation;
mod filter;
mod html;
mod latency;
mod marks;
mod names;
mod show;
mod stage;
mod svg;
mod text;

pub use conversation::{Conversation, Talk};
pub use filter::{Filter, Kind};
pub use show::{Form, ShowError, Showing, show};
pub use text::Text;
