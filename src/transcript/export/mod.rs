//! Transcripts in forms that are not read back.

mod filter;
mod show;
mod text;

pub use filter::Filter;
pub use show::{ShowError, Showing, show};
pub use text::Text;
