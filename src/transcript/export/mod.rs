//! Transcripts in forms that are not read back.

mod text;

pub use text::{Text, show};
