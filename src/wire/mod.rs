//! Bytes on the wire and the lines they make.
//!
//! [`LineCodec`] turns what was read into [`Block`]s: runs of whole lines that travel as one, and are
//! cut into [`Line`]s only where somebody looks. Nothing here knows a socket or a clock.

mod block;
mod codec;
mod encoding;
mod end;
mod escape;
mod line;
mod roles;
mod telnet;

pub use block::{Block, Lines};
pub use codec::{LineCodec, PARTIAL_AFTER};
pub use encoding::{Encoding, NoEncoding, Unencodable};
pub use end::{ConnId, Side};
pub use escape::{Visible, esc, unesc};
pub use line::{Eol, Line, with_eol};
pub use roles::Roles;
pub use telnet::Telnet;
