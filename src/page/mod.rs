//! Pages and drawings for people, each a file that needs nothing else: no network, no font, no other file.
//!
//! [`Markup`] is text that a browser reads, and whatever comes from outside gets into it only escaped.
//! [`write()`] makes a page of it, with its style and its script in it and nothing else allowed to run;
//! [`Plot`] draws curves.

mod frame;
mod markup;
mod plot;
mod px;

pub use frame::write;
pub use markup::{Markup, is_xml};
pub use plot::{Axis, Mark, Plot};
pub use px::Px;
